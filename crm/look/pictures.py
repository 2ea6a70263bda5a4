"""Pictures of the insight pages: lines, bars, a Pareto curve, what goes from where to where, and counts in a grid.

As crm.look.charts: pure functions from figures to a safe `<figure>` with title, description and the table behind it. A
wide picture is drawn twice, the second time for a phone, so that its letters keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from crm.look import figures
from crm.look.charts import behind, join, nice_maximum, px, svg

Shown = Callable[[float], str]
Parts = list[SafeString]
_WIDE, _NARROW = (720, 240), (360, 220)
_LEFT, _TOP, _FOOT, _RIGHT = 46.0, 12.0, 24.0, 8.0


class Series(NamedTuple):
    """One row of values. css: "now", "past" or "third"; a value may be None: nothing is drawn there."""

    name: str
    css: str
    values: Sequence[float | None]


def _figure(
    draw: Callable[[int, int], Parts],
    *,
    ident: str,
    title: str,
    description: str,
    keys: Sequence[tuple[str, str]],
    table: SafeString,
    kind: str = "",
) -> SafeString:
    """Caption, the picture for a phone first, the wide one, and the table. keys: (css, words)."""
    pictures = join(
        [
            svg(*_NARROW, f"{ident}-narrow", title, description, draw(*_NARROW), "narrow"),
            svg(*_WIDE, ident, title, description, draw(*_WIDE)),
        ]
    )
    marks = format_html_join("", '<span class="key {}">{}</span>', keys)
    return format_html(
        '<figure class="chart wide {}"><figcaption><span>{}</span>{}</figcaption>\n{}\n{}</figure>',
        kind, title, marks, pictures, table,
    )  # fmt: skip


def _text(x: float, y: float, words: str, anchor: str = "", css: str = "") -> SafeString:
    return format_html(
        '<text{} x="{}" y="{}"{}>{}</text>',
        format_html(' class="{}"', css) if css else "",
        px(x),
        px(y),
        format_html(' text-anchor="{}"', anchor) if anchor else "",
        words,
    )


def _scale(width: int, bottom: float, high: float, shown: Shown) -> Parts:
    """Grid lines at nothing, half and all of the axis, with their words."""
    parts: Parts = []
    for part in (0.0, 0.5, 1.0):
        y = bottom - part * (bottom - _TOP)
        parts.append(
            mark_safe(f'<path class="{"grid" if part else "axis"}" d="M{_LEFT:.0f} {y:.1f}H{width}"/>')
        )
        parts.append(_text(_LEFT - 6, y + 4, shown(high * part), "end"))
    return parts


def _names(labels: Sequence[str], at: Callable[[int], float], height: int, room: float) -> Parts:
    """The words below an axis; where there is no room for all, some."""
    step = max(1, math.ceil(max(map(len, labels), default=1) * 6.4 / max(room, 1)))
    last = len(labels) - 1
    return [
        _text(at(place), height - 6, words, "middle")
        for place, words in enumerate(labels)
        if (last - place) % step == 0
    ]


def _table(head: str, labels: Sequence[str], series: Sequence[Series], shown: Shown) -> SafeString:
    def cell(value: float | None) -> str:
        return figures.NOTHING if value is None else shown(value)

    rows = [(label, [cell(one.values[place]) for one in series]) for place, label in enumerate(labels)]
    return behind([head, *(one.name for one in series)], rows)


def _high(series: Sequence[Series], high: float | None) -> float:
    return high or nice_maximum(max((value or 0 for one in series for value in one.values), default=0))


# Lines and bars -----------------------------------------------------------------------------------------------------
def lines(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    ident: str,
    title: str,
    description: str,
    head: str,
    shown: Shown,
    high: float | None = None,
) -> SafeString:
    """Each series as a line over the labels. shown: a value in words; high: the axis's end, else a round number."""
    top = _high(series, high)

    def draw(width: int, height: int) -> Parts:
        bottom = height - _FOOT
        room = (width - _LEFT - _RIGHT) / max(len(labels), 1)

        def x(place: int) -> float:
            return _LEFT + (place + 0.5) * room

        def y(value: float) -> float:
            return bottom - value / top * (bottom - _TOP)

        parts = _scale(width, bottom, top, shown)
        for one in reversed(series):  # the first lies on top
            points = [(x(place), y(value)) for place, value in enumerate(one.values) if value is not None]
            way = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
            if points:
                parts.append(mark_safe(f'<path class="line {one.css}" d="M{way}"/>'))
                parts += [
                    mark_safe(f'<circle class="dot {one.css}" cx="{a:.1f}" cy="{b:.1f}" r="3"/>')
                    for a, b in points
                ]
        return parts + _names(labels, x, height, room)

    keys = [(f"{one.css} stroke", one.name) for one in series]
    table = _table(head, labels, series, shown)
    return _figure(draw, ident=ident, title=title, description=description, keys=keys, table=table)


