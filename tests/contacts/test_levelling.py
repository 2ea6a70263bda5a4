"""No week asks for more hours than there are, while a day with room exists: the pure rule of docs/domain.md, 5.3."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.planning.levelling import Place, level, overfull_weeks, utilisation, weeks_of
from crm.team.calendars import ONE_DAY, WorkingCalendar

PLAIN = WorkingCalendar()
TODAY = dt.date(2026, 10, 13)  # a Tuesday: day 1
HOUR = 60


def weeks(minutes: int = 5 * HOUR, calendar: WorkingCalendar = PLAIN):
    return weeks_of(calendar, minutes, TODAY)


def place(
    wanted: int, *, rank=2, before=3, after=3, wait=40, minutes=HOUR, current=None, suits=None
) -> Place:
    first, last = max(wanted - before, 1), wanted + after
    return Place(rank, wanted, first, last, wanted, wanted + wait, minutes, current, suits)


def test_a_contact_alone_gets_the_day_it_wants():
    assert level([place(8)], weeks(), {}) == [8]


def test_the_least_loaded_day_of_the_window():
    assert level([place(8)], weeks(), {8: 60, 9: 30, 7: 10}) == [10]  # Thursday, none on it
    assert level([place(8, after=1, before=1)], weeks(), {8: 60, 9: 30, 7: 10}) == [7]


def test_a_day_once_given_is_kept():
    assert level([place(8, current=10)], weeks(), {10: 200}) == [10]


def test_what_does_not_fit_waits_c_before_b_before_a():
    places = [place(8, rank=rank, before=0, after=1, minutes=2 * HOUR) for rank in (2, 1, 0, 2, 1, 0)]
    got = level(places, weeks(), {})
    assert [number // 7 for number in got] == [3, 2, 1, 3, 2, 1]


def test_what_has_waited_long_enough_stands_before_an_a():
    at_its_limit = place(8, before=0, after=1, wait=0, minutes=3 * HOUR)
    can_wait = place(8, rank=0, before=0, after=1, minutes=3 * HOUR)
    assert [number // 7 for number in level([at_its_limit, can_wait], weeks(), {})] == [1, 2]


def test_too_much_stays_where_it_may_not_wait():
    got = level([place(8, before=0, after=0, wait=0) for _ in range(9)], weeks(), {})
    assert got == [8] * 9


def test_a_full_week_of_others_makes_it_wait():
    assert level([place(8, before=1, after=1)], weeks(), {9: 5 * HOUR})[0] // 7 == 2


def test_without_relieving_nothing_that_has_a_day_moves():
    assert level([place(8, current=8)], weeks(), {9: 6 * HOUR}, relieving=False) == [8]
    assert level([place(8, current=8)], weeks(), {9: 6 * HOUR})[0] // 7 != 1


def test_only_days_that_suit_the_customer():
    assert level([place(8, suits=frozenset({8, 15, 22}))], weeks(), {8: 6 * HOUR}) == [15]


def test_holidays_and_absences_lessen_the_week():
    off = WorkingCalendar(days_off=frozenset(TODAY + n * ONE_DAY for n in range(6, 9)))
    found = weeks(calendar=off)
    assert found.capacity[:3] == (5 * HOUR, 2 * HOUR, 5 * HOUR)
    assert found.room[:2] == (4 * HOUR, 2 * HOUR)  # Monday has passed


def test_the_two_marks():
    assert [utilisation(minutes, 100) for minutes in (0, 84, 85, 100, 101)] == [
        "",
        "",
        "busy",
        "busy",
        "overfull",
    ]
    assert (utilisation(0, 0), utilisation(1, 0)) == ("", "overfull")


@st.composite
def places(draw) -> Place:
    wanted = draw(st.integers(1, 60).filter(lambda n: n % 7 < 5))
    return place(
        wanted,
        rank=draw(st.integers(0, 2)),
        before=draw(st.integers(0, 10)),
        after=draw(st.integers(0, 10)),
        wait=draw(st.integers(-5, 60)),
        minutes=draw(st.sampled_from([0, 15, 30, 60, 120, 400])),
        suits=draw(st.none() | st.frozensets(st.integers(1, 90), max_size=30).map(lambda s: s | {wanted})),
    )


CALENDARS = st.builds(
    lambda off: WorkingCalendar(days_off=frozenset(TODAY + n * ONE_DAY for n in off)),
    st.frozensets(st.integers(0, 60), max_size=25),
)
LOADS = st.dictionaries(st.integers(-3, 80), st.integers(0, 400), max_size=15)


@settings(max_examples=150)
@given(st.lists(places(), max_size=25), CALENDARS, LOADS, st.integers(0, 900))
def test_what_always_holds(asked, calendar, load, minutes):
    grid = weeks(minutes, calendar)
    got = level(asked, grid, load)
    for number, one in zip(got, asked, strict=True):
        allowed = grid.works[number] and one.first <= number <= max(one.last, one.limit)
        assert (allowed and (one.suits is None or number in one.suits)) or number == one.wanted
        assert number >= one.first
    # Once given, a day is kept: planning twice changes nothing, also where less is looked at.
    again = [one._replace(current=number) for one, number in zip(asked, got, strict=True)]
    assert level(again, grid, load) == got
    # No week above its capacity while a day with room exists for something in it.
    days = [load.get(n, 0) for n in range(420)]
    for number, one in zip(got, asked, strict=True):
        days[number] += one.minutes
    filled = [sum(days[max(n, grid.today) : n + 7]) for n in range(0, 420, 7)]
    for week in overfull_weeks(filled, grid):
        for number, one in zip(got, asked, strict=True):
            if number // 7 != week or not one.minutes or not grid.works[one.wanted]:
                continue
            for other in range(one.first, max(one.last, one.limit) + 1):
                if grid.works[other] and (one.suits is None or other in one.suits):
                    assert filled[other // 7] + one.minutes > grid.room[other // 7]
