"""Contact rules: whom they match, who governs, how they read, and the verbs (docs/domain.md, 5.1)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from accounts.facts import refresh_facts
from accounts.models import Account, PurchaseLine
from contacts.models import ContactRule
from contacts.rules import (
    Coverage,
    RuleCoverage,
    cadences_in_force,
    coverage,
    enable_rule,
    governable,
    governing,
    matching,
    move_rule,
    remove_rule,
    save_rule,
    sentence,
    what,
    who,
)
from tests.support.factories import (
    AccountFactory,
    ContactRuleFactory,
    ProductFactory,
    ProductLineFactory,
    PurchaseFactory,
)

TODAY = dt.date(2026, 10, 13)
NOW = dt.datetime(2026, 10, 13, 12, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


def found(rule: ContactRule, on: dt.date = TODAY) -> set[str]:
    return set(Account.objects.filter(matching(rule, on)).values_list("code", flat=True))


def bought(
    account: Account, product, *, on: dt.date = TODAY, amount: int = 10, today: dt.date = TODAY
) -> None:
    purchase = PurchaseFactory(account=account, ordered_on=on)
    PurchaseLine.objects.create(purchase=purchase, position=1, product=product, amount=amount)
    refresh_facts(today=today, account_ids=[account.pk])


# Conditions ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("condition", "matches", "does_not"),
    [
        ({"tiers": "AB"}, {"tier": "B"}, {"tier": "C"}),
        ({"tiers": "C"}, {"tier": "C"}, {"tier": None}),
        ({"phases": ["customer", "lapsing"]}, {"phase": "lapsing"}, {"phase": "prospect"}),
        ({"strategy_goal": "deepen"}, {"strategy_goal": "deepen"}, {"strategy_goal": "keep"}),
        ({"service_level": "premium"}, {"service_level": "premium"}, {"service_level": "basic"}),
        ({"potential_at_least_cents": 500}, {"potential_cents": 500}, {"potential_cents": 499}),
        ({"orders_per_year_at_least": 6}, {"orders_12m": 6}, {"orders_12m": 5}),
        (
            {"orders_per_year_at_least": 6},
            {"expected_orders_per_year": 6, "orders_12m": 0},
            {"expected_orders_per_year": 5, "orders_12m": 9},
        ),
    ],
)
def test_a_condition_on_the_account(condition, matches, does_not):
    AccountFactory(code="YES", **matches)
    AccountFactory(code="NO", **does_not)
    assert found(ContactRuleFactory(**condition)) == {"YES"}


def test_conditions_left_empty_do_not_restrict():
    AccountFactory(code="X", tier=None)
    assert found(ContactRuleFactory()) == {"X"}


def test_all_conditions_must_hold():
    AccountFactory(code="BOTH", tier="A", strategy_goal="deepen")
    AccountFactory(code="ONE", tier="A")
    assert found(ContactRuleFactory(tiers="A", strategy_goal="deepen")) == {"BOTH"}


def test_product_lines_bought_in_the_last_12_months():
    pumps, seals = ProductLineFactory(name="Pumps"), ProductLineFactory(name="Seals")
    pump, seal = ProductFactory(line=pumps), ProductFactory(line=seals)
    rule = ContactRuleFactory()
    rule.product_lines.add(pumps)
    bought(AccountFactory(code="NOW"), pump)
    bought(AccountFactory(code="FIRST-DAY"), pump, on=dt.date(2025, 10, 14))
    bought(AccountFactory(code="TOO-LONG-AGO"), pump, on=dt.date(2025, 10, 13))
    bought(AccountFactory(code="TOMORROW"), pump, on=dt.date(2026, 10, 14))
    bought(AccountFactory(code="RETURNED"), pump, amount=-10)
    bought(AccountFactory(code="SEALS"), seal)
    assert found(rule) == {"NOW", "FIRST-DAY"}
    rule.product_lines.add(seals)
    assert found(rule) == {"NOW", "FIRST-DAY", "SEALS"}  # any of them


def test_complexity_and_number_of_product_lines():
    simple, hard = ProductFactory(complexity=1), ProductFactory(complexity=4)
    plain, both = AccountFactory(code="PLAIN"), AccountFactory(code="BOTH")
    bought(plain, simple)
    bought(plain, simple)
    bought(both, simple)
    bought(both, hard)
    AccountFactory(code="NONE")
    assert found(ContactRuleFactory(complexity_at_least=4)) == {"BOTH"}
    assert found(ContactRuleFactory(product_lines_at_least=2)) == {"BOTH"}
    assert found(ContactRuleFactory(product_lines_at_least=1)) == {"BOTH", "PLAIN"}


def test_a_leap_day_looks_back_to_the_last_day_of_february():
    product = ProductFactory(complexity=5)
    day = dt.date(2028, 2, 28)
    bought(AccountFactory(code="IN"), product, on=dt.date(2027, 2, 28), today=day)
    bought(AccountFactory(code="OUT"), product, on=dt.date(2027, 2, 27), today=day)
    assert found(ContactRuleFactory(complexity_at_least=5), day) == {"IN"}


# Who governs --------------------------------------------------------------------------------------------------------
def test_the_first_rule_in_priority_order_governs_each_channel():
    last = ContactRuleFactory(priority=3, channel="phone")
    first = ContactRuleFactory(priority=1, channel="phone", tiers="A")
    visits = ContactRuleFactory(priority=2, channel="visit", tiers="AB")
    a, b, none = AccountFactory(tier="A"), AccountFactory(tier="B"), AccountFactory()
    cases = {f"rule_{channel}": case for channel, case in governing(cadences_in_force(TODAY), TODAY).items()}
    rows = governable().annotate(**cases).values_list("pk", "rule_phone", "rule_visit")
    assert set(rows) == {
        (a.pk, first.pk, visits.pk),
        (b.pk, last.pk, visits.pk),
        (none.pk, last.pk, None),
    }


def test_only_rules_in_force_govern():
    ContactRuleFactory(enabled=False)
    ContactRuleFactory(active_from=TODAY + dt.timedelta(1))
    ContactRuleFactory(active_until=TODAY - dt.timedelta(1))
    ContactRuleFactory(kind="trigger", event="delivery", every_days=None)
    now = ContactRuleFactory(active_from=TODAY, active_until=TODAY)
    assert cadences_in_force(TODAY) == [now]


def test_coverage_says_how_many_match_are_governed_and_match_none(django_assert_num_queries):
    AccountFactory.create_batch(3, tier="A")
    AccountFactory.create_batch(2, tier="B")
    AccountFactory(tier="C")
    AccountFactory(tier="A", archived_at=NOW)
    AccountFactory(tier="A", phase="let_go")
    line = ProductLineFactory()
    bought(Account.objects.filter(tier="A").order_by("pk")[0], ProductFactory(line=line))
    phones = ContactRuleFactory(priority=1, tiers="AB")
    hidden = ContactRuleFactory(priority=2, tiers="A")
    visits = ContactRuleFactory(priority=3, channel="visit")
    visits.product_lines.add(line)
    off = ContactRuleFactory(priority=4, enabled=False)
    with django_assert_num_queries(5):  # rules and their lines, twice; two counts
        counted = coverage(TODAY)
    assert counted == Coverage(
        accounts=6,
        uncovered=1,
        by_rule={
            phones.pk: RuleCoverage(5, 5),
            hidden.pk: RuleCoverage(3, 0),
            visits.pk: RuleCoverage(1, 1),
            off.pk: RuleCoverage(6, 0),
        },
    )
    assert counted.by_rule[hidden.pk].is_never_reached
    assert not counted.by_rule[visits.pk].is_never_reached


def test_without_rules_nobody_is_covered():
    AccountFactory.create_batch(2)
    assert coverage(TODAY) == Coverage(accounts=2, uncovered=2, by_rule={})


# In words -----------------------------------------------------------------------------------------------------------
def test_the_sentence_of_a_rule():
    rule = ContactRuleFactory(channel="visit", tiers="A", every_days=30, minutes=45)
    assert sentence(rule) == "Tier A: visit every 30 days, 45 min"
    rule.product_lines.add(ProductLineFactory(name="Pumps"), ProductLineFactory(name="Seals"))
    assert who(rule) == "Tier A that buys Pumps or Seals"
    assert what(ContactRuleFactory(every_days=1, minutes=90)) == "phone every day, 1 h 30"
    assert sentence(ContactRuleFactory(channel="email")) == "Every account: e-mail every 30 days, 15 min"


def test_every_condition_is_said():
    rule = ContactRuleFactory(
        tiers="ABC",
        phases=["customer", "lapsing"],
        complexity_at_least=4,
        orders_per_year_at_least=1,
        product_lines_at_least=3,
        potential_at_least_cents=50_000_000,
        strategy_goal="sell_more",
        service_level="premium",
    )
    assert who(rule).replace("\u00a0", " ") == (
        "Tier A, B or C in phase customer or lapsing, that buys complexity 4 or more, "
        "with at least 1 order a year, with at least 3 product lines, "
        "with potential of at least 500,000 €, with the goal “sell more”, with service level premium"
    )


# Verbs --------------------------------------------------------------------------------------------------------------
def order() -> list[tuple[str, int]]:
    return list(ContactRule.objects.order_by("priority").values_list("name", "priority"))


def make(cast, name: str, **fields) -> ContactRule:
    rule = ContactRule(name=name, **{"channel": "phone", "every_days": 30, **fields})
    return save_rule(rule=rule, actor=cast.ada, now=NOW)


def test_a_new_rule_goes_last_and_says_who_made_it(cast):
    make(cast, "one")
    rule = make(cast, "two")
    assert order() == [("one", 1), ("two", 2)]
    entry = rule.history.get()
    assert (entry.history_user, entry.history_date) == (cast.ada, NOW)


def test_product_lines_are_saved_with_the_rule(cast):
    line = ProductLineFactory()
    rule = ContactRule(channel="phone", every_days=30)
    save_rule(rule=rule, product_lines=[line], actor=cast.ada, now=NOW)
    save_rule(rule=rule, actor=cast.ada, now=NOW)
    assert list(rule.product_lines.all()) == [line]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"every_days": None}, "every_days"),
        ({"every_days": 0}, "every_days"),
        ({"channel": "broadcast"}, "channel"),
        ({"kind": "trigger", "every_days": None}, "event"),
        ({"minutes": 0}, "minutes"),
    ],
)
def test_a_rule_that_cannot_be_names_the_field(cast, fields, field):
    with pytest.raises(ValidationError) as refused:
        make(cast, "wrong", **fields)
    assert field in refused.value.message_dict
    assert not ContactRule.objects.exists()


@pytest.mark.parametrize(
    ("name", "to", "expected"),
    [("c", 1, "cabd"), ("a", 3, "bcad"), ("a", 99, "bcda"), ("d", -5, "dabc"), ("b", 2, "abcd")],
)
def test_moving_a_rule_keeps_priorities_dense(cast, name, to, expected):
    rules = {letter: make(cast, letter) for letter in "abcd"}
    ContactRule.objects.filter(name="d").update(priority=17)  # a gap heals
    move_rule(rule=rules[name], to=to, actor=cast.ada, now=NOW)
    assert order() == [(letter, place) for place, letter in enumerate(expected, start=1)]
    assert rules[name].priority == expected.index(name) + 1


def test_moving_is_history_of_the_rules_it_moved(cast):
    rules = [make(cast, letter) for letter in "abc"]
    move_rule(rule=rules[1], to=1, actor=cast.mona, now=NOW)
    assert [rule.history.count() for rule in rules] == [2, 2, 1]
    assert rules[0].history.first().history_user == cast.mona


def test_switching_and_removing(cast):
    rules = [make(cast, letter) for letter in "abc"]
    enable_rule(rule=rules[0], enabled=False, actor=cast.ada, now=NOW)
    assert [rule.name for rule in cadences_in_force(TODAY)] == ["b", "c"]
    assert order()[0] == ("a", 1)
    remove_rule(rule=rules[1], actor=cast.ada, now=NOW)
    assert order() == [("a", 1), ("c", 2)]
    assert ContactRule.history.filter(name="b", history_type="-").get().history_user == cast.ada
