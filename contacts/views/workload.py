"""The workload of reps in the coming weeks, and what relieves it; for managers and admins (docs/domain.md, 5.3)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import bulk
from accounts.models import Account
from contacts import forecast, restarting, rules
from contacts import workload as workloads
from contacts.capacity import IDLE, WEEKS, RepWeeks, mondays
from contacts.intervals import MOST_DAYS
from contacts.models import ContactRule
from contacts.planning.levelling import BUSY, FULL
from contacts.rule_effects import effect
from contacts.tasks import ask_for_planning
from contacts.views.rule_effects import shown
from crm.look.figures import number
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request


def _cells(rep: RepWeeks, *, after: bool = False) -> list[dict[str, Any]]:
    """Each week of a rep as the heat table shows it."""
    asked = rep.after if after else rep.before
    return [
        {
            "monday": monday,
            "asked": minutes,
            "room": room,
            "percent": round(100 * minutes / room) if room else None,
            "missing": max(0, minutes - room),
            "use": state,
        }
        for monday, minutes, room, state in zip(
            rep.weeks, asked, rep.capacity, rep.uses if after else rep.uses_before, strict=True
        )
    ]


def _rep(request: Request, pk: int) -> User:
    return get_object_or_404(workloads.seen_by(request.user, on=request.today), pk=pk)


MARKS = {"busy": BUSY, "full": FULL, "idle": IDLE, "weeks": WEEKS}


@require_GET
def workload(request: Request) -> HttpResponse:
    """Everybody's coming weeks, the fullest first."""
    if not (request.user.is_manager or request.user.is_admin):
        raise Http404
    people = list(workloads.seen_by(request.user, on=request.today))
    reps = workloads.weeks_of(people, request.today)
    context = {
        "rows": [(rep, _cells(rep)) for rep in reps],
        "mondays": mondays(request.today),
        "overfull": sum("over" in rep.uses for rep in reps),
        "under": sum(rep.uses.count("idle") >= WEEKS / 2 for rep in reps),
        **MARKS,
    }
    return render(request, "contacts/workload.html", context)


@require_GET
def workload_rep(request: Request, pk: int) -> HttpResponse:
    """One rep: which weeks lack how much, which rules ask for it, and what would relieve it."""
    owner = _rep(request, pk)
    stored = forecast.in_force(request.today)
    found = forecast.forecast(stored, today=request.today, owners=[owner.pk])
    rep = workloads.rep_weeks([owner], found, request.today)[0]
    asked = workloads.asking(rep, found, stored)
    late = restarting.overdue(owner, request.today).count()
    colleagues = workloads.colleagues(owner, request.user, request.today)
    context = {
        "rep": rep,
        "cells": _cells(rep),
        "asking": [(one, rules.sentence(one.rule)) for one in asked],
        "most": max((one.minutes for one in asked), default=1),
        "stretchable": [(one, rules.sentence(one.rule)) for one in asked if one.can_stretch][
            : workloads.STRETCHED
        ],
        "colleagues": [(one, workloads.spare(one)) for one in colleagues],
        "enough": workloads.enough(rep, request.user, request.today),
        "late": late,
        **MARKS,
    }
    return render(request, "contacts/workload_rep.html", context)


@require_http_methods(["GET", "POST"])
def stretch(request: Request, pk: int, rule_pk: int) -> HttpResponse:
    """What another interval of the rule would do to everybody, then giving it that; for admins, as all rules are."""
    if not request.user.is_admin:
        raise Http404
    owner = _rep(request, pk)
    cadences = ContactRule.objects.cadences().prefetch_related("product_lines")
    rule = get_object_or_404(cadences, pk=rule_pk)
    before = rule.every_days or 1
    days = _within(request.POST.get("days") or request.GET.get("days"), 1, MOST_DAYS, before)
    if request.method == "POST":
        try:
            workloads.stretch(rule=rule, every_days=days, actor=request.user, now=request.now)
        except ValidationError as refused:
            toast(request, " ".join(refused.messages), level=messages.ERROR)
        else:
            ask_for_planning(reason=f"rule:{rule.pk}", now=request.now, started_by=request.user)
            undo = reverse("contacts:stretch_undo", args=[rule.pk, before, days])
            toast(request, _("Saved: %(rule)s.") % {"rule": rules.sentence(rule)}, undo)
        return redirect("contacts:workload_rep", pk)
    stored = forecast.in_force(request.today)
    sentence = rules.sentence(rule)
    rule.every_days = days
    after = forecast.with_rule(stored, rule, rule.product_lines.all())
    context = {
        "owner": owner,
        "rule": rule,
        "days": days,
        "before": before,
        "sentence": sentence,
        **shown(effect(stored, after, rule.pk, request.today)),
    }
    return render(request, "contacts/workload_stretch.html", context)


@require_POST
def stretch_undo(request: Request, rule_pk: int, before: int, after: int) -> HttpResponse:
    """Give the rule its interval back, unless somebody has given it another since."""
    if not request.user.is_admin:
        raise Http404
    rule = get_object_or_404(ContactRule.objects.cadences(), pk=rule_pk)
    if rule.every_days != after or not 1 <= before <= MOST_DAYS:
        toast(request, _("Somebody has changed this since; it stays as it is."), level=messages.ERROR)
    else:
        workloads.stretch(rule=rule, every_days=before, actor=request.user, now=request.now)
        ask_for_planning(reason=f"rule:{rule.pk}", now=request.now, started_by=request.user)
        toast(request, _("Undone: %(rule)s.") % {"rule": rules.sentence(rule)})
    return redirect("contacts:workload")


@require_http_methods(["GET", "POST"])
def move(request: Request, pk: int, to: int) -> HttpResponse:
    """Which accounts would go to the colleague and what it does to both; then giving them."""
    owner = _rep(request, pk)
    allowed = bulk.owners_to_give(request.user, on=request.today).exclude(pk=pk)
    receiver = get_object_or_404(allowed, pk=to)
    if request.method == "POST":
        picked = [int(row) for row in request.POST.getlist("row") if row.isdecimal()]
        return _give(request, owner, receiver, picked)
    asked = _within(request.GET.get("number"), 1, 500, 10)
    found = workloads.move(owner, receiver, number=asked, actor=request.user, today=request.today)
    context = {
        "owner": owner,
        "receiver": receiver,
        "number": asked,
        "found": found,
        "sides": [(rep, _cells(rep), _cells(rep, after=True)) for rep in (found.giver, found.receiver)],
        **MARKS,
    }
    return render(request, "contacts/workload_move.html", context)


def _give(request: Request, owner: User, receiver: User, picked: list[int]) -> HttpResponse:
    """Give those of the picked accounts that are the owner's still."""
    try:
        done = bulk.act_on_many(
            kind=bulk.Kind.OWNER,
            value=receiver.pk,
            accounts=Account.objects.visible_to(request.user, on=request.today).filter(
                pk__in=picked, owner=owner
            ),
            actor=request.user,
            today=request.today,
            now=request.now,
        )
    except bulk.Refused as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        words = ngettext(
            "%(number)s account went to %(name)s.", "%(number)s accounts went to %(name)s.", done.changed
        ) % {"number": number(done.changed), "name": receiver}
        undo = reverse("upkeep:bulk_undo", args=[done.act.pk]) if done.act else None
        toast(request, words, undo)
    return redirect("contacts:workload_rep", owner.pk)


def _within(text: str | None, least: int, most: int, otherwise: int) -> int:
    """The number in the text, kept between the two; `otherwise` where it is none."""
    return min(max(int(text), least), most) if text and text.isdecimal() else otherwise