def bars(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    ident: str,
    title: str,
    description: str,
    head: str,
    shown: Shown,
    stacked: bool = False,
    high: float | None = None,
) -> SafeString:
    """The values of each label beside each other, or stacked on each other. Values are not negative."""
    totals = [sum(one.values[place] or 0 for one in series) for place in range(len(labels))]
    top = high or (nice_maximum(max(totals, default=0)) if stacked else _high(series, None))

    def draw(width: int, height: int) -> Parts:
        bottom = height - _FOOT
        room = (width - _LEFT - _RIGHT) / max(len(labels), 1)
        thick = room * 0.72 / (1 if stacked else max(len(series), 1))
        parts = _scale(width, bottom, top, shown)
        for place in range(len(labels)):
            left, foot = _LEFT + (place + 0.14) * room, bottom
            for number, one in enumerate(series):
                value = one.values[place] or 0
                tall = value / top * (bottom - _TOP)
                if value > 0:
                    at = left if stacked else left + number * thick
                    wide = thick if stacked else thick * 0.88
                    parts.append(
                        mark_safe(
                            f'<rect class="{one.css}" x="{at:.1f}" y="{foot - tall:.1f}" width="{wide:.1f}"'
                            f' height="{max(tall, 0.5):.1f}" rx="1.5"/>'
                        )
                    )
                if stacked:
                    foot -= tall
        return parts + _names(labels, lambda place: _LEFT + (place + 0.5) * room, height, room)

    keys = [(one.css, one.name) for one in series]
    table = _table(head, labels, series, shown)
    return _figure(draw, ident=ident, title=title, description=description, keys=keys, table=table)


# The Pareto curve ---------------------------------------------------------------------------------------------------
class Bound(NamedTuple):
    """Where a tier ends: at which share of sales, and which share of accounts brings it. Fractions of 1."""

    name: str
    sales: float
    accounts: float


def pareto(
    points: Sequence[tuple[float, float]],
    bounds: Sequence[Bound],
    *,
    ident: str,
    title: str,
    description: str,
    table: SafeString,
) -> SafeString:
    """The share of sales (upwards) that the first share of accounts (to the right) brings; points rise from (0, 0)."""

    def draw(width: int, height: int) -> Parts:
        bottom, reach = height - _FOOT, width - _LEFT - _RIGHT

        def x(share: float) -> float:
            return _LEFT + share * reach

        def y(share: float) -> float:
            return bottom - min(share, 1) * (bottom - _TOP)

        parts = _scale(width, bottom, 1, figures.percent)
        way = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in points)
        parts.append(
            mark_safe(f'<path class="area" d="M{x(0):.1f} {bottom:.1f}L{way}L{x(1):.1f} {bottom:.1f}Z"/>')
        )
        parts.append(mark_safe(f'<path class="line now" d="M{way}"/>'))
        for one in bounds:
            at, level = x(one.accounts), y(one.sales)
            parts.append(
                mark_safe(f'<path class="mark" d="M{_LEFT:.0f} {level:.1f}H{at:.1f}V{bottom:.1f}"/>')
            )
            parts.append(mark_safe(f'<circle class="dot now" cx="{at:.1f}" cy="{level:.1f}" r="3.5"/>'))
            if at + 8 + 6.6 * len(one.name) < width:
                parts.append(_text(at + 8, level + 14, one.name, css="strong"))
            else:
                parts.append(_text(at - 8, level + 14, one.name, "end", css="strong"))
        for share in (0, 0.25, 0.5, 0.75, 1):
            anchor = "start" if not share else "end" if share == 1 else "middle"
            parts.append(_text(x(share), height - 6, figures.percent(share), anchor))
        return parts

    return _figure(draw, ident=ident, title=title, description=description, keys=[], table=table)


# From where to where ------------------------------------------------------------------------------------------------
_FLOW = (360, 250)


class Node(NamedTuple):
    """What the bands begin and end at. name: short, such as "A"."""

    name: str
    number: int
    top: float
    height: float


