"""Absences and contacts: whom one stands in for, and what falls into an absence (docs/domain.md, 5.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Q

from accounts.models import Account
from contacts.models import FollowUp
from crm.team.models import Absence, User
from crm.team.visibility import standing
from crm.team.work_in_absences import Work


class StandIn(NamedTuple):
    """A colleague for whom the user stands in today."""

    user_id: int
    name: str
    last_day: dt.date


def stands_in_for(user: User, *, on: dt.date) -> list[StandIn]:
    """Whom the user stands in for on the day, and until when. A query only where there is somebody."""
    if len(standing(user, on=on).owner_ids) == 1:
        return []
    rows = Absence.objects.filter(substitute=user).touching(on, on).order_by("user__name", "pk")
    return [StandIn(*row) for row in rows.values_list("user_id", "user__name", "last_day")]


def work_in(absences: Sequence[Absence], *, today: dt.date) -> list[Work]:
    """settings.ABSENCE_WORK: what falls into each absence, in order. One query.

    Counted by where a follow-up stands and by when its reasons are due, so that the number stays the same when planning
    has moved it out of the absence.
    """
    spans = [(a.user_id, max(a.first_day, today), a.last_day) for a in absences]
    asked = [span for span in spans if span[1] <= span[2]]
    if not asked:
        return [Work() for _absence in absences]
    days = (min(first for _user, first, _last in asked), max(last for _user, _first, last in asked))
    rows = (
        FollowUp.objects.open()
        .filter(account__owner__in={user for user, _first, _last in asked})
        .filter(Q(day__range=days) | Q(items__state="open", items__due__range=days))
        .order_by()
        .values_list("pk", "account__owner", "day", "state", "moved_by_hand", "items__due", "items__state")
    )
    found: dict[int, tuple[int, bool, set[dt.date]]] = {}
    for pk, owner, day, state, moved, due, item_state in rows:
        fixed = moved or state == FollowUp.State.BOOKED
        on = found.setdefault(pk, (owner, fixed, {day}))[2]
        # What was put on its day by hand stays there, whenever its reasons are due.
        if item_state == "open" and not fixed:
            on.add(due)
    counted = []
    for user, first, last in spans:
        inside = [
            fixed
            for owner, fixed, on in found.values()
            if owner == user and any(first <= day <= last for day in on)
        ]
        counted.append(Work(planned=inside.count(False), fixed=inside.count(True)))
    return counted


def accounts_of(user_ids: Sequence[int]) -> list[int]:
    """The accounts that these users own, which planning looks at when their calendars change."""
    return list(Account.objects.filter(owner__in=user_ids).order_by("pk").values_list("pk", flat=True))
