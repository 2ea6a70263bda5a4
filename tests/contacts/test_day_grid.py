"""A whole day logged in one grid (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import FollowUp, Touchpoint
from tests.support.cast import Cast
from tests.support.factories import ContactPersonFactory, FollowUpFactory

URL = "/today/day/"


@pytest.fixture
def rita(cast: Cast, today: dt.date, time_machine: Any) -> Client:
    time_machine.move_to(dt.datetime.combine(today, dt.time(17, 0), tzinfo=dt.UTC))
    client = Client()
    client.force_login(cast.rita)
    return client


@pytest.fixture
def visit(cast: Cast, today: dt.date) -> FollowUp:
    person = ContactPersonFactory(account=cast.acme, is_main=True)
    return FollowUpFactory(
        account=cast.acme, assignee=cast.rita, day=today, channel="visit", minutes=60, person=person
    )


def filled(client: Client, day: dt.date) -> dict[str, Any]:
    """The form as the page gives it, every field as it stands."""
    page = client.get(URL).content.decode()
    rows = re.findall(r'name="row" value="(\w+)"', page)
    data: dict[str, Any] = {"day": day.isoformat(), "row": rows}
    for row in rows:
        uuid = re.search(rf'name="{row}-uuid" value="([^"]+)"', page)
        minutes = re.search(rf'name="{row}-minutes" value="([^"]+)"', page)
        assert uuid is not None and minutes is not None
        data |= {f"{row}-uuid": uuid.group(1), f"{row}-minutes": minutes.group(1), f"{row}-channel": "phone"}
    return data


def test_good_rows_are_saved_bad_ones_come_back_and_sending_twice_logs_once(
    rita: Client, cast: Cast, visit: FollowUp, today: dt.date
) -> None:
    data = filled(rita, today - dt.timedelta(days=1))
    data |= {
        f"f{visit.pk}-outcome": "new_order",
        f"f{visit.pk}-channel": "visit",
        f"f{visit.pk}-person": visit.person_id,
        f"f{visit.pk}-note": "Line 2.",
        "n0-account": "Zakłady Acme S.A. (ACME)",
        "n0-outcome": "nothing",
        "n1-account": "brewery",
        "n1-outcome": "nothing",
        "n2-note": "With whom was that?",
        "n3-account": "ACME",
        "n3-outcome": "nothing",
        "n3-minutes": "many",
    }
    answer = rita.post(URL, data)
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "2 contacts are logged." in said and "3 rows need another look." in said
    assert "No account of this name or number." in said and "Give whole minutes" in said
    assert "With whom?" in said and "Pick what the contact brought." in said
    assert "With whom was that?" in said  # what was typed stays
    made = Touchpoint.objects.order_by("minutes")
    assert [(t.account, t.channel, t.outcome, t.minutes, t.day) for t in made] == [
        (cast.acme, "phone", "nothing", 15, today - dt.timedelta(days=1)),
        (cast.acme, "visit", "new_order", 60, today - dt.timedelta(days=1)),
    ]
    assert [person.pk for person in made[1].persons.all()] == [visit.person_id]
    visit.refresh_from_db()
    assert visit.state == "done"
    rita.post(URL, data)
    assert Touchpoint.objects.count() == 2


def test_an_untouched_grid_saves_nothing(rita: Client, visit: FollowUp, today: dt.date) -> None:
    assert rita.post(URL, filled(rita, today))["Location"] == URL
    assert Touchpoint.objects.count() == 0


def test_a_day_that_cannot_be_is_said_once_and_nothing_is_lost(
    rita: Client, visit: FollowUp, today: dt.date
) -> None:
    data = filled(rita, today + dt.timedelta(days=1)) | {f"f{visit.pk}-outcome": "new_order"}
    answer = rita.post(URL, data)
    said = answer.content.decode()
    assert answer.status_code == 422 and said.count("A contact in the future cannot be logged.") == 1
    assert '<option value="new_order" selected>' in said
    assert Touchpoint.objects.count() == 0


def test_a_text_that_finds_several_names_them(rita: Client, cast: Cast, today: dt.date) -> None:
    type(cast.acme).objects.create(code="ACME2", name="Acme Two", owner=cast.rita)
    data = filled(rita, today) | {"n0-account": "acme", "n0-outcome": "nothing"}
    assert "Several are called so: " in rita.post(URL, data).content.decode()


def test_what_is_not_seen_is_not_logged(rita: Client, cast: Cast, today: dt.date) -> None:
    carls = FollowUpFactory(account=cast.brewery, assignee=cast.carl, day=today)
    data = filled(rita, today) | {"row": [f"f{carls.pk}"], f"f{carls.pk}-outcome": "nothing"}
    rita.post(reverse("contacts:day"), data)
    assert Touchpoint.objects.count() == 0
