"""Spreading what is overdue in a portfolio over some weeks: seen first, done in one act, taken back in one."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from contacts import restarting
from contacts.models import FollowUp, Restart
from contacts.restarting import MOST_WEEKS
from crm.look.figures import number
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request

NAMED = 5
"""Of the follow-ups of one day so many are named."""


@require_http_methods(["GET", "POST"])
def restart(request: Request, pk: int) -> HttpResponse:
    """Which day each overdue follow-up would get; a POST gives it."""
    owner = get_object_or_404(User, pk=pk)
    if not restarting.may_restart(request.user, owner, on=request.today):
        raise Http404
    is_own = owner == request.user
    back = reverse("contacts:today") if is_own else reverse("contacts:workload_rep", args=[pk])
    late = list(restarting.overdue(owner, request.today).values_list("minutes", flat=True))
    asked = request.POST.get("weeks") or request.GET.get("weeks") or ""
    weeks = int(asked) if asked.isdecimal() and 1 <= int(asked) <= MOST_WEEKS else suggested(owner, late)
    if request.method == "POST":
        try:
            done = restarting.restart(
                owner=owner, weeks=weeks, actor=request.user, today=request.today, now=request.now
            )
        except restarting.Refused as refused:
            toast(request, str(refused), level=messages.ERROR)
        else:
            words = ngettext(
                "Spread: %(number)s follow-up.", "Spread: %(number)s follow-ups.", len(done.moves)
            ) % {"number": number(len(done.moves))}
            toast(request, words, reverse("contacts:restart_undo", args=[done.pk]))
        return redirect(back)
    refusal, days = "", defaultdict[dt.date, list[FollowUp]](list)
    try:
        for follow_up, day in restarting.preview(owner, weeks, request.today):
            days[day].append(follow_up)
    except restarting.Refused as refused:
        refusal = str(refused)
    context = {
        "owner": owner,
        "is_own": is_own,
        "late": len(late),
        "weeks": weeks,
        "most_weeks": MOST_WEEKS,
        "refusal": refusal,
        "back": back,
        "days": [
            (day, sum(one.minutes for one in rows), len(rows), rows[:NAMED], max(0, len(rows) - NAMED))
            for day, rows in sorted(days.items())
        ],
        "recent": Restart.objects.filter(owner=owner, undone_at=None).select_related("actor")[:3],
    }
    return render(request, "contacts/restart.html", context)


def suggested(owner: User, late: list[int]) -> int:
    """In how many weeks what is overdue takes a fourth of the owner's hours; 1 to MOST_WEEKS."""
    fourth = owner.weekly_contact_minutes / 4 or 1
    return min(MOST_WEEKS, max(1, math.ceil(sum(late) / fourth)))


@require_POST
def restart_undo(request: Request, pk: int) -> HttpResponse:
    """Give the follow-ups that nobody touched since their day back."""
    done = get_object_or_404(Restart.objects.select_related("owner"), pk=pk)
    if not restarting.may_restart(request.user, done.owner, on=request.today):
        raise Http404
    try:
        back = restarting.undo_restart(done=done, actor=request.user, today=request.today, now=request.now)
    except restarting.CannotUndo as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        words = ngettext(
            "%(number)s follow-up has its day back.",
            "%(number)s follow-ups have their day back.",
            back.restored,
        ) % {"number": number(back.restored)}
        if back.left:
            words += " " + _("The others were touched since and stay as they are.")
        toast(request, words, level=messages.WARNING if back.left else messages.SUCCESS)
    if target := asked_from(request):
        return redirect(target)
    return redirect("contacts:restart", done.owner_id)
