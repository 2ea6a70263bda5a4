"""The other accounts that bought a faulty product: the list, its files, and the calls put on their owners' queues."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.contrib.messages import ERROR, INFO, SUCCESS
from django.core import signing
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from complaints import outreach
from complaints.errors import ComplaintError
from complaints.models import Complaint
from complaints.views.page import find, on_a_complaint
from contacts.models import AgendaItem
from crm.lists.columns import Kind
from crm.lists.exporting import MOST, file_of
from crm.look.figures import local_date, number
from crm.look.toast import toast
from crm.team.requests import Request

ON_A_PAGE = 50
_SALT = "complaints.outreach"


def _listed(request: Request, complaint: Complaint) -> tuple[Any, list[Any]]:
    """The accounts that bought it and the user sees, and the products. Raises Http404 where it names no product."""
    products = outreach.products_of(complaint)
    if not products:
        raise Http404
    rows = outreach.buyers(products, complaint=complaint, today=request.today)
    return rows, products


@require_GET
def buyers(request: Request, pk: int) -> HttpResponse:
    """Who else bought it, largest first, and who has been told."""
    complaint = find(request, pk)
    everybody, products = _listed(request, complaint)
    seen = everybody.visible_to(request.user, on=request.today)
    tally = outreach.tally(seen, complaint=complaint)
    rows = outreach.with_news(seen, products, complaint=complaint, today=request.today)
    page = Paginator(rows.select_related("owner"), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "complaint": complaint,
        "products": ", ".join(str(one) for one in products),
        "page": page,
        "tally": tally,
        "left": tally["all"] - tally["open"] - tally["done"],
        "hidden": everybody.order_by().count() - tally["all"],
        "months": outreach.MONTHS,
        "today": request.today,
    }
    return render(request, "complaints/page/outreach.html", context)


@on_a_complaint
def ask(request: Request, complaint: Complaint) -> HttpResponse:
    """Put a call on the queue of each selected account's owner, or of all of them."""
    _listed(request, complaint)
    picked = None if request.POST.get("all") else request.POST.getlist("row")
    ids = None if picked is None else [int(one) for one in picked if one.isascii() and one.isdecimal()][:9999]
    back = redirect("complaint:outreach", complaint.pk)
    try:
        asked = outreach.ask_owners(
            complaint=complaint,
            account_ids=ids,
            actor=request.user,
            today=request.today,
            now=request.now,
        )
    except ComplaintError as error:
        toast(request, str(error), level=ERROR)
        return back
    words = [
        ngettext(
            "%(number)s call is on its owner's queue.",
            "%(number)s calls are on their owners' queues.",
            asked.asked,
        )
        % {"number": number(asked.asked)}
    ]
    if asked.standing:
        words.append(
            ngettext("%(number)s was there before.", "%(number)s were there before.", asked.standing)
            % {"number": number(asked.standing)}
        )
    if asked.nobody:
        words.append(
            ngettext(
                "%(number)s account has no owner: nobody was asked.",
                "%(number)s accounts have no owner: nobody was asked.",
                asked.nobody,
            )
            % {"number": number(asked.nobody)}
        )
    token = signing.dumps([request.user.pk, request.now.isoformat()], salt=_SALT)
    undo = reverse("complaint:outreach_undo", args=[complaint.pk, token]) if asked.asked else None
    toast(request, " ".join(words), undo, level=SUCCESS if asked.asked else INFO)
    return back


@on_a_complaint
def undo(request: Request, complaint: Complaint, token: str) -> HttpResponse:
    """Take the calls of one act back, where nobody has touched them."""
    back = redirect("complaint:outreach", complaint.pk)
    try:
        user_id, asked_at = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        user_id = None
    if user_id != request.user.pk:
        toast(request, _("This cannot be undone."), level=ERROR)
        return back
    taken = outreach.take_back(
        complaint=complaint,
        asked_at=dt.datetime.fromisoformat(asked_at),
        actor=request.user,
        today=request.today,
        now=request.now,
    )
    words = ngettext("%(number)s call was taken back.", "%(number)s calls were taken back.", taken)
    toast(request, words % {"number": number(taken)})
    return back


@require_GET
def export(request: Request, pk: int, form: str) -> HttpResponseBase:
    """The list as a file, all pages of it. Raises Http404 for another form."""
    complaint = find(request, pk)
    everybody, products = _listed(request, complaint)
    if form not in MOST:
        raise Http404
    seen = everybody.visible_to(request.user, on=request.today)
    if seen.order_by()[: MOST[form] + 1].count() > MOST[form]:
        words = _("A file takes %(number)s rows and this list has more.")
        toast(request, words % {"number": number(MOST[form])}, level=ERROR)
        return redirect("complaint:outreach", pk)
    rows = outreach.with_news(seen, products, complaint=complaint, today=request.today)
    heads = [
        (_("Code"), Kind.TEXT), (_("Account"), Kind.TEXT), (_("Sales rep"), Kind.TEXT), (_("Tier"), Kind.TEXT),
        (_("Sales, 12 months"), Kind.MONEY), (_("Bought last"), Kind.DAY), (_("Complains itself"), Kind.YES),
        (_("Told"), Kind.TEXT), (_("on"), Kind.DAY),
    ]  # fmt: skip
    return file_of(
        form,
        name=f"{complaint.number}-buyers-{request.today:%Y-%m-%d}",
        title=_("Who else bought it"),
        heads=heads,
        rows=_lines(rows),
    )


def _lines(rows: Any) -> Iterator[list[Any]]:
    states = {
        AgendaItem.State.OPEN: _("on the queue"),
        AgendaItem.State.DONE: _("told"),
        AgendaItem.State.SKIPPED: _("skipped"),
    }
    fields = (
        "code", "name", "owner__name", "tier", "sales_12m_cents", "bought_on", "complained", "outreach",
        "outreach_on",
    )  # fmt: skip
    for *values, complained, state, closed in rows.values_list(*fields).iterator(chunk_size=2000):
        told = states.get(state, "")
        yield [
            *values,
            complained,
            told,
            local_date(closed) if closed else None,
        ]
