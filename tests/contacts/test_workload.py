"""Whose weeks hold too much, what asks for it, and what relieves it; and restarting a portfolio."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account
from contacts import planning, restarting, workload
from contacts.models import ContactRule, FollowUp, Restart
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactRuleFactory, FollowUpFactory, TouchpointFactory


@pytest.fixture
def too_much(cast: Cast, today: dt.date, time_machine: Any) -> ContactRule:
    """Rita has one hour a week, and twelve C accounts that a rule wants visited for an hour every 28 days."""
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))
    type(cast.rita).objects.filter(pk=cast.rita.pk).update(weekly_contact_minutes=60)
    cast.rita.refresh_from_db()
    rule = ContactRuleFactory(tiers="C", channel="visit", every_days=28, minutes=60, priority=1)
    for number in range(12):
        account = AccountFactory(
            owner=cast.rita, tier="C", name=f"Mill {number}", sales_12m_cents=number * 100
        )
        TouchpointFactory(
            account=account, user=cast.rita, channel="visit", day=today - dt.timedelta(days=2 * number)
        )
    planning.plan(today=today, now=timezone.now())
    return rule


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_fullest_stands_first_and_says_so_in_words(too_much: ContactRule, cast: Cast) -> None:
    page = client_of(cast.mona).get(reverse("contacts:workload")).content.decode()
    assert page.index("Rita Example") < page.index("Carl Example")
    assert "1 person has a week that is overfull" in page
    assert "missing" in page
    assert "Otto" not in page


def test_a_stretch_is_seen_by_everybody_concerned_done_and_undone(too_much: ContactRule, cast: Cast) -> None:
    ada = client_of(cast.ada)
    page = ada.get(reverse("contacts:workload_rep", args=[cast.rita.pk])).content.decode()
    address = reverse("contacts:workload_stretch", args=[cast.rita.pk, too_much.pk])
    assert f"{address}?days=56" in page
    assert "Rita Example" in ada.get(f"{address}?days=56").content.decode()
    too_much.refresh_from_db()
    assert too_much.every_days == 28
    said = ada.post(address, {"days": "56"}, follow=True).content.decode()
    too_much.refresh_from_db()
    assert too_much.every_days == 56
    undo = reverse("contacts:stretch_undo", args=[too_much.pk, 28, 56])
    assert undo in said
    ada.post(undo)
    too_much.refresh_from_db()
    assert too_much.every_days == 28
    assert client_of(cast.mona).get(address).status_code == 404
    assert (
        "An admin can do this"
        in client_of(cast.mona).get(reverse("contacts:workload_rep", args=[cast.rita.pk])).content.decode()
    )


def test_accounts_of_least_value_go_to_a_colleague_with_room_and_come_back(
    too_much: ContactRule, cast: Cast
) -> None:
    mona = client_of(cast.mona)
    address = reverse("contacts:workload_move", args=[cast.rita.pk, cast.carl.pk])
    assert address in mona.get(reverse("contacts:workload_rep", args=[cast.rita.pk])).content.decode()
    page = mona.get(f"{address}?number=3").content.decode()
    assert [f"Mill {n}" in page for n in (0, 1, 2, 3)] == [True, True, True, False]
    picked = list(Account.objects.filter(name__in=["Mill 0", "Mill 1"]).values_list("pk", flat=True))
    said = mona.post(address, {"row": [*picked, cast.quarry.pk]}, follow=True).content.decode()
    assert "2 accounts went to Carl Example" in said
    assert Account.objects.filter(owner=cast.carl, pk__in=picked).count() == 2
    cast.quarry.refresh_from_db()
    assert cast.quarry.owner == cast.otto


def test_few_accounts_that_ask_for_much_go_and_a_stays(
    too_much: ContactRule, cast: Cast, today: dt.date
) -> None:
    ContactRuleFactory(tiers="B", channel="email", every_days=91, minutes=5, priority=8)
    ContactRuleFactory(tiers="A", channel="visit", every_days=14, minutes=90, priority=9)
    small = AccountFactory(owner=cast.rita, tier="B", sales_12m_cents=1)
    best = AccountFactory(owner=cast.rita, tier="A", sales_12m_cents=1)
    order = workload.most_relieving_first(cast.rita, cast.mona, today)
    mills = list(
        Account.objects.filter(name__startswith="Mill")
        .order_by("sales_12m_cents")
        .values_list("pk", flat=True)
    )
    assert [pk for pk, minutes in order.items() if minutes] == [*mills, small.pk, best.pk]
    assert order[small.pk] == 3, "5 minutes in 13 weeks, in 8 of them"


def test_moving_reckons_both_sides(too_much: ContactRule, cast: Cast, today: dt.date) -> None:
    found = workload.move(cast.rita, cast.carl, number=4, actor=cast.mona, today=today)
    gone = sum(found.giver.before) - sum(found.giver.after)
    assert gone > 0
    assert sum(found.receiver.after) - sum(found.receiver.before) == gone


@given(every=st.integers(1, 1100), asked=st.integers(1, 10_000), missing=st.integers(0, 20_000))
def test_a_longer_interval_is_enough_or_twice_as_long(every: int, asked: int, missing: int) -> None:
    days = workload.longer(every, asked, missing)
    assert every <= days <= min(2 * every, 1100)
    assert days == min(2 * every, 1100) or asked * every <= (asked - missing) * days


# Restart --------------------------------------------------------------------------------------------------------------
@given(
    minutes=st.lists(st.integers(0, 120), max_size=60),
    weeks=st.lists(st.lists(st.integers(0, 300), max_size=5), min_size=1, max_size=6),
)
def test_spreading_loses_nothing_and_keeps_the_order_of_weeks(
    minutes: list[int], weeks: list[list[int]]
) -> None:
    monday = dt.date(2026, 10, 12)
    days = [
        [(monday + dt.timedelta(days=7 * number + at), load) for at, load in enumerate(week)]
        for number, week in enumerate(weeks)
    ]
    if not any(weeks):
        with pytest.raises(ValueError, match="no working day"):
            restarting.spread(minutes, days)
        return
    found = restarting.spread(minutes, days)
    assert len(found) == len(minutes)
    assert set(found) <= {day for week in days for day, _load in week}
    numbers = [(day - monday).days // 7 for day in found]
    assert numbers == sorted(numbers), "A, which comes first, goes to the first weeks"


@pytest.fixture
def late(cast: Cast, today: dt.date) -> list[FollowUp]:
    """Rita's: ten overdue calls at C and two at A; one is booked, which stays."""
    rows = []
    for number in range(12):
        account = AccountFactory(owner=cast.rita, tier="A" if number > 9 else "C")
        rows.append(
            FollowUpFactory(
                account=account, assignee=cast.rita, day=today - dt.timedelta(days=20 - number), minutes=30
            )
        )
    FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today - dt.timedelta(days=1), state="booked")
    return rows


