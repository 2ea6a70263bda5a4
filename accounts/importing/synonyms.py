"""How ERPs call the fields, in English, Polish, Bulgarian, Hungarian and German."""

from __future__ import annotations

from accounts.models.importing import ImportKind

SYNONYMS: dict[ImportKind, dict[str, tuple[str, ...]]] = {
    ImportKind.ACCOUNTS: {},
    ImportKind.PERSONS: {},
    ImportKind.PRODUCTS: {},
    ImportKind.PURCHASES: {},
}
"""Kind -> field -> names of columns; compared as `guessing` folds them."""
