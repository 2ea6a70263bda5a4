"""Runs with proposals, as a run would leave them: the change, the assessment behind it, the account in its old tier."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.models import Account
from segmentation.models import TierAssessment, TierChange, TieringRun, TierPolicy


def make_run(*, as_of: dt.date, review_until: dt.date, state: str = "in_review") -> TieringRun:
    """A run without anything in it yet."""
    policy, _made = TierPolicy.objects.get_or_create(version=1, defaults={"in_force": True})
    done = timezone.make_aware(dt.datetime.combine(as_of + dt.timedelta(days=2), dt.time(3)))
    return TieringRun.objects.create(
        as_of=as_of,
        policy=policy,
        state=state,
        started_at=done,
        completed_at=done,
        review_until=review_until,
    )


def assess(run: TieringRun, account: Account, *, tier: str | None, **evidence: Any) -> TierAssessment:
    """An unremarkable assessment, but for what is given."""
    return TierAssessment.objects.create(
        run=run,
        account=account,
        tier=tier,
        **{
            "revenue_cents": 100_000,
            "previous_revenue_cents": 200_000,
            "value_cents": 100_000,
            "preceding_cents": 850_000,
            "ranked_cents": 1_000_000,
            "active_quarters": 4,
            "orders": 7,
            "tenure_months": 40,
            "days_since_purchase": 12,
            "gap_days": 60,
            "gap_count": 2,
            "late_cents": 0,
            "due_cents": 100_000,
            "contact_minutes": 90,
            "complaints": 0,
            "previous_tier": account.tier,
            "trail": f"volume:{tier}" if tier else "",
            **evidence,
        },
    )


def propose(run: TieringRun, account: Account, before: str, after: str | None, **evidence: Any) -> TierChange:
    """A proposal that somebody may decide, with its assessment."""
    account.tier, account.tier_since = before, dt.date(2026, 1, 2)
    account.save()
    found = assess(run, account, tier=after, **evidence)
    return TierChange.objects.create(
        account=account,
        run=run,
        state="proposed",
        from_tier=before,
        to_tier=after,
        from_since=account.tier_since,
        revenue_cents=found.revenue_cents,
        complaints=found.complaints,
        proposed_at=run.completed_at,
    )
