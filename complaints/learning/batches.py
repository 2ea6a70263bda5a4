"""Open complaints by product and category: several about the same are the first sign of a faulty batch."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Min, Q, QuerySet

from complaints.learning.scope import Scope

SUSPECT = 2
"""From so many accounts on, the same trouble with the same product is suspect."""


def batches(scope: Scope, *, now: dt.datetime) -> QuerySet:
    """A dict for each product, batch and category that open complaints name, that of the most accounts first.

    Whenever they came. Those that name no product stand together by category. One statement.
    """
    return (
        scope.all_open.values(
            "product_id", "product__code", "product__name", "product__line__name", "batch", "category_id"
        )
        .annotate(
            number=Count("pk"),
            accounts=Count("account", distinct=True),
            over=Count("pk", filter=Q(due_at__lte=now)),
            oldest=Min("opened_on"),
        )
        .order_by("-accounts", "-number", "product__code", "batch", "category_id")
    )
