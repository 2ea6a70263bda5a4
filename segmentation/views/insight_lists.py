"""The accounts behind a figure of the insight pages, and the files of all of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.contrib.messages import ERROR
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import Tier
from crm.lists.columns import Kind
from crm.lists.exporting import MOST, file_of
from crm.look.figures import number
from crm.look.toast import toast
from crm.team.requests import Request
from segmentation import simulated
from segmentation.insight import concentration, moved, reasons, service_time, wallet
from segmentation.models import TierAssessment
from segmentation.views.foreseen import foreseen
from segmentation.views.insight_asking import Insight, insight_page
from segmentation.wording import as_of_label

ON_A_PAGE = 50
_ROW = (
    *("account_id", "account__name", "account__code", "account__owner__name", "tier", "revenue_cents"),
    *("previous_revenue_cents", "contact_minutes", "account__potential_cents"),
)


class _List:
    """The accounts of one kind: title, what it means, where it came from. Raises Http404 for another kind."""

    def __init__(self, insight: Insight, kind: str) -> None:
        request = insight.request
        self.kind, self.more = kind, {}
        if kind == "moved":
            self._moved(insight, request.GET.get("move", ""))
        elif kind in (service_time.MUCH_TIME, service_time.LITTLE_TIME):
            tier = request.GET.get("tier", "")
            self.more = {"tier": tier if tier in Tier.values else ""}
            times = service_time.tier_times(insight.scope)
            self.rows: QuerySet[TierAssessment] = service_time.corner(
                insight.scope, times, kind, self.more["tier"]
            )
            self.title = (
                _("Much time, little sales")
                if kind == service_time.MUCH_TIME
                else _("Little time, much sales")
            )
            self.text = _("Against the middle account of their tier.")
            self.back = reverse("insight:time")
        elif kind == "rising":
            self.rows = wallet.rising(insight.scope)
            self.title = _("Rising B accounts")
            self.text = _("A tenth more than in the window before, and room below their potential.")
            self.back = reverse("insight:wallet")
        else:
            raise Http404
        self.query = insight.query(**self.more)
        self.back += insight.query(**{"from": self.more.get("from", "")})

    def _moved(self, insight: Insight, move: str) -> None:
        before, _dash, after = move.partition("-")
        if insight.earlier is None or before not in moved.TIERS or after not in moved.TIERS:
            raise Http404
        self.rows = moved.accounts(insight.scope, insight.earlier, before, after)
        words = {tier: tier for tier in moved.TIERS} | {moved.NONE: _("no tier")}
        self.title = _("From %(before)s to %(after)s") % {"before": words[before], "after": words[after]}
        self.text = _("As the runs of %(earlier)s and %(later)s found them.") % {
            "earlier": as_of_label(insight.earlier.as_of),
            "later": as_of_label(insight.run.as_of),
        }
        self.back = reverse("insight:migration")
        self.more = {"from": str(insight.earlier.pk), "move": move}


@require_GET
@insight_page()
def accounts(request: Request, insight: Insight, kind: str) -> HttpResponse:
    """The accounts of one kind, fifty a page."""
    found = _List(insight, kind)
    page = Paginator(found.rows.values(*_ROW), ON_A_PAGE).get_page(request.GET.get("page"))
    for row in page.object_list:
        row["an_hour"] = service_time.per_hour(row["revenue_cents"], row["contact_minutes"])
    context = insight.context("") | {
        "list": found,
        "page": page,
        "files": {
            form: reverse("insight:accounts_export", args=[kind, form]) + found.query
            for form in ("csv", "xlsx")
        },
    }
    return render(request, "segmentation/insight/accounts.html", context)


_TEXT, _MONEY, _NUMBER, _PERCENT = Kind.TEXT, Kind.MONEY, Kind.NUMBER, Kind.PERCENT


def _account_heads() -> list[tuple[str, Kind]]:
    return [(_("Code"), _TEXT), (_("Account"), _TEXT), (_("Sales rep"), _TEXT)]


@require_GET
@insight_page()
def accounts_export(request: Request, insight: Insight, kind: str, form: str) -> HttpResponseBase:
    """The same accounts, all pages of them."""
    found = _List(insight, kind)
    heads = [
        *_account_heads(), (_("Tier"), _TEXT), (_("Revenue"), _MONEY), (_("Revenue before"), _MONEY),
        (_("Contact minutes"), _NUMBER), (_("Potential"), _MONEY),
    ]  # fmt: skip
    fields = ("account__code", "account__name", "account__owner__name", *_ROW[4:])

    def rows() -> Iterator[list[Any]]:
        for row in found.rows.values_list(*fields).iterator(chunk_size=5000):
            yield [value if value is not None else "" for value in row]

    return _file(form, insight, f"accounts-{kind}", found.title, heads, rows())


@require_GET
@insight_page()
def export(request: Request, insight: Insight, page: str, form: str) -> HttpResponseBase:
    """All accounts, or decisions, behind one of the pages."""
    scope = insight.scope
    heads = _account_heads()
    if page == "pareto":
        heads += [
            (_("Tier"), _TEXT),
            (_("Revenue"), _MONEY),
            (_("Value"), _MONEY),
            (_("Share up to here"), _PERCENT),
        ]
        rows = concentration.lines(scope)
    elif page == "migration" and insight.earlier is not None:
        heads += [(_("From"), _TEXT), (_("To"), _TEXT), (_("Revenue"), _MONEY), (_("Revenue before"), _MONEY)]
        rows = moved.lines(scope, insight.earlier)
    elif page == "time":
        heads += [
            (_("Tier"), _TEXT),
            (_("Revenue"), _MONEY),
            (_("Contact minutes"), _NUMBER),
            (_("Revenue an hour"), _MONEY),
        ]
        rows = service_time.lines(scope)
    elif page == "wallet":
        heads += [
            (_("Tier"), _TEXT),
            (_("Revenue"), _MONEY),
            (_("Revenue before"), _MONEY),
            (_("Potential"), _MONEY),
            (_("Share of wallet"), _PERCENT),
        ]
        rows = wallet.lines(scope)
    elif page == "reasons" and insight.leads:
        heads = [
            (_("As of"), Kind.DAY), *heads, (_("From"), _TEXT), (_("Proposed"), _TEXT), (_("To"), _TEXT),
            (_("State"), _TEXT), (_("Reason"), _TEXT), (_("Note"), _TEXT),
        ]  # fmt: skip
        rows = reasons.lines(scope, insight.runs)
    elif page == "policy" and (found := foreseen(insight, request.GET.get("version", ""))) is not None:
        heads, rows = simulated.heads(), simulated.lines(found.listed(request.GET.get("move", ""))[0])
    else:
        raise Http404
    return _file(form, insight, page, page, heads, rows)


def _file(
    form: str,
    insight: Insight,
    name: str,
    title: str,
    heads: list[tuple[str, Kind]],
    rows: Iterator[list[Any]],
) -> HttpResponseBase:
    """The file: a CSV flows, an XLSX is sent back with a word where it has too many rows. Raises Http404."""
    if form not in MOST:
        raise Http404
    if form == "xlsx":
        found = list(islice(rows, MOST[form] + 1))
        if len(found) > MOST[form]:
            words = _("A workbook takes %(number)s rows and this has more. Export CSV.")
            toast(insight.request, words % {"number": number(MOST[form])}, level=ERROR)
            return redirect(reverse("insight:pareto") + insight.query())
        rows = iter(found)
    return file_of(
        form, name=f"insight-{name}-{insight.run.as_of:%Y-%m-%d}", title=title, heads=heads, rows=rows
    )
