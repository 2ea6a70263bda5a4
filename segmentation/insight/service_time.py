"""Sales against service time: by tier, and where one account has much of the one and little of the other (4.4, 8).

Much and little are told by the median of the account's tier: the middle account, the lower of two. Minutes are those of
the run's window, as its evidence has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from crm.lists.sums import over, share
from segmentation.insight.scope import Scope
from segmentation.models import TierAssessment

MUCH_TIME, LITTLE_TIME = "much-time", "little-time"
NAMED = 10
MINUTES = (0, 30, 60, 120, 240, 480)
"""Columns of the grid: none, up to so many minutes each, and more."""
CENTS = tuple(100 * amount for amount in (0, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000))
"""Rows of the grid: nothing, up to so many cents each, and more."""


@dataclass(frozen=True)
class TierTime:
    """One tier: accounts, revenue in cents, minutes; the medians of both; shares of all tiers as fractions."""

    tier: str
    accounts: int
    revenue_cents: int
    minutes: int
    median_cents: int
    median_minutes: int
    revenue_share: float | None
    minutes_share: float | None

    @property
    def cents_an_hour(self) -> int | None:
        """Revenue for each hour of contact; None where there was none."""
        return per_hour(self.revenue_cents, self.minutes)


def per_hour(cents: int, minutes: int) -> int | None:
    """Cents for each hour of contact, rounded down; None without contact."""
    return cents * 60 // minutes if minutes else None


_SUMS = "SELECT tier, COUNT(*), CAST(SUM(revenue_cents) AS bigint), CAST(SUM(contact_minutes) AS bigint)"
_MEDIANS = {
    "postgresql": f"""
        {_SUMS}, percentile_disc(0.5) WITHIN GROUP (ORDER BY revenue_cents),
            percentile_disc(0.5) WITHIN GROUP (ORDER BY contact_minutes)
        FROM {{rows}} AS found GROUP BY tier ORDER BY tier
        """,
    # Which has no percentiles; on PostgreSQL this takes three times as long.
    "sqlite": f"""
        {_SUMS}, MAX(revenue_cents) FILTER (WHERE by_revenue = (number + 1) / 2),
            MAX(contact_minutes) FILTER (WHERE by_minutes = (number + 1) / 2)
        FROM (
            SELECT tier, revenue_cents, contact_minutes, COUNT(*) OVER (PARTITION BY tier) AS number,
                ROW_NUMBER() OVER (PARTITION BY tier ORDER BY revenue_cents) AS by_revenue,
                ROW_NUMBER() OVER (PARTITION BY tier ORDER BY contact_minutes) AS by_minutes
            FROM {{rows}} AS found
        ) AS placed
        GROUP BY tier ORDER BY tier
        """,
}


def tier_times(scope: Scope) -> list[TierTime]:
    """Each tier that has accounts, A first. One statement."""
    rows = scope.assessments.filter(tier__isnull=False).values_list(
        "tier", "contact_minutes", "revenue_cents"
    )
    found = over(
        rows,
        _MEDIANS[connection.vendor],
    )
    revenue, minutes = sum(row[2] for row in found), sum(row[3] for row in found)
    return [
        TierTime(*row[:6], share(row[2], revenue), share(row[3], minutes))  # type: ignore[call-arg]
        for row in found
    ]


def corner(scope: Scope, times: list[TierTime], which: str, tier: str = "") -> QuerySet[TierAssessment]:
    """The accounts of one corner, of one tier or all: MUCH_TIME with little sales, or LITTLE_TIME with much sales.

    Those come first of which there is the most of what there is much.
    """
    condition = Q(pk__in=())
    for one in times:
        if tier in ("", one.tier):
            much, little = (
                Q(contact_minutes__gt=one.median_minutes, revenue_cents__lt=one.median_cents),
                Q(contact_minutes__lt=one.median_minutes, revenue_cents__gt=one.median_cents),
            )
            condition |= Q(tier=one.tier) & (much if which == MUCH_TIME else little)
    order = (
        ("-contact_minutes", "revenue_cents") if which == MUCH_TIME else ("-revenue_cents", "contact_minutes")
    )
    return scope.assessments.filter(condition).order_by(*order, "account__code")


def grid(scope: Scope) -> dict[tuple[int, int], int]:
    """How many accounts with a tier stand in each (column of MINUTES, row of CENTS). One statement."""
    rows = scope.assessments.filter(tier__isnull=False).values_list("contact_minutes", "revenue_cents")
    text = f"""
        SELECT {_bin("contact_minutes", MINUTES)}, {_bin("revenue_cents", CENTS)}, COUNT(*)
        FROM {{rows}} AS found GROUP BY 1, 2
    """
    return {(column, row): number for column, row, number in over(rows, text)}


def _bin(column: str, ends: tuple[int, ...]) -> str:
    whens = " ".join(f"WHEN {column} <= {end} THEN {place}" for place, end in enumerate(ends))
    return f"CASE {whens} ELSE {len(ends)} END"


def lines(scope: Scope) -> Iterator[list[Any]]:
    """Every account with a tier, for a file: code, name, owner, tier, revenue, minutes, revenue an hour."""
    rows = scope.assessments.filter(tier__isnull=False).order_by("account__code")
    fields = (
        "account__code",
        "account__name",
        "account__owner__name",
        "tier",
        "revenue_cents",
        "contact_minutes",
    )
    for code, name, owner, tier, revenue, minutes in rows.values_list(*fields).iterator(chunk_size=5000):
        yield [code, name, owner or "", tier, revenue, minutes, per_hour(revenue, minutes)]
