"""What happens with tiers that a trigger rule may follow (`contacts.events` has the door)."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from segmentation.models import TierChange


class TierChanges:
    """An account's tier became another one, on the day it followed. A first tier is no change, nor is its loss."""

    event = "tier_change"
    prefix = "change"
    owner = "account__owner"
    origin: ClassVar = TierChange

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """Changes that were applied, by whom or what ever; proposals are none yet."""
        return (
            TierChange.objects.filter(
                applied_on__range=(since, until), from_tier__isnull=False, to_tier__isnull=False
            )
            .exclude(from_tier=F("to_tier"))
            .annotate(
                event_account=F("account_id"),
                event_key=Concat(Value("change:"), Cast("pk", CharField()), output_field=CharField()),
                event_day=F("applied_on"),
                event_about=Concat(F("from_tier"), Value(" → "), F("to_tier"), output_field=CharField()),
            )
        )
