"""Whether customers bought again after their complaint was closed: the proof that it ended well."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from django.db.models import BooleanField as Yes
from django.db.models import Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable

from accounts.models import Purchase
from complaints.learning.scope import Scope
from complaints.models import Complaint
from crm.lists.sums import share

DAYS = 90
"""Who buys within so many days after the closing, bought again. What was closed later is not judged yet."""
OUTCOME, SOLVED, TIME, TIER = "outcome", "solved", "time", "tier"
LATE, IN_TIME = "late", "in_time"


@dataclass
class Again:
    """Complaints that were closed early enough to judge, and after how many of them the customer bought."""

    closed: int = 0
    again: int = 0

    @property
    def share(self) -> float | None:
        """None where none was closed."""
        return share(self.again, self.closed)


@dataclass
class Found:
    """All of them, those too young to judge, and the groups: by OUTCOME, SOLVED, TIME and TIER, each by its value."""

    all: Again = field(default_factory=Again)
    young: int = 0
    groups: dict[str, dict[str, Again]] = field(
        default_factory=lambda: {name: {} for name in (OUTCOME, SOLVED, TIME, TIER)}
    )


def bought_again(scope: Scope) -> Found:
    """The complaints closed in the period. The tier is the account's of today; "" where something is not known.

    Two statements.
    """
    last = scope.today - dt.timedelta(days=DAYS)
    found = Found(young=scope.closed.filter(closed_on__gt=last).count())
    rows = scope.closed.filter(closed_on__lte=last).annotate(
        late=ExpressionWrapper(Q(resolution_over__gt=0), output_field=Yes()), again=Exists(_bought())
    )
    counted: Counter[tuple[str, str, bool]] = Counter()
    for outcome, solved, late, tier, again, number in rows.values_list(
        "outcome", "solved", "late", "account__tier", "again"
    ).annotate(number=Count("pk")):
        counted["", "", bool(again)] += number
        counted[OUTCOME, outcome, bool(again)] += number
        counted[SOLVED, solved, bool(again)] += number
        counted[TIME, LATE if late else IN_TIME, bool(again)] += number
        counted[TIER, tier or "", bool(again)] += number
    for (name, group, again), number in counted.items():
        one = found.groups[name].setdefault(group, Again()) if name else found.all
        one.closed += number
        one.again += number if again else 0
    return found


def lost(scope: Scope) -> QuerySet:
    """A dict for each account whose last complaint was closed in the period and that has not bought since.

    Early enough to judge, without an open complaint; those that had bought the most come first. One statement.
    """
    last = scope.today - dt.timedelta(days=DAYS)
    later = Complaint.objects.complaints().filter(account=OuterRef("account")).order_by()
    since = Purchase.objects.filter(
        account=OuterRef("account"), ordered_on__gt=OuterRef("closed_on"), amount_cents__gt=0
    )
    before = Purchase.objects.filter(
        account=OuterRef("account"),
        ordered_on__lte=OuterRef("closed_on"),
        ordered_on__gt=OuterRef("closed_on") - dt.timedelta(days=365),
    )
    return (
        scope.closed.filter(closed_on__lte=last)
        .exclude(Exists(since))
        .exclude(
            Exists(
                later.filter(
                    Q(closed_on__isnull=True)
                    | Q(closed_on__gt=OuterRef("closed_on"))
                    | Q(closed_on=OuterRef("closed_on"), pk__gt=OuterRef("pk"))
                )
            )
        )
        .annotate(sales=_sum(before))
        .order_by(F("sales").desc(nulls_last=True), "account__code")
        .values(
            *("pk", "number", "closed_on", "outcome", "solved", "sales"),
            *("account_id", "account__name", "account__code", "account__tier", "account__owner__name"),
        )
    )


def _bought() -> QuerySet[Purchase]:
    """Purchases of the account within DAYS after the complaint was closed."""
    return Purchase.objects.filter(
        account=OuterRef("account"),
        ordered_on__gt=OuterRef("closed_on"),
        ordered_on__lte=OuterRef("closed_on") + dt.timedelta(days=DAYS),
        amount_cents__gt=0,
    )


def _sum(purchases: QuerySet[Purchase]) -> Combinable:
    return Subquery(
        purchases.order_by().values("account").annotate(cents=Sum("amount_cents")).values("cents")
    )
