"""The SQL of the ladder against the plain-Python oracle, on companies made to lie on every edge."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.team.models import User
from segmentation.exporting import assessment_lines, decimals
from segmentation.models import TierAssessment, TieringRun
from segmentation.simulation import outline
from segmentation.tiering import run_tiering
from tests.segmentation.company import policy_of, write
from tests.support import oracle
from tests.support.cast import Cast
from tests.support.factories import TouchpointFactory
from tests.support.oracle import Bought, Customer, Thresholds, less_months

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


class Undo(Exception):
    """Ends the transaction of one example, so that the next starts from nothing."""


def found_by_sql(customers: list[Customer], thresholds: Thresholds, as_of: dt.date) -> list[oracle.Found]:
    """Write the company, make the run, and read it back as the oracle's values; nothing of it stays."""
    result: list[oracle.Found] = []
    with pytest.raises(Undo), transaction.atomic():
        actor, _made = User.objects.get_or_create(email="boss@example.com", defaults={"role": "admin"})
        write(customers, actor=actor)
        run = run_tiering(
            as_of=as_of,
            today=as_of + 3 * DAY,
            now=timezone.now(),
            policy=policy_of(thresholds),
            started_by=None,
        )
        rows = TierAssessment.objects.filter(run=run).select_related("account").order_by("account__code")
        result += [as_found(row) for row in rows]
        assert "".join(assessment_lines(run)) == oracle.export(result)
        raise Undo
    return result


def as_found(row: TierAssessment) -> oracle.Found:
    def quotient(numerator: int | None, denominator: int | None) -> Fraction | None:
        assert (numerator is None) == (denominator is None)
        return None if numerator is None else Fraction(numerator, denominator)

    return oracle.Found(
        code=row.account.code,
        tier=row.tier,
        revenue=row.revenue_cents,
        previous_revenue=row.previous_revenue_cents,
        value=row.value_cents,
        preceding_share=quotient(row.preceding_cents, row.ranked_cents),
        active_quarters=row.active_quarters,
        orders=row.orders,
        tenure_months=row.tenure_months,
        days_since_purchase=row.days_since_purchase,
        mean_gap_days=quotient(row.gap_days, row.gap_count),
        late_share=quotient(row.late_cents, row.due_cents),
        contact_minutes=row.contact_minutes,
        complaints=row.complaints,
        trail=row.trail,
    )


# Made companies -----------------------------------------------------------------------------------------------------
AS_OF = st.sampled_from(
    [
        dt.date(*day)
        for day in (
            (2026, 9, 30), (2026, 12, 31), (2024, 2, 28), (2024, 2, 29), (2025, 2, 27), (2025, 3, 30), (2026, 5, 30),
            (2026, 8, 14),
        )
    ]
)  # fmt: skip
BASIS_POINTS = st.one_of(
    st.sampled_from([0, 1, 2500, 5000, 7500, 8000, 9500, 9999, 10000]), st.integers(0, 10_000)
)
# Few and round amounts, so that accounts tie and sums fall on the boundaries.
CENTS = st.one_of(
    st.sampled_from([1, 50, 100, 500, 1000, 1500, 5000, -50, -100, -1000]), st.integers(-2000, 5000)
)


@st.composite
def thresholds(draw: st.DrawFn) -> Thresholds:
    a_share, b_share = sorted((draw(BASIS_POINTS), draw(BASIS_POINTS)))
    late = draw(st.one_of(st.none(), BASIS_POINTS))
    return Thresholds(
        window_months=draw(st.sampled_from([1, 3, 6, 12, 12, 24, 36])),
        a_share=Fraction(a_share, 10_000),
        b_share=Fraction(b_share, 10_000),
        band=Fraction(draw(st.sampled_from([0, 200, 200, 1000, 5000])), 10_000),
        a_min_active_quarters=draw(st.integers(0, 4)),
        a_min_tenure_months=draw(st.sampled_from([0, 1, 6, 12, 24])),
        newcomer_months=draw(st.sampled_from([0, 1, 3, 12, 24])),
        b_min_active_quarters=draw(st.integers(0, 3)),
        grace_days=draw(st.sampled_from([0, 7])),
        max_late_share=None if late is None else Fraction(late, 10_000),
        potential_weight=Fraction(draw(st.sampled_from([0, 0, 1, 3333, 5000, 10_000])), 10_000),
    )


