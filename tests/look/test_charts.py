"""Charts: what they draw, what they say, and the table behind them."""

import datetime as dt
import re
import xml.etree.ElementTree as ET

import pytest

from crm.look import charts

TWO_YEARS = [dt.date(2024 + (9 + at) // 12, (9 + at) % 12 + 1, 1) for at in range(24)]


def months(*cents: int) -> list[tuple[dt.date, int]]:
    return list(zip(TWO_YEARS, [*cents, *[0] * 24][:24], strict=True))


def svgs(html: str) -> list[ET.Element]:
    return [ET.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html, re.S)]


def bars(svg: ET.Element) -> list[dict[str, str]]:
    return [dict(rect.attrib) for rect in svg.iter("rect")]


@pytest.mark.parametrize(
    ("value", "nice"),
    [
        (0, 1),
        (-3, 1),
        (1, 1),
        (1.01, 1.5),
        (52, 60),
        (55.4, 60),
        (60, 60),
        (61, 80),
        (99, 100),
        (100, 100),
        (7_200, 8_000),
    ],
)
def test_nice_maximum_is_the_next_round_number(value, nice):
    assert charts.nice_maximum(value) == nice


def test_monthly_bars_as_in_the_design():
    thousands = [
        21,
        0,
        18,
        24,
        12,
        30,
        9,
        26,
        19,
        31,
        46.5,
        52,
        26,
        14.4,
        31,
        0,
        0,
        0,
        38.6,
        47,
        55.4,
        0,
        0,
        0,
    ]
    html = charts.monthly_bars(months(*(round(t * 100_000) for t in thousands)), ident="p")
    (svg,) = svgs(html)
    first = bars(svg)[0]
    assert (first["x"], first["y"], first["width"], first["height"]) == ("32.4", "73.0", "10.3", "35.0")
    assert len(bars(svg)) == 17
    assert [bar["class"] for bar in bars(svg)].count("past") == 11
    assert "Oct 2024 to Sep 2025: 288.5" in html
    assert "Oct 2025 to Sep 2026: 212.4" in html
    assert svg.attrib["aria-labelledby"] == "p-t p-d"
    assert "None in Jan 2026, Feb 2026, Mar 2026, Jul 2026, Aug 2026, Sep 2026." in html
    assert html.count("<tr>") == 13


def test_a_wide_chart_is_drawn_again_for_a_phone_with_its_own_ids():
    html = charts.monthly_bars(months(100_000), ident="p", wide=True)
    narrow, wide = svgs(html)
    assert narrow.attrib["class"] == "narrow"
    assert wide.attrib["viewBox"] == "0 0 720 150"
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) == 4


def test_a_month_of_returns_hangs_below_zero_inside_the_picture():
    html = charts.monthly_bars(months(4_000_000, -1_000_000), ident="p")
    (svg,) = svgs(html)
    up, down = bars(svg)
    zero = float(up["y"]) + float(up["height"])
    assert float(down["y"]) == pytest.approx(zero, abs=0.2)
    assert zero + float(down["height"]) <= 108.5
    assert "−10,000" in html


@pytest.mark.parametrize("cents", [0, 1, -1, -5_000_000, 10**14])
def test_any_amount_can_be_drawn(cents):
    html = charts.monthly_bars(months(cents), ident="p", wide=True)
    for svg in svgs(html):
        height = float(svg.attrib["viewBox"].split()[3])
        for bar in bars(svg):
            assert float(bar["y"]) >= 0
            assert float(bar["y"]) + float(bar["height"]) <= height


def test_an_odd_number_of_months_is_an_error():
    with pytest.raises(ValueError, match="23 months"):
        charts.monthly_bars(months()[:23], ident="p")


def test_flow_as_in_the_design():
    moves = [("A", "B", 14), ("A", "C", 2), ("B", "A", 9), ("B", "C", 19), ("C", "B", 12), (None, "B", 5)]
    html = charts.flow(reversed(moves), ident="flow")
    paths = re.findall(r'<path class="(\w+)" d="([^"]+)"', html)
    flat = [(kind, d.replace(".0", "")) for kind, d in paths]
    assert flat[0] == ("loss", "M81 5C162 5 162 41 243 41V69C162 69 162 33 81 33Z")
    assert flat[-1] == ("gain", "M81 153C162 153 162 93 243 93V103C162 103 162 163 81 163Z")
    assert "first tier" in html
    assert "28 leave" in html and "31 join" in html and "9 join" in html
    assert "14 from A to B" in html and "5 with a first tier, B" in html


def test_flow_without_movements_says_so():
    assert "No account changes its tier." in charts.flow([("A", "A", 7), ("B", "A", 0)])


def test_flow_of_one_account():
    assert "1 leaves" in charts.flow([("A", "B", 1)])


def test_weekly_hours_show_what_is_beyond_the_capacity():
    monday = dt.date(2026, 10, 12)
    html = charts.weekly_hours(
        [(monday, 1140, 180, 1200)], ident="w", title="Hours", name="<b>", verdict="too much"
    )
    (svg,) = svgs(html)
    assert [bar["class"] for bar in bars(svg)] == ["past", "now", "over"]
    assert sum(float(bar["height"]) for bar in bars(svg)) == pytest.approx(22 / 30 * 66, abs=0.2)
    assert "&lt;b&gt;" in html


def test_weekly_hours_of_a_week_off():
    html = charts.weekly_hours([(dt.date(2026, 10, 12), 60, 0, 0)], ident="w", title="Hours")
    assert [bar["class"] for bar in bars(svgs(html)[0])] == ["over"]
