"""Contact minutes that people have in the coming weeks, and the two marks of their use (docs/domain.md, 5.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.planning.levelling import BUSY, FULL, weeks_of
from crm.team.calendars import ONE_DAY, WorkingCalendar, calendars_of
from crm.team.models import User

WEEKS = 8
"""As far as people look ahead."""
IDLE = 50
"""Below so many per cent a week is under-used."""


def mondays(today: dt.date, weeks: int = WEEKS) -> list[dt.date]:
    """The Mondays of the weeks from today's on."""
    first = today - today.weekday() * ONE_DAY
    return [first + 7 * week * ONE_DAY for week in range(weeks)]


def weekly_capacity(calendar: WorkingCalendar, weekly_minutes: int, today: dt.date) -> list[int]:
    """Contact minutes of each week, net of holidays and absences; of this one what is left from today on. Pure."""
    return list(weeks_of(calendar, weekly_minutes, today).room[:WEEKS])


def capacities(users: Iterable[User], today: dt.date) -> dict[int, list[int]]:
    """By user id, the contact minutes of the coming weeks. One query, however many users."""
    people = list(users)
    calendars = calendars_of(people)
    return {one.pk: weekly_capacity(calendars[one.pk], one.weekly_contact_minutes, today) for one in people}


def use(minutes: int, capacity: int) -> str:
    """How a week is used: "over", "busy", "idle", "away" (nothing to be had, nothing asked), or "" in between. Pure."""
    if capacity <= 0:
        return "over" if minutes > 0 else "away"
    share = minutes * 100
    if share > capacity * FULL:
        return "over"
    if share >= capacity * BUSY:
        return "busy"
    return "idle" if share < capacity * IDLE else ""


@dataclass(frozen=True)
class RepWeeks:
    """One owner's weeks: minutes asked for before and after, against the capacity."""

    user: User
    weeks: Sequence[dt.date]
    before: Sequence[int]
    after: Sequence[int]
    capacity: Sequence[int]

    @property
    def uses(self) -> list[str]:
        """How each week would be used."""
        return [use(*pair) for pair in zip(self.after, self.capacity, strict=True)]

    @property
    def uses_before(self) -> list[str]:
        """How each week is used now."""
        return [use(*pair) for pair in zip(self.before, self.capacity, strict=True)]

    @property
    def worst(self) -> int:
        """The number of the week that would be the fullest."""
        return max(range(len(self.weeks)), key=lambda week: (self.share(week), -week))

    def share(self, week: int) -> float:
        """What the week would hold of its capacity; a week without any counts by what it holds."""
        return self.after[week] / (self.capacity[week] or 1)

    @property
    def missing(self) -> int:
        """Minutes that the weeks lack, together."""
        return sum(max(0, asked - room) for asked, room in zip(self.after, self.capacity, strict=True))

    @property
    def state(self) -> str:
        """How the fullest week would be used."""
        return self.uses[self.worst]


_ORDER = {"over": 0, "busy": 1, "": 2, "idle": 3, "away": 4}


def fullest_first(rep: RepWeeks) -> Any:
    """A key to sort by: who lacks hours before who has some, and the fullest of each first."""
    return (_ORDER[rep.state], -rep.missing, -rep.share(rep.worst), rep.user.name, rep.user.pk)
