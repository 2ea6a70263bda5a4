"""Many rows into a table at once, as a stream of lines in COPY's text format.

PostgreSQL reads them by COPY; SQLite, which the smoke test uses, by executemany.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import connection, models
from django.utils import timezone

NULL = "\\N"
_LINES = 5_000  # at once

_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype IN ('u', 'x') ORDER BY conname
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index i WHERE i.indrelid = %s::regclass AND NOT i.indisprimary
        AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY 1
"""


def copy(
    model: type[models.Model],
    columns: str,
    lines: Iterable[str],
    *,
    order_by: str = "",
) -> None:
    """Load lines with these columns (names parted by spaces), values parted by tabs; the rest gets the defaults.

    order_by: SQL; the rows are written in this order, and so get their ids (PostgreSQL only: SQLite keeps that of the
    lines). Without it the lines come in the order in which they are to lie. A text that stands in COPY's format needs
    no escape here: the generator writes neither tabs nor backslashes.
    """
    names, tail = _complete(model, columns)
    table = model._meta.db_table
    chunks = _chunks(line + tail for line in lines)
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            marks = ", ".join(["%s"] * len(names))
            for chunk in chunks:
                rows = [
                    [None if part == NULL else part for part in line.rstrip("\n").split("\t")]
                    for line in chunk
                ]
                cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
            return
        listed = ", ".join(names)
        if not order_by:
            cursor.copy_expert(f"COPY {table} ({listed}) FROM STDIN", _Stream(chunks))
            return
        cursor.execute(f"CREATE TEMPORARY TABLE staged AS SELECT {listed} FROM {table} WITH NO DATA")
        cursor.copy_expert(f"COPY staged ({listed}) FROM STDIN", _Stream(chunks))
        cursor.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM staged ORDER BY {order_by}")
        cursor.execute("DROP TABLE staged")


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Take down what slows loading: indexes, uniqueness, and, where the role may, foreign keys' checks.

    All of it is built again afterwards; what the generator writes is whole by construction, and uniqueness is checked
    when its index is built.
    """
    if connection.vendor != "postgresql":
        yield
        return
    again = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        unchecked = cursor.fetchone()[0]
        if unchecked:
            cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'; SET synchronous_commit = off"
        )
        for table in tables:
            cursor.execute(_CONSTRAINTS, [table])
            for name, definition in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
                again.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
            cursor.execute(_INDEXES, [table])
            for name, definition in cursor.fetchall():
                cursor.execute(f"DROP INDEX {name}")
                again.append(definition)
        yield
        for statement in again:
            cursor.execute(statement)
        if unchecked:
            cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("RESET maintenance_work_mem; RESET work_mem; RESET synchronous_commit")


def vacuum(*tables: str, full: bool = False) -> None:
    """Give the planner statistics and index-only scans their visibility map; no tables: all. Nothing on SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ({'FULL, ' if full else ''}ANALYZE) {', '.join(tables)}")


def run(statement: str, *parameters: Any) -> None:
    """Execute one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def follow_ids(model: type[models.Model]) -> None:
    """Let the table's next id follow those that were written with the rows."""
    if connection.vendor == "postgresql":
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"
            )


def _complete(model: type[models.Model], columns: str) -> tuple[list[str], str]:
    """All columns that must be written, and what every line ends with: the defaults of those not named."""
    plain: Any = model()
    names, values = columns.split(), []
    for field in model._meta.concrete_fields:
        if field.column in names or field.primary_key:
            continue
        value = getattr(plain, field.attname)
        if value is not None:
            names.append(str(field.column))
            values.append(_text(field.get_db_prep_save(value, connection)))
    return names, "".join(f"\t{value}" for value in values) + "\n"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dt.datetime):
        return (
            value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S") if timezone.is_aware(value) else str(value)
        )
    # psycopg2 wraps JSON until it is adapted.
    return str(getattr(value, "dumps", str)(value.adapted) if hasattr(value, "adapted") else value)


def _chunks(lines: Iterable[str]) -> Iterator[list[str]]:
    stream = iter(lines)
    while chunk := list(islice(stream, _LINES)):
        yield chunk


class _Stream:
    """Lines as the file that COPY reads, made while it is read."""

    def __init__(self, chunks: Iterator[list[str]]) -> None:
        self.chunks = chunks

    def read(self, size: int = -1) -> str:
        """The next lines, whatever size is asked for; empty at the end."""
        return "".join(next(self.chunks, []))
