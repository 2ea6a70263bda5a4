"""How fast the first response and the resolution were, against the service levels, in working minutes."""

from __future__ import annotations

from django.db.models import Case, DateField, F, IntegerField, QuerySet, Value, When
from django.db.models.functions import Cast, TruncMonth

from complaints.learning.scope import Scope
from complaints.models import Complaint
from crm.lists.sums import Spread, spreads

RESPONSE, RESOLUTION = "response", "resolution"
CATEGORY, TIER, MONTH = "category_id", "tier", "month"
KEYS = (CATEGORY, TIER, MONTH)


def times(scope: Scope, measure: str) -> dict[str, dict[str, Spread]]:
    """How long it took, by each of KEYS and "" for all; marked are those that took longer than their level allowed.

    measure: RESPONSE or RESOLUTION. Complaints and questions that came in the period, as far as they were answered or
    resolved; the tier is the account's of today. One statement.
    """
    return spreads(measured(scope.both_kinds, measure), KEYS)


def measured(rows: QuerySet[Complaint], measure: str) -> QuerySet[Complaint]:
    """The rows of which the clock of the measure has stopped, with what `spreads` asks for."""
    over = f"{measure}_over"
    return rows.filter(**{f"{over}__isnull": False, f"{measure}_allowed__isnull": False}).annotate(
        measured=F(f"{measure}_allowed") + F(over),
        marked=Case(When(**{f"{over}__gt": 0}, then=Value(1)), default=Value(0), output_field=IntegerField()),
        tier=F("account__tier"),
        # A date and not a moment, which PostgreSQL truncates it to.
        month=Cast(TruncMonth("opened_on"), DateField()),
    )
