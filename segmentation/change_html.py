"""The rows of the list of tier changes as HTML. Built here and not by a template, as those of the other lists are
(crm.lists.showing): a page has fifty, and in a template they took longer than everything else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from html import (
    escape,
)  # what Django's does, without asking first whether the text is lazy or safe: it is neither

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from crm.look import figures
from segmentation.change_rows import Row


def rows_html(
    rows: Iterable[Row], *, url: Callable[[int], str], opened: int | None, selected: Collection[str]
) -> SafeString:
    """Rows for a tbody. url: of a change by its id. opened: the change that stands beside the list, None for none.
    selected: the ids, as texts, whose boxes are checked."""
    current = ' aria-current="true"'
    nobody, select = escape(_("No owner")), _("Select %(name)s")
    found = []
    for row in rows:
        change = row.change
        address, name, verdict = escape(url(change.pk)), escape(change.account), row.verdict
        box = ""
        if row.selectable:
            box = (
                f'<input type="checkbox" form="bulk" name="change" value="{change.pk}"'
                f' aria-label="{escape(select % {"name": change.account})}"'
                f"{' checked' if str(change.pk) in selected else ''}>"
            )
        found.append(
            f'<tr><td>{box}</td><td><a class="row" href="{address}" hx-get="{address}" hx-target="#open"'
            f' hx-select="#open > *" hx-push-url="true"{current if change.pk == opened else ""}>{name}</a>'
            f"<small>{escape(change.owner) if change.owner else nobody}</small>"
            f"{_badge(row, verdict, 'badge not-opt') if verdict else ''}</td>"
            f'<td class="opt">{escape(row.decided_by)}{_badge(row, verdict, "badge") if verdict else ""}</td>'
            f'<td class="n">{figures.money(row.revenue)}</td><td class="n">{_growth(row)}</td></tr>\n'
        )
    return mark_safe("".join(found))  # every text of somebody's is escaped above


def _badge(row: Row, verdict: str, css: str) -> str:
    tone = f' data-tone="{row.verdict_tone}"' if row.verdict_tone else ""
    return f'<span class="{css}"{tone}>{escape(verdict)}</span>'


def _growth(row: Row) -> str:
    growth = row.growth
    text = figures.signed_percent(growth)
    if growth is None:
        return text
    shown_as = figures.rounded(growth, 2)
    tone = ' class="up"' if shown_as > 0 else ' class="down"' if shown_as < 0 else ""
    return f"<span{tone}>{text}</span>"
