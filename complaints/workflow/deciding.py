"""A person decides after the advice, and above the limit a second person looks at it (docs/domain.md, 6)."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from complaints import advice
from complaints.errors import BadInput, NotAllowed, WrongState
from complaints.models import Complaint, Decision, Kind, State
from complaints.policies import policy_in_force
from complaints.workflow.states import go, held, may_approve, require
from crm.team.models import User

Approval = Decision.Approval


def decide(
    *,
    complaint: Complaint,
    outcome: str,
    amount_cents: int,
    reason: str,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> Decision:
    """A person decides; what was advised is kept beside it. Above the policy's limit it waits for a second person.

    amount_cents: what is granted, of the base currency; 0 for a rejection. reason: needed for a rejection and where it
    goes against the advice. Raises NotAllowed where the advice leaves it to the manager and the actor is none.
    """
    with held(complaint, actor=actor, today=today) as found:
        if found.kind == Kind.QUESTION:
            raise WrongState(_("A question is answered, not decided."))
        require(found, "decide")
        if found.decisions.filter(approval=Approval.PENDING).exists():
            raise WrongState(_("A decision waits for a second person already."))
        _check_decision(found, outcome, amount_cents)
        policy = policy_in_force()
        advising = advice.advise(found, policy=policy, today=today)
        if advising.advised == advice.Advised.MANAGER and not may_approve(actor):
            raise NotAllowed(_("This one is for the manager to decide."))
        against = advising.advised == advice.Advised.ACCEPT and outcome in {
            Complaint.Outcome.REJECTED,
            Complaint.Outcome.IN_PART,
        }
        reason = reason.strip()
        if not reason and outcome == Complaint.Outcome.REJECTED:
            raise BadInput(_("Say why it is rejected: the customer will ask."), field="reason")
        if not reason and against:
            raise BadInput(_("Say why you decide otherwise than advised."), field="reason")
        second = amount_cents > policy.second_person_cents
        decision = Decision.objects.create(
            complaint=found,
            advice=advice.record(found, advising, policy=policy, now=now),
            outcome=outcome,
            amount_cents=amount_cents,
            reason=reason,
            against_advice=against,
            decided_by=actor,
            decided_at=now,
            approval=Approval.PENDING if second else Approval.NOT_NEEDED,
        )
        if second:
            if found.state in {State.NEW, State.REOPENED}:
                go(found, State.IN_PROGRESS, actor, now, "")
        else:
            _take_effect(decision, actor, now)
        return decision


def approve(*, decision: Decision, actor: User, today: dt.date, now: dt.datetime, note: str = "") -> Decision:
    """A second person agrees, and the decision stands. Nobody approves an own one."""
    with held(decision.complaint, actor=actor, today=today):
        found = _second_look(decision, Approval.APPROVED, actor, now, note)
        _take_effect(found, actor, now)
        return found


def refuse(*, decision: Decision, actor: User, today: dt.date, now: dt.datetime, note: str) -> Decision:
    """A second person does not agree, and says why; the complaint is to be decided anew."""
    with held(decision.complaint, actor=actor, today=today):
        return _second_look(decision, Approval.REFUSED, actor, now, note)


def _check_decision(complaint: Complaint, outcome: str, amount_cents: int) -> None:
    if outcome not in Complaint.Outcome.values:
        raise BadInput(_("Choose what is decided."), field="outcome")
    if amount_cents < 0:
        raise BadInput(_("The amount is 0 or more."), field="amount")
    if outcome == Complaint.Outcome.REJECTED and amount_cents:
        raise BadInput(_("A rejected claim grants nothing: the amount is 0."), field="amount")
    claim = complaint.claim_cents
    if outcome == Complaint.Outcome.IN_PART and claim is not None and amount_cents >= claim > 0:
        raise BadInput(_("Accepted in part grants less than was claimed."), field="amount")


def _second_look(decision: Decision, approval: str, actor: User, now: dt.datetime, note: str) -> Decision:
    found = Decision.objects.select_for_update().select_related("complaint").get(pk=decision.pk)
    if found.approval != Approval.PENDING:
        raise WrongState(_("Somebody has looked at this decision already."))
    if not may_approve(actor):
        raise NotAllowed(_("A manager or an admin approves."))
    if found.decided_by_id == actor.pk:
        raise NotAllowed(_("Nobody approves an own decision: ask a second person."))
    require(found.complaint, "approve")
    # Last: whoever comes too late is told that, and not that a note is lacking.
    if approval == Approval.REFUSED and not note.strip():
        raise BadInput(_("Say why you do not agree."), field="note")
    found.approval, found.approved_by, found.approved_at = approval, actor, now
    found.approval_note = note.strip()
    found.save(update_fields=["approval", "approved_by", "approved_at", "approval_note"])
    return found


def _take_effect(decision: Decision, actor: User, now: dt.datetime) -> None:
    complaint = decision.complaint
    complaint.outcome, complaint.granted_cents = decision.outcome, decision.amount_cents
    complaint.decided_at = now
    complaint.save(update_fields=["outcome", "granted_cents", "decided_at"])
    go(complaint, State.DECIDED, actor, now, "")
