"""Which agenda items of an account share a follow-up (docs/domain.md, 5.3). Pure: no query, no clock.

The item due first opens a follow-up; those whose window contains its day, and that are due within five working days of
it, join. What a person booked or moved gains items but never changes itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import NamedTuple

from contacts.cadence import SATISFIES
from crm.team.calendars import WorkingCalendar

MERGE_DAYS = 5
"""Working days within which what is due shares a contact."""


class Ask(NamedTuple):
    """One open agenda item of an account, as far as sharing a contact goes. earliest <= due <= latest."""

    key: Hashable
    channel: str
    """By which it is to be dealt with."""
    earliest: dt.date
    due: dt.date
    latest: dt.date
    day: dt.date
    """Where it would stand alone: a working day that suits the customer; not before the planning day."""
    fixed: int | None = None
    """The id of the follow-up it stands in, where a person had a hand in that."""


class Fixed(NamedTuple):
    """A follow-up that a person booked or moved."""

    pk: int
    channel: str
    day: dt.date


class Shared(NamedTuple):
    """One contact: its items, the one due first leading; the window they have in common."""

    asks: tuple[Ask, ...]
    fixed: Fixed | None
    earliest: dt.date
    latest: dt.date

    @property
    def lead(self) -> Ask:
        """The item due first, whose day is the contact's."""
        return self.asks[0]


class _Open:
    """A contact that still gains items."""

    __slots__ = ("asks", "channel", "day", "earliest", "fixed", "latest")

    def __init__(self, channel: str, day: dt.date, fixed: Fixed | None = None) -> None:
        self.channel = channel
        self.day = day
        self.fixed = fixed
        self.asks: list[Ask] = []
        self.earliest = dt.date.min
        self.latest = dt.date.max

    def take(self, ask: Ask) -> None:
        """One item more; where none stands in a contact that is fixed, the most personal channel wins."""
        self.asks.append(ask)
        self.earliest = max(self.earliest, min(ask.earliest, self.day))
        if ask.latest >= self.day:  # an item that is overdue has no window left: any day from now on will do
            self.latest = min(self.latest, ask.latest)
        if self.fixed is None and ask.channel not in SATISFIES[self.channel]:
            self.channel = ask.channel

    def shared(self) -> Shared:
        latest = self.day if self.latest == dt.date.max else self.latest
        return Shared(tuple(self.asks), self.fixed, self.earliest, latest)


def share(asks: Sequence[Ask], fixed: Sequence[Fixed], calendar: WorkingCalendar) -> list[Shared]:
    """Deal the items of one account and one assignee to as few contacts as their windows allow.

    Every item stands in exactly one of them. A fixed follow-up without an item is left out. The same items give the
    same contacts, whatever their order.
    """
    if len(asks) == 1 and not fixed:
        ask = asks[0]
        return [Shared((ask,), None, min(ask.earliest, ask.day), max(ask.latest, ask.day))]
    contacts = [_Open(one.channel, one.day, one) for one in sorted(fixed, key=lambda one: (one.day, one.pk))]
    by_pk = {one.fixed.pk: one for one in contacts if one.fixed is not None}
    free = []
    for ask in asks:
        home = by_pk.get(ask.fixed) if ask.fixed is not None else None
        if home is not None:
            home.asks.append(ask)
        else:
            free.append(ask)
    for ask in sorted(free, key=lambda one: (one.due, one.day, str(one.key))):
        contact = next((one for one in contacts if _joins(ask, one, calendar)), None)
        if contact is None:
            contact = _Open(ask.channel, ask.day)
            contacts.append(contact)
        contact.take(ask)
    for one in contacts:
        if one.fixed is not None:
            one.asks.sort(key=lambda ask: (ask.due, str(ask.key)))
    return [one.shared() for one in contacts if one.asks]


def _joins(ask: Ask, contact: _Open, calendar: WorkingCalendar) -> bool:
    day = contact.day
    # Standing alone after its window, an item is late already: any day until then is better.
    if not ask.earliest <= day <= max(ask.latest, ask.day):
        return False
    if contact.fixed is not None:
        # What is booked never changes: its channel must do for the item as it is.
        if ask.channel not in SATISFIES[contact.channel]:
            return False
        return _within(ask.due, day, calendar)
    if ask.channel not in SATISFIES[contact.channel] and contact.channel not in SATISFIES[ask.channel]:
        return False
    return ask.due <= _last_to_join(calendar, day)


def _within(due: dt.date, day: dt.date, calendar: WorkingCalendar) -> bool:
    """Whether no more than `MERGE_DAYS` working days lie between the two."""
    return due <= _last_to_join(calendar, day) if due >= day else calendar.count(due, day) <= MERGE_DAYS


@lru_cache(maxsize=2**12)
def _last_to_join(calendar: WorkingCalendar, day: dt.date) -> dt.date:
    """The last day on which something may be due to join a contact on `day`."""
    return calendar.add(day, MERGE_DAYS)
