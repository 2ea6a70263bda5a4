"""From a file to records: what kind of file it is, and who reads it. Knows nothing of purchases."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from accounts.importing.habits import habits_of_rows
from accounts.importing.reasons import ImportRefused
from accounts.importing.recognising import ReadingOptions, Recognised
from accounts.importing.separated import Hashing, check_ratio, damage_explained, open_separated, take_census
from accounts.importing.tables import Record, Table
from accounts.importing.workbook import LARGEST_WORKBOOK, check_no_old_workbook, open_workbook, sheets_of

__all__ = ["SAMPLE_ROWS", "Look", "ReadingOptions", "Recognised", "Record", "Table", "look_at", "open_table"]

SAMPLE_ROWS = 200
_HABIT_ROWS = 5000  # of which `look_at` says how they write numbers and days
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
_AS_IT_IS = ReadingOptions()


@contextmanager
def open_table(path: Path, options: ReadingOptions = _AS_IT_IS) -> Iterator[Table]:
    """Open a file of separated values or a workbook (XLSX), plain or compressed by gzip.

    What it is, is told from its content, not from its name; `options` say what need not be told. What was recognised
    stands in `recognised`, the encoding there once the first letter beyond ASCII was read. Raises ImportRefused, here
    and while it is read.
    """
    with _table(path, options) as table:
        yield table


@contextmanager
def _table(path: Path, options: ReadingOptions, *, first_rows: int = 0) -> Iterator[Table]:
    """`first_rows`: so many rows of a workbook are enough; 0: all."""
    with _opened(path) as file:
        hashing = Hashing(file)
        plain: io.BufferedReader[Any] = io.BufferedReader(hashing)
        with damage_explained(0):
            packed = plain.peek(2)[:2] == _GZIP
            if packed:
                plain = io.BufferedReader(gzip.GzipFile(fileobj=plain))
            start = plain.peek(512)[:512]
        if start.startswith(_ZIP):
            with _unpacked(plain, hashing, path, packed=packed) as workbook:
                yield open_workbook(
                    workbook,
                    options,
                    sha256=hashing.digest.hexdigest(),
                    packed=packed,
                    first_rows=first_rows,
                )
            return
        _check_no_other_format(start, path, packed=packed)
        yield open_separated(
            plain, hashing=hashing, packed=packed, again=lambda: _again(path, packed=packed), options=options
        )


@dataclass(frozen=True)
class Look:
    """The first rows of a file, for people who say what its columns are."""

    recognised: Recognised
    header: list[str]
    sample: list[list[str]]
    """Up to SAMPLE_ROWS rows, each as wide as the header."""
    sheets: list[str]
    """The sheets of a workbook that hold anything; empty for other files."""


def look_at(path: Path, options: ReadingOptions = _AS_IT_IS) -> Look:
    """Recognise a file and read its first rows. Raises ImportRefused where it cannot be read so far.

    Its encoding is told by the whole file, numbers and days by the first 5,000 rows: what comes later may tell more.
    """
    with _table(path, options, first_rows=_HABIT_ROWS) as table:
        width = len(table.header)
        rows = [fields for _line, fields, _text in islice(table.records(), _HABIT_ROWS)]
        recognised = table.recognised
        if recognised.encoding == "ascii":
            census = take_census(lambda: _again(path, packed=recognised.compressed))
            if census.whole or census.broken:
                recognised.encoding = options.encoding or census.encoding()
        habits_of_rows(rows, options).say(recognised)
        sample = [(fields + [""] * (width - len(fields)))[:width] for fields in rows[:SAMPLE_ROWS]]
        return Look(recognised, table.header, sample, sheets_of(table))


@contextmanager
def _opened(path: Path) -> Iterator[io.FileIO]:
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise ImportRefused(
            _("%(file)s cannot be opened: %(reason)s.") % {"file": path, "reason": error.strerror}
        ) from error
    with file:
        yield file


@contextmanager
def _again(path: Path, *, packed: bool) -> Iterator[Any]:
    with _opened(path) as file:
        yield gzip.GzipFile(fileobj=file) if packed else file


@contextmanager
def _unpacked(plain: io.BufferedReader[Any], hashing: Hashing, path: Path, *, packed: bool) -> Iterator[Path]:
    """The path of a workbook, read to its end so that its digest is known; of a compressed one a passing copy."""
    with tempfile.NamedTemporaryFile(prefix="import-") as copy:
        size = 0
        with damage_explained(0):
            while chunk := plain.read(2**20):
                size += len(chunk)
                check_ratio(size, hashing.count)
                if size > LARGEST_WORKBOOK:
                    raise ImportRefused(
                        _(
                            "The workbook is larger than %(limit)s MB. "
                            "Save the sheet as “CSV UTF-8”, which has no limit."
                        )
                        % {"limit": LARGEST_WORKBOOK >> 20}
                    )
                if packed:
                    copy.write(chunk)
        copy.flush()
        yield Path(copy.name) if packed else path


def _check_no_other_format(start: bytes, path: Path, *, packed: bool) -> None:
    """Raise ImportRefused for a file that is neither text nor a workbook, and say what to do with it."""
    if start.startswith(_GZIP):
        raise ImportRefused(_("The file is compressed twice. Unpack it once."))
    check_no_old_workbook(start, lambda: _again(path, packed=packed))
    begin = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begin.startswith(b"%pdf"):
        raise ImportRefused(_("The file is a PDF. Export a table instead: CSV or XLSX."))
    if begin.startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise ImportRefused(
            _(
                "The file is a web page or XML, whatever its name says. "
                "Open it in a spreadsheet program and save it as XLSX or “CSV UTF-8”."
            )
        )
    if begin.startswith((b'{"', b"[{", b"[\n")):
        raise ImportRefused(_("The file is JSON. Export a table instead: CSV or XLSX."))
