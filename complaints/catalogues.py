"""What stands in the catalogues of a new installation (docs/domain.md, 6); an admin changes it from there."""

from __future__ import annotations

from typing import Any

NOT_AS_ORDERED = "not_as_ordered"
QUALITY = "quality"
LATE_DELIVERY = "late_delivery"
PROMISE_NOT_KEPT = "promise_not_kept"
LACKS_FEATURE = "lacks_feature"
OTHER = "other"
QUESTION = "question"

CATEGORIES = (
    (NOT_AS_ORDERED, "Not what was ordered", "complaint"),
    (QUALITY, "Quality below promise", "complaint"),
    (LATE_DELIVERY, "Late delivery", "complaint"),
    (PROMISE_NOT_KEPT, "Promise not kept", "complaint"),
    (LACKS_FEATURE, "Lacks what the customer believed it had", "complaint"),
    (OTHER, "Other", "complaint"),
    (QUESTION, "Question", "question"),
)
OF_COMPLAINTS = tuple(code for code, _name, kind in CATEGORIES if kind == "complaint")

CAUSES = (
    ("product_fault", "Fault of a product or batch", True),
    ("picking", "Wrong goods picked or packed", False),
    ("transport", "Damaged or delayed in transport", False),
    ("supplier", "Supplier late", False),
    ("planning", "Delivery promised without capacity", False),
    ("sales_promise", "Promised more than we can keep", False),
    ("description", "Described so that it could be misread", False),
    ("paperwork", "Order or invoice wrong", False),
    ("overload", "Too much work, too few hands", False),
    ("customer_use", "Used otherwise than meant", False),
    ("none", "Nothing was wrong", False),
)

LEVELS = (
    # Tier, category, first response and resolution in working minutes: a working day has 480.
    ("", None, 480, 2400),
    ("A", None, 120, 960),
    ("B", None, 240, 1440),
    ("C", None, 480, 2400),
    ("", QUESTION, 240, 960),
    ("A", QUESTION, 120, 480),
    ("A", LATE_DELIVERY, 60, 480),
)


def fill(*, category: Any, cause: Any, level: Any) -> None:
    """Fill the catalogues that are empty. The models are given: a migration has those of its time."""
    if not category.objects.exists():
        category.objects.bulk_create(
            category(code=code, name=name, kind=kind, position=10 * place)
            for place, (code, name, kind) in enumerate(CATEGORIES, 1)
        )
    if not cause.objects.exists():
        cause.objects.bulk_create(
            cause(code=code, name=name, product_fault=fault, position=10 * place)
            for place, (code, name, fault) in enumerate(CAUSES, 1)
        )
    if not level.objects.exists():
        known = set(category.objects.values_list("pk", flat=True))
        level.objects.bulk_create(
            level(tier=tier, category_id=code, response_minutes=response, resolution_minutes=resolution)
            for tier, code, response, resolution in LEVELS
            if code is None or code in known
        )
