"""Which accounts have another tier in one run than in an earlier one, as the runs found them (docs/domain.md, 8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.models import Tier
from crm.lists.sums import over
from segmentation.insight.scope import Scope
from segmentation.models import TierAssessment, TieringRun

NONE = "none"
"""No tier, or no such account yet."""
TIERS = (*Tier.values, NONE)


class Cell(NamedTuple):
    """Accounts that went from one tier to another, and their revenue in the later run, in cents."""

    before: str
    after: str
    accounts: int
    revenue_cents: int

    @property
    def key(self) -> str:
        """As in addresses: "A-B"."""
        return f"{self.before}-{self.after}"

    @property
    def tone(self) -> str:
        """ "up", "down" or "" for those that stay."""
        one, other = TIERS.index(self.before), TIERS.index(self.after)
        return "up" if other < one else "down" if other > one else ""


def matrix(scope: Scope, earlier: TieringRun) -> dict[tuple[str, str], Cell]:
    """By (before, after), every pair but none to none. One statement."""
    rows = scope.assessments.values_list("account_id", "tier", "revenue_cents")
    found = over(
        rows,
        """
        SELECT COALESCE(b.tier, 'none'), COALESCE(a.tier, 'none'), COUNT(*), CAST(SUM(a.revenue_cents) AS bigint)
        FROM {rows} AS a
        LEFT JOIN segmentation_tierassessment b ON b.account_id = a.account_id AND b.run_id = %s
        GROUP BY 1, 2
        """,
        [earlier.pk],
    )
    cells = {
        (before, after): Cell(before, after, accounts, cents) for before, after, accounts, cents in found
    }
    cells.pop((NONE, NONE), None)
    return cells


def accounts(scope: Scope, earlier: TieringRun, before: str, after: str) -> QuerySet[TierAssessment]:
    """The assessments of the later run of the accounts in one cell, annotated with `tier_before`, largest first."""
    then = TierAssessment.objects.filter(run=earlier, account=OuterRef("account_id")).order_by()
    rows = scope.assessments.annotate(tier_before=Subquery(then.values("tier")[:1]))
    for field, tier in (("tier_before", before), ("tier", after)):
        rows = rows.filter(Q(**{f"{field}__isnull": True}) if tier == NONE else Q(**{field: tier}))
    return rows.order_by("-revenue_cents", "account__code")


def lines(scope: Scope, earlier: TieringRun) -> Iterator[list[Any]]:
    """Every account whose tier is another, for a file: code, name, owner, before, after, revenue, revenue before."""
    then = TierAssessment.objects.filter(run=earlier, account=OuterRef("account_id")).order_by()
    rows = scope.assessments.annotate(tier_before=Subquery(then.values("tier")[:1])).order_by("account__code")
    fields = ("account__code", "account__name", "account__owner__name", "tier_before", "tier")
    money = ("revenue_cents", "previous_revenue_cents")
    for code, name, owner, before, after, revenue, previous in rows.values_list(*fields, *money).iterator(
        chunk_size=5000
    ):
        if before != after:
            yield [code, name, owner or "", before or "", after or "", revenue, previous]
