"""The list as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm.lists.columns import Kind
from crm.lists.exporting import file_of
from crm.look import figures
from crm.team.requests import Request
from segmentation.change_list import Show
from segmentation.change_rows import Row, rows_of
from segmentation.models import TierChange
from segmentation.views.asking import Review, reviewers_only

READ_AT_ONCE = 500


@reviewers_only
@require_GET
def export(request: Request) -> HttpResponseBase:
    """The list as it is narrowed and sorted, all pages of it: CSV, or with `?form=xlsx` an XLSX."""
    review = Review(request)
    return file_of(
        "xlsx" if request.GET.get("form") == "xlsx" else "csv",
        name=f"tier-changes-{review.run.as_of:%Y-%m-%d}",
        title=_("Tier changes"),
        heads=_heads(),
        rows=_rows(review),
    )


def _heads() -> list[tuple[str, Kind]]:
    return [
        (_("Code"), Kind.TEXT), (_("Account"), Kind.TEXT), (_("Sales rep"), Kind.TEXT), (_("From"), Kind.TEXT),
        (_("Proposed"), Kind.TEXT), (_("What decided"), Kind.TEXT), (_("Revenue"), Kind.MONEY),
        (_("Revenue before"), Kind.MONEY), (_("Complaints"), Kind.NUMBER), (_("Contact minutes"), Kind.NUMBER),
        (_("State"), Kind.TEXT), (_("To"), Kind.TEXT), (_("Reason"), Kind.TEXT), (_("Note"), Kind.TEXT),
        (_("Decided by"), Kind.TEXT), (_("Decided on"), Kind.DAY),
    ]  # fmt: skip


def _rows(review: Review) -> Iterator[list[Any]]:
    ids = [pk for pk, _state in review.listed]
    words, mine = review.reasons.names, review.filters.show != Show.OTHERS
    for start in range(0, len(ids), READ_AT_ONCE):
        part = review.shown.filter(pk__in=ids[start : start + READ_AT_ONCE])
        for row in rows_of(part, run=review.run, previous=review.previous, mine=mine, reasons=words):
            yield _values(row)


def _values(row: Row) -> list[Any]:
    change, found = row.change, row.assessment
    decided = change.state != TierChange.State.PROPOSED
    return [
        change.code,
        change.account,
        change.owner or "",
        change.from_tier,
        change.found_tier,
        row.decided_by,
        found.revenue_cents if found else None,
        row.revenue_before,
        found.complaints if found else None,
        found.contact_minutes if found else None,
        row.state,
        change.to_tier if decided else None,
        row.reason,
        change.note,
        change.actor or "",
        figures.local_date(change.decided_at) if change.decided_at else None,
    ]
