"""What a simulation finds is what the run finds that follows when the policy is put in force (docs/domain.md, 4.4)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from contacts.models import ContactRule, FollowUp
from contacts.workload import weeks_of
from crm.team.models import User
from segmentation import policies, simulation
from segmentation.models import (
    SimulatedAccount,
    Simulation,
    TierAssessment,
    TierChange,
    TieringRun,
    TierPolicy,
)
from segmentation.simulation import Figures, simulate_policy
from segmentation.tiering import run_tiering
from tests.segmentation.company import policy_of, write
from tests.segmentation.test_ladder import AS_OF, DAY, Undo, customers, loyal, thresholds
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactRuleFactory, PurchaseFactory
from tests.support.oracle import Thresholds

pytestmark = pytest.mark.django_db
Q3 = dt.date(2026, 9, 30)
NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


def draft_of(thresholds: Thresholds, actor: User) -> TierPolicy:
    """A saved draft with the thresholds, beside the policy in force."""
    wanted = policies.thresholds_of(policy_of(thresholds))
    draft = policies.make_draft(like=policies.policy_in_force(), actor=actor, now=NOW)
    return policies.edit_draft(policy=draft, thresholds=wanted, note="")


def rows(found: Any) -> list[tuple[Any, ...]]:
    """The accounts whose tier would be another, as a simulation and as a run leave them."""
    fields = (
        *("account_id", "previous_tier", "tier", "trail", "revenue_cents", "previous_revenue_cents"),
        *("preceding_cents", "ranked_cents"),
    )
    return sorted(simulation.moving(found).values_list(*fields))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), wanted=thresholds(), as_of=AS_OF)
def test_the_run_that_follows_finds_the_same_rows(
    data: st.DataObject, wanted: Thresholds, as_of: dt.date
) -> None:
    company = data.draw(customers(as_of, wanted.window_months))
    tier = st.sampled_from([None, "A", "B", "C"])
    proposals = [(data.draw(st.booleans()), data.draw(tier), data.draw(tier)) for _one in company]
    provisional = [data.draw(st.integers(0, 4)) == 0 for _one in company]
    today = as_of + 3 * DAY
    with pytest.raises(Undo), transaction.atomic():
        actor, _made = User.objects.get_or_create(email="boss@example.com", defaults={"role": "admin"})
        by_code = write(company, actor=actor)
        draft = draft_of(wanted, actor)
        earlier = TieringRun.objects.create(
            as_of=as_of - 40 * DAY,
            policy=policies.policy_in_force(),
            state="in_review",
            started_at=NOW,
            completed_at=NOW,
            review_until=as_of,
        )
        for one, (is_open, before, after), is_provisional in zip(
            company, proposals, provisional, strict=True
        ):
            account = by_code[one.code]
            if is_provisional and account.tier:
                Account.objects.filter(pk=account.pk).update(tier_provisional=True)
            if is_open and before and before != after:
                TierChange.objects.create(
                    account=account,
                    run=earlier,
                    state="proposed",
                    from_tier=before,
                    to_tier=after,
                    proposed_at=NOW,
                )
        tiers_before = list(Account.objects.order_by("pk").values_list("pk", "tier", "tier_since"))
        made = simulate_policy(policy=draft, as_of=as_of, today=today, now=NOW)
        # It wrote nothing but its own rows.
        assert list(Account.objects.order_by("pk").values_list("pk", "tier", "tier_since")) == tiers_before
        assert TieringRun.objects.count() == 1 and not TierAssessment.objects.exists()
        simulated = rows(made.accounts.all())
        figures = Figures(made)
        held = set(made.accounts.filter(held=True).values_list("account_id", flat=True))

        policies.schedule(policy=draft, starts_on=today, run_at_start=True, today=today)
        run = run_tiering(as_of=as_of, today=today, now=NOW)
        assert run.policy == draft
        assert simulated == rows(run.assessments.all())
        changed = run.changes.exclude(state=TierChange.State.PIN, run=None)
        assert {row[0]: (row[1], row[2]) for row in simulated} == {
            one.account_id: (one.from_tier, one.to_tier) for one in changed
        }
        counted = Counter(run.assessments.values_list("tier", flat=True))
        assert {row.tier: row.draft[0] for row in figures.tiers if row.draft[0]} == dict(counted)
        held_by_run = [
            one for one in run.assessments.all() if ">band:" in one.trail and one.tier == one.previous_tier
        ]
        assert held == {one.account_id for one in held_by_run} and figures.held == len(held_by_run)
        raise Undo


def test_beside_the_policy_in_force(cast: Cast) -> None:
    # 7,900 of 10,000 come before "y": A in force; A ends at 70 % in the draft, and its band would not reach.
    write([loyal("x", 7900, tier="A"), loyal("y", 1600, tier="A"), loyal("z", 500, tier="B")], actor=cast.ada)
    draft = draft_of(Thresholds(a_share=Fraction("0.7")), cast.ada)
    figures = Figures(simulate_policy(policy=draft, as_of=Q3, today=Q3 + DAY, now=NOW))
    tiers = {row.tier: (row.now[0], row.in_force[0], row.draft[0]) for row in figures.tiers}
    assert tiers == {"A": (2, 2, 1), "B": (1, 1, 2), "C": (0, 0, 0), None: (4, 4, 4)}
    assert [
        (move.before, move.after, move.accounts, move.revenue_cents, move.in_force) for move in figures.moves
    ] == [("A", "B", 1, 1600, 0)]
    assert (figures.moving, figures.moving_in_force) == (1, 0)
    # "z" lies at 95 %, the boundary of B: the band keeps it.
    assert (figures.held, figures.held_in_force) == (1, 1)
    assert SimulatedAccount.objects.get(account__code="z").trail == "volume:C>band:B"


def test_hours_follow_the_rules_in_force(cast: Cast) -> None:
    """An A has a visit of 60 minutes every 14 days, all others a call of 10 minutes every 28."""
    today = Q3 + DAY
    ContactRuleFactory(tiers="A", channel="visit", every_days=14, minutes=60, priority=1)
    ContactRuleFactory(tiers="BC", channel="phone", every_days=28, minutes=10, priority=2)
    ContactRuleFactory(tiers="", channel="email", every_days=28, minutes=5, priority=3)
    accounts = write(
        [loyal("x", 7900, tier="A"), loyal("y", 1600, tier="A"), loyal("z", 500, tier="C")], actor=cast.ada
    )
    Account.objects.filter(pk__in=[one.pk for one in accounts.values()]).update(owner=cast.rita)
    draft = draft_of(Thresholds(a_share=Fraction("0.7")), cast.ada)
    before = {rep.user.pk: list(rep.before) for rep in weeks_of([cast.rita], today)}
    figures = Figures(simulate_policy(policy=draft, as_of=Q3, today=today, now=NOW))
    (rep,) = figures.reps()
    assert rep.user == cast.rita and list(rep.before) == before[cast.rita.pk]
    # The same forecast once the tier is really another.
    Account.objects.filter(code="y").update(tier="B")
    assert list(rep.after) == list(weeks_of([cast.rita], today)[0].before)
    assert list(rep.after) != list(rep.before)
    assert sum(figures.found["contacts"]["now"].values()) > 0
    assert figures.minutes("draft") < figures.minutes("now") == figures.minutes("in_force")
    assert not FollowUp.objects.exists() and ContactRule.objects.count() == 3


def test_simulating_again_replaces_what_was_found(cast: Cast) -> None:
    write([loyal("x", 8000, tier="B")], actor=cast.ada)
    draft = draft_of(Thresholds(), cast.ada)
    for _time in (1, 2):
        simulate_policy(policy=draft, as_of=Q3, today=Q3 + DAY, now=NOW)
    assert Simulation.objects.count() == 1 and SimulatedAccount.objects.count() == 1


def test_a_day_older_than_the_newest_run_can_be_simulated(cast: Cast) -> None:
    write([loyal("x", 8000)], actor=cast.ada)
    run_tiering(as_of=Q3, today=Q3 + DAY, now=NOW)
    draft = draft_of(Thresholds(), cast.ada)
    older = simulate_policy(policy=draft, as_of=dt.date(2025, 12, 31), today=Q3 + DAY, now=NOW)
    # By then it had bought in one quarter of the window alone; it is A now, which the simulation starts from.
    assert [(one.previous_tier, one.tier, one.trail) for one in older.accounts.all()] == [
        ("A", "C", "volume:A>systematic:B>sporadic:C")
    ]


def test_statements_do_not_grow_with_accounts(cast: Cast, django_assert_max_num_queries: Any) -> None:
    draft = draft_of(Thresholds(band=Fraction("0")), cast.ada)
    ContactRuleFactory(tiers="A", priority=1)
    for number in range(30):
        account = AccountFactory(owner=cast.rita, tier="ABC"[number % 3])
        PurchaseFactory(account=account, ordered_on=Q3 - number * DAY, amount_cents=1000 * number + 1)
    with django_assert_max_num_queries(60):
        made = simulate_policy(policy=draft, as_of=Q3, today=Q3 + DAY, now=timezone.now())
    assert made.accounts.count() > 10
