"""What was granted for the complaints of a period, against what was sold in it. Cents of the base currency."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth

from accounts.models import PurchaseLine
from complaints.learning.scope import ACCOUNT, Scope
from crm.lists.sums import share

CENTS_A_UNIT = 100


@dataclass(frozen=True)
class Cost:
    """One group: complaints that came, what was claimed and granted for them, and what was sold meanwhile, in cents."""

    group: str
    complaints: int
    claimed_cents: int
    granted_cents: int
    sales_cents: int

    @property
    def share(self) -> float | None:
        """Granted as a fraction of sales; None where nothing was sold."""
        return share(self.granted_cents, self.sales_cents)


def by_month_and_tier(scope: Scope) -> tuple[list[Cost], list[Cost]]:
    """Each month of the period as ISO 8601, the oldest first; and each tier of today, A first, "" is none.

    Three statements: what was sold is read once for both.
    """
    sold: dict[str, Counter[str]] = {"month": Counter(), "tier": Counter()}
    rows = scope.purchases.annotate(month=TruncMonth("ordered_on"))
    for month, tier, cents in rows.values_list("month", "account__tier").annotate(cents=Sum("amount_cents")):
        sold["month"][_name(month)] += cents
        sold["tier"][_name(tier)] += cents
    claims = _claims(scope.complaints.annotate(group=TruncMonth("opened_on")))
    months = _costs(claims, sold["month"], [month.isoformat() for month in scope.period.months])
    claims = _claims(scope.complaints.annotate(group=F("account__tier")))
    tiers = sorted({*claims, *sold["tier"]}, key=lambda tier: (not tier, tier))
    return months, _costs(claims, sold["tier"], tiers)


def by_line(scope: Scope) -> list[Cost]:
    """Each product line that is complained of, where most was granted first; "" names no product. Two statements."""
    claims = _claims(scope.complaints.annotate(group=F("product__line__name")))
    names = [name for name in claims if name]
    lines = PurchaseLine.objects.filter(
        purchase__in=scope.purchases.values("pk"), product__line__name__in=names
    )
    in_base = Sum(F("amount") * F("purchase__rate") * CENTS_A_UNIT)
    sold = lines.order_by().values_list("product__line__name").annotate(cents=in_base) if names else ()
    sales = {name: round(cents or 0) for name, cents in sold}
    return _costs(
        claims, sales, sorted(claims, key=lambda name: (not name, -claims[name][2], -claims[name][0], name))
    )


def dearest(scope: Scope) -> QuerySet:
    """A dict for each account that was granted something, the most first. One statement."""
    return (
        scope.complaints.values(
            *ACCOUNT,
        )
        .annotate(number=Count("pk"), claimed=Sum("claim_cents"), granted=Sum("granted_cents"))
        .filter(granted__gt=0)
        .order_by("-granted", "account__code")
    )


def _claims(rows: QuerySet) -> dict[str, tuple[int, int, int]]:
    """Number, claimed and granted by `group`."""
    found = rows.values_list("group").annotate(
        number=Count("pk"), claimed=Sum("claim_cents"), granted=Sum("granted_cents")
    )
    return {_name(group): (number, claimed or 0, granted or 0) for group, number, claimed, granted in found}


def _name(group: Any) -> str:
    return group.isoformat() if isinstance(group, dt.date) else group or ""


def _costs(
    claims: Mapping[str, tuple[int, int, int]], sales: Mapping[str, int], groups: Iterable[str]
) -> list[Cost]:
    return [Cost(group, *claims.get(group, (0, 0, 0)), sales.get(group, 0)) for group in groups]
