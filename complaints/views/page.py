"""The page of one complaint: everything on it, and everything done from it (docs/domain.md, 6)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from complaints import page_forms
from complaints.complaint_page import ComplaintPage
from complaints.models import Complaint
from crm.team.requests import Request

INVALID = 422
FORMS = ("act", "message", "decision", "second", "resolution", "solved", "assign", "category")
"""The forms of the page; each has an address of its own."""


def find(request: Request, pk: int) -> Complaint:
    """The complaint, if the user sees it. Raises Http404."""
    try:
        return ComplaintPage.find(pk, user=request.user, today=request.today)
    except Complaint.DoesNotExist as missing:
        raise Http404 from missing


def on_a_complaint(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Gives the view the complaint of its address; whoever only follows the address of a form gets the page."""

    @wraps(view)
    def found(request: Request, pk: int, **more: Any) -> HttpResponseBase:
        complaint = find(request, pk)
        if request.method != "POST":
            return redirect("complaint:page", pk)
        return view(request, complaint, **more)

    return require_http_methods(["GET", "HEAD", "POST"])(found)


@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    """One complaint or question."""
    return show(request, find(request, pk))


def show(
    request: Request, complaint: Complaint, *, happened: bool | None = None, **bound: forms.Form
) -> HttpResponse:
    """The page; `bound` forms, by their names in FORMS, come with what was typed and what is wrong with it.

    happened: say what happened last, because somebody else was quicker; None: where the page has no place any more for
    a bound form, so that what is wrong with it would be dropped without a word.
    """
    opened = ComplaintPage(complaint, user=request.user, today=request.today, now=request.now)
    if happened is None:
        happened = not all(opened.offers(name) for name in bound)
    context = {
        "opened": opened,
        "complaint": complaint,
        "account": complaint.account,
        "today": request.today,
        "happened": opened.latest if happened else "",
        **{f"{name}_form": bound.get(name) or _fresh(name, opened) for name in FORMS},
    }
    return render(request, "complaints/page/page.html", context, status=INVALID if bound else 200)


def _fresh(name: str, opened: ComplaintPage) -> forms.Form:
    complaint = opened.complaint
    match name:
        case "act":
            return page_forms.ActForm()
        case "message":
            return page_forms.MessageForm.fresh()
        case "decision":
            return page_forms.DecisionForm(claim_cents=complaint.claim_cents)
        case "second":
            return page_forms.SecondLookForm()
        case "resolution":
            return page_forms.ResolutionForm()
        case "solved":
            return page_forms.SolvedForm(initial={"solved": complaint.solved})
        case "assign":
            return page_forms.AssignForm(people=opened.people, initial={"assignee": complaint.assignee_id})
        case _:
            return page_forms.CategoryForm(kind=complaint.kind, initial={"category": complaint.category_id})
