"""The categories and root causes of complaints, for admins: their order, their names, which are in use."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import ERROR
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints import cataloguing
from complaints.cataloguing import Kept
from complaints.errors import ComplaintError
from complaints.keeping_forms import CategoryForm, CauseForm, NamedForm
from complaints.models import ComplaintCategory, RootCause
from complaints.views.keeping import INVALID, sections
from crm.look.figures import number
from crm.look.toast import toast, toast_with_way_back
from crm.team.for_admins import for_admins
from crm.team.requests import Request

MODELS: dict[str, type[Kept]] = {"categories": ComplaintCategory, "causes": RootCause}
FORMS: dict[str, type[NamedForm]] = {"categories": CategoryForm, "causes": CauseForm}


@for_admins
@require_GET
def catalogue(request: Request, what: str) -> HttpResponse:
    """Every row in its order."""
    return _page(request, what)


@for_admins
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request, what: str) -> HttpResponse:
    """An empty form."""
    form = FORMS[what](request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = cataloguing.add(model=MODELS[what], actor=request.user, **form.cleaned_data)
        except ComplaintError as refused:
            form.refuse(refused)
        else:
            toast(request, _("Added: %(name)s.") % {"name": made})
            return redirect("keeping:row", what, made.pk)
    return _page(request, what, form=form)


@for_admins
@require_http_methods(["GET", "HEAD", "POST"])
def row(request: Request, what: str, code: str) -> HttpResponse:
    """One row, to read and to rename."""
    found: Any = get_object_or_404(MODELS[what], pk=code)
    form = FORMS[what](request.POST or None, initial={**vars(found), "name": str(found)})
    form.fields.pop("kind", None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        if given["name"] == str(found):
            given["name"] = found.name  # as it was shipped: it stays in everybody's own language
        try:
            saved = cataloguing.edit(row=found, actor=request.user, **given)
        except ComplaintError as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved: %(name)s.") % {"name": saved})
            return redirect("keeping:row", what, code)
    return _page(request, what, opened=found, form=form)


@for_admins
@require_POST
def move(request: Request, what: str, code: str, to: int) -> HttpResponse:
    """Another place in the order."""
    found: Any = get_object_or_404(MODELS[what], pk=code)
    before = [one.pk for one in cataloguing.rows_of(MODELS[what])].index(code) + 1
    moved = cataloguing.move(row=found, to=to, actor=request.user)
    words = _("Moved to place %(place)d: %(name)s.") % {"place": moved.position, "name": moved}
    toast_with_way_back(request, words, back=reverse("keeping:row_move", args=[what, code, before]))
    by = "up" if moved.position < before else "down"
    return redirect(reverse("keeping:catalogue", args=[what], query={"moved": code, "by": by}))


@for_admins
@require_POST
def use(request: Request, what: str, code: str, on: int) -> HttpResponse:
    """Put it in use (1) or out of it (0)."""
    found: Any = get_object_or_404(MODELS[what], pk=code)
    try:
        done = cataloguing.use(row=found, active=bool(on), actor=request.user)
    except ComplaintError as refused:
        toast(request, str(refused), level=ERROR)
        return redirect("keeping:catalogue", what)
    words = _("In use: %(name)s.") if on else _("Out of use: %(name)s. Complaints that have it keep it.")
    back = reverse("keeping:row_use", args=[what, code, 0 if on else 1])
    toast_with_way_back(request, words % {"name": done}, back=back)
    return redirect("keeping:catalogue", what)


def _page(request: Request, what: str, *, opened: Any = None, form: NamedForm | None = None) -> HttpResponse:
    """The list and, beside it, the form of the row that is open."""
    counts = cataloguing.used(MODELS[what])
    last, by = request.GET.get("moved", ""), request.GET.get("by", "down")
    rows = [
        {
            "name": str(one),
            "small": _small(one),
            "count": _used(counts.get(one.pk, 0)),
            "place": place,
            "url": reverse("keeping:row", args=[what, one.pk]),
            "move": reverse("keeping:row_move", args=[what, one.pk, 0]),
            "up": reverse("keeping:row_move", args=[what, one.pk, place - 1]),
            "down": reverse("keeping:row_move", args=[what, one.pk, place + 1]),
            "use": reverse("keeping:row_use", args=[what, one.pk, 0 if one.active else 1]),
            "active": one.active,
            "stays": cataloguing.stays(one),
            "moved": by if last == one.pk else "",
            "current": opened is not None and one.pk == opened.pk,
        }
        for place, one in enumerate(cataloguing.rows_of(MODELS[what]), 1)
    ]
    context = {
        "tabs": sections(what),
        "what": what,
        "rows": rows,
        "opened": form is not None,
        "row": opened,
        "form": form,
        "used": _used(counts.get(opened.pk, 0)) if opened is not None else "",
        "here": reverse("keeping:catalogue", args=[what]),
        "new": reverse("keeping:row_new", args=[what]),
    }
    status = INVALID if form is not None and form.errors else 200
    return render(request, "complaints/keeping/catalogue.html", context, status=status)


def _small(one: Any) -> str:
    """What stands below the name."""
    said = []
    if isinstance(one, ComplaintCategory):
        said.append(one.get_kind_display())
    elif one.product_fault:
        said.append(_("fault of a product or batch"))
    if not one.active:
        said.append(_("out of use"))
    return " · ".join(said)


def _used(times: int) -> str:
    if not times:
        return _("never used")
    return ngettext("used %(number)s time", "used %(number)s times", times) % {"number": number(times)}
