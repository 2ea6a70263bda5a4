"""The words that explain a tier: each rung fired and not, and what stands in lists (docs/domain.md, 4.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from segmentation.models import TierAssessment, TieringRun, TierPin, TierPolicy
from segmentation.wording import (
    as_of_label,
    deciding_step,
    evidence_table,
    ladder_steps,
    preceding_share,
    what_decided,
)

Q2, Q3 = dt.date(2026, 6, 30), dt.date(2026, 9, 30)
SPACE = "\u00a0"


def found(
    trail: str, as_of: dt.date = Q3, policy: dict[str, Any] | None = None, **evidence: Any
) -> TierAssessment:
    """The assessment of the mill: enough of everything, unless said otherwise. Nothing is saved."""
    run = TieringRun(as_of=as_of, policy=TierPolicy(version=1, **(policy or {})))
    values = {
        "revenue_cents": 21_240_000,
        "previous_revenue_cents": 28_850_000,
        "value_cents": 21_240_000,
        "preceding_cents": 786,
        "ranked_cents": 1000,
        "active_quarters": 4,
        "orders": 12,
        "tenure_months": 61,
        "days_since_purchase": 94,
        "gap_days": 63,
        "gap_count": 3,
        "late_cents": 12,
        "due_cents": 100,
        "contact_minutes": 540,
        "complaints": 2,
        "previous_tier": "A",
        "tier": trail[-1] if trail else None,
    }
    return TierAssessment(run=run, trail=trail, **values | evidence)


def words(assessment: TierAssessment, key: str, pin: TierPin | None = None) -> str:
    step = next(step for step in ladder_steps(assessment, pin=pin) if step.key == key)
    return step.text.replace(SPACE, " ")


def test_the_ladder_of_the_mill() -> None:
    mill = found("volume:A>systematic:B", active_quarters=2, policy={"max_late_share": Decimal("0.5")})
    steps = [(s.title, s.text.replace(SPACE, " "), s.fired, s.tier) for s in ladder_steps(mill)]
    assert steps == [
        ("Volume", "78.6 % of all value comes from accounts before it; A ends at 80 %.", True, "A"),
        ("Band", "its tier was A already", False, "A"),
        (
            "Systematic and loyal",
            "Bought in 2 of 4 quarters; A needs 3. A customer for 61 months; A needs 24.",
            True,
            "B",
        ),
        ("Newcomer", "no, 61 months", False, "B"),
        ("Sporadic", "no, 2 quarters are enough for B", False, "B"),
        ("Payment", "12 % paid late, up to 50 % is allowed", False, "B"),
        ("Pin", "none", False, "B"),
    ]


@pytest.mark.parametrize(
    ("key", "trail", "evidence", "text"),
    [
        (
            "volume",
            "volume:A",
            {"preceding_cents": 0},
            "No account is worth more; A ends at 80 % of all value.",
        ),
        (
            "volume",
            "volume:B",
            {"preceding_cents": 900},
            "90.0 % of all value comes from accounts before it; A ends at 80 %, B at 95 %.",
        ),
        (
            "volume",
            "volume:C",
            {"preceding_cents": 980},
            "98.0 % of all value comes from accounts before it; B ends at 95 %.",
        ),
        (
            "volume",
            "volume:C",
            {"preceding_cents": None, "ranked_cents": None},
            "It is not ranked: what it bought in 12 months is worth nothing.",
        ),
        ("band", "volume:A", {"previous_tier": None}, "it had no tier before"),
        ("band", "volume:A", {"previous_tier": "C"}, "its tier was C, no neighbour of A"),
        (
            "band",
            "volume:A",
            {"previous_tier": "B", "preceding_cents": 700},
            "no, its tier stays B only from 78 % to 82 %",
        ),
        (
            "band",
            "volume:A>band:B",
            {"previous_tier": "B"},
            "78.6 % lies between 78 % and 82 %, where A ends: it stays B.",
        ),
        (
            "band",
            "volume:C>band:B",
            {"previous_tier": "B", "preceding_cents": 960},
            "96.0 % lies between 93 % and 97 %, where B ends: it stays B.",
        ),
        ("systematic", "volume:A", {}, "yes, 4 of 4 quarters, 61 months"),
        ("systematic", "volume:B", {}, "asked of A only"),
        ("newcomer", "volume:B", {"tenure_months": 1}, "yes, 1 month; it is B anyway"),
        (
            "newcomer",
            "volume:C",
            {"tenure_months": 1, "revenue_cents": 0},
            "no, its revenue is not above zero",
        ),
        (
            "newcomer",
            "volume:C>newcomer:B",
            {"tenure_months": 5},
            "A customer for 5 months; below 12 months an account is at least B.",
        ),
        ("sporadic", "volume:B>sporadic:C", {"active_quarters": 1}, "Bought in 1 of 4 quarters; B needs 2."),
        ("sporadic", "volume:B", {"active_quarters": 1, "tenure_months": 3}, "newcomers are exempt"),
        ("sporadic", "volume:C", {"active_quarters": 1}, "it is C anyway"),
        ("sporadic", "volume:B", {"active_quarters": 1}, "exempt, it buys in one season"),
        ("payment", "volume:A", {}, "does not count"),
        ("pin", "volume:A>pin:C", {}, "Pinned to C by hand."),
    ],
)
def test_each_rung_says_why(key: str, trail: str, evidence: dict[str, Any], text: str) -> None:
    assert words(found(trail, **evidence), key) == text


@pytest.mark.parametrize(
    ("trail", "evidence", "text"),
    [
        ("volume:A", {"due_cents": None, "late_cents": None}, "nothing was due"),
        (
            "volume:A>payment:B",
            {"late_cents": 62},
            "62 % of what was due was paid late; up to 50 % is allowed. One tier down.",
        ),
        ("volume:C", {"late_cents": 62}, "62 % paid late, but nothing is below C"),
        # A rounded figure must not contradict what happened.
        (
            "volume:A>payment:B",
            {"late_cents": 5001, "due_cents": 10_000},
            "50.01 % of what was due was paid late; up to 50 % is allowed. One tier down.",
        ),
    ],
)
def test_payment_says_why(trail: str, evidence: dict[str, Any], text: str) -> None:
    assert words(found(trail, policy={"max_late_share": Decimal("0.5")}, **evidence), "payment") == text


def test_a_share_just_below_its_boundary_does_not_look_like_it() -> None:
    assert (
        preceding_share(found("volume:A", preceding_cents=79_996, ranked_cents=100_000)) == f"79.996{SPACE}%"
    )
    assert preceding_share(found("volume:B", preceding_cents=80_000, ranked_cents=100_000)) == f"80.0{SPACE}%"
    assert (
        preceding_share(found("volume:A", preceding_cents=78_001, ranked_cents=100_000)) == f"78.001{SPACE}%"
    )


def test_without_a_purchase_there_is_nothing_to_climb() -> None:
    steps = ladder_steps(found("", preceding_cents=None, tenure_months=None))
    assert [(s.key, s.text, s.fired, s.tier) for s in steps] == [
        ("none", "nothing bought yet", False, None),
        ("pin", "none", False, None),
    ]
    pin = TierPin(tier="A", first_day=Q2, last_day=Q3, reason="agreed")
    assert words(found("pin:A", tenure_months=None), "pin", pin).endswith(": agreed")


@pytest.mark.parametrize(
    ("trail", "evidence", "text"),
    [
        ("volume:A>systematic:B", {"active_quarters": 2}, "Bought in 2 of 4 quarters"),
        ("volume:A>systematic:B", {"tenure_months": 13}, "A customer for 13 months"),
        ("volume:B", {}, "Left the first 80 % of value"),
        ("volume:C", {}, "Left the first 95 % of value"),
        ("volume:A", {"previous_tier": "B"}, "Joined the first 80 % of value"),
        ("volume:B", {"previous_tier": "C"}, "Joined the first 95 % of value"),
        ("volume:B", {"previous_tier": None}, "Joined the first 95 % of value"),
        ("volume:C", {"preceding_cents": None}, "No value in 12 months"),
        ("volume:A>payment:B", {"late_cents": 62}, "Paid late: 62 % of the amount"),
        ("volume:B>sporadic:C", {"active_quarters": 1}, "Bought in 1 of 4 quarters"),
        ("volume:C>newcomer:B", {"tenure_months": 1}, "Newcomer: 1 month"),
        ("volume:A>pin:C", {}, "Pinned to C"),
        ("", {}, "No purchase counts any more"),
    ],
)
def test_one_line_says_what_decided(trail: str, evidence: dict[str, Any], text: str) -> None:
    assert what_decided(found(trail, **evidence)).replace(SPACE, " ") == text


@pytest.mark.parametrize(
    ("trail", "evidence", "held", "text"),
    [
        ("volume:A", {"tenure_months": 24}, {"tenure_months": 21}, "A customer for 24 months"),
        ("volume:A", {}, {"active_quarters": 2}, "Bought in 4 of 4 quarters"),
        ("volume:B", {"previous_tier": "C"}, "volume:B>sporadic:C", "Bought in 4 of 4 quarters"),
        ("volume:C", {"tenure_months": 13}, "volume:C>newcomer:B", "A newcomer no more: 13 months"),
        ("volume:A", {"late_cents": 5}, "volume:A>payment:B", "Paid late: 5 % of the amount"),
        ("volume:A", {"previous_tier": "C"}, "volume:A>pin:C", "Its pin has ended"),
        ("volume:A", {"previous_tier": "B"}, "volume:B", "Joined the first 80 % of value"),
    ],
)
def test_what_held_it_down_before_and_does_no_longer(
    trail: str, evidence: dict[str, Any], held: str | dict[str, Any], text: str
) -> None:
    """held: the trail of the run before, or the evidence by which it was not systematic."""
    previous = found(held, Q2) if isinstance(held, str) else found("volume:A>systematic:B", Q2, **held)
    assert what_decided(found(trail, **evidence), previous).replace(SPACE, " ") == text


def test_evidence_of_two_runs_side_by_side() -> None:
    before = found(
        "volume:A", Q2, revenue_cents=34_190_000, preceding_cents=612, active_quarters=3, orders=23, tenure_months=58,
        days_since_purchase=2, gap_days=42, late_cents=4, contact_minutes=610, complaints=0,
    )  # fmt: skip
    table = evidence_table(found("volume:A>systematic:B", active_quarters=2), before)
    assert (table.before_label, table.now_label) == ("Q2 2026", "Q3 2026")
    rows = {
        r.key: [t.replace(SPACE, " ") for t in (r.before, r.now, r.change)] + [r.tone] for r in table.rows
    }
    assert rows == {
        "revenue": ["341,900", "212,400", "−38 %", "down"],
        "previous_revenue": ["288,500", "288,500", "", ""],
        "preceding_share": ["61.2 %", "78.6 %", "+17.4", ""],
        "active_quarters": ["3", "2", "−1", "down"],
        "orders": ["23", "12", "−11", "down"],
        "tenure_months": ["58", "61", "+3", ""],
        "days_since_purchase": ["2", "94", "+92", "down"],
        "mean_gap_days": ["14", "21", "+7", ""],
        "late_share": ["4 %", "12 %", "+8", "down"],
        "contact_minutes": ["610", "540", "−70", ""],
        "complaints": ["0", "2", "+2", "down"],
    }
    assert [row.key for row in table.rows if row.decides] == ["active_quarters"]


def test_without_a_run_before_the_previous_windows_revenue_stands_beside() -> None:
    table = evidence_table(found("volume:B"))
    rows = {row.key: (row.before, row.now) for row in table.rows}
    assert table.before_label == "Window before" and rows["revenue"] == ("288,500", "212,400")
    assert rows["orders"] == ("–", "12")
    assert [row.key for row in table.rows if row.decides] == ["preceding_share"]


def test_labels_and_the_step_that_decided() -> None:
    assert as_of_label(dt.date(2026, 12, 31)) == "Q4 2026" and "2026" in as_of_label(dt.date(2026, 11, 30))
    assert (
        deciding_step(found("")) == "none" and deciding_step(found("volume:A>systematic:B")) == "systematic"
    )
