"""Accounts that complain again and again, and those of which somebody suspects bad faith."""

from __future__ import annotations

from django.db.models import Count, Max, Q, QuerySet, Sum

from complaints.learning.scope import ACCOUNT, Scope
from complaints.models import Complaint

FREQUENT, BAD_FAITH = "frequent", "bad-faith"


def repeaters(scope: Scope, which: str, *, at_least: int) -> QuerySet:
    """A dict for each account with so many complaints in the period, or with one suspected of bad faith.

    which: FREQUENT, the most complaints first; or BAD_FAITH, the most suspected first. One statement.
    """
    rows = scope.complaints.values(
        *ACCOUNT,
    ).annotate(
        number=Count("pk"),
        suspected=Count("pk", filter=Q(suspected_bad_faith=True)),
        rejected=Count("pk", filter=Q(outcome=Complaint.Outcome.REJECTED)),
        open=Count("pk", filter=Q(closed_on__isnull=True)),
        granted=Sum("granted_cents"),
        last=Max("opened_on"),
    )
    if which == BAD_FAITH:
        return rows.filter(suspected__gt=0).order_by("-suspected", "-number", "account__code")
    return rows.filter(number__gte=at_least).order_by("-number", "account__code")
