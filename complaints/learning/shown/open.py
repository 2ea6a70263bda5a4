"""Open by product: several accounts with the same trouble at once are a batch, most likely."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.complaint_filters import BREACHED
from complaints.learning.asking import Learning, Page
from complaints.learning.batches import SUSPECT, batches
from complaints.learning.tables import Line, Table, day, number, text
from crm.look import figures
from crm.look.ranking import Bar, ranking


def page(asked: Learning) -> Page:
    """What is open now, by product, batch and category; the period means nothing to it."""
    rows = list(batches(asked.scope, now=asked.now))
    shown = Page(
        _("Open by product"),
        is_of_period=False,
        nothing=(
            _("No complaint is open"),
            _("Where several are open about one product, it shows here first."),
        ),
    )
    if not rows:
        return shown
    suspect = [row for row in rows if row["product_id"] and row["accounts"] >= SUSPECT]
    total = sum(row["number"] for row in rows)
    shown.lead = ngettext("%(number)s complaint is open.", "%(number)s complaints are open.", total) % {
        "number": figures.number(total)
    }
    if suspect:
        shown.lead += " " + ngettext(
            "%(number)s product has the same trouble at several accounts: look for a batch.",
            "%(number)s products have the same trouble at several accounts: look for a batch.",
            len({row["product_id"] for row in suspect}),
        ) % {"number": figures.number(len({row["product_id"] for row in suspect}))}
    named = [row for row in rows if row["product_id"]]
    if named:
        shown.pictures = [
            ranking(
                [
                    Bar(f"{_product(row)}: {asked.categories[row['category_id']]}", row["number"], row["over"])
                    for row in named
                ],
                ident="open-by-product",
                title=_("Open complaints by product and category"),
                description=", ".join(f"{_product(row)}: {row['number']}" for row in named[:10]),
                shown=figures.number,
                part=_("over time"),
            )
        ]  # fmt: skip
    shown.tables = [
        Table(
            "open",
            _("By product, batch and category"),
            [
                text(_("Product")), text(_("Category")), text(_("Batch")), number(_("Accounts")),
                number(_("Open")), number(_("Over time")), day(_("Oldest"), asked.today), text(_("Product line")),
            ],
            [
                Line(
                    [
                        _product(row), asked.categories[row["category_id"]], row["batch"] or None, row["accounts"],
                        row["number"], row["over"] or None, row["oldest"], row["product__line__name"],
                    ],
                    _links(asked, row),
                    small=row["product__code"] or "",
                )
                for row in asked.rows_of(rows)
            ],
        )
    ]  # fmt: skip
    return shown


def _product(row: dict) -> str:
    return row["product__name"] or row["product__code"] or _("No product named")


def _links(asked: Learning, row: dict) -> dict[int, str]:
    if not row["product_id"]:
        return {}
    named = {"product": row["product__code"], "batch": row["batch"], "category": row["category_id"]}
    links = {4: asked.listed_open(**named)}
    if row["over"]:
        links[5] = asked.listed_open(clock=BREACHED, **named)
    return links
