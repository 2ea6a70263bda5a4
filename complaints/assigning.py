"""Having somebody work on many complaints at once, and taking it back (docs/domain.md, 6)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from complaints import clock, workflow
from complaints.errors import BadInput, NotAllowed, WrongState
from complaints.models import Assigning, Complaint
from crm.look.figures import number
from crm.team.models import Role, User
from crm.team.visibility import standing

MOST = 5_000
"""Complaints in one act: nobody works on more."""


@dataclass(frozen=True)
class Assigned:
    """What an act did, in complaints. act: None where nothing was different, so that there is nothing to undo."""

    act: Assigning | None
    changed: int
    same: int


@dataclass(frozen=True)
class Undone:
    """What an undo did, in complaints."""

    restored: int
    left: int
    """Somebody has given them on since, or closed them, or who had them cannot have them any more."""


def assignees(actor: User, *, on: dt.date) -> QuerySet[User]:
    """To whom the actor may give complaints: service agents and admins see each; reps and managers their own people.

    Whether somebody sees a complaint is asked when it is given (`workflow.assign`). By name.
    """
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    if actor.is_agent or actor.is_admin:
        return people
    teams = set(standing(actor, on=on).led_team_ids)
    if actor.team_id is not None:
        teams.add(actor.team_id)
    near = Q(pk=actor.pk) | Q(role=Role.AGENT) | Q(team__in=teams) | Q(role=Role.MANAGER, led_teams__in=teams)
    return people.filter(pk__in=User.objects.filter(near).order_by().values("pk"))


@transaction.atomic
def assign_many(
    *, complaints: QuerySet[Complaint], assignee: User, actor: User, today: dt.date, now: dt.datetime
) -> Assigned:
    """Give those of the complaints that are open to the assignee.

    complaints: visible to the actor. Raises BadInput where there are none, or more than MOST; NotAllowed where the
    assignee is none of the actor's people, or does not see one of them.
    """
    picked = list(complaints.filter(closed_on__isnull=True).order_by("pk")[: MOST + 1])
    if not picked:
        raise BadInput(_("Choose at least one that is open."))
    if len(picked) > MOST:
        raise BadInput(_("At most %(number)s at once. Narrow the list down.") % {"number": number(MOST)})
    if not assignees(actor, on=today).filter(pk=assignee.pk).exists():
        raise NotAllowed(_("Choose one of your people, or a service agent."))
    before: dict[str, list[int]] = defaultdict(list)
    for pk, who in workflow.assign(complaints=picked, assignee=assignee, actor=actor, today=today, now=now):
        before[str(who or "")].append(pk)
    changed = sum(map(len, before.values()))
    act = Assigning.objects.create(assignee=assignee, actor=actor, before=before, at=now) if changed else None
    return Assigned(act, changed, len(picked) - changed)


@transaction.atomic
def undo_assigning(*, act: Assigning, actor: User, today: dt.date, now: dt.datetime) -> Undone:
    """Give back what is still with whom it was given to. Only who did it may. Raises NotAllowed, WrongState."""
    if act.actor_id != actor.pk:
        raise NotAllowed(_("This cannot be undone."))
    if not Assigning.objects.filter(pk=act.pk, undone_at=None).update(undone_at=now):
        raise WrongState(_("This was taken back already."))
    restored = 0
    people = User.objects.in_bulk([int(who) for who in act.before if who])
    for who, ids in act.before.items():
        still = Complaint.objects.visible_to(actor, on=today).open()
        still = still.filter(pk__in=ids, assignee=act.assignee_id)
        if not who:
            freed = list(still.values_list("pk", flat=True))
            restored += Complaint.objects.filter(pk__in=freed).update(assignee=None)
            clock.refresh(complaint_ids=freed)
        elif (assignee := people.get(int(who))) is not None and assignee.is_active:
            seen = still.filter(
                pk__in=Complaint.objects.visible_to(assignee, on=today).order_by().values("pk")
            )
            given = workflow.assign(
                complaints=list(seen), assignee=assignee, actor=actor, today=today, now=now
            )
            restored += len(given)
    return Undone(restored, sum(map(len, act.before.values())) - restored)
