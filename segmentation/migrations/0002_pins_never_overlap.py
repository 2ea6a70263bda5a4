"""Pins of one account never overlap: an exclusion constraint on PostgreSQL, triggers on SQLite.

SQLite drops the triggers when Django rebuilds the table: a later migration that alters TierPin must call this again.
"""
from django.db import migrations

POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    """
    ALTER TABLE segmentation_tierpin ADD CONSTRAINT pins_of_an_account_never_overlap
    EXCLUDE USING gist (account_id WITH =, daterange(first_day, last_day, '[]') WITH &&)
    """,
]
SQLITE = [
    f"""
    CREATE TRIGGER pins_never_overlap_on_{event.split()[0].lower()} BEFORE {event} ON segmentation_tierpin
    WHEN EXISTS (
        SELECT 1 FROM segmentation_tierpin
        WHERE account_id = NEW.account_id AND first_day <= NEW.last_day AND last_day >= NEW.first_day {others}
    )
    BEGIN SELECT RAISE(ABORT, 'pins_of_an_account_never_overlap'); END
    """
    for event, others in (
        ("INSERT", ""),
        ("UPDATE OF account_id, first_day, last_day", "AND id <> OLD.id"),
    )
]


def forbid_overlaps(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def allow_overlaps(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE segmentation_tierpin DROP CONSTRAINT pins_of_an_account_never_overlap")
    else:
        schema_editor.execute("DROP TRIGGER pins_never_overlap_on_insert")
        schema_editor.execute("DROP TRIGGER pins_never_overlap_on_update")


class Migration(migrations.Migration):
    dependencies = [("segmentation", "0001_initial")]

    operations = [
        migrations.RunPython(forbid_overlaps, allow_overlaps),
    ]
