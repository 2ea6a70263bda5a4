"""Facts on the account that complaints owns (docs/architecture.md, the three doors)."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account
from complaints.models import Complaint


def refresh_open_complaints(*, account_ids: Collection[int]) -> int:
    """Set Account.open_complaints of the accounts named; returns how many changed. One statement."""
    counted = (
        Complaint.objects.open()
        .complaints()
        .filter(account=OuterRef("pk"))
        .order_by()
        .values("account")
        .annotate(number=Count("pk"))
        .values("number")
    )
    number = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    accounts = Account.objects.order_by().filter(pk__in=account_ids)
    return accounts.annotate(found=number).exclude(open_complaints=F("found")).update(open_complaints=number)
