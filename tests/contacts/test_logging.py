"""Logging a contact: what it closes and opens, correcting it, taking it back (docs/domain.md, 5.2 to 5.4)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from contacts.models import AgendaItem, FollowUp, Promise, Touchpoint
from contacts.planning import plan
from contacts.touchpoints import (
    NextStep,
    correct_touchpoint,
    delete_touchpoint,
    log_contact,
    restore_touchpoint,
)
from crm.team.models import Absence
from tests.support.cast import Cast
from tests.support.factories import (
    AgendaItemFactory,
    ContactPersonFactory,
    ContactRuleFactory,
    FollowUpFactory,
    TouchpointFactory,
)

DAY = dt.timedelta(days=1)


@pytest.fixture
def now(today: dt.date) -> dt.datetime:
    return dt.datetime.combine(today, dt.time(10), ZoneInfo("Europe/Warsaw"))


@pytest.fixture
def log(cast: Cast, today: dt.date, now: dt.datetime) -> Any:
    """Log a phone call of Rita with her account; arguments replace the usual ones."""

    def call(**given: Any) -> Touchpoint:
        usual = {
            "actor": cast.rita,
            "account": cast.acme,
            "uuid": uuid.uuid4(),
            "now": now,
            "today": today,
            "channel": "phone",
            "outcome": "new_information",
            "minutes": 15,
        }
        return log_contact(**usual | given)

    return call


@pytest.fixture
def due_call(cast: Cast, today: dt.date, now: dt.datetime) -> FollowUp:
    """A phone call to Rita's account under a 30-day rule, due for 16 days; it was reached 46 days ago."""
    ContactRuleFactory(channel="phone", every_days=30)
    before = today - 46 * DAY
    TouchpointFactory(account=cast.acme, user=cast.rita, day=before)
    plan(today=today, now=now, account_ids=[cast.acme.pk])
    return FollowUp.objects.open().get(account=cast.acme)


def open_items(cast: Cast) -> list[tuple[str, str, dt.date]]:
    rows = AgendaItem.objects.filter(account=cast.acme).open().order_by("reason", "channel", "due")
    return list(rows.values_list("reason", "channel", "due"))


def test_it_is_kept_with_all_that_was_said(cast: Cast, log: Any, today: dt.date, now: dt.datetime) -> None:
    anna = ContactPersonFactory(account=cast.acme)
    piotr = ContactPersonFactory(account=cast.acme)
    logged = log(
        channel="visit",
        direction="in",
        minutes=45,
        outcome="new_order",
        note="Line 2",
        persons=[anna, piotr],
    )
    logged.refresh_from_db()
    assert (logged.channel, logged.direction, logged.minutes, logged.outcome, logged.note) == (
        "visit",
        "in",
        45,
        "new_order",
        "Line 2",
    )
    assert (logged.day, logged.at, logged.user) == (today, now, cast.rita)
    assert set(logged.persons.all()) == {anna, piotr}
    cast.acme.refresh_from_db()
    assert cast.acme.last_contact_on == today


def test_the_same_form_twice_logs_once(cast: Cast, log: Any, due_call: FollowUp, today: dt.date) -> None:
    form = uuid.uuid4()
    promise = {"promise_words": "Send the price list", "promise_due": today + 7 * DAY}
    first = log(uuid=form, follow_up=due_call, **promise)
    second = log(uuid=form, follow_up=due_call, outcome="nothing", **promise)
    assert first == second
    assert Touchpoint.objects.filter(account=cast.acme, day=today).count() == 1
    assert Promise.objects.count() == 1


def test_a_form_of_another_contact_is_refused(cast: Cast, log: Any) -> None:
    form = uuid.uuid4()
    log(uuid=form)
    with pytest.raises(ValidationError):
        log(uuid=form, actor=cast.mona)


def test_the_follow_up_is_done_and_the_next_one_planned(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date
) -> None:
    logged = log(follow_up=due_call)
    due_call.refresh_from_db()
    assert due_call.state == FollowUp.State.DONE
    assert logged.follow_up == due_call
    assert open_items(cast) == [("cadence", "phone", today + 30 * DAY)]
    following = FollowUp.objects.open().get(account=cast.acme)
    assert following.day == today + 30 * DAY  # Thursday 12 November


