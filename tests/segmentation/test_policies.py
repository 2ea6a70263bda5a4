"""Policies: versions, one in force, thresholds that name themselves when they are wrong."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from segmentation.errors import PolicyError
from segmentation.models import TieringRun, TierPolicy
from segmentation.policies import draft_policy, make_policy, policy_in_force

pytestmark = pytest.mark.django_db


def test_there_is_always_one_in_force_and_the_first_has_the_domains_thresholds() -> None:
    policy = policy_in_force()
    assert policy.version == 1 and policy_in_force() == policy and TierPolicy.objects.count() == 1
    policy.refresh_from_db()
    assert {name: getattr(policy, name) for name in TierPolicy.THRESHOLDS} == {
        "window_months": 12,
        "a_share": Decimal("0.8"),
        "b_share": Decimal("0.95"),
        "band": Decimal("0.02"),
        "a_min_active_quarters": 3,
        "a_min_tenure_months": 24,
        "newcomer_months": 12,
        "b_min_active_quarters": 2,
        "grace_days": 7,
        "max_late_share": None,
        "potential_weight": 0,
        "review_days": 21,
    }


def test_a_new_version_changes_what_is_named_and_takes_over() -> None:
    first = policy_in_force()
    second = make_policy(thresholds={"a_share": 0.7, "max_late_share": "0.5"}, actor=None, note="stricter")
    third = make_policy(thresholds={"window_months": 24, "max_late_share": None}, actor=None)
    assert (second.version, third.version) == (2, 3) and policy_in_force() == third
    third.refresh_from_db()
    assert (third.a_share, third.window_months, third.max_late_share) == (Decimal("0.7"), 24, None)
    first.refresh_from_db()
    assert not first.in_force and first.a_share == Decimal("0.8")


def test_the_same_thresholds_make_no_new_version() -> None:
    first = policy_in_force()
    assert make_policy(thresholds={"a_share": 0.8, "window_months": 12.0}, actor=None) == first


@pytest.mark.parametrize(
    ("thresholds", "field"),
    [
        ({"a_shar": 0.8}, "a_shar"),
        ({"a_share": 1.2}, "a_share"),
        ({"a_share": "0.80001"}, "a_share"),
        ({"a_share": True}, "a_share"),
        ({"a_share": "much"}, "a_share"),
        ({"a_share": None}, "a_share"),
        ({"band": [0.1]}, "band"),
        ({"window_months": 0}, "window_months"),
        ({"window_months": 61}, "window_months"),
        ({"window_months": 1.5}, "window_months"),
        ({"grace_days": -1}, "grace_days"),
        ({"grace_days": float("nan")}, "grace_days"),
        ({"review_days": float("inf")}, "review_days"),
        ({"b_share": 0.7}, "b_share"),
        ({"band": "NaN"}, "band"),
    ],
)
def test_what_makes_no_policy_is_named(thresholds: dict[str, Any], field: str) -> None:
    with pytest.raises(PolicyError) as refused:
        make_policy(thresholds=thresholds, actor=None)
    assert refused.value.field == field and field in str(refused.value)
    assert TierPolicy.objects.count() <= 1


def test_a_draft_writes_nothing() -> None:
    assert draft_policy({"band": 0}).pk is None and not TierPolicy.objects.exists()


def test_a_used_version_is_never_edited(now: dt.datetime) -> None:
    policy = policy_in_force()
    policy.band = Decimal("0.03")
    policy.save()
    TieringRun.objects.create(
        as_of=now.date(),
        policy=policy,
        state="closed",
        started_at=now,
        completed_at=now,
        review_until=now.date(),
    )
    policy.in_force = False
    policy.save()
    policy.band = Decimal("0.02")
    with pytest.raises(ValueError, match="never edited"):
        policy.save()
