"""A run's assessments as CSV (docs/domain.md, 10): the same bytes on every database."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from segmentation.models import TierAssessment, TieringRun

HEADER = (
    "code", "tier", "revenue", "previous_revenue", "preceding_share", "active_quarters", "orders", "tenure_months",
    "days_since_purchase", "mean_gap_days", "late_share", "trail",
)  # fmt: skip


class _Line:
    """What csv.writer writes to: it hands the finished line back."""

    def write(self, line: str) -> str:
        return line


def assessment_lines(run: TieringRun) -> Iterator[str]:
    """The header, then one line per account, ordered by code point; each ends with LF.

    Money with two decimals; shares and gaps with six, from the exact quotient; empty for None.
    """
    writer = csv.writer(_Line(), lineterminator="\n")
    yield writer.writerow(HEADER)
    rows = TierAssessment.objects.filter(run=run).order_by("account__code")
    for (
        code, tier, revenue, previous_revenue, preceding, ranked, active_quarters, orders, tenure_months,
        days_since_purchase, gap_days, gap_count, late, due, trail,
    ) in rows.values_list(
        "account__code", "tier", "revenue_cents", "previous_revenue_cents", "preceding_cents", "ranked_cents",
        "active_quarters", "orders", "tenure_months", "days_since_purchase", "gap_days", "gap_count", "late_cents",
        "due_cents", "trail",
    ).iterator(chunk_size=5000):  # fmt: skip
        yield writer.writerow(
            [
                code,
                tier or "",
                decimals(revenue, 100, 2),
                decimals(previous_revenue, 100, 2),
                decimals(preceding, ranked, 6),
                active_quarters,
                orders,
                "" if tenure_months is None else tenure_months,
                "" if days_since_purchase is None else days_since_purchase,
                decimals(gap_days, gap_count, 6),
                decimals(late, due, 6),
                trail,
            ]
        )


def decimals(numerator: int | None, denominator: int | None, places: int) -> str:
    """The exact quotient with so many decimals, halves away from zero; "" where either is None. denominator > 0."""
    if numerator is None or denominator is None:
        return ""
    scale = 10**places
    figure = (abs(numerator) * scale * 2 + denominator) // (2 * denominator)
    sign = "-" if numerator < 0 and figure else ""
    return f"{sign}{figure // scale}.{figure % scale:0{places}d}"
