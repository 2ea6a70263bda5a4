"""More contact that brings nothing is waste: the pure rule of docs/domain.md, 5.2."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.backing_off import is_backed_off, lengthened


@pytest.mark.parametrize(
    ("fruitless", "days"),
    [(0, 30), (2, 30), (3, 45), (5, 45), (6, 68), (8, 68), (9, 90), (40, 90)],  # 67.5 days are 68
)
def test_the_interval_grows_by_half_for_every_three_fruitless_contacts_at_most_threefold(fruitless, days):
    assert lengthened(30, fruitless) == days
    assert is_backed_off(fruitless) is (days > 30)


@given(st.integers(1, 1100), st.integers(0, 60))
def test_it_is_the_formula_to_half_a_day(interval, fruitless):
    exact = interval * min(Fraction(3), Fraction(3, 2) ** (fruitless // 3))
    assert abs(lengthened(interval, fruitless) - exact) <= Fraction(1, 2)
    assert lengthened(interval, fruitless) <= lengthened(interval, fruitless + 1) <= 3 * interval
