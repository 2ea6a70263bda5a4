"""Charts drawn on the server: pure functions from figures to a safe `<figure>`.

Each has a title and a description for those who cannot see it, and (where the page has no such table anyway) the table
behind it. Colours and letters come from static/css/components/chart.css; `ident` makes the ids unique on a page.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext, pgettext

from crm.look import figures

TIERS = ("A", "B", "C")
_NICE = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


def nice_maximum(value: float) -> float:
    """The smallest round number (1, 1.5, 2, 3 ... times a power of ten) not below `value`; 1 for nothing.

    Half of it is a short number too, for the grid line in the middle.
    """
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in _NICE if step * power >= value * (1 - 1e-9))


def px(value: float) -> str:
    """A coordinate."""
    return f"{value:.1f}"


def join(parts: Iterable[SafeString]) -> SafeString:
    """The parts of a picture, one a line."""
    return mark_safe("\n".join(parts))


# --- purchases by month ------------------------------------------------------------------------------------------

_LEFT, _TOP = 30.0, 8.0


@dataclass(frozen=True)
class _Axis:
    """A scale from `low` (0 or below) to `high`, drawn from `bottom` up to `_TOP`."""

    low: float
    high: float
    bottom: float

    def y(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - _TOP)


def monthly_bars(
    months: Sequence[tuple[datetime.date, int]],
    *,
    ident: str,
    wide: bool = False,
    title: str | None = None,
    description: str | None = None,
) -> SafeString:
    """Amounts by month in two windows of equal length, as bars: the previous window, then this one.

    `months` are pairs of (first day of the month, cents of the base currency), oldest first, an even number of them
    (24 for the two 12-month windows); a month of returns may be negative. `wide` draws it for a column of a page and,
    a second time, for a phone. Raises ValueError for an odd number or none.
    """
    if not months or len(months) % 2:
        raise ValueError(f"two windows of equal length are needed, not {len(months)} months")
    half = len(months) // 2
    amounts = [cents for _, cents in months]
    largest = max(abs(cents) for cents in amounts)
    thousands = largest >= 1_000_000
    scale = 100_000 if thousands else 100
    sign = figures.currency()
    if title is None:
        words = (
            gettext("Purchases by month, thousand %(currency)s")
            if thousands
            else gettext("Purchases by month, %(currency)s")
        )
        title = words % {"currency": sign}
    description = description or _monthly_description(months)
    values = [cents / scale for cents in amounts]
    sizes = [(720, 150, ""), (392, 128, "-narrow")] if wide else [(392, 128, "")]
    # The narrow drawing comes first: the stylesheet hides its later neighbour.
    pictures = join(
        _monthly_picture(
            [day for day, _ in months],
            values,
            width,
            height,
            f"{ident}{suffix}",
            title,
            description,
            bool(suffix),
        )
        for width, height, suffix in reversed(sizes)
    )

    def window(part: Sequence[tuple[datetime.date, int]]) -> str:
        total = sum(cents for _, cents in part) / scale
        return gettext("%(first)s to %(last)s: %(total)s") % {
            "first": figures.month(part[0][0], short=False),
            "last": figures.month(part[-1][0], short=False),
            "total": figures.number(total, 1 if thousands else 0),
        }

    return format_html(
        '<figure class="chart{}"><figcaption><span>{}</span><span class="key past">{}</span>'
        '<span class="key">{}</span></figcaption>\n{}\n{}</figure>',
        " wide" if wide else "",
        title,
        window(months[:half]),
        window(months[half:]),
        pictures,
        _monthly_table(months, sign),
    )


def _monthly_description(months: Sequence[tuple[datetime.date, int]]) -> str:
    """How many months, the best one, and the months of this window without any purchase."""
    half = len(months) // 2
    best_day, best = max(months, key=lambda pair: pair[1])
    words = [ngettext("%(count)d month.", "%(count)d months.", len(months)) % {"count": len(months)}]
    if best > 0:
        words.append(
            gettext("The highest is %(month)s with %(amount)s.")
            % {"month": figures.month(best_day, short=False), "amount": figures.money(best)}
        )
    empty = [day for day, cents in months[half:] if not cents]
    if len(empty) == half:
        words.append(gettext("None in the last window."))
    elif empty:
        names = ", ".join(figures.month(day, short=False) for day in empty)
        words.append(gettext("None in %(months)s.") % {"months": names})
    return " ".join(words)


def _monthly_picture(
    days: Sequence[datetime.date],
    values: Sequence[float],
    width: int,
    height: int,
    ident: str,
    title: str,
    description: str,
    narrow: bool,
) -> SafeString:
    bottom = height - 20.0
    # Grid lines stand at round numbers; what lies below zero takes only the room it needs.
    up, down = max(0.0, *values), max(0.0, *(-value for value in values))
    step = nice_maximum(max(up, down)) / 2
    if down:
        axis = _Axis(-1.06 * down if down < 2 * step else -down, max(1.06 * up, 0.2 * down), bottom)
    else:
        axis = _Axis(0.0, 2 * step, bottom)
    column = (width - _LEFT) / len(values)
    zero = axis.y(0)
    decimals = 0 if float(step).is_integer() else 1
    parts: list[SafeString] = []
    for value in (-2 * step, -step, 0.0, step, 2 * step):
        y = axis.y(value)
        if not _TOP - 0.1 <= y <= bottom + 0.1 or (not value and not down):
            continue
        if value:
            parts.append(format_html('<path class="grid" d="M{} {}H{}"/>', int(_LEFT), px(y), width))
        label = figures.number(value, decimals if value else 0)
        parts.append(format_html('<text x="24" y="{}" text-anchor="end">{}</text>', px(y + 4), label))
    half = len(values) // 2
    for at, value in enumerate(values):
        x = _LEFT + (at + 0.16) * column
        if value:
            top, foot = min(axis.y(value), zero), max(axis.y(value), zero)
            parts.append(
                mark_safe(  # numbers alone
                    f'<rect class="{"past" if at < half else "now"}" x="{x:.1f}" y="{top:.1f}"'
                    f' width="{column * 0.68:.1f}" height="{max(foot - top, 0.5):.1f}" rx="1.5"/>'
                )
            )
        if at % 6 == 0:
            parts.append(
                format_html(
                    '<text x="{}" y="{}" text-anchor="middle">{}</text>',
                    px(x + column * 0.34),
                    height - 5,
                    figures.month(days[at]),
                )
            )
    parts.append(
        format_html(
            '<text x="{}" y="{}" text-anchor="end">{}</text>', width, height - 5, figures.month(days[-1])
        )
    )
    parts.append(format_html('<path class="axis" d="M{} {}H{}"/>', int(_LEFT), px(zero), width))
    return svg(width, height, ident, title, description, parts, "narrow" if narrow else "")


def svg(
    width: int,
    height: int,
    ident: str,
    title: str,
    description: str,
    parts: Sequence[SafeString],
    css: str = "",
) -> SafeString:
    """A whole picture with its name and description. parts: safe SVG."""
    return format_html(
        '<svg{} viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>\n{}\n</svg>',
        format_html(' class="{}"', css) if css else "",
        width,
        height,
        ident,
        ident,
        ident,
        title,
        ident,
        description,
        join(parts),
    )


def behind(heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> SafeString:
    """The table behind a picture. rows: (name, cells); the cells are figures, set at their end."""
    return format_html(
        '<details class="behind"><summary>{}</summary><table class="table"><thead><tr><th scope="col">{}</th>{}</tr>'
        "</thead><tbody>{}</tbody></table></details>",
        gettext("Show as a table"),
        heads[0],
        format_html_join("", '<th scope="col" class="n">{}</th>', ((head,) for head in heads[1:])),
        format_html_join(
            "",
            '<tr><th scope="row">{}</th>{}</tr>',
            (
                (name, format_html_join("", '<td class="n">{}</td>', ((c,) for c in cells)))
                for name, cells in rows
            ),
        ),
    )


def _monthly_table(months: Sequence[tuple[datetime.date, int]], sign: str) -> SafeString:
    half = len(months) // 2
    rows = []
    for (before_day, before), (this_day, this) in zip(months[:half], months[half:], strict=True):
        same = before_day.month == this_day.month
        name = figures.month_name(this_day) if same else figures.month(this_day, short=False)
        rows.append((name, (figures.money(before), figures.money(this))))
    heads = (
        gettext("Month"),
        gettext("Previous window, %(currency)s") % {"currency": sign},
        gettext("This window, %(currency)s") % {"currency": sign},
    )
    return behind(heads, rows)


# --- movements between tiers -------------------------------------------------------------------------------------

_FLOW_WIDTH, _FLOW_HEIGHT, _GAP, _MARGIN = 316, 168, 12.0, 5.0


def flow(moves: Iterable[tuple[str | None, str | None, int]], *, ident: str = "flow") -> SafeString:
    """Movements between tiers as bands from the left (before) to the right (after), as thick as they have accounts.

    `moves` are (tier before or None, tier after or None, number of accounts); a pair given twice is added up, accounts
    that stay are left out. A first tier starts at its own node. Without any movement the figure holds a sentence only.
    """
    counts: dict[tuple[str, str], int] = {}
    for before, after, count in moves:
        if before != after and count > 0:
            key = (before or "", after or "")
            counts[key] = counts.get(key, 0) + count
    title = gettext("Accounts that change tier")
    if not counts:
        return format_html(
            '<figure class="flow"><p class="muted">{}</p></figure>', gettext("No account changes its tier.")
        )
    order = (*TIERS, "")
    left = {name: total for name in order if (total := sum(n for (a, _), n in counts.items() if a == name))}
    right = {name: total for name in order if (total := sum(n for (_, b), n in counts.items() if b == name))}
    room = _FLOW_HEIGHT - 2 * _MARGIN
    total = sum(counts.values())
    scale = (room - _GAP * (max(len(left), len(right)) - 1)) / total

    def stack(nodes: dict[str, int]) -> dict[str, float]:
        height = total * scale + _GAP * (len(nodes) - 1)
        y, tops = (_FLOW_HEIGHT - height) / 2, {}
        for name, count in nodes.items():
            tops[name] = y
            y += count * scale + _GAP
        return tops

    left_top, right_top = stack(left), stack(right)
    leaving, arriving = dict(left_top), dict(right_top)
    bands: dict[tuple[str, str], tuple[float, float, float]] = {}
    ranked = sorted(counts, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
    for pair in ranked:
        thick = counts[pair] * scale
        bands[pair] = (leaving[pair[0]], arriving[pair[1]], thick)
        leaving[pair[0]] += thick
        arriving[pair[1]] += thick
    parts = [
        format_html(
            '<path class="{}" d="M81 {}C162 {} 162 {} 243 {}V{}C162 {} 162 {} 81 {}Z"/>',
            "gain" if order.index(after) < order.index(before) else "loss",
            *(px(y) for y in (y0, y0, y1, y1, y1 + thick, y1 + thick, y0 + thick, y0 + thick)),
        )
        for (before, after), (y0, y1, thick) in bands.items()
    ]
    for nodes, tops, x, text_x, anchor, words in (
        (left, left_top, 76, 68, ' text-anchor="end"', _leave),
        (right, right_top, 244, 256, "", _join_words),
    ):
        for name, count in nodes.items():
            height, middle = count * scale, tops[name] + count * scale / 2 + 4
            parts.append(
                format_html(
                    '<rect class="node" x="{}" y="{}" width="4" height="{}" rx="1"/>',
                    x,
                    px(tops[name]),
                    px(height),
                )
            )
            if name:
                label = format_html('{} <tspan font-weight="400">{}</tspan>', name, words(count))
            else:
                label = mark_safe(gettext("first tier") if nodes is left else gettext("no tier"))
            parts.append(
                format_html(
                    '<text{} x="{}" y="{}"{}>{}</text>',
                    mark_safe(' class="strong"') if name else "",
                    text_x,
                    px(middle),
                    mark_safe(anchor),
                    label,
                )
            )
    return format_html(
        '<figure class="flow">{}</figure>',
        svg(_FLOW_WIDTH, _FLOW_HEIGHT, ident, title, _flow_words(ranked, counts), parts),
    )


def _leave(count: int) -> str:
    # Translators: beside a tier on the left of the movements: so many accounts leave it
    return ngettext("%(count)s leaves", "%(count)s leave", count) % {"count": figures.number(count)}


def _join_words(count: int) -> str:
    # Translators: beside a tier on the right of the movements: so many accounts join it
    return ngettext("%(count)s joins", "%(count)s join", count) % {"count": figures.number(count)}


def _flow_words(ranked: Sequence[tuple[str, str]], counts: dict[tuple[str, str], int]) -> str:
    words = []
    for before, after in ranked:
        values = {"count": figures.number(counts[before, after]), "before": before, "after": after}
        if not before:
            words.append(gettext("%(count)s with a first tier, %(after)s") % values)
        elif not after:
            words.append(gettext("%(count)s from %(before)s to no tier") % values)
        else:
            words.append(gettext("%(count)s from %(before)s to %(after)s") % values)
    return ", ".join(words) + "."


# --- hours by week -----------------------------------------------------------------------------------------------


def weekly_hours(
    weeks: Sequence[tuple[datetime.date, int, int, int]],
    *,
    ident: str,
    title: str,
    name: str = "",
    verdict: str = "",
    maximum: int | None = None,
) -> SafeString:
    """Contact time by week, small: what is planned, what would be added, and what of it is beyond the capacity.

    `weeks` are (Monday, minutes now, minutes added, capacity in minutes), oldest first. `maximum` (minutes) gives
    several of these beside each other one scale. `name` and `verdict` form the caption. The table behind several of
    them is one for all, and the page's to draw.
    """
    if not weeks:
        raise ValueError("no weeks")
    width, height, left, bottom = 180, 94, 28.0, 74.0
    hours = [(monday, now / 60, added / 60, room / 60) for monday, now, added, room in weeks]
    highest = max(max(now + added, room) for _, now, added, room in hours)
    high = nice_maximum(max(highest, (maximum or 0) / 60))
    axis = _Axis(0.0, high, bottom)
    column = (width - left) / len(hours)
    parts: list[SafeString] = []
    for value in (high / 2, high):
        # Translators: a number of hours on the axis of a chart
        label = pgettext("axis", "%(hours)s h") % {"hours": figures.number(value, 0 if value >= 5 else 1)}
        y = axis.y(value)
        parts.append(format_html('<path class="grid" d="M28 {}H{}"/>', px(y), width))
        parts.append(format_html('<text x="22" y="{}" text-anchor="end">{}</text>', px(y + 4), label))
    for at, (monday, now, added, room) in enumerate(hours):
        x, total = left + (at + 0.17) * column, now + added
        fits = min(total, max(room, 0))
        for css, low, top in (
            ("past", 0.0, min(now, fits)),
            ("now", min(now, fits), fits),
            ("over", fits, total),
        ):
            if top - low > 1e-9:
                parts.append(
                    format_html(
                        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
                        css,
                        px(x),
                        px(axis.y(top)),
                        px(column * 0.66),
                        px(axis.y(low) - axis.y(top)),
                    )
                )
        parts.append(
            format_html(
                '<text x="{}" y="89" text-anchor="middle">{}</text>', px(x + column * 0.33), monday.day
            )
        )
    parts.append(format_html('<path class="axis" d="M28 74H{}"/>', width))
    line = "".join(
        f"{'M' if at == 0 else 'L'}{px(left + at * column)} {px(axis.y(room))}H{px(left + (at + 1) * column)}"
        for at, (_, _, _, room) in enumerate(hours)
    )
    parts.append(format_html('<path class="mark" d="{}"/>', line))
    now_peak, peak = max(now for _, now, _, _ in hours), max(now + added for _, now, added, _ in hours)
    description = ngettext(
        "%(count)d week from %(day)s. The highest has %(peak)s, now %(now)s.",
        "%(count)d weeks from %(day)s. The highest week has %(peak)s, now %(now)s.",
        len(hours),
    ) % {
        "count": len(hours),
        "day": figures.day(hours[0][0], hours[0][0]),
        "peak": figures.duration(round(peak * 60)),
        "now": figures.duration(round(now_peak * 60)),
    }
    return format_html(
        '<figure class="chart">{}{}</figure>',
        format_html("<figcaption><b>{}</b><span>{}</span></figcaption>", name, verdict) if name else "",
        svg(width, height, ident, title, description, parts),
    )
