"""One interval said in three ways: every N days, so often a quarter, so many minutes a year. Pure.

A year has 365 days and a quarter 91.25, a fourth of it. Kept is the whole number of days; the others are made of it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

YEAR = Decimal(365)
QUARTER = YEAR / 4
MOST_DAYS = 1100
_CENT = Decimal("0.01")


def per_quarter(every_days: int) -> Decimal:
    """How many contacts a quarter has, to two decimals: 3.04 for every 30 days."""
    return (QUARTER / every_days).quantize(_CENT, ROUND_HALF_UP)


def minutes_per_year(every_days: int, minutes: int) -> int:
    """How many minutes of contact a year has, to the whole minute: 365 for 30 minutes every 30 days."""
    return int((YEAR * minutes / every_days).quantize(Decimal(1), ROUND_HALF_UP))


def days_for_quarter(contacts: Decimal) -> int:
    """Every how many days, for so many contacts (> 0) a quarter: 30 for 3. At least 1 and at most MOST_DAYS."""
    return _days(QUARTER / contacts)


def days_for_year(minutes_a_year: int, minutes: int) -> int:
    """Every how many days, for so many minutes (> 0) a year in contacts of `minutes`. At least 1, at most MOST_DAYS."""
    return _days(YEAR * minutes / minutes_a_year)


def _days(exact: Decimal) -> int:
    return max(1, min(MOST_DAYS, int(exact.quantize(Decimal(1), ROUND_HALF_UP))))
