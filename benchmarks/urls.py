"""The product's addresses and, beside them, the pages that the others are measured by. Only benchmarks use it."""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.template.engine import Engine
from django.urls import path

from accounts.models import Account
from crm.urls import urlpatterns as product

_FOLDER = Path(__file__).parent / "templates"
ROWS = 50


def _template(name: str) -> Template:
    """Compiled once, as the cached loader does, in the product's engine."""
    return Engine.get_default().from_string((_FOLDER / name).read_text())


_PAGE, _FRAME = _template("page.html"), _template("frame.html")


def page(request: HttpRequest) -> HttpResponse:
    """P: a signed-in page with 50 rows from one query.

    All of the product's middleware and context processors, whole rows of accounts, and a plain template with a link
    and four values in each row: without the product's frame (navigation, scripts, icons), 3 queries and about 6 KB.
    """
    accounts = Account.objects.filter(owner=request.user.pk).order_by("code")[:ROWS]
    return HttpResponse(_PAGE.render(RequestContext(request, {"accounts": accounts})))


def frame(request: HttpRequest) -> HttpResponse:
    """The product's own frame with nothing in it."""
    return HttpResponse(_FRAME.render(RequestContext(request)))


def empty(request: HttpRequest) -> HttpResponse:
    """Signed in, and nothing else."""
    return HttpResponse(f"<!doctype html><title>{request.user.pk}</title>")


urlpatterns = [
    path("bench/page/", page, name="bench_page"),
    path("bench/frame/", frame, name="bench_frame"),
    path("bench/empty/", empty, name="bench_empty"),
    *product,
]
