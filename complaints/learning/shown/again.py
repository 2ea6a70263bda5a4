"""Bought again: how many customers came back after their complaint was closed, and who did not."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Tier
from complaints.complaint_list import complaint_url
from complaints.learning import again, reasons
from complaints.learning.asking import Learning, Page
from complaints.learning.shown.reasons import group_name
from complaints.learning.tables import Line, Table, code, day, money, number, percent, text
from complaints.models import Complaint
from crm.look import figures
from crm.look.ranking import Bar, ranking


def page(asked: Learning) -> Page:
    """By decision, by what the customer said, by whether it was resolved in time, by tier; and those who stay away."""
    found = again.bought_again(asked.scope)
    shown = Page(
        _("Bought again"),
        nothing=(
            _("No complaint to judge yet"),
            _("A complaint is judged %(days)s days after it was closed; none of these months is old enough.")
            % {"days": again.DAYS},
        ),
    )
    if not found.all.closed:
        return shown
    shown.lead = ngettext(
        "After %(share)s of %(number)s closed complaint the customer bought again within %(days)s days.",
        "After %(share)s of %(number)s closed complaints the customer bought again within %(days)s days.",
        found.all.closed,
    ) % {
        "share": figures.percent(found.all.share),
        "number": figures.number(found.all.closed),
        "days": again.DAYS,
    }
    if found.young:
        shown.lead += " " + ngettext(
            "%(number)s was closed later and is not judged yet.",
            "%(number)s were closed later and are not judged yet.",
            found.young,
        ) % {"number": figures.number(found.young)}
    groups = list(_groups(found))
    shown.pictures = [
        ranking(
            [Bar(words, one.share or 0) for _head, words, one in groups],
            ident="bought-again",
            title=_("Bought again within %(days)s days") % {"days": again.DAYS},
            description=", ".join(f"{words}: {figures.percent(one.share)}" for _head, words, one in groups),
            shown=figures.percent,
            high=1,
        )
    ]
    shown.tables = [_table(groups), _lost(asked)]
    return shown


def _groups(found: again.Found) -> list[tuple[str, str, again.Again]]:
    """(what it is grouped by, the group in words, its figures), in the order in which they are read."""
    outcomes = dict(Complaint.Outcome.choices) | {"": _("Not decided")}
    solved = dict(Complaint.Solved.choices) | {"": _("Not asked whether it was solved")}
    in_time = {again.IN_TIME: _("Resolved in time"), again.LATE: _("Resolved late")}
    tiers = {tier: group_name(reasons.TIER, tier) for tier in (*Tier.values, "")}
    every = (
        (again.OUTCOME, _("Decision"), outcomes),
        (again.SOLVED, _("Was it solved?"), solved),
        (again.TIME, _("Service level"), in_time),
        (again.TIER, _("Tier today"), tiers),
    )
    return [
        (head, str(words), found.groups[name][value])
        for name, head, names in every
        for value, words in names.items()
        if value in found.groups[name]
    ]


def _table(groups: list[tuple[str, str, again.Again]]) -> Table:
    return Table(
        "groups",
        _("By how it ended"),
        [
            text(_("Group")),
            text(_("By")),
            number(_("Closed")),
            number(_("Bought again")),
            percent(_("Share")),
        ],
        [Line([words, head, one.closed, one.again, one.share]) for head, words, one in groups],
        note=_("Few complaints make a share that says little: look at the number beside it."),
    )


def _lost(asked: Learning) -> Table:
    outcomes = dict(Complaint.Outcome.choices)
    solved = dict(Complaint.Solved.choices)
    return Table(
        "lost",
        _("Not bought since"),
        [
            text(_("Account")),
            code(_("Complaint")),
            day(_("Closed"), asked.today),
            text(_("Decision")),
            text(_("Was it solved?")),
            money(_("Bought in the year before, %(currency)s") % {"currency": figures.currency()}),
            text(_("Owner")),
        ],
        [
            Line(
                [
                    row["account__name"],
                    row["number"],
                    row["closed_on"],
                    str(outcomes[row["outcome"]]) if row["outcome"] else None,
                    str(solved[row["solved"]]) if row["solved"] else None,
                    row["sales"] or 0,
                    row["account__owner__name"],
                ],
                {0: reverse("accounts:detail", args=[row["account_id"]]), 1: complaint_url(row["pk"])},
                small=row["account__code"],
                tier=row["account__tier"],
            )
            for row in asked.rows_of(again.lost(asked.scope))
        ],
        note=_("Nothing bought since the last complaint was closed, %(days)s days ago or more: worth a call.")
        % {"days": again.DAYS},
        nothing=_("Everybody bought again."),
    )
