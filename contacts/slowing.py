"""What slows an account's cadences, as people are shown it, and where more is done than asked (docs/domain.md, 5.2).

How much a cadence is stretched or until when it is paused is reckoned by planning and stored with each item, as steps
of its reckoning; here the steps are read, never reckoned anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from contacts.backing_off import UNWELCOME_PAUSE
from contacts.models import BackOffLift, Touchpoint
from contacts.querysets import TouchpointQuerySet
from crm.look.figures import day as day_words
from crm.team.calendars import ONE_DAY
from crm.team.models import User

TOLD_FOR = 14
"""Days for which the manager is told of an unwelcome contact."""
OVER_FACTOR, OVER_AT_LEAST = 1.5, 3
"""More than 1.5 times what the cadences ask for, and at least 3 contacts more."""
YEAR = 365


@dataclass(frozen=True)
class Slowed:
    """One cadence that does not go on as its rule says: stretched from `every` to `days`, or paused until a day."""

    every: int = 0
    days: int = 0
    fruitless: int = 0
    """Contacts in a row that brought nothing."""
    unwelcome_on: dt.date | None = None
    paused_until: dt.date | None = None

    def words(self, today: dt.date) -> str:
        """In words, with the reason: "paused until 1 Feb: unwelcome on 3 Nov"."""
        if self.paused_until is not None and self.unwelcome_on is not None:
            return _("paused until %(until)s: unwelcome on %(day)s") % {
                "until": day_words(self.paused_until, today),
                "day": day_words(self.unwelcome_on, today),
            }
        return ngettext(
            "every %(days)d days instead of %(every)d: %(count)d contact brought nothing",
            "every %(days)d days instead of %(every)d: %(count)d contacts in a row brought nothing",
            self.fruitless,
        ) % {"days": self.days, "every": self.every, "count": self.fruitless}


def slowed_by(steps: Iterable[Mapping[str, Any]], today: dt.date) -> Slowed | None:
    """What a stored reckoning says about back-off, None for a cadence that goes on as its rule says.

    Reads the steps "backed_off" (`days`: the longer interval, `times`: fruitless contacts in a row) after "interval",
    and "unwelcome" (`day`: until when, `days`: how long). A pause that is over slows nothing.
    """
    every, found = 0, None
    for step in steps:
        match step["step"]:
            case "interval":
                every = step["days"]
            case "backed_off":
                found = Slowed(every=every, days=step["days"], fruitless=step["times"])
            case "unwelcome":
                until = dt.date.fromisoformat(step["day"])
                if until > today:
                    return Slowed(unwelcome_on=until - step["days"] * ONE_DAY, paused_until=until)
    return found


def over_served(made: int, intervals: Iterable[int]) -> tuple[int, int] | None:
    """(made, asked) where an account is contacted far more than its rules ask, None otherwise. Pure.

    made: own contacts of 12 months that reached them. intervals: the days of the cadences that govern; where there are
    none nothing is asked, and nothing is said.
    """
    asked = sum(YEAR / days for days in intervals)
    if not asked or made <= OVER_FACTOR * asked or made < asked + OVER_AT_LEAST:
        return None
    return made, round(asked)


@dataclass(frozen=True)
class Unwelcome:
    """One contact that was not wanted, for who leads the one that made it."""

    touchpoint: Touchpoint
    account: Account
    paused_until: dt.date | None
    """None where somebody let the cadences go on, or the pause is over."""


def unwelcome_for(manager: User, *, today: dt.date, limit: int | None = None) -> list[Unwelcome]:
    """Unwelcome contacts of the last TOLD_FOR days with accounts the manager sees, the newest first. One query."""
    rows = told_of(manager, today=today).select_related("account", "user").order_by("-at", "-pk")
    lifts = BackOffLift.objects.filter(account=OuterRef("account"), at__gte=OuterRef("at"))
    found = []
    for row in rows.annotate(lifted=Exists(lifts))[:limit]:
        until = row.day + UNWELCOME_PAUSE * ONE_DAY
        found.append(Unwelcome(row, row.account, None if row.lifted or until <= today else until))
    return found


def told_of(manager: User, *, today: dt.date) -> TouchpointQuerySet:
    """The unwelcome contacts that a manager is told of on the day; other roles are told of none."""
    rows = Touchpoint.objects.unwelcome_since(today - (TOLD_FOR - 1) * ONE_DAY)
    return rows.visible_to(manager, on=today) if manager.is_manager else rows.none()
