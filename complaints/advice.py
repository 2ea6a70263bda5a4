"""What the policy advises about a complaint, and its grounds (docs/domain.md, 6). Advice decides nothing.

`reckon` is pure; `facts_of` fetches what it reads. Grounds are stored as they were, a dict each with `code` and the
figures that go with it; `complaints.wording` says them in words. In order:

1. `no_purchase`  to the manager: nothing that the complaint names was bought from us
2. `frequent`     to the manager: count, limit, months
3. `bad_faith`    to the manager: somebody suspects it
4. `small_claim`  accept: claim, limit (only where none of the above holds)
5. `large_claim`  weigh: claim, limit; `no_claim`  weigh: no amount was said

and after them what the person who decides should see, which leads nowhere: `above_purchase` (more is claimed than the
purchase came to), `value`, `history`, `at_risk`, `similar`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from accounts.models import PurchaseLine
from complaints.models import Advice, Complaint, ComplaintPolicy
from crm.team.calendars import months_before
from crm.team.models import User

Ground = dict[str, Any]
Advised = Advice.Advised
DECIDES = {
    "no_purchase": Advised.MANAGER,
    "frequent": Advised.MANAGER,
    "bad_faith": Advised.MANAGER,
    "small_claim": Advised.ACCEPT,
    "large_claim": Advised.WEIGH,
    "no_claim": Advised.WEIGH,
}
"""What each ground leads to; the first one that holds decides."""


@dataclass(frozen=True)
class Facts:
    """What is known of one complaint when it is to be decided. Cents are of the base currency."""

    bought: bool
    """Whether the purchase or product that it names was bought from us."""
    complaints: int
    """Complaints of the account within the policy's months, this one among them."""
    suspected: bool
    claim_cents: int | None
    tier: str = ""
    sales_cents: int = 0
    """Sales of twelve months: what a rejection would put at risk."""
    similar: dict[str, int] = field(default_factory=dict)
    """Similar complaints of all accounts: "open", and each outcome that was decided, with their number."""
    bought_cents: int | None = None
    """What the purchase that it names came to; None where it names none."""


@dataclass(frozen=True)
class Advising:
    """What is advised, and why, in order."""

    advised: str
    grounds: list[Ground]


def reckon(facts: Facts, policy: ComplaintPolicy) -> Advising:
    """What the policy advises on these facts. Pure."""
    grounds: list[Ground] = []
    if not facts.bought:
        grounds.append({"code": "no_purchase"})
    if facts.complaints >= policy.frequent_count:
        grounds.append(
            {
                "code": "frequent",
                "count": facts.complaints,
                "limit": policy.frequent_count,
                "months": policy.frequent_months,
            }
        )
    if facts.suspected:
        grounds.append({"code": "bad_faith"})
    if facts.claim_cents is None:
        grounds.append({"code": "no_claim"})
    elif facts.claim_cents > policy.auto_accept_cents:
        grounds.append({"code": "large_claim", "claim": facts.claim_cents, "limit": policy.auto_accept_cents})
    elif not grounds:
        grounds.append({"code": "small_claim", "claim": facts.claim_cents, "limit": policy.auto_accept_cents})
    advised = DECIDES[grounds[0]["code"]]
    claim, bought = facts.claim_cents, facts.bought_cents
    if claim is not None and bought is not None and claim > bought:
        grounds.append({"code": "above_purchase", "claim": claim, "bought": bought})
    grounds += [
        {"code": "value", "tier": facts.tier, "sales": facts.sales_cents},
        {"code": "history", "count": facts.complaints, "months": policy.frequent_months},
        {"code": "at_risk", "sales": facts.sales_cents},
        {"code": "similar", "months": policy.similar_months, **facts.similar},
    ]
    return Advising(advised.value, grounds)


def facts_of(complaint: Complaint, policy: ComplaintPolicy, *, today: dt.date) -> Facts:
    """What is known of the complaint on the day. Four queries at most."""
    account = complaint.account
    since = months_before(today, policy.frequent_months)
    return Facts(
        bought=was_bought(complaint),
        complaints=Complaint.objects.complaints()
        .filter(account=account, opened_on__gt=since, opened_on__lte=today)
        .exclude(pk=complaint.pk)
        .count()
        + 1,
        suspected=complaint.suspected_bad_faith,
        claim_cents=complaint.claim_cents,
        bought_cents=complaint.purchase.amount_cents if complaint.purchase is not None else None,
        tier=account.tier or "",
        sales_cents=account.sales_12m_cents,
        similar=similar_counts(complaint, months=policy.similar_months, today=today),
    )


def was_bought(complaint: Complaint) -> bool:
    """Whether the account bought from us what the complaint names; what names neither purchase nor product did not."""
    if complaint.purchase_id is not None:
        return complaint.purchase is not None and complaint.purchase.account_id == complaint.account_id
    if complaint.product_id is None:
        return False
    lines = PurchaseLine.objects.filter(product=complaint.product_id)
    return lines.filter(purchase__account=complaint.account_id, purchase__amount_cents__gt=0).exists()


def similar_to(complaint: Complaint, *, months: int, today: dt.date) -> Any:
    """Other complaints of the same category, and of the same product or batch where it names one, of any account.

    For counting. Whoever shows one of them asks `visible_to` first.
    """
    rows = Complaint.objects.complaints().filter(
        category=complaint.category_id, opened_on__gt=months_before(today, months), opened_on__lte=today
    )
    if complaint.batch and complaint.product_id:
        rows = rows.filter(product=complaint.product_id, batch=complaint.batch)
    elif complaint.product_id:
        rows = rows.filter(product=complaint.product_id)
    return rows.exclude(pk=complaint.pk)


def similar_counts(complaint: Complaint, *, months: int, today: dt.date) -> dict[str, int]:
    """How many similar complaints are undecided ("open"), and how many were decided how. One query."""
    counts = {name: Count("pk", filter=Q(outcome=name)) for name in Complaint.Outcome.values}
    found: dict[str, int] = similar_to(complaint, months=months, today=today).aggregate(
        open=Count("pk", filter=Q(outcome="", closed_on__isnull=True)), **counts
    )
    return found


def similar_visible(complaint: Complaint, *, months: int, user: User, today: dt.date) -> Any:
    """Those similar complaints that the user may see, newest first, with their accounts."""
    rows = similar_to(complaint, months=months, today=today).visible_to(user, on=today)
    return rows.select_related("account", "category").order_by("-opened_on", "-pk")


def advise(complaint: Complaint, *, policy: ComplaintPolicy, today: dt.date) -> Advising:
    """What the policy advises now; writes nothing."""
    return reckon(facts_of(complaint, policy, today=today), policy)


def record(complaint: Complaint, advising: Advising, *, policy: ComplaintPolicy, now: dt.datetime) -> Advice:
    """Keep what was advised, for the decision that follows."""
    return Advice.objects.create(
        complaint=complaint, policy=policy, advised=advising.advised, grounds=advising.grounds, at=now
    )
