"""The one door by which a complaint goes from state to state, and who may do what (docs/domain.md, 6).

Each verb is one transaction: the step, the columns that follow from it, the clock, the owner's queue. All take the
complaint as the caller knows it and look again under a lock; what has changed meanwhile is refused in words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Channel
from complaints import advice, asking, clock
from complaints.errors import BadInput, NotAllowed, WrongState
from complaints.facts import refresh_open_complaints
from complaints.models import (
    Complaint,
    ComplaintCategory,
    ComplaintMessage,
    ComplaintStep,
    Decision,
    Kind,
    RootCause,
    State,
)
from complaints.policies import policy_in_force
from contacts.planning import hold
from crm.team.models import User

MessageKind = ComplaintMessage.Kind
Approval = Decision.Approval

WORKED_ON = frozenset({State.NEW, State.ACKNOWLEDGED, State.IN_PROGRESS, State.WAITING, State.REOPENED})
"""Neither decided nor ended."""
FROM: dict[str, frozenset[State]] = {
    "acknowledge": frozenset({State.NEW, State.REOPENED}),
    "start": frozenset({State.NEW, State.ACKNOWLEDGED, State.REOPENED}),
    "wait": frozenset({State.NEW, State.ACKNOWLEDGED, State.IN_PROGRESS, State.DECIDED, State.REOPENED}),
    "answered": frozenset({State.WAITING}),
    "decide": WORKED_ON,
    "approve": WORKED_ON,
    "refuse": WORKED_ON,
    "resolve": WORKED_ON | {State.DECIDED},
    "close": frozenset({State.RESOLVED}),
    "reopen": frozenset({State.RESOLVED, State.CLOSED}),
}
"""The states in which each act can be done."""


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
    hidden = {"decide", "resolve"}
    if not may_approve(actor) or pending.decided_by_id == actor.pk:
        hidden |= {"approve", "refuse"}
    return [name for name in found if name not in hidden]


# Steps that say how far we are ---------------------------------------------------------------------------------------
def acknowledge(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """The customer knows that we know: the first response."""
    return _step("acknowledge", State.ACKNOWLEDGED, complaint, actor, today, now, note)


def start(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """Somebody works on it."""
    return _step("start", State.IN_PROGRESS, complaint, actor, today, now, note)


def wait_for_customer(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """The customer was asked for something: the clock stands until the answer."""
    return _step("wait", State.WAITING, complaint, actor, today, now, note)


def customer_answered(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """The answer is there; it goes on where it stood: decided, or in progress."""
    with _held(complaint, actor=actor, today=today) as found:
        _require(found, "answered")
        before = found.steps.order_by("-at", "-pk").filter(to_state=State.WAITING).first()
        decided = before is not None and before.from_state == State.DECIDED
        return _go(found, State.DECIDED if decided else State.IN_PROGRESS, actor, now, note)


# Deciding ------------------------------------------------------------------------------------------------------------
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
    with _held(complaint, actor=actor, today=today) as found:
        if found.kind == Kind.QUESTION:
            raise WrongState(_("A question is answered, not decided."))
        _require(found, "decide")
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
                _go(found, State.IN_PROGRESS, actor, now, "")
        else:
            _take_effect(decision, actor, now)
        return decision


def approve(*, decision: Decision, actor: User, today: dt.date, now: dt.datetime, note: str = "") -> Decision:
    """A second person agrees, and the decision stands. Nobody approves an own one."""
    with _held(decision.complaint, actor=actor, today=today):
        found = _second_look(decision, Approval.APPROVED, actor, now, note)
        _take_effect(found, actor, now)
        return found


def refuse(*, decision: Decision, actor: User, today: dt.date, now: dt.datetime, note: str) -> Decision:
    """A second person does not agree, and says why; the complaint is to be decided anew."""
    with _held(decision.complaint, actor=actor, today=today):
        if not note.strip():
            raise BadInput(_("Say why you do not agree."), field="note")
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
    _require(found.complaint, "approve")
    found.approval, found.approved_by, found.approved_at = approval, actor, now
    found.approval_note = note.strip()
    found.save(update_fields=["approval", "approved_by", "approved_at", "approval_note"])
    return found


def _take_effect(decision: Decision, actor: User, now: dt.datetime) -> None:
    complaint = decision.complaint
    complaint.outcome, complaint.granted_cents = decision.outcome, decision.amount_cents
    complaint.decided_at = now
    complaint.save(update_fields=["outcome", "granted_cents", "decided_at"])
    _go(complaint, State.DECIDED, actor, now, "")


# The end, and what may follow it -------------------------------------------------------------------------------------
def resolve(
    *,
    complaint: Complaint,
    resolution: str,
    root_cause: RootCause | None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
    note: str = "",
) -> Complaint:
    """The customer has what was decided, or the answer. A complaint needs a decision and a root cause before."""
    with _held(complaint, actor=actor, today=today) as found:
        _require(found, "resolve")
        if found.kind == Kind.COMPLAINT:
            if found.state != State.DECIDED:
                raise WrongState(_("It must be decided before it is resolved."))
            if resolution not in Complaint.Resolution.values:
                raise BadInput(_("Choose what the customer got."), field="resolution")
            if root_cause is None:
                raise BadInput(_("Name the root cause: we learn from it."), field="root_cause")
        elif resolution and resolution not in Complaint.Resolution.values:
            raise BadInput(_("Choose what the customer got."), field="resolution")
        found.resolution = resolution or Complaint.Resolution.EXPLANATION
        found.root_cause, found.resolved_on = root_cause, today
        found.save(update_fields=["resolution", "root_cause", "resolved_on"])
        _go(found, State.RESOLVED, actor, now, note)
        asking.withdraw_asking(found, now=now)
        return found


def close(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """It is over for us; after some working days somebody asks whether it was solved."""
    with _held(complaint, actor=actor, today=today) as found:
        _require(found, "close")
        found.closed_on = max(today, found.opened_on)
        found.solved, found.solved_on = "", None
        _go(found, State.CLOSED, actor, now, note)
        refresh_open_complaints(account_ids=[found.account_id])
        asking.ask_afterwards(found, policy_in_force(), today=today, now=now)
        return found


def reopen(*, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str) -> Complaint:
    """It was not solved. The clock goes on from what was used, and the owner knows at once."""
    with _held(complaint, actor=actor, today=today) as found:
        _require(found, "reopen")
        if not note.strip():
            raise BadInput(_("Say why it is opened again."), field="note")
        asking.withdraw_afterwards(found, now=now)
        found.closed_on = found.resolved_on = None
        _go(found, State.REOPENED, actor, now, note)
        refresh_open_complaints(account_ids=[found.account_id])
        asking.ask_owner(found, today=today, now=now)
        return found


def say_solved(
    *, complaint: Complaint, solved: str, actor: User, today: dt.date, now: dt.datetime, words: str = ""
) -> Complaint:
    """What the customer said to "was it solved?". "No" does not open it again by itself: a person does."""
    with _held(complaint, actor=actor, today=today) as found:
        if found.state not in {State.RESOLVED, State.CLOSED}:
            raise WrongState(_("It is not resolved yet."))
        if solved not in Complaint.Solved.values:
            raise BadInput(_("Choose what the customer said."), field="solved")
        found.solved, found.solved_on = solved, today
        found.save(update_fields=["solved", "solved_on"])
        if words.strip():
            ComplaintMessage.objects.create(
                complaint=found, kind=MessageKind.HEARD, words=words.strip(), at=now, author=actor
            )
        asking.withdraw_afterwards(found, now=now)
        return found


# What is said, and who works on it -----------------------------------------------------------------------------------
def say(
    *,
    complaint: Complaint,
    kind: str,
    words: str,
    actor: User,
    today: dt.date,
    now: dt.datetime,
    uuid: UUID,
    channel: str = "",
) -> ComplaintMessage:
    """Write a message into the timeline. uuid: the form's own identity.

    The customer told something for the first time is the first response; an answer awaited ends the waiting.
    """
    with _held(complaint, actor=actor, today=today) as found:
        if not words.strip():
            raise BadInput(_("Write something."), field="words")
        if kind not in MessageKind.values:
            raise BadInput(_("Choose who reads it."), field="kind")
        if channel and channel not in Channel.values:
            raise BadInput(_("Choose a channel."), field="channel")
        message, new = ComplaintMessage.objects.get_or_create(
            uuid=uuid,
            defaults={
                "complaint": found,
                "kind": kind,
                "channel": "" if kind == MessageKind.INTERNAL else channel,
                "words": words.strip(),
                "at": now,
                "author": actor,
            },
        )
        if new and kind == MessageKind.TOLD and found.state == State.NEW:
            _go(found, State.ACKNOWLEDGED, actor, now, "")
        elif new and kind == MessageKind.HEARD and found.state == State.WAITING:
            customer_answered(complaint=found, actor=actor, today=today, now=now)
        return message


@transaction.atomic
def assign(
    *, complaints: Iterable[Complaint], assignee: User, actor: User, today: dt.date
) -> list[tuple[int, int | None]]:
    """Have somebody work on these; returns (complaint, assignee before) of those that changed, for undo.

    Raises NotAllowed where one is not the actor's to see, or the assignee is away for good or will not see it.
    """
    ids = [one.pk for one in complaints]
    for user in (actor, assignee):
        seen = Complaint.objects.visible_to(user, on=today).filter(pk__in=ids).count()
        if seen != len(set(ids)) or not user.is_active:
            raise NotAllowed(_("%(name)s does not see all of these.") % {"name": user.name})
    changing = Complaint.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    before = [(one.pk, one.assignee_id) for one in changing if one.assignee_id != assignee.pk]
    Complaint.objects.filter(pk__in=[pk for pk, _who in before]).update(assignee=assignee)
    clock.refresh(complaint_ids=[pk for pk, _who in before])
    return before


def recategorise(
    *, complaint: Complaint, category: ComplaintCategory, actor: User, today: dt.date
) -> Complaint:
    """Another category of the same kind; the clock is reckoned anew by its level."""
    with _held(complaint, actor=actor, today=today) as found:
        if category.kind != found.kind or not category.active:
            raise BadInput(_("Choose a category that is in use."), field="category")
        found.category = category
        found.save(update_fields=["category"])
        clock.refresh(complaint_ids=[found.pk])
        found.refresh_from_db()
        return found


# ---------------------------------------------------------------------------------------------------------------------
@contextmanager
def _held(complaint: Complaint, *, actor: User, today: dt.date) -> Iterator[Complaint]:
    """The complaint, looked at again under its lock, in a transaction. Planning's lock comes first, as everywhere."""
    with transaction.atomic():
        hold(account_ids=[complaint.account_id])
        if not Complaint.objects.visible_to(actor, on=today).filter(pk=complaint.pk).exists():
            raise NotAllowed(_("There is no such complaint."))
        locked = Complaint.objects.select_for_update(of=("self",))
        yield locked.select_related("account__owner", "person").get(pk=complaint.pk)


def _require(complaint: Complaint, act: str) -> None:
    if complaint.state not in {state.value for state in FROM[act]}:
        raise WrongState(
            _("It is %(state)s by now: look at it again.") % {"state": complaint.get_state_display().lower()}
        )


def _step(
    act: str,
    to: State,
    complaint: Complaint,
    actor: User,
    today: dt.date,
    now: dt.datetime,
    note: str,
) -> Complaint:
    with _held(complaint, actor=actor, today=today) as found:
        _require(found, act)
        return _go(found, to, actor, now, note)


def _go(complaint: Complaint, to: State, actor: User, now: dt.datetime, note: str) -> Complaint:
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
