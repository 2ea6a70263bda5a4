"""Files of separated values: encoding, delimiter, quoting, physical lines. Knows nothing of purchases."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TextIO

from django.utils.translation import gettext as _

from accounts.importing.encodings import Census, mark_of, unmarked_utf_16
from accounts.importing.reasons import ImportRefused
from accounts.importing.recognising import ENCODING_NAMES, ReadingOptions, Recognised
from accounts.importing.rejects import delimiter_of_list
from accounts.importing.tables import Record

LONGEST_LINE = 1_000_000  # characters; an invoice line has some hundred
MOST_LINES_OF_A_ROW = 1000
# A table packs to a tenth or a fiftieth of its size; only what was made to fill a disk packs to a thousandth.
HIGHEST_RATIO = 250
HARMLESS_SIZE = 128 * 2**20  # bytes; below that nobody asks how well something was packed
DELIMITERS = "\t;|,"  # where several cut a file equally well, the first
_PEEKED_LINES, _PEEKED_CHARACTERS = 60, 200_000
_LOOKED_AT = 4096  # bytes at the beginning of a file
_CHUNK = 2**20
# What the decoder leaves of bytes that are not UTF-8.
_UNDECODED = re.compile("[\udc80-\udcff]")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)

Again = Callable[[], Any]
"""Opens the same file once more, unpacked: a context manager of a binary file."""


class Hashing(io.RawIOBase):
    """A raw file that is hashed and counted while it is read."""

    def __init__(self, file: io.FileIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self.file.readinto(buffer) or 0
        self.digest.update(memoryview(buffer)[:count])
        self.count += count
        return count


@dataclass
class CsvTable:
    """A file of separated values that has been opened and whose header has been read."""

    header: list[str]
    header_line: int
    delimiter: str
    stream: Iterator[Record]
    hashing: Hashing
    recognised: Recognised

    def records(self) -> Iterator[Record]:
        """The rows below the header, once, as a stream. Rows of empty fields are none. Raises ImportRefused."""
        return (record for record in self.stream if any(record[1]))

    def fields(self, text: str) -> list[str]:
        """The fields of a record from its text."""
        return next(csv.reader([text], delimiter=self.delimiter, strict=True))

    def sha256(self) -> str:
        """The digest of the bytes read so far, in hexadecimal."""
        return self.hashing.digest.hexdigest()


def open_separated(
    plain: io.BufferedReader[Any], *, hashing: Hashing, packed: bool, again: Again, options: ReadingOptions
) -> CsvTable:
    """Read the beginning of a file of separated values, up to its header.

    plain: the file, unpacked; hashing: as it lies on the disk; packed: whether these differ. Raises ImportRefused.
    """
    with damage_explained(0):
        start = plain.peek(_LOOKED_AT)[:_LOOKED_AT]
    if not start:
        raise ImportRefused(_("The file is empty. Its first line must hold the names of the columns."))
    recognised = Recognised(compressed=packed)
    encoding, mark = _encoding(start, options)
    plain.read(mark)
    recognised.encoding = encoding or "ascii"
    if encoding.startswith("utf-16"):
        text = io.TextIOWrapper(plain, encoding=encoding, newline="")
    else:
        # Bytes that are not UTF-8 are let through as marks, so that the line can be named where they stand, and be
        # decoded anew should the file be in another encoding: line ends, delimiters and digits are the same in all.
        text = io.TextIOWrapper(plain, encoding="utf-8", errors="surrogateescape", newline="")
    decoder = _Decoder(chosen=options.encoding, marked=bool(mark), again=again, recognised=recognised)
    guard = (lambda: check_ratio(plain.tell(), hashing.count)) if packed else None
    lines = _lines(text, decoder, guard)
    peeked = _peek(lines)
    skipped, named = _separator_line(peeked)
    delimiter = options.delimiter or named or _delimiter(peeked)
    records = _records(chain(peeked, lines), delimiter, begins=skipped + 1)
    for _nothing in range(_rows_above_header(peeked, delimiter)):
        next(records)
    header_line, header, _text = next(records, (1, [], ""))
    recognised.delimiter, recognised.header_line = delimiter, header_line
    header = [name.strip() for name in header]
    if not any(header):
        raise ImportRefused(
            _("The file holds only empty lines. The first line must hold the names of the columns.")
        )
    return CsvTable(header, header_line, delimiter, records, hashing, recognised)


# Encoding -----------------------------------------------------------------------------------------------------------
def _encoding(start: bytes, options: ReadingOptions) -> tuple[str, int]:
    """The encoding, empty where the first letters beyond ASCII must tell, and how many bytes its mark takes."""
    chosen = options.encoding
    marked, length = mark_of(start)
    found = marked or unmarked_utf_16(start)
    if chosen and found and chosen != found:
        raise _wrong_encoding(1, chosen, found)
    if chosen.startswith("utf-16") and not found and b"\0" not in start:
        raise _wrong_encoding(1, chosen, "")
    return found or chosen, length


def _wrong_encoding(line: int, chosen: str, found: str) -> ImportRefused:
    if found:
        return ImportRefused(
            _(
                "Line %(line)s is not in %(chosen)s, which was chosen; it looks like %(found)s. Choose that instead."
            )
            % {"line": line, "chosen": ENCODING_NAMES[chosen], "found": ENCODING_NAMES[found]}
        )
    return ImportRefused(
        _("Line %(line)s is not in %(chosen)s, which was chosen. Let the encoding be recognised.")
        % {"line": line, "chosen": ENCODING_NAMES[chosen]}
    )


@dataclass
class _Decoder:
    """Finds the encoding at the first line that is not ASCII, and decodes those lines."""

    chosen: str
    marked: bool
    again: Again
    recognised: Recognised
    encoding: str = ""

    def __post_init__(self) -> None:
        if self.marked or self.chosen == "utf-8" or self.recognised.encoding.startswith("utf-16"):
            self.encoding = self.recognised.encoding

    def decode(self, line: str, number: int) -> str:
        """A line as it was meant; `line` is what UTF-8 made of it. Raises ImportRefused that names line and byte."""
        if not self.encoding:
            self._decide(line, number)
        if self.encoding == "utf-8":
            if bad := _UNDECODED.search(line):
                raise _bad_byte(number, "utf-8", ord(bad.group()) - 0xDC00)
            return line
        if self.encoding.startswith("utf-16"):
            return line
        try:
            return line.encode("utf-8", "surrogateescape").decode(self.encoding)
        except UnicodeDecodeError as error:
            raise _bad_byte(number, self.encoding, error.object[error.start]) from error

    def _decide(self, line: str, number: int) -> None:
        if not self.chosen and not _UNDECODED.search(line):
            # Letters of another encoding are well-formed UTF-8 next to never: the rest of the file need not be asked.
            self.encoding = self.recognised.encoding = "utf-8"
            return
        census = take_census(self.again)
        if self.chosen and (found := census.contradicts(self.chosen)):
            raise _wrong_encoding(number, self.chosen, found)
        self.encoding = self.recognised.encoding = self.chosen or census.encoding()


def _bad_byte(number: int, encoding: str, byte: int) -> ImportRefused:
    return ImportRefused(
        _("Line %(line)s is not in %(encoding)s (byte 0x%(byte)02X). Save the file as “CSV UTF-8”.")
        % {"line": number, "encoding": ENCODING_NAMES[encoding], "byte": byte}
    )


def take_census(again: Again) -> Census:
    """Count the letters of a file from its beginning, until they tell its encoding."""
    census = Census()
    with again() as file, damage_explained(0):
        while not census.decided and (chunk := file.read(_CHUNK)):
            census.add(chunk)
        if not census.decided:
            census.add(b"", last=True)
    return census


# Delimiter and header -----------------------------------------------------------------------------------------------
def _peek(lines: Iterator[str]) -> list[str]:
    """The first lines."""
    peeked: list[str] = []
    size = 0
    for line in islice(lines, _PEEKED_LINES):
        peeked.append(line)
        size += len(line)
        if size > _PEEKED_CHARACTERS:
            break
    return peeked


def _separator_line(peeked: list[str]) -> tuple[int, str]:
    """Take Excel's `sep=;` from the beginning: 1 and the delimiter it names, or 0 and nothing."""
    if peeked and (match := _SEPARATOR_LINE.fullmatch(peeked[0])):
        del peeked[0]
        return 1, match[1]
    return 0, ""


