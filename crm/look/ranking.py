"""The picture of a ranking: a bar for each name, the longest first, with what it stands for at its end.

As crm.look.charts: a pure function from figures to a safe `<figure>`. It is drawn twice, the second time for a phone,
where names stand above their bars. The table behind it is the page's: who asks for a ranking shows it anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from crm.look.charts import px, svg

MOST = 10
"""So many bars are drawn; the rest is in the table."""
_WIDE, _NARROW, _NAMES, _FIGURES = 720, 360, 340.0, 92.0
_LETTER = 6.1
"""The width of a letter, on average."""


class Bar(NamedTuple):
    """One name and its value; part: how much of the value is of the marked kind, drawn darker. Not negative."""

    name: str
    value: float
    part: float = 0


def ranking(
    bars: Sequence[Bar],
    *,
    ident: str,
    title: str,
    description: str,
    shown: Callable[[float], str],
    high: float | None = None,
    part: str = "",
) -> SafeString:
    """shown: a value in words; high: what the whole width stands for, else the largest; part: words for the part."""
    drawn = bars[:MOST]
    top = high or max((bar.value for bar in drawn), default=0) or 1
    keys: SafeString = mark_safe("")
    if part:
        keys = format_html('<span class="key now">{}</span>', part)
    return format_html(
        '<figure class="chart wide ranking"><figcaption><span>{}</span>{}</figcaption>\n{}\n{}</figure>',
        title,
        keys,
        _drawn(drawn, top, f"{ident}-narrow", title, description, shown, marked=bool(part), narrow=True),
        _drawn(drawn, top, ident, title, description, shown, marked=bool(part), narrow=False),
    )


def _drawn(
    bars: Sequence[Bar],
    top: float,
    ident: str,
    title: str,
    description: str,
    shown: Callable[[float], str],
    *,
    marked: bool,
    narrow: bool,
) -> SafeString:
    width, step = (_NARROW, 40) if narrow else (_WIDE, 26)
    longest = max((len(bar.name) for bar in bars), default=0)
    left = 0.0 if narrow else min(_NAMES, longest * _LETTER + 14)
    room = width - left - _FIGURES
    letters = int((width if narrow else _NAMES - 12) / _LETTER)
    parts: list[SafeString] = []
    for place, bar in enumerate(bars):
        y = place * step + (18 if narrow else 4)
        name = bar.name if len(bar.name) <= letters else f"{bar.name[: letters - 1]}…"
        at, anchor = (0.0, "start") if narrow else (left - 10, "end")
        parts.append(
            format_html(
                '<text class="name" x="{}" y="{}" text-anchor="{}">{}</text>',
                px(at),
                px(y - 5 if narrow else y + 13),
                anchor,
                name,
            )
        )
        long = bar.value / top * room
        whole, part = max(long, 1.0), long * (bar.part / bar.value if bar.value else 0)
        css = "past" if marked else "now"
        parts.append(
            mark_safe(f'<rect class="{css}" x="{left:.1f}" y="{y}" width="{whole:.1f}" height="16" rx="2"/>')
        )
        if part > 0:
            parts.append(
                mark_safe(f'<rect class="now" x="{left:.1f}" y="{y}" width="{part:.1f}" height="16" rx="2"/>')
            )
        parts.append(
            format_html(
                '<text class="strong" x="{}" y="{}">{}</text>',
                px(left + whole + 7),
                px(y + 13),
                shown(bar.value),
            )
        )
    return svg(width, len(bars) * step + 8, ident, title, description, parts, "narrow" if narrow else "")
