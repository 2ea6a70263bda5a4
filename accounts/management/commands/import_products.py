"""manage.py import_products (docs/domain.md, section 10)."""

from __future__ import annotations

from accounts.management.importing import ImportCommand
from accounts.models import ImportKind


class Command(ImportCommand):
    """A file of products."""

    help = (
        "Import products from a CSV or XLSX file, optionally .gz. "
        "A product is found by its code; an empty cell changes nothing; a new product line is made."
    )
    kind = ImportKind.PRODUCTS
