"""Emptying the test database after a test that committed.

Django's `flush` truncates every table there is, which on PostgreSQL writes and syncs some hundred files (seconds on a
busy disk), and then makes all content types and permissions again. What a test wrote is a few rows in a few tables:
this deletes those. The tables that migrating alone fills are left as they are.
"""

from __future__ import annotations

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

MADE_BY_MIGRATING = {
    "django_content_type",
    "auth_permission",
    "complaints_complaintcategory",
    "complaints_rootcause",
    "complaints_servicelevel",
    "segmentation_reason",
}


def empty(alias: str) -> None:
    """Delete all rows of all tables of the database, but for those that migrating fills itself."""
    connection = connections[alias]
    with transaction.atomic(using=alias):
        filled = _filled(connection)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT current_setting('is_superuser')")
                if cursor.fetchone() == ("on",):
                    # Everything goes, so no row has to be searched for others that point at it.
                    cursor.execute("SET LOCAL session_replication_role = replica")
            else:
                cursor.execute("PRAGMA defer_foreign_keys = on")
            for table in filled:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


def _filled(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables that have rows, asked for in one statement."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = sorted(set(tables) - MADE_BY_MIGRATING)
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})"
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [table for (table,) in cursor.fetchall()]
