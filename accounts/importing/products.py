"""Files of products (docs/domain.md, section 10)."""

from __future__ import annotations

from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from accounts.folding import fold
from accounts.importing.reasons import Reason
from accounts.importing.records import Records, Rejected, list_made
from accounts.importing.staging import count, differs
from accounts.importing.summary import Difference
from accounts.models import Import, ImportedRow, ImportKind, Product, ProductLine


class Products(Records):
    """Brings products in, found by their code. A product line that is new is made; without one it is *unsorted*."""

    kind = ImportKind.PRODUCTS
    model = Product
    target = ImportedRow.Target.PRODUCT.value
    written = ("accounts_product",)
    staged = {
        "code": "code",
        "name": "name",
        "complexity": "complexity",
        "service_life_months": "service_life_months",
        "line_name": "name",
    }

    def begin(self) -> None:
        """As of Records."""
        self.lines = {fold(name): name for name in ProductLine.objects.values_list("name", flat=True)}

    def take(self, line: int, row: dict[str, Any]) -> dict[str, Any]:
        """As of Records."""
        code = row["code"]
        if first := self.task.spool.first_line_of(code, line):
            raise Rejected(
                Reason.TWICE,
                _("code: line %(line)s has the product %(code)s already") % {"line": first, "code": code},
            )
        if name := row.get("line"):
            row["line_name"] = self.lines.setdefault(fold(name), name)
        return row

    def changes(self) -> dict[str, str]:
        """As of Records."""
        return super().changes() | {"line_id": f"COALESCE({_LINE}, t.line_id)"}

    def differences(self) -> list[str]:
        """As of Records. Lines are compared by name: one may only be made by this file."""
        plain = [differs(new, f"t.{name}") for name, new in self.changes().items() if name != "line_id"]
        name = "(SELECT l.name FROM accounts_productline l WHERE l.id = t.line_id)"
        return [*plain, f"(s.line_name IS NOT NULL AND s.line_name <> {name})"]

    def insertions(self) -> dict[str, str]:
        """As of Records."""
        unsorted = f"(SELECT l.id FROM accounts_productline l WHERE l.name = '{ProductLine.UNSORTED}')"
        return {"line_id": f"COALESCE({_LINE}, {unsorted})"}

    def count_more(self, cursor: CursorWrapper, difference: Difference) -> None:
        """As of Records."""
        difference.product_lines = count(cursor, f"SELECT COUNT(*) FROM ({_MISSING}) m")

    def write_before(self, cursor: CursorWrapper, run: Import, note: str) -> None:
        """Make the product lines."""
        ProductLine.objects.get_or_create(name=ProductLine.UNSORTED)
        cursor.execute(f"{_MISSING} ORDER BY 1")
        list_made(
            cursor, run, ImportedRow.Target.PRODUCT_LINE, ProductLine, [name for (name,) in cursor.fetchall()]
        )


_LINE = "(SELECT l.id FROM accounts_productline l WHERE l.name = s.line_name)"
_MISSING = (
    "SELECT DISTINCT s.line_name FROM import_record s WHERE s.line_name IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM accounts_productline l WHERE l.name = s.line_name)"
)
