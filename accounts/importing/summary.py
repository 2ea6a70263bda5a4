"""What came of an import, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from accounts.importing.reasons import Reason

_OWNERS_SHOWN = 10


@dataclass(frozen=True)
class Summary:
    """What came of an import. Rows are counted in the file, purchases by what became of them in the database."""

    file_name: str
    dry_run: bool
    currency: str
    """The base currency."""
    rows_read: int
    rows_taken: int
    rejected: dict[Reason, int]
    """Rows by reason, the most frequent first."""
    first_rejects: list[tuple[int, str]]
    """(line, words) of the first rejected rows."""
    accounts_created: int
    products_created: int
    owners_set: int
    """Accounts that stood without an owner and got the one that the file names; new accounts not counted."""
    purchases_created: int
    purchases_changed: int
    purchases_unchanged: int
    total_cents: int
    """Sum over the purchases of the file that were taken, in cents of the base currency."""
    unknown_owners: list[str] = field(default_factory=list)
    rejected_file: Path | None = None
    """Where the rejected rows are listed; None where there are none or nobody asked."""
    import_id: int | None = None
    """None where nothing was written."""

    @property
    def rows_rejected(self) -> int:
        """Rows that were not taken."""
        return sum(self.rejected.values())

    @property
    def purchases(self) -> int:
        """Purchases of the file that were taken, changed or not."""
        return self.purchases_created + self.purchases_changed + self.purchases_unchanged

    @property
    def total(self) -> Decimal:
        """Their sum in the base currency."""
        return Decimal(self.total_cents).scaleb(-2)

    @property
    def took_nothing(self) -> bool:
        """Whether the file has rows, and none of them could be taken."""
        return bool(self.rows_read) and not self.rows_taken

    def as_json(self) -> dict[str, Any]:
        """The summary for programs; money as text with two decimals."""
        return {
            "file": self.file_name,
            "dry_run": self.dry_run,
            "rows_read": self.rows_read,
            "rows_taken": self.rows_taken,
            "rows_rejected": self.rows_rejected,
            "rejected_by_reason": {reason.value: count for reason, count in self.rejected.items()},
            "accounts_created": self.accounts_created,
            "products_created": self.products_created,
            "owners_set": self.owners_set,
            "unknown_owners": self.unknown_owners,
            "purchases": self.purchases,
            "purchases_created": self.purchases_created,
            "purchases_changed": self.purchases_changed,
            "purchases_unchanged": self.purchases_unchanged,
            "total": f"{self.total:.2f}",
            "currency": self.currency,
            "rejected_file": str(self.rejected_file) if self.rejected_file else None,
            "import": self.import_id,
        }

    def in_words(self) -> str:
        """The summary for people, several lines."""
        rows = [
            (_("Rows read"), f"{self.rows_read:,}"),
            (_("Rows taken"), f"{self.rows_taken:,}"),
            (_("Rows rejected"), f"{self.rows_rejected:,}"),
            *((f"  {reason.label}", f"{count:,}") for reason, count in self.rejected.items()),
            (_("Accounts created"), f"{self.accounts_created:,}"),
            (_("Products created"), f"{self.products_created:,}"),
            (_("Purchases"), f"{self.purchases:,}"),
            (f"  {_('created')}", f"{self.purchases_created:,}"),
            (f"  {_('changed')}", f"{self.purchases_changed:,}"),
            (f"  {_('unchanged')}", f"{self.purchases_unchanged:,}"),
            (_("Their sum"), f"{self.total:,.2f} {self.currency}"),
        ]
        if self.owners_set:
            rows.insert(4 + len(self.rejected), (_("Owners set"), f"{self.owners_set:,}"))
        left, right = max(len(name) for name, _value in rows), max(len(value) for _name, value in rows)
        lines = [f"{name:<{left}}  {value:>{right}}" for name, value in rows]
        if self.unknown_owners:
            names = ", ".join(self.unknown_owners[:_OWNERS_SHOWN])
            more = len(self.unknown_owners) - _OWNERS_SHOWN
            lines.append(
                _("No user has the e-mail or sales code: %(names)s.")
                % {"names": names + (f" (+{more:,})" if more > 0 else "")}
            )
        if self.rejected_file:
            lines.append(_("The rejected rows are listed in %(file)s.") % {"file": self.rejected_file})
        if self.dry_run:
            lines.append(_("This was a dry run: nothing was written."))
        return "\n".join(lines)
