"""Customers won between two runs: a provisional B until the next one (docs/domain.md, 4.3)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import Account, Purchase, Tier
from segmentation.locks import lock_tiers
from segmentation.models import TierChange, TieringRun, TierPin


def give_provisional_tiers(*, today: dt.date, now: dt.datetime) -> int:
    """Make B, provisionally, every account without a tier that first bought after the newest run's day; says how many.

    Daily, and again after an import. Does nothing before the first run. Purchases ordered after today do not count yet,
    and an account pinned today waits for its pin.
    """
    with transaction.atomic():
        lock_tiers(alone=True)
        newest = TieringRun.objects.order_by("-as_of").first()
        if newest is None:
            return 0
        bought = Purchase.objects.filter(account=OuterRef("pk"), amount_cents__gt=0)
        pinned = TierPin.objects.filter(account=OuterRef("pk"), first_day__lte=today, last_day__gte=today)
        won = list(
            Account.objects.filter(
                Exists(bought.filter(ordered_on__gt=newest.as_of, ordered_on__lte=today)),
                ~Exists(bought.filter(ordered_on__lte=newest.as_of)),
                ~Exists(pinned),
                tier__isnull=True,
                merged_into__isnull=True,
            )
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        TierChange.objects.bulk_create(
            [
                TierChange(
                    account_id=account_id,
                    state=TierChange.State.PROVISIONAL,
                    from_tier=None,
                    to_tier=Tier.B,
                    proposed_at=now,
                    decided_at=now,
                    applied_on=today,
                )
                for account_id in won
            ],
            batch_size=2000,
        )
        for start in range(0, len(won), 2000):
            Account.objects.filter(pk__in=won[start : start + 2000]).update(
                tier=Tier.B, tier_since=today, tier_provisional=True
            )
        return len(won)
