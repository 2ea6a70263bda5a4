"""Coming back from an absence: the card on Today, and the page with all of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts.views.returning import back_to
from contacts.while_away import Told, just_back, put_away, told
from crm.look.toast import toast
from crm.team.absences import days_in_words
from crm.team.models import Absence, User
from crm.team.requests import Request

A_WEEK = 6
"""Days between the first and the last."""


@dataclass(frozen=True)
class Card:
    """What Today shows of an absence one came back from: the parts in which something happened."""

    absence: Absence
    days: str
    parts: list[Told]


def card(user: User, *, today: dt.date) -> Card | None:
    """The card of the user's Today; None on all but the first days after an absence."""
    absence = just_back(user, today=today)
    if absence is None:
        return None
    parts = [part for part in told(user, absence, on=today) if part.news]
    if not parts and (absence.last_day - absence.first_day).days < A_WEEK:
        return None  # after a day off, that nothing happened is no news
    return Card(absence, days_in_words(absence.first_day, absence.last_day, today), parts)


def _own(request: Request, pk: int) -> Absence:
    """An own absence that has begun, or 404."""
    return get_object_or_404(Absence, pk=pk, user=request.user, first_day__lte=request.today)


@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    """All that happened on the own accounts in one absence, part by part."""
    absence = _own(request, pk)
    parts = told(request.user, absence, on=request.today)
    context = {
        "absence": absence,
        "days": days_in_words(absence.first_day, absence.last_day, request.today),
        "parts": [part for part in parts if part.news],
        "quiet": [part.title for part in parts if not part.news],
    }
    return render(request, "contacts/while_away.html", context)


@require_POST
def put_away_card(request: Request, pk: int) -> HttpResponse:
    """Take the card off Today; its page stays."""
    put_away(absence=_own(request, pk), now=request.now)
    undo_url = reverse("contacts:while_away_show", args=[pk])
    toast(request, _("Put away. It stays in your absences."), undo_url)
    return redirect(back_to(request, reverse("contacts:today")))


@require_POST
def show_card(request: Request, pk: int) -> HttpResponse:
    """Show the card on Today again."""
    put_away(absence=_own(request, pk), now=None)
    return redirect(back_to(request, reverse("contacts:today")))
