"""A temporary database in which the rows of one file are sorted, so that its size does not matter to memory.

SQLite opens a private file for it and unlinks it at once: whatever kills the process, nothing stays behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from accounts.importing.reasons import ImportRefused, Reason

_TABLES = """
CREATE TABLE row (line INTEGER PRIMARY KEY, account TEXT, number TEXT, text TEXT NOT NULL);
CREATE TABLE reject (line INTEGER PRIMARY KEY, reason TEXT NOT NULL, words TEXT NOT NULL);
CREATE TABLE purchase (
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, number TEXT NOT NULL, ordered_on TEXT NOT NULL,
    promised_on TEXT, delivered_on TEXT, due_on TEXT, paid_on TEXT, currency TEXT NOT NULL, amount TEXT NOT NULL,
    rate TEXT NOT NULL, amount_cents INTEGER NOT NULL, quarter INTEGER NOT NULL, lines INTEGER NOT NULL);
CREATE TABLE line (
    seq INTEGER NOT NULL, position INTEGER NOT NULL, product TEXT NOT NULL, description TEXT NOT NULL, quantity TEXT,
    unit_price TEXT, amount TEXT NOT NULL, PRIMARY KEY (seq, position)) WITHOUT ROWID;
CREATE TABLE account (code TEXT PRIMARY KEY, owner_id INTEGER) WITHOUT ROWID;
"""
_CHUNK = 5000


class Spool:
    """The rows of a file, what they were gathered into, and what was rejected."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self.waiting: dict[str, list[tuple[Any, ...]]] = {}

    def put(self, table: str, row: tuple[Any, ...]) -> None:
        """Put a row into a table, in the order of its columns; it can be read after `flush`."""
        waiting = self.waiting.setdefault(table, [])
        waiting.append(row)
        if len(waiting) == _CHUNK:
            self._write(table)

    def flush(self) -> None:
        """Write what was put."""
        for table in self.waiting:
            self._write(table)

    def _write(self, table: str) -> None:
        if waiting := self.waiting.get(table):
            marks = ", ".join("?" * len(waiting[0]))
            self.database.executemany(f"INSERT INTO {table} VALUES ({marks})", waiting)
            waiting.clear()

    def sort(self) -> None:
        """To be called once all rows are in: lets them be read by account and number."""
        self.database.execute("CREATE INDEX row_purchase ON row (account, number, line)")

    def rows(self) -> Iterator[tuple[str, str, int, str]]:
        """(account, number, line, text) of the rows that name both, by account and number in code points, then line."""
        return self.database.execute(
            "SELECT account, number, line, text FROM row WHERE account IS NOT NULL ORDER BY account, number, line"
        )

    def accounts(self) -> Iterator[str]:
        """The account codes of the file, by code point."""
        found = self.database.execute(
            "SELECT DISTINCT account FROM row WHERE account IS NOT NULL ORDER BY account"
        )
        return (code for (code,) in found)

    def reject(self, line: int, reason: Reason, words: str) -> None:
        """Reject one row."""
        self.put("reject", (line, reason.value, words))

    def reject_purchase(self, account: str, number: str, reason: Reason, words: str) -> None:
        """Reject all rows of a purchase; one that was rejected for a reason of its own keeps that."""
        self._write("reject")
        self.database.execute(
            "INSERT OR IGNORE INTO reject SELECT line, ?, ? FROM row WHERE account = ? AND number = ?",
            (reason.value, words, account, number),
        )

    def rejects(self) -> Iterator[tuple[int, str, str]]:
        """(line, words, text of the row) of every rejected row, by line."""
        return self.database.execute(
            "SELECT reject.line, reject.words, row.text FROM reject JOIN row USING (line) ORDER BY reject.line"
        )

    def reject_counts(self) -> dict[Reason, int]:
        """How many rows were rejected for each reason, the most frequent first."""
        counts = self.database.execute(
            "SELECT reason, COUNT(*) FROM reject GROUP BY reason ORDER BY 2 DESC, 1"
        )
        return {Reason(reason): count for reason, count in counts}

    def purchases(self) -> Iterator[tuple[Any, ...]]:
        """The purchases that were taken, by account and number."""
        return self.database.execute("SELECT * FROM purchase ORDER BY seq")

    def lines(self) -> Iterator[tuple[Any, ...]]:
        """Their lines, by purchase and position."""
        return self.database.execute(
            "SELECT line.* FROM line WHERE EXISTS (SELECT 1 FROM purchase WHERE purchase.seq = line.seq) "
            "ORDER BY seq, position"
        )

    def taken_accounts(self) -> Iterator[tuple[str, int | None]]:
        """(code, owner named for it or None) of the accounts that have a purchase taken, by code."""
        return self.database.execute("SELECT code, owner_id FROM account ORDER BY code")

    def products(self) -> Iterator[tuple[str, str]]:
        """(code, most frequent description, or empty) of the products on lines taken, by code."""
        counted = self.database.execute(
            "SELECT product, description FROM line JOIN purchase USING (seq) WHERE product <> '' "
            "GROUP BY product, description ORDER BY product, description = '', COUNT(*) DESC, description"
        )
        last = ""
        for code, description in counted:
            if code != last:
                yield code, description
                last = code

    def totals(self) -> tuple[int, int, int]:
        """(purchases taken, lines taken, sum in cents of the base currency)."""
        return self.database.execute(
            "SELECT COUNT(*), COALESCE(SUM(lines), 0), COALESCE(SUM(amount_cents), 0) FROM purchase"
        ).fetchone()


@contextmanager
def open_spool() -> Iterator[Spool]:
    """An empty spool, gone when the block ends. Raises ImportRefused where the disk is full."""
    database = sqlite3.connect("", isolation_level=None)
    try:
        # Nothing in it must outlive the process, so it needs no journal; 16 MB in memory, the rest on disk.
        database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
            "PRAGMA cache_size = -16384;" + _TABLES + "BEGIN;"
        )
        yield Spool(database)
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
