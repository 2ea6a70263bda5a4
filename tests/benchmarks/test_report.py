"""The verdicts of a report, and what it remembers."""

from __future__ import annotations

from pathlib import Path

from benchmarks.report import Figure, figures, keep, table

FULL = {
    "database": {"accounts": 200_000},
    "floor": {"s": 0.3, "processor s": 0.3},
    "retier": {"s": 3.6, "processor s": 3.3, "wrote": {"assessments": 200_000}},
    "pandas": {"s": 21.6, "processor s": 20.0, "tiers or trails that differ": 0},
}


def test_between_goal_and_limit_is_over_the_goal_and_beyond_is_missed() -> None:
    assert Figure("retier", 9.9, "F", 10, 14).verdict == "ok"
    assert Figure("retier", 12, "F", 10, 14).verdict == "over the goal"
    assert Figure("retier", 14.1, "F", 10, 14).verdict == "MISSED"
    assert Figure("import", 0.24, "x", 0.25, at_least=True).verdict == "MISSED"
    assert Figure("import", None, "x", 0.25).verdict == "not measured"


def test_figures_are_ratios_to_the_floor() -> None:
    found = {one.name: one.value for one in figures({"full": FULL})}

    assert found["retier"] == 12
    assert found["retier quicker than pandas"] == 6
    assert found["planning, nothing changed"] is None


def test_a_figure_that_got_worse_than_last_time_is_marked(tmp_path: Path) -> None:
    first = [Figure("retier", 10, "F", 10, 14), Figure("import", 0.5, "x", 0.25, at_least=True)]
    second = [Figure("retier", 11.2, "F", 10, 14), Figure("import", 0.48, "x", 0.25, at_least=True)]

    assert keep(tmp_path, "1", {}, first, kind="bench 200000") == {}
    assert keep(tmp_path, "2", {}, second, kind="load") == {}
    before = keep(tmp_path, "3", {}, second, kind="bench 200000")

    assert before == {"retier": 10, "import": 0.5}
    marked = [line for line in table(second, before).splitlines() if "worse than last time" in line]
    assert [line.split()[0] for line in marked] == ["retier"]
