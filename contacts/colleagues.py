"""Where a colleague has a contact with the same account at about the same time (docs/domain.md, 5.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import BooleanField, F, Value
from django.utils.translation import gettext as _

from accounts.models import Channel
from contacts.models import FollowUp, Touchpoint
from crm.look.figures import day as day_words
from crm.team.calendars import ONE_DAY, WorkingCalendar

NEAR = 2
"""Working days within which two of us should know of each other."""
_LONGEST = 14 * ONE_DAY
"""Two working days with the longest holidays between them: what lies further away is not even read."""


@dataclass(frozen=True, slots=True)
class ColleagueContact:
    """One contact that another of us has with the account. made: it took place; else it is planned or booked."""

    name: str
    day: dt.date
    channel: str
    made: bool

    def words(self, today: dt.date) -> str:
        """ "Carl Example has a visit planned on Thu 15 Oct": one sentence without its point."""
        said = _("%(name)s made a contact (%(channel)s) on %(day)s")
        if not self.made:
            said = _("%(name)s has a contact (%(channel)s) planned on %(day)s")
        return said % {
            "name": self.name,
            "channel": str(Channel(self.channel).label).lower(),
            "day": day_words(self.day, today),
        }


def colleagues_near(
    wanted: Mapping[int, tuple[int, dt.date]], *, assignee_id: int, calendar: WorkingCalendar
) -> dict[int, ColleagueContact]:
    """The nearest contact of a colleague within NEAR working days, by the keys of `wanted` that have one. One query.

    wanted: key -> (account id, the day on which the assignee wants to contact it). calendar: the assignee's, in whose
    working days is counted. Broadcasts do not count: nobody meets anybody in them.
    """
    if not wanted:
        return {}
    accounts = {account_id for account_id, _day in wanted.values()}
    days = [day for _account, day in wanted.values()]
    around = (min(days) - _LONGEST, max(days) + _LONGEST)
    planned = (
        FollowUp.objects.open()
        .filter(account__in=accounts, day__range=around)
        .exclude(assignee=assignee_id)
        .annotate(who=F("assignee__name"), made=Value(False, BooleanField()))
    )
    made = (
        Touchpoint.objects.live()
        .filter(account__in=accounts, day__range=around)
        .exclude(user=assignee_id)
        .exclude(channel=Channel.BROADCAST)
        .annotate(who=F("user__name"), made=Value(True, BooleanField()))
    )
    columns = ("account_id", "who", "day", "channel", "made")
    rows = planned.order_by().values_list(*columns).union(made.order_by().values_list(*columns), all=True)
    by_account: dict[int, list[ColleagueContact]] = {}
    for account_id, *values in rows:
        by_account.setdefault(account_id, []).append(ColleagueContact(*values))
    found = {}
    for key, (account_id, day) in wanted.items():
        near = [
            (distance, one.day, one.name, one)
            for one in by_account.get(account_id, ())
            if (distance := apart(day, one.day, calendar)) <= NEAR
        ]
        if near:
            found[key] = min(near, key=lambda each: each[:3])[-1]
    return found


def apart(one: dt.date, other: dt.date, calendar: WorkingCalendar) -> int:
    """How many working days the later one comes after the other: 0 on the same day, 1 from Friday to Monday."""
    return calendar.count(min(one, other), max(one, other))
