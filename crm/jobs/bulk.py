"""Many rows at once: what only PostgreSQL has (COPY), behind functions that SQLite fulfils in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

from django.db import connection, models

_CHUNK = 2000  # rows
COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def take_ids(model: type[models.Model], number: int) -> list[int]:
    """`number` ids for new rows of the model that nobody else will get. Inside the transaction that writes the rows.

    On SQLite the writer is alone, and the ids are those after the highest ever given.
    """
    if not number:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, number],
            )
            return [taken for (taken,) in cursor.fetchall()]
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        highest = cursor.fetchone()[0]
    return list(range(highest + 1, highest + 1 + number))


def load(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows as they are, many times quicker than `bulk_create`. No defaults, no signals, no history.

    columns: names of columns, not of fields. Values are as the database takes them: days as such, moments through
    `connection.ops.adapt_datetimefield_value`, JSON as text, None for NULL.
    """
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return
    iterator = chain([first], iterator)
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", CopyText(iterator))
            return
        marks = ", ".join(["%s"] * len(columns))
        while chunk := list(islice(iterator, _CHUNK)):
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", chunk)


def copied(value: Any) -> str:
    """One value as COPY reads it."""
    return "\\N" if value is None else str(value).translate(COPY_ESCAPES)


class CopyText:
    """Rows as the text that COPY reads, made while it is read."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self.rows = iter(rows)

    def read(self, size: int = -1) -> str:
        """The next rows, whatever size is asked for (psycopg2 passes on what it gets); empty at the end."""
        return "".join("\t".join(map(copied, row)) + "\n" for row in islice(self.rows, _CHUNK))
