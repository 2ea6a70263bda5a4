"""The back-test against the oracle of the tests: eight quarters, each from the tiers of the one before (4.4)."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from crm.jobs.kinds import Stopped
from crm.jobs.models import Job
from crm.jobs.running import work
from crm.team.models import User
from segmentation import back_test, policies
from segmentation.back_test import quarter_ends, summaries, try_policy
from segmentation.models import BackTest, TierAssessment, TierChange, TieringRun
from segmentation.policy_tasks import ask_for_back_test
from tests.segmentation.company import write
from tests.segmentation.test_ladder import CENTS, DAY, Undo, thresholds
from tests.segmentation.test_simulation import draft_of
from tests.support import oracle
from tests.support.cast import Cast
from tests.support.oracle import Bought, Customer, Thresholds

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 10, 13)
NOW = dt.datetime(2026, 10, 13, 10, tzinfo=dt.UTC)
PLAIN: dict[str, Any] = {
    "band": Fraction(0),
    "potential_weight": Fraction(0),
    "a_min_active_quarters": 0,
    "a_min_tenure_months": 0,
    "newcomer_months": 0,
    "b_min_active_quarters": 0,
    "max_late_share": None,
}


def expected(
    company: list[Customer], policy: Thresholds, *, keeps_tiers: bool = True
) -> list[tuple[Any, ...]]:
    """What each quarter brings, reckoned one account after the other with the oracle."""
    begun = min((p.ordered for one in company for p in one.purchases if p.cents > 0), default=TODAY)
    ends = quarter_ends(TODAY)
    tier: dict[str, str | None] = {}
    before: dict[str, str | None] = {}
    rows = []
    for number, (as_of, until) in enumerate(pairwise(ends)):
        if as_of < begun:
            continue
        standing = [
            Customer(**vars(one) | {"pins": [], "tier": tier.get(one.code) if keeps_tiers else None})
            for one in company
        ]
        flips = back = 0
        for found in oracle.assess(standing, policy, as_of):
            old = tier.get(found.code)
            if found.tier and old and found.tier != old:
                flips += 1
                back += found.tier == before.get(found.code)
                before[found.code] = old
            tier[found.code] = found.tier
        sales = {
            one.code: sum(p.cents for p in one.purchases if as_of < p.ordered <= until) for one in company
        }
        if number:
            counts = [sum(1 for one in tier.values() if one == letter) for letter in "ABC"]
            of_a = sum(sales[code] for code, one in tier.items() if one == "A")
            rows.append((as_of, *counts, flips, back, sum(sales.values()), of_a))
    return rows


def found_rows(test: BackTest, way: str) -> list[tuple[Any, ...]]:
    fields = (
        "as_of",
        "a_accounts",
        "b_accounts",
        "c_accounts",
        "flips",
        "flips_back",
        "sales_cents",
        "a_sales_cents",
    )
    return list(test.quarters.filter(way=way).order_by("as_of").values_list(*fields))


@st.composite
def companies(draw: st.DrawFn) -> list[Customer]:
    """Up to eight customers with purchases over four years, so that tiers go up and down."""
    made = []
    for code in draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)):
        days = draw(st.lists(st.integers(0, 1500), max_size=14))
        made.append(
            Customer(
                code,
                [Bought(TODAY - DAY * day, draw(CENTS)) for day in days],
                potential_cents=draw(st.sampled_from([0, 0, 1000])),
                seasonal=draw(st.booleans()),
                tier=draw(st.sampled_from([None, "A", "C"])),
                pins=[("A", TODAY - 900 * DAY, TODAY)] if draw(st.integers(0, 5)) == 0 else [],
            )
        )
    return made


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(company=companies(), wanted=thresholds())
def test_every_quarter_is_as_reckoned_one_account_after_the_other(
    company: list[Customer], wanted: Thresholds
) -> None:
    with pytest.raises(Undo), transaction.atomic():
        actor, _made = User.objects.get_or_create(email="boss@example.com", defaults={"role": "admin"})
        write(company, actor=actor)
        draft = draft_of(wanted, actor)
        made = try_policy(policy=draft, today=TODAY, now=NOW)
        assert found_rows(made, "tested") == expected(company, wanted)
        plain = Thresholds(**vars(wanted) | PLAIN)
        assert found_rows(made, "plain") == expected(company, plain, keeps_tiers=False)
        if policies.thresholds_of(draft) != policies.thresholds_of(policies.policy_in_force()):
            assert found_rows(made, "in_force") == expected(company, Thresholds())
        raise Undo


SWINGS = Customer(
    "s",
    # Bought much in one quarter of two, so that a window of three months puts it up and down.
    [
        Bought(day, 5000)
        for day in (dt.date(2024, 8, 1), dt.date(2025, 2, 1), dt.date(2025, 8, 1), dt.date(2026, 2, 1))
    ]
    + [Bought(dt.date(2020, 1, 1), 1)],
)
STEADY = Customer(
    "t",
    [Bought(dt.date(2024, 5, 1) + DAY * 30 * month, 1000) for month in range(29)]
    + [Bought(dt.date(2020, 1, 1), 1)],
)


def test_flips_and_what_a_held_in_a_company_known_by_heart(cast: Cast) -> None:
    write([SWINGS, STEADY], actor=cast.ada)
    wanted = Thresholds(window_months=3, band=Fraction(0), a_min_active_quarters=0, a_min_tenure_months=0)
    wanted.b_min_active_quarters = wanted.newcomer_months = 0
    made = try_policy(policy=draft_of(wanted, cast.ada), today=TODAY, now=NOW)
    tested, in_force, plain = summaries(made)
    assert [one.way for one in (tested, in_force, plain)] == ["tested", "in_force", "plain"]
    assert len(tested.quarters) == 8 and tested.quarters[0].as_of == dt.date(2024, 9, 30)
    # In the good quarters S is A (5,000 of 8,000), and T too (62 % lie before it); in the bad ones S has nothing: C.
    assert [row.a_accounts for row in tested.quarters] == [2, 1, 2, 1, 2, 1, 2, 1]
    assert [row.flips for row in tested.quarters] == [1] * 8
    # The first change is from C to A; each after it returns to what was before.
    assert [row.flips_back for row in tested.quarters] == [0] + [1] * 7
    assert tested.flips_back == 7 and tested.a_share is not None
    assert made.until == dt.date(2026, 9, 30)


def test_it_writes_nothing_else_and_replaces_the_last(cast: Cast) -> None:
    write([SWINGS, STEADY], actor=cast.ada)
    draft = draft_of(Thresholds(band=Fraction(1, 10)), cast.ada)
    before = list(Account.objects.order_by("pk").values())
    for _time in (1, 2):
        try_policy(policy=draft, today=TODAY, now=NOW)
    assert BackTest.objects.count() == 1 and BackTest.objects.get().quarters.count() == 24
    assert list(Account.objects.order_by("pk").values()) == before
    for model in (TieringRun, TierAssessment, TierChange):
        assert not model.objects.exists()


def test_a_policy_like_the_one_in_force_is_compared_with_plain_abc_alone(cast: Cast) -> None:
    write([STEADY], actor=cast.ada)
    made = try_policy(policy=policies.policy_in_force(), today=TODAY, now=NOW)
    assert [one.way for one in summaries(made)] == ["tested", "plain"]


def test_without_purchases_there_is_nothing_to_say(cast: Cast) -> None:
    made = try_policy(policy=policies.policy_in_force(), today=TODAY, now=NOW)
    assert summaries(made) == []


@pytest.mark.parametrize("dies_after", [0, 1, 5, 17, 26])
def test_stopped_anywhere_it_leaves_the_last_result_and_begins_anew(
    cast: Cast, dies_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write([SWINGS, STEADY], actor=cast.ada)
    draft = draft_of(Thresholds(band=Fraction(1, 10)), cast.ada)
    undisturbed = try_policy(policy=draft, today=TODAY, now=NOW)
    rows = {way: found_rows(undisturbed, way) for way in ("tested", "in_force", "plain")}
    reports: list[int] = []

    def report(done: int, total: int | None) -> None:
        assert total == 27
        reports.append(done)
        if len(reports) == dies_after + 1:
            raise Stopped

    with pytest.raises(Stopped):
        try_policy(policy=draft, today=TODAY, now=NOW, report=report)
    assert BackTest.objects.get() == undisturbed
    again = try_policy(policy=draft, today=TODAY, now=NOW)
    assert {way: found_rows(again, way) for way in rows} == rows


def test_the_job_is_asked_for_once_and_says_how_far_it_is(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    write([SWINGS, STEADY], actor=cast.ada)
    draft = draft_of(Thresholds(band=Fraction(1, 10)), cast.ada)
    job = ask_for_back_test(draft, now=NOW, started_by=cast.ada)
    assert ask_for_back_test(draft, now=NOW, started_by=cast.ada) == job
    done = work(job_id=job.pk, clock=lambda: NOW)
    assert done is not None and done.state == Job.State.DONE and done.result == {"quarters": 8}
    assert (done.progress_done, done.progress_total) == (26, 27)
    assert BackTest.objects.get().started_by == cast.ada
    assert back_test.QUARTERS == 8
