"""Complaints of the example company gathered as rows, and written at once."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import Account, ContactPerson, Product, Purchase
from complaints import advice
from complaints.clock import Levels, TeamHours
from complaints.models import (
    Advice,
    Complaint,
    ComplaintMessage,
    ComplaintPolicy,
    ComplaintStep,
    Decision,
    State,
)
from complaints.policies import policy_in_force
from complaints.working_hours import WorkingTime
from crm.demo import complaining
from crm.demo.company.bulk import bulk
from crm.demo.company.drawing import Company
from crm.demo.company.staff import Staff
from crm.team.models import User


@dataclass
class Writer:
    """What is to be written of complaints, gathered; `write` writes it."""

    company: Company
    staff: Staff
    rows: list[Account]
    persons: list[list[ContactPerson]]
    purchases: list[list[Purchase]]
    articles: dict[str, Product]
    now: dt.datetime
    complaints: list[Complaint] = field(default_factory=list)
    steps: list[ComplaintStep] = field(default_factory=list)
    messages: list[ComplaintMessage] = field(default_factory=list)
    decisions: list[tuple[Complaint, Decision]] = field(default_factory=list)
    levels: Levels = field(default_factory=Levels)
    hours: TeamHours = field(default_factory=TeamHours)

    def agent(self, place: int) -> User:
        return self.staff.agents[self.company.customers[place].market.country == "BG"]

    def owner(self, place: int) -> User | None:
        return self.staff.owner(self.company.customers[place])

    def time(self, place: int) -> WorkingTime:
        owner = self.owner(place)
        return self.hours.of(owner.team_id if owner is not None else None)

    def begin(
        self,
        place: int,
        at: dt.datetime,
        *,
        rng: random.Random,
        category: str,
        said: str,
        bought: int | None,
        kind: str = "complaint",
        subject: str = "",
        batch: str = "",
    ) -> Complaint:
        """A new complaint with its first step."""
        owner, agent = self.owner(place), self.agent(place)
        purchase = None if bought is None else self.purchases[place][bought]
        lines = self.company.purchases[place][bought].lines if bought is not None else ()
        claim = None
        if kind == "complaint" and purchase is not None and rng.random() < 0.8:
            share = rng.choice((0.04, 0.08, 0.15, 0.3, 0.6))
            claim = max(2_000, round(max(0, purchase.amount_cents) * share / 1_000) * 1_000)
        complaint = Complaint(
            account=self.rows[place],
            person=self.persons[place][0],
            purchase=purchase,
            product=self.articles[lines[0].article.code] if lines else None,
            batch=batch,
            uuid=uuid.UUID(int=rng.getrandbits(128), version=4),
            kind=kind,
            category_id=category,
            subject=subject,
            words=said,
            channel=rng.choice(("phone", "phone", "email", "visit")),
            claim_cents=claim,
            opened_on=timezone.localdate(at),
            opened_at=at,
            taken_by=rng.choice((agent, agent, owner or agent)),
            assignee=rng.choice((agent, owner or agent)),
        )
        self.complaints.append(complaint)
        self.step(complaint, State.NEW, at, complaint.taken_by)
        return complaint

    def step(
        self, complaint: Complaint, to: State, at: dt.datetime, actor: User | None, note: str = ""
    ) -> None:
        before = "" if to == State.NEW else complaint.state
        complaint.state = to.value
        self.steps.append(
            ComplaintStep(complaint=complaint, from_state=before, to_state=to, at=at, actor=actor, note=note)
        )

    def say(self, complaint: Complaint, kind: str, said: str, at: dt.datetime, rng: random.Random) -> None:
        self.messages.append(
            ComplaintMessage(
                complaint=complaint,
                uuid=uuid.UUID(int=rng.getrandbits(128), version=4),
                kind=kind,
                channel="" if kind == "internal" else complaint.channel,
                words=said,
                at=at,
                author=complaint.assignee,
            )
        )

    def decide(
        self, complaint: Complaint, at: dt.datetime, rng: random.Random, cause: str, *, pending: bool = False
    ) -> None:
        """What the assignee decides; above the policy's limit a manager has looked at it, unless it is pending."""
        outcome = "accepted" if pending else complaining.outcome_of(rng, cause)
        if pending:
            complaint.claim_cents = max(complaint.claim_cents or 0, 100_000 + rng.randrange(20, 400) * 1_000)
        amount = complaining.granted(rng, outcome, complaint.claim_cents)
        decision = Decision(
            outcome=outcome,
            amount_cents=amount,
            reason=rng.choice(complaining.REJECTED_BECAUSE) if outcome == "rejected" else "",
            decided_by=complaint.assignee,
            decided_at=at,
            approval=Decision.Approval.PENDING if pending else Decision.Approval.NOT_NEEDED,
        )
        country = complaint.account.country
        lead = self.staff.leads.get(country) or next(iter(self.staff.leads.values()))
        if not pending and amount > 100_000 and complaint.assignee != lead:
            decision.approval, decision.approved_by = Decision.Approval.APPROVED, lead
            decision.approved_at = at
        self.decisions.append((complaint, decision))
        if not pending:
            complaint.outcome, complaint.granted_cents, complaint.decided_at = outcome, amount, at
            self.step(complaint, State.DECIDED, at, complaint.assignee)

    def resolve(self, complaint: Complaint, at: dt.datetime, rng: random.Random, cause: str) -> None:
        question = complaint.kind == "question"
        outcome = complaint.outcome or "accepted"
        complaint.resolution = "explanation" if question else complaining.resolution_of(rng, outcome)
        complaint.root_cause_id = None if question else cause
        complaint.resolved_on = timezone.localdate(at)
        self.step(complaint, State.RESOLVED, at, complaint.assignee)


