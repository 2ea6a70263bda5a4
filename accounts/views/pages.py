"""One account: its head, its tabs, and one of its purchases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.alerts import alerts_of
from accounts.models import Account, Purchase, PurchaseLine
from accounts.panels import HEAD, Panel, Stat, blocks, panels, visible_panels, with_facts
from accounts.querysets import may_edit, visible_ids
from crm.look import figures
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request
from crm.team.visibility import standing

LINES_ON_A_PAGE = 100


@dataclass(frozen=True)
class Tab:
    """One tab as the page shows it."""

    label: str | Promise
    url: str
    current: bool
    count: int | None


class TabConverter:
    """The slug of a tab in an address; any other word is somebody else's address (`/accounts/17/log/`)."""

    regex = "[a-z-]+"

    def to_python(self, value: str) -> str:
        """Raises ValueError where no tab has this slug."""
        if any(panel.slug == value for panel in panels()):
            return value
        raise ValueError(value)

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


@require_GET
def account(request: Request, pk: int, slug: str = "overview") -> HttpResponse:
    """One account with one tab open. 404 where the user may not see the account or has no such tab."""
    tabs = visible_panels(request.user)
    opened = next((panel for panel in tabs if panel.slug == slug), None)
    if opened is None:
        raise Http404
    found = open_account(request, pk, opened, tabs)
    if found.merged_into_id is not None and (kept := _kept(request, found)):
        words = _("%(other)s was merged into this account.") % {"other": found.name}
        toast(request, words, level=messages.INFO)
        return redirect(kept)
    context = {
        **head(request, found, opened, tabs),
        "opened": opened,
        "inside": opened.render(found, request, editable=found.editable),  # type: ignore[attr-defined]
    }
    return render(request, "accounts/account.html", context)


@require_GET
def purchase(request: Request, pk: int, purchase_pk: int) -> HttpResponse:
    """One purchase with its lines, under the head of its account."""
    tabs = visible_panels(request.user)
    opened = next(panel for panel in tabs if panel.slug == "purchases")
    found = open_account(request, pk, opened, tabs)
    bought = get_object_or_404(Purchase.objects.filter(account=found), pk=purchase_pk)
    lines = PurchaseLine.objects.filter(purchase=bought).select_related("product").order_by("position")
    context = {
        **head(request, found, opened, tabs),
        "purchase": bought,
        "page": Paginator(lines, LINES_ON_A_PAGE).get_page(request.GET.get("page")),
        "currency": figures.currency(),
    }
    return render(request, "accounts/purchase.html", context)


def open_account(request: Request, pk: int, opened: Panel, tabs: list[Panel]) -> Account:
    """The account with everything its head, its badges and the open tab ask for: one query. 404 if not visible."""
    user, today = request.user, request.today
    parts = [opened, *_head_blocks(user)]
    visible_parent = Q(parent__isnull=False)
    if not standing(user, on=today).sees_all:
        visible_parent = Q(parent__in=visible_ids(user, on=today))
    rows = with_facts(tabs=tabs, parts=parts, request=request).visible_to(user, on=today)  # type: ignore[attr-defined]
    rows = rows.annotate(
        parent_visible=ExpressionWrapper(visible_parent, output_field=BooleanField()),
        parent_name=F("parent__name"),
    )
    found = get_object_or_404(rows, pk=pk)
    found.editable = may_edit(user, found, on=today)
    return found


def head(request: Request, account: Account, opened: Panel, tabs: list[Panel]) -> dict[str, Any]:
    """What the head of an account page and its row of tabs need. Queries for its alerts only, where there are any."""
    stats: list[Stat] = [
        stat for block in _head_blocks(request.user) for stat in block.stats(account, request)
    ]
    return {
        "account": account,
        "today": request.today,
        "editable": account.editable,  # type: ignore[attr-defined]
        "stats": stats,
        "alerts": alerts_of(account, user=request.user, today=request.today, now=request.now),
        "tabs": [
            Tab(
                panel.title,
                reverse("accounts:detail", args=[account.pk])
                if panel.slug == "overview"
                else reverse("accounts:tab", args=[account.pk, panel.slug]),
                panel is opened,
                getattr(account, f"count_{panel.slug}", None),
            )
            for panel in tabs
        ],
    }


def _kept(request: Request, duplicate: Account) -> Account | None:
    """The account that a duplicate became part of; None where the user does not see it."""
    visible = Account.objects.visible_to(request.user, on=request.today)
    return visible.filter(merged=duplicate).first()


def _head_blocks(user: User) -> list[Any]:
    return [block for block in blocks(HEAD) if block.visible(user)]
