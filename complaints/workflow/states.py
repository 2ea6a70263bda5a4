"""Which act can be done in which state and by whom, and the step from one state to the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from complaints import clock
from complaints.errors import NotAllowed, WrongState
from complaints.models import Complaint, ComplaintStep, Decision, Kind, State
from contacts.planning import hold
from crm.team.models import User

WORKED_ON = frozenset({State.NEW, State.ACKNOWLEDGED, State.IN_PROGRESS, State.WAITING, State.REOPENED})
"""Neither decided nor ended."""
FROM: dict[str, frozenset[State]] = {
    "acknowledge": frozenset({State.NEW, State.REOPENED}),
    "start": frozenset({State.NEW, State.ACKNOWLEDGED, State.REOPENED}),
    "wait": frozenset({State.NEW, State.ACKNOWLEDGED, State.IN_PROGRESS, State.DECIDED, State.REOPENED}),
    "answered": frozenset({State.WAITING}),
    "correct": WORKED_ON,
    "decide": WORKED_ON,
    "approve": WORKED_ON,
    "refuse": WORKED_ON,
    "resolve": WORKED_ON | {State.DECIDED},
    "close": frozenset({State.RESOLVED}),
    "reopen": frozenset({State.RESOLVED, State.CLOSED}),
}
"""The states in which each act can be done."""


def waiting_for(user: User) -> QuerySet[Decision, int]:
    """The ids of the complaints with a decision that somebody else took, and that a second person is to look at."""
    waits = Decision.objects.filter(approval=Decision.Approval.PENDING).exclude(decided_by=user)
    return waits.order_by().values_list("complaint", flat=True)


def may_approve(user: User) -> bool:
    """Whether the user may be the second person: a manager or an admin, of complaints they see."""
    return user.is_manager or user.is_admin


def acts(complaint: Complaint, *, actor: User, pending: Decision | None) -> list[str]:
    """The acts open to somebody who sees the complaint, for its page. pending: the decision that waits, if any."""
    state = State(complaint.state)
    found = [name for name, states in FROM.items() if state in states]
    if complaint.kind == Kind.QUESTION:
        return [name for name in found if name not in {"decide", "approve", "refuse"}]
    if pending is None:
        hidden = {"approve", "refuse"} | (set() if state == State.DECIDED else {"resolve"})
        return [name for name in found if name not in hidden]
    hidden = {"decide", "resolve", "correct"}
    if not may_approve(actor) or pending.decided_by_id == actor.pk:
        hidden |= {"approve", "refuse"}
    return [name for name in found if name not in hidden]


# The door ------------------------------------------------------------------------------------------------------------
@contextmanager
def held(complaint: Complaint, *, actor: User, today: dt.date) -> Iterator[Complaint]:
    """The complaint, looked at again under its lock, in a transaction. Planning's lock comes first, as everywhere."""
    with transaction.atomic():
        hold(account_ids=[complaint.account_id])
        if not Complaint.objects.visible_to(actor, on=today).filter(pk=complaint.pk).exists():
            raise NotAllowed(_("There is no such complaint."))
        locked = Complaint.objects.select_for_update(of=("self",))
        yield locked.select_related("account__owner", "person").get(pk=complaint.pk)


def require(complaint: Complaint, act: str) -> None:
    """Raise WrongState where the act cannot be done from where it stands."""
    if complaint.state not in {state.value for state in FROM[act]}:
        raise WrongState(
            _("It is %(state)s by now: look at it again.") % {"state": complaint.get_state_display().lower()}
        )


def was_decided(complaint: Complaint) -> bool:
    """Of one that waits for the customer: whether it was decided before, and goes on from there."""
    before = complaint.steps.order_by("-at", "-pk").filter(to_state=State.WAITING).first()
    return before is not None and before.from_state == State.DECIDED


def go(complaint: Complaint, to: State, actor: User, now: dt.datetime, note: str) -> Complaint:
    """Write the step, the state, and what the clock says now."""
    ComplaintStep.objects.create(
        complaint=complaint,
        from_state=complaint.state,
        to_state=to,
        at=now,
        actor=actor,
        note=note.strip(),
    )
    complaint.state = to.value
    complaint.save(update_fields=["state", "closed_on", "resolved_on", "solved", "solved_on"])
    clock.refresh(complaint_ids=[complaint.pk])
    complaint.refresh_from_db(fields=clock.COLUMNS)
    return complaint
