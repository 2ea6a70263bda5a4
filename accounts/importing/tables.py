"""What the rest of the import asks of a file, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from accounts.importing.recognising import Recognised

Record = tuple[int, list[str], str]
"""The physical line it begins in (a workbook's: the row of the sheet), its fields, and its text as `Table.fields` reads
it."""


class Table(Protocol):
    """A file that has been opened, its header read."""

    header: list[str]
    header_line: int
    """The physical line of the header: 1, unless blank lines, a title or Excel's `sep=;` stand above it."""
    recognised: Recognised

    def records(self) -> Iterator[Record]:
        """The rows below the header, once, as a stream. Blank ones are no rows. Raises ImportRefused."""

    def fields(self, text: str) -> list[str]:
        """The fields of a record from its text."""

    def sha256(self) -> str:
        """The digest of the file as it was read, in hexadecimal; complete after the last record."""
