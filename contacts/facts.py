"""Facts on the account that contacts owns (docs/architecture.md, the three doors)."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, OuterRef, Q, Subquery

from accounts.models import Account, Channel
from contacts.models import Outcome, Touchpoint


def refresh_last_contact(*, account_ids: Collection[int] | None = None) -> int:
    """Set Account.last_contact_on of all accounts, or of those named; returns how many changed.

    It is the day of the last live touchpoint that reached somebody, whoever made it; a broadcast reaches nobody. One
    statement; rows that are right already are not written.
    """
    last = (
        Touchpoint.objects.live()
        .filter(account=OuterRef("pk"))
        .exclude(outcome=Outcome.NOT_REACHED)
        .exclude(channel=Channel.BROADCAST)
        .order_by("-day")
        .values("day")[:1]
    )
    accounts = Account.objects.order_by()
    if account_ids is not None:
        accounts = accounts.filter(pk__in=account_ids)
    wrong = Q(found__isnull=True, last_contact_on__isnull=False) | Q(
        Q(last_contact_on__isnull=True) | ~Q(last_contact_on=F("found")), found__isnull=False
    )
    return accounts.annotate(found=Subquery(last)).filter(wrong).update(last_contact_on=Subquery(last))
