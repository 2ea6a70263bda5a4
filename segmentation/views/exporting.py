"""The list as a file for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm.look import figures
from crm.team.requests import Request
from segmentation.change_rows import Row, rows_of
from segmentation.exporting import decimals
from segmentation.models import TierChange
from segmentation.views.asking import Review, reviewers_only


@reviewers_only
@require_GET
def export(request: Request) -> HttpResponseBase:
    """The list as it is narrowed and sorted, all pages of it, as CSV for a spreadsheet."""
    review = Review(request)
    answer = StreamingHttpResponse(_lines(review), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="tier-changes-{review.run.as_of:%Y-%m-%d}.csv"'
    return answer


class _Line:
    """What csv.writer writes to: it hands the finished line back."""

    def write(self, line: str) -> str:
        return line


def _lines(review: Review) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff"  # without it, spreadsheets take UTF-8 for something else
    yield writer.writerow(
        [
            _("Code"), _("Account"), _("Sales rep"), _("From"), _("Proposed"), _("What decided"), _("Revenue"),
            _("Revenue before"), _("Complaints"), _("Contact minutes"), _("State"), _("To"), _("Reason"), _("Note"),
            _("Decided by"), _("Decided on"),
        ]
    )  # fmt: skip
    ids = [pk for pk, _state in review.listed]
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        for row in rows_of(review.all_changes, part, run=review.run, previous=review.previous):
            yield writer.writerow([_safe(cell) for cell in _cells(row)])


def _cells(row: Row) -> list[str]:
    change, found = row.change, row.assessment
    decided = change.state != TierChange.State.PROPOSED
    return [
        change.account.code,
        change.account.name,
        str(change.account.owner or ""),
        change.from_tier or "",
        change.found_tier or "",  # type: ignore[attr-defined]
        row.decided_by,
        decimals(found.revenue_cents, 100, 2) if found else "",
        decimals(change.revenue_before, 100, 2),  # type: ignore[attr-defined]
        str(found.complaints) if found else "",
        str(found.contact_minutes) if found else "",
        change.get_state_display(),
        (change.to_tier or "") if decided else "",
        change.get_reason_display(),
        change.note,
        str(change.actor or ""),
        figures.local_date(change.decided_at).isoformat() if change.decided_at else "",
    ]


def _safe(cell: str) -> str:
    """A text that a spreadsheet does not take for a formula: one that begins like one gets an apostrophe."""
    if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(cell: str) -> bool:
    digits = cell.removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()
