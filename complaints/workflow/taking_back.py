"""Taking back what somebody has just done, as long as nothing followed from it.

Who clicked the wrong button has a quarter of an hour. What was done is then as if it had not been: its step goes, and
the clock is reckoned from what is left. Mails that went out meanwhile, and people who were told, stay told.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from complaints import asking, clock
from complaints.errors import NotAllowed, WrongState
from complaints.facts import refresh_open_complaints
from complaints.models import Complaint, ComplaintMessage, ComplaintStep, Decision, State
from complaints.policies import policy_in_force
from complaints.workflow.states import held
from crm.team.models import User

WITHIN = dt.timedelta(minutes=15)
Approval = Decision.Approval


def take_back_step(
    *, complaint: Complaint, step_id: int, actor: User, today: dt.date, now: dt.datetime
) -> Complaint:
    """Take back the last step, with what came with it: a decision, an approval, a resolution, a closing.

    Raises NotAllowed where somebody else did it, and WrongState where something followed or it is too long ago.
    """
    with held(complaint, actor=actor, today=today) as found:
        step = found.steps.filter(pk=step_id).first()
        if step is None or not step.from_state:
            raise WrongState(_("This was taken back already."))
        _check(found, at=step.at, by=step.actor_id, actor=actor, now=now)
        if found.messages.filter(at=step.at, author=actor).exists():
            raise WrongState(_("Take the message back: it brought this step."))
        _remove(found, step, today=today, now=now)
        return found


def take_back_message(
    *, complaint: Complaint, message_id: int, actor: User, today: dt.date, now: dt.datetime
) -> Complaint:
    """Take back a message, and the step that it brought. Raises as `take_back_step`."""
    with held(complaint, actor=actor, today=today) as found:
        message: ComplaintMessage | None = found.messages.filter(pk=message_id).first()
        if message is None:
            raise WrongState(_("This was taken back already."))
        _check(found, at=message.at, by=message.author_id, actor=actor, now=now)
        step = found.steps.filter(at=message.at, actor=actor).exclude(from_state="").last()
        message.delete()
        if step is not None:
            _remove(found, step, today=today, now=now)
        return found


def take_back_decision(
    *, complaint: Complaint, decision_id: int, actor: User, today: dt.date, now: dt.datetime
) -> Complaint:
    """Take back a decision that still waits for a second person. Raises as `take_back_step`."""
    with held(complaint, actor=actor, today=today) as found:
        decision: Decision | None = found.decisions.filter(pk=decision_id).first()
        if decision is None:
            raise WrongState(_("This was taken back already."))
        if decision.approval != Approval.PENDING:
            raise WrongState(_("Somebody has looked at this decision already."))
        _check(found, at=decision.decided_at, by=decision.decided_by_id, actor=actor, now=now)
        step = found.steps.filter(at=decision.decided_at, actor=actor).exclude(from_state="").last()
        _forget(decision)
        if step is not None:
            _remove(found, step, today=today, now=now)
        return found


def take_back_filing(*, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime) -> None:
    """It was filed by mistake: it goes, and nobody is asked to see to it. Its files are swept after a day.

    Raises as `take_back_step`; once anything but the filing was done, the complaint stays.
    """
    with held(complaint, actor=actor, today=today) as found:
        _check(found, at=found.opened_at, by=found.taken_by_id, actor=actor, now=now)
        asking.withdraw_asking(found, now=now)
        account = found.account_id
        found.delete()
        refresh_open_complaints(account_ids=[account])


def _check(complaint: Complaint, *, at: dt.datetime, by: int | None, actor: User, now: dt.datetime) -> None:
    if by != actor.pk:
        raise NotAllowed(_("Only who did it takes it back."))
    if now - at > WITHIN:
        raise WrongState(_("This was more than a quarter of an hour ago; it stays in the history."))
    followed = (
        complaint.steps.filter(at__gt=at).exists()
        or complaint.messages.filter(at__gt=at).exists()
        or complaint.decisions.filter(decided_at__gt=at).exists()
        or complaint.decisions.filter(approved_at__gt=at).exists()
    )
    # What the customer said to "was it solved?" leaves no row of its own.
    if followed or (complaint.state in {State.RESOLVED, State.CLOSED} and complaint.solved):
        raise WrongState(_("Somebody has gone on from there: it stays."))


def _remove(complaint: Complaint, step: ComplaintStep, *, today: dt.date, now: dt.datetime) -> None:
    """Take the step away and restore what it changed."""
    before, after = State(step.from_state), State(step.to_state)
    if after == State.DECIDED:
        _undecide(complaint, step)
    if after == State.RESOLVED:
        complaint.resolution, complaint.root_cause, complaint.resolved_on = "", None, None
    if after == State.CLOSED:
        complaint.closed_on = None
        asking.withdraw_afterwards(complaint, now=now)
    if after == State.REOPENED:
        # Its source counts the steps that opened it again: withdrawn while this one is there.
        asking.withdraw_asking(complaint, now=now)
        complaint.resolved_on = _day_of(complaint, State.RESOLVED)
        complaint.closed_on = _day_of(complaint, State.CLOSED) if before == State.CLOSED else None
    step.delete()
    complaint.state = before.value
    complaint.save()
    if after == State.RESOLVED:
        asking.ask_owner(complaint, today=today, now=now)
    if after == State.REOPENED and before == State.CLOSED:
        asking.ask_afterwards(complaint, policy_in_force(), today=today, now=now)
    if State.CLOSED in {before, after}:
        refresh_open_complaints(account_ids=[complaint.account_id])
    clock.refresh(complaint_ids=[complaint.pk])
    complaint.refresh_from_db()


def _undecide(complaint: Complaint, step: ComplaintStep) -> None:
    """Of a step into *decided*: its decision goes, or waits for its second person again; none where it only went on."""
    approved = complaint.decisions.filter(approval=Approval.APPROVED, approved_at=step.at).first()
    decided = complaint.decisions.filter(approval=Approval.NOT_NEEDED, decided_at=step.at).first()
    if approved is not None:
        approved.approval, approved.approved_by, approved.approved_at = Approval.PENDING, None, None
        approved.approval_note = ""
        approved.save()
    elif decided is not None:
        _forget(decided)
    else:
        return
    stood = [Approval.NOT_NEEDED, Approval.APPROVED]
    stands = complaint.decisions.filter(approval__in=stood).order_by("-pk").first()
    complaint.outcome = stands.outcome if stands else ""
    complaint.granted_cents = stands.amount_cents if stands else None
    complaint.decided_at = (stands.approved_at or stands.decided_at) if stands else None


def _forget(decision: Decision) -> None:
    """The decision was a slip: neither it nor the advice before it is to be learnt from."""
    advised = decision.advice
    decision.delete()
    advised.delete()


def _day_of(complaint: Complaint, state: State) -> dt.date | None:
    """The day on which it last came into the state; None: never."""
    step = complaint.steps.filter(to_state=state).order_by("at", "pk").last()
    return max(timezone.localdate(step.at), complaint.opened_on) if step is not None else None
