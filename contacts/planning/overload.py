"""Whose weeks hold more than there is time for, and what stands in them (docs/domain.md, 5.3). Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from django.db.models import Q, QuerySet

from contacts.models import FollowUp
from contacts.planning.levelling import Weeks
from crm.team.calendars import ONE_DAY

WEEK = 7 * ONE_DAY


def overfull_weeks(load: Mapping[dt.date, int], weeks: Weeks) -> list[dt.date]:
    """The Mondays of the weeks for which the minutes of open follow-ups by day, from today on, are too many."""
    filled: dict[int, int] = {}
    for day, minutes in load.items():
        week = weeks.number(day) // 7
        filled[week] = filled.get(week, 0) + minutes
    return sorted(
        weeks.day(7 * week)
        for week, minutes in filled.items()
        if 0 <= week < len(weeks.capacity) and minutes > weeks.capacity[week]
    )


def waiting(owner_id: int, mondays: Collection[dt.date], today: dt.date) -> QuerySet:
    """The ids of accounts with whom the owner has, in these weeks from today on, contacts that nobody had a hand in."""
    in_them = Q()
    for monday in mondays:
        in_them |= Q(day__gte=max(monday, today), day__lt=monday + WEEK)
    return (
        FollowUp.objects.filter(
            in_them,
            assignee=owner_id,
            state=FollowUp.State.PLANNED,
            moved_by_hand=False,
            snoozed_until__isnull=True,
        )
        .order_by("account_id")
        .values_list("account_id", flat=True)
        .distinct()
    )
