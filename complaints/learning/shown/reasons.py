"""Reasons: what customers complain of, against product line, tier, region or month, and the root causes."""

from __future__ import annotations

import datetime as dt

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import country_name
from complaints.learning import reasons
from complaints.learning.asking import Learning, Page
from complaints.learning.scope import month_ends
from complaints.learning.tables import Line, Table, money, number, percent, text
from crm.look import figures, pictures
from crm.team.models import Country

COLUMNS = 7
"""Categories with a column of their own; the rest are summed."""
_CSS = ("now", "past", "third")


def page(asked: Learning) -> Page:
    """Categories against one of WAYS, by month as a picture, and the root causes."""
    way = asked.chosen("by", reasons.WAYS)
    monthly = reasons.crossed(asked.scope, reasons.MONTH)
    found = monthly if way == reasons.MONTH else reasons.crossed(asked.scope, way)
    words = {
        reasons.LINE: _("Product line"),
        reasons.TIER: _("Tier"),
        reasons.REGION: _("Region"),
        reasons.MONTH: _("Month"),
    }
    shown = Page(
        _("Reasons"),
        pills=[
            (words[one], asked.query(by=one if one != reasons.WAYS[0] else ""), one == way)
            for one in reasons.WAYS
        ],
        pills_label=_("By"),
        turned={"by": way},
        nothing=(
            _("No complaint in these months"),
            _("Choose another period, or enjoy it: nobody here complained."),
        ),
    )
    if not found.total:
        return shown
    most = found.categories[0]
    shown.lead = ngettext(
        "%(number)s complaint, most often: %(category)s (%(share)s).",
        "%(number)s complaints, most often: %(category)s (%(share)s).",
        found.total,
    ) % {
        "number": figures.number(found.total),
        "category": asked.categories[most],
        "share": figures.percent(found.by_category[most] / found.total),
    }
    shown.pictures = [_picture(asked, monthly)]
    shown.tables = [_crossed(asked, found, way, words[way]), _causes(asked)]
    return shown


def _picture(asked: Learning, found: reasons.Crossed) -> SafeString:
    """By month: the two most frequent categories, and the rest."""
    named = found.categories[:2]
    series = [
        pictures.Series(
            asked.categories[code], css, [found.counts.get((month, code), 0) for month in found.groups]
        )
        for code, css in zip(named, _CSS, strict=False)
    ]
    if len(found.categories) > len(named):
        rest = [
            found.by_group[month] - sum(found.counts.get((month, code), 0) for code in named)
            for month in found.groups
        ]
        series.append(pictures.Series(_("All others"), _CSS[2], rest))
    return pictures.bars(
        [figures.month(dt.date.fromisoformat(month)) for month in found.groups],
        series,
        ident="complaints-by-month",
        title=_("Complaints by month"),
        description=", ".join(
            f"{asked.categories[code]}: {figures.number(found.by_category[code])}"
            for code in found.categories
        ),
        head=_("Month"),
        shown=figures.number,
        stacked=True,
    )


def _crossed(asked: Learning, found: reasons.Crossed, way: str, words: str) -> Table:
    own, rest = found.categories[:COLUMNS], found.categories[COLUMNS:]
    if len(rest) == 1:
        own, rest = found.categories, []
    heads = [text(words), number(_("All")), percent(_("Share"))]
    heads += [number(asked.categories[code]) for code in own]
    if rest:
        heads.append(number(_("All others")))
    lines = []
    for group in found.groups:
        filters = group_filters(way, group)
        numbers = [found.counts.get((group, code), 0) for code in own]
        links = {}
        if filters is not None:
            links = {1: asked.listed(**filters)}
            links |= {
                place: asked.listed(category=code, **filters)
                for place, (code, count) in enumerate(zip(own, numbers, strict=True), 3)
                if count
            }
        total = found.by_group[group]
        row = [group_name(way, group), total, total / found.total, *(count or None for count in numbers)]
        if rest:
            row.append(sum(found.counts.get((group, code), 0) for code in rest) or None)
        lines.append(Line(row, links if total else {}))
    return Table(
        "reasons",
        # Translators: "By product line", "By tier" ...
        _("By %(what)s") % {"what": words.lower()},
        heads,
        lines,
        note=_("Tier and region are those the account has today.")
        if way in (reasons.TIER, reasons.REGION)
        else "",
    )


def group_filters(way: str, group: str) -> dict[str, str] | None:
    """What the list of complaints is narrowed by to show a group; None where it cannot."""
    if way == reasons.MONTH:
        first = dt.date.fromisoformat(group)
        return {"from": group, "until": month_ends(first).isoformat()}
    if not group or (way == reasons.REGION and group not in Country.values):
        return None
    return {{reasons.LINE: "line", reasons.TIER: "tier", reasons.REGION: "country"}[way]: group}


def group_name(way: str, group: str) -> str:
    """A group in words."""
    if way == reasons.MONTH:
        return figures.month(dt.date.fromisoformat(group), short=False)
    if way == reasons.REGION:
        return country_name(group) if group else _("No country known")
    if way == reasons.TIER:
        return _("Tier %(tier)s") % {"tier": group} if group else _("No tier")
    return group or _("No product named")


def _causes(asked: Learning) -> Table:
    found = reasons.causes(asked.scope)
    total = sum(cause.number for cause in found)
    return Table(
        "causes",
        _("By root cause"),
        [
            text(_("Root cause")), number(_("Complaints")), percent(_("Share")),
            money(_("Granted, %(currency)s") % {"currency": figures.currency()}), text(_("Most often with")),
        ],
        [
            Line(
                [cause.name, cause.number, cause.number / total, cause.granted_cents, asked.categories[cause.most_in]],
                {1: asked.listed(cause=cause.code)},
            )
            for cause in found
        ],
        note=_("A root cause is named when a complaint is resolved: open ones are not among them."),
        nothing=_("No complaint of these months has a root cause yet; it is named when it is resolved."),
    )  # fmt: skip
