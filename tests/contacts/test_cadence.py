"""When a cadence is due: the pure rules of docs/domain.md, 5.2 and 5.3."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Channel, spread_number
from contacts.cadence import (
    ATTEMPTS_IN_A_ROW,
    CADENCE_CHANNELS,
    SATISFIES,
    Cadence,
    Contact,
    Facts,
    Skip,
    belongs_to,
    facts_of,
    is_admissible,
    reckon,
    share_of,
    urgency,
    working_days,
)
from crm.team.calendars import ONE_DAY, WorkingCalendar

PLAIN = WorkingCalendar()
TODAY = dt.date(2026, 10, 13)  # a Tuesday
MONTHLY = Cadence(rule_id=7, channel="phone", every_days=30, tolerance_days=5, minutes=15)


def contact(
    day: dt.date, channel: str = "phone", *, reached: bool = True, inbound: bool = False, hour: int = 10
):
    at = dt.datetime.combine(day, dt.time(hour), dt.UTC)
    return Contact(day=day, at=at, channel=channel, reached=reached, inbound=inbound, user_id=1)


def facts(*contacts: Contact, skips=(), governed=("phone",), channel="phone", start=TODAY, spread=0) -> Facts:
    return facts_of(channel, governed=governed, contacts=contacts, skips=skips, start=start, spread=spread)


def missed(day: dt.date, channel: str = "phone") -> Contact:
    return contact(day, channel, reached=False)


# What satisfies what ------------------------------------------------------------------------------------------------
def test_each_channel_satisfies_those_after_it():
    assert SATISFIES["visit"] == SATISFIES["video"] == {"visit", "video", "phone", "email"}
    assert SATISFIES["phone"] == {"phone", "email"}
    assert SATISFIES["email"] == {"email"}
    for alone in ("letter", "event", "material"):
        assert SATISFIES[alone] == {alone}
    assert SATISFIES["broadcast"] == set()
    assert set(SATISFIES) == set(Channel.values)
    assert Channel.BROADCAST not in CADENCE_CHANNELS


@pytest.mark.parametrize(
    ("made_on", "counts_for_phone"),
    [
        ("visit", True),
        ("video", True),
        ("phone", True),
        ("email", False),
        ("letter", False),
        ("broadcast", False),
    ],
)
def test_the_last_contact_that_counts(made_on, counts_for_phone):
    found = facts(contact(TODAY - 9 * ONE_DAY, made_on))
    assert (found.last is not None) is counts_for_phone


def test_it_counts_from_the_newest_contact_whoever_made_it_inbound_too():
    found = facts(contact(TODAY - 30 * ONE_DAY), contact(TODAY - 3 * ONE_DAY, inbound=True))
    reckoned = reckon(found, MONTHLY, PLAIN, TODAY)
    assert reckoned.due == TODAY + 27 * ONE_DAY
    assert reckoned.counted_from == TODAY - 3 * ONE_DAY
    assert reckoned.steps[0] == {
        "step": "reached",
        "day": "2026-10-10",
        "channel": "phone",
        "inbound": True,
        "by": 1,
    }


# Not reached --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("attempts", "due"),
    [
        ([dt.date(2026, 10, 13)], dt.date(2026, 10, 15)),
        ([dt.date(2026, 10, 16)], dt.date(2026, 10, 20)),  # Friday: Monday, Tuesday
        ([dt.date(2026, 10, 13), dt.date(2026, 10, 15)], dt.date(2026, 10, 19)),
        ([dt.date(2026, 10, 1), dt.date(2026, 10, 5), dt.date(2026, 10, 13)], dt.date(2026, 11, 12)),
        ([dt.date(2026, 10, 1)] * 3 + [dt.date(2026, 10, 13)], dt.date(2026, 11, 12)),
    ],
)
def test_not_reached_is_tried_again_soon_and_after_the_third_one_interval_later(attempts, due):
    last = contact(dt.date(2026, 9, 30))
    reckoned = reckon(facts(last, *map(missed, attempts)), MONTHLY, PLAIN, TODAY)
    assert reckoned.due == due
    assert reckoned.counted_from == last.day  # the last contact that reached them stands


def test_a_retry_comes_even_before_due():
    last = contact(TODAY - ONE_DAY)
    reckoned = reckon(facts(last, missed(TODAY)), MONTHLY, PLAIN, TODAY)
    assert reckoned.due == reckoned.earliest == dt.date(2026, 10, 15) < last.day + 30 * ONE_DAY


def test_reaching_them_ends_the_series():
    days = [TODAY - 9 * ONE_DAY, TODAY - 8 * ONE_DAY]
    found = facts(*map(missed, days), contact(TODAY - 5 * ONE_DAY), missed(TODAY))
    assert len(found.attempts) == 1
    found = facts(*map(missed, days), contact(TODAY - 5 * ONE_DAY, "email"), missed(TODAY))
    assert len(found.attempts) == 3  # an e-mail does not satisfy the phone


def test_what_the_customer_tried_is_no_attempt_of_ours():
    assert facts(contact(TODAY, reached=False, inbound=True)) == facts()


@pytest.mark.parametrize(
    ("tried", "governed", "whose"),
    [
        ("phone", {"phone", "email"}, "phone"),
        ("phone", {"email", "visit"}, "email"),
        ("visit", {"visit", "video", "phone"}, "visit"),
        ("visit", {"video", "phone"}, "video"),
        ("video", {"phone", "email"}, "phone"),
        ("phone", {"visit"}, None),
        ("letter", {"phone"}, None),
        ("broadcast", {"broadcast"}, None),
    ],
)
def test_an_attempt_belongs_to_the_contact_that_was_tried(tried, governed, whose):
    assert belongs_to(tried, governed) == whose


# Never contacted ----------------------------------------------------------------------------------------------------
def test_never_contacted_takes_its_share_of_the_interval():
    first = reckon(facts(spread=0), MONTHLY, PLAIN, TODAY)
    last = reckon(facts(spread=2**31 - 1), MONTHLY, PLAIN, TODAY)
    assert first.due == TODAY
    assert last.due == dt.date(2026, 11, 11)  # the 30th day, a Wednesday
    assert first.counted_from == TODAY
    assert [step["step"] for step in first.steps] == ["start", "share"]


def test_an_interval_without_a_working_day_gives_the_first_after_it():
    saturday = dt.date(2026, 10, 17)
    assert share_of(saturday, 1, 5, PLAIN) == dt.date(2026, 10, 19)


@pytest.mark.parametrize("start", [TODAY + shift * ONE_DAY for shift in range(7)])
def test_no_working_day_takes_more_than_twice_the_average(start):
    holidays = WorkingCalendar(days_off=frozenset({dt.date(2026, 11, 1), dt.date(2026, 11, 11)}))
    days = Counter(share_of(start, 30, spread_number(f"K{n:06d}"), holidays) for n in range(1000))
    choice = working_days(holidays, start, 30)
    assert set(days) == set(choice)
    assert max(days.values()) <= 2 * 1000 / len(choice)


# A turn left out ----------------------------------------------------------------------------------------------------
def skip(due: dt.date, on: dt.date, hour: int = 12) -> Skip:
    return Skip(due=due, on=on, at=dt.datetime.combine(on, dt.time(hour), dt.UTC))


def test_a_turn_left_out_early_counts_from_its_due_day():
    found = facts(contact(TODAY - 25 * ONE_DAY), skips=[skip(TODAY + 5 * ONE_DAY, TODAY)])
    reckoned = reckon(found, MONTHLY, PLAIN, TODAY)
    assert reckoned.due == TODAY + 35 * ONE_DAY
    assert reckoned.counted_from == TODAY - 25 * ONE_DAY


def test_a_turn_left_out_late_is_not_due_again_at_once():
    found = facts(contact(TODAY - 120 * ONE_DAY), skips=[skip(TODAY - 90 * ONE_DAY, TODAY)])
    assert reckon(found, MONTHLY, PLAIN, TODAY).due == TODAY + 30 * ONE_DAY


def test_reaching_them_after_a_skip_forgets_it():
    left_out = skip(TODAY + 5 * ONE_DAY, TODAY - 2 * ONE_DAY)
    found = facts(contact(TODAY - 25 * ONE_DAY), contact(TODAY), skips=[left_out])
    assert found.skip is None
    assert reckon(found, MONTHLY, PLAIN, TODAY).due == TODAY + 30 * ONE_DAY


def test_an_attempt_after_a_skip_begins_a_new_series():
    days = [TODAY - 9 * ONE_DAY, TODAY - 8 * ONE_DAY]
    left_out = skip(TODAY - 6 * ONE_DAY, TODAY - 6 * ONE_DAY)
    assert facts(*map(missed, days), skips=[left_out]).attempts == ()
    found = facts(*map(missed, days), missed(TODAY), skips=[left_out])
    assert len(found.attempts) == 1
    assert reckon(found, MONTHLY, PLAIN, TODAY).due == dt.date(2026, 10, 15)


# Window and day -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("every", "tolerance", "earliest"),
    [(30, 5, 25), (30, 15, 21), (10, 10, 7), (7, 5, 5), (1, 3, 1)],  # 70 % of 7 days is 4.9: the fifth day
)
def test_the_window_of_a_cadence(every, tolerance, earliest):
    rule = Cadence(rule_id=1, channel="phone", every_days=every, tolerance_days=tolerance, minutes=15)
    reckoned = reckon(facts(contact(TODAY)), rule, PLAIN, TODAY)
    assert reckoned.earliest == TODAY + earliest * ONE_DAY
    assert reckoned.due == TODAY + every * ONE_DAY
    assert reckoned.latest == reckoned.due + tolerance * ONE_DAY


def test_the_day_is_the_first_working_day_on_or_after_due_or_today():
    sunday = reckon(facts(contact(dt.date(2026, 9, 18))), MONTHLY, PLAIN, TODAY)
    assert (sunday.due, sunday.day) == (dt.date(2026, 10, 18), dt.date(2026, 10, 19))
    assert sunday.steps[-1] == {"step": "working_day", "day": "2026-10-19"}
    overdue = reckon(facts(contact(dt.date(2026, 1, 2))), MONTHLY, PLAIN, dt.date(2026, 10, 17))
    assert overdue.day == dt.date(2026, 10, 19)


def test_a_day_is_kept_while_it_is_admissible():
    reckoned = reckon(facts(contact(dt.date(2026, 9, 18))), MONTHLY, PLAIN, TODAY)  # due Sunday 18 October

    def kept(day: int, month: int = 10, today: dt.date = TODAY) -> bool:
        return is_admissible(dt.date(2026, month, day), reckoned, PLAIN, today)

    assert kept(19) and kept(14) and kept(23)
    assert not kept(12, today=dt.date(2026, 10, 1))  # before the window
    assert not kept(18)  # a Sunday
    assert not kept(26)  # after the window
    assert kept(18, today=dt.date(2026, 10, 20))  # passed: it is overdue and stays, whatever day it was
    assert not kept(12, today=dt.date(2026, 10, 20))


def test_urgency():
    assert urgency(TODAY - 46 * ONE_DAY, 30, TODAY) == pytest.approx(46 / 30)
    assert urgency(TODAY + ONE_DAY, 30, TODAY) == 0


# For all there is ---------------------------------------------------------------------------------------------------
DAYS = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))


@st.composite
def calendars(draw) -> WorkingCalendar:
    off = draw(st.frozensets(DAYS, max_size=40))
    worked = draw(st.frozensets(DAYS, max_size=10))
    return WorkingCalendar(
        days_off=off, worked_weekend_days=frozenset(d for d in worked if d.weekday() >= 5) - off
    )


@st.composite
def histories(draw) -> Facts:
    made = sorted(
        draw(
            st.lists(
                st.tuples(DAYS, st.sampled_from(Channel.values), st.booleans(), st.booleans()), max_size=12
            )
        )
    )
    skips = draw(st.lists(st.tuples(DAYS, DAYS), max_size=2))
    return facts_of(
        draw(st.sampled_from(CADENCE_CHANNELS)),
        governed=draw(st.sets(st.sampled_from(CADENCE_CHANNELS))),
        contacts=[contact(day, channel, reached=r, inbound=i) for day, channel, r, i in made],
        skips=[skip(due, on) for due, on in skips],
        start=draw(DAYS),
        spread=draw(st.integers(0, 2**31 - 1)),
    )


RULES = st.builds(
    Cadence,
    rule_id=st.just(1),
    channel=st.just("phone"),
    every_days=st.integers(1, 400),
    tolerance_days=st.integers(0, 100),
    minutes=st.just(15),
)


@given(histories(), RULES, calendars(), DAYS)
def test_what_always_holds(found, rule, calendar, today):
    reckoned = reckon(found, rule, calendar, today)
    assert reckoned.earliest <= reckoned.due <= reckoned.latest
    assert calendar.is_working(reckoned.day)
    assert reckoned.day >= max(reckoned.due, today)
    assert not any(calendar.is_working(d) for d in gap(max(reckoned.due, today), reckoned.day))
    assert is_admissible(reckoned.day, reckoned, calendar, today)
    assert reckoned.steps[-1]["day"] == (calendar.on_or_after(reckoned.due)).isoformat()
    assert json.loads(json.dumps(reckoned.steps)) == list(reckoned.steps)
    retry = 0 < len(found.attempts) < ATTEMPTS_IN_A_ROW
    if found.last is not None and not retry:
        assert reckoned.due >= found.last.day + rule.every_days * ONE_DAY or found.skip is not None
        assert (reckoned.earliest - found.last.day).days * 10 >= 7 * rule.every_days or found.skip is not None
    if found.last is None and not found.attempts and found.skip is None:
        inside = found.start <= reckoned.due < found.start + rule.every_days * ONE_DAY
        assert inside or not working_days(calendar, found.start, rule.every_days)


@given(histories(), RULES, calendars(), DAYS, st.integers(1, 60))
def test_what_was_planned_stays_as_time_goes_by(found, rule, calendar, today, later):
    first = reckon(found, rule, calendar, today)
    then = reckon(found, rule, calendar, today + later * ONE_DAY)
    assert (first.due, first.earliest, first.latest, first.steps) == (
        then.due,
        then.earliest,
        then.latest,
        then.steps,
    )
    assert is_admissible(first.day, then, calendar, today + later * ONE_DAY)


def gap(first: dt.date, until: dt.date) -> list[dt.date]:
    return [first + n * ONE_DAY for n in range((until - first).days)]
