"""What a change of the rules would do to the coming weeks: reckoned without writing anything."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from contacts import forecast, planning
from contacts.capacity import WEEKS, use, weekly_capacity
from contacts.models import AgendaItem, ContactRule, FollowUp, PlannedAccount
from crm.team.calendars import WorkingCalendar
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactRuleFactory, FollowUpFactory, TouchpointFactory


def edited(rule: ContactRule, **values: Any) -> ContactRule:
    """The rule as a form holds it: another object, not saved."""
    found = ContactRule.objects.get(pk=rule.pk)
    for name, value in values.items():
        setattr(found, name, value)
    return found


@pytest.fixture
def planned(cast: Cast, today: dt.date) -> ContactRule:
    """Ten A accounts of Rita's, each called 20 to 29 days ago, under a call every 30 days, planned."""
    rule = ContactRuleFactory(tiers="A", channel="phone", every_days=30, minutes=20, priority=1)
    for number in range(10):
        account = AccountFactory(owner=cast.rita, tier="A")
        TouchpointFactory(account=account, user=cast.rita, day=today - dt.timedelta(days=20 + number))
    planning.plan(today=today, now=timezone.now())
    return rule


def test_what_stands_in_the_plan_counts_and_repeats(planned: ContactRule, cast: Cast, today: dt.date) -> None:
    found = forecast.forecast(forecast.in_force(today), today=today)
    weeks = found.before.contacts["A", "phone"]
    first = FollowUp.objects.filter(day__lt=today + dt.timedelta(days=6)).count()
    assert weeks[0] == first
    assert sum(weeks[:3]) == 10, "all are due within ten days, and levelled within their tolerance"
    assert sum(weeks) == 20, "and once more within eight weeks"
    assert found.before.minutes[cast.rita.pk] == [20 * number for number in weeks]


def test_a_longer_interval_asks_for_less_and_writes_nothing(
    planned: ContactRule, cast: Cast, today: dt.date
) -> None:
    tables: list[Any] = [AgendaItem, FollowUp, ContactRule, Account, PlannedAccount]
    rows = [list(table.objects.order_by("pk").values()) for table in tables]
    stored = forecast.in_force(today)
    longer = forecast.with_rule(stored, edited(planned, every_days=60), ())
    with CaptureQueriesContext(connection) as queries:
        found = forecast.forecast(stored, longer, today=today)
    assert len(queries) == 2
    assert sum(found.before.contacts["A", "phone"]) == 20
    assert sum(found.after.contacts["A", "phone"]) == 10, (
        "60 days after the last, and not again in eight weeks"
    )
    assert found.after.contacts["A", "phone"][0] == 0
    assert (found.gained, found.lost, found.changed) == (0, 0, 10)
    assert rows == [list(table.objects.order_by("pk").values()) for table in tables]


def test_a_new_rule_shadows_and_gains(planned: ContactRule, cast: Cast, today: dt.date) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="B")
    stored = forecast.in_force(today)
    new = ContactRule(tiers="AB", channel="phone", every_days=7, minutes=10, tolerance_days=2, priority=9)
    last = forecast.with_rule(stored, new, ())
    found = forecast.forecast(stored, last, today=today)
    assert (found.gained, found.lost, found.changed) == (1, 0, 0), "a new rule goes last"
    assert list(forecast.affected(stored, last, today)) == [cast.acme]
    found = forecast.forecast(stored, [last[1], last[0]], today=today)
    assert found.taken == {(planned.pk, forecast.NEW): 10}
    assert (found.gained, found.changed) == (1, 10)
    assert forecast.affected(stored, [last[1], last[0]], today).count() == 11


def test_removing_switching_off_and_moving(planned: ContactRule, cast: Cast, today: dt.date) -> None:
    everybody = ContactRuleFactory(channel="phone", every_days=90, minutes=5, priority=2)
    stored = forecast.in_force(today)
    # Ten A accounts fall to the second rule; the three owned accounts without a tier have it already.
    for fewer in (
        forecast.without(stored, planned),
        forecast.with_rule(stored, edited(planned, enabled=False), ()),
    ):
        found = forecast.forecast(stored, fewer, today=today)
        assert (found.gained, found.lost) == (0, 0)
        assert found.taken == {(planned.pk, everybody.pk): 10}
    swapped = forecast.forecast(stored, forecast.moved(stored, [everybody.pk, planned.pk]), today=today)
    assert swapped.taken == {(planned.pk, everybody.pk): 10}
    gone = forecast.forecast(stored, forecast.without(stored, everybody), today=today)
    assert gone.lost == 3


