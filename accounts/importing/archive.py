"""The parts of a workbook (XLSX is a ZIP archive of XML), unpacked with care: none of its sizes is believed."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from accounts.importing.reasons import ImportRefused

MOST_PARTS = 5000
LARGEST_UNPACKED = 2**30
"""Bytes of all parts that are read together. 50 MB of workbook unpack to 300 to 600 MB."""
HIGHEST_RATIO = 250
HARMLESS_SIZE = 32 * 2**20
LARGEST_CONTENTS = 8 * 2**20  # bytes of a part that is read as a whole
_LARGEST_ROW = 32 * 2**20  # bytes of XML: 16,384 columns need less
_CHUNK = 2**18
_PIECE = 2**20
_END = b"PK\x05\x06"

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_P = rb"(?:[A-Za-z]\w*:)?"  # a prefix that some programs put before each name
_ROW = re.compile(rb"<" + _P + rb'row\b[^>]*?\br="(\d+)"')
_WIDE = re.compile(rb'\br="([A-Z]{2,3})\d')
_ERROR = re.compile(rb"<" + _P + rb'c\b([^>]*?\bt="e"[^>]*)>(.*?)</' + _P + rb"c>", re.DOTALL)
_FORMULA = re.compile(rb"<" + _P + rb"c\b([^>]*)>(\s*<" + _P + rb"f\b.*?)</" + _P + rb"c>", re.DOTALL)
_VALUE = re.compile(rb"<" + _P + rb"v\b[^>]*>([^<]+)<")
_NAME = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_TEXT_RESULT = re.compile(rb'\bt="str"')
_ROW_ENDS = re.compile(rb"</([A-Za-z]\w*:)?row>")
_LONG_SHEET = 4 * 2**20  # bytes of XML
_SHARED_PARTS = (
    "[Content_Types].xml",
    "_rels/.rels",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
)
_ANYTHING = re.compile(rb"<" + _P + rb"(?:v|is)\b[^>/]*>")


@dataclass
class Scan:
    """What was found in a sheet without reading its values."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    """(row, column), both from 0 -> #N/A or the like."""
    unreckoned: list[str] = field(default_factory=list)
    """Names of the first cells with a formula whose value was never stored."""
    rows: int = 0
    columns: int = 26
    """At least as many as there are; narrower sheets are not told apart."""


