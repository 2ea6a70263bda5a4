"""Open proposals of tier changes, set-wise: what becomes of those that nobody decided (docs/domain.md, 4.3 and 4.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from segmentation.models import TierChange, TieringRun, TierPin

_STATE = TierChange.State


def pinned_on(day: dt.date) -> Exists:
    """Whether the outer row's account (`account_id`) is pinned on the day."""
    return Exists(
        TierPin.objects.filter(account=OuterRef("account_id"), first_day__lte=day, last_day__gte=day)
    )


def close_overtaken(*, today: dt.date, now: dt.datetime, account_ids: Collection[int] | None = None) -> int:
    """Close the proposals (of these accounts; None: of all) whose account has another tier by now or is pinned today.

    Returns how many. The caller holds the lock on tiers.
    """
    still = Q(account__tier=F("from_tier"), account__tier_provisional=False)
    open_ones = TierChange.objects.filter(state=_STATE.PROPOSED)
    if account_ids is not None:
        open_ones = open_ones.filter(account__in=account_ids)
    overtaken = (
        open_ones.exclude(still)
        .order_by()
        .values("pk")
        .union(open_ones.filter(pinned_on(today)).order_by().values("pk"))
    )
    return TierChange.objects.filter(pk__in=overtaken).update(state=_STATE.OVERTAKEN, decided_at=now)


def apply_open(*, today: dt.date, now: dt.datetime, runs: Collection[int] | None = None) -> int:
    """Apply what nobody decided (in these runs; None: in any) as proposed, and mark it so; overtaken ones are closed.

    Returns how many accounts changed. The caller holds the lock on tiers, alone.
    """
    close_overtaken(today=today, now=now)
    undecided = TierChange.objects.filter(state=_STATE.PROPOSED)
    if runs is None:
        runs = list(undecided.order_by().values_list("run", flat=True).distinct())
    applied = 0
    for run in runs:
        move_accounts(run, [_STATE.PROPOSED], today=today)
        applied += undecided.filter(run=run).update(state=_STATE.AUTOMATIC, decided_at=now, applied_on=today)
    close_finished_runs()
    return applied


def move_accounts(run: int, states: Collection[str], *, today: dt.date) -> None:
    """Give the accounts of a run's changes in these states their new tier, from today on, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE accounts_account
            SET tier = c.to_tier, tier_provisional = %s, tier_since = CASE WHEN c.to_tier IS NOT NULL THEN %s END
            FROM segmentation_tierchange c
            WHERE c.account_id = accounts_account.id AND c.run_id = %s
                AND c.state IN ({", ".join(["%s"] * len(states))})
            """,
            [False, connection.ops.adapt_datefield_value(today), run, *states],
        )


def close_finished_runs() -> int:
    """Close the runs that have nothing left to decide; returns how many.

    The runs are locked first: of two who decide the last two proposals at once each would else see the other's still
    open, and nobody would close the run.
    """
    in_review = TieringRun.objects.filter(state=TieringRun.State.IN_REVIEW).order_by("pk")
    if not list(in_review.select_for_update(no_key=True).values_list("pk", flat=True)):
        return 0
    undecided = TierChange.objects.filter(run=OuterRef("pk"), state=_STATE.PROPOSED)
    return TieringRun.objects.filter(~Exists(undecided), state=TieringRun.State.IN_REVIEW).update(
        state=TieringRun.State.CLOSED
    )
