"""Time taken: first response and resolution in working time, against the service levels."""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.complaint_filters import ANSWERED_LATE, RESOLVED_LATE
from complaints.learning import reasons, times
from complaints.learning.asking import Learning, Page
from complaints.learning.shown.reasons import group_name
from complaints.learning.tables import Line, Table, minutes, number, percent, text
from complaints.wording import working_words
from crm.lists.sums import Spread, share
from crm.look import figures, pictures

Found = dict[str, dict[str, Spread]]
_NONE = Spread(0, 0, 0, 0)
_MEASURES = (
    (times.RESPONSE, gettext_lazy("First response"), gettext_lazy("Answered"), ANSWERED_LATE),
    (times.RESOLUTION, gettext_lazy("Resolution"), gettext_lazy("Resolved"), RESOLVED_LATE),
)


def page(asked: Learning) -> Page:
    """The share in time by month as a picture; median and ninth tenth by category and by tier."""
    found = {measure: times.times(asked.scope, measure) for measure, *_words in _MEASURES}
    shown = Page(
        _("Time taken"),
        nothing=(
            _("Nothing was answered in these months"),
            _("Choose another period: here stands how long the first response and the resolution took."),
        ),
    )
    answered = found[times.RESPONSE][""].get("", _NONE)
    if not answered.number:
        return shown
    shown.lead = _lead(found)
    shown.pictures = [_picture(asked, found)]
    by_tier = sorted(_groups(found, times.TIER), key=lambda tier: (not tier, tier))
    by_category = sorted(
        _groups(found, times.CATEGORY),
        key=lambda code: -found[times.RESPONSE][times.CATEGORY].get(code, _NONE).number,
    )
    shown.tables = [
        _table(asked, found, times.CATEGORY, _("By category"), _("Category"), by_category),
        _table(asked, found, times.TIER, _("By tier"), _("Tier"), by_tier),
    ]
    return shown


def _lead(found: dict[str, Found]) -> str:
    response, resolution = (found[measure][""].get("", _NONE) for measure, *_words in _MEASURES)
    words = ngettext(
        "%(number)s was answered, %(answered)s in time: half within %(half)s, nine of ten within %(nine)s.",
        "%(number)s were answered, %(answered)s in time: half within %(half)s, nine of ten within %(nine)s.",
        response.number,
    ) % {
        "number": figures.number(response.number),
        "answered": figures.percent(_in_time(response)),
        "half": working_words(response.median),
        "nine": working_words(response.ninetieth),
    }
    if resolution.number:
        words += " " + ngettext(
            "%(number)s was resolved, %(resolved)s in time: half within %(half)s, nine of ten within %(nine)s.",
            "%(number)s were resolved, %(resolved)s in time: half within %(half)s, nine of ten within %(nine)s.",
            resolution.number,
        ) % {
            "number": figures.number(resolution.number),
            "resolved": figures.percent(_in_time(resolution)),
            "half": working_words(resolution.median),
            "nine": working_words(resolution.ninetieth),
        }
    return words


def _in_time(one: Spread) -> float | None:
    return share(one.number - one.marked, one.number)


def _groups(found: dict[str, Found], key: str) -> set[str]:
    return {group for measure in found.values() for group in measure[key]}


def _picture(asked: Learning, found: dict[str, Found]) -> SafeString:
    months = asked.period.months

    def line(measure: str) -> list[float | None]:
        return [_in_time(found[measure][times.MONTH].get(month.isoformat(), _NONE)) for month in months]

    return pictures.lines(
        [figures.month(month) for month in months],
        [
            pictures.Series(str(words), css, line(measure))
            for (measure, words, *_more), css in zip(_MEASURES, ("now", "past"), strict=True)
        ],
        ident="in-time",
        title=_("In time, by the month in which it came"),
        description=_lead(found),
        head=_("Month"),
        shown=figures.percent,
        high=1,
    )


def _table(
    asked: Learning, found: dict[str, Found], key: str, title: str, head: str, groups: list[str]
) -> Table:
    heads = [text(head)]
    for _measure, words, done, _late in _MEASURES:
        heads += [
            number(done),
            minutes(_("%(measure)s, half within") % {"measure": words}),
            minutes(_("nine of ten within")),
            percent(_("in time")),
        ]
    lines = []
    for group in groups:
        values: list = [_name(asked, key, group)]
        links = {}
        for at, (measure, _words, _done, late) in enumerate(_MEASURES):
            one = found[measure][key].get(group)
            values += (
                [one.number, one.median, one.ninetieth, _in_time(one)] if one else [None, None, None, None]
            )
            if one and one.marked and group:
                narrowed = {"category": group} if key == times.CATEGORY else {"tier": group}
                links[4 * at + 4] = asked.listed(kind="", level=late, **narrowed)
        lines.append(Line(values, links))
    return Table(
        key.removesuffix("_id"),
        title,
        heads,
        lines,
        note=_("Working time of the owner's team, without what was spent waiting for the customer.")
        if key == times.CATEGORY
        else _(
            "The tier is the one the account has today; the level was that of its tier when it was answered."
        ),
    )


def _name(asked: Learning, key: str, group: str) -> str:
    return asked.categories[group] if key == times.CATEGORY else group_name(reasons.TIER, group)
