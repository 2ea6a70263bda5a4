"""The week: follow-ups by day, moved by drag, by key or by a form (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib.messages import ERROR
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Account, Channel
from contacts.follow_ups import Act, plan_visit, reschedule
from contacts.forms import MoveForm, add_errors
from contacts.models import FollowUp
from contacts.same_city import same_city
from contacts.views.returning import back_to
from contacts.week import (
    WEEK,
    daily_share,
    minutes_by_day,
    monday_of,
    read_week,
    reasons_off,
    week_name,
    weeks_seen,
)
from crm.look.figures import day as day_words
from crm.look.toast import toast
from crm.team.calendars import ONE_DAY, calendar_of, days
from crm.team.models import User
from crm.team.requests import Request
from crm.team.visibility import standing

INVALID = 422
OFFERED = 10
"""Days that the form offers to move to, before any other day."""


@require_GET
def week(request: Request) -> HttpResponse:
    """Monday to Friday of the user's own follow-ups, or of somebody for whom the user answers."""
    answer = render(request, "contacts/week.html", _week(request, _member(request)) | _people(request))
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _member(request: Request) -> User:
    """Whose week: the user's own, or that of `who`; 404 where the user may not look at it."""
    who = request.GET.get("who", "")
    if not who or who == str(request.user.pk):
        return request.user
    return get_object_or_404(weeks_seen(request.user, on=request.today), pk=_number(who))


def _week(request: Request, member: User) -> dict[str, Any]:
    monday = monday_of(request.GET.get("week", ""), today=request.today)
    shown = read_week(member, viewer=request.user, monday=monday, today=request.today)
    who = f"&who={member.pk}" if member.pk != request.user.pk else ""
    return {
        "week": shown,
        "friday": monday + 4 * ONE_DAY,
        "who": who,
        "query": f"?week={week_name(monday)}{who}",
        "is_own": member.pk == request.user.pk,
        "this_week": monday <= request.today < monday + WEEK,
    }


def _people(request: Request) -> dict[str, Any]:
    """Whom one may choose; nobody where there is only oneself."""
    view = standing(request.user, on=request.today)
    if not (request.user.is_admin or view.led_team_ids or len(view.owner_ids) > 1):
        return {"people": []}
    return {"people": weeks_seen(request.user, on=request.today).exclude(pk=request.user.pk)}


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: Request, pk: int) -> HttpResponse:
    """Put a follow-up on another day and keep its time; GET asks for the day, as a dialog or as a page."""
    rows = FollowUp.objects.acted_on_by(request.user, on=request.today)
    moved = get_object_or_404(rows.select_related("account", "assignee"), pk=pk)
    dragged = bool(request.htmx)
    form = MoveForm(request.POST or None, initial={"day": max(moved.day, request.today)})
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["day"]
        try:
            act = reschedule(
                follow_up=moved,
                day=day,
                time=moved.time,
                actor=request.user,
                today=request.today,
                now=request.now,
            )
        except ValidationError as refused:
            add_errors(form, refused)
        else:
            words = _("%(account)s: moved to %(day)s.") % {
                "account": moved.account.name,
                "day": day_words(day, request.today),
            }
            text = f"{words} {act.warning}" if act.warning else words
            toast(request, text, reverse("contacts:undo", args=[act.undo]))
            return _board(request) if dragged else redirect(_back(request))
    if request.method == "POST" and dragged:
        toast(
            request, " ".join(str(words) for errors in form.errors.values() for words in errors), level=ERROR
        )
        return _board(request)
    context = {
        "follow_up": moved,
        "form": form,
        "offered": _offered(request, moved.assignee),
        "query": _query(request),
        "back": _back(request),
    }
    template = "contacts/move_dialog.html" if dragged else "contacts/move.html"
    answer = render(request, template, context, status=INVALID if form.errors else 200)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _board(request: Request) -> HttpResponse:
    """The week as it stands now, with what is to be said."""
    return render(request, "contacts/week_answer.html", _week(request, _member(request)))


def _query(request: Request) -> str:
    """What of the week's address goes along: which week, and whose."""
    kept = {name: request.GET[name] for name in ("week", "who") if name in request.GET}
    return f"?{urlencode(kept)}" if kept else ""


def _back(request: Request) -> str:
    return reverse("contacts:week") + _query(request)


def _offered(request: Request, member: User) -> list[dict[str, Any]]:
    """The next working days of the shown week and after it, each with how full it is."""
    monday = monday_of(request.GET.get("week", ""), today=request.today)
    first = max(monday, request.today)
    last = first + 2 * WEEK
    calendar = calendar_of(member)
    minutes = minutes_by_day(member, viewer=request.user, first=first, last=last, today=request.today)
    off = reasons_off(member, calendar, first, last, viewer=request.user)
    working: list[dt.date] = [day for day in days(first, last) if day not in off]
    share = daily_share(member)
    return [
        {"day": day, "minutes": minutes.get(day, 0), "share": share, "full": minutes.get(day, 0) > share}
        for day in working[:OFFERED]
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def nearby(request: Request, pk: int) -> HttpResponse:
    """Who else is in the city of a visit; POST makes a visit to one of them part of the same day."""
    rows = FollowUp.objects.acted_on_by(request.user, on=request.today)
    visit = get_object_or_404(rows.select_related("account", "assignee"), pk=pk)
    back = back_to(request, reverse("contacts:follow_up", args=[visit.pk]))
    if request.method == "POST":
        try:
            account, act = _join(request, visit)
        except ValidationError as refused:
            toast(request, " ".join(refused.messages), level=ERROR)
            return redirect(back)
        words = _("%(account)s: visit on %(day)s.") % {
            "account": account.name,
            "day": day_words(max(visit.day, request.today), request.today),
        }
        text = f"{words} {act.warning}" if act.warning else words
        toast(request, text, reverse("contacts:undo", args=[act.undo]))
        return redirect(back)
    context = {
        "opened": visit,
        "visit_day": max(visit.day, request.today),
        "neighbours": same_city(visit, viewer=request.user, today=request.today),
        "back": _back(request),
    }
    template = "contacts/nearby_dialog.html" if request.htmx else "contacts/nearby.html"
    answer = render(request, template, context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _join(request: Request, visit: FollowUp) -> tuple[Account, Act]:
    """Move the follow-up that was picked to the day of the visit, or plan a visit to the account that was picked."""
    user, today, now = request.user, request.today, request.now
    day = max(visit.day, today)
    if picked := _number(request.POST.get("follow_up")):
        rows = FollowUp.objects.acted_on_by(user, on=today).select_related("account")
        moved = get_object_or_404(rows, pk=picked)
        if moved.state == FollowUp.State.BOOKED:
            raise ValidationError(_("It is booked: agree another day with them first."))
        act = reschedule(
            follow_up=moved, day=day, time=None, channel=Channel.VISIT, actor=user, today=today, now=now
        )
        return moved.account, act
    accounts = Account.objects.visible_to(user, on=today).active().filter(owner=visit.assignee_id)
    account = get_object_or_404(accounts, pk=_number(request.POST.get("account")))
    act = plan_visit(
        account=account,
        day=day,
        minutes=visit.minutes,
        assignee=visit.assignee,
        actor=user,
        today=today,
        now=now,
    )
    return account, act


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0
