"""Which day each contact of one person gets, so that no week asks for more hours than there are (docs/domain.md, 5.3).

Pure: no query, no clock. Days are numbers, counted from the Monday of the week of the planning day: a pass over all
accounts places hundreds of thousands of contacts.

- A contact that has a day keeps it, while its week is not overfull.
- A new one goes to the least loaded day of its window whose week has room; where no week has, of all its window.
- From an overfull week what can wait goes elsewhere: to another day of its window whose week has room, else it is
  postponed to the next week that has; C before B before A, but never beyond its limit. So what has reached its limit
  stands before an A that could still wait.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from crm.team.calendars import ONE_DAY, WorkingCalendar

WEEKS = 60
"""What lies further ahead is not levelled."""
BUSY, FULL = 85, 100
"""The two marks of utilisation, in per cent of a week's contact minutes."""
RANKS: dict[str | None, int] = {"A": 0, "B": 1, "C": 2, None: 2}
"""Who keeps the day: A before B before the others."""
_DAYS = 7 * WEEKS
_ANY = (10**9,) * WEEKS


class Weeks(NamedTuple):
    """The days and weeks of one person from a Monday on."""

    monday: dt.date
    works: bytes
    """1 for each day on which the person works."""
    capacity: tuple[int, ...]
    """Contact minutes of each week, net of holidays and absences."""
    room: tuple[int, ...]
    """The same from the planning day on: what of the first week has passed takes nothing any more."""
    today: int
    start: int
    """The ordinal of the Monday."""

    def number(self, day: dt.date) -> int:
        """The day as a number; below `today` it has passed."""
        return day.toordinal() - self.start

    def is_worked(self, number: int) -> bool:
        """Whether the person works on the day; False for what lies too far ahead to be levelled."""
        return 0 <= number < _DAYS and bool(self.works[number])

    def day(self, number: int) -> dt.date:
        """The day with the number."""
        return self.monday + number * ONE_DAY