@st.composite
def days(draw: st.DrawFn, as_of: dt.date, window_months: int) -> dt.date:
    """A day anywhere in four years, or within a day of an edge that the definitions name."""
    if draw(st.booleans()):
        return as_of - DAY * draw(st.integers(-40, 1500))
    months = draw(st.sampled_from([0, 1, 3, 6, 12, 24, window_months, 2 * window_months]))
    return less_months(as_of + DAY, months) + DAY * draw(st.integers(-2, 2))


@st.composite
def customers(draw: st.DrawFn, as_of: dt.date, window_months: int) -> list[Customer]:
    codes = draw(
        st.lists(
            st.sampled_from(
                ["a", "A", "b", "B", "Z", "z", "1", "10", "2", "ą", "Ą", "ł", "ж", "𐐷", "ﬀ", "_", "-"]
            ),
            unique=True,
            max_size=12,
        )
    )
    day = days(as_of, window_months)
    made = []
    for code in codes:
        purchases = []
        for _ in range(draw(st.integers(0, 5))):
            ordered = draw(day)
            due = draw(st.one_of(st.none(), st.just(ordered + 14 * DAY), day))
            paid = (
                None
                if due is None
                else draw(st.one_of(st.none(), st.just(due + 7 * DAY), st.just(due + 8 * DAY), day))
            )
            purchases.append(Bought(ordered, draw(CENTS), due, paid))
        first = as_of + DAY * draw(st.integers(-3, 2))
        last = first + DAY * draw(st.integers(0, 3))
        made.append(
            Customer(
                code=code,
                purchases=purchases,
                touchpoints=draw(
                    st.lists(
                        st.tuples(day, st.integers(0, 90), st.sampled_from(["phone", "broadcast"])),
                        max_size=2,
                    )
                ),
                complaints=draw(st.lists(day, max_size=2)),
                potential_cents=draw(st.sampled_from([0, 0, 1, 7, 1000, 10_001])),
                seasonal=draw(st.booleans()),
                tier=draw(st.sampled_from([None, "A", "B", "C"])),
                pins=[(draw(st.sampled_from("ABC")), first, last)] if draw(st.integers(0, 5)) == 0 else [],
            )
        )
    return made


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), policy=thresholds(), as_of=AS_OF)
def test_any_company_gets_the_tiers_of_the_oracle(
    data: st.DataObject, policy: Thresholds, as_of: dt.date
) -> None:
    company = data.draw(customers(as_of, policy.window_months))
    # The first run applies a pin that begins after its day before it reads the tiers.
    expected = oracle.assess([with_pin_in_effect(one, as_of) for one in company], policy, as_of)
    assert found_by_sql(company, policy, as_of) == expected


def with_pin_in_effect(customer: Customer, as_of: dt.date) -> Customer:
    today = as_of + 3 * DAY
    for tier, first, last in customer.pins:
        if first > as_of and first <= today <= last:
            return Customer(**vars(customer) | {"tier": tier})
    return customer


# One rung after the other -------------------------------------------------------------------------------------------
AS_OF_DAY = dt.date(2026, 9, 30)
QUARTERS = [dt.date(2025, 11, 3), dt.date(2026, 2, 2), dt.date(2026, 5, 4), dt.date(2026, 8, 3)]
LONG_AGO = Bought(dt.date(2020, 1, 7), 1)


