"""Every ground, their order, and that advice is never more than advice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from accounts.models import Product, PurchaseLine
from complaints import advice
from complaints.advice import Facts, reckon
from complaints.errors import BadInput, NotAllowed
from complaints.models import Advice, Complaint, ComplaintPolicy, Decision
from complaints.policies import make_policy, policy_in_force
from complaints.wording import ground_words
from crm.team.calendars import months_before
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory, ProductFactory, PurchaseFactory, QuestionFactory

TODAY = dt.date(2026, 10, 13)
NOW = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)
POLICY = ComplaintPolicy(version=1, auto_accept_cents=10_000, frequent_count=4, frequent_months=12)
FINE: dict[str, Any] = {"bought": True, "complaints": 1, "suspected": False, "claim_cents": 10_000}
SEEN = ["value", "history", "at_risk", "similar"]


@pytest.mark.parametrize(
    ("given", "advised", "grounds"),
    [
        ({}, "accept", ["small_claim"]),
        ({"claim_cents": 0}, "accept", ["small_claim"]),
        ({"claim_cents": 10_001}, "weigh", ["large_claim"]),
        ({"claim_cents": None}, "weigh", ["no_claim"]),
        ({"complaints": 3}, "accept", ["small_claim"]),
        ({"bought_cents": 10_000}, "accept", ["small_claim"]),
        ({"bought_cents": 9_999}, "accept", ["small_claim", "above_purchase"]),
        ({"claim_cents": None, "bought_cents": -1}, "weigh", ["no_claim"]),
        ({"claim_cents": 20_000, "bought_cents": 10_001}, "weigh", ["large_claim", "above_purchase"]),
        ({"complaints": 4}, "manager", ["frequent"]),
        ({"bought": False}, "manager", ["no_purchase"]),
        ({"suspected": True}, "manager", ["bad_faith"]),
        ({"bought": False, "claim_cents": 0}, "manager", ["no_purchase"]),
        ({"suspected": True, "claim_cents": 10_001}, "manager", ["bad_faith", "large_claim"]),
        ({"complaints": 9, "claim_cents": None}, "manager", ["frequent", "no_claim"]),
        (
            {"bought": False, "complaints": 5, "suspected": True, "claim_cents": 99_999},
            "manager",
            ["no_purchase", "frequent", "bad_faith", "large_claim"],
        ),
        ({"complaints": 5, "suspected": True}, "manager", ["frequent", "bad_faith"]),
        ({"bought": False, "suspected": True}, "manager", ["no_purchase", "bad_faith"]),
    ],
)
def test_every_ground_and_their_order(given: dict[str, Any], advised: str, grounds: list[str]) -> None:
    said = reckon(Facts(**FINE | given), POLICY)
    assert (said.advised, [one["code"] for one in said.grounds]) == (advised, grounds + SEEN)


def test_every_ground_that_leads_somewhere_is_in_the_table() -> None:
    assert set(advice.DECIDES) == {
        *("no_purchase", "frequent", "bad_faith", "small_claim", "large_claim", "no_claim")
    }
    assert set(advice.DECIDES.values()) == set(Advice.Advised)


def test_more_claimed_than_was_bought_is_said(cast: Cast) -> None:
    purchase = PurchaseFactory(account=cast.acme, cents=5_000)
    complaint = ComplaintFactory(account=cast.acme, purchase=purchase, claim_cents=7_000)
    said = advice.advise(complaint, policy=policy_in_force(), today=TODAY)
    (ground,) = [one for one in said.grounds if one["code"] == "above_purchase"]
    assert (ground["claim"], ground["bought"]) == (7_000, 5_000)
    assert ground_words(ground) == "More is claimed (70 €) than the purchase came to (50 €)."


def test_the_figures_stand_beside_the_grounds() -> None:
    facts = Facts(True, 5, False, 20_000, "A", 1_234_567, {"open": 2, "accepted": 3})
    assert reckon(facts, POLICY).grounds == [
        {"code": "frequent", "count": 5, "limit": 4, "months": 12},
        {"code": "large_claim", "claim": 20_000, "limit": 10_000},
        {"code": "value", "tier": "A", "sales": 1_234_567},
        {"code": "history", "count": 5, "months": 12},
        {"code": "at_risk", "sales": 1_234_567},
        {"code": "similar", "months": 12, "open": 2, "accepted": 3},
    ]


# On rows --------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_counts_as_bought(cast: Cast) -> None:
    product, other = ProductFactory(), ProductFactory()
    purchase = PurchaseFactory(account=cast.acme)
    PurchaseLine.objects.create(purchase=purchase, position=1, product=product, amount=100)

    def bought(**named: Any) -> bool:
        return advice.was_bought(ComplaintFactory(account=cast.acme, **named))

    assert bought(purchase=purchase)
    assert bought(product=product)
    assert not bought(product=other)
    assert not bought()
    assert not bought(purchase=PurchaseFactory(account=cast.brewery))


@pytest.mark.django_db
def test_complaints_are_counted_within_the_months_and_questions_are_not(cast: Cast) -> None:
    for day in (dt.date(2025, 10, 13), dt.date(2025, 10, 14), TODAY, dt.date(2026, 10, 14)):
        ComplaintFactory(account=cast.acme, opened_on=day)
    QuestionFactory(account=cast.acme, opened_on=TODAY)
    ComplaintFactory(account=cast.brewery, opened_on=TODAY)
    one = ComplaintFactory(account=cast.acme, opened_on=TODAY)
    assert advice.facts_of(one, POLICY, today=TODAY).complaints == 3


@pytest.mark.django_db
def test_similar_ones_are_counted_everywhere_and_named_where_visible(cast: Cast) -> None:
    product: Product = ProductFactory()

    def complained(account: Any, **given: Any) -> Complaint:
        values = {"product": product, "batch": "B7", "opened_on": TODAY} | given
        return ComplaintFactory(account=account, **values)

    one = complained(cast.acme)
    near = complained(cast.brewery)
    complained(cast.quarry, outcome="accepted")
    complained(cast.acme, outcome="rejected")
    complained(cast.quarry, batch="B8")
    complained(cast.quarry, category_id="other")
    complained(cast.quarry, opened_on=dt.date(2025, 1, 1))
    counts = advice.similar_counts(one, months=12, today=TODAY)
    assert counts == {"open": 1, "accepted": 1, "in_part": 0, "goodwill": 0, "rejected": 1}
    seen = {
        name: advice.similar_visible(one, months=12, user=user, today=TODAY).count()
        for name, user in cast.users.items()
    }
    assert seen == {"rita": 1, "carl": 1, "mona": 2, "otto": 1, "nora": 1, "serge": 3, "ada": 3}
    assert near in advice.similar_visible(one, months=12, user=cast.carl, today=TODAY)


@pytest.mark.django_db
def test_advice_decides_nothing(cast: Cast) -> None:
    one = ComplaintFactory(account=cast.acme, purchase=PurchaseFactory(account=cast.acme), claim_cents=1)
    said = advice.advise(one, policy=policy_in_force(), today=TODAY)
    assert said.advised == "accept"
    one.refresh_from_db()
    assert (one.state, one.outcome, one.granted_cents) == ("new", "", None)
    assert not Decision.objects.exists() and not Advice.objects.exists()


# The policy -----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_policy_that_has_advised_is_never_edited(cast: Cast) -> None:
    policy = policy_in_force()
    policy.auto_accept_cents = 5
    policy.save()  # nothing was advised by it yet
    one = ComplaintFactory(account=cast.acme)
    advice.record(one, advice.advise(one, policy=policy, today=TODAY), policy=policy, now=NOW)
    policy.note = "as before"
    policy.save()
    policy.auto_accept_cents = 6
    with pytest.raises(ValueError, match="never edited"):
        policy.save()


@pytest.mark.django_db
def test_new_versions_follow_each_other(cast: Cast) -> None:
    first = policy_in_force()
    second = make_policy(terms={"auto_accept_cents": 20_000}, note="more", actor=cast.ada, now=NOW)
    assert (second.version, second.in_force, second.frequent_count) == (2, True, first.frequent_count)
    assert policy_in_force() == second
    assert make_policy(terms={"auto_accept_cents": 20_000}, note="", actor=cast.ada, now=NOW) == second
    for field, terms in (("frequent_count", {"frequent_count": 1}), ("colour", {"colour": 1})):
        with pytest.raises(BadInput) as refused:
            make_policy(terms=terms, note="", actor=cast.ada, now=NOW)
        assert refused.value.field == field
    for actor in (cast.mona, cast.serge, cast.rita):
        with pytest.raises(NotAllowed):
            make_policy(terms={}, note="", actor=actor, now=NOW)


def test_months_before_keep_to_the_month() -> None:
    assert months_before(dt.date(2026, 3, 31), 1) == dt.date(2026, 2, 28)
    assert months_before(dt.date(2026, 1, 15), 13) == dt.date(2024, 12, 15)