def migration(
    counts: dict[tuple[str, str], int],
    names: Sequence[tuple[str, str]],
    *,
    ident: str,
    title: str,
    description: str,
) -> SafeString:
    """Bands from each name on the left to each on the right, as thick as they have accounts; staying is paler.

    counts: by (before, after), keys of `names`, which gives each its words, the best first.
    """
    width, height = _FLOW
    keys = [key for key, _words in names]
    counts = {pair: number for pair, number in counts.items() if number}
    whole = sum(counts.values())
    if not whole:
        return format_html(
            '<figure class="flow"><p class="muted">{}</p></figure>', gettext("No account is in both.")
        )
    gap, margin = 14.0, 8.0

    def stack(side: int) -> dict[str, Node]:
        totals = {key: sum(n for pair, n in counts.items() if pair[side] == key) for key in keys}
        used = [key for key in keys if totals[key]]
        scale = (height - 2 * margin - gap * (len(keys) - 1)) / whole
        tall = whole * scale + gap * (len(used) - 1)
        y, found = (height - tall) / 2, {}
        for key in used:
            found[key] = Node(dict(names)[key], totals[key], y, totals[key] * scale)
            y += totals[key] * scale + gap
        return found

    left, right = stack(0), stack(1)
    leaving = {key: node.top for key, node in left.items()}
    arriving = {key: node.top for key, node in right.items()}
    parts: Parts = []
    for pair in sorted(counts, key=lambda one: (keys.index(one[0]), keys.index(one[1]))):
        before, after = pair
        thick = counts[pair] * left[before].height / left[before].number
        y0, y1 = leaving[before], arriving[after]
        leaving[before] += thick
        arriving[after] += thick
        css = "stay" if before == after else "gain" if keys.index(after) < keys.index(before) else "loss"
        parts.append(
            mark_safe(
                f'<path class="{css}" d="M94 {y0:.1f}C180 {y0:.1f} 180 {y1:.1f} 266 {y1:.1f}V{y1 + thick:.1f}'
                f'C180 {y1 + thick:.1f} 180 {y0 + thick:.1f} 94 {y0 + thick:.1f}Z"/>'
            )
        )
    for nodes, x, text_x, anchor in ((left, 89, 82, "end"), (right, 267, 278, "start")):
        for node in nodes.values():
            parts.append(
                mark_safe(
                    f'<rect class="node" x="{x}" y="{node.top:.1f}" width="4"'
                    f' height="{max(node.height, 1):.1f}" rx="1"/>'
                )
            )
            label = format_html(
                '{} <tspan font-weight="400">{}</tspan>', node.name, figures.number(node.number)
            )
            parts.append(_text(text_x, node.top + node.height / 2 + 4, label, anchor, "strong"))
    return format_html(
        '<figure class="flow big">{}</figure>', svg(width, height, ident, title, description, parts)
    )


# Counts in a grid ---------------------------------------------------------------------------------------------------
def grid(
    columns: Sequence[str],
    rows: Sequence[str],
    counts: dict[tuple[int, int], int],
    *,
    ident: str,
    title: str,
    description: str,
    head: str,
    across: str,
) -> SafeString:
    """A circle for each (column, row) as large as its count; the first row is drawn at the bottom.

    head: what the rows are; across: what the columns are.
    """
    most = max(counts.values(), default=1)

    def draw(width: int, height: int) -> Parts:
        left, bottom = 88.0, height - 36.0
        wide, tall = (width - left - _RIGHT) / len(columns), (bottom - _TOP) / len(rows)
        largest = min(wide, tall * 1.6) / 2 - 1
        parts: Parts = []
        for place, words in enumerate(rows):
            y = bottom - (place + 0.5) * tall
            parts.append(mark_safe(f'<path class="grid" d="M{left:.0f} {y:.1f}H{width}"/>'))
            parts.append(_text(left - 8, y + 4, words, "end"))
        for (column, row), number in sorted(counts.items(), key=lambda pair: -pair[1]):
            x, y = left + (column + 0.5) * wide, bottom - (row + 0.5) * tall
            radius = max(1.5, largest * math.sqrt(number / most))
            parts.append(mark_safe(f'<circle class="now" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'))
        parts += _names(columns, lambda place: left + (place + 0.5) * wide, height - 14, wide)
        parts.append(_text(width - _RIGHT, height - 3, across, "end"))
        return parts

    lines_ = [
        (words, [figures.number(counts.get((column, row), 0)) for column in range(len(columns))])
        for row, words in reversed(list(enumerate(rows)))
    ]
    table = behind([head, *columns], lines_)
    return _figure(draw, ident=ident, title=title, description=description, keys=[], table=table, kind="grid")
