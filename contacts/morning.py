"""What one user's morning looks like: what is due, what was promised, what the last working day brought. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from contacts import queue
from contacts.models import FollowUp, Outcome, Promise, Touchpoint
from contacts.querysets import PromiseQuerySet, TouchpointQuerySet
from crm.team.calendars import ONE_DAY, WorkingCalendar, calendar_of
from crm.team.models import User
from crm.team.visibility import led_team_ids

TOP = 8
"""So many rows of the queue are named; the others are counted."""
PROMISES = 6
LOOK_BACK = 14
"""Days in which the last working day is looked for."""


@dataclass(frozen=True)
class Result:
    """What was done on the last working day; minutes of contact time."""

    day: dt.date
    contacts: int
    minutes: int
    orders: int
    kept: int
    """Promises kept that day."""


@dataclass(frozen=True)
class TeamFigures:
    """A manager's teams: the last working day, and what stands today."""

    result: Result
    due: int
    overdue: int
    overdue_promises: int

    @property
    def says_something(self) -> bool:
        return bool(self.result.contacts or self.due or self.overdue_promises)


@dataclass(frozen=True)
class Morning:
    """What one user's digest says of one local day. team: None for who leads none."""

    user: User
    day: dt.date
    top: Sequence[tuple[queue.Entry, queue.Shown]]
    due: int
    overdue: int
    promises: Sequence[Promise]
    """Open ones of the user, due today or before; no more than are shown."""
    promises_due: int
    result: Result
    team: TeamFigures | None

    @property
    def says_something(self) -> bool:
        """Yesterday alone is no reason for a mail."""
        return bool(self.due or self.promises_due or (self.team and self.team.says_something))


def morning_of(user: User, *, day: dt.date) -> Morning:
    """What the user's local day begins with. A fixed number of queries."""
    now = queue.todays_queue(user, today=day).now
    top = now[:TOP]
    shown = queue.load(top)
    promises = Promise.objects.open().filter(made_by=user, due_on__lte=day).visible_to(user, on=day)
    due = list(promises.select_related("account", "person").order_by("due_on", "pk"))
    before = last_working_day(calendar_of(user), day)
    return Morning(
        user=user,
        day=day,
        top=[(entry, shown[entry.pk]) for entry in top],
        due=len(now),
        overdue=sum(entry.day < day for entry in now),
        promises=due[:PROMISES],
        promises_due=len(due),
        result=_result(before, Touchpoint.objects.filter(user=user), Promise.objects.filter(made_by=user)),
        team=_team_figures(user, day, before) if led_team_ids(user) else None,
    )


def last_working_day(calendar: WorkingCalendar, day: dt.date) -> dt.date:
    """The working day before `day`; after a long absence simply the day before."""
    return max(calendar.between(day - LOOK_BACK * ONE_DAY, day - ONE_DAY), default=day - ONE_DAY)


def _result(day: dt.date, touchpoints: TouchpointQuerySet, promises: PromiseQuerySet) -> Result:
    made = (
        touchpoints.live()
        .filter(day=day)
        .order_by()
        .aggregate(
            contacts=Count("pk"), minutes=Sum("minutes"), orders=Count("pk", Q(outcome=Outcome.NEW_ORDER))
        )
    )
    kept = promises.filter(state=Promise.State.KEPT, closed_on=day).count()
    return Result(day, made["contacts"], made["minutes"] or 0, made["orders"], kept)


def _team_figures(user: User, day: dt.date, before: dt.date) -> TeamFigures:
    teams = led_team_ids(user)
    open_now = (
        FollowUp.objects.open()
        .filter(assignee__team__in=teams, assignee__is_active=True, day__lte=day)
        .filter(Q(snoozed_until=None) | Q(snoozed_until__lte=day))
        .order_by()
        .aggregate(due=Count("pk"), overdue=Count("pk", Q(day__lt=day)))
    )
    promises = Promise.objects.filter(made_by__team__in=teams)
    return TeamFigures(
        result=_result(before, Touchpoint.objects.filter(user__team__in=teams), promises),
        due=open_now["due"],
        overdue=open_now["overdue"],
        overdue_promises=promises.open().filter(due_on__lt=day).count(),
    )
