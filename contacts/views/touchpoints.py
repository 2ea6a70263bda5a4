"""Contacts without a follow-up ("they rang me"), correcting and taking back what was logged, promises (5.4, 7)."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import ERROR
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.alerts import alerts_of
from accounts.models import Account, Channel
from contacts.follow_ups import break_promise, keep_promise
from contacts.forms import ContactForm, LogForm, add_errors
from contacts.models import Promise, Touchpoint
from contacts.touchpoints import correct_touchpoint, delete_touchpoint, log_contact, restore_touchpoint
from contacts.views import device
from contacts.views.returning import back_to, say_logged
from contacts.wishes import cautions, wishes_of
from crm.look.toast import toast
from crm.team.requests import Request

INVALID = 422
FOUND = 20
MINUTES = 10
"""What a call that nobody planned usually takes."""


@require_GET
def log_search(request: Request) -> HttpResponse:
    """Whose contact is to be logged: a search over the accounts one sees."""
    words = request.GET.get("q", "").strip()
    accounts = Account.objects.visible_to(request.user, on=request.today).active()
    found = accounts.search(words).order_by("-sales_12m_cents", "code") if words else accounts.none()
    return render(request, "contacts/log_search.html", {"q": words, "found": found[:FOUND]})


@device.kept_on_device
@require_http_methods(["GET", "HEAD", "POST"])
def log_account(request: Request, pk: int) -> HttpResponse:
    """Log a contact with an account that no follow-up asked for; leads to the account's timeline."""
    account = get_object_or_404(
        Account.objects.visible_to(request.user, on=request.today).select_related("owner"), pk=pk
    )
    if (stop := device.of_somebody_else(request)) is not None:
        return stop
    form = LogForm(
        request.POST or None,
        account=account,
        today=request.today,
        cautions=cautions(wishes_of(account.pk, None)),
        initial={
            "minutes": MINUTES,
            "channel": Channel.PHONE,
            "direction": Touchpoint.Direction.IN,
            "next_channel": Channel.PHONE,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            touchpoint = log_contact(
                actor=request.user,
                account=account,
                now=request.now,
                today=request.today,
                **form.log_values(),
            )
        except ValidationError as refused:
            add_errors(form, refused)
        else:
            say_logged(request, touchpoint, last=form.against_wishes())
            return device.logged(request, touchpoint, to=_timeline(account))
    if request.method == "POST" and device.asks_for_json(request):
        return device.refused(form)
    status = INVALID if form.errors else 200
    alerts = alerts_of(account, user=request.user, today=request.today, now=request.now)
    context = {"account": account, "form": form, "alerts": alerts}
    return render(request, "contacts/log_account.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def touchpoint(request: Request, pk: int) -> HttpResponse:
    """Correct a contact that was logged: one's own entry, or as a manager any one sees."""
    logged = _correctable(request, pk)
    seen = Account.objects.visible_to(request.user, on=request.today).filter(pk=logged.account_id).exists()
    account = logged.account if seen else None
    now = {
        name: getattr(logged, name) for name in ("outcome", "minutes", "channel", "direction", "day", "note")
    }
    if seen:
        now["persons"] = list(logged.persons.values_list("pk", flat=True))
    form = ContactForm(request.POST or None, account=account, today=request.today, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            correct_touchpoint(
                touchpoint=logged,
                actor=request.user,
                now=request.now,
                today=request.today,
                **form.values(),
            )
        except ValidationError as refused:
            add_errors(form, refused)
        else:
            toast(request, _("Corrected."))
            return redirect(back_to(request, _timeline(account)))
    context: dict[str, Any] = {
        "touchpoint": logged,
        "account": account,
        "form": form,
        "back": _timeline(account),
    }
    return render(request, "contacts/touchpoint.html", context, status=INVALID if form.errors else 200)


@require_POST
def touchpoint_delete(request: Request, pk: int) -> HttpResponse:
    """Take a logged contact back; its toast brings it again."""
    logged = _correctable(request, pk)
    back = delete_touchpoint(touchpoint=logged, actor=request.user, now=request.now, today=request.today)
    text = _("Taken back: the contact no longer counts.")
    if back.kept:
        text += " " + _("What was changed since stays: %(words)s.") % {"words": ", ".join(back.kept)}
    toast(request, text, reverse("contacts:touchpoint_restore", args=[logged.pk]))
    came_from = back_to(request, reverse("contacts:today"))
    today = reverse("contacts:today")
    if back.reopened is not None and came_from.startswith(today):
        return redirect("contacts:follow_up", back.reopened.pk)
    # The page of the contact itself is gone.
    return redirect(
        today if came_from.startswith(reverse("contacts:touchpoint", args=[logged.pk])) else came_from
    )


@require_POST
def touchpoint_restore(request: Request, pk: int) -> HttpResponse:
    """Bring back a contact that was taken back."""
    logged = _correctable(request, pk, deleted=True)
    restore_touchpoint(touchpoint=logged, actor=request.user, now=request.now, today=request.today)
    toast(
        request,
        _("The contact counts again."),
        reverse("contacts:touchpoint_delete", args=[logged.pk]),
    )
    return redirect(back_to(request, reverse("contacts:today")))


def _correctable(request: Request, pk: int, *, deleted: bool = False) -> Touchpoint:
    """A touchpoint the user may correct, or 404. One that was taken back is found for its undo alone."""
    rows = Touchpoint.objects.correctable_by(request.user, on=request.today)
    if not deleted and request.method != "POST":
        rows = rows.live()
    return get_object_or_404(rows.select_related("account__owner", "user"), pk=pk)


def _timeline(account: Account | None) -> str:
    if account is None:
        return reverse("contacts:today")
    return reverse("accounts:tab", args=[account.pk, "timeline"])


@require_POST
def promise_keep(request: Request, pk: int) -> HttpResponse:
    """We did what we promised."""
    return _close_promise(request, pk, keep_promise, _("Kept: %(words)s."))


@require_POST
def promise_break(request: Request, pk: int) -> HttpResponse:
    """We shall not do what we promised."""
    return _close_promise(request, pk, break_promise, _("Broken: %(words)s."))


def _close_promise(request: Request, pk: int, do: Any, words: str) -> HttpResponse:
    rows = Promise.objects.acted_on_by(request.user, on=request.today)
    promise = get_object_or_404(rows.select_related("account"), pk=pk)
    came_from = back_to(request, promise.account.get_absolute_url())
    try:
        act = do(promise=promise, actor=request.user, today=request.today, now=request.now)
    except ValidationError as refused:
        toast(request, " ".join(refused.messages), level=ERROR)
        return redirect(came_from)
    toast(request, words % {"words": promise.words}, reverse("contacts:undo", args=[act.undo]))
    return redirect(came_from)
