"""Absences: the team calendar, entering and changing one, what is wrong with it and what falls into it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.messages import ERROR
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.look.toast import toast
from crm.team import absences, calendars
from crm.team.absences import days_in_words
from crm.team.forms import AbsenceForm, MinutesForm
from crm.team.models import Absence, Team, User
from crm.team.requests import Request
from crm.team.team_calendar import monday_of, team_calendar
from crm.team.undo import CannotUndo
from crm.team.visibility import led_team_ids
from crm.team.work_in_absences import Work, work_in, work_words
from crm.team.working_time import set_working_time

INVALID = 422
SHOWN_BACK = dt.timedelta(days=30)
"""So long an absence stays in the list after its last day."""
NO_TEAM = "none"


@dataclass(frozen=True)
class Row:
    """One absence of the list. `kept`: whether the user may change it, and sees its reason."""

    absence: Absence
    days: str
    kept: bool
    over: bool
    warnings: Sequence[str]
    work: str


# The page -----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def absence_list(request: Request) -> HttpResponse:
    """The team calendar, the absences of its people, and a form to enter one."""
    user = request.user
    if request.method != "POST":
        return _page(request, AbsenceForm(keeper=user, today=request.today))
    form = AbsenceForm(request.POST, keeper=user, today=request.today)
    if not form.is_valid():
        return _page(request, form, status=INVALID)
    given = form.cleaned_data
    absence, undo_token = absences.enter_absence(**given, actor=user, today=request.today, now=request.now)
    words = _("Entered: %(name)s is away %(days)s.")
    _say(request, words, absence, undo_token)
    return redirect(_back(request))


def _page(request: Request, form: AbsenceForm, *, status: int = 200) -> HttpResponse:
    user, today = request.user, request.today
    teams, chosen = _teams(request)
    people = list(_of_team(absences.seen_people(user), chosen).select_related("team"))
    seen = list(
        _of_team(absences.seen_absences(user), chosen, "user__")
        .filter(last_day__gte=min(today - SHOWN_BACK, monday_of(today)))
        .order_by("first_day", "pk")
    )
    context = {
        "form": form,
        "calendar": team_calendar(people, seen, today=today),
        "rows": _rows(seen, user, people, today),
        "teams": teams,
        "chosen": chosen,
        "led": led_team_ids(user),
        "query": f"?team={chosen}" if chosen and len(teams) > 1 else "",
    }
    return render(request, "team/absences.html", context, status=status)


def _teams(request: Request) -> tuple[list[tuple[str, str]], str]:
    """The teams whose calendar may be chosen, as (value, name), and the one chosen; "" is all that the user sees."""
    user = request.user
    if user.is_admin:
        teams = [(str(pk), name) for pk, name in Team.objects.values_list("pk", "name")]
        if User.objects.filter(team__isnull=True, is_active=True).exists():
            teams.append((NO_TEAM, _("No team")))
    elif user.is_manager:
        seen = led_team_ids(user) | ({user.team_id} if user.team_id else set())
        teams = [(str(pk), name) for pk, name in Team.objects.filter(pk__in=seen).values_list("pk", "name")]
    else:
        return [], ""
    values = [value for value, _name in teams]
    asked = request.GET.get("team", "")
    if asked in values:
        return teams, asked
    # An admin's company may have five hundred people: one team at a time.
    return teams, values[0] if user.is_admin and values else ""


def _of_team(rows: Any, chosen: str, prefix: str = "") -> Any:
    if not chosen:
        return rows
    if chosen == NO_TEAM:
        return rows.filter(**{f"{prefix}team__isnull": True})
    return rows.filter(**{f"{prefix}team": int(chosen)})


def _rows(seen: Sequence[Absence], user: User, people: Sequence[User], today: dt.date) -> list[Row]:
    ahead = [absence for absence in seen if absence.last_day >= today]
    near = list(absences.that_may_touch(ahead))
    kept = [absence for absence in ahead if absences.keeps(user, absence.user)]
    work = dict(zip((a.pk for a in kept), work_in(kept, today=today), strict=True)) if kept else {}
    known = calendars.calendars_of({a.user_id: a.user for a in kept}.values()) if kept else {}
    rows = []
    for absence in seen:
        mine = absences.keeps(user, absence.user)
        over = absence.last_day < today
        rows.append(
            Row(
                absence=absence,
                days=days_in_words(absence.first_day, absence.last_day, today),
                kept=mine,
                over=over,
                warnings=absences.warnings(absence, near, today=today) if mine and not over else (),
                work=work_words(
                    work.get(absence.pk, Work()), absence, calendar=known.get(absence.user_id), today=today
                ),
            )
        )
    return sorted(rows, key=lambda row: row.over)


@require_GET
def preview(request: Request) -> HttpResponse:
    """For the form while it is filled in: what would be wrong, and what falls into it. Nothing is written."""
    user, today = request.user, request.today
    changed = None
    if request.GET.get("absence", "").isdigit():
        changed = absences.kept_absences(user).filter(pk=request.GET["absence"]).first()
    form = AbsenceForm(request.GET, keeper=user, today=today, absence=changed)
    context: dict[str, Any] = {}
    if form.is_valid():
        given = form.cleaned_data
        absence = Absence(
            pk=changed.pk if changed else None,
            **{name: given[name] for name in ("user", "first_day", "last_day", "substitute")},
        )
        work = work_in([absence], today=today)[0]
        calendar = calendars.calendars_of([absence.user])[absence.user.pk]
        context = {
            "warnings": absences.warnings(absence, absences.that_may_touch([absence]), today=today),
            "work": work_words(work, absence, calendar=calendar, today=today),
            "ready": True,
        }
    elif request.GET.get("first_day") and (
        errors := form.errors.get("last_day") or form.errors.get("first_day")
    ):
        context = {"warnings": errors}
    return render(request, "team/absence_preview.html", context)


# One absence --------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def absence(request: Request, pk: int) -> HttpResponse:
    """One absence, to be changed by who keeps it."""
    user, today = request.user, request.today
    found = get_object_or_404(absences.kept_absences(user), pk=pk)
    form = AbsenceForm(request.POST or None, keeper=user, today=today, absence=found)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "user"}
        changed, undo_token = absences.change_absence(
            absence=found, **given, actor=user, today=today, now=request.now
        )
        _say(request, _("Changed: %(name)s is away %(days)s."), changed, undo_token)
        return redirect("absences:list")
    status = INVALID if form.errors else 200
    return render(request, "team/absence.html", {"form": form, "absence": found}, status=status)


@require_POST
def absence_delete(request: Request, pk: int) -> HttpResponse:
    """Delete one absence; Undo writes it again."""
    found = get_object_or_404(absences.kept_absences(request.user), pk=pk)
    undo_token = absences.remove_absence(
        absence=found, actor=request.user, today=request.today, now=request.now
    )
    _say(request, _("Deleted: %(name)s, %(days)s."), found, undo_token)
    return redirect(_back(request))


@require_POST
def undo(request: Request, token: str) -> HttpResponse:
    """Take back an absence that was entered, changed or deleted."""
    try:
        absences.undo_absence(token=token, actor=request.user, today=request.today, now=request.now)
    except CannotUndo as refused:
        toast(request, str(refused), level=ERROR)
    else:
        toast(request, _("Undone."))
    return redirect(_back(request))


def _say(request: Request, words: str, about: Absence, undo_token: str) -> None:
    days = days_in_words(about.first_day, about.last_day, request.today)
    said = words % {"name": about.user, "days": days}
    toast(request, said, reverse("absences:undo", args=[undo_token]))


def _back(request: Request) -> str:
    """The list, with the team that was chosen there."""
    team = request.POST.get("team", "")
    query = f"?team={team}" if team == NO_TEAM or team.isdigit() else ""
    return reverse("absences:list") + query


# Contact minutes of others ------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def minutes(request: Request, pk: int) -> HttpResponse:
    """How much contact time of somebody is planned a week: for leads and admins, who are not that person."""
    user = request.user
    person = get_object_or_404(absences.kept_people(user).select_related("team"), pk=pk)
    if not (user.is_manager or user.is_admin):
        raise Http404
    form = MinutesForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        set_working_time(user=person, values=form.cleaned_data, today=request.today, now=request.now)
        toast(request, _("Saved: contact minutes of %(name)s.") % {"name": person})
        return redirect("absences:list")
    status = INVALID if form.errors else 200
    weekdays = [WEEKDAYS[int(digit) - 1] for digit in person.working_weekdays]
    context = {"form": form, "person": person, "weekdays": weekdays}
    return render(request, "team/minutes.html", context, status=status)
