"""The facts on accounts: what is reckoned, and that nothing is written without need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.facts import refresh_facts
from accounts.models import Account, Product, Purchase, PurchaseLine, RecentProductLine, quarter_number
from tests.support.factories import AccountFactory, ProductFactory, PurchaseFactory

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 10, 13)
NAMES = ("first_purchase_on", "last_purchase_on", "sales_12m_cents", "orders_12m", "mean_gap_days", "phase")


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def bought(*days: dt.date, seasonal: bool = False, cents: int = 1000) -> Account:
    account = AccountFactory(seasonal=seasonal)
    for day in days:
        PurchaseFactory(account=account, ordered_on=day, cents=cents)
    return account


def fact(account: Account, name: str, *, today: dt.date = TODAY) -> object:
    refresh_facts(today=today)
    account.refresh_from_db()
    return getattr(account, name)


def test_an_account_without_purchases() -> None:
    account = AccountFactory()
    refresh_facts(today=TODAY)
    assert Account.objects.values_list(*NAMES).get() == (None, None, 0, 0, None, "prospect")
    PurchaseFactory(account=account, ordered_on=ago(5), cents=-500)
    PurchaseFactory(account=account, ordered_on=ago(5), cents=0)
    refresh_facts(today=TODAY)
    assert Account.objects.values_list(*NAMES).get() == (None, None, -500, 0, None, "prospect")


def test_twelve_months_include_today_and_their_first_day() -> None:
    account = bought(dt.date(2025, 10, 14), TODAY)  # end is 14 October 2026, so the window starts on the 14th
    bought_before = bought(dt.date(2025, 10, 13))
    later = bought(TODAY + dt.timedelta(days=1))
    PurchaseFactory(account=account, ordered_on=TODAY, cents=-300)
    assert fact(account, "sales_12m_cents") == 1700
    assert fact(account, "orders_12m") == 2
    assert fact(account, "first_purchase_on") == dt.date(2025, 10, 14)
    assert fact(account, "last_purchase_on") == TODAY
    assert (fact(bought_before, "sales_12m_cents"), fact(bought_before, "orders_12m")) == (0, 0)
    assert (fact(later, "sales_12m_cents"), fact(later, "phase")) == (0, "prospect")


def test_months_are_clamped() -> None:
    account = bought(
        dt.date(2023, 2, 28), dt.date(2023, 2, 27)
    )  # end 29 February 2024, start 28 February 2023
    assert fact(account, "orders_12m", today=dt.date(2024, 2, 28)) == 1


@pytest.mark.parametrize(
    ("days", "gap"),
    [
        ([], None),
        ([10], None),
        ([10, 20], None),
        ([10, 20, 40], 15.0),
        ([10, 10, 20], None),  # two distinct days
        ([1, 2, 3, 5], 4 / 3),
        ([10, 20, 40, 800], 15.0),  # the oldest lies before the 24 months
    ],
)
def test_mean_gap(days: list[int], gap: float | None) -> None:
    assert fact(bought(*map(ago, days)), "mean_gap_days") == gap


def test_the_gap_window_begins_on_its_first_day() -> None:
    inside = bought(dt.date(2024, 10, 14), ago(1), ago(2))
    outside = bought(dt.date(2024, 10, 13), ago(1), ago(2))
    assert fact(inside, "mean_gap_days") == (ago(1) - dt.date(2024, 10, 14)).days / 2
    assert fact(outside, "mean_gap_days") is None


@pytest.mark.parametrize(
    ("away", "gap", "phase"),
    [
        (60, 5, "customer"),
        (61, 5, "lapsing"),
        (180, 5, "lapsing"),
        (181, 5, "lost"),
        (80, 40, "customer"),
        (81, 40, "lapsing"),
        (200, 50, "lapsing"),
        (201, 50, "lost"),
        (365, 100, "lapsing"),
        (366, 100, "lost"),
        (365, 183, "customer"),
    ],
)
def test_lapsing_and_lost(away: int, gap: int, phase: str) -> None:
    assert fact(bought(ago(away), ago(away + gap), ago(away + 2 * gap)), "phase") == phase


@pytest.mark.parametrize(
    ("away", "phase"), [(0, "customer"), (200, "customer"), (365, "customer"), (366, "lost")]
)
def test_without_a_mean_gap_only_a_year_counts(away: int, phase: str) -> None:
    assert fact(bought(ago(away), ago(away + 1)), "phase") == phase


def test_gaps_are_compared_exactly() -> None:
    # 121 days away; 4 days of purchase over 181: twice the mean gap is 120.66..., over 182: 121.33...
    assert fact(bought(ago(121), ago(122), ago(123), ago(121 + 181)), "phase") == "lapsing"
    assert fact(bought(ago(121), ago(122), ago(123), ago(121 + 182)), "phase") == "customer"


@pytest.mark.parametrize(
    ("last", "today", "phase"),
    [
        # Bought in the fourth quarter of 2024, and in none since.
        ([(2024, 12, 1)], dt.date(2025, 9, 30), "customer"),
        ([(2024, 12, 1)], dt.date(2025, 12, 31), "customer"),
        ([(2024, 12, 1)], dt.date(2026, 1, 1), "lapsing"),
        ([(2024, 12, 1)], dt.date(2026, 12, 31), "lapsing"),
        ([(2024, 12, 1)], dt.date(2027, 1, 1), "lost"),
        # Two seasons a year: the first of them that stayed empty shows.
        ([(2024, 5, 1), (2024, 12, 1)], dt.date(2025, 6, 30), "customer"),
        ([(2024, 5, 1), (2024, 12, 1)], dt.date(2025, 7, 1), "lapsing"),
        ([(2024, 5, 1), (2024, 12, 1), (2025, 7, 2)], dt.date(2025, 7, 2), "customer"),
        # Back after a year without.
        ([(2023, 12, 1), (2025, 12, 1)], dt.date(2026, 6, 1), "customer"),
    ],
)
def test_seasonal_accounts_are_compared_with_the_same_quarter_of_the_year_before(
    last: list[tuple[int, int, int]], today: dt.date, phase: str
) -> None:
    days = [dt.date(*day) for day in last]
    assert fact(bought(*days, seasonal=True), "phase", today=today) == phase


def test_who_was_let_go_stays_so() -> None:
    account = bought(ago(1))
    Account.objects.update(phase=Account.Phase.LET_GO)
    assert fact(account, "phase") == "let_go"
    assert fact(account, "orders_12m") == 1


def test_only_what_changes_is_written_and_counted() -> None:
    first, second, third = bought(ago(1)), bought(ago(400)), bought(ago(1), ago(3), ago(9))
    assert refresh_facts(today=TODAY, account_ids=[first.pk]) == 1
    second.refresh_from_db()
    assert second.phase == "prospect"
    assert refresh_facts(today=TODAY) == 2
    assert refresh_facts(today=TODAY) == 0
    assert refresh_facts(today=TODAY, account_ids=[]) == 0
    Purchase.objects.filter(account=third).delete()
    assert refresh_facts(today=TODAY) == 1
    assert Account.objects.values_list(*NAMES).get(pk=third.pk) == (None, None, 0, 0, None, "prospect")
    assert first.history.count() == 1


def test_statements_do_not_grow_with_accounts() -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            refresh_facts(today=TODAY)
        return len(captured)

    bought(ago(1))
    few = statements()
    for _ in range(30):
        bought(ago(1), ago(2))
    assert statements() == few


def test_many_accounts_by_id_go_in_portions() -> None:
    accounts = [bought(ago(1)) for _ in range(3)]
    unknown = range(10_000_000, 10_000_000 + 1200)
    assert refresh_facts(today=TODAY, account_ids=[*unknown, *(account.pk for account in accounts)]) == 3


# Against a reckoning in plain Python --------------------------------------------------------------------------------
def expected(purchases: Iterable[tuple[dt.date, int]], seasonal: bool, today: dt.date) -> tuple[object, ...]:
    """The facts of one account, as docs/domain.md says them; days of the month up to 28 only."""
    end = today + dt.timedelta(days=1)
    known = [(day, cents) for day, cents in purchases if day < end]
    year, two_years = end.replace(year=end.year - 1), end.replace(year=end.year - 2)
    positive = sorted(day for day, cents in known if cents > 0)
    sales = sum(cents for day, cents in known if day >= year)
    orders = sum(day >= year for day in positive)
    if not positive:
        return None, None, sales, orders, None, "prospect"
    recent = sorted({day for day in positive if day >= two_years})
    gap = Fraction((recent[-1] - recent[0]).days, len(recent) - 1) if len(recent) >= 3 else None
    away = (today - positive[-1]).days
    if seasonal:
        quarters = {quarter_number(day) for day in positive}
        missed = [
            years
            for years in (1, 2)
            for quarter in quarters
            if quarter > max(quarters) - 4 and max(quarters) < quarter + 4 * years < quarter_number(today)
        ]
        phase = {0: "customer", 1: "lapsing", 2: "lost"}[max(missed, default=0)]
    elif away > 365 or (gap is not None and away > 4 * gap and away > 180):
        phase = "lost"
    elif gap is not None and away > 2 * gap and away > 60:
        phase = "lapsing"
    else:
        phase = "customer"
    return positive[0], positive[-1], sales, orders, None if gap is None else float(gap), phase


class AnyPurchases(TestCase):
    """The statement equals a plain reckoning."""

    @examples(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        companies=st.lists(
            st.tuples(
                st.booleans(),
                st.lists(st.tuples(st.integers(-5, 1200), st.sampled_from([-700, 0, 1, 1000])), max_size=8),
            ),
            max_size=6,
        ),
        today=st.dates(dt.date(2024, 1, 1), dt.date(2028, 12, 31)).filter(lambda day: day.day < 28),
    )
    def test_facts(self, companies: list[tuple[bool, list[tuple[int, int]]]], today: dt.date) -> None:
        Account.objects.all().delete()
        wanted = {}
        for seasonal, bought_then in companies:
            account = AccountFactory(seasonal=seasonal)
            purchases = [(today - dt.timedelta(days=days), cents) for days, cents in bought_then]
            for day, cents in purchases:
                PurchaseFactory(account=account, ordered_on=day, cents=cents)
            wanted[account.pk] = expected(purchases, seasonal, today)
        refresh_facts(today=today)
        assert {row[0]: row[1:] for row in Account.objects.values_list("pk", *NAMES)} == wanted


def test_product_lines_of_twelve_months_are_kept_and_only_the_difference_is_written() -> None:
    account, other = AccountFactory(), AccountFactory()
    pump, seal = ProductFactory(complexity=3), ProductFactory()

    def lines() -> dict[tuple[int, int, int], dt.date]:
        rows = RecentProductLine.objects.order_by("account", "line").values_list(
            "account", "line", "complexity", "last_ordered_on"
        )
        return {(a, line, complexity): day for a, line, complexity, day in rows}

    def line_of(whom: Account, product: Product, on: dt.date, amount: int = 10) -> PurchaseLine:
        purchase = PurchaseFactory(account=whom, ordered_on=on)
        return PurchaseLine.objects.create(purchase=purchase, position=1, product=product, amount=amount)

    line_of(account, pump, TODAY - dt.timedelta(days=300))
    last = line_of(account, pump, TODAY - dt.timedelta(days=3))
    line_of(account, seal, TODAY - dt.timedelta(days=400))
    line_of(account, seal, TODAY + dt.timedelta(days=1))
    line_of(other, seal, TODAY)
    line_of(other, pump, TODAY, amount=-10)
    refresh_facts(today=TODAY)
    mine, theirs = (account.pk, pump.line_id, 3), (other.pk, seal.line_id, 1)
    assert lines() == {mine: TODAY - dt.timedelta(days=3), theirs: TODAY}
    ids = set(RecentProductLine.objects.values_list("pk", flat=True))
    last.delete()
    refresh_facts(today=TODAY, account_ids=[account.pk])
    assert lines() == {mine: TODAY - dt.timedelta(days=300), theirs: TODAY}
    assert set(RecentProductLine.objects.values_list("pk", flat=True)) == ids
    refresh_facts(today=TODAY + dt.timedelta(days=100), account_ids=[account.pk])
    assert lines() == {(account.pk, seal.line_id, 1): TODAY + dt.timedelta(days=1), theirs: TODAY}


def test_no_statement_looks_into_the_table_of_product_lines_while_it_fills_it() -> None:
    """Planned while that table is known to be empty, PostgreSQL would read it anew for each row."""
    purchase = PurchaseFactory(account=AccountFactory(), ordered_on=TODAY)
    PurchaseLine.objects.create(purchase=purchase, position=1, product=ProductFactory(), amount=10)
    with CaptureQueriesContext(connection) as said:
        refresh_facts(today=TODAY)
    filling = [one["sql"] for one in said if one["sql"].startswith("INSERT INTO accounts_recentproductline")]
    assert len(filling) == 1
    assert filling[0].count("accounts_recentproductline") == 1
    assert RecentProductLine.objects.count() == 1
