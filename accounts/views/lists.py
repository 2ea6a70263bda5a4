"""The account list, which is also where the search box of every page leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import InvalidPage
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.listing import (
    DEFAULT_SORT,
    MINE,
    NOBODY,
    REMEMBERED,
    AccountFilter,
    LongPaginator,
    chosen,
    headings,
    ordering,
)
from accounts.models import Account
from crm.team.models import User
from crm.team.requests import Request

SESSION_KEY = "accounts.list"


@dataclass(frozen=True)
class Pill:
    """One quick filter: on or off by its address."""

    label: str | Promise
    url: str
    current: bool


@require_GET
def account_list(request: Request) -> HttpResponse:
    """Accounts the user may see: searched, filtered, sorted, fifty a page. Filters and order come back next time.

    `?reset` forgets them. A search alone (`?q=` from any page) looks through everything and changes nothing that is
    remembered.
    """
    here = reverse("accounts:list")
    words = request.GET.get("q", "").strip()
    if "reset" in request.GET:
        request.session.pop(SESSION_KEY, None)
        return redirect(_address(here, {"q": words}))
    if not request.GET and (before := request.session.get(SESSION_KEY)):
        return redirect(_address(here, before))
    filters = chosen(request.GET)
    if any(name in request.GET for name in REMEMBERED) and request.session.get(SESSION_KEY, {}) != filters:
        request.session[SESSION_KEY] = filters

    user, today = request.user, request.today
    visible = Account.objects.visible_to(user, on=today)
    narrowed = AccountFilter(filters, visible, user=user, on=today)
    sort = filters.get("sort", DEFAULT_SORT)
    found = _found(narrowed, words, archived="archived" in filters)
    rows = found.select_related("owner").order_by(*ordering(sort))
    paginator = LongPaginator(rows)
    try:
        page = paginator.page(request.GET.get("page"))
    except InvalidPage:
        page = paginator.page(1)

    state = {"q": words, **filters}
    narrowing = {name: value for name, value in filters.items() if name != "sort"}
    context = {
        "page": page,
        "q": words,
        "form": narrowed.form,
        "filters": filters,
        "narrowed": bool(narrowing),
        "pills": _pills(here, state, user),
        "headings": [(each, _address(here, state | {"sort": each.sort})) for each in headings(sort)],
        "previous_url": _address(here, state | {"page": str(page.previous)}) if page.previous else "",
        "next_url": _address(here, state | {"page": str(page.following)}) if page.following else "",
        "reset_url": _address(here, {"reset": "1", "q": words}),
        "everything_url": _address(here, {"q": words}),
        "archive_url": _address(here, {"q": words, "archived": "1"}),
        "may_add": not user.is_agent,
        "today": today,
    }
    if request.htmx and request.htmx.target == "accounts":
        answer = render(request, "accounts/list_found.html", context)
        answer["HX-Replace-Url"] = _address(here, state)
    else:
        answer = render(request, "accounts/list.html", context)
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    return answer


def _found(narrowed: AccountFilter, words: str, *, archived: bool) -> Any:
    found = narrowed.qs.filter(archived_at__isnull=not archived)
    return found.search(words).with_person_found(words) if words else found


def _address(here: str, parameters: Mapping[str, str]) -> str:
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{here}?{query}" if query else here


def _pills(here: str, state: Mapping[str, str], user: User) -> list[Pill]:
    """The quick filters; pressing one that is on turns it off."""
    offered: list[tuple[str | Promise, str, str]] = [(_("Mine"), "owner", MINE)]
    if not user.is_rep:
        offered.append((_("No owner"), "owner", NOBODY))
    offered += [
        (_("Lapsing"), "phase", Account.Phase.LAPSING.value),
        (_("Archived"), "archived", "1"),
    ]
    found = []
    for label, name, value in offered:
        current = state.get(name) == value
        # A blank value is said, not left out: the list takes it as a choice and forgets what it remembered.
        other = {key: text for key, text in state.items() if key != name and text}
        query = urlencode(other | {name: "" if current else value})
        found.append(Pill(label, f"{here}?{query}", current))
    return found