def loyal(code: str, cents: int, **others: object) -> Customer:
    """Bought for `cents` in all, in each of the four quarters, and for the first time years ago."""
    parts = [cents - 3 * (cents // 4)] + [cents // 4] * 3
    purchases = [LONG_AGO] + [Bought(day, part) for day, part in zip(QUARTERS, parts, strict=True)]
    return Customer(code, purchases, **others)  # type: ignore[arg-type]


def trails(company: list[Customer], policy: Thresholds | None = None) -> dict[str, str]:
    """The trail of each account; the oracle must agree."""
    policy = policy or Thresholds()
    found = found_by_sql(company, policy, AS_OF_DAY)
    assert found == oracle.assess(company, policy, AS_OF_DAY)
    return {one.code: one.trail for one in found}


def test_volume_ends_at_the_boundary_itself() -> None:
    # 8,000 of 10,000 come before "y": no longer below 80 %; 9,500 before "z": no longer below 95 %.
    company = [loyal("x", 8000), loyal("y", 1500), loyal("z", 500)]
    assert trails(company) == {"x": "volume:A", "y": "volume:B", "z": "volume:C"}
    # One cent less before "y", and it is inside.
    company = [loyal("x", 7999), loyal("y", 1500), loyal("z", 501)]
    assert trails(company) == {"x": "volume:A", "y": "volume:A", "z": "volume:B"}


def test_equal_values_are_ranked_by_code_point() -> None:
    company = [loyal(code, 1000) for code in ("ą", "a", "Z", "z", "_", "𐐷", "ﬀ")]
    found = found_by_sql(company, Thresholds(), AS_OF_DAY)
    ranked = sorted((one for one in found), key=lambda one: one.preceding_share or 0)
    # Capital before underscore before small letters; U+FB00 before U+10437, unlike in UTF-16.
    assert [one.code for one in ranked] == ["Z", "_", "a", "z", "ą", "ﬀ", "𐐷"]


def test_totals_beyond_what_times_ten_thousand_would_hold() -> None:
    # 9 * 10^15 cents * 10,000 is more than 63 bits hold; the last cent still decides.
    total = 9_000_000_000_000_000
    company = [loyal("x", total // 10 * 8), loyal("y", total // 10 * 2)]
    assert trails(company)["y"] == "volume:B"
    company = [loyal("x", total // 10 * 8 - 1), loyal("y", total // 10 * 2 + 1)]
    assert trails(company)["y"] == "volume:A"


@pytest.mark.parametrize(
    ("before", "tier", "trail"),
    [
        (7800, "B", "volume:A>band:B"),
        (7799, "B", "volume:A"),
        (8200, "A", "volume:B>band:A"),
        (8201, "A", "volume:B"),
        (9300, "C", "volume:B>band:C"),
        (9299, "C", "volume:B"),
        (9700, "B", "volume:C>band:B"),
        (9701, "B", "volume:C"),
        (8100, "C", "volume:B"),  # the other boundary is not its own
        (7900, "C", "volume:A"),  # no neighbour
        (8100, None, "volume:B"),
    ],
)
def test_band_keeps_a_neighbour_within_its_edges(before: int, tier: str | None, trail: str) -> None:
    # "x" takes what comes before; the account itself and "zz" share the rest.
    rest = 10_000 - before
    company = [loyal("x", before), loyal("y", rest - rest // 3, tier=tier), loyal("zz", rest // 3)]
    assert trails(company)["y"] == trail


def test_systematic_asks_a_for_quarters_and_for_tenure() -> None:
    two_quarters = Customer("q", [LONG_AGO, Bought(QUARTERS[0], 4000), Bought(QUARTERS[1], 4000)])
    young = Customer("t", [Bought(dt.date(2024, 10, 2), 1), *(Bought(day, 2000) for day in QUARTERS)])
    old_enough = Customer("u", [Bought(dt.date(2024, 10, 1), 1), *(Bought(day, 2000) for day in QUARTERS)])
    assert trails([two_quarters]) == {"q": "volume:A>systematic:B"}
    assert trails([young]) == {"t": "volume:A>systematic:B"}
    assert trails([old_enough]) == {"u": "volume:A"}


def test_newcomers_are_at_least_b_and_not_called_sporadic() -> None:
    big = loyal("x", 1_000_000)
    newcomer = Customer("n", [Bought(dt.date(2026, 9, 1), 100)])
    a_year_old = Customer("o", [Bought(dt.date(2025, 10, 1), 100)])
    returned = Customer("r", [Bought(dt.date(2026, 9, 1), 100), Bought(dt.date(2026, 9, 2), -100)])
    assert trails([big, newcomer, a_year_old, returned]) == {
        "x": "volume:A",
        "n": "volume:C>newcomer:B",
        "o": "volume:C",
        "r": "volume:C",
    }


def test_sporadic_buyers_are_c_unless_they_buy_in_one_season() -> None:
    once = [LONG_AGO, Bought(QUARTERS[3], 8000)]
    assert trails([Customer("s", once)]) == {"s": "volume:A>systematic:B>sporadic:C"}
    assert trails([Customer("s", once, seasonal=True)]) == {"s": "volume:A>systematic:B"}


@pytest.mark.parametrize(
    ("paid", "late"),
    [
        (dt.date(2026, 8, 27), False),  # the last day of grace
        (dt.date(2026, 8, 28), True),
        (None, True),
        (dt.date(2026, 10, 1), True),  # after the run's day: not paid yet
    ],
)
def test_payment_takes_one_tier_when_more_than_allowed_is_late(paid: dt.date | None, late: bool) -> None:
    policy = Thresholds(max_late_share=Fraction(1, 2))
    due = dt.date(2026, 8, 20)
    on_time = [Bought(day, 1000, day, day) for day in QUARTERS[:3]]
    debtor = Customer("d", [LONG_AGO, *on_time, Bought(QUARTERS[3], 3001, due, paid)])
    assert trails([debtor], policy) == {"d": "volume:A>payment:B" if late else "volume:A"}
    at_the_limit = Customer("d", [LONG_AGO, *on_time, Bought(QUARTERS[3], 3000, due, paid)])
    assert trails([at_the_limit], policy) == {"d": "volume:A"}
    assert trails([debtor]) == {"d": "volume:A"}  # empty: payment does not count


def test_unpaid_within_grace_is_not_late_yet() -> None:
    policy = Thresholds(max_late_share=Fraction(0))
    company = [
        Customer("d", [LONG_AGO, *(Bought(day, 1000) for day in QUARTERS), Bought(QUARTERS[3], 1, due)])
        for due in (dt.date(2026, 9, 23),)
    ]
    assert trails(company, policy) == {"d": "volume:A"}
    company[0].purchases[-1].due = dt.date(2026, 9, 22)
    assert trails(company, policy) == {"d": "volume:A>payment:B"}


def test_a_pin_wins_and_stands_alone_where_nothing_was_bought() -> None:
    pins = [("C", dt.date(2026, 9, 30), dt.date(2026, 9, 30))]
    company = [
        loyal("x", 8000, pins=pins),
        Customer("n", pins=[("A", dt.date(2026, 1, 1), AS_OF_DAY)]),
        Customer("o"),
    ]
    assert trails(company) == {"x": "volume:A>pin:C", "n": "pin:A", "o": ""}
    company[0].pins = [("C", dt.date(2026, 9, 1), dt.date(2026, 9, 29))]
    assert trails(company)["x"] == "volume:A"


def test_potential_counts_by_its_weight_and_rounds_halves_away_from_zero() -> None:
    policy = Thresholds(potential_weight=Fraction(1, 2))
    found = found_by_sql(
        [
            loyal("p", 100, potential_cents=1001),  # 100 + 450.5
            Customer(
                "m", [LONG_AGO, Bought(QUARTERS[0], -1001)], potential_cents=0
            ),  # -1001 + 500.5 = -500.5
            Customer(
                "n", [LONG_AGO, Bought(QUARTERS[0], -1001)], potential_cents=1000
            ),  # -1001 + 1000.5 = -0.5
            loyal("q", 2000, potential_cents=1001),
        ],
        policy,
        AS_OF_DAY,
    )
    assert {one.code: one.value for one in found} == {"p": 551, "m": -501, "n": -1, "q": 2000}


def test_the_window_is_clamped_at_the_end_of_short_months() -> None:
    # As of 30 May the end is 31 May, and three months before lies 28 February: it belongs to the window.
    as_of = dt.date(2025, 5, 30)
    policy = Thresholds(window_months=3)
    company = [Customer("x", [Bought(dt.date(2025, 2, 27), 100), Bought(dt.date(2025, 2, 28), 1)])]
    found = found_by_sql(company, policy, as_of)
    assert found == oracle.assess(company, policy, as_of)
    assert (found[0].revenue, found[0].previous_revenue, found[0].tenure_months) == (1, 100, 3)


def test_every_span_takes_its_first_day_and_leaves_its_end() -> None:
    # The window is [1 October 2025, 1 October 2026), the one before begins on 1 October 2024.
    days = [dt.date(2024, 9, 30), dt.date(2024, 10, 1), dt.date(2025, 9, 30), dt.date(2025, 10, 1)]
    days += [dt.date(2026, 9, 30), dt.date(2026, 10, 1)]
    amounts = [1, 10, 100, 1000, 10_000, 100_000]
    company = [
        Customer(
            "x",
            [Bought(day, cents, due=day) for day, cents in zip(days, amounts, strict=True)]
            # Ordered before the end but due on it: no evidence of late payment yet, nor before the window.
            + [Bought(days[4], 3, due=days[5]), Bought(days[3], 5, due=days[2])],
            touchpoints=[
                (day, minutes, "phone") for day, minutes in zip(days, (1, 2, 4, 8, 16, 32), strict=True)
            ]
            + [(days[4], 64, "broadcast")],
            complaints=days,
        )
    ]
    found = found_by_sql(company, Thresholds(), AS_OF_DAY)
    assert found == oracle.assess(company, Thresholds(), AS_OF_DAY)
    x = found[0]
    assert (x.revenue, x.previous_revenue, x.orders, x.active_quarters) == (11_008, 110, 4, 2)
    assert (x.contact_minutes, x.complaints) == (8 + 16, 2)
    # Due in the window: 1,000 and 10,000; the second still had its days of grace.
    assert x.late_share == Fraction(1000, 11_000)
    # Four days of purchases since 1 October 2024, and three gaps between them.
    assert x.mean_gap_days == Fraction((days[4] - days[1]).days, 3)


def test_two_days_of_purchases_have_no_mean_gap() -> None:
    company = [Customer("x", [LONG_AGO, *(Bought(day, 1) for day in QUARTERS[:2]), Bought(QUARTERS[1], 1)])]
    found = found_by_sql(company, Thresholds(), AS_OF_DAY)
    assert found == oracle.assess(company, Thresholds(), AS_OF_DAY) and found[0].mean_gap_days is None


def test_a_touchpoint_taken_back_counts_no_minutes(cast: Cast) -> None:
    for deleted_at in (None, timezone.now()):
        TouchpointFactory(
            account=cast.acme, user=cast.rita, day=QUARTERS[3], minutes=15, deleted_at=deleted_at
        )
    run = run_tiering(as_of=AS_OF_DAY, today=AS_OF_DAY + DAY, now=timezone.now())
    assert run.assessments.get(account=cast.acme).contact_minutes == 15


def test_a_simulation_finds_what_a_run_finds_and_writes_nothing(cast: Cast) -> None:
    company = [loyal("x", 8000, tier="B"), loyal("y", 1500, tier="C"), loyal("z", 500), Customer("o")]
    write(company, actor=cast.ada)
    found = outline(as_of=AS_OF_DAY, policy=policy_of(Thresholds()), today=AS_OF_DAY + DAY)
    assert not TieringRun.objects.exists() and not TierAssessment.objects.exists()
    # The cast's four accounts never bought.
    assert found.tiers == {"A": [1, 8000], "B": [1, 1500], "C": [1, 500], "": [5, 0]}
    assert found.moves == [["B", "A", 1, 8000], ["C", "B", 1, 1500], ["", "C", 1, 500]]
    assert (found.assessed, found.revenue_cents) == (8, 10_000)


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "text"),
    [
        (1, 3, 6, "0.333333"),
        (2, 3, 6, "0.666667"),
        (1, 2_000_000, 6, "0.000001"),
        (-1, 2_000_000, 6, "-0.000001"),
        (-1, 2_000_001, 6, "0.000000"),
        (-5, 100, 2, "-0.05"),
        (123456, 100, 2, "1234.56"),
        (None, 5, 6, ""),
        (5, None, 6, ""),
    ],
)
def test_figures_are_written_from_the_exact_quotient(
    numerator: int | None, denominator: int | None, places: int, text: str
) -> None:
    assert decimals(numerator, denominator, places) == text
