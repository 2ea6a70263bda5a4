"""Exchange rates, for admins: the latest of each currency, all of one, lines pasted or uploaded."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import rates
from accounts.forms import DayInput
from accounts.import_words import sections
from accounts.importing.values import BadValue
from accounts.models import ExchangeRate
from accounts.views.for_admins import for_admins
from crm.look.toast import toast
from crm.team.requests import Request

PER_PAGE = 50
MOST_HISTORY = 30
LARGEST_FILE = 2_000_000  # bytes: twenty years of every currency
RECENT = dt.timedelta(days=30)


class RateForm(forms.Form):
    """One rate. What is wrong is said beside its field."""

    currency = forms.CharField(label=gettext_lazy("Currency"), max_length=3)
    day = forms.DateField(label=gettext_lazy("Day"), widget=DayInput)
    rate = forms.CharField(label=gettext_lazy("Rate"), max_length=20)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                data["given"] = rates.given(data["currency"], data["day"].isoformat(), data["rate"])
            except BadValue as problem:
                field, _colon, words = str(problem).partition(": ")
                known = field if field in self.fields else None
                self.add_error(known, capfirst(words if known else str(problem)) + ".")
        return data


def _page(
    request: Request,
    *,
    form: RateForm | None = None,
    problems: list[str] | None = None,
    lines: str = "",
) -> HttpResponse:
    context = {
        "sections": sections("rates:list"),
        "currencies": rates.currencies(today=request.today),
        "form": form or RateForm(initial={"day": request.today}),
        "problems": problems or [],
        "lines": lines,
        "base": settings.BASE_CURRENCY,
        "oldest": rates.OLDEST_RATE.days,
        "rejected": rates.rejected_for_want_of_a_rate(since=request.now - RECENT),
    }
    wrong = bool(problems or (form and form.errors))
    return render(request, "accounts/rates/list.html", context, status=422 if wrong else 200)


@for_admins
@require_http_methods(["GET", "POST"])
def rate_list(request: Request) -> HttpResponse:
    """The latest rate of each currency, and a form for one; a rate of the same currency and day is corrected."""
    if request.method != "POST":
        return _page(request)
    form = RateForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    given = form.cleaned_data["given"]
    saved = rates.save_rates(rates=[given], actor=request.user)
    words = (
        _("%(currency)s on %(day)s: corrected.") if saved.changed else _("%(currency)s on %(day)s: saved.")
    )
    words %= {"currency": given.currency, "day": given.day.isoformat()}
    if (other := rates.far_from(given)) is not None:
        more = _("It was %(rate)s on %(day)s: is it upside down?")
        words += " " + more % {"rate": f"{other.rate.normalize():f}", "day": other.day.isoformat()}
    toast(request, words)
    return redirect("rates:currency", code=given.currency)


@for_admins
@require_POST
def rate_lines(request: Request) -> HttpResponse:
    """Many at once, from lines that were pasted or a file; all or none."""
    text = request.POST.get("lines", "")
    file = request.FILES.get("file")
    if file is not None:
        if (file.size or 0) > LARGEST_FILE:
            return _page(request, problems=[_("The file is too large: at most 2 MB.")])
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            return _page(request, problems=[_("The file is not text in UTF-8. Save it as CSV in UTF-8.")])
    try:
        saved = rates.save_rates(rates=rates.read_lines(text), actor=request.user)
    except rates.RatesRefused as refusal:
        return _page(request, problems=refusal.problems, lines=text)
    words = _("Rates: %(new)d new, %(changed)d corrected, %(unchanged)d as they were.")
    toast(request, words % {"new": saved.new, "changed": saved.changed, "unchanged": saved.unchanged})
    return redirect("rates:list")


@for_admins
@require_GET
def currency(request: Request, code: str) -> HttpResponse:
    """All rates of one currency, newest first, and what was done to them."""
    found = ExchangeRate.objects.filter(currency=code).order_by("-day")
    history = rates.history_of(code)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    happened = list(history[:MOST_HISTORY])
    if not page.object_list and not happened:
        raise Http404
    context = {
        "code": code,
        "page": page,
        "happened": happened,
        "base": settings.BASE_CURRENCY,
        "form": RateForm(initial={"currency": code, "day": request.today}),
    }
    return render(request, "accounts/rates/currency.html", context)


@for_admins
@require_POST
def rate_remove(request: Request, pk: int) -> HttpResponse:
    """Delete one rate; Undo writes it again."""
    rate = get_object_or_404(ExchangeRate, pk=pk)
    was = rates.remove_rate(rate=rate, actor=request.user)
    back = reverse("rates:put_back", args=[was.currency, was.day.isoformat(), str(was.rate)])
    words = _("Removed: %(currency)s on %(day)s.") % {"currency": was.currency, "day": was.day.isoformat()}
    toast(request, words, undo_url=back)
    return redirect("rates:currency", code=was.currency)


@for_admins
@require_POST
def rate_put_back(request: Request, code: str, day: str, rate: str) -> HttpResponse:
    """Write a rate that was removed again, unless there is another by now."""
    try:
        given = rates.given(code, day, rate)
    except BadValue as problem:
        raise Http404 from problem
    if ExchangeRate.objects.filter(currency=given.currency, day=given.day).exists():
        toast(request, _("There is a rate for that day again; it stays."), level=messages.ERROR)
    else:
        rates.save_rates(rates=[given], actor=request.user)
        toast(request, _("%(currency)s on %(day)s is back.") % {"currency": code, "day": day})
    return redirect("rates:currency", code=given.currency)
