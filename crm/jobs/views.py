"""The Jobs page, for admins: what runs, what comes next, what ran, and the acts on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from crm.jobs import acts, overview, running, timetable, wording
from crm.jobs.kinds import UnknownKind, kind_named
from crm.jobs.locks import is_held
from crm.jobs.models import Job
from crm.jobs.running import lock_name
from crm.look.figures import number
from crm.look.returning import asked_from
from crm.look.toast import toast, toast_with_way_back
from crm.team.for_admins import for_admins
from crm.team.requests import Request


def _past(request: Request) -> dict[str, Any]:
    kinds = overview.kinds_in_words()
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    kind = kind if kind in dict(kinds) else ""
    state = state if state in overview.PAST else ""
    page = overview.past_page(kind=kind, state=state, number=request.GET.get("page", "1"), now=request.now)
    return {
        "page": page,
        "kinds": kinds,
        "states": [(value, Job.State(value).label) for value in overview.PAST],
        "kind": kind,
        "state": state,
        "narrowed": bool(kind or state),
    }


@for_admins
@require_GET
def job_list(request: Request) -> HttpResponse:
    """What runs and waits, what comes next, what ran."""
    context = {
        "open": overview.open_jobs(now=request.now),
        "entries": timetable.entries(now=request.now),
        "zone": timetable.company_zone(),
        "startable": overview.startable_kinds(today=request.today),
        **_past(request),
    }
    return render(request, "jobs/list.html", context)


@for_admins
@require_GET
def now_running(request: Request) -> HttpResponse:
    """The first part of the page alone, asked for every two seconds while something is open.

    Where something began or ended since (`seen`), what ran comes along.
    """
    found = overview.open_jobs(now=request.now)
    context: dict[str, Any] = {"open": found, "polled": True}
    if request.GET.get("seen", "") != found.ids:
        context |= _past(request) | {"past_too": True}
    return render(request, "jobs/now.html", context)


@for_admins
@require_GET
def job_detail(request: Request, pk: int) -> HttpResponse:
    """One job: what it is about, what came of it, and all that happened to it."""
    job = get_object_or_404(Job.objects.select_related("started_by", "stop_asked_by"), pk=pk)
    alive = job.state == Job.State.RUNNING and is_held(lock_name(pk))
    context = {
        "row": overview.Row(job, request.now, alive=alive),
        "happened": overview.history(job.events.select_related("actor")),
    }
    return render(request, "jobs/job.html", context)


# Acts ---------------------------------------------------------------------------------------------------------------
def _back(request: Request) -> HttpResponse:
    """To where the act was called from: the list, or the job's page."""
    return redirect(asked_from(request) or reverse("jobs:list"))


def _act(request: Request, pk: int, act: Callable[..., Job]) -> Job | None:
    """Do one of crm.jobs.acts; None where it was refused, which is said."""
    job = get_object_or_404(Job, pk=pk)
    try:
        return act(job_id=pk, actor=request.user, now=request.now)
    except acts.ActRefused as refusal:
        words = _("%(job)s: nothing done. %(reason)s") % {"job": wording.title(job), "reason": refusal}
        toast(request, words, level=messages.ERROR)
        return None


@for_admins
@require_POST
def start_job(request: Request, kind: str) -> HttpResponse:
    """Ask for a job of the kind."""
    try:
        known = kind_named(kind)
    except UnknownKind:
        raise Http404 from None
    if known.startable is None:
        raise Http404
    try:
        job, new = acts.start(kind=kind, actor=request.user, today=request.today, now=request.now)
    except acts.ActRefused as refusal:
        toast(request, f"{known.label}: {refusal}", level=messages.ERROR)
        return _back(request)
    words = _("%(job)s: it waits in line.") if new else _("%(job)s is open already; there is one for all.")
    undo = reverse("jobs:stop", args=[job.pk]) + "?undo" if new else None
    toast(request, words % {"job": wording.title(job)}, undo_url=undo)
    return _back(request)


@for_admins
@require_POST
def stop_job(request: Request, pk: int) -> HttpResponse:
    """Stop a waiting job, or ask a running one to stop."""
    job = _act(request, pk, acts.stop)
    if job is not None and job.state == Job.State.STOPPED:
        words = _("Stopped: %(job)s.") % {"job": wording.title(job)}
        toast_with_way_back(request, words, back=reverse("jobs:put_back", args=[pk]))
    elif job is not None:
        words = _(
            "%(job)s was asked to stop; it does so at its next step, and what it had not finished is undone."
        )
        toast(request, words % {"job": wording.title(job)})
    return _back(request)


@for_admins
@require_POST
def put_job_back(request: Request, pk: int) -> HttpResponse:
    """Take a stop back."""
    job = _act(request, pk, acts.put_back)
    if job is not None:
        words = _("Back in line: %(job)s.") % {"job": wording.title(job)}
        toast_with_way_back(request, words, back=reverse("jobs:stop", args=[pk]))
    return _back(request)


@for_admins
@require_POST
def retry_job(request: Request, pk: int) -> HttpResponse:
    """Begin it again at once."""
    job = _act(request, pk, acts.retry)
    if job is not None:
        toast(request, _("Started again: %(job)s.") % {"job": wording.title(job)})
    return _back(request)


@for_admins
@require_POST
def sweep_now(request: Request) -> HttpResponse:
    """Send every lost and waiting job again, without waiting for the clock."""
    sent = len(running.sweep(now=request.now, late=running.NOT_LATE))
    if sent:
        words = ngettext("%(number)s job was sent again.", "%(number)s jobs were sent again.", sent)
        toast(request, words % {"number": number(sent)})
    else:
        toast(request, _("Nothing was lost: no job waits or is without its worker."))
    return _back(request)