def _delimiter(peeked: list[str]) -> str:
    """The delimiter that cuts most of the lines into equally many fields; of several such, that with most fields."""

    def evenness(delimiter: str) -> tuple[float, int]:
        counts = Counter(len(row) for row in _cut(peeked, delimiter) if row)
        (fields, lines) = max(counts.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return (lines / counts.total(), fields) if fields > 1 else (0, 0)

    if ours := delimiter_of_list(peeked[0] if peeked else ""):
        return ours  # its rows may be there because they are not even
    best = max(DELIMITERS, key=evenness)
    return best if evenness(best)[1] else ","


def _rows_above_header(peeked: list[str], delimiter: str) -> int:
    """How many rows stand above the header: empty ones, and titles of one or two cells above a wider table."""
    return rows_above_header(list(_cut(peeked, delimiter)))


def rows_above_header(rows: list[list[str]]) -> int:
    """How many of the rows at the top of a table are empty, or titles of one or two cells above a wider table."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    widest = max(filled, default=0)
    for at, cells in enumerate(filled):
        if cells and not (cells <= 2 and cells * 2 < widest):
            return at
    return 0


def _cut(peeked: list[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(peeked, delimiter=delimiter)
    except csv.Error:  # a quotation mark that is never closed: the reader of all rows says where
        return


# Lines and rows -----------------------------------------------------------------------------------------------------
def _lines(text: TextIO, decoder: _Decoder, guard: Callable[[], None] | None) -> Iterator[str]:
    """The physical lines, with their ends. Raises ImportRefused at one that no text file should have."""
    number = 0
    try:
        while line := text.readline(LONGEST_LINE + 1):
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
            if not line.isascii():
                line = decoder.decode(line, number)
            elif line == "\x1a":  # the end of a file, as DOS programs still write it
                return
            if guard and not number & 255:
                guard()
            yield line
    except _DAMAGE as error:  # caught once for all lines: a block for each costs as much as reading it
        raise _refusal(error, number) from error


_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError, OSError)


@contextmanager
def damage_explained(lines_read: int) -> Iterator[None]:
    """Turn what a damaged or vanished file raises into a refusal that says how far it could be read."""
    try:
        yield
    except _DAMAGE as error:
        raise _refusal(error, lines_read) from error


def _refusal(error: Exception, lines_read: int) -> ImportRefused:
    where: dict[str, Any] = {"line": lines_read}
    if isinstance(error, EOFError):
        words = _("The compressed file ends too early, after line %(line)s. Copy or export it again.")
    elif isinstance(error, gzip.BadGzipFile | zlib.error):
        words = _("The compressed file is damaged after line %(line)s. Copy or export it again.")
    elif isinstance(error, UnicodeDecodeError):
        words = _("The file is not in %(encoding)s after line %(line)s. Save it as “CSV UTF-8”.")
        where["encoding"] = ENCODING_NAMES.get(error.encoding, error.encoding)
    else:
        words = _("The file cannot be read after line %(line)s: %(reason)s.")
        where["reason"] = getattr(error, "strerror", None) or error
    return ImportRefused(words % where)


def check_ratio(unpacked: int, packed: int) -> None:
    """Raise ImportRefused where so many bytes came out of so few that the file was made to fill a disk."""
    if unpacked > HARMLESS_SIZE and unpacked > HIGHEST_RATIO * packed:
        raise ImportRefused(
            _(
                "The compressed file unpacks to more than %(ratio)s times its size, as no real table does. "
                "Unpack it, look at it and import what it holds."
            )
            % {"ratio": HIGHEST_RATIO}
        )


def _records(lines: Iterator[str], delimiter: str, *, begins: int) -> Iterator[Record]:
    """The rows of all physical lines, header included; a quoted field may run over several lines."""
    taken: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            if len(taken) > 1 and (len(taken) > MOST_LINES_OF_A_ROW or sum(map(len, taken)) > LONGEST_LINE):
                raise csv.Error(_("it runs over %(count)s lines") % {"count": len(taken)})
            yield line

    above = begins - 1
    reader = csv.reader(noted(), delimiter=delimiter, strict=True)
    try:
        for fields in reader:
            yield begins, fields, taken[0] if len(taken) == 1 else "".join(taken)
            taken.clear()
            begins = above + reader.line_num + 1
    except csv.Error as error:
        raise ImportRefused(
            _(
                "The row that begins in line %(line)s cannot be read (%(reason)s). "
                "Look for a quotation mark that is opened and not closed, or not doubled inside a field."
            )
            % {"line": begins, "reason": error}
        ) from error
