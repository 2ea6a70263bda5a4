"""What customers ask for wins over every rule: the pure part of docs/domain.md, 5.2."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.models import Channel
from contacts.cadence import CADENCE_CHANNELS, SATISFIES
from contacts.wished import FURTHEST, Slot, Wishes, wished_day
from crm.team.calendars import ONE_DAY, WorkingCalendar

PLAIN = WorkingCalendar()
TODAY = dt.date(2026, 10, 13)  # a Tuesday


@pytest.mark.parametrize(
    ("slot", "day"),
    [
        (Slot(1, 1), dt.date(2026, 11, 3)),  # first Tuesday
        (Slot(4, 1), dt.date(2026, 10, 27)),
        (Slot(-1, 4), dt.date(2026, 10, 30)),  # last Friday
        (Slot(0, 0), dt.date(2026, 10, 19)),  # every Monday
        (Slot(2, 1), dt.date(2026, 10, 13)),
    ],
)
def test_the_days_of_a_slot(slot, day):
    assert next(one for n in range(40) if slot.holds(one := TODAY + n * ONE_DAY)) == day


def found(wishes: Wishes, *, first=0, wanted=0, latest=5, channel="phone", taken=(), calendar=PLAIN):
    return wished_day(
        first=TODAY + first * ONE_DAY,
        wanted=TODAY + wanted * ONE_DAY,
        latest=TODAY + latest * ONE_DAY,
        channel=channel,
        wishes=wishes,
        calendar=calendar,
        taken=taken,
    )


def test_the_slot_before_the_due_day_is_better_than_one_after_the_window():
    first_tuesday = Wishes(slot=Slot(1, 1, dt.time(10)))  # 6 October, 3 November
    assert found(first_tuesday, first=-10, latest=20) == (dt.date(2026, 10, 6), "slot")
    assert found(first_tuesday, first=-10, latest=21) == (dt.date(2026, 11, 3), "slot")
    assert found(first_tuesday, first=0, latest=5) == (dt.date(2026, 11, 3), "slot")
    assert found(first_tuesday, channel="email") == (TODAY, "")  # an e-mail takes no time of theirs


def test_a_slot_on_a_holiday_gives_way_to_the_next():
    away = WorkingCalendar(days_off=frozenset({dt.date(2026, 11, 3)}))
    assert found(Wishes(slot=Slot(1, 1)), calendar=away) == (dt.date(2026, 12, 1), "slot")


def test_weekdays():
    fridays = Wishes(weekdays=frozenset({4}))
    assert found(fridays) == (dt.date(2026, 10, 16), "weekday")
    assert found(fridays, first=-5, latest=2) == (dt.date(2026, 10, 9), "weekday")
    mondays = Wishes(weekdays=frozenset({0}))
    # The day before its window suits them, and is too early all the same.
    assert found(mondays, latest=0) == (dt.date(2026, 10, 19), "weekday")
    assert found(mondays, first=-1, latest=0) == (dt.date(2026, 10, 12), "weekday")
    assert found(Wishes(weekdays=frozenset({6}))) is None  # nobody works on Sundays


def test_no_more_contacts_than_they_want():
    monthly = Wishes(at_most=((1, 30),))
    assert found(monthly, taken=[TODAY - 10 * ONE_DAY]) == (TODAY + 20 * ONE_DAY, "at_most")
    assert found(monthly, taken=[TODAY - 30 * ONE_DAY]) == (TODAY, "")
    twice = Wishes(at_most=((2, 30),), weekdays=frozenset({0}))
    assert found(twice, taken=[TODAY - 10 * ONE_DAY, TODAY - 20 * ONE_DAY]) == (
        dt.date(2026, 10, 26),
        "at_most",
    )


@pytest.mark.parametrize(
    ("wishes", "asked", "channel"),
    [
        (Wishes(), "phone", "phone"),
        (Wishes(forbidden=frozenset({"phone"})), "phone", None),
        (Wishes(forbidden=frozenset({"visit"})), "visit", "video"),
        (Wishes(forbidden=frozenset({"visit", "video"})), "visit", None),
        (Wishes(forbidden=frozenset({"email"}), preferred=("phone",)), "email", "phone"),
        (Wishes(preferred=("email", "video")), "visit", "video"),
        (Wishes(preferred=("email",)), "visit", "visit"),  # an e-mail would never satisfy the visit
    ],
)
def test_the_channel_of_a_cadence(wishes, asked, channel):
    assert wishes.channel_for(asked) == channel


def test_what_is_no_cadence_is_said_by_a_channel_they_allow():
    assert Wishes(forbidden=frozenset({"phone"})).channel_instead_of("phone") == "email"
    assert Wishes(forbidden=frozenset({"phone"}), preferred=("visit",)).channel_instead_of("phone") == "visit"
    assert Wishes(forbidden=frozenset(Channel.values)).channel_instead_of("phone") == "phone"


def test_a_person_and_the_account_both_count():
    account = Wishes(
        forbidden=frozenset({"visit"}),
        weekdays=frozenset({0, 1, 2}),
        preferred=("phone",),
        at_most=((1, 30),),
    )
    person = Wishes(
        forbidden=frozenset({"phone"}), weekdays=frozenset({2, 3}), preferred=("video",), slot=Slot(0, 2)
    )
    both = account.together_with(person)
    assert both.forbidden == {"visit", "phone"}
    assert (both.weekdays, both.preferred, both.slot) == ({2}, ("video",), Slot(0, 2))
    assert both.at_most == ((1, 30),)


DAYS = st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31))
WEEKDAYS = st.frozensets(st.integers(0, 6), min_size=1)
WISHES = st.builds(
    Wishes,
    preferred=st.lists(st.sampled_from(Channel.values), unique=True, max_size=3).map(tuple),
    forbidden=st.frozensets(st.sampled_from(Channel.values)),
    weekdays=st.none() | WEEKDAYS,
    slot=st.none() | st.builds(Slot, st.sampled_from([-1, 0, 1, 2, 3, 4]), st.integers(0, 6)),
    at_most=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 60)), max_size=2).map(tuple),
)


@given(WISHES, st.sampled_from(CADENCE_CHANNELS))
def test_never_a_forbidden_channel_nor_one_that_does_not_satisfy(wishes, asked):
    channel = wishes.channel_for(asked)
    if channel is not None:
        assert channel not in wishes.forbidden
        assert asked in SATISFIES[channel]
    instead = wishes.channel_instead_of(asked)
    assert instead not in wishes.forbidden or set(Channel.values) - {"broadcast"} <= wishes.forbidden


@example(  # their one Monday a month lies too soon after a contact that was made after the wanted day
    Wishes(slot=Slot(-1, 0), at_most=((1, 18),)),
    Channel.VISIT,
    dt.date(2026, 1, 5),
    0,
    0,
    frozenset(),
    frozenset({0}),
    [dt.date(2026, 1, 9)],
)
@given(
    WISHES,
    st.sampled_from(CADENCE_CHANNELS),
    DAYS,
    st.integers(0, 30) | st.just(0),
    st.integers(0, 30) | st.just(0),
    st.frozensets(DAYS, max_size=30),
    WEEKDAYS,
    st.lists(DAYS, max_size=8),
)
def test_the_day_suits_them_and_is_worked(wishes, channel, wanted, before, after, off, weekdays, taken):
    calendar = WorkingCalendar(days_off=off, weekdays=weekdays)
    wanted = calendar.on_or_after(wanted)
    first = wanted - before * ONE_DAY
    day = wished_day(
        first=first,
        wanted=wanted,
        latest=wanted + after * ONE_DAY,
        channel=channel,
        wishes=wishes,
        calendar=calendar,
        taken=taken,
    )
    suiting = [one for n in range(FURTHEST) if wishes.suits(one := wanted + n * ONE_DAY, channel)]
    if day is None:
        assert not any(calendar.is_working(one) for one in suiting)
        return
    assert calendar.is_working(day.day) and wishes.suits(day.day, channel) and day.day >= first
    for number, period in wishes.at_most:
        recent = [one for one in taken if one <= day.day < one + period * ONE_DAY]
        assert len(recent) < number