class Archive:
    """The parts of one workbook. Raises ImportRefused for what is none, is damaged, or unpacks to too much."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.file = file
        self.unpacked = 0
        _check_end(file)
        try:
            with zipfile.ZipFile(file) as archive:
                self.parts = {part.filename: part for part in archive.infolist()}
        except (
            zipfile.BadZipFile,
            OSError,
            ValueError,
            NotImplementedError,
            struct.error,
            EOFError,
        ) as error:
            raise _broken() from error
        if any(part.flag_bits & 1 for part in self.parts.values()):
            raise ImportRefused(_("The workbook is protected by a password. Save it without one."))
        if "xl/workbook.xml" not in self.parts:
            raise _no_workbook(self.parts)
        for part in self.parts.values():
            _check_size(part.file_size, part.compress_size)
        if sum(part.file_size for part in self.parts.values()) > LARGEST_UNPACKED:
            raise _too_large()

    def inflate(self, name: str) -> Iterator[bytes]:
        """A part, piece by piece."""
        part = self.parts.get(name)
        if part is None:
            raise _broken()
        try:
            yield from self._inflated(part)
        except (zlib.error, struct.error, EOFError) as error:
            raise _broken() from error

    def _inflated(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        self.file.seek(part.header_offset)
        head = self.file.read(30)
        if head[:4] != b"PK\x03\x04" or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _broken()
        self.file.seek(sum(struct.unpack("<HH", head[26:30])), 1)
        left, size = part.compress_size, 0
        decompressor = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
        while left > 0:
            packed = self.file.read(min(_CHUNK, left))
            if not packed:
                raise EOFError
            left -= len(packed)
            while packed:
                piece = decompressor.decompress(packed, _PIECE) if decompressor else packed
                packed = decompressor.unconsumed_tail if decompressor else b""
                size += len(piece)
                self.unpacked += len(piece)
                _check_size(size, part.compress_size)
                if self.unpacked > LARGEST_UNPACKED:
                    raise _too_large()
                if piece:
                    yield piece
        if decompressor and not decompressor.eof:
            raise EOFError

    def check(self, name: str) -> None:
        """Unpack a part, if it is there, and forget it: then it is known to be whole and not too large."""
        if name in self.parts:
            for _piece in self.inflate(name):
                pass

    def xml(self, name: str) -> ElementTree.Element:
        """A small part, parsed."""
        content = b""
        for piece in self.inflate(name):
            content += piece
            if len(content) > LARGEST_CONTENTS:
                raise _too_large()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise _broken()
        try:
            return ElementTree.fromstring(content)
        except ElementTree.ParseError as error:
            raise _broken() from error

    def sheets(self) -> dict[str, str]:
        """Name of a sheet -> its part, in the order of the workbook."""
        targets = {
            link.get("Id", ""): _resolved(link.get("Target", ""))
            for link in self.xml("xl/_rels/workbook.xml.rels")
            if link.get("Type", "").endswith("/worksheet")
        }
        found = {}
        for sheet in self.xml("xl/workbook.xml").iter():
            if sheet.tag in (_MAIN + "sheet", _STRICT + "sheet"):
                target = next((value for name, value in sheet.items() if name.endswith("}id")), "")
                if target in targets:
                    found[sheet.get("name", "")] = targets[target]
        return found

    def holds_anything(self, name: str) -> bool:
        """Whether a sheet has a cell with a value."""
        end = b""
        for piece in self.inflate(name):
            if _ANYTHING.search(end + piece):
                return True
            end = piece[-64:]
        return False

    def copy_beginning(self, name: str, rows: int, to: Path) -> bool:
        """Write a workbook with the first rows of a sheet and nothing of the others; False where the sheet is short.

        Calamine reads a sheet as a whole, which for a large one takes long and much memory.
        """
        beginning = b""
        for piece in self.inflate(name):
            beginning += piece
            if len(beginning) > _LONG_SHEET and beginning.count(b"row>") >= rows:
                break
        else:
            return False
        *_others, last = _ROW_ENDS.finditer(beginning)
        prefix = last[1] or b""
        with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as copy:
            copy.writestr(
                name, beginning[: last.end()] + b"</" + prefix + b"sheetData></" + prefix + b"worksheet>"
            )
            for part in _SHARED_PARTS:
                if part in self.parts:
                    with copy.open(part, "w") as out:
                        for piece in self.inflate(part):
                            out.write(piece)
        return True

    def scan(self, name: str) -> Scan:
        """Look through a sheet for what would be lost or do harm when its values are read."""
        found = Scan()
        waiting: list[bytes] = []  # since the last end of a row
        size = 0
        for piece in self.inflate(name):
            end = waiting[-1][-5:] if waiting else b""
            if b"row>" not in end + piece:  # </row>, or </x:row>
                waiting.append(piece)
                size += len(piece)
                if size > _LARGEST_ROW:
                    raise _broken()
                continue
            whole, closed, rest = b"".join((*waiting, piece)).rpartition(b"row>")
            _scan(whole + closed, found)
            waiting, size = [rest], len(rest)
        _scan(b"".join(waiting), found)
        return found


def _scan(xml: bytes, found: Scan) -> None:
    found.rows = max(found.rows, max(map(int, _ROW.findall(xml)), default=0), found.rows + xml.count(b"row>"))
    for letters in set(_WIDE.findall(xml)):
        found.columns = max(found.columns, _column(letters) + 1)
    if b't="e"' in xml:
        for attributes, content in _ERROR.findall(xml):
            if (name := _NAME.search(attributes)) and (value := _VALUE.search(content)):
                found.errors[int(name[2]) - 1, _column(name[1])] = value[1].decode("ascii", "replace")
    if b"<f" in xml or b":f" in xml:
        for attributes, content in _FORMULA.findall(xml):
            if not (_VALUE.search(content) or _TEXT_RESULT.search(attributes)) and len(found.unreckoned) < 5:
                name = _NAME.search(attributes)
                found.unreckoned.append((name[1] + name[2]).decode() if name else "?")


def _column(letters: bytes) -> int:
    """The number of a column from 0: A is 0, Z 25, AA 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def column_name(number: int) -> str:
    """The letters of a column, counted from 0."""
    letters = ""
    while number >= 0:
        letters = chr(65 + number % 26) + letters
        number = number // 26 - 1
    return letters


def _resolved(target: str) -> str:
    """The name of a part that the workbook's links name."""
    if target.startswith("/"):
        return target[1:]
    return str(PurePosixPath("xl") / target)


def _check_end(file: IO[bytes]) -> None:
    """Raise ImportRefused where the directory at the end of the file is missing, or too long to be read at all."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise _broken()
    entries, length = struct.unpack("<HI", tail[at + 10 : at + 16])
    if entries > MOST_PARTS or length > 400 * MOST_PARTS:
        raise ImportRefused(
            _("The file holds more than %(limit)s parts: it is no workbook. Save the sheet as “CSV UTF-8”.")
            % {"limit": f"{MOST_PARTS:,}"}
        )


def _check_size(size: int, packed: int) -> None:
    if size > LARGEST_UNPACKED or (size > HARMLESS_SIZE and size > HIGHEST_RATIO * packed):
        raise _too_large()


def _too_large() -> ImportRefused:
    return ImportRefused(
        _(
            "The workbook unpacks to far more than its size, or to more than %(limit)s MB. "
            "Save the sheet as “CSV UTF-8”, which has no limit."
        )
        % {"limit": LARGEST_UNPACKED >> 20}
    )


def _broken() -> ImportRefused:
    return ImportRefused(
        _(
            "The workbook is damaged. Open it in a spreadsheet program, save it anew as XLSX, or copy it again."
        )
    )


def _no_workbook(parts: dict[str, zipfile.ZipInfo]) -> ImportRefused:
    if "xl/workbook.bin" in parts or "content.xml" in parts:
        return ImportRefused(
            _("The workbook is in a format that is not read (XLSB or ODS). Save it as XLSX or “CSV UTF-8”.")
        )
    return ImportRefused(
        _("The file is an archive (ZIP), not a workbook. Unpack it and bring the file inside.")
    )
