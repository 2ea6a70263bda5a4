"""What complaints teach: seven pages, each with its files (docs/domain.md, 6 and 8)."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.messages import ERROR
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from complaints.learning.asking import Learning, Page
from complaints.learning.shown import advice, again, costs, open, reasons, repeaters, times
from crm.lists.exporting import MOST, file_of
from crm.look.figures import number
from crm.look.toast import toast
from crm.team.requests import Request

_PAGES: dict[str, Callable[[Learning], Page]] = {
    "reasons": reasons.page,
    "time": times.page,
    "open": open.page,
    "repeaters": repeaters.page,
    "costs": costs.page,
    "again": again.page,
    "advice": advice.page,
}


def _asked(request: Request, name: str, *, whole: bool = False) -> Learning:
    """What is asked for. Raises Http404 where the page is for managers and admins."""
    asked = Learning(request, whole=whole)
    if name not in asked.pages:
        raise Http404
    return asked


@require_GET
def page(request: Request, name: str) -> HttpResponse:
    """One of the pages, by its name."""
    asked = _asked(request, name)
    shown = _PAGES[name](asked)
    context = {
        "asked": asked,
        "shown": shown,
        "page_name": name,
        "tabs": [
            {"label": words, "url": reverse(f"learning:{one}") + asked.query(), "current": one == name}
            for one, words in asked.pages.items()
        ],
        "query": asked.query(**shown.turned),
    }
    return render(request, "complaints/learning.html", context)


@require_GET
def export(request: Request, name: str, table: str, form: str) -> HttpResponseBase:
    """All rows of one table of a page, as CSV or XLSX."""
    asked = _asked(request, name, whole=True)
    if form not in MOST:
        raise Http404
    shown = _PAGES[name](asked)
    found = next((one for one in shown.tables if one.name == table), None)
    if found is None:
        raise Http404
    if len(found.lines) > MOST[form]:
        words = _("A file takes %(number)s rows and this table has more: choose fewer months or a team.")
        toast(request, words % {"number": number(MOST[form])}, level=ERROR)
        return redirect(reverse(f"learning:{name}") + asked.query(**shown.turned))
    heads, rows = found.for_file()
    file_name = f"complaints-{name}-{table}-{asked.today:%Y-%m-%d}"
    return file_of(form, name=file_name, title=found.title, heads=heads, rows=rows)
