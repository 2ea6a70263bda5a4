"""The Pareto curve: which share of the accounts brings which share of sales (docs/domain.md, 8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from accounts.models import Tier
from crm.lists.sums import over, share
from segmentation.insight.scope import Scope
from segmentation.ladder import BASIS_POINTS, basis_points
from segmentation.models import TierAssessment

POINTS = 100
"""The curve has at most so many points, however many accounts."""
LARGEST = 10
MARKS = (1, 5, 10, 20, 50)
"""Per cent of the accounts that the table speaks of."""


@dataclass(frozen=True)
class TierPart:
    """One tier of all accounts in question; shares are fractions, None where there is no whole. Money in cents."""

    tier: str | None
    accounts: int
    revenue_cents: int
    account_share: float | None
    revenue_share: float | None


@dataclass(frozen=True)
class End:
    """Where a tier ends by volume: before the last of the first `accounts` lies less than `share` (a fraction)."""

    tier: str
    share: float
    accounts: int


@dataclass(frozen=True)
class Curve:
    """points: (accounts from the largest on, value they bring in cents), at the end of each hundredth of accounts."""

    accounts: int
    value_cents: int
    points: list[tuple[int, int]]
    ends: list[End]

    def brings(self, percent: int) -> tuple[int, float | None]:
        """How many accounts the first `percent` per cent are (at least one), and which share of value they bring."""
        number = max(1, self.accounts * percent // 100)
        reached = next((cents for place, cents in self.points if place >= number), self.value_cents)
        return number, share(reached, self.value_cents)


def ranked(scope: Scope) -> QuerySet[TierAssessment]:
    """The accounts that count for volume: customers whose value is above zero."""
    return scope.assessments.filter(preceding_cents__isnull=False)


_IN_ORDER = """
    SELECT value_cents, COUNT(*) OVER () AS number, SUM(value_cents) OVER () AS total,
        ROW_NUMBER() OVER (ORDER BY value_cents DESC, account_id) AS place,
        SUM(value_cents) OVER (ORDER BY value_cents DESC, account_id ROWS UNBOUNDED PRECEDING) AS reached
    FROM {rows} AS found
"""


def curve(scope: Scope) -> Curve:
    """The curve of the accounts in question among themselves; one statement. The whole company's is the run's own."""
    policy = scope.run.policy
    bounds = [(Tier.A, policy.a_share), (Tier.B, policy.b_share)]
    columns = ", ".join(_before(basis_points(bound)) for _tier, bound in bounds)
    found = over(
        ranked(scope).values_list("account_id", "value_cents"),
        f"""
        WITH ordered AS MATERIALIZED ({_IN_ORDER})
        SELECT 0, MAX(place), MAX(reached) FROM ordered GROUP BY (place * {POINTS} - 1) / number
        UNION ALL SELECT 1, {columns} FROM ordered
        ORDER BY 1, 2
        """,
    )
    points = [(int(place), int(reached)) for is_last, place, reached in found if not is_last]
    before = [number for is_last, *numbers in found if is_last for number in numbers]
    ends = [
        End(str(tier), float(bound), int(number))
        for (tier, bound), number in zip(bounds, before, strict=False)
        if number
    ]
    number, total = points[-1] if points else (0, 0)
    return Curve(number, total, points, ends)


def _before(cut: int) -> str:
    """How many accounts have a smaller share before them than `cut` basis points; in whole cents, as the ladder."""
    whole = "CAST(total AS bigint)"
    limit = (
        f"({cut} * ({whole} / {BASIS_POINTS})"
        f" + ({cut} * ({whole} - {whole} / {BASIS_POINTS} * {BASIS_POINTS}) + {BASIS_POINTS - 1}) / {BASIS_POINTS})"
    )
    return f"COUNT(*) FILTER (WHERE reached - value_cents < {limit})"


def tier_parts(scope: Scope) -> list[TierPart]:
    """Accounts and revenue of each tier, A first; accounts without a tier are none of it. One statement."""
    rows = (
        scope.assessments.filter(tier__isnull=False)
        .values_list("tier")
        .annotate(accounts=Count("pk"), revenue=Sum("revenue_cents"))
    )
    found = {tier: (accounts, revenue) for tier, accounts, revenue in rows}
    accounts = sum(number for number, _revenue in found.values())
    revenue = sum(cents for _number, cents in found.values())
    return [
        TierPart(tier, *found[tier], share(found[tier][0], accounts), share(found[tier][1], revenue))
        for tier in Tier.values
        if tier in found
    ]


def largest(scope: Scope, total: int) -> list[dict[str, Any]]:
    """The accounts of the most value, with their share of `total` cents."""
    rows = ranked(scope).order_by("-value_cents", "account__code")
    return [
        row | {"share": share(row["value_cents"], total)}
        for row in rows.values("account_id", "account__name", "account__code", "tier", "value_cents")[
            :LARGEST
        ]
    ]


def lines(scope: Scope) -> Iterator[list[Any]]:
    """Every ranked account for a file, the largest first, with the share that all up to it bring."""
    rows = ranked(scope)
    total = rows.aggregate(total=Sum("value_cents"))["total"] or 0
    reached = 0
    fields = (
        "account__code",
        "account__name",
        "account__owner__name",
        "tier",
        "value_cents",
        "revenue_cents",
    )
    for code, name, owner, tier, value, revenue in (
        rows.order_by("-value_cents", "account__code").values_list(*fields).iterator(chunk_size=5000)
    ):
        reached += value
        yield [code, name, owner or "", tier or "", revenue, value, share(reached, total)]
