"""Every N days, contacts a quarter, minutes a year: one interval said in three ways."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import intervals
from contacts.models import ContactRule
from contacts.rule_form import CadenceForm


@given(days=st.integers(1, 180), minutes=st.integers(15, 600))
def test_there_and_back(days: int, minutes: int) -> None:
    # What is shown was rounded, by half a hundredth of a contact and half a minute at most.
    shown = intervals.per_quarter(days)
    assert abs(intervals.days_for_quarter(shown) - days) <= days * Decimal("0.005") / shown + Decimal("0.5")
    shown = Decimal(intervals.minutes_per_year(days, minutes))
    assert abs(intervals.days_for_year(int(shown), minutes) - days) <= days * Decimal(
        "0.5"
    ) / shown + Decimal("0.5")


def test_a_quarter_has_91_days_and_a_quarter() -> None:
    assert intervals.per_quarter(30) == Decimal("3.04")
    assert intervals.days_for_quarter(Decimal(3)) == 30
    assert intervals.minutes_per_year(30, 30) == 365
    assert intervals.days_for_year(365, 30) == 30
    assert intervals.days_for_quarter(Decimal("0.01")) == intervals.MOST_DAYS


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "days"),
    [
        ({"every_days": "60"}, 60),
        ({"every_days": "60", "per_quarter": "4"}, 60),
        ({"per_quarter": "4"}, 23),
        ({"minutes_per_year": "730"}, 15),
        ({"every_days": "", "per_quarter": "", "minutes_per_year": "365"}, 30),
        # Another length of the contact leaves the interval alone.
        ({"minutes": "45"}, 30),
    ],
)
def test_what_was_edited_decides(sent: dict[str, str], days: int) -> None:
    rule = ContactRule(kind="cadence", channel="phone", every_days=30, minutes=30)
    as_shown: dict[str, Any] = {
        "channel": "phone",
        "every_days": "30",
        "per_quarter": "3.04",
        "minutes_per_year": "365",
        "minutes": "30",
        "tolerance_days": "5",
    }
    form = CadenceForm(as_shown | sent, instance=rule)
    assert form.is_valid(), form.errors
    assert form.as_filled_in().every_days == days
