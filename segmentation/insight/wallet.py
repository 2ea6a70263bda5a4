"""Share of wallet, and rising B accounts: those with growth and room (docs/domain.md, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from accounts.models import Tier
from crm.lists.sums import over, share
from segmentation.insight.scope import Scope
from segmentation.models import TierAssessment

BINS = 10
"""The share is told in tenths; one bin more is for those who buy more than was thought possible."""
NAMED = 10
GROWTH = (11, 10)
"""Rising is who bought for a tenth more than in the window before."""


@dataclass(frozen=True)
class Wallet:
    """numbers: by tier, how many accounts of known potential stand in each bin; sums in cents."""

    numbers: dict[str, list[int]]
    accounts: int
    unknown: int
    """Accounts with a tier whose potential nobody has written down."""
    revenue_cents: int
    potential_cents: int
    """Of the window: expected yearly sales for as many months as the window has."""

    @property
    def share(self) -> float | None:
        return share(self.revenue_cents, self.potential_cents)


def wallet(scope: Scope) -> Wallet:
    """The accounts with a tier. Potential is today's, revenue is the run's. One statement."""
    months = scope.run.policy.window_months
    rows = (
        scope.assessments.filter(tier__isnull=False)
        .annotate(potential=F("account__potential_cents"))
        .values_list("tier", "revenue_cents", "potential")
    )
    # revenue / (potential * months / 12), in tenths; nothing bought, or less than nothing, is in the first.
    tenth = f"revenue_cents * {12 * BINS} / (potential * {months})"
    found = over(
        rows,
        f"""
        SELECT tier,
            CASE WHEN potential <= 0 THEN -1
                WHEN revenue_cents <= 0 THEN 0
                WHEN {tenth} >= {BINS} THEN {BINS}
                ELSE {tenth} END,
            COUNT(*), CAST(SUM(revenue_cents) AS bigint), CAST(SUM(potential) AS bigint)
        FROM {{rows}} AS found GROUP BY 1, 2
        """,
    )
    numbers = {tier: [0] * (BINS + 1) for tier in Tier.values}
    accounts = unknown = revenue = potential = 0
    for tier, place, number, cents, its_potential in found:
        if place < 0:
            unknown += number
            continue
        numbers[tier][place] += number
        accounts += number
        revenue += cents
        potential += its_potential
    return Wallet(numbers, accounts, unknown, revenue, potential * months // 12)


def rising(scope: Scope) -> QuerySet[TierAssessment]:
    """B accounts that grew by a tenth and have room below their potential; the most growth in money first.

    Annotated with `growth_cents`.
    """
    months = scope.run.policy.window_months
    more, whole = GROWTH
    return (
        scope.assessments.alias(
            grown=F("revenue_cents") * whole - F("previous_revenue_cents") * more,
            room=F("account__potential_cents") * months - F("revenue_cents") * 12,
        )
        .filter(tier="B", previous_revenue_cents__gt=0, grown__gte=0, room__gt=0)
        .annotate(growth_cents=F("revenue_cents") - F("previous_revenue_cents"))
        .order_by("-growth_cents", "account__code")
    )


def lines(scope: Scope) -> Iterator[list[Any]]:
    """Every account of known potential, for a file: code, name, owner, tier, revenue, before, potential, share."""
    months = scope.run.policy.window_months
    rows = scope.assessments.filter(tier__isnull=False, account__potential_cents__gt=0).order_by(
        "account__code"
    )
    fields = ("account__code", "account__name", "account__owner__name", "tier", "revenue_cents")
    more = ("previous_revenue_cents", "account__potential_cents")
    for code, name, owner, tier, revenue, before, potential in rows.values_list(*fields, *more).iterator(
        chunk_size=5000
    ):
        yield [
            code,
            name,
            owner or "",
            tier,
            revenue,
            before,
            potential,
            share(revenue * 12, potential * months),
        ]