def test_a_visit_also_does_the_call_and_leaves_the_letter(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    letter = AgendaItemFactory(
        account=cast.acme, reason="cadence", source="letter", channel="letter", due=today
    )
    letter.follow_up = FollowUpFactory(
        account=cast.acme, assignee=cast.rita, channel="letter", day=today, moved_by_hand=True
    )
    letter.save()
    log(channel="visit")
    due_call.refresh_from_db()
    letter.refresh_from_db()
    assert due_call.state == FollowUp.State.DONE
    assert letter.closed_by is None


def test_an_email_does_not_do_the_call(cast: Cast, log: Any, due_call: FollowUp, today: dt.date) -> None:
    log(channel="email")
    due_call.refresh_from_db()
    assert due_call.is_open
    assert open_items(cast) == [("cadence", "phone", today - 16 * DAY)]


def test_not_reached_asks_again_in_two_working_days(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date
) -> None:
    log(follow_up=due_call, outcome="not_reached")
    due_call.refresh_from_db()
    assert not due_call.is_open
    again = FollowUp.objects.open().get(account=cast.acme)
    assert again.day == today + 2 * DAY
    cast.acme.refresh_from_db()
    assert cast.acme.last_contact_on != today


def test_not_reached_about_a_promise_asks_again_and_leaves_it_open(
    cast: Cast, log: Any, today: dt.date
) -> None:
    log(promise_words="Send the price list", promise_due=today)
    reminder = FollowUp.objects.open().get(account=cast.acme)
    log(follow_up=reminder, outcome="not_reached")
    assert Promise.objects.get().state == Promise.State.OPEN
    again = FollowUp.objects.open().get(account=cast.acme)
    assert again.day == today + 2 * DAY
    assert again.items.open().get().due == today  # overdue stays true


def test_an_appointment_stays_when_they_ring_before(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date
) -> None:
    due_call.day, due_call.time, due_call.state = today + 3 * DAY, dt.time(10), FollowUp.State.BOOKED
    due_call.moved_by_hand = True
    due_call.save()
    log(direction="in")
    due_call.refresh_from_db()
    assert due_call.state == FollowUp.State.BOOKED
    assert due_call.day == today + 3 * DAY


def test_an_older_contact_than_the_last_one_changes_nothing(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date
) -> None:
    logged = log(day=today - 60 * DAY)
    due_call.refresh_from_db()
    assert due_call.is_open
    assert open_items(cast) == [("cadence", "phone", today - 16 * DAY)]
    assert logged.at.astimezone(ZoneInfo("Europe/Warsaw")).date() == today - 60 * DAY


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"day": dt.date(2026, 10, 14)}, "day"),
        ({"day": dt.date(2025, 10, 1)}, "day"),
        ({"minutes": 1441}, "minutes"),
        ({"promise_words": "Send it"}, "promise_due"),
        ({"promise_due": dt.date(2026, 10, 20)}, "promise_words"),
        ({"promise_words": "Send it", "promise_due": dt.date(2026, 10, 12)}, "promise_due"),
        ({"next_step": NextStep("Ask", dt.date(2026, 10, 12), "phone")}, "next_day"),
    ],
)
def test_what_cannot_be_is_refused_by_field(log: Any, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        log(**given)
    assert field in refused.value.message_dict
    assert not Touchpoint.objects.exists()


def test_a_person_of_another_account_is_refused(cast: Cast, log: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        log(persons=[ContactPersonFactory(account=cast.brewery)])
    assert "persons" in refused.value.message_dict


def test_a_promise_reminds_on_the_last_working_day_before_it_is_due(
    cast: Cast, log: Any, today: dt.date
) -> None:
    sunday = dt.date(2026, 10, 25)
    log(channel="visit", promise_words="Send the price list", promise_due=sunday)
    promise = Promise.objects.get()
    assert (promise.made_by, promise.made_on, promise.due_on) == (cast.rita, today, sunday)
    item = AgendaItem.objects.get(reason="promise_due")
    assert (item.source, item.due, item.latest) == (f"promise:{promise.pk}", sunday, sunday)
    assert item.follow_up is not None
    assert (item.follow_up.day, item.follow_up.channel) == (dt.date(2026, 10, 23), "phone")
    assert item.follow_up.assignee == cast.rita


def test_a_next_step_stands_on_the_day_the_person_chose(cast: Cast, log: Any, today: dt.date) -> None:
    saturday = today + 4 * DAY
    logged = log(next_step=NextStep("Show the new line", saturday, "visit"))
    item = AgendaItem.objects.get(reason="manual")
    assert item.source == f"touchpoint:{logged.uuid}"
    assert item.follow_up is not None
    assert (item.follow_up.day, item.follow_up.moved_by_hand) == (saturday, True)


def test_a_substitutes_promise_is_the_owners_to_keep(cast: Cast, log: Any, today: dt.date) -> None:
    Absence.objects.create(user=cast.rita, substitute=cast.carl, first_day=today, last_day=today + DAY)
    log(actor=cast.carl, promise_words="Send the price list", promise_due=today + 7 * DAY)
    promise = Promise.objects.get()
    assert promise.made_by == cast.rita
    assert FollowUp.objects.get(items__reason="promise_due").assignee == cast.rita


def test_an_agents_promise_is_the_agents_to_keep(cast: Cast, log: Any, today: dt.date) -> None:
    log(actor=cast.serge, promise_words="Send the price list", promise_due=today + 7 * DAY)
    assert Promise.objects.get().made_by == cast.serge


def test_logging_keeps_the_promises_on_the_agenda_but_those_named(
    cast: Cast, log: Any, today: dt.date
) -> None:
    log(promise_words="Send the price list", promise_due=today)
    promise = Promise.objects.get()
    reminder = FollowUp.objects.open().get(items__reason="promise_due")
    first = log(follow_up=reminder, promises_kept=[])
    promise.refresh_from_db()
    assert promise.state == Promise.State.OPEN
    again = FollowUp.objects.open().get(items__reason="promise_due")
    assert again != reminder
    log(follow_up=again)
    promise.refresh_from_db()
    assert (promise.state, promise.closed_on) == (Promise.State.KEPT, today)
    assert first.follow_up == reminder


# Taking back ----------------------------------------------------------------------------------------------------------
def test_taking_back_opens_the_follow_up_again_on_its_old_day(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    day = due_call.day
    logged = log(follow_up=due_call)
    back = delete_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    due_call.refresh_from_db()
    assert back.reopened == due_call
    assert (due_call.state, due_call.day) == (FollowUp.State.PLANNED, day)
    assert open_items(cast) == [("cadence", "phone", today - 16 * DAY)]
    assert FollowUp.objects.open().filter(account=cast.acme).count() == 1
    logged.refresh_from_db()
    assert logged.deleted_at == now
    cast.acme.refresh_from_db()
    assert cast.acme.last_contact_on == today - 46 * DAY
    assert logged.history.first().history_user == cast.rita


def test_taking_back_twice_is_taking_back_once(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    logged = log(follow_up=due_call)
    delete_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    before = list(AgendaItem.objects.order_by("pk").values_list("pk", "state"))
    delete_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    assert list(AgendaItem.objects.order_by("pk").values_list("pk", "state")) == before


def test_taking_back_not_reached_puts_the_promise_back_on_its_day(
    cast: Cast, log: Any, today: dt.date, now: dt.datetime
) -> None:
    log(promise_words="Send the price list", promise_due=today)
    reminder = FollowUp.objects.open().get(account=cast.acme)
    logged = log(follow_up=reminder, outcome="not_reached")
    delete_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    assert FollowUp.objects.open().get(account=cast.acme) == reminder
    assert Promise.objects.get().state == Promise.State.OPEN


def test_taking_back_withdraws_promise_and_next_step_and_restoring_brings_them_again(
    cast: Cast, log: Any, today: dt.date, now: dt.datetime
) -> None:
    logged = log(
        promise_words="Send the price list",
        promise_due=today + 7 * DAY,
        next_step=NextStep("Show the new line", today + 8 * DAY, "visit"),
    )
    back = delete_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    assert back.kept == ()
    assert Promise.objects.get().state == Promise.State.WITHDRAWN
    assert not FollowUp.objects.open().exists()
    restore_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    assert Promise.objects.get().state == Promise.State.OPEN
    assert set(FollowUp.objects.open().values_list("day", flat=True)) == {today + 7 * DAY, today + 8 * DAY}
    assert AgendaItem.objects.open().count() == 2


def test_taking_back_leaves_what_somebody_changed_since(
    cast: Cast, log: Any, today: dt.date, now: dt.datetime
) -> None:
    logged = log(next_step=NextStep("Show the new line", today + 8 * DAY, "visit"))
    step = FollowUp.objects.get(items__reason="manual")
    step.day = today + 9 * DAY
    step.save()
    back = delete_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    assert back.kept == ("Show the new line",)
    step.refresh_from_db()
    assert step.is_open


def test_taking_back_leaves_a_later_contact_standing(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    earlier = log(follow_up=due_call, day=today - 5 * DAY)
    log(now=now + dt.timedelta(hours=1))
    delete_touchpoint(touchpoint=earlier, actor=cast.rita, now=now + dt.timedelta(hours=2), today=today)
    due_call.refresh_from_db()
    assert not due_call.is_open
    assert open_items(cast) == [("cadence", "phone", today + 30 * DAY)]


def test_restoring_does_again_what_the_contact_did(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    logged = log(follow_up=due_call)
    delete_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    restore_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    due_call.refresh_from_db()
    assert due_call.state == FollowUp.State.DONE
    assert open_items(cast) == [("cadence", "phone", today + 30 * DAY)]


# Correcting -----------------------------------------------------------------------------------------------------------
def correct(cast: Cast, touchpoint: Touchpoint, today: dt.date, now: dt.datetime, **given: Any) -> Touchpoint:
    usual = {
        "channel": touchpoint.channel,
        "outcome": touchpoint.outcome,
        "minutes": touchpoint.minutes,
        "direction": touchpoint.direction,
        "day": touchpoint.day,
        "note": touchpoint.note,
        "persons": None,
    }
    return correct_touchpoint(touchpoint=touchpoint, actor=cast.rita, now=now, today=today, **usual | given)


def test_correcting_words_changes_nothing_else(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    logged = log(follow_up=due_call)
    before = list(AgendaItem.objects.order_by("pk").values_list("pk", "state", "due"))
    correct(cast, logged, today, now, note="Line 2 approved", minutes=20)
    logged.refresh_from_db()
    assert (logged.note, logged.minutes) == ("Line 2 approved", 20)
    assert list(AgendaItem.objects.order_by("pk").values_list("pk", "state", "due")) == before


def test_correcting_the_outcome_plans_anew(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    logged = log(follow_up=due_call)
    correct(cast, logged, today, now, outcome="not_reached")
    assert FollowUp.objects.open().get(account=cast.acme).day == today + 2 * DAY
    correct(cast, logged, today, now, outcome="new_order")
    assert FollowUp.objects.open().get(account=cast.acme).day == today + 30 * DAY
    due_call.refresh_from_db()
    assert due_call.state == FollowUp.State.DONE


def test_correcting_the_day_counts_from_it(
    cast: Cast, log: Any, due_call: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    logged = log(follow_up=due_call)
    correct(cast, logged, today, now, day=today - 4 * DAY)
    assert open_items(cast) == [("cadence", "phone", today + 26 * DAY)]
    cast.acme.refresh_from_db()
    assert cast.acme.last_contact_on == today - 4 * DAY


def test_what_was_taken_back_is_not_corrected(cast: Cast, log: Any, today: dt.date, now: dt.datetime) -> None:
    logged = log()
    delete_touchpoint(touchpoint=logged, actor=cast.rita, now=now, today=today)
    with pytest.raises(ValidationError):
        correct(cast, logged, today, now, note="x")


# Who may --------------------------------------------------------------------------------------------------------------
def test_own_entries_are_corrected_by_oneself_and_by_who_manages(
    cast: Cast, log: Any, today: dt.date
) -> None:
    logged = log(actor=cast.serge)
    may = {
        name
        for name, user in cast.users.items()
        if Touchpoint.objects.correctable_by(user, on=today).filter(pk=logged.pk).exists()
    }
    assert may == {"serge", "mona", "ada"}
