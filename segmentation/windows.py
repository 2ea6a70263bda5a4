"""The days between which a run looks at purchases (docs/domain.md, 4.1). Pure functions of dates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from crm.team.calendars import months_before

GAP_MONTHS = 24
"""How far back the mean gap between purchases looks."""


def last_quarter_end(today: dt.date) -> dt.date:
    """The last day of the newest calendar quarter that has ended before `today`."""
    return dt.date(today.year, (today.month - 1) // 3 * 3 + 1, 1) - dt.timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """The spans of a run as of the end of `as_of`. Each starts with its day and ends before `end`."""

    as_of: dt.date
    end: dt.date
    start: dt.date
    previous_start: dt.date
    """The previous window is [previous_start, start)."""
    gap_start: dt.date


def window(as_of: dt.date, window_months: int) -> Window:
    """The window of `window_months` months that ends with `as_of`."""
    end = as_of + dt.timedelta(days=1)
    return Window(
        as_of=as_of,
        end=end,
        start=months_before(end, window_months),
        previous_start=months_before(end, 2 * window_months),
        gap_start=months_before(end, GAP_MONTHS),
    )