@lru_cache(maxsize=2**10)
def weeks_of(calendar: WorkingCalendar, weekly_minutes: int, today: dt.date) -> Weeks:
    """The weeks of a person with these working days and contact minutes in a whole week."""
    monday = today - today.weekday() * ONE_DAY
    works = bytes(calendar.is_working(monday + number * ONE_DAY) for number in range(_DAYS))
    usual = len(calendar.weekdays) or 5
    capacity = tuple(weekly_minutes * sum(works[first : first + 7]) // usual for first in range(0, _DAYS, 7))
    left = sum(works[today.weekday() : 7])
    room = (weekly_minutes * left // usual, *capacity[1:])
    return Weeks(monday, works, capacity, room, today.weekday(), monday.toordinal())


def utilisation(minutes: int, capacity: int) -> str:
    """ "" for a week with room, "busy" from the first mark on, "overfull" beyond the second."""
    if minutes * 100 > capacity * FULL:
        return "overfull"
    return "busy" if minutes and minutes * 100 >= capacity * BUSY else ""


class Place(NamedTuple):
    """One contact that may be put on a day. All days are numbers of `Weeks`; first <= wanted."""

    rank: int
    """Of `RANKS`."""
    due: int
    first: int
    last: int
    """The days of its window, both inclusive; before `wanted` where it is too late already."""
    wanted: int
    """The day it gets where nothing is to be levelled: a working day, or one on which a substitute serves."""
    limit: int
    """The last day to which it may be postponed; before `last` where it may not."""
    minutes: int
    current: int | None = None
    """The day it has and may keep; None: a new one."""
    suits: frozenset[int] | None = None
    """The only days that suit the customer; None: any."""


def level(
    places: Sequence[Place], weeks: Weeks, load: Mapping[int, int], *, relieving: bool = True
) -> list[int]:
    """A day for each of the places, in their order. load: the minutes of all else by day number.

    relieving: also take from overfull weeks what can wait; False where not all that stands in them is among `places`.
    The same places with the days they got get the same days again.
    """
    days = [0] * _DAYS
    for day, minutes in load.items():
        if 0 <= day < _DAYS:
            days[day] += minutes
    got: list[int] = [-1] * len(places)
    new = []
    for index, place in enumerate(places):
        current = place.current
        if current is None:
            new.append(index)
            continue
        got[index] = current
        if 0 <= current < _DAYS:
            days[current] += place.minutes
    filled = [sum(days[max(first, weeks.today) : first + 7]) for first in range(0, _DAYS, 7)]
    new.sort(key=lambda index: (places[index].rank, places[index].due, index))
    for index in new:
        place = places[index]
        number = _least_loaded(place, place.first, place.last, weeks, weeks.room, days, filled)
        if number is None:
            number = _least_loaded(place, place.first, place.last, weeks, _ANY, days, filled)
        got[index] = place.wanted if number is None else number
        _put(got[index], place.minutes, weeks, days, filled)
    if relieving:
        _relieve(places, got, weeks, days, filled)
    return got


def _put(number: int, minutes: int, weeks: Weeks, days: list[int], filled: list[int]) -> None:
    if weeks.today <= number < _DAYS:
        days[number] += minutes
        filled[number // 7] += minutes


def _least_loaded(
    place: Place,
    first: int,
    last: int,
    weeks: Weeks,
    room: Sequence[int],
    days: list[int],
    filled: list[int],
) -> int | None:
    """The least loaded day from first to last that the place may have and whose week has room; None: there is none.

    Of equally loaded days the nearest to the one wanted, the earlier of two as near.
    """
    best = None
    least = distance = 0
    works, minutes, wanted, suits = weeks.works, place.minutes, place.wanted, place.suits
    for number in range(max(first, weeks.today), min(last, _DAYS - 1) + 1):
        if not works[number] or filled[number // 7] + minutes > room[number // 7]:
            continue
        if suits is not None and number not in suits:
            continue
        loaded, away = days[number], abs(number - wanted)
        if best is None or loaded < least or (loaded == least and away < distance):
            best, least, distance = number, loaded, away
    return best


def overfull_weeks(filled: Iterable[int], weeks: Weeks) -> list[int]:
    """The numbers of the weeks that hold more minutes than there are."""
    return [week for week, minutes in enumerate(filled) if minutes > weeks.capacity[week]]


def _relieve(
    places: Sequence[Place], got: list[int], weeks: Weeks, days: list[int], filled: list[int]
) -> None:
    """Move from overfull weeks what can wait, until they are full at most or nothing in them can.

    Every move lessens what is too much, so it ends; and what it leaves, it would leave again.
    """
    moved = True
    while moved:
        moved = False
        for week in overfull_weeks(filled, weeks):
            held = [
                index for index, number in enumerate(got) if number // 7 == week and number >= weeks.today
            ]
            held.sort(key=lambda index: (places[index].rank, places[index].due, index))
            too_much, waiting = filled[week] - weeks.capacity[week], []
            for index in reversed(held):
                if too_much <= 0:
                    break
                if _elsewhere(places[index], weeks, days, filled) is not None:
                    waiting.append(index)
                    too_much -= places[index].minutes
            for index in reversed(waiting):  # of those that go, A goes the least far
                place = places[index]
                number = _elsewhere(place, weeks, days, filled)
                if number is not None:
                    _put(got[index], -place.minutes, weeks, days, filled)
                    _put(number, place.minutes, weeks, days, filled)
                    got[index] = number
                    moved = True


def _elsewhere(place: Place, weeks: Weeks, days: list[int], filled: list[int]) -> int | None:
    """Another day with room: of its window, else of the first week after that which has one, not after its limit."""
    if place.minutes == 0 or not weeks.is_worked(place.wanted):
        return None
    number = _least_loaded(place, place.first, place.last, weeks, weeks.room, days, filled)
    if number is not None:
        return number
    start, limit = max(place.last, place.wanted) + 1, min(place.limit, _DAYS - 1)
    while start <= limit:
        end = min(start // 7 * 7 + 6, limit)
        number = _least_loaded(place, start, end, weeks, weeks.room, days, filled)
        if number is not None:
            return number
        start = end + 1
    return None
