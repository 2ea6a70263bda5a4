"""Public holidays: Hungary's and Bulgaria's 2026 as facts, and what an admin corrects (5.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from crm.team.calendars import country_calendar, fill_holidays
from crm.team.models import PublicHoliday
from tests.support.cast import Cast
from tests.team.conftest import said, text, undo_url

LIST = "/holidays/"


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


# Facts --------------------------------------------------------------------------------------------------------------
# Hungary: Act XLV of 2024 makes 24 December a holiday; the decree on 2026 moves 2 January and 21 August.
# Bulgaria: Labour Code, article 154: a holiday on a weekend, Easter aside, is substituted by the next working days.
OFF = {
    "HU": "1/1 1/2 4/3 4/6 5/1 5/25 8/20 8/21 10/23 12/24 12/25",
    "BG": "1/1 3/3 4/10 4/13 5/1 5/6 5/25 9/7 9/22 12/24 12/25 12/28",
}
"""By country the weekdays of 2026, month/day, on which nobody works by law."""


@pytest.mark.parametrize("country", OFF)
def test_the_calendar_of_2026(db: None, country: str) -> None:
    fill_holidays(years=[2026], countries=[country])
    calendar = country_calendar(country)
    year = [day(1, 1) + dt.timedelta(days=n) for n in range(365)]
    found = [each for each in year if each.weekday() < 5 and not calendar.is_working(each)]
    by_order = [day(1, 2)] if country == "BG" else []  # the bridge of the New Year, by the government
    wanted = [day(*map(int, each.split("/"))) for each in OFF[country].split()]
    assert found == sorted(wanted + by_order)


def test_12_december_2026_is_a_plain_saturday_in_hungary(db: None) -> None:
    fill_holidays(years=[2026], countries=["HU"])
    assert not PublicHoliday.objects.filter(country="HU", day=day(12, 12)).exists()
    assert not country_calendar("HU").is_working(day(12, 12))


# Correcting ---------------------------------------------------------------------------------------------------------
def correction(**given: Any) -> dict[str, Any]:
    return {"country": "HU", "day": "2026-12-12", "name": "Worked Saturday", "works": "1", **given}


def test_adding_revoking_renaming_and_undoing(
    cast: Cast, client_of: Any, told: Any, django_capture_on_commit_callbacks: Any
) -> None:
    cast.otto.country = "HU"
    cast.otto.save()
    fill_holidays(years=[2026], countries=["HU"])
    ada = client_of(cast.ada)
    url = f"{LIST}?country=HU&year=2026"
    with django_capture_on_commit_callbacks(execute=True):
        added = ada.post(url, correction())
    assert told == [[cast.otto.pk]]
    assert country_calendar("HU").is_working(day(12, 12))
    fill_holidays(years=[2026], countries=["HU"])
    assert country_calendar("HU").is_working(day(12, 12))
    ada.post(undo_url(added))
    assert not PublicHoliday.objects.filter(day=day(12, 12)).exists()

    christmas_eve = PublicHoliday.objects.get(country="HU", day=day(12, 24))
    revoked = ada.post(reverse("holidays:switch", args=[christmas_eve.pk]))
    assert country_calendar("HU").is_working(day(12, 24))
    assert "corrected" in text(ada.get(url))
    ada.post(undo_url(revoked))
    christmas_eve.refresh_from_db()
    assert (christmas_eve.works, christmas_eve.corrected) == (False, False)

    ada.post(url, correction(day="2026-12-24", name="Szenteste", works=""))
    christmas_eve.refresh_from_db()
    assert (christmas_eve.name, christmas_eve.corrected) == ("Szenteste", True)
    forgotten = ada.post(reverse("holidays:forget", args=[christmas_eve.pk]))
    christmas_eve.refresh_from_db()
    assert (christmas_eve.name, christmas_eve.corrected) == ("Christmas Eve", False)
    ada.post(reverse("holidays:switch", args=[christmas_eve.pk]))
    assert "changed this since" in said(ada.post(undo_url(forgotten)))


def test_a_year_is_filled_when_asked_for(cast: Cast, client_of: Any) -> None:
    ada = client_of(cast.ada)
    assert "Not filled yet" in text(ada.get(f"{LIST}?country=BG&year=2031"))
    ada.post(f"{reverse('holidays:fill')}?country=BG&year=2031")
    assert PublicHoliday.objects.filter(country="BG", day__year=2031).count() > 10
    assert ada.get(f"{LIST}?country=XX&year=1066").context["year"] == 2026


def test_a_bad_day_is_refused(cast: Cast, client_of: Any) -> None:
    answer = client_of(cast.ada).post(LIST, correction(day="2026-02-31", name=""))
    assert answer.status_code == 422
    assert "valid date" in text(answer)
    assert not PublicHoliday.objects.exists()
