"""The accounts that a simulation kept: which movement, in which order, as rows of a page and of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext as _

from crm.lists.columns import Kind
from segmentation.models import SimulatedAccount
from segmentation.simulation import moving
from segmentation.wording import rung_titles

HELD = "held"
READ = (
    *("previous_tier", "tier", "in_force_tier", "trail", "revenue_cents", "previous_revenue_cents"),
    *("account_id", "account__code", "account__name", "account__owner__name"),
)
"""The fields of a row."""


def _rank(field: str) -> Case:
    whens = [When(**{field: tier}, then=Value(place)) for place, tier in enumerate("ABC")]
    return Case(*whens, default=Value(3), output_field=IntegerField())


def asked_for(rows: QuerySet[SimulatedAccount], move: str) -> tuple[QuerySet[SimulatedAccount], str]:
    """Those of a movement ("A-B", "none-C"), those the band holds ("held"), or all that move; and which it is.

    By movement, the largest first. A movement that means nothing is read as all.
    """
    before, _dash, after = move.partition("-")
    if move == HELD:
        rows = rows.filter(held=True)
    else:
        rows = moving(rows)
        if before in (*"ABC", "none") and after in (*"ABC", "none"):
            for field, tier in (("previous_tier", before), ("tier", after)):
                rows = rows.filter(**({f"{field}__isnull": True} if tier == "none" else {field: tier}))
        else:
            move = ""
    return rows.order_by(_rank("previous_tier"), _rank("tier"), "-revenue_cents", "account__code"), move


def grouped(rows: Iterable[dict[str, Any]]) -> list[tuple[str | None, str | None, list[dict[str, Any]]]]:
    """(tier before, tier after, rows with what decided) of rows in their order, as values of READ."""
    titles = rung_titles()
    listed = [row | {"decided": decided(row["trail"], titles)} for row in rows]
    return [
        (before, after, list(together))
        for (before, after), together in groupby(listed, key=lambda row: (row["previous_tier"], row["tier"]))
    ]


def decided(trail: str, titles: dict[str, str]) -> str:
    """The name of the rung that gave the tier; "" where nothing was bought."""
    return titles.get(trail.rsplit(">", 1)[-1].partition(":")[0], "") if trail else ""


def heads() -> list[tuple[str, Kind]]:
    """The columns of the file."""
    return [
        (_("Code"), Kind.TEXT), (_("Account"), Kind.TEXT), (_("Sales rep"), Kind.TEXT), (_("From"), Kind.TEXT),
        (_("To"), Kind.TEXT), (_("With the policy in force"), Kind.TEXT), (_("What decided"), Kind.TEXT),
        (_("Revenue"), Kind.MONEY), (_("Revenue before"), Kind.MONEY),
    ]  # fmt: skip


def lines(rows: QuerySet[SimulatedAccount]) -> Iterator[list[Any]]:
    """The rows of the file."""
    titles = rung_titles()
    for row in rows.values(*READ).iterator(chunk_size=2000):
        yield [
            row["account__code"],
            row["account__name"],
            row["account__owner__name"] or "",
            row["previous_tier"] or "",
            row["tier"] or "",
            row["in_force_tier"] or "",
            decided(row["trail"], titles),
            row["revenue_cents"],
            row["previous_revenue_cents"],
        ]
