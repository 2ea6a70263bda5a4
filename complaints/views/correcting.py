"""Correcting what was filed, on a page of its own: nobody who only reads a complaint pays for its choices."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.messages import ERROR
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from complaints import workflow
from complaints.correcting_form import CorrectionForm
from complaints.errors import ComplaintError
from complaints.models import Complaint
from complaints.views.page import INVALID, find
from complaints.workflow import About
from crm.look.toast import toast
from crm.team.requests import Request


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: Request, pk: int) -> HttpResponse:
    """Correct what was filed, until it is decided. What somebody else saved meanwhile is shown before it is lost."""
    complaint = find(request, pk)
    if request.method != "POST":
        try:
            workflow.check_correctable(complaint)
        except ComplaintError as error:
            toast(request, str(error), level=ERROR)
            return redirect("complaint:page", pk)
        return _show(request, complaint)
    seen = _seen(request)
    form = CorrectionForm(request.POST, complaint=complaint, initial=seen)
    if not form.is_valid():
        return _show(request, complaint, form, seen=seen)
    try:
        workflow.correct(
            complaint=complaint,
            to=form.about,
            seen=seen,
            actor=request.user,
            today=request.today,
            now=request.now,
        )
    except ComplaintError as error:
        complaint = find(request, pk)
        form.refuse(error)
        return _show(request, complaint, form, seen=seen)
    toast(request, _("Corrected: the timeline says what stood there before."))
    return redirect("complaint:page", pk)


def _seen(request: Request) -> dict[str, Any]:
    """What the form was filled with, as it came along; what is none equals nothing that is filed."""
    try:
        seen = json.loads(request.POST.get("seen", ""))
    except ValueError:
        seen = None
    return {"wanted": ""} | seen if isinstance(seen, dict) else {"wanted": ""}


def _show(
    request: Request,
    complaint: Complaint,
    form: CorrectionForm | None = None,
    *,
    seen: dict[str, Any] | None = None,
) -> HttpResponse:
    """The form, fresh or with what was typed and what is wrong with it; seen: what it was filled with."""
    now = About.of(complaint)
    plain = now.plain()
    theirs = [
        {"label": label, "words": words}
        for part, (label, words) in now.in_words().items()
        if seen is not None and seen.get(part) != plain[part]
    ]
    if form is None:
        shown = CorrectionForm(complaint=complaint, initial=plain)
    else:
        shown = form.kept_up(now) if theirs else form
    context = {
        "form": shown,
        "complaint": complaint,
        "account": complaint.account,
        "seen": json.dumps(plain),
        "theirs": theirs,
        "today": request.today,
    }
    status = 200 if form is None else INVALID
    return render(request, "complaints/page/correct.html", context, status=status)
