"""manage.py import_accounts (docs/domain.md, section 10)."""

from __future__ import annotations

from accounts.management.importing import ImportCommand
from accounts.models import ImportKind


class Command(ImportCommand):
    """A file of accounts."""

    help = (
        "Import accounts from a CSV or XLSX file, optionally .gz. "
        "An account is found by its code; an empty cell changes nothing, an owner stays."
    )
    kind = ImportKind.ACCOUNTS