def test_restart_spreads_a_first_and_planning_leaves_it(
    late: list[FollowUp], cast: Cast, today: dt.date
) -> None:
    done = restarting.restart(owner=cast.rita, weeks=3, actor=cast.mona, today=today, now=timezone.now())
    for row in late:
        row.refresh_from_db()
    assert len(done.moves) == 12
    assert all(today <= row.day < today + dt.timedelta(days=19) and row.day.weekday() < 5 for row in late)
    assert max(row.day for row in late[10:]) < today + dt.timedelta(days=6), "A in this week"
    days = {row.pk: row.day for row in late}
    planning.plan(today=today, now=timezone.now())
    assert days == dict(FollowUp.objects.filter(pk__in=days).values_list("pk", "day"))


def test_undo_gives_back_what_nobody_touched(late: list[FollowUp], cast: Cast, today: dt.date) -> None:
    before = {row.pk: row.day for row in late}
    done = restarting.restart(owner=cast.rita, weeks=2, actor=cast.rita, today=today, now=timezone.now())
    FollowUp.objects.filter(pk=late[0].pk).update(day=today + dt.timedelta(days=30))
    back = restarting.undo_restart(done=done, actor=cast.rita, today=today, now=timezone.now())
    assert (back.restored, back.left) == (11, 1)
    now = dict(FollowUp.objects.filter(pk__in=before).values_list("pk", "day"))
    assert now == before | {late[0].pk: today + dt.timedelta(days=30)}
    assert not FollowUp.objects.filter(pk=late[1].pk, moved_by_hand=True).exists()
    with pytest.raises(restarting.CannotUndo):
        restarting.undo_restart(done=done, actor=cast.rita, today=today, now=timezone.now())


def test_nobody_else_restarts(late: list[FollowUp], cast: Cast, today: dt.date) -> None:
    for stranger in (cast.carl, cast.nora, cast.serge):
        with pytest.raises(restarting.Refused):
            restarting.restart(owner=cast.rita, weeks=2, actor=stranger, today=today, now=timezone.now())


def test_the_page_shows_the_days_first(
    late: list[FollowUp], cast: Cast, today: dt.date, time_machine: Any
) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))
    rita = client_of(cast.rita)
    address = reverse("contacts:restart", args=[cast.rita.pk])
    page = rita.get(f"{address}?weeks=2").content.decode()
    assert "12 follow-ups over how many weeks" in page
    assert not Restart.objects.exists()
    said = rita.post(address, {"weeks": "2"}, follow=True).content.decode()
    undo = reverse("contacts:restart_undo", args=[Restart.objects.get().pk])
    assert "Spread: 12 follow-ups." in said
    assert undo in said
    assert "12 follow-ups have their day back" in rita.post(undo, follow=True).content.decode()
