"""Many rows at once: what only PostgreSQL has (COPY), behind functions that SQLite fulfils in its own way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

_CHUNK = 2000  # rows
_REWRITTEN = 1000  # rows of one UPDATE: SQLite takes so many values
_NOTHING: Mapping[str, Any] = {}
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
                # Looked up in a subquery: once, not with every number.
                "SELECT nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass)) FROM generate_series(1, %s)",
                [table, number],
            )
            return [taken for (taken,) in cursor.fetchall()]
        cursor.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        highest = cursor.fetchone()[0]
    return list(range(highest + 1, highest + 1 + number))


def among(column: str, ids: Iterable[int]) -> tuple[str, str]:
    """The condition that `column` holds one of the ids, and its parameter: as IN, quick with thousands of them.

    Django and PostgreSQL handle the numbers of an IN one by one. Here they are one text, and SQLite takes any number.
    """
    numbers = ",".join(map(str, ids))
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::bigint[])", f"{{{numbers}}}"
    return f"{column} IN (SELECT value FROM json_each(%s))", f"[{numbers}]"


class Among(models.Lookup):
    """`among` for a queryset: `.filter(Among(F("account_id"), ids))`."""

    lookup_name = "among"
    prepare_rhs = False

    def __init__(self, lhs: Any, ids: Iterable[int]) -> None:
        super().__init__(lhs, tuple(ids))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """The condition on the column that `lhs` is."""
        column, values = self.process_lhs(compiler, connection)
        condition, ids = among(column, self.rhs)
        return condition, (*values, ids)


def load(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    same: Mapping[str, Any] = _NOTHING,
) -> None:
    """Insert rows as they are, many times quicker than `bulk_create`. No defaults, no signals, no history.

    columns: names of columns, not of fields. Values are as the database takes them: days as such, moments through
    `connection.ops.adapt_datetimefield_value`, JSON as text, None for NULL. same: further columns, and what each holds
    in every row.
    """
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return
    iterator = chain([first], iterator)
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(name) for name in (*columns, *same))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", CopyText(iterator, tuple(same.values())))
            return
        marks = ", ".join(["%s"] * (len(columns) + len(same)))
        while chunk := [(*row, *same.values()) for row in islice(iterator, _CHUNK)]:
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", chunk)


def copied(value: Any) -> str:
    """One value as COPY reads it."""
    if value is None:
        return "\\N"
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is dt.date:
        return _day(value)
    text = str(value)
    return text if "\\" not in text and text.isprintable() else text.translate(COPY_ESCAPES)


_day = lru_cache(maxsize=2**14)(dt.date.isoformat)


class CopyText:
    """Rows as the text that COPY reads, made while it is read. same: values at the end of every row."""

    def __init__(self, rows: Iterable[Sequence[Any]], same: Sequence[Any] = ()) -> None:
        self.rows = iter(rows)
        self.end = "".join("\t" + copied(value) for value in same) + "\n"

    def read(self, size: int = -1) -> str:
        """The next rows, whatever size is asked for (psycopg2 passes on what it gets); empty at the end."""
        end = self.end
        return "".join("\t".join(map(copied, row)) + end for row in islice(self.rows, _CHUNK))


def rewrite(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    only_where: Sequence[str] = (),
) -> int:
    """Give existing rows other values in some columns, a thousand with each statement; how many were written.

    rows: the id, the values of `only_where` (a row that does not hold them any more is left alone), then those of
    `columns`. Django's bulk_update asks a thousand times for each column which row it is: fifty thousand rows with a
    dozen columns took minutes.
    """
    fields: list[Any] = [model._meta.get_field(name) for name in ("id", *only_where, *columns)]
    places = [f"v.column{place}" for place in range(1, len(fields) + 1)]
    if connection.vendor == "postgresql":
        places = [
            f"CAST({place} AS {field.db_type(connection)})"
            for place, field in zip(places, fields, strict=True)
        ]
    kept = 1 + len(only_where)
    pairs = [f"{field.column} = {place}" for field, place in zip(fields, places, strict=True)]
    conditions = " AND ".join(f"t.{pair}" for pair in pairs[:kept])
    marks = f"({', '.join(['%s'] * len(fields))})"
    written = 0
    waiting = iter(rows)
    with connection.cursor() as cursor:
        while chunk := list(islice(waiting, _REWRITTEN)):
            values = [
                field.get_db_prep_save(value, connection)
                for row in chunk
                for field, value in zip(fields, row, strict=True)
            ]
            cursor.execute(
                f"UPDATE {model._meta.db_table} AS t SET {', '.join(pairs[kept:])}"
                f" FROM (VALUES {', '.join([marks] * len(chunk))}) AS v WHERE {conditions}",
                values,
            )
            written += cursor.rowcount
    return written
