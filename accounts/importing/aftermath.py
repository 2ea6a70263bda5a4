"""What follows an import or its undo, once that is committed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

MANY = 50_000
"""Rows from which statistics and the visibility map are refreshed at once, not when the server finds the time."""


def tidy_up(*, tables: Sequence[str], rows: int) -> None:
    """After many rows: fresh statistics and, on PostgreSQL, visibility map for the tables. Not inside transactions.

    Without the map an index-only scan (tiering reads one) looks every row up. SQLite's ANALYZE is bounded: it looks at
    a few hundred rows of each index.
    """
    if rows < MANY or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(tables)}")
        else:
            cursor.execute("PRAGMA analysis_limit = 400")
            for table in tables:
                cursor.execute(f"ANALYZE {table}")


def tell_imported(*, import_id: int, undone: bool, today: dt.date, now: dt.datetime) -> None:
    """Call settings.IMPORTED once all is committed: what follows events lies above. Else like `tell_planning`."""
    for path in settings.IMPORTED:
        told = partial(import_string(path), import_id=import_id, undone=undone, today=today, now=now)
        transaction.on_commit(told, robust=True)


def tell_planning(*, account_ids: Sequence[int], today: dt.date, now: dt.datetime) -> None:
    """Call settings.ACCOUNT_CHANGED once all is committed: contact planning lies above accounts.

    The import stands whatever becomes of it: a failure is logged, and the nightly planning makes it good.
    """
    if account_ids:
        for path in settings.ACCOUNT_CHANGED:
            told = partial(import_string(path), account_ids=sorted(account_ids), today=today, now=now)
            transaction.on_commit(told, robust=True)
