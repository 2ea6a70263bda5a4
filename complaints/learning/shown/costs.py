"""Costs: what was granted against what was sold, by month, tier, product line and account."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.learning import costs, reasons
from complaints.learning.asking import Learning, Page
from complaints.learning.costs import Cost
from complaints.learning.shown.reasons import group_filters, group_name
from complaints.learning.tables import Head, Line, Table, money, number, percent, text
from crm.lists.sums import share
from crm.look import figures, pictures


def page(asked: Learning) -> Page:
    """Granted and sold, in the months asked for."""
    months, tiers = costs.by_month_and_tier(asked.scope)
    complaints = sum(one.complaints for one in months)
    granted, sales = sum(one.granted_cents for one in months), sum(one.sales_cents for one in months)
    shown = Page(
        _("Costs"),
        nothing=(
            _("No complaint in these months"),
            _("What is granted for complaints stands here against what was sold."),
        ),
    )
    if not complaints:
        return shown
    shown.lead = ngettext(
        "%(granted)s %(currency)s were granted for %(number)s complaint that came: %(share)s of sales.",
        "%(granted)s %(currency)s were granted for %(number)s complaints that came: %(share)s of sales.",
        complaints,
    ) % {
        "granted": figures.money(granted),
        "currency": figures.currency(),
        "number": figures.number(complaints),
        "share": figures.percent(share(granted, sales), 2),
    }
    shown.pictures = [_picture(months)]
    shown.tables = [
        _table(asked, "lines", _("By product line"), _("Product line"), reasons.LINE, costs.by_line(asked.scope)),
        _table(asked, "tiers", _("By tier"), _("Tier"), reasons.TIER, tiers),
        _table(asked, "months", _("By month"), _("Month"), reasons.MONTH, months),
        _accounts(asked),
    ]  # fmt: skip
    return shown


def _picture(months: list[Cost]) -> SafeString:
    return pictures.bars(
        [figures.month(dt.date.fromisoformat(one.group)) for one in months],
        [
            pictures.Series(_("Granted"), "now", [one.granted_cents for one in months]),
            pictures.Series(_("Claimed"), "past", [one.claimed_cents for one in months]),
        ],
        ident="costs",
        title=_("Claimed and granted by month, %(currency)s") % {"currency": figures.currency()},
        description=", ".join(
            f"{figures.month(dt.date.fromisoformat(one.group))}: {figures.money(one.granted_cents)}"
            for one in months
        ),
        head=_("Month"),
        shown=lambda cents: figures.money(round(cents)),
    )


def _money_heads() -> list[Head]:
    currency = {"currency": figures.currency()}
    return [
        money(_("Claimed, %(currency)s") % currency), money(_("Granted, %(currency)s") % currency),
        money(_("Sold, %(currency)s") % currency), percent(_("Granted of sold"), 2),
    ]  # fmt: skip


def _table(asked: Learning, name: str, title: str, head: str, way: str, rows: list[Cost]) -> Table:
    lines = []
    for one in rows:
        filters = group_filters(way, one.group)
        # What names no product was sold as well, but not by a line: there is nothing to compare with.
        sold = None if way == reasons.LINE and not one.group else one.sales_cents
        lines.append(
            Line(
                [
                    group_name(way, one.group), one.complaints, one.claimed_cents, one.granted_cents, sold,
                    share(one.granted_cents, sold),
                ],
                {1: asked.listed(**filters)} if filters is not None and one.complaints else {},
            )
        )  # fmt: skip
    return Table(name, title, [text(head), number(_("Complaints")), *_money_heads()], lines)


def _accounts(asked: Learning) -> Table:
    return Table(
        "accounts",
        _("By account"),
        [
            text(_("Account")), number(_("Complaints")), *_money_heads()[:2],
            money(_("Sales of 12 months, %(currency)s") % {"currency": figures.currency()}), text(_("Owner")),
        ],
        [
            Line(
                [
                    row["account__name"], row["number"], row["claimed"] or 0, row["granted"],
                    row["account__sales_12m_cents"], row["account__owner__name"],
                ],
                {0: reverse("accounts:detail", args=[row["account_id"]]), 1: asked.listed(q=row["account__code"])},
                small=row["account__code"],
                tier=row["account__tier"],
            )
            for row in asked.rows_of(costs.dearest(asked.scope))
        ],
        nothing=_("Nothing was granted to anybody."),
    )  # fmt: skip
