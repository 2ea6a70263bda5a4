"""The reasons of decisions, for admins: their order, their names, which are in use, how often each was given."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.look.figures import number
from crm.look.toast import toast, toast_with_way_back
from crm.team.for_admins import for_admins
from crm.team.requests import Request
from segmentation import reasons
from segmentation.errors import ReasonRefused
from segmentation.forms import RefusableForm
from segmentation.models import Reason
from segmentation.reasons import Known


class ReasonForm(RefusableForm):
    """A reason's name and direction; the verb says what may be."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("As it stands on the button of the review. A new name holds in the past too."),
    )
    offered = forms.ChoiceField(
        label=gettext_lazy("Offered where the customer goes"),
        choices=Reason.Offered,
        widget=forms.RadioSelect,
        required=False,
        help_text=gettext_lazy("For the other direction it is behind “More reasons”."),
    )


def _page(request: Request, *, opened: Reason | None = None, form: ReasonForm | None = None) -> HttpResponse:
    """The list and, beside it, the form of the reason that is open."""
    found = reasons.catalogue().reasons
    given = reasons.given()
    moved, by = request.GET.get("moved", ""), request.GET.get("by", "down")
    rows = [
        {
            "reason": one,
            "name": str(one),
            "small": " · ".join([one.get_offered_display(), *([] if one.active else [_("out of use")])]),
            "place": place,
            "count": _given(given.get(one.code, 0)),
            "given": given.get(one.code, 0),
            "url": reverse("segmentation:reason", args=[one.code]),
            "move": reverse("segmentation:reason_move", args=[one.code, 0]),
            "up": reverse("segmentation:reason_move", args=[one.code, place - 1]),
            "down": reverse("segmentation:reason_move", args=[one.code, place + 1]),
            "use": reverse("segmentation:reason_use", args=[one.code, 0 if one.active else 1]),
            "active": one.active,
            "stays": one.code == Known.OTHER,
            "moved": by if moved == one.code else "",
            "current": one == opened,
        }
        for place, one in enumerate(found, 1)
    ]
    context = {
        "rows": rows,
        "opened": form is not None,
        "reason": opened,
        "row": next((row for row in rows if row["current"]), None),
        "form": form,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "segmentation/reasons.html", context, status=status)


@for_admins
@require_GET
def reason_list(request: Request) -> HttpResponse:
    """Every reason in the order of the buttons."""
    return _page(request)


@for_admins
@require_http_methods(["GET", "POST"])
def reason_new(request: Request) -> HttpResponse:
    """An empty form."""
    form = ReasonForm(request.POST or None, initial={"offered": Reason.Offered.BOTH})
    if request.method == "POST" and form.is_valid():
        try:
            made = reasons.add_reason(**form.cleaned_data)
        except ReasonRefused as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Added: %(reason)s. It can be given from now on.") % {"reason": made})
            return redirect("segmentation:reason", made.code)
    return _page(request, form=form)


@for_admins
@require_http_methods(["GET", "POST"])
def reason_detail(request: Request, code: str) -> HttpResponse:
    """One reason, to read and to rename."""
    found = get_object_or_404(Reason, pk=code)
    form = ReasonForm(request.POST or None, initial={"name": str(found), "offered": found.offered})
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = dict(form.cleaned_data)
        if given["name"] == str(found):
            given["name"] = found.name  # as it was shipped: it stays in everybody's own language
        try:
            saved = reasons.edit_reason(reason=found, **given)
        except ReasonRefused as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Saved: %(reason)s.") % {"reason": saved})
            return redirect("segmentation:reason", code)
    return _page(request, opened=found, form=form)


@for_admins
@require_POST
def reason_move(request: Request, code: str, to: int) -> HttpResponse:
    """Give the reason another place in the order."""
    found = get_object_or_404(Reason, pk=code)
    before = found.position
    moved = reasons.move_reason(reason=found, to=to)
    toast_with_way_back(
        request,
        _("Moved to place %(place)d: %(reason)s.") % {"place": moved.position, "reason": moved},
        back=reverse("segmentation:reason_move", args=[code, before]),
    )
    by = "up" if moved.position < before else "down"
    return redirect(reverse("segmentation:reasons", query={"moved": code, "by": by}))


@for_admins
@require_POST
def reason_use(request: Request, code: str, on: int) -> HttpResponse:
    """Put the reason in use (1) or out of it (0)."""
    found = get_object_or_404(Reason, pk=code)
    try:
        used = reasons.use_reason(reason=found, active=bool(on))
    except ReasonRefused as refusal:
        toast(request, str(refusal), level=messages.ERROR)
        return redirect("segmentation:reasons")
    words = _("In use: %(reason)s.") if on else _("Out of use: %(reason)s. Decisions that gave it keep it.")
    toast_with_way_back(
        request,
        words % {"reason": used},
        back=reverse("segmentation:reason_use", args=[code, 0 if on else 1]),
    )
    return redirect("segmentation:reasons")


def _given(times: int) -> str:
    if not times:
        return _("never given")
    return ngettext("given %(number)s time", "given %(number)s times", times) % {"number": number(times)}
