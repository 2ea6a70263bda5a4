"""A temporary database in which the rows of one file are sorted, so that its size does not matter to memory.

SQLite opens a private file for it and unlinks it at once: whatever kills the process, nothing stays behind.
"""

from __future__ import annotations

import marshal
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import IO, Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from accounts.importing.reasons import ImportRefused, Reason
from crm.jobs.bulk import COPY_ESCAPES

SEPARATOR = "\0"
"""Between the fields of a row as the spool keeps it: no file that can be read holds it."""

_TABLES = """
CREATE TABLE row (line INTEGER PRIMARY KEY, account TEXT, number TEXT, text TEXT NOT NULL);
CREATE TABLE reject (line INTEGER PRIMARY KEY, reason TEXT NOT NULL, words TEXT NOT NULL);
CREATE TABLE account (code TEXT PRIMARY KEY, owner_id INTEGER) WITHOUT ROWID;
CREATE TABLE named (product TEXT NOT NULL, description TEXT NOT NULL, lines INTEGER NOT NULL);
CREATE TABLE taken (key TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;
"""
_CHUNK = 5000


class Spool:
    """The rows of a file, what they were gathered into, and what was rejected."""

    def __init__(self, database: sqlite3.Connection, files: ExitStack) -> None:
        self.database = database
        self.files = files
        self.waiting: dict[str, list[tuple[Any, ...]]] = {}

    def put(self, table: str, row: tuple[Any, ...]) -> None:
        """Put a row into a table, in the order of its columns; it can be read after `flush`."""
        waiting = self.waiting.setdefault(table, [])
        waiting.append(row)
        if len(waiting) == _CHUNK:
            self._write(table)

    def put_rows(self, rows: list[tuple[int, str | None, str | None, str]]) -> None:
        """Put rows of the file: (line, account, number, fields joined by SEPARATOR)."""
        self.database.executemany("INSERT INTO row VALUES (?, ?, ?, ?)", rows)

    def flush(self) -> None:
        """Write what was put."""
        for table in self.waiting:
            self._write(table)

    def _write(self, table: str) -> None:
        if waiting := self.waiting.get(table):
            marks = ", ".join("?" * len(waiting[0]))
            self.database.executemany(f"INSERT INTO {table} VALUES ({marks})", waiting)
            waiting.clear()

    def outbox(self) -> Outbox:
        """A place for rows on their way into the database, gone with the spool."""
        made = CopyOutbox if connection.vendor == "postgresql" else Outbox
        return made(self.files.enter_context(tempfile.TemporaryFile()))

    def rows(self) -> Iterator[tuple[str, str, int, str]]:
        """(account, number, line, text) of the rows that name both, by account and number in code points, then line."""
        return self.database.execute(
            "SELECT account, number, line, text FROM row WHERE account IS NOT NULL ORDER BY account, number, line"
        )

    def rows_in_order(self) -> Iterator[tuple[int, str]]:
        """(line, text) of all rows, by line."""
        return self.database.execute("SELECT line, text FROM row ORDER BY line")

    def accounts(self) -> Iterator[str]:
        """The account codes of the file, by code point."""
        found = self.database.execute(
            "SELECT DISTINCT account FROM row WHERE account IS NOT NULL ORDER BY account"
        )
        return (code for (code,) in found)

    def first_line_of(self, key: str, line: int) -> int | None:
        """Note that the row at `line` takes the key; the line that took it before, if any."""
        taken = self.database.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", (key, line))
        if taken.rowcount:
            return None
        return self.database.execute("SELECT line FROM taken WHERE key = ?", (key,)).fetchone()[0]

    def reject(self, line: int, reason: Reason, words: str) -> None:
        """Reject one row."""
        self.put("reject", (line, reason.value, words))

    def rejects(self) -> Iterator[tuple[int, str, list[str]]]:
        """(line, words, fields) of every rejected row, by line."""
        found = self.database.execute(
            "SELECT reject.line, reject.words, row.text FROM reject JOIN row USING (line) ORDER BY reject.line"
        )
        return ((line, words, text.split(SEPARATOR)) for line, words, text in found)

    def reject_counts(self) -> dict[Reason, int]:
        """How many rows were rejected for each reason, the most frequent first."""
        counts = self.database.execute(
            "SELECT reason, COUNT(*) FROM reject GROUP BY reason ORDER BY 2 DESC, 1"
        )
        return {Reason(reason): count for reason, count in counts}

    def taken_accounts(self) -> Iterator[tuple[str, int | None]]:
        """(code, owner named for it or None) of the accounts that have a row taken, by code."""
        return self.database.execute("SELECT code, owner_id FROM account ORDER BY code")

    def products(self) -> Iterator[tuple[str, str]]:
        """(code, most frequent description, or empty) of the products on lines taken, by code."""
        counted = self.database.execute(
            "SELECT product, description FROM named "
            "GROUP BY product, description ORDER BY product, description = '', SUM(lines) DESC, description"
        )
        last = ""
        for code, description in counted:
            if code != last:
                yield code, description
                last = code


class Outbox:
    """Rows of texts and None in a temporary file, on their way into a table of the database."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    @staticmethod
    def text(value: str) -> str:
        """A text as `put` takes it."""
        return value

    def put(self, rows: list[tuple[str | None, ...]]) -> None:
        """Add rows, in the order of the table's columns; every text went through `text` that may need it."""
        marshal.dump(rows, self.file)

    def load(self, cursor: CursorWrapper, table: str) -> None:
        """Write all rows into the table, in one transaction that leaves SQLite's writer alone where it is temporary."""
        end = self.file.tell()
        self.file.seek(0)
        alone = not connection.in_atomic_block
        if alone:
            cursor.execute("BEGIN DEFERRED")
        try:
            while self.file.tell() < end:
                rows = marshal.load(self.file)
                marks = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        finally:
            if alone:
                cursor.execute("COMMIT")


class CopyOutbox(Outbox):
    """The same as the text that PostgreSQL's COPY reads."""

    @staticmethod
    def text(value: str) -> str:
        """A text without what means something to COPY."""
        return value if value.isprintable() and "\\" not in value else value.translate(COPY_ESCAPES)

    def put(self, rows: list[tuple[str | None, ...]]) -> None:
        """As of Outbox."""
        lines = ["\t".join(["\\N" if value is None else value for value in row]) for row in rows]
        lines.append("")
        self.file.write("\n".join(lines).encode())

    def load(self, cursor: CursorWrapper, table: str) -> None:
        """As of Outbox."""
        self.file.seek(0)
        cursor.copy_expert(f"COPY {table} FROM STDIN", self.file, 1 << 18)


@contextmanager
def open_spool() -> Iterator[Spool]:
    """An empty spool, gone when the block ends. Raises ImportRefused where the disk is full."""
    database = sqlite3.connect("", isolation_level=None)
    try:
        # Nothing in it must outlive the process, so it needs no journal; 32 MB in memory, the rest on disk.
        database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
            "PRAGMA cache_size = -32768;" + _TABLES + "BEGIN;"
        )
        with ExitStack() as files:
            yield Spool(database, files)
    except sqlite3.OperationalError as error:
        raise ImportRefused(
            _(
                "The rows cannot be sorted: %(reason)s. Make room for temporary files, or name a folder by TMPDIR."
            )
            % {"reason": error}
        ) from error
    finally:
        database.close()


def in_chunks(rows: Iterable[tuple[Any, ...]], size: int = _CHUNK) -> Iterator[list[tuple[Any, ...]]]:
    """Rows in lists of at most `size`."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk
