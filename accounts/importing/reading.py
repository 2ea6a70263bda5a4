"""From a file to records: compression, encoding, delimiter, quoting. Knows nothing of purchases."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol, TextIO

from django.utils.translation import gettext as _

from accounts.importing.reasons import ImportRefused
from accounts.importing.recognising import ReadingOptions, Recognised

LONGEST_LINE = 1_000_000  # characters; an invoice line has some hundred
SAMPLE_ROWS = 200
DELIMITERS = ",;\t"
# What the decoder leaves of bytes that are not UTF-8.
_UNDECODED = re.compile("[\udc80-\udcff]")

Record = tuple[int, list[str], str]
"""The physical line it begins in (the header's is 1), its fields, and its text as it stands in the file."""


class Table(Protocol):
    """What the rest of the import asks of a file, whatever its kind."""

    header: list[str]
    header_line: int
    """The physical line of the header: 1, unless blank lines or Excel's `sep=;` stand above it."""
    recognised: Recognised

    def records(self) -> Iterator[Record]:
        """The rows below the header, once, as a stream. Raises ImportRefused."""

    def fields(self, text: str) -> list[str]:
        """The fields of a record from its text."""

    def sha256(self) -> str:
        """The digest of the file as it was read, in hexadecimal; complete after the last record."""


@contextmanager
def open_table(path: Path, options: ReadingOptions = ReadingOptions()) -> Iterator[Table]:  # noqa: B008 (frozen)
    """Open a file of separated values or a workbook, plain or compressed by gzip.

    What it is, is told from its content, not from its name; `options` say what need not be told. What was recognised
    stands in `recognised`, the encoding there once the first letter beyond ASCII was read. Raises ImportRefused, here
    and while it is read.
    """
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise ImportRefused(
            _("%(file)s cannot be opened: %(reason)s.") % {"file": path, "reason": error.strerror}
        ) from error
    with file:
        yield _open_csv(file)


@dataclass(frozen=True)
class Look:
    """The first rows of a file, for people who say what its columns are."""

    recognised: Recognised
    header: list[str]
    sample: list[list[str]]
    """Up to SAMPLE_ROWS rows, each as wide as the header."""
    sheets: list[str]
    """The sheets of a workbook that hold anything; empty for other files."""


def look_at(path: Path, options: ReadingOptions = ReadingOptions()) -> Look:  # noqa: B008 (frozen)
    """Recognise a file and read its first rows. Raises ImportRefused where it cannot be read so far."""
    with open_table(path, options) as table:
        width = len(table.header)
        sample = [
            (fields + [""] * (width - len(fields)))[:width]
            for _line, fields, _text in islice(table.records(), SAMPLE_ROWS)
        ]
        return Look(table.recognised, table.header, sample, [])


class _Hashing(io.RawIOBase):
    """A raw file that is hashed while it is read."""

    def __init__(self, file: io.FileIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self.file.readinto(buffer) or 0
        self.digest.update(memoryview(buffer)[:count])
        return count


def _open_csv(file: io.FileIO) -> CsvTable:
    hashing = _Hashing(file)
    plain: io.BufferedReader[Any] = io.BufferedReader(hashing)
    with _damage_explained(0):
        if plain.peek(2)[:2] == b"\x1f\x8b":
            plain = io.BufferedReader(gzip.GzipFile(fileobj=plain))
        start = plain.peek(4)[:4]
    if not start:
        raise ImportRefused(_("The file is empty. Its first line must hold the names of the columns."))
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ImportRefused(_("The file is in UTF-16. Save it as “CSV UTF-8”."))
    if start == b"PK\x03\x04":
        raise ImportRefused(_("The file is a workbook or an archive. Save the sheet as “CSV UTF-8”."))
    # Bytes that are not UTF-8 are let through as marks, so that the line can be named where they stand.
    text = io.TextIOWrapper(plain, encoding="utf-8-sig", errors="surrogateescape", newline="")
    lines = _lines(text)
    first = next(lines)
    delimiter = _delimiter(first)
    records = _records(chain([first], lines), delimiter)
    _line, header, _text = next(records, (1, [], ""))
    header = [name.strip() for name in header]
    if not any(header):
        raise ImportRefused(_("Line 1 is empty. The first line must hold the names of the columns."))
    return CsvTable(header, delimiter, records, hashing, Recognised(delimiter=delimiter))


@dataclass
class CsvTable:
    """A file of separated values that has been opened and whose header has been read."""

    header: list[str]
    delimiter: str
    stream: Iterator[Record]
    hashing: _Hashing
    recognised: Recognised
    header_line: int = 1

    def records(self) -> Iterator[Record]:
        """The rows below the header, once, as a stream. Blank lines are no rows. Raises ImportRefused."""
        return (record for record in self.stream if record[1])

    def fields(self, text: str) -> list[str]:
        """The fields of a record from its text."""
        return next(csv.reader([text], delimiter=self.delimiter, strict=True))

    def sha256(self) -> str:
        """The digest of the bytes read so far, in hexadecimal."""
        return self.hashing.digest.hexdigest()


def _delimiter(header: str) -> str:
    """The delimiter that cuts the header into most columns; a comma where none does."""
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter))))


def _lines(text: TextIO) -> Iterator[str]:
    """The physical lines, with their ends. Raises ImportRefused at one that no text file should have."""
    number = 0
    while True:
        with _damage_explained(number):
            line = text.readline(LONGEST_LINE + 1)
        if not line:
            return
        number += 1
        if len(line) > LONGEST_LINE:
            raise ImportRefused(
                _(
                    "Line %(line)s is longer than %(limit)s characters. Is it a text file, with one row per line?"
                )
                % {"line": number, "limit": f"{LONGEST_LINE:,}"}
            )
        if "\0" in line:
            raise ImportRefused(
                _(
                    "Line %(line)s holds a NUL byte: the file is damaged or not text. "
                    "Export it anew and save it as “CSV UTF-8”."
                )
                % {"line": number}
            )
        if not line.isascii() and (bad := _UNDECODED.search(line)):
            raise ImportRefused(
                _("Line %(line)s is not in UTF-8 (byte 0x%(byte)02X). Save the file as “CSV UTF-8”.")
                % {"line": number, "byte": ord(bad.group()) - 0xDC00}
            )
        yield line


@contextmanager
def _damage_explained(lines_read: int) -> Iterator[None]:
    """Turn what a damaged or vanished file raises into a refusal that says how far it could be read."""
    where = {"line": lines_read}
    try:
        yield
    except EOFError as error:
        raise ImportRefused(
            _("The compressed file ends too early, after line %(line)s. Copy or export it again.") % where
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ImportRefused(
            _("The compressed file is damaged after line %(line)s. Copy or export it again.") % where
        ) from error
    except OSError as error:
        raise ImportRefused(
            _("The file cannot be read after line %(line)s: %(reason)s.")
            % {"line": lines_read, "reason": error.strerror}
        ) from error


def _records(lines: Iterator[str], delimiter: str) -> Iterator[Record]:
    """The rows of all physical lines, header included; a quoted field may run over several lines."""
    taken: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    begins = 1
    reader = csv.reader(noted(), delimiter=delimiter, strict=True)
    try:
        for fields in reader:
            yield begins, fields, taken[0] if len(taken) == 1 else "".join(taken)
            taken.clear()
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ImportRefused(
            _(
                "The row that begins in line %(line)s cannot be read (%(reason)s). "
                "Look for a quotation mark that is opened and not closed, or not doubled inside a field."
            )
            % {"line": begins, "reason": error}
        ) from error
