"""Snooze, reschedule, skip, promises, and undoing each of them (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from contacts.follow_ups import break_promise, keep_promise, reschedule, skip, snooze
from contacts.models import AgendaItem, FollowUp, Promise
from contacts.planning import plan
from contacts.undo import CannotUndo, undo
from crm.team.models import Absence, PublicHoliday
from tests.support.cast import Cast
from tests.support.factories import AgendaItemFactory, ContactRuleFactory, FollowUpFactory, TouchpointFactory

DAY = dt.timedelta(days=1)


@pytest.fixture
def now(today: dt.date) -> dt.datetime:
    return dt.datetime.combine(today, dt.time(10), ZoneInfo("Europe/Warsaw"))


@pytest.fixture
def call(cast: Cast, today: dt.date, now: dt.datetime) -> FollowUp:
    """A phone call of Rita under a 30-day rule, due for 16 days."""
    ContactRuleFactory(channel="phone", every_days=30)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - 46 * DAY)
    plan(today=today, now=now, account_ids=[cast.acme.pk])
    return FollowUp.objects.open().get(account=cast.acme)


@pytest.fixture
def by_rita(cast: Cast, today: dt.date, now: dt.datetime) -> dict[str, Any]:
    return {"actor": cast.rita, "today": today, "now": now}


@pytest.fixture
def promise(cast: Cast, today: dt.date) -> Promise:
    made = Promise.objects.create(
        account=cast.acme,
        made_by=cast.rita,
        words="Send the price list",
        made_on=today - 7 * DAY,
        due_on=today,
    )
    follow_up = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    AgendaItemFactory(
        account=cast.acme, follow_up=follow_up, reason="promise_due", source=f"promise:{made.pk}", due=today
    )
    return made


# Snooze ---------------------------------------------------------------------------------------------------------------
def test_snoozed_it_leaves_today_and_keeps_its_day(
    cast: Cast, call: FollowUp, today: dt.date, by_rita: dict[str, Any]
) -> None:
    day = call.day
    act = snooze(follow_up=call, until=today + 2 * DAY, **by_rita)
    call.refresh_from_db()
    assert (call.snoozed_until, call.day, act.warning) == (today + 2 * DAY, day, "")
    assert not FollowUp.objects.today_queue(cast.rita, today).exists()
    assert FollowUp.objects.today_queue(cast.rita, today + 2 * DAY).get() == call


@pytest.mark.parametrize("days", [0, -1, 732])
def test_it_is_not_snoozed_to_today_or_the_past_or_for_ever(
    call: FollowUp, today: dt.date, by_rita: dict[str, Any], days: int
) -> None:
    with pytest.raises(ValidationError) as refused:
        snooze(follow_up=call, until=today + days * DAY, **by_rita)
    assert "until" in refused.value.message_dict


def test_undoing_a_snooze_brings_it_back(
    cast: Cast, call: FollowUp, today: dt.date, by_rita: dict[str, Any]
) -> None:
    act = snooze(follow_up=call, until=today + 2 * DAY, **by_rita)
    assert undo(token=act.undo, **by_rita) == call
    call.refresh_from_db()
    assert call.snoozed_until is None


# Reschedule -----------------------------------------------------------------------------------------------------------
def test_moved_by_hand_it_stays_where_a_person_put_it(
    cast: Cast, call: FollowUp, today: dt.date, now: dt.datetime, by_rita: dict[str, Any]
) -> None:
    saturday = today + 4 * DAY
    act = reschedule(follow_up=call, day=saturday, time=None, **by_rita)
    assert act.warning == "Sat 17 Oct is not a working day of Rita Example."
    plan(today=today, now=now, account_ids=[cast.acme.pk])
    call.refresh_from_db()
    assert (call.day, call.state, call.moved_by_hand) == (saturday, FollowUp.State.PLANNED, True)


def test_with_a_time_it_is_booked(call: FollowUp, today: dt.date, by_rita: dict[str, Any]) -> None:
    reschedule(follow_up=call, day=today + DAY, time=dt.time(14, 30), channel="visit", **by_rita)
    call.refresh_from_db()
    assert (call.state, call.time, call.channel) == (FollowUp.State.BOOKED, dt.time(14, 30), "visit")


def test_a_holiday_is_allowed_with_a_warning(call: FollowUp, today: dt.date, by_rita: dict[str, Any]) -> None:
    PublicHoliday.objects.create(country="PL", day=today + DAY, name="A holiday")
    act = reschedule(follow_up=call, day=today + DAY, time=None, **by_rita)
    assert "is not a working day" in act.warning


def test_it_is_not_moved_into_the_past(call: FollowUp, today: dt.date, by_rita: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        reschedule(follow_up=call, day=today - DAY, time=None, **by_rita)
    assert "day" in refused.value.message_dict


def test_undoing_a_new_day_restores_all_of_it(
    call: FollowUp, today: dt.date, by_rita: dict[str, Any]
) -> None:
    before = FollowUp.objects.values().get(pk=call.pk)
    act = reschedule(follow_up=call, day=today + DAY, time=dt.time(14, 30), channel="visit", **by_rita)
    undo(token=act.undo, **by_rita)
    assert FollowUp.objects.values().get(pk=call.pk) == before


# Skip -----------------------------------------------------------------------------------------------------------------
def test_skipped_it_is_closed_with_its_reason_and_the_next_turn_is_planned(
    cast: Cast, call: FollowUp, today: dt.date, by_rita: dict[str, Any]
) -> None:
    skip(follow_up=call, reason="On holiday all month", **by_rita)
    call.refresh_from_db()
    assert (call.state, call.skip_reason) == (FollowUp.State.SKIPPED, "On holiday all month")
    following = FollowUp.objects.open().get(account=cast.acme)
    assert following.day == today + 30 * DAY


def test_a_skip_needs_a_reason(call: FollowUp, by_rita: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        skip(follow_up=call, reason="  ", **by_rita)
    assert "reason" in refused.value.message_dict
    call.refresh_from_db()
    assert call.is_open


def test_undoing_a_skip_opens_it_on_its_old_day_and_takes_the_next_turn_away(
    cast: Cast, call: FollowUp, today: dt.date, by_rita: dict[str, Any]
) -> None:
    day = call.day
    act = skip(follow_up=call, reason="On holiday", **by_rita)
    undo(token=act.undo, **by_rita)
    assert FollowUp.objects.open().get(account=cast.acme) == call
    call.refresh_from_db()
    assert (call.day, call.skip_reason, call.closed_at) == (day, "", None)
    assert AgendaItem.objects.open().get(account=cast.acme).due == today - 16 * DAY


def test_undoing_a_skip_stands_back_where_the_next_turn_was_booked(
    cast: Cast, call: FollowUp, today: dt.date, by_rita: dict[str, Any]
) -> None:
    act = skip(follow_up=call, reason="On holiday", **by_rita)
    following = FollowUp.objects.open().get(account=cast.acme)
    reschedule(follow_up=following, day=today + DAY, time=dt.time(9), **by_rita)
    with pytest.raises(CannotUndo):
        undo(token=act.undo, **by_rita)
    call.refresh_from_db()
    assert call.state == FollowUp.State.SKIPPED


# Undo -----------------------------------------------------------------------------------------------------------------
def test_an_undo_that_comes_too_late_says_so(call: FollowUp, today: dt.date, by_rita: dict[str, Any]) -> None:
    first = snooze(follow_up=call, until=today + 2 * DAY, **by_rita)
    snooze(follow_up=call, until=today + 5 * DAY, **by_rita)
    with pytest.raises(CannotUndo):
        undo(token=first.undo, **by_rita)
    call.refresh_from_db()
    assert call.snoozed_until == today + 5 * DAY


def test_an_undo_works_once(call: FollowUp, today: dt.date, by_rita: dict[str, Any]) -> None:
    act = snooze(follow_up=call, until=today + 2 * DAY, **by_rita)
    undo(token=act.undo, **by_rita)
    with pytest.raises(CannotUndo):
        undo(token=act.undo, **by_rita)


def test_nobody_else_can_use_the_token_and_nobody_can_make_one(
    cast: Cast, call: FollowUp, today: dt.date, by_rita: dict[str, Any]
) -> None:
    act = snooze(follow_up=call, until=today + 2 * DAY, **by_rita)
    with pytest.raises(CannotUndo):
        undo(token=act.undo, **by_rita | {"actor": cast.mona})
    with pytest.raises(CannotUndo):
        undo(token=act.undo[:-2] + "xx", **by_rita)


def test_what_was_closed_meanwhile_is_not_put_off(
    call: FollowUp, today: dt.date, by_rita: dict[str, Any]
) -> None:
    skip(follow_up=call, reason="On holiday", **by_rita)
    with pytest.raises(ValidationError):
        snooze(follow_up=call, until=today + DAY, **by_rita)


# Promises -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("do", "state"), [(keep_promise, "kept"), (break_promise, "broken")])
def test_a_promise_is_closed_with_its_reminder_and_opened_again(
    cast: Cast, promise: Promise, today: dt.date, by_rita: dict[str, Any], do: Any, state: str
) -> None:
    act = do(promise=promise, **by_rita)
    promise.refresh_from_db()
    assert (promise.state, promise.closed_on) == (state, today)
    assert not FollowUp.objects.open().exists()
    assert not AgendaItem.objects.open().exists()
    undo(token=act.undo, **by_rita)
    promise.refresh_from_db()
    assert (promise.state, promise.closed_on) == (Promise.State.OPEN, None)
    assert FollowUp.objects.open().count() == AgendaItem.objects.open().count() == 1


def test_a_closed_promise_is_not_closed_again(promise: Promise, by_rita: dict[str, Any]) -> None:
    keep_promise(promise=promise, **by_rita)
    with pytest.raises(ValidationError):
        break_promise(promise=promise, **by_rita)


# Who may --------------------------------------------------------------------------------------------------------------
def may_act(cast: Cast, follow_up: FollowUp, today: dt.date) -> set[str]:
    found = set()
    for name, user in cast.users.items():
        user.__dict__.pop("_standing", None)
        if FollowUp.objects.acted_on_by(user, on=today).filter(pk=follow_up.pk).exists():
            found.add(name)
    return found


def test_assignee_manager_and_admin_act_and_an_agent_only_reads(
    cast: Cast, call: FollowUp, today: dt.date
) -> None:
    assert may_act(cast, call, today) == {"rita", "mona", "ada"}
    assert FollowUp.objects.visible_to(cast.serge, on=today).filter(pk=call.pk).exists()


def test_the_substitute_acts_on_the_days_of_the_absence(cast: Cast, call: FollowUp, today: dt.date) -> None:
    Absence.objects.create(user=cast.rita, substitute=cast.otto, first_day=today, last_day=today)
    assert may_act(cast, call, today) == {"rita", "mona", "ada", "otto"}
    assert may_act(cast, call, today + DAY) == {"rita", "mona", "ada"}


def test_an_agent_acts_on_own_follow_ups(cast: Cast, today: dt.date) -> None:
    own = FollowUpFactory(account=cast.acme, assignee=cast.serge, day=today)
    assert may_act(cast, own, today) == {"serge", "ada"}