def test_only_the_owners_asked_for_and_what_stands_beside(
    planned: ContactRule, cast: Cast, today: dt.date
) -> None:
    FollowUpFactory(account=cast.brewery, assignee=cast.carl, day=today, minutes=45)
    found = forecast.forecast(forecast.in_force(today), today=today, owners=[cast.carl.pk])
    assert found.before.minutes == {cast.carl.pk: [45, *[0] * (WEEKS - 1)]}


def test_the_first_contact_is_spread_over_the_interval(cast: Cast, today: dt.date) -> None:
    """Accounts that a new rule would govern, and that nobody ever contacted, do not all come in the first week."""
    for _number in range(30):
        AccountFactory(owner=cast.otto, tier="C")
    new = ContactRule(tiers="C", channel="visit", every_days=56, minutes=30)
    found = forecast.forecast([], forecast.with_rule([], new, ()), today=today)
    weeks = found.after.contacts["C", "visit"]
    assert found.gained == 30
    assert max(weeks) < 15
    assert sum(1 for number in weeks if number) >= 5


def test_what_planning_noted_spares_looking_up_the_last_contact(cast: Cast, today: dt.date) -> None:
    """The same with and without planning's notes, whether a change reaches what is due after the last week or not."""
    visit = ContactRuleFactory(tiers="A", channel="visit", every_days=100, minutes=60, priority=1)
    phone = ContactRuleFactory(tiers="AC", channel="phone", every_days=70, minutes=20, priority=2)
    for number in range(60):
        account = AccountFactory(owner=cast.rita, tier="AC"[number % 2])
        # Whoever was never reached so comes at a share of the interval, which planning alone moves to a working day.
        channel = "phone" if number % 4 == 1 else "visit"
        TouchpointFactory(
            account=account, user=cast.rita, channel=channel, day=today - dt.timedelta(days=number)
        )
    planning.plan(today=today, now=timezone.now())
    stored = forecast.in_force(today)
    changes = [
        None,
        forecast.with_rule(stored, edited(phone, every_days=30), ()),
        forecast.without(stored, visit),
        forecast.with_rule(stored, ContactRule(tiers="C", channel="visit", every_days=40, minutes=30), ()),
    ]
    with_notes = [forecast.forecast(stored, change, today=today) for change in changes]
    horizon = forecast.mondays(today, WEEKS + 1)[-1]
    assert PlannedAccount.objects.filter(due__gte=horizon).count() >= 15
    PlannedAccount.objects.all().delete()
    assert [forecast.forecast(stored, change, today=today) for change in changes] == with_notes
    assert len({tuple(found.after.contacts.get(("C", "phone"), ())) for found in with_notes}) == 2


@given(first=st.integers(0, WEEKS + 3), every=st.integers(1, 1100), weekday=st.integers(0, 6))
def test_turns_lie_an_interval_apart(first: int, every: int, weekday: int) -> None:
    weeks = forecast.turns_in_weeks(first, every, weekday)
    assert weeks == sorted(weeks)
    assert all(first <= week < WEEKS for week in weeks)
    assert len(weeks) <= (7 * WEEKS) // every + 1


def test_capacity_of_this_week_is_what_is_left_of_it(today: dt.date) -> None:
    holiday = today + dt.timedelta(days=7)
    calendar = WorkingCalendar(days_off=frozenset({holiday}))
    # Tuesday to Friday of five days, then a week without its Tuesday.
    assert weekly_capacity(calendar, 500, today)[:3] == [400, 400, 500]
    assert [use(*pair) for pair in ((101, 100), (85, 100), (84, 100), (49, 100), (0, 0), (1, 0))] == [
        "over",
        "busy",
        "",
        "idle",
        "away",
        "over",
    ]
