"""Workbooks (XLSX) as tables. Calamine reads the values; what it passes over in silence is looked for before."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from accounts.importing.archive import Archive, column_name
from accounts.importing.reasons import ImportRefused
from accounts.importing.recognising import ReadingOptions, Recognised
from accounts.importing.separated import rows_above_header
from accounts.importing.tables import Record, Table

LARGEST_WORKBOOK = 50 * 2**20
"""Bytes, packed (docs/domain.md, section 10)."""
MOST_CELLS = 30_000_000
"""Rows times columns of a sheet: calamine keeps empty cells too."""
_PEEKED_ROWS = 60
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass
class SheetTable:
    """One sheet of a workbook whose header has been read. A record's line is the row of the sheet."""

    header: list[str]
    header_line: int
    rows: Iterator[tuple[int, list[str]]]
    digest: str
    recognised: Recognised
    sheets: list[str] = field(default_factory=list)
    """Those that hold anything."""

    def records(self) -> Iterator[Record]:
        """The rows below the header, once. Empty ones are none."""
        out = io.StringIO()
        writer = csv.writer(out)
        for number, cells in self.rows:
            if any(cells):
                writer.writerow(cells)
                text = out.getvalue()
                out.seek(0)
                out.truncate()
                yield number, cells, text

    def fields(self, text: str) -> list[str]:
        """The fields of a record from its text."""
        return next(csv.reader([text], strict=True))

    def sha256(self) -> str:
        """The digest of the file, in hexadecimal."""
        return self.digest


def open_workbook(
    path: Path, options: ReadingOptions, *, sha256: str, packed: bool, first_rows: int = 0
) -> SheetTable:
    """Read one sheet of a workbook: the one that was asked for, or the first that holds anything.

    first_rows: so many rows are enough; 0: all of them.

    The whole sheet is held in memory, up to MOST_CELLS cells. Raises ImportRefused for what is no workbook, is damaged,
    protected or made to fill the memory, and for formulas that were stored without their values.
    """
    recognised = Recognised(format="xlsx", compressed=packed)
    with path.open("rb") as file:
        archive = Archive(path, file)
        parts = archive.sheets()
        sheets = [name for name, part in parts.items() if archive.holds_anything(part)]
        name = recognised.sheet = _chosen(options.sheet, list(parts), sheets)
        if first_rows:
            with tempfile.NamedTemporaryFile(prefix="import-") as copy:
                short = Path(copy.name)
                if archive.copy_beginning(parts[name], first_rows, short):
                    header, rows = _sheet(short, Archive(short, copy.file), parts[name], recognised)
                    return SheetTable(header, recognised.header_line, rows, sha256, recognised, sheets)
        header, rows = _sheet(path, archive, parts[name], recognised)
        return SheetTable(header, recognised.header_line, rows, sha256, recognised, sheets)


def _sheet(
    path: Path, archive: Archive, part: str, recognised: Recognised
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header of a sheet, whose line is noted, and the rows below."""
    name = recognised.sheet
    for shared in ("xl/sharedStrings.xml", "xl/styles.xml"):
        archive.check(shared)
    scan = archive.scan(part)
    if scan.unreckoned:
        raise ImportRefused(
            _(
                "Cell %(cell)s of the sheet “%(sheet)s” holds a formula whose value was not stored. "
                "Open the workbook in a spreadsheet program and save it, or save the sheet as “CSV UTF-8”."
            )
            % {"cell": scan.unreckoned[0], "sheet": name}
        )
    if scan.rows * scan.columns > MOST_CELLS:
        raise ImportRefused(
            _(
                "The sheet “%(sheet)s” reaches to column %(column)s and row %(row)s, more than can be read. "
                "Delete what stands far away from the table, or save the sheet as “CSV UTF-8”."
            )
            % {"sheet": name, "column": column_name(scan.columns - 1), "row": f"{scan.rows:,}"}
        )
    rows = _rows(_read(path, name), scan.errors)
    peeked = list(islice(rows, _PEEKED_ROWS))
    del peeked[: rows_above_header([cells for _number, cells in peeked])]
    if not peeked or not any(peeked[0][1]):
        raise ImportRefused(_("The sheet “%(sheet)s” is empty.") % {"sheet": name})
    recognised.header_line, header = peeked.pop(0)
    return [" ".join(column.split()) for column in header], chain(peeked, rows)


def sheets_of(table: Table) -> list[str]:
    """The sheets of a workbook that hold anything; none of other tables."""
    return table.sheets if isinstance(table, SheetTable) else []


def check_no_old_workbook(start: bytes, again: Callable[[], Any]) -> None:
    """Raise ImportRefused for a workbook in the format of before 2007, or one that a password protects."""
    if not start.startswith(_OLD_WORKBOOK):
        return
    with again() as file:
        content = file.read(LARGEST_WORKBOOK)
    if _ENCRYPTED in content:
        raise ImportRefused(_("The workbook is protected by a password. Save it without one."))
    raise ImportRefused(
        _("The workbook is in the format of before 2007 (XLS). Save it as XLSX or “CSV UTF-8”.")
    )


def _chosen(asked: str, there: list[str], filled: list[str]) -> str:
    if asked:
        if asked not in there:
            raise ImportRefused(
                _("The workbook has no sheet “%(sheet)s”. Its sheets: %(sheets)s.")
                % {"sheet": asked, "sheets": ", ".join(there)}
            )
        return asked
    if not filled:
        raise ImportRefused(
            _("The workbook is empty. A sheet must hold the names of the columns, and rows below.")
        )
    return filled[0]


def _read(path: Path, name: str) -> CalamineSheet:
    try:
        workbook = CalamineWorkbook.from_path(path)
        try:
            return workbook.get_sheet_by_name(name)
        finally:
            workbook.close()
    except (CalamineError, OSError) as error:
        raise ImportRefused(
            _(
                "The workbook is damaged (%(reason)s). Open it in a spreadsheet program and save it anew as XLSX."
            )
            % {"reason": str(error)[:200]}
        ) from error


def _rows(sheet: CalamineSheet, errors: dict[tuple[int, int], str]) -> Iterator[tuple[int, list[str]]]:
    """Number, from 1, and texts of every row; columns before the first that is used are left out."""
    if sheet.start is None:
        return
    first_column = sheet.start[1]
    of_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), error in errors.items():
        of_row.setdefault(row, []).append((column - first_column, error))
    for row, values in enumerate(sheet.iter_rows()):
        cells = [value if type(value) is str else text_of(value) for value in values]
        for column, error in of_row.get(row, ()):
            if 0 <= column < len(cells):
                cells[column] = error
        yield row + 1, cells


def text_of(value: Any) -> str:
    """A typed cell as the text that means the same in every file, whatever its other texts look like."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        if value.time() == dt.time():
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _number(value: float) -> str:
    """As a spreadsheet shows it, with 15 digits. Integers come from cells as floats: 17850.0 is the code 17850."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    if "e" in text:
        text = format(Decimal(text), "f")
    # 1.234 might be read as a thousand and more where other texts of the file have decimal commas; 1.2340 never is.
    return text + "0" if len(text) - text.find(".") == 4 and "." in text else text
