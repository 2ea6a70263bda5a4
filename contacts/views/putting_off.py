"""What is done with a follow-up beside making the contact: put off, left out, handed over (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contacts import queue
from contacts.brief import brief_of
from contacts.follow_ups import Act, hand_over_follow_up, reschedule, skip, snooze
from contacts.forms import HandOverForm, RescheduleForm, SkipForm, SnoozeForm, add_errors
from contacts.models import FollowUp
from contacts.views.today import INVALID, filtered, kept_query, next_url
from crm.look.figures import day as day_words
from crm.look.toast import toast
from crm.team.requests import Request


def _act_page(
    request: Request, opened: FollowUp, form: forms.Form, act: str, *, status: int = 200
) -> HttpResponse:
    """The plain page of a dialog: for who has no script, and for what was refused."""
    brief = brief_of(opened, user=request.user, today=request.today, now=request.now)
    context = {"follow_up": opened, "form": form, "act": act, "brief": brief, "query": kept_query(request)}
    template = (
        "contacts/hand_over_dialog.html" if request.htmx and act == "hand_over" else "contacts/put_off.html"
    )
    answer = render(request, template, context, status=status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _put_off(
    request: Request, pk: int, act: str, form_class: type[forms.Form], do: Any, words: Any
) -> HttpResponse:
    rows = FollowUp.objects.acted_on_by(request.user, on=request.today)
    opened = get_object_or_404(rows.select_related("account__owner", "assignee", "person"), pk=pk)
    given: dict[str, Any] = {"follow_up": opened} if form_class is HandOverForm else {}
    if request.method != "POST":
        form = (
            RescheduleForm.of(opened, today=request.today)
            if form_class is RescheduleForm
            else form_class(**given)
        )
        return _act_page(request, opened, form, act)
    form = form_class(request.POST, **given)
    before = filtered(request, queue.todays_queue(request.user, today=request.today))
    if form.is_valid():
        try:
            done: Act = do(
                follow_up=opened,
                actor=request.user,
                today=request.today,
                now=request.now,
                **form.cleaned_data,
            )
        except ValidationError as refused:
            add_errors(form, refused)
        else:
            said = words(form.cleaned_data, opened)
            text = f"{said} {done.warning}" if done.warning else said
            toast(request, text, reverse("contacts:undo", args=[done.undo]))
            return redirect(next_url(request, opened, before))
    return _act_page(request, opened, form, act, status=INVALID)


@require_http_methods(["GET", "HEAD", "POST"])
def snoozing(request: Request, pk: int) -> HttpResponse:
    """Keep a follow-up off Today until a day."""

    def words(given: dict[str, Any], opened: FollowUp) -> str:
        return _("%(account)s: snoozed until %(day)s.") % {
            "day": _day(given["until"], request),
            "account": opened.account.name,
        }

    return _put_off(request, pk, "snooze", SnoozeForm, snooze, words)


@require_http_methods(["GET", "HEAD", "POST"])
def rescheduling(request: Request, pk: int) -> HttpResponse:
    """Put a follow-up on another day, or book it at a time."""

    def words(given: dict[str, Any], opened: FollowUp) -> str:
        said = _("%(account)s: booked for %(day)s.") if given["time"] else _("%(account)s: moved to %(day)s.")
        return said % {"day": _day(given["day"], request), "account": opened.account.name}

    return _put_off(request, pk, "reschedule", RescheduleForm, reschedule, words)


@require_http_methods(["GET", "HEAD", "POST"])
def skipping(request: Request, pk: int) -> HttpResponse:
    """Leave a contact out, with a reason."""

    def words(given: dict[str, Any], opened: FollowUp) -> str:
        return _("%(account)s: skipped.") % {"account": opened.account.name}

    return _put_off(request, pk, "skip", SkipForm, skip, words)


@require_http_methods(["GET", "HEAD", "POST"])
def handing_over(request: Request, pk: int) -> HttpResponse:
    """Give one contact to a colleague."""

    def words(given: dict[str, Any], opened: FollowUp) -> str:
        return _("%(account)s: handed over to %(name)s.") % {
            "account": opened.account.name,
            "name": given["receiver"].name,
        }

    return _put_off(request, pk, "hand_over", HandOverForm, hand_over_follow_up, words)


def _day(day: dt.date, request: Request) -> str:
    return day_words(day, request.today)
