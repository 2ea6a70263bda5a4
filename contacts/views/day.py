"""A grid to log a whole day at once: for who was on the road and sits down in the evening (docs/domain.md, 5.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import Account, ContactPerson
from contacts import queue
from contacts.day_form import DayForm, DayRowForm
from contacts.forms import add_errors
from contacts.models import FollowUp
from contacts.touchpoints import log_contact
from contacts.why import why_now
from crm.look.figures import number
from crm.look.toast import toast
from crm.team.requests import Request

INVALID = 422
ROWS = 30
"""Follow-ups of the queue that stand in the grid; the others after these are logged."""
EMPTY = 5
OFFERED = 300
"""Own accounts that are offered while one types."""
_KEY = re.compile("[fn][0-9]{1,17}")
"""Of a row: f and the id of its follow-up, or n and a number."""


@require_http_methods(["GET", "HEAD", "POST"])
def day(request: Request) -> HttpResponse:
    """A row for each contact of today and some empty ones; the good rows are saved, the bad ones come back."""
    if request.method != "POST":
        form = DayForm(initial={"day": request.today})
        return _page(request, form, _rows(request))
    form = DayForm(request.POST)
    if not form.is_valid():
        return _page(request, form, _sent_rows(request), status=INVALID)
    made, bad = 0, []
    for row in _sent_rows(request):
        if not row.is_filled:
            continue
        if row.is_valid() and _log(request, row, form):
            made += 1
        else:
            bad.append(row)
    if made:
        words = ngettext("%(number)s contact is logged.", "%(number)s contacts are logged.", made)
        toast(request, words % {"number": number(made)})
    if form.errors or bad:
        return _page(request, form, _with_others(request, bad), status=INVALID, bad=len(bad))
    return redirect("contacts:day")


def _log(request: Request, row: DayRowForm, form: DayForm) -> bool:
    """Log one row, in a transaction of its own; whether it could be."""
    try:
        log_contact(
            actor=request.user,
            now=request.now,
            today=request.today,
            **row.log_values(day=form.cleaned_data["day"]),
        )
    except ValidationError as refused:
        if "day" in getattr(refused, "error_dict", {}):  # the day of all rows: said once, above them
            if not form.errors:
                form.add_error("day", refused.error_dict["day"])
        else:
            add_errors(row, refused)
        return False
    return True


def _rows(request: Request, *, but: Sequence[int] = ()) -> list[DayRowForm]:
    """The queue as it stands, without the follow-ups that are shown already, and some empty rows."""
    entries = queue.todays_queue(request.user, today=request.today).now
    ids = [entry.pk for entry in entries if entry.pk not in but][:ROWS]
    follow_ups, persons = _follow_ups(request, ids)
    reasons = {entry.pk: why_now(entry.asks, today=request.today) for entry in entries}
    rows = [
        DayRowForm(key=f"f{pk}", follow_up=follow_ups[pk], persons=persons.get(pk, ()), why=reasons[pk])
        for pk in ids
        if pk in follow_ups
    ]
    accounts = _accounts(request)
    return rows + [DayRowForm(key=f"n{n}", accounts=accounts) for n in range(EMPTY)]


def _sent_rows(request: Request) -> list[DayRowForm]:
    """The rows as they were sent; a follow-up that the user may not see is none."""
    keys = [key for key in request.POST.getlist("row") if _KEY.fullmatch(key)][: ROWS + 4 * EMPTY]
    ids = [int(key[1:]) for key in keys if key[0] == "f"]
    follow_ups, persons = _follow_ups(request, ids)
    accounts = _accounts(request)
    rows = []
    for key in dict.fromkeys(keys):
        if key[0] == "n":
            rows.append(DayRowForm(request.POST, key=key, accounts=accounts))
        elif (found := follow_ups.get(int(key[1:]))) is not None:
            rows.append(DayRowForm(request.POST, key=key, follow_up=found, persons=persons.get(found.pk, ())))
    return rows


def _with_others(request: Request, bad: list[DayRowForm]) -> list[DayRowForm]:
    """The rows that need another look, then what is still to be logged."""
    shown = [row.follow_up.pk for row in bad if row.follow_up is not None]
    taken = {row.key for row in bad}
    others = _rows(request, but=shown)
    return bad + [row for row in others if row.key not in taken]


def _follow_ups(
    request: Request, ids: Sequence[int]
) -> tuple[dict[int, FollowUp], dict[int, list[tuple[int, str]]]]:
    """The follow-ups that the user sees, and by follow-up who is at the account, the main person first. Two queries."""
    rows = FollowUp.objects.visible_to(request.user, on=request.today).filter(pk__in=ids)
    follow_ups = {row.pk: row for row in rows.select_related("account")}
    there: dict[int, list[tuple[int, str]]] = {}
    present = ContactPerson.objects.present().filter(account__in={f.account_id for f in follow_ups.values()})
    for account_id, pk, name in present.order_by("-is_main", "name", "pk").values_list(
        "account_id", "pk", "name"
    ):
        there.setdefault(account_id, []).append((pk, name))
    return follow_ups, {pk: there.get(row.account_id, []) for pk, row in follow_ups.items()}


def _accounts(request: Request) -> Any:
    return Account.objects.visible_to(request.user, on=request.today).active()


def _page(
    request: Request, form: DayForm, rows: Sequence[DayRowForm], *, status: int = 200, bad: int = 0
) -> HttpResponse:
    form.fields["day"].widget.attrs["max"] = request.today.isoformat()
    own = _accounts(request).filter(owner=request.user).order_by("-sales_12m_cents", "code")
    context = {
        "form": form,
        "rows": rows,
        "bad": bad,
        "offered": own.values_list("name", "code")[:OFFERED],
        "done": queue.done_today(request.user, today=request.today),
    }
    return render(request, "contacts/day.html", context, status=status)
