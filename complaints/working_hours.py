"""Working minutes: the hours of a team's working days, counted minute by minute, quickly. Pure.

A moment belongs to the minute it lies in. A minute is worked where, on the team's own clock, its day is a working day
and its time is not before opening and before closing; where clocks are changed, the hour that comes twice counts twice
and the one that is skipped does not count. Minutes are numbered from 1970-01-01 00:00 UTC.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from crm.team.calendars import ONE_DAY, WorkingCalendar

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
EPOCH_DAY = EPOCH.date()
DAY = 24 * 60
_STRETCH = 370  # days that are laid out at once
_LONGEST = 4000  # days that are searched for a worked minute before the calendar is called wrong


def minute_of(moment: dt.datetime) -> int:
    """The number of the minute in which the moment lies."""
    return int((moment - EPOCH).total_seconds() // 60)


def moment_of(minute: int) -> dt.datetime:
    """When the minute begins, in UTC."""
    return EPOCH + dt.timedelta(minutes=minute)


@dataclass(frozen=True)
class Hours:
    """When a team works: its working days, its clock, and the hours of a day."""

    calendar: WorkingCalendar
    time_zone: str
    opens_at: dt.time
    closes_at: dt.time


class WorkingTime:
    """Counts the working minutes of one team; lays out the days once that it is asked about."""

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self._zone = ZoneInfo(hours.time_zone)
        self._opens, self._closes = (
            60 * time.hour + time.minute for time in (hours.opens_at, hours.closes_at)
        )
        self._first = self._last = 0  # days since 1970 that are laid out, the last one not
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._before: list[int] = []
        """Worked minutes before each span."""
        self._total = 0

    def between(self, start: dt.datetime, end: dt.datetime) -> int:
        """The working minutes from the minute of `start` up to that of `end`; 0 where it is not later."""
        first, last = minute_of(start), minute_of(end)
        if last <= first:
            return 0
        self._cover(first // DAY)  # the earlier one first: what is laid out from there is counted from there
        return self._count(last) - self._count(first)

    def after(self, start: dt.datetime, minutes: int) -> dt.datetime:
        """When so many working minutes have gone since the minute of `start`; for 0 that minute itself.

        Raises ValueError where the calendar has no working minutes for years.
        """
        if minutes <= 0:
            return moment_of(minute_of(start))
        wanted = self._count(minute_of(start)) + minutes
        self._reach(wanted)
        place = bisect_left(self._before, wanted) - 1
        return moment_of(self._begins[place] + wanted - self._before[place])

    def is_working(self, moment: dt.datetime) -> bool:
        """Whether the moment lies in working hours."""
        minute = minute_of(moment)
        self._cover(minute // DAY)
        place = bisect_right(self._begins, minute) - 1
        return place >= 0 and minute < self._ends[place]

    @property
    def a_day(self) -> int:
        """The working minutes of one of the team's days, 1 and more."""
        opens, closes = self.hours.opens_at, self.hours.closes_at
        return max(1, 60 * (closes.hour - opens.hour) + closes.minute - opens.minute)

    def day_of(self, moment: dt.datetime) -> dt.date:
        """The moment's day on the team's clock."""
        return moment.astimezone(self._zone).date()

    def _count(self, minute: int) -> int:
        """The worked minutes before this one, counted from wherever the layout begins."""
        self._cover(minute // DAY)
        place = bisect_right(self._begins, minute) - 1
        if place < 0:
            return 0
        return self._before[place] + min(minute, self._ends[place]) - self._begins[place]

    def _cover(self, day: int) -> None:
        if self._first == self._last:
            self._first = self._last = day - 40
        if day < self._first + 2:
            # What was counted so far counts from another beginning; it is laid out anew.
            until = self._last
            self._first = self._last = day - _STRETCH
            self._begins, self._ends, self._before, self._total = [], [], [], 0
            self._lay(until)
        if day > self._last - 2:
            self._lay(day + _STRETCH)

    def _reach(self, wanted: int) -> None:
        begun = self._last
        while self._total < wanted:
            before = self._total
            self._lay(self._last + _STRETCH)
            if self._total > before:
                begun = self._last
            elif self._last - begun > _LONGEST:
                raise ValueError(f"No working minute in the years after {moment_of(begun * DAY):%Y-%m-%d}.")

    def _lay(self, until: int) -> None:
        """Lay out the days (of UTC) up to `until`, that one not."""
        for begin, end in self._spans(self._last * DAY, until * DAY):
            if self._ends and self._ends[-1] == begin:
                self._ends[-1] = end
            else:
                self._begins.append(begin)
                self._ends.append(end)
                self._before.append(self._total)
            self._total += end - begin
        self._last = until

    def _spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The worked spans of these minutes, in order."""
        for begin, end, offset in self._pieces(first, last):
            day = EPOCH_DAY + ONE_DAY * ((begin + offset) // DAY)
            midnight = (begin + offset) // DAY * DAY - offset
            while midnight < end:
                if self.hours.calendar.is_working(day):
                    opens, closes = max(begin, midnight + self._opens), min(end, midnight + self._closes)
                    if opens < closes:
                        yield opens, closes
                day, midnight = day + ONE_DAY, midnight + DAY

    def _pieces(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """The minutes cut where the clock is changed, each piece with its minutes ahead of UTC."""
        cuts = [first]
        for day in range(first, last, DAY):
            until = min(day + DAY, last)
            if self._offset(day) != self._offset(until):
                cuts.append(self._change(day, until))
        cuts.append(last)
        for begin, end in pairwise(cuts):
            if begin < end:
                yield begin, end, self._offset(begin)

    def _change(self, low: int, high: int) -> int:
        """The first minute at which the clock has been changed, between the two."""
        before = self._offset(low)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle) == before else (low, middle)
        return high

    def _offset(self, minute: int) -> int:
        ahead = moment_of(minute).astimezone(self._zone).utcoffset()
        assert ahead is not None  # of a moment in a zone
        return int(ahead.total_seconds() // 60)
