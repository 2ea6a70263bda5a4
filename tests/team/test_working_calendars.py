"""Who works when: weekdays, public holidays, absences, and the substitutes who serve on them (docs/domain.md, 5.3)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.team.calendars import ONE_DAY, WorkingCalendar, calendars_of, country_calendar, fill_holidays
from crm.team.models import Absence, User

TODAY = dt.date(2026, 10, 13)  # a Tuesday
DAYS = st.dates(dt.date(2026, 9, 1), dt.date(2026, 12, 31))


def away(user: User, first: dt.date, last: dt.date, substitute: User | None = None) -> None:
    Absence.objects.create(user=user, first_day=first, last_day=last, substitute=substitute)


def test_a_substitute_serves_on_the_days_that_both_would_work(cast, django_assert_num_queries):
    fill_holidays(years=[2026], countries=["PL", "BG"])
    User.objects.filter(pk=cast.otto.pk).update(country="BG", working_weekdays="1234")
    away(cast.rita, dt.date(2026, 11, 2), dt.date(2026, 11, 12), substitute=cast.otto)
    away(cast.otto, dt.date(2026, 11, 9), dt.date(2026, 11, 9))
    rita = User.objects.get(pk=cast.rita.pk)
    with django_assert_num_queries(1):
        calendar = calendars_of([rita])[rita.pk]
    # Not Fridays (Otto's), not the 9th (he is away), not the 11th (Rita would not work: a holiday in Poland).
    assert sorted(day.day for day in calendar.served) == [2, 3, 4, 5, 10, 12]
    assert not any(calendar.is_working(day) for day in calendar.served)
    assert calendar == calendars_of([rita])[rita.pk] and hash(calendar) == hash(calendars_of([rita])[rita.pk])


def test_an_absence_without_a_substitute_is_served_by_nobody(cast):
    away(cast.rita, TODAY, TODAY + 9 * ONE_DAY)
    assert calendars_of([cast.rita])[cast.rita.pk].served == frozenset()


def test_it_moves_past_the_absence_where_the_window_allows_else_the_substitute_serves():
    gone = frozenset(TODAY + n * ONE_DAY for n in range(10))  # Tuesday to Thursday of next week
    served = frozenset(day for day in gone if day.weekday() < 5)
    calendar = WorkingCalendar(days_off=gone, served=served)
    back = TODAY + 10 * ONE_DAY
    assert calendar.covered(TODAY, back) == back
    assert calendar.covered(TODAY, back - ONE_DAY) == TODAY
    assert calendar.covered(dt.date(2026, 10, 17), dt.date(2026, 10, 20)) == dt.date(2026, 10, 19)
    assert calendar.covered(dt.date(2026, 10, 17), dt.date(2026, 10, 18)) == back  # nobody works that weekend
    assert calendar.covered(TODAY, TODAY - 30 * ONE_DAY) == TODAY  # overdue: not to be left for ten days more
    assert WorkingCalendar(days_off=gone).covered(TODAY, TODAY) == back


@given(st.frozensets(DAYS, max_size=60), st.frozensets(DAYS), DAYS, st.integers(-20, 30))
def test_never_on_a_day_that_nobody_works(off, both, day, window):
    calendar = WorkingCalendar(days_off=off, served=off & both)
    found = calendar.covered(day, day + window * ONE_DAY)
    assert found >= day
    assert calendar.is_working(found) or found in calendar.served
    if found in calendar.served:
        assert calendar.on_or_after(day) > day + window * ONE_DAY


@pytest.mark.django_db
def test_holidays_of_2026_as_facts():
    fill_holidays(years=[2026], countries=["HU", "BG"])
    hungary, bulgaria = country_calendar("HU"), country_calendar("BG")
    assert not hungary.is_working(dt.date(2026, 12, 24))  # a holiday by law since 2024
    assert not hungary.is_working(
        dt.date(2026, 12, 12)
    )  # an ordinary Saturday: nothing is worked in beforehand
    for day in [(3, 15), (4, 3), (4, 6), (5, 1), (5, 25), (8, 20), (10, 23), (12, 25), (12, 26)]:
        assert not hungary.is_working(dt.date(2026, *day))
    for day in [(1, 1), (3, 3), (4, 10), (4, 13), (5, 1), (5, 6), (9, 22), (12, 24), (12, 25)]:
        assert not bulgaria.is_working(dt.date(2026, *day))
    assert bulgaria.is_working(dt.date(2026, 4, 3)) and hungary.is_working(
        dt.date(2026, 4, 10)
    )  # Easter differs


@pytest.mark.parametrize("zone", ["Europe/Sofia", "Europe/Warsaw", "Europe/Budapest"])
@pytest.mark.parametrize("night", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_the_nights_on_which_the_clock_changes_have_one_day_before_and_one_after(zone, night):
    """Planning reckons in local calendar days: none is lost or doubled, whatever the clock does in between."""
    calendar = WorkingCalendar()
    hours = [
        dt.datetime.combine(night - ONE_DAY, dt.time(12), dt.UTC) + n * dt.timedelta(hours=1)
        for n in range(48)
    ]
    seen = sorted({hour.astimezone(ZoneInfo(zone)).date() for hour in hours})
    assert seen == [night - ONE_DAY, night, night + ONE_DAY]
    assert calendar.on_or_after(night) == night + ONE_DAY
    assert calendar.add(night - 2 * ONE_DAY, 1) == night + ONE_DAY  # Friday and one working day: Monday
