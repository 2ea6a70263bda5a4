"""What a list shows, as a file for a spreadsheet: filters, order and columns as on the page, all pages of it.

Rows flow from the database into the file, so that a long list takes no more memory than a short one. A text that a
spreadsheet would take for a formula stays text: CSV has nothing but an apostrophe for that, XLSX has typed cells.
"""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.messages import ERROR
from django.http import FileResponse, Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from crm.lists.asking import Asked
from crm.lists.columns import Column, Kind
from crm.lists.paging import COUNTED
from crm.look import figures
from crm.look.toast import toast

MOST = {"csv": 200_000, "xlsx": 50_000}
"""Rows that a file may have. A CSV flows; an XLSX is finished before its first byte can be sent."""
CHUNK = 2000
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
LONGEST_CELL = 32_767
"""Letters that Excel takes in one cell."""
WIDEST = 60


def answer_with(asked: Asked, form: str) -> HttpResponseBase:
    """The file; a list that is too long is sent back with a word about it. Raises Http404 for another form."""
    most = MOST.get(form)
    if most is None:
        raise Http404
    number = asked.rows.order_by()[: most + 1].count()
    if number > most:
        words = _("A file takes %(number)s rows and this list has more. Filter it first, or export CSV.")
        if form == "csv":
            words = _("A file takes %(number)s rows and this list has more. Filter it first.")
        toast(asked.request, words % {"number": figures.number(most)}, level=ERROR)
        return redirect(asked.address())
    return file_of(
        form,
        name=f"{asked.listing.slug}-{asked.today:%Y-%m-%d}",
        title=str(asked.listing.title),
        heads=heads(asked.columns),
        rows=exported(asked, many=number > COUNTED),
    )


def file_of(
    form: str, *, name: str, title: str, heads: Sequence[tuple[str, Kind]], rows: Iterator[list[Any]]
) -> HttpResponseBase:
    """A file for a spreadsheet, "csv" or "xlsx", named without its ending; each row has a value for each head."""
    if form == "xlsx":
        return FileResponse(_workbook(title, heads, rows), as_attachment=True, filename=f"{name}.xlsx")
    answer = StreamingHttpResponse(_lines(heads, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def exported(asked: Asked, *, many: bool) -> Iterator[list[Any]]:
    """The values of each row, in the order of the page. many: as for Asked.fetched."""
    columns = asked.columns
    waiting: list[dict[str, Any]] = []

    def done() -> Iterator[list[Any]]:
        asked.listing.attach(waiting, columns, asked.request)
        for row in waiting:
            yield [column.worth(row) for column in columns]

    for row in asked.fetched(many=many).iterator(chunk_size=CHUNK):
        waiting.append(row)
        if len(waiting) == CHUNK:
            yield from done()
            waiting.clear()
    yield from done()


def heads(columns: Sequence[Column]) -> list[tuple[str, Kind]]:
    """The words of the first line, and what stands below each; money says its currency."""
    return [
        (
            f"{column.label} ({settings.BASE_CURRENCY})" if column.kind is Kind.MONEY else str(column.label),
            column.kind,
        )
        for column in columns
    ]


# CSV ----------------------------------------------------------------------------------------------------------------
class _Line:
    """What csv.writer writes to: it hands the finished line back."""

    def write(self, line: str) -> str:
        return line


def _lines(heads: Sequence[tuple[str, Kind]], rows: Iterator[list[Any]]) -> Iterator[str]:
    """UTF-8 with a mark, commas, CRLF; dates as 2026-10-13, figures with a point."""
    writer = csv.writer(_Line())
    first = writer.writerow([words for words, _kind in heads])
    yield "\ufeff" + first  # without the mark, spreadsheets take UTF-8 for something else
    kinds = [kind for _words, kind in heads]
    lines: list[str] = []
    for row in rows:
        lines.append(writer.writerow([plain(kind, worth) for kind, worth in zip(kinds, row, strict=True)]))
        if len(lines) == CHUNK:  # few large pieces: each one goes through the whole server
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def plain(kind: Kind, worth: Any) -> str:
    """One cell of a CSV file."""
    if worth is None:
        return ""
    match kind:
        case Kind.MONEY:
            sign, cents = ("-" if worth < 0 else ""), abs(int(worth))
            return f"{sign}{cents // 100}.{cents % 100:02d}"
        case Kind.DAY:
            return worth.isoformat()
        case Kind.PERCENT:
            return f"{worth:.4f}"
        case Kind.NUMBER:
            return format(worth.normalize(), "f") if isinstance(worth, Decimal) else str(worth)
        case Kind.YES:
            return _("yes") if worth else ""
        case _:
            return safe(str(worth))


def safe(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) else text


# XLSX ---------------------------------------------------------------------------------------------------------------
_FORMATS = {
    Kind.MONEY: "#,##0.00",
    Kind.DAY: "yyyy-mm-dd",
    Kind.PERCENT: "0.0%",
    Kind.NUMBER: "#,##0.##",
}
_WIDTHS = {Kind.MONEY: 14, Kind.DAY: 12, Kind.PERCENT: 10, Kind.NUMBER: 10, Kind.YES: 8}


def _workbook(title: str, heads: Sequence[tuple[str, Kind]], rows: Iterator[list[Any]]) -> Any:
    """A temporary file, at its beginning; it is gone as soon as it is closed."""
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  # the answer closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(file, options)
    sheet = book.add_worksheet(title[:31])
    head = book.add_format({"bold": True, "bottom": 1})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
    sheet.freeze_panes(1, 0)
    widths = [max(len(words), _WIDTHS.get(kind, 0)) for words, kind in heads]
    for at, (words, _kind) in enumerate(heads):
        sheet.write_string(0, at, words, head)
    line = 0
    for line, row in enumerate(rows, start=1):
        for at, ((_words, kind), worth) in enumerate(zip(heads, row, strict=True)):
            if worth is None or worth == "":
                continue
            if kind is Kind.MONEY:
                sheet.write_number(line, at, int(worth) / 100, formats[kind])
            elif kind is Kind.DAY:
                sheet.write_datetime(line, at, dt.datetime.combine(worth, dt.time()), formats[kind])
            elif kind in (Kind.NUMBER, Kind.PERCENT):
                sheet.write_number(line, at, worth, formats[kind])
            elif kind is Kind.YES:
                sheet.write_boolean(line, at, bool(worth))
            else:
                text = str(worth)[:LONGEST_CELL]
                sheet.write_string(line, at, text)
                widths[at] = max(widths[at], len(text))
    for at, width in enumerate(widths):
        sheet.set_column(at, at, min(width + 2, WIDEST))
    sheet.autofilter(0, 0, line, len(heads) - 1)
    book.close()
    file.seek(0)
    return file
