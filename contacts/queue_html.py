"""The rows of Today as HTML. Built here and not by a template, as those of the lists are (crm.lists.showing): there are
fifty and more, and in a template they took as long as everything else on the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe

from contacts.why import Why
from crm.look import figures
from crm.look.templatetags.look import icon, tier


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the queue, ready to be written down."""

    pk: int
    url: str
    tier: str | None
    account: str
    whom: str
    why: Why
    channel: str
    how: str
    """The channel's word."""
    time: dt.time | None
    stake_cents: int


def rows_html(rows: Iterable[Row], *, opened: int | None) -> SafeString:
    """Rows for a tbody. opened: the follow-up that stands beside the queue, None for none."""
    found = []
    for row in rows:
        url, how = escape(row.url), escape(row.how)
        when = f'{row.time:%H:%M}<span class="vh"> {how}</span>' if row.time else how
        current = ' aria-current="true"' if row.pk == opened else ""
        found.append(
            f'<tr role="row"><td role="cell" class="c-tier">{tier(row.tier)}</td>'
            f'<td role="cell" class="c-account"><a class="row" href="{url}" hx-get="{url}" hx-target="#open"'
            f' hx-select="#open > *" hx-push-url="true"{current}>{escape(row.account)}</a>{_small(row.whom)}</td>'
            f'<td role="cell" class="c-why">{_why(row.why)}</td><td role="cell" class="c-how">'
            f'<span class="how">{icon(row.channel)}'
            f"{when}</span></td>"
            f'<td role="cell" class="c-stake n">{figures.money(row.stake_cents or None)}</td></tr>\n'
        )
    return mark_safe("".join(found))  # every text of somebody's is escaped above


def _why(why: Why) -> str:
    words = escape(why.words)
    if why.tone == "danger":
        words = f'<span class="badge" data-tone="danger">{icon(why.icon)}{words}</span>'
    elif why.tone:
        words = f'<span class="{why.tone}">{words}</span>'
    return words + _small(why.more)


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""
