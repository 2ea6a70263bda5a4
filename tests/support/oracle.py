"""Tiers reckoned in plain Python from docs/domain.md, 4.1 and 4.2: what the SQL of segmentation.ladder must equal.

Independent of it on purpose: values in, values out, fractions instead of cross-multiplied integers, one account after
the other. Slow and obvious. Never imported by the product.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

DAY = dt.timedelta(days=1)
TIERS = "ABC"


@dataclass
class Bought:
    """One purchase: its day, its whole cents, and when it was due and paid."""

    ordered: dt.date
    cents: int
    due: dt.date | None = None
    paid: dt.date | None = None


@dataclass
class Customer:
    """One account with all that tiers look at. tier: the current one, None also where it is provisional."""

    code: str
    purchases: list[Bought] = field(default_factory=list)
    touchpoints: list[tuple[dt.date, int, str]] = field(default_factory=list)
    """(day, minutes, channel)"""
    complaints: list[dt.date] = field(default_factory=list)
    potential_cents: int = 0
    seasonal: bool = False
    tier: str | None = None
    pins: list[tuple[str, dt.date, dt.date]] = field(default_factory=list)
    """(tier, first day, last day)"""


@dataclass
class Thresholds:
    """A policy. Shares and weights are fractions of 1."""

    window_months: int = 12
    a_share: Fraction = Fraction(80, 100)
    b_share: Fraction = Fraction(95, 100)
    band: Fraction = Fraction(2, 100)
    a_min_active_quarters: int = 3
    a_min_tenure_months: int = 24
    newcomer_months: int = 12
    b_min_active_quarters: int = 2
    grace_days: int = 7
    max_late_share: Fraction | None = None
    potential_weight: Fraction = Fraction(0)


@dataclass
class Found:
    """What a run finds about one account."""

    code: str
    tier: str | None
    revenue: int
    previous_revenue: int
    value: int
    preceding_share: Fraction | None
    active_quarters: int
    orders: int
    tenure_months: int | None
    days_since_purchase: int | None
    mean_gap_days: Fraction | None
    late_share: Fraction | None
    contact_minutes: int
    complaints: int
    trail: str


def less_months(day: dt.date, months: int) -> dt.date:
    """The day so many months before; where that month is too short, its last day."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def full_months(first: dt.date, end: dt.date) -> int:
    """Full calendar months from `first` to `end`."""
    months = (end.year - first.year) * 12 + (end.month - first.month)
    return months - 1 if end.day < first.day else months


