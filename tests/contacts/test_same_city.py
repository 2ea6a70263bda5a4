"""Others in the city on the day of a visit (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from contacts.models import AgendaItem, FollowUp
from contacts.same_city import same_city
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, FollowUpFactory, TouchpointFactory

DAY = dt.timedelta(days=1)


@pytest.fixture
def visit(cast: Cast, today: dt.date) -> FollowUp:
    """Rita visits `acme` in Kraków on Thursday."""
    return FollowUpFactory(
        account=cast.acme, assignee=cast.rita, day=today + 2 * DAY, channel="visit", minutes=60
    )


@pytest.fixture
def rita(cast: Cast, today: dt.date, time_machine: Any) -> Client:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9, 0), tzinfo=dt.UTC))
    client = Client()
    client.force_login(cast.rita)
    return client


def there(cast: Cast, *, visited: dt.date | None, due: dt.date | None = None, **fields: Any) -> Account:
    """An account of Rita's in Kraków, visited then, with a call due then."""
    account = AccountFactory(**{"owner": cast.rita, "city": "Kraków", "country": "PL"} | fields)
    if visited is not None:
        TouchpointFactory(account=account, user=cast.rita, day=visited, channel="visit")
    if due is not None:
        FollowUpFactory(account=account, assignee=cast.rita, day=due)
    return account


def test_who_is_due_within_three_weeks_or_was_not_visited_for_long(
    cast: Cast, visit: FollowUp, today: dt.date
) -> None:
    lately = today - 30 * DAY
    there(cast, visited=lately)
    there(cast, visited=lately, due=today + 22 * DAY)
    due = there(cast, visited=lately, due=today + 21 * DAY)
    overdue = there(cast, visited=lately, due=today - DAY, tier="A")
    long_ago = there(cast, visited=today - 91 * DAY, tier="B")
    never = there(cast, visited=None, tier="C")
    there(cast, visited=None, city="Łódź")
    there(cast, visited=None, owner=cast.carl)
    found = same_city(visit, viewer=cast.rita, today=today)
    assert [one.account for one in found] == [overdue, long_ago, never, due]
    assert [one.follow_up is not None for one in found] == [True, False, False, True]


def test_one_click_draws_a_follow_up_to_the_day_or_plans_a_visit(
    rita: Client, cast: Cast, visit: FollowUp, today: dt.date
) -> None:
    due = there(cast, visited=None, due=today + 9 * DAY)
    bare = there(cast, visited=None)
    url = reverse("contacts:nearby", args=[visit.pk])
    assert "Others in Kraków" in rita.get(reverse("contacts:follow_up", args=[visit.pk])).content.decode()
    called = due.follow_ups.get()
    rita.post(url, {"follow_up": called.pk})
    called.refresh_from_db()
    assert (called.day, called.channel, called.moved_by_hand) == (visit.day, "visit", True)
    answer = rita.post(url, {"account": bare.pk}, follow=True)
    planned = bare.follow_ups.get()
    assert (planned.day, planned.channel, planned.minutes) == (visit.day, "visit", 60)
    said = answer.content.decode()
    assert rita.post(url, {"account": bare.pk}, follow=True).status_code == 200
    assert bare.follow_ups.count() == 1
    # The newest toast of the first answer takes the planned visit back.
    undo = said.split('action="/today/undo/')[-1].split('"')[0]
    rita.post(f"/today/undo/{undo}")
    planned.refresh_from_db()
    assert planned.state == "cancelled"
    assert AgendaItem.objects.get(follow_up=planned).state == "withdrawn"


def test_an_appointment_is_not_moved_by_a_click(
    rita: Client, cast: Cast, visit: FollowUp, today: dt.date
) -> None:
    account = there(cast, visited=None)
    booked = FollowUpFactory(
        account=account, assignee=cast.rita, day=today + DAY, time=dt.time(9), state="booked"
    )
    rita.post(reverse("contacts:nearby", args=[visit.pk]), {"follow_up": booked.pk})
    booked.refresh_from_db()
    assert booked.day == today + DAY
    others = AccountFactory(owner=cast.carl, city="Kraków")
    assert rita.post(reverse("contacts:nearby", args=[visit.pk]), {"account": others.pk}).status_code == 404
