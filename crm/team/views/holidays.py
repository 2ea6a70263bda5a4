"""Public holidays by country and year, for admins: the official calendar, and what was corrected in it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.messages import ERROR
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from crm.look.figures import day as day_words
from crm.look.toast import toast
from crm.team import holidays
from crm.team.calendars import fill_holidays
from crm.team.for_admins import for_admins
from crm.team.forms import HolidayForm
from crm.team.models import Country, PublicHoliday
from crm.team.requests import Request
from crm.team.undo import CannotUndo

INVALID = 422
YEARS_AHEAD = 1


@for_admins
@require_http_methods(["GET", "HEAD", "POST"])
def holiday_list(request: Request) -> HttpResponse:
    """One year of one country; POST adds a day or corrects one."""
    country, year = _chosen(request)
    if request.method != "POST":
        return _page(request, country, year, HolidayForm(initial={"country": country}))
    form = HolidayForm(request.POST)
    if not form.is_valid():
        return _page(request, country, year, form, status=INVALID)
    given = form.cleaned_data
    token = holidays.correct_day(**given, actor=request.user, today=request.today, now=request.now)
    _say(request, _("Saved: %(day)s, %(name)s."), given["day"], given["name"], token)
    return redirect(_url(given["country"], given["day"].year))


def _page(request: Request, country: str, year: int, form: HolidayForm, *, status: int = 200) -> HttpResponse:
    rows = PublicHoliday.objects.filter(country=country, day__year=year).order_by("day")
    known = {day.year for day in PublicHoliday.objects.filter(country=country).dates("day", "year")}
    this = request.today.year
    context: dict[str, Any] = {
        "rows": rows,
        "country": Country(country),
        "countries": [(code, label, code == country) for code, label in Country.choices],
        "year": year,
        "years": sorted({*known, this, this + YEARS_AHEAD, year}),
        "form": form,
    }
    return render(request, "team/holidays.html", context, status=status)


def _chosen(request: Request) -> tuple[str, int]:
    """The country and year of the address; the user's own country and this year where it names none."""
    asked, year = request.GET.get("country", ""), request.GET.get("year", "")
    country = asked if asked in Country.values else request.user.country
    known = year.isascii() and year.isdigit() and 2000 <= int(year) <= 2100
    return country, int(year) if known else request.today.year


def _url(country: str, year: int) -> str:
    return f"{reverse('holidays:list')}?country={country}&year={year}"


@for_admins
@require_POST
def fill(request: Request) -> HttpResponse:
    """Fill one year of one country from the official calendar; what was corrected stays."""
    country, year = _chosen(request)
    new = fill_holidays(years=[year], countries=[country])
    holidays.tell(country, today=request.today, now=request.now)
    toast(request, ngettext("%(new)d day added.", "%(new)d days added.", new) % {"new": new})
    return redirect(_url(country, year))


@for_admins
@require_POST
def switch(request: Request, pk: int) -> HttpResponse:
    """Revoke a holiday, or make a working day a day off."""
    row = get_object_or_404(PublicHoliday, pk=pk)
    token = holidays.correct_day(
        country=row.country,
        day=row.day,
        name=row.name,
        works=not row.works,
        actor=request.user,
        today=request.today,
        now=request.now,
    )
    words = _("Day off: %(day)s, %(name)s.") if row.works else _("Working day: %(day)s, %(name)s.")
    _say(request, words, row.day, row.name, token)
    return redirect(_url(row.country, row.day.year))


@for_admins
@require_POST
def forget(request: Request, pk: int) -> HttpResponse:
    """Take the correction of a day away: what the official calendar says counts again."""
    row = get_object_or_404(PublicHoliday, pk=pk)
    country, day, name = row.country, row.day, row.name
    token = holidays.forget_correction(holiday=row, actor=request.user, today=request.today, now=request.now)
    _say(request, _("As in the official calendar: %(day)s."), day, name, token)
    return redirect(_url(country, day.year))


@for_admins
@require_POST
def undo(request: Request, token: str) -> HttpResponse:
    """Take back a correction."""
    try:
        country, year = holidays.undo_correction(
            token=token, actor=request.user, today=request.today, now=request.now
        )
    except CannotUndo as refused:
        toast(request, str(refused), level=ERROR)
        return redirect("holidays:list")
    toast(request, _("Undone."))
    return redirect(_url(country, year))


def _say(request: Request, words: str, day: dt.date, name: str, token: str) -> None:
    said = words % {"day": day_words(day, request.today), "name": name}
    toast(request, said, reverse("holidays:undo", args=[token]))
