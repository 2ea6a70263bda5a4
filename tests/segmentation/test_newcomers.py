"""Provisional tiers between two runs (docs/domain.md, 4.3)."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Account
from segmentation.models import TierChange, TieringRun, TierPin
from segmentation.newcomers import give_provisional_tiers
from segmentation.policies import policy_in_force
from tests.support.cast import Cast
from tests.support.factories import PurchaseFactory

pytestmark = pytest.mark.django_db
AS_OF = dt.date(2026, 9, 30)
DAY = dt.timedelta(days=1)


@pytest.fixture
def run(now: dt.datetime) -> TieringRun:
    return TieringRun.objects.create(
        as_of=AS_OF,
        policy=policy_in_force(),
        state="closed",
        started_at=now,
        completed_at=now,
        review_until=AS_OF,
    )


def tier_of(account: Account) -> tuple[str | None, dt.date | None, bool]:
    return Account.objects.values_list("tier", "tier_since", "tier_provisional").get(pk=account.pk)


def test_who_buys_first_after_the_runs_day_is_b_provisionally_and_once(
    cast: Cast, run: TieringRun, today: dt.date, now: dt.datetime
) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=AS_OF + DAY)
    PurchaseFactory(account=cast.brewery, ordered_on=AS_OF)  # the run saw it, and gave what it gave
    PurchaseFactory(account=cast.brewery, ordered_on=today)
    PurchaseFactory(account=cast.quarry, ordered_on=today, cents=-500)
    PurchaseFactory(account=cast.orphan, ordered_on=today + DAY)
    assert give_provisional_tiers(today=today, now=now) == 1
    assert tier_of(cast.acme) == ("B", today, True)
    change = TierChange.objects.get()
    assert (change.state, change.from_tier, change.to_tier, change.run) == ("provisional", None, "B", None)
    assert (change.account, change.applied_on, change.decided_at) == (cast.acme, today, now)
    assert give_provisional_tiers(today=today, now=now) == 0
    assert give_provisional_tiers(today=today + DAY, now=now) == 1
    assert tier_of(cast.orphan) == ("B", today + DAY, True)


def test_nothing_happens_before_the_first_run(cast: Cast, today: dt.date, now: dt.datetime) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=today)
    assert give_provisional_tiers(today=today, now=now) == 0 and tier_of(cast.acme)[0] is None


def test_the_newest_run_counts(cast: Cast, run: TieringRun, today: dt.date, now: dt.datetime) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=AS_OF + DAY)
    TieringRun.objects.create(
        as_of=AS_OF + DAY,
        policy=run.policy,
        state="closed",
        started_at=now,
        completed_at=now,
        review_until=AS_OF,
    )
    assert give_provisional_tiers(today=today, now=now) == 0


def test_a_tier_or_a_pin_of_today_stays(
    cast: Cast, run: TieringRun, today: dt.date, now: dt.datetime
) -> None:
    PurchaseFactory(account=cast.acme, ordered_on=today)
    PurchaseFactory(account=cast.brewery, ordered_on=today)
    Account.objects.filter(pk=cast.acme.pk).update(tier="C")
    TierPin.objects.create(
        account=cast.brewery, tier="A", first_day=today, last_day=today, reason="…", actor=cast.mona
    )
    assert give_provisional_tiers(today=today, now=now) == 0
