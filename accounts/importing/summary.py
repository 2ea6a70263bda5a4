"""What came of an import, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from accounts.importing.reasons import Reason
from accounts.models import ImportKind

_OWNERS_SHOWN = 10


def assumed(*, number: str, dates: bool) -> list[str]:
    """What was taken to be meant where a file does not tell, and what to do about it; a sentence each."""
    found = []
    if number:
        words = _(
            "Nothing tells whether %(number)s is %(small)s or %(large)s: %(small)s was taken."
            " If that is wrong, choose a comma for the decimals."
        )
        small = f"{Decimal(number).normalize():f}"
        found.append(words % {"number": number, "small": small, "large": number.replace(".", "")})
    if dates:
        found.append(
            _(
                "Nothing tells whether 01/02 is the first of February or the second of January: the day was taken"
                " first. If that is wrong, choose the order of the dates."
            )
        )
    return found


@dataclass
class Difference:
    """What an import would write, counted. `created` and the like are rows of the file's own kind (purchases, ...)."""

    created: int
    changed: int
    unchanged: int
    accounts: int = 0
    """Accounts made because something else names them."""
    owners: int = 0
    products: int = 0
    tags: int = 0
    product_lines: int = 0


@dataclass(frozen=True)
class Summary:
    """What came of an import. Rows are counted in the file, the rest by what became of it in the database."""

    kind: ImportKind
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
    created: int
    """Purchases, accounts, persons or products, as the kind says."""
    changed: int
    unchanged: int
    accounts_created: int = 0
    products_created: int = 0
    owners_set: int = 0
    """Accounts that stood without an owner and got the one that the file names; new accounts not counted."""
    tags_created: int = 0
    product_lines_created: int = 0
    total_cents: int = 0
    """Sum over the purchases of the file that were taken, in cents of the base currency."""
    unknown_owners: list[str] = field(default_factory=list)
    warnings: int = 0
    """Rows that were taken although somebody should look at them."""
    first_warnings: list[tuple[int, str]] = field(default_factory=list)
    """(line, words) of the first of them."""
    number_assumed: str = ""
    """A number that may be either of two, where nothing in the file told: its point was taken for the decimal sign."""
    dates_assumed: bool = False
    """Days such as 01/02/2026 stood there, and nothing told which is the month: the day was taken to come first."""
    rejected_file: Path | None = None
    """Where the rejected rows are listed; None where there are none or nobody asked."""
    import_id: int | None = None
    """None where nothing was written."""

    @property
    def purchases_created(self) -> int:
        """Of a file of purchases: how many are new."""
        return self.created if self.kind == ImportKind.PURCHASES else 0

    @property
    def purchases_changed(self) -> int:
        """Of a file of purchases: how many stood otherwise."""
        return self.changed if self.kind == ImportKind.PURCHASES else 0

    @property
    def purchases_unchanged(self) -> int:
        """Of a file of purchases: how many stood as the file has them."""
        return self.unchanged if self.kind == ImportKind.PURCHASES else 0

    @property
    def rows_rejected(self) -> int:
        """Rows that were not taken."""
        return sum(self.rejected.values())

    @property
    def found(self) -> int:
        """Purchases, accounts, persons or products of the file that were taken, changed or not."""
        return self.created + self.changed + self.unchanged

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
        kind = self.kind.value
        return {
            "kind": kind,
            "file": self.file_name,
            "dry_run": self.dry_run,
            "rows_read": self.rows_read,
            "rows_taken": self.rows_taken,
            "rows_rejected": self.rows_rejected,
            "rejected_by_reason": {reason.value: count for reason, count in self.rejected.items()},
            "first_rejects": [[line, words] for line, words in self.first_rejects],
            "accounts_created": self.accounts_created,
            "products_created": self.products_created,
            "product_lines_created": self.product_lines_created,
            "tags_created": self.tags_created,
            "owners_set": self.owners_set,
            "unknown_owners": self.unknown_owners,
            "warnings": self.warnings,
            "first_warnings": [[line, words] for line, words in self.first_warnings],
            "number_assumed": self.number_assumed,
            "dates_assumed": self.dates_assumed,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            kind: self.found,
            f"{kind}_created": self.created,
            f"{kind}_changed": self.changed,
            f"{kind}_unchanged": self.unchanged,
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
        ]
        beside = [
            (_("Owners set"), self.owners_set),
            (_("Accounts created"), self.accounts_created),
            (_("Products created"), self.products_created),
            (_("Product lines created"), self.product_lines_created),
            (_("Tags created"), self.tags_created),
        ]
        always = (_("Accounts created"), _("Products created")) if self.kind == ImportKind.PURCHASES else ()
        rows += [(name, f"{count:,}") for name, count in beside if count or name in always]
        rows += [
            (str(self.kind.label), f"{self.found:,}"),
            (f"  {_('created')}", f"{self.created:,}"),
            (f"  {_('changed')}", f"{self.changed:,}"),
            (f"  {_('unchanged')}", f"{self.unchanged:,}"),
        ]
        if self.kind == ImportKind.PURCHASES:
            rows.append((_("Their sum"), f"{self.total:,.2f} {self.currency}"))
        left, right = max(len(name) for name, _value in rows), max(len(value) for _name, value in rows)
        lines = [f"{name:<{left}}  {value:>{right}}" for name, value in rows]
        if self.unknown_owners:
            names = ", ".join(self.unknown_owners[:_OWNERS_SHOWN])
            more = len(self.unknown_owners) - _OWNERS_SHOWN
            lines.append(
                _("No user has the e-mail or sales code: %(names)s.")
                % {"names": names + (f" (+{more:,})" if more > 0 else "")}
            )
        lines += assumed(number=self.number_assumed, dates=self.dates_assumed)
        lines += [
            _("Look at line %(line)s: %(words)s") % {"line": line, "words": words}
            for line, words in self.first_warnings
        ]
        if more := self.warnings - len(self.first_warnings):
            lines.append(_("… and at %(count)s more.") % {"count": f"{more:,}"})
        if self.rejected_file:
            lines.append(_("The rejected rows are listed in %(file)s.") % {"file": self.rejected_file})
        if self.dry_run:
            lines.append(_("This was a dry run: nothing was written."))
        return "\n".join(lines)
