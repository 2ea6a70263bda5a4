"""Which later imports stand in the way of taking one back."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.importing.undo_finding import Kept
from accounts.models import ContactPerson, Import, ImportedRow, Purchase, PurchaseLine

_NAMED = 5


def later_imports(imported: Import) -> list[Import]:
    """Imports that changed what this one brought, or brought something to it, and stand; the latest first."""
    mine = ImportedRow.objects.filter(imported=imported)
    created = mine.filter(before__isnull=True)
    accounts = created.filter(target=ImportedRow.Target.ACCOUNT).values("object_id")
    products = created.filter(target=ImportedRow.Target.PRODUCT).values("object_id")
    later = ImportedRow.objects.filter(imported_id__gt=imported.pk)
    at_them = ContactPerson.objects.filter(account__in=accounts).values("pk")
    changed = later.filter(
        Exists(mine.filter(target=OuterRef("target"), object_id=OuterRef("object_id")))
        | Q(target=ImportedRow.Target.PURCHASE, before__imported_id=imported.pk)
        | Q(target=ImportedRow.Target.PERSON, object_id__in=at_them)
    )
    bought = Purchase.objects.filter(imported_id__gt=imported.pk).filter(
        Q(account__in=accounts)
        | Exists(PurchaseLine.objects.filter(purchase=OuterRef("pk"), product__in=products))
    )
    standing = Import.objects.filter(undone_at=None).order_by("-pk")
    return list(
        standing.filter(Q(pk__in=changed.values("imported")) | Q(pk__in=bought.values("imported")))[:_NAMED]
    )


def cannot_be_undone(kept: list[Kept], first: list[Import]) -> str:
    """Why nothing of an import can be taken back, and what to take back before it."""
    why = _("Nothing of this import can be taken back now: all it brought stays (%(reasons)s).") % {
        "reasons": "; ".join(dict.fromkeys(one.reason for one in kept))
    }
    if not first:
        return why
    names = ", ".join(f"{one.file_name} ({one.pk})" for one in first)
    return why + " " + _("Take back first: %(imports)s.") % {"imports": names}