def rounded(exact: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def assess(customers: Iterable[Customer], policy: Thresholds, as_of: dt.date) -> list[Found]:
    """What a run as of the end of the day finds, ordered by code point."""
    customers = list(customers)
    end = as_of + DAY
    start = less_months(end, policy.window_months)
    previous_start = less_months(end, 2 * policy.window_months)
    gap_start = less_months(end, 24)
    found = []
    for one in sorted(customers, key=lambda c: c.code):
        known = [p for p in one.purchases if p.ordered < end]
        positive = [p for p in known if p.cents > 0]
        in_window = [p for p in positive if p.ordered >= start]
        revenue = sum(p.cents for p in known if p.ordered >= start)
        expected = Fraction(one.potential_cents * policy.window_months, 12)
        gap_days = sorted({p.ordered for p in positive if p.ordered >= gap_start})
        due = [p for p in positive if p.due is not None and start <= p.due < end]
        late = [p for p in due if _is_late(p, policy.grace_days, as_of)]
        first = min((p.ordered for p in positive), default=None)
        found.append(
            Found(
                code=one.code,
                tier=None,
                revenue=revenue,
                previous_revenue=sum(p.cents for p in known if previous_start <= p.ordered < start),
                value=rounded(revenue + policy.potential_weight * max(Fraction(0), expected - revenue)),
                preceding_share=None,
                active_quarters=len({(p.ordered.year, (p.ordered.month - 1) // 3) for p in in_window}),
                orders=len(in_window),
                tenure_months=None if first is None else full_months(first, end),
                days_since_purchase=None if first is None else (as_of - max(p.ordered for p in positive)).days,
                mean_gap_days=Fraction((gap_days[-1] - gap_days[0]).days, len(gap_days) - 1)
                if len(gap_days) >= 3
                else None,
                late_share=Fraction(sum(p.cents for p in late), sum(p.cents for p in due)) if due else None,
                contact_minutes=sum(
                    minutes for day, minutes, channel in one.touchpoints
                    if start <= day < end and channel != "broadcast"
                ),
                complaints=sum(start <= day < end for day in one.complaints),
                trail="",
            )
        )  # fmt: skip
    _rank(found)
    by_code = {one.code: one for one in customers}
    for one in found:
        _climb(one, by_code[one.code], policy, as_of)
    return found


def _is_late(purchase: Bought, grace_days: int, as_of: dt.date) -> bool:
    assert purchase.due is not None
    last_day = purchase.due + grace_days * DAY
    if purchase.paid is not None and purchase.paid <= as_of:
        return purchase.paid > last_day
    return as_of > last_day


def _rank(found: list[Found]) -> None:
    ranked = [one for one in found if one.tenure_months is not None and one.value > 0]
    ranked.sort(key=lambda one: (-one.value, one.code))
    total, before = sum(one.value for one in ranked), 0
    for one in ranked:
        one.preceding_share = Fraction(before, total)
        before += one.value


def _climb(one: Found, customer: Customer, policy: Thresholds, as_of: dt.date) -> None:
    trail: list[str] = []
    tier: str | None = None

    def step(name: str, to: str, *, always: bool = False) -> None:
        nonlocal tier
        if always or to != tier:
            trail.append(f"{name}:{to}")
        tier = to

    if one.tenure_months is not None:
        share = one.preceding_share
        if share is not None and share < policy.a_share:
            step("volume", "A", always=True)
        elif share is not None and share < policy.b_share:
            step("volume", "B", always=True)
        else:
            step("volume", "C", always=True)
        assert tier is not None
        if customer.tier is not None and share is not None:
            steps_apart = abs(TIERS.index(customer.tier) - TIERS.index(tier))
            boundary = policy.a_share if "A" in (customer.tier, tier) else policy.b_share
            if steps_apart == 1 and abs(share - boundary) <= policy.band:
                step("band", customer.tier)
        if tier == "A" and not (
            one.active_quarters >= policy.a_min_active_quarters
            and one.tenure_months >= policy.a_min_tenure_months
        ):
            step("systematic", "B")
        newcomer = one.tenure_months < policy.newcomer_months and one.revenue > 0
        if newcomer and tier == "C":
            step("newcomer", "B")
        if one.active_quarters < policy.b_min_active_quarters and not newcomer and not customer.seasonal:
            step("sporadic", "C")
        if (
            policy.max_late_share is not None
            and one.late_share is not None
            and one.late_share > policy.max_late_share
        ):
            assert tier is not None
            step("payment", TIERS[min(TIERS.index(tier) + 1, 2)])
    for pinned, first_day, last_day in customer.pins:
        if first_day <= as_of <= last_day:
            step("pin", pinned, always=True)
    one.tier, one.trail = tier, ">".join(trail)


# The export of section 10 -------------------------------------------------------------------------------------------
def written(exact: Fraction | None, places: int) -> str:
    """The fraction with so many decimals, halves away from zero; "" for None."""
    if exact is None:
        return ""
    figure = rounded(exact * 10**places)
    digits = f"{abs(figure):0{places + 1}d}"
    return f"{'-' if figure < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def export(found: Iterable[Found]) -> str:
    """As `manage.py export_assessments` writes it. Codes must need no quotes."""
    lines = [
        "code,tier,revenue,previous_revenue,preceding_share,active_quarters,orders,tenure_months,"
        "days_since_purchase,mean_gap_days,late_share,trail"
    ]
    for one in found:
        cells = [
            one.code,
            one.tier or "",
            written(Fraction(one.revenue, 100), 2),
            written(Fraction(one.previous_revenue, 100), 2),
            written(one.preceding_share, 6),
            str(one.active_quarters),
            str(one.orders),
            "" if one.tenure_months is None else str(one.tenure_months),
            "" if one.days_since_purchase is None else str(one.days_since_purchase),
            written(one.mean_gap_days, 6),
            written(one.late_share, 6),
            one.trail,
        ]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"
