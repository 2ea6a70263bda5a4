"""No index of accounts has the tier, and pages keep room: a run's thousands of new tiers touch no index at all."""

from django.db import migrations

FULL = 85
"""Percent of a page that new rows fill (PostgreSQL); 15 are room for about three rewritten rows in twenty."""


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE accounts_account SET (fillfactor = {FULL})")


def fill(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE accounts_account RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_customers_anywhere")]

    operations = [
        migrations.RemoveIndex(model_name="account", name="account_owner_tier"),
        migrations.RemoveIndex(model_name="account", name="account_tier_code"),
        migrations.RunPython(leave_room, fill, elidable=False),
    ]
