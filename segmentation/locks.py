"""Whoever changes tiers waits here, so that a run reads tiers that nobody is changing (docs/domain.md, 4.3)."""

from __future__ import annotations

from django.db import connection

_TIERS = 4_170_001
"""The advisory lock's key; any number that nothing else in the database uses."""


def lock_tiers(*, alone: bool) -> None:
    """Take part in changing tiers until the transaction ends: alone (a run), or beside others (a decision).

    PostgreSQL: an advisory lock, given back by the server however the transaction ends. SQLite has one writer at a
    time anyway, from BEGIN IMMEDIATE on.
    """
    if connection.vendor == "postgresql":
        function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [_TIERS])
