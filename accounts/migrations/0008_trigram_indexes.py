"""Trigram indexes for the search on PostgreSQL; SQLite does without (docs/deploying.md, "The search")."""

import logging

from django.db import DatabaseError, migrations, transaction

INDEXES = {"account_search_trigrams": "accounts_account", "person_search_trigrams": "accounts_contactperson"}
logger = logging.getLogger(__name__)


def make(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError as refused:
            # Everything works without, only slower from some ten thousand accounts on.
            logger.warning(
                "The search has no trigram indexes, because the database refused the extension pg_trgm (%s)."
                " docs/deploying.md says how to make them later.",
                str(refused).strip().partition("\n")[0],
            )
            return
        for name, table in INDEXES.items():
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {name} ON {table} USING gin (search_key gin_trgm_ops)"
            )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_list_orders")]

    operations = [migrations.RunPython(make, drop, elidable=False)]