def write(writer: Writer) -> None:
    """Write what was gathered, numbered in the order in which it came."""
    writer.complaints.sort(key=lambda one: (one.opened_at, one.account_id))
    for count, one in enumerate(writer.complaints, 1):
        one.number = f"{'Q' if one.kind == 'question' else 'R'}-{one.opened_on.year}-{count:05d}"
    bulk(writer.complaints)
    for step in writer.steps:
        step.complaint_id = step.complaint.pk
    for message in writer.messages:
        message.complaint_id = message.complaint.pk
    bulk(sorted(writer.steps, key=lambda step: (step.complaint_id, step.at)))
    bulk(sorted(writer.messages, key=lambda message: (message.complaint_id, message.at)))
    policy = policy_in_force()
    advices = []
    for one, decision in writer.decisions:
        advising = advice.reckon(_facts(writer, one), policy)
        advices.append(_advice(one, advising, policy, decision.decided_at))
        decision.complaint = one
        decision.against_advice = advising.advised == "accept" and decision.outcome in {"rejected", "in_part"}
        if decision.against_advice and not decision.reason:
            decision.reason = "Half of it was used up before."
    bulk(advices)
    for (_one, decision), advised in zip(writer.decisions, advices, strict=True):
        decision.advice = advised
    bulk(decision for _one, decision in writer.decisions)


def _facts(writer: Writer, one: Complaint) -> advice.Facts:
    year = dt.timedelta(days=365)
    of_account = [
        other
        for other in writer.complaints
        if other.account_id == one.account_id
        and other.kind == "complaint"
        and one.opened_at - year <= other.opened_at <= one.opened_at
    ]
    return advice.Facts(
        bought=one.purchase_id is not None,
        complaints=max(1, len(of_account)),
        suspected=one.suspected_bad_faith,
        claim_cents=one.claim_cents,
        sales_cents=one.account.sales_12m_cents,
        similar=dict.fromkeys(["open", *Complaint.Outcome.values], 0),
    )


def _advice(one: Complaint, advising: advice.Advising, policy: ComplaintPolicy, at: dt.datetime) -> Advice:
    return Advice(complaint=one, policy=policy, advised=advising.advised, grounds=advising.grounds, at=at)
