"""What a customer asks of our contacts, as a value that planning keeps to (docs/domain.md, 5.2: their wishes win).

Pure: no query, no clock. `contacts.planning.reading` makes the values of the rows (ContactWish).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from accounts.models import Channel
from contacts.cadence import MOST_PERSONAL_FIRST, SATISFIES
from crm.team.calendars import ONE_DAY, WorkingCalendar

AT_A_TIME = frozenset({Channel.VISIT, Channel.VIDEO, Channel.PHONE, Channel.EVENT})
"""Channels by which both are there at one time: only these can keep to a slot."""
FURTHEST = 366
"""Days within which a day that suits the customer must come; else there is none."""
_LEAST_INTRUSIVE_FIRST = (
    *(channel for channel in reversed(MOST_PERSONAL_FIRST)),
    *(channel for channel in Channel if channel not in MOST_PERSONAL_FIRST),
)


class Slot(NamedTuple):
    """A fixed time: "first Tuesday, 10:00". week: 1 to 4 the nth of the month, -1 the last, 0 every week."""

    week: int
    weekday: int
    """0 is Monday."""
    time: dt.time | None = None

    def holds(self, day: dt.date) -> bool:
        """Whether the day is one of the slot's."""
        if day.weekday() != self.weekday:
            return False
        if self.week == 0:
            return True
        if self.week < 0:
            return (day + 7 * ONE_DAY).month != day.month
        return (day.day - 1) // 7 == self.week - 1


class Wishes(NamedTuple):
    """What an account, and the person we contact there, ask for. Empty asks for nothing."""

    preferred: tuple[str, ...] = ()
    forbidden: frozenset[str] = frozenset()
    weekdays: frozenset[int] | None = None
    """0 is Monday; None: any."""
    slot: Slot | None = None
    from_time: dt.time | None = None
    until_time: dt.time | None = None
    at_most: tuple[tuple[int, int], ...] = ()
    """(contacts of ours, in any so many days)."""

    def together_with(self, person: Wishes) -> Wishes:
        """The wishes of an account (self) and of a person there: both hold, and where they differ the person's."""
        weekdays = person.weekdays
        if self.weekdays is not None:
            weekdays = self.weekdays if weekdays is None else (self.weekdays & weekdays or weekdays)
        hours = person if (person.from_time, person.until_time) != (None, None) else self
        return Wishes(
            preferred=person.preferred or self.preferred,
            forbidden=self.forbidden | person.forbidden,
            weekdays=weekdays,
            slot=person.slot or self.slot,
            from_time=hours.from_time,
            until_time=hours.until_time,
            at_most=(*self.at_most, *person.at_most),
        )

    def suits(self, day: dt.date, channel: str) -> bool:
        """Whether they may be contacted on the day by the channel. A slot says more than weekdays do."""
        if self.slot is not None and channel in AT_A_TIME:
            return self.slot.holds(day)
        return self.weekdays is None or day.weekday() in self.weekdays

    def restrict_days(self, channel: str) -> bool:
        """Whether not every day suits them."""
        return self.weekdays is not None or (self.slot is not None and channel in AT_A_TIME)

    def channel_for(self, asked: str) -> str | None:
        """The channel by which a cadence on `asked` is kept; None where they forbid all that would satisfy it.

        The first preferred channel that satisfies the cadence; else the one asked for; where that is forbidden the
        other one of equal rank. Nobody is visited because they do not want to be called, unless they prefer visits.
        """
        satisfying = [made for made in SATISFIES if asked in SATISFIES[made] and made not in self.forbidden]
        for channel in self.preferred:
            if channel in satisfying:
                return channel
        if asked in satisfying:
            return asked
        return next((made for made in satisfying if SATISFIES[made] == SATISFIES[asked]), None)

    def channel_instead_of(self, asked: str) -> str:
        """The channel for what is no cadence: as asked, else one they prefer, else the least intrusive they allow.

        What must be said is said: where every channel is forbidden, by the one asked for.
        """
        if asked not in self.forbidden:
            return asked
        allowed = [one for one in (*self.preferred, *_LEAST_INTRUSIVE_FIRST) if one not in self.forbidden]
        return next((one for one in allowed if one != Channel.BROADCAST), asked)

    def allowed_from(self, day: dt.date, taken: Sequence[dt.date]) -> dt.date:
        """The first day from `day` on at which one contact more is not one too many. taken: days of those before."""
        while True:
            later = day
            for number, period in self.at_most:
                recent = [one for one in taken if one <= day and one + period * ONE_DAY > day]
                if number and len(recent) >= number:
                    later = max(later, sorted(recent)[-number] + period * ONE_DAY)
            if later == day:
                return day
            day = later


class Wished(NamedTuple):
    """The day that suits the customer, and what made it another than the first working day."""

    day: dt.date
    why: str
    """ "" where nothing did; else "slot", "weekday" or "at_most"."""


def wished_day(
    *,
    first: dt.date,
    wanted: dt.date,
    latest: dt.date,
    channel: str,
    wishes: Wishes,
    calendar: WorkingCalendar,
    taken: Sequence[dt.date] = (),
) -> Wished | None:
    """The working day for a contact that should take place on `wanted`, a working day; None where no day suits.

    The first that suits from `wanted` on, where it is not after `latest`; else the last one from `first` on before
    that; else the first after `latest`: late is better than against their wish.
    """
    allowed = wishes.allowed_from(wanted, taken)
    why = "at_most" if allowed > wanted else ""
    start = allowed
    while True:
        suiting = _first_suiting(start, start + FURTHEST * ONE_DAY, channel, wishes, calendar)
        if suiting is None:
            return None
        after, start = suiting, wishes.allowed_from(suiting, taken)
        if start == after:
            break  # else a contact after `wanted` makes it one too many on that day
    if after == allowed and not why:
        return Wished(after, "")
    if after > latest and not why and first < wanted:
        before = _first_suiting(wanted - ONE_DAY, first, channel, wishes, calendar)
        if before is not None and wishes.allowed_from(before, taken) == before:
            after = before
    if after != allowed:
        why = "slot" if wishes.slot is not None and channel in AT_A_TIME else why or "weekday"
    return Wished(after, why)


def _first_suiting(
    start: dt.date, end: dt.date, channel: str, wishes: Wishes, calendar: WorkingCalendar
) -> dt.date | None:
    """The first working day that suits them from `start` to `end`, which may lie before it."""
    step = ONE_DAY if end >= start else -ONE_DAY
    for number in range(abs((end - start).days) + 1):
        day = start + number * step
        if wishes.suits(day, channel) and calendar.is_working(day):
            return day
    return None


def most_personal(channels: Iterable[str]) -> str:
    """The most personal of the channels: the one whose contact can deal with what the others ask for."""
    return min(channels, key=_PLACES.__getitem__)


_PLACES: dict[str, int] = {
    str(channel): place
    for place, channel in enumerate(
        (*MOST_PERSONAL_FIRST, *(one for one in Channel if one not in MOST_PERSONAL_FIRST))
    )
}
