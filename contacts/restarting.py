"""What is overdue in one portfolio, spread over some weeks in one act that is recorded (docs/domain.md, 5.3)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from contacts import planning
from contacts.models import FollowUp, Restart
from crm.team.calendars import ONE_DAY, calendar_of
from crm.team.models import User
from crm.team.visibility import standing

MOST_WEEKS = 12
_RANKS = {"A": 0, "B": 1, "C": 2}


class Refused(Exception):
    """There is nothing to spread, or it is not this user's to do; the text is for the user."""


class CannotUndo(Exception):
    """The restart is not this user's to take back, or was taken back already; the text is for the user."""


@dataclass(frozen=True)
class TakenBack:
    """What an undo did, in follow-ups."""

    restored: int
    left: int
    """Somebody had a hand in them since; they stay as they are."""


def may_restart(actor: User, owner: User, *, on: dt.date) -> bool:
    """Whether the actor may spread what is overdue with the owner: the owner, the managers of the team, admins."""
    return actor.is_admin or actor.pk == owner.pk or owner.team_id in standing(actor, on=on).led_team_ids


def overdue(owner: User, today: dt.date) -> QuerySet[FollowUp]:
    """The owner's follow-ups whose day has passed; not those that are booked, or put off until later."""
    return FollowUp.objects.filter(
        Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=today),
        assignee=owner,
        state=FollowUp.State.PLANNED,
        day__lt=today,
    ).select_related("account")


def spread(contacts: Sequence[int], weeks: Sequence[Sequence[tuple[dt.date, int]]]) -> list[dt.date]:
    """A day for each contact, in their order: the first go to the first weeks. Pure.

    contacts: minutes of each. weeks: the working days of each week with the minutes that stand on them already. Each
    week takes a share by its working days, so that none is flooded; in the week the least loaded day takes the next.
    Raises ValueError where no week has a working day.
    """
    filled = [dict(week) for week in weeks if week]
    days = sum(len(week) for week in filled)
    if not days:
        raise ValueError("no working day")
    total, given, found = sum(contacts), 0, []
    at, share = 0, total * len(filled[0]) / days
    for minutes in contacts:
        while given >= share and at + 1 < len(filled):
            at += 1
            share += total * len(filled[at]) / days
        week = filled[at]
        day = min(week, key=lambda one: (week[one], one))
        week[day] += minutes
        given += minutes
        found.append(day)
    return found


def preview(owner: User, weeks: int, today: dt.date) -> list[tuple[FollowUp, dt.date]]:
    """Each overdue follow-up of the owner with the day it would get, A first. Raises Refused where none is."""
    rows = sorted(
        overdue(owner, today),
        key=lambda one: (
            _RANKS.get(one.account.tier or "", 3),
            one.day,
            -one.account.sales_12m_cents,
            one.pk,
        ),
    )
    if not rows:
        raise Refused(_("Nothing of theirs is overdue."))
    try:
        days = spread([one.minutes for one in rows], _days(owner, weeks, today))
    except ValueError as error:
        raise Refused(_("They do not work in these weeks. Choose more weeks.")) from error
    return list(zip(rows, days, strict=True))


def _days(owner: User, weeks: int, today: dt.date) -> list[list[tuple[dt.date, int]]]:
    """The working days of the coming weeks, from today on, with the minutes of the open follow-ups on them."""
    load = _load(owner, today)
    calendar = calendar_of(owner)
    first = today - today.weekday() * ONE_DAY
    return [
        [
            (day, load.get(day, 0))
            for day in calendar.between(first + 7 * week * ONE_DAY, first + (7 * week + 6) * ONE_DAY)
            if day >= today
        ]
        for week in range(weeks)
    ]


def _load(owner: User, today: dt.date) -> Mapping[dt.date, int]:
    rows = FollowUp.objects.open().filter(assignee=owner, day__gte=today).order_by().values("day")
    return dict(rows.annotate(asked=Sum("minutes")).values_list("day", "asked"))


@transaction.atomic
def restart(*, owner: User, weeks: int, actor: User, today: dt.date, now: dt.datetime) -> Restart:
    """Move what is overdue with the owner to the days that `preview` shows; from then on planning leaves them alone.

    weeks: 1 to MOST_WEEKS, this one included. Raises Refused, with words for the user.
    """
    if not may_restart(actor, owner, on=today):
        raise Refused(_("Nothing of theirs is yours to move."))
    if not 1 <= weeks <= MOST_WEEKS:
        raise Refused(_("Choose 1 to %(most)d weeks.") % {"most": MOST_WEEKS})
    planning.hold(account_ids=sorted(set(overdue(owner, today).values_list("account_id", flat=True))))
    moves = []
    by_day: dict[dt.date, list[int]] = defaultdict(list)
    for follow_up, day in preview(owner, weeks, today):
        moves.append([follow_up.pk, follow_up.day.isoformat(), day.isoformat(), follow_up.moved_by_hand])
        by_day[day].append(follow_up.pk)
    for day, ids in by_day.items():
        FollowUp.objects.filter(pk__in=ids).update(day=day, moved_by_hand=True, snoozed_until=None)
    return Restart.objects.create(owner=owner, actor=actor, at=now, weeks=weeks, moves=moves)


@transaction.atomic
def undo_restart(*, done: Restart, actor: User, today: dt.date, now: dt.datetime) -> TakenBack:
    """Give what nobody has touched since its day back. Raises CannotUndo, with words for the user."""
    if not may_restart(actor, done.owner, on=today):
        raise CannotUndo(_("This cannot be undone."))
    planning.hold(
        account_ids=sorted(
            FollowUp.objects.filter(pk__in=[row[0] for row in done.moves])
            .order_by()
            .values_list("account_id", flat=True)
            .distinct()
        )
    )
    if not Restart.objects.filter(pk=done.pk, undone_at=None).update(undone_at=now):
        raise CannotUndo(_("This was taken back already."))
    restored = 0
    together: dict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for pk, before, after, by_hand in done.moves:
        together[before, after, by_hand].append(pk)
    for (before, after, by_hand), ids in together.items():
        restored += FollowUp.objects.filter(
            pk__in=ids,
            state=FollowUp.State.PLANNED,
            assignee=done.owner_id,
            day=after,
            time__isnull=True,
            snoozed_until__isnull=True,
        ).update(day=before, moved_by_hand=by_hand)
    return TakenBack(restored, len(done.moves) - restored)
