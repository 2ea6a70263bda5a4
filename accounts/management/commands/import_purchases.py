"""manage.py import_purchases (docs/domain.md, section 10)."""

from __future__ import annotations

from accounts.management.importing import ImportCommand
from accounts.models import ImportKind


class Command(ImportCommand):
    """A file of purchases."""

    help = (
        "Import purchases from a CSV or XLSX file, optionally .gz. "
        "Rows with the same account and number are lines of one purchase; importing it again replaces its lines."
    )
    kind = ImportKind.PURCHASES
    creates_accounts = True
