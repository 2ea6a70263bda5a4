"""What the page of one complaint shows, read once for each request (docs/domain.md, 6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts.models import Account, ContactPerson, PurchaseLine
from accounts.querysets import who_see
from complaints import advice, asking, outreach, workflow
from complaints.models import Attachment, Complaint, Decision, Escalation, State
from complaints.policies import policy_in_force
from complaints.time_left import ShownClock, time_left
from complaints.timeline import Entry, decided_words, timeline
from complaints.wording import ground_words, leads
from contacts.models import FollowUp
from crm.look.figures import number
from crm.team.models import User

STEPS = ("acknowledge", "start", "wait", "answered", "close", "reopen")
"""Acts that need no more than a note, in the order of the day."""
SHOWN = 5
"""Similar complaints, and others of the account, that are named."""
Approval = Decision.Approval


@dataclass(frozen=True)
class Advised:
    """An advice in words: as the policy gives it now, or as it was given when somebody decided."""

    advised: str
    words: str
    """What is advised."""
    grounds: list[str]
    """What leads to it; the first one decides."""
    beside: list[str]
    """What the person who decides should see."""
    version: int
    """Of the policy."""
    recorded: bool
    """Whether it was kept with a decision; else it is what the policy says now."""


class ComplaintPage:
    """One complaint for one user: what it is, how much time is left, what may be done, what happened."""

    def __init__(self, complaint: Complaint, *, user: User, today: dt.date, now: dt.datetime) -> None:
        """complaint: from `find`, so that what hangs on it is loaded."""
        self.complaint, self.user, self.today, self.now = complaint, user, today, now

    @staticmethod
    def find(pk: int, *, user: User, today: dt.date) -> Complaint:
        """The complaint with what the page names. Raises Complaint.DoesNotExist where the user does not see it."""
        rows = Complaint.objects.visible_to(user, on=today).select_related(
            "account__owner",
            "person",
            "purchase",
            "product",
            "category",
            "assignee",
            "taken_by",
            "root_cause",
        )
        return rows.get(pk=pk)

    # The head -------------------------------------------------------------------------------------------------------
    @property
    def account(self) -> Account:
        return self.complaint.account

    @cached_property
    def clocks(self) -> list[ShownClock]:
        """First response and resolution."""
        return time_left(self.complaint, now=self.now)

    @cached_property
    def state_tone(self) -> str:
        """The colour of the state's badge."""
        match self.complaint.state:
            case State.NEW | State.REOPENED:
                return "danger"
            case State.RESOLVED | State.CLOSED:
                return "ok"
            case State.WAITING:
                return ""
            case _:
                return "accent"

    @property
    def is_escalated(self) -> bool:
        """Whether a clock ran out and the leads were told."""
        breach = Escalation.Kind.BREACH
        return self.complaint.is_open and any(entry.kind == breach for entry in self.timeline)

    # What may be done -----------------------------------------------------------------------------------------------
    @cached_property
    def decisions(self) -> list[Decision]:
        """All of them, newest first."""
        rows = self.complaint.decisions.select_related("decided_by", "approved_by", "advice__policy")
        return list(rows.order_by("-pk"))

    @cached_property
    def pending(self) -> Decision | None:
        """The decision that waits for a second person."""
        return next((one for one in self.decisions if one.approval == Approval.PENDING), None)

    @cached_property
    def standing(self) -> Decision | None:
        """The decision that stands."""
        stands = {Approval.NOT_NEEDED, Approval.APPROVED}
        if not self.complaint.outcome:
            return None
        return next((one for one in self.decisions if one.approval in stands), None)

    @cached_property
    def pending_words(self) -> str:
        """What was decided and waits."""
        return decided_words(self.pending) if self.pending else ""

    @cached_property
    def standing_words(self) -> str:
        """What was decided and stands."""
        return decided_words(self.standing) if self.standing else ""

    @cached_property
    def acts(self) -> list[str]:
        """What is open to the user now (`workflow.acts`)."""
        return workflow.acts(self.complaint, actor=self.user, pending=self.pending)

    @cached_property
    def steps(self) -> list[str]:
        """Those of the acts that need no more than a note."""
        return [name for name in STEPS if name in self.acts]

    @property
    def steps_first(self) -> bool:
        """Whether a step is what comes next, before a decision or a resolution."""
        return self.complaint.state in {
            State.NEW,
            State.ACKNOWLEDGED,
            State.WAITING,
            State.REOPENED,
            State.RESOLVED,
        }

    @property
    def may_decide(self) -> bool:
        """Whether the user decides this one, and not only a manager."""
        if "decide" not in self.acts:
            return False
        return not self.is_the_managers or workflow.may_approve(self.user)

    @property
    def is_the_managers(self) -> bool:
        """Whether the advice leaves it to the manager."""
        return self.advised is not None and self.advised.advised == advice.Advised.MANAGER

    @property
    def may_say_solved(self) -> bool:
        """Whether "was it solved?" can be answered."""
        return self.complaint.state in {State.RESOLVED, State.CLOSED}

    def offers(self, form: str) -> bool:
        """Whether the form of this name (views.page.FORMS) has its place on the page as it stands."""
        match form:
            case "decision":
                return "decide" in self.acts
            case "second":
                return self.pending is not None
            case "resolution":
                return "resolve" in self.acts
            case "solved":
                return self.may_say_solved
        return True

    @cached_property
    def asked_after(self) -> FollowUp | None:
        """The contact in which somebody asks whether it was solved; None where none is open."""
        if self.complaint.is_open or self.complaint.solved:
            return None
        item = asking.open_after(self.complaint)
        return item.follow_up if item is not None else None

    @cached_property
    def people(self) -> list[User]:
        """Who may be asked to work on it."""
        return list(who_see(self.account))

    # The advice -----------------------------------------------------------------------------------------------------
    @cached_property
    def advised(self) -> Advised | None:
        """As recorded with the decision that waits or stands, else as the policy says now; None for a question."""
        complaint = self.complaint
        if complaint.is_question:
            return None
        decision = self.pending or (self.standing if "decide" not in self.acts else None)
        if decision is not None:
            kept = decision.advice
            return self._in_words(kept.advised, kept.grounds, kept.policy.version, recorded=True)
        if complaint.state in {State.RESOLVED, State.CLOSED}:
            return None
        found = advice.advise(complaint, policy=self._policy, today=self.today)
        return self._in_words(found.advised, found.grounds, self._policy.version, recorded=False)

    @property
    def second_person_cents(self) -> int:
        """Above so much a second person is asked."""
        return self._policy.second_person_cents

    @cached_property
    def _policy(self) -> Any:
        return policy_in_force()

    def _in_words(
        self, advised: str, grounds: list[advice.Ground], version: int, *, recorded: bool
    ) -> Advised:
        return Advised(
            advised,
            str(advice.Advised(advised).label),
            [ground_words(one) for one in grounds if leads(one)],
            [words for one in grounds if not leads(one) and (words := ground_words(one))],
            version,
            recorded,
        )

    @cached_property
    def similar(self) -> list[Complaint]:
        """Similar complaints that the user may see, newest first; for a question none."""
        if self.advised is None:
            return []
        rows = advice.similar_visible(
            self.complaint, months=self._policy.similar_months, user=self.user, today=self.today
        )
        return list(rows[:SHOWN])

    # What it is about -----------------------------------------------------------------------------------------------
    @cached_property
    def person(self) -> ContactPerson | None:
        """Who complained, else the first to contact there."""
        if self.complaint.person is not None:
            return self.complaint.person
        present = self.account.persons.filter(left_on__isnull=True, merged_into__isnull=True)
        return present.order_by("-is_main", "name", "pk").first()

    @cached_property
    def lines(self) -> list[PurchaseLine]:
        """The purchase lines that it names."""
        return list(self.complaint.lines.select_related("product"))

    @cached_property
    def others(self) -> list[Complaint]:
        """Other open complaints and questions of the account, those first that run out first."""
        rows = Complaint.objects.open().filter(account=self.account).exclude(pk=self.complaint.pk)
        return list(rows.select_related("category").order_by("due_at", "-pk")[: SHOWN + 1])

    @cached_property
    def files(self) -> list[Attachment]:
        """Its attachments, with who added them."""
        return list(self.complaint.attachments.select_related("uploaded_by"))

    @cached_property
    def product_names(self) -> str:
        """What the outreach would be about; "" where it names no product."""
        return ", ".join(str(one) for one in self._products)

    @cached_property
    def _products(self) -> list[Any]:
        return outreach.products_of(self.complaint)

    @cached_property
    def buyers(self) -> int:
        """How many other accounts, whoever sees them, bought the product; at most 1,001."""
        return outreach.counted(self._products, complaint=self.complaint, today=self.today)

    @property
    def buyers_words(self) -> str:
        """ "214", "1,000+"."""
        most = outreach.COUNTED
        return number(self.buyers) if self.buyers <= most else f"{number(most)}+"

    @property
    def is_product_fault(self) -> bool:
        """Whether the root cause is a fault of the product or batch."""
        cause = self.complaint.root_cause
        return cause is not None and cause.product_fault

    # What happened --------------------------------------------------------------------------------------------------
    @cached_property
    def timeline(self) -> list[Entry]:
        """Newest first."""
        return timeline(self.complaint, decisions=self.decisions, user=self.user, today=self.today)

    @cached_property
    def latest(self) -> str:
        """What happened last, for somebody who came too late."""
        done = [entry for entry in self.timeline if entry.kind in {"step", "decision"}]
        return done[0].sentence if done else ""
