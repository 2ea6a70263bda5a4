"""manage.py import_persons (docs/domain.md, section 10)."""

from __future__ import annotations

from accounts.management.importing import ImportCommand
from accounts.models import ImportKind


class Command(ImportCommand):
    """A file of persons."""

    help = (
        "Import contact persons from a CSV or XLSX file, optionally .gz. "
        "A person is found at the account by e-mail, or else by name; an empty cell changes nothing."
    )
    kind = ImportKind.PERSONS
    creates_accounts = True
