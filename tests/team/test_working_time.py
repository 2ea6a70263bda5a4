"""Own working time on the own page, and contact minutes set by a lead."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.support.cast import Cast
from tests.team.conftest import said, text

OWN = "/me/working-time/"


def working(**given: Any) -> dict[str, Any]:
    usual = {
        "working_weekdays": ["1", "2", "4"],
        "works_from": "09:00",
        "works_until": "15:30",
        "weekly_contact_minutes": "600",
        "country": "HU",
        "time_zone": "Europe/Budapest",
    }
    return usual | given


def test_own_working_time_is_kept_and_planning_told(
    cast: Cast, client_of: Any, told: Any, django_capture_on_commit_callbacks: Any
) -> None:
    rita = client_of(cast.rita)
    with django_capture_on_commit_callbacks(execute=True):
        answer = rita.post(OWN, working())
    assert "Working time saved" in said(answer)
    cast.rita.refresh_from_db()
    assert (cast.rita.working_weekdays, cast.rita.works_from.hour) == ("124", 9)
    assert (cast.rita.country, cast.rita.time_zone) == ("HU", "Europe/Budapest")
    assert told == [[cast.rita.pk]]
    with django_capture_on_commit_callbacks(execute=True):
        rita.post(OWN, working())
        rita.post(OWN, working(works_from="08:30"))  # planning does not read the hours
    assert len(told) == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"working_weekdays": []}, "at least one working day"),
        ({"working_weekdays": ["8"]}, "8 is not one of the available choices"),
        ({"works_until": "08:00"}, "Work ends after it begins"),
        ({"weekly_contact_minutes": "1200"}, "more than the working time of the week, 19 h 30"),
        ({"weekly_contact_minutes": "-1"}, "greater than or equal to 0"),
        ({"time_zone": "Mars/Olympus"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said(cast: Cast, client_of: Any, given: dict[str, Any], says: str) -> None:
    answer = client_of(cast.rita).post(OWN, working(**given))
    assert answer.status_code == 422
    assert says in text(answer)
    cast.rita.refresh_from_db()
    assert cast.rita.working_weekdays == "12345"


def test_a_lead_sets_the_contact_minutes_of_members(
    cast: Cast, client_of: Any, told: Any, django_capture_on_commit_callbacks: Any
) -> None:
    url = reverse("absences:minutes", args=[cast.rita.pk])
    mona = client_of(cast.mona)
    with django_capture_on_commit_callbacks(execute=True):
        mona.post(url, {"weekly_contact_minutes": "900"})
    cast.rita.refresh_from_db()
    assert cast.rita.weekly_contact_minutes == 900
    assert told == [[cast.rita.pk]]
    too_many = mona.post(url, {"weekly_contact_minutes": "2401"})
    assert "works 40 h a week" in text(too_many)
    assert too_many.status_code == 422
