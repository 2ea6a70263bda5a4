"""The pictures of the insight pages: whole SVG with a name, a description and the table behind it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from crm.look import pictures
from crm.look.charts import behind
from crm.look.figures import number, percent
from crm.look.pictures import Bound, Series

LABELS = ["Q1 2026", "Q2 2026", "Q3 2026"]
SERIES = [Series("This <policy>", "now", [0.5, None, 1]), Series("Plain", "third", [0, 0.25, 0.75])]


def parsed(figure: str) -> ElementTree.Element:
    return ElementTree.fromstring(figure)


def pictured(figure: str) -> list[ElementTree.Element]:
    return parsed(figure).findall(".//svg")


def lines() -> str:
    return pictures.lines(
        LABELS, SERIES, ident="x", title="Held", description="Much.", head="Quarter", shown=percent, high=1
    )


def bars(*, stacked: bool = False) -> str:
    return pictures.bars(
        LABELS, SERIES, ident="x", title="T", description="D", head="H", shown=percent, stacked=stacked
    )


def curve() -> str:
    table = behind(["a", "b"], [("1", ["2"])])
    points = [(0.0, 0.0), (0.5, 0.9), (1.0, 1.0)]
    return pictures.pareto(
        points, [Bound("A ends", 0.8, 0.4)], ident="x", title="T", description="D", table=table
    )


def grid() -> str:
    return pictures.grid(
        ["none", "more"], ["low", "high"], {(0, 0): 1, (1, 1): 100}, ident="x", title="T", description="D",
        head="Sales", across="time",
    )  # fmt: skip


@pytest.mark.parametrize("draw", [lines, bars, lambda: bars(stacked=True), curve, grid])
def test_drawn_for_a_desk_and_a_phone_with_names_of_their_own(draw: object) -> None:
    figure = draw()  # type: ignore[operator]
    narrow, wide = pictured(figure)
    assert narrow.get("class") == "narrow"  # first: the stylesheet hides its later neighbour
    ids = re.findall(r' id="([^"]+)"', figure)
    assert len(ids) == len(set(ids)) == 4
    for one in (narrow, wide):
        assert one.get("role") == "img" and (one.findtext("title") and one.findtext("desc"))
    assert parsed(figure).find(".//details/table") is not None
    assert "style=" not in figure and "<script" not in figure


def test_words_are_escaped_and_what_is_missing_is_a_dash() -> None:
    figure = lines()
    assert "This &lt;policy&gt;" in figure
    cells = [str(cell.text).replace("\xa0", " ") for cell in parsed(figure).findall(".//tbody//td")]
    assert cells == ["50 %", "0 %", "–", "25 %", "100 %", "75 %"]
    # Two points of the one, three of the other, in each picture.
    assert figure.count('class="dot now"') == 4 and figure.count('class="dot third"') == 6


def test_bars_are_as_tall_as_their_values() -> None:
    _narrow, wide = pictured(bars())
    tall = [float(one.get("height", 0)) for one in wide.findall("rect") if one.get("class") == "now"]
    assert len(tall) == 2 and tall[1] == pytest.approx(2 * tall[0], abs=0.2)
    _narrow, wide = pictured(bars(stacked=True))
    last = wide.findall("rect")[-2:]
    # One stands on the other.
    foot = float(last[1].get("y", 0)) + float(last[1].get("height", 0))
    assert foot == pytest.approx(float(last[0].get("y", 0)), abs=0.2)


def test_migration_draws_each_movement_once_and_staying_paler() -> None:
    names = [("A", "A"), ("B", "B"), ("none", "none")]
    counts = {("A", "A"): 10, ("A", "B"): 2, ("B", "A"): 3, ("none", "B"): 5, ("B", "B"): 0}
    figure = pictures.migration(counts, names, ident="m", title="T", description="D")
    (picture,) = pictured(figure)
    drawn = [one.get("class") for one in picture.findall("path")]
    assert sorted(str(one) for one in drawn) == ["gain", "gain", "loss", "stay"]
    assert "12" in figure and "13" in figure
    assert "No account" in pictures.migration({}, names, ident="m", title="T", description="D")


def test_circles_have_areas_in_proportion() -> None:
    _narrow, wide = pictured(grid())
    radii = sorted(float(one.get("r", 0)) for one in wide.findall("circle"))
    assert radii[1] == pytest.approx(10 * radii[0], rel=0.1)


def test_a_company_without_anything_still_draws() -> None:
    figure = pictures.bars([], [], ident="x", title="T", description="D", head="H", shown=number)
    assert len(pictured(figure)) == 2
