"""Again and again: accounts that complain often, and those of which somebody suspects bad faith."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.learning import repeaters
from complaints.learning.asking import Learning, Page
from complaints.learning.tables import SHOWN, Line, Table, day, money, number, text
from complaints.policies import policy_in_force
from crm.look import figures
from crm.look.ranking import Bar, ranking

WAYS = (repeaters.FREQUENT, repeaters.BAD_FAITH)


def page(asked: Learning) -> Page:
    """The accounts, with what was granted to them and what they buy."""
    which = asked.chosen("show", WAYS)
    frequent = policy_in_force().frequent_count
    found = repeaters.repeaters(asked.scope, which, at_least=frequent)
    rows = asked.rows_of(found)
    suspected = which == repeaters.BAD_FAITH
    shown = Page(
        _("Again and again"),
        pills=[
            (words, asked.query(show=one if one != WAYS[0] else ""), one == which)
            for one, words in zip(WAYS, (_("Frequent"), _("Bad faith suspected")), strict=True)
        ],
        pills_label=_("Show"),
        turned={"show": which},
        nothing=(_("Nobody is suspected"), _("No complaint of these months is marked as made in bad faith."))
        if suspected
        else (
            _("Nobody complains that often"),
            _(
                "The complaint policy calls %(number)s complaints frequent; nobody had as many in these months."
            )
            % {"number": frequent},
        ),
    )
    if not rows:
        return shown
    total = found.count() if len(rows) > SHOWN else len(rows)
    shown.lead = (
        ngettext(
            "%(number)s account is suspected of bad faith.",
            "%(number)s accounts are suspected of bad faith.",
            total,
        )
        % {"number": figures.number(total)}
        if suspected
        else ngettext(
            "%(number)s account complained %(times)s times or more.",
            "%(number)s accounts complained %(times)s times or more.",
            total,
        )
        % {"number": figures.number(total), "times": frequent}
    )
    shown.pictures = [
        ranking(
            [Bar(row["account__name"], row["number"], row["suspected"]) for row in rows],
            ident="repeaters",
            title=_("Complaints by account"),
            description=", ".join(f"{row['account__name']}: {row['number']}" for row in rows[:10]),
            shown=figures.number,
            part=_("bad faith suspected"),
        )
    ]
    shown.tables = [_table(asked, rows, shown.lead)]
    return shown


def _table(asked: Learning, rows: list[dict], title: str) -> Table:
    currency = {"currency": figures.currency()}
    return Table(
        "accounts",
        _("By account"),
        [
            text(_("Account")), number(_("Complaints")), number(_("Open")), number(_("Rejected")),
            number(_("Bad faith suspected")), money(_("Granted, %(currency)s") % currency),
            money(_("Sales of 12 months, %(currency)s") % currency), day(_("Last"), asked.today), text(_("Owner")),
        ],
        [
            Line(
                [
                    row["account__name"], row["number"], row["open"] or None, row["rejected"] or None,
                    row["suspected"] or None, row["granted"] or 0, row["account__sales_12m_cents"], row["last"],
                    row["account__owner__name"],
                ],
                _links(asked, row),
                small=row["account__code"],
                tier=row["account__tier"],
            )
            for row in rows
        ],
    )  # fmt: skip


def _links(asked: Learning, row: dict) -> dict[int, str]:
    links = {
        0: reverse("accounts:detail", args=[row["account_id"]]),
        1: asked.listed(q=row["account__code"]),
    }
    if row["suspected"]:
        links[4] = asked.listed(q=row["account__code"], bad_faith="1")
    return links
