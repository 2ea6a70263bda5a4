"""Imports as pages: what was imported, and one file from its upload to its import."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Q, When
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import uploads
from accounts.import_forms import Chosen, FileForm, SettingsForm
from accounts.import_words import figures, progress_words, rejects_name, sections, warnings
from accounts.importing import ImportRefused
from accounts.models import Import, Upload
from accounts.receiving import TooLarge, path_of
from accounts.uploads import CannotDo, State
from accounts.views.for_admins import for_admins
from crm.jobs.models import Job
from crm.look.toast import toast
from crm.team.requests import Request

ROWS = 50
_BUSY = (State.CHECKING, State.IMPORTING)
REFUSED_SHOWN = dt.timedelta(days=14)
"""So long a refused delivery stands above the list; then only on the page of its source."""
UNFINISHED = 6
"""So many files that wait for something are shown above the list, unless all are asked for."""


@for_admins
@require_GET
def import_list(request: Request) -> HttpResponse:
    """What was imported, newest first; above it what is under way and what waits for somebody."""
    waiting = (
        Upload.objects.filter(
            Q(state__in=[State.RECEIVED, State.CHECKED], removed_at=None)
            | Q(state__in=_BUSY)
            | Q(state=State.REFUSED, received_at__gt=request.now - REFUSED_SHOWN)
        )
        .select_related("received_by", "source", "job")
        .order_by(Case(When(state__in=_BUSY, then=0), default=1), "-received_at", "-pk")
    )
    everything = "all" in request.GET
    shown = list(waiting if everything else waiting[: UNFINISHED + 1])
    imports = Import.objects.select_related("started_by", "undone_by", "upload__source")
    context = {
        "sections": sections("imports:list"),
        "waiting": shown if everything else shown[:UNFINISHED],
        "more_waiting": not everything and len(shown) > UNFINISHED,
        "going": any(is_going(upload) for upload in shown),
        "page": Paginator(imports, ROWS).get_page(request.GET.get("page")),
        "today": request.today,
    }
    answer = render(request, "accounts/imports/list.html", context)
    if request.htmx and not context["going"]:
        answer["HX-Refresh"] = "true"  # what went on has ended, and stands in the list now
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def is_going(upload: Upload) -> bool:
    """Whether it is being checked or imported, and not given up or stopped."""
    return upload.state in _BUSY and (upload.job is None or upload.job.state in Job.OPEN_STATES)


@for_admins
@require_http_methods(["GET", "POST"])
def new(request: Request) -> HttpResponse:
    """Bring a file. It is kept as it is, and opened at once to see how it is written."""
    form = FileForm(
        request.POST or None,
        request.FILES or None,
        request=request,
        initial={"kind": request.GET.get("kind", "")},
    )
    if request.method == "POST":
        form = FileForm(request.POST, request.FILES, request=request)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                upload = uploads.receive(
                    chunks=file.chunks(),
                    file_name=file.name,
                    kind=form.cleaned_data["kind"],
                    actor=request.user,
                    now=request.now,
                )
            except TooLarge as problem:
                form.add_error("file", str(problem))
            else:
                here = reverse("imports:upload", args=[upload.uuid])
                return HttpResponseClientRedirect(here) if request.htmx else redirect(here)
    context = {"form": form, "limit_mb": settings.UPLOAD_LIMIT // 1_000_000}
    refused = form.errors and not request.htmx  # htmx shows nothing of an answer that is an error
    return render(request, "accounts/imports/new.html", context, status=422 if refused else 200)


# One file -----------------------------------------------------------------------------------------------------------
@for_admins
@require_http_methods(["GET", "POST"])
def upload_page(request: Request, uuid: UUID) -> HttpResponse:
    """One file: how it is read, what a check found, how far the import is. A post sets it, with `check` checks it."""
    upload = _upload(uuid)
    if request.method == "GET":
        if upload.state == State.DONE and upload.imported_id:
            return redirect("imports:result", upload.imported_id)
        return _page(request, upload)
    chosen = Chosen.from_post(request.POST, upload)
    try:
        upload = uploads.choose(
            upload=upload,
            kind=chosen.kind,
            reading=chosen.reading,
            mapping=chosen.mapping,
            create_accounts=chosen.create_accounts,
            preset=chosen.preset,
        )
        if "check" in request.POST:
            uploads.ask_for_check(upload=upload, actor=request.user, now=request.now)
    except (CannotDo, ImportRefused) as problem:
        toast(request, str(problem), level=messages.ERROR)
    if request.htmx:
        return _page(request, _upload(uuid))
    return redirect("imports:upload", uuid)


def _upload(uuid: UUID) -> Upload:
    return get_object_or_404(
        Upload.objects.select_related("received_by", "source", "job", "preset", "imported"), uuid=uuid
    )


def _page(request: Request, upload: Upload, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of an upload as it stands."""
    form = SettingsForm(upload)
    busy = upload.state in _BUSY
    stopped = busy and (upload.job.state not in Job.OPEN_STATES if upload.job else upload.source_id is None)
    context = {
        "upload": upload,
        "form": form,
        "beginning": form.beginning,
        "steps": _steps(upload),
        "busy": busy and not stopped,
        "stopped": stopped,
        "may_change": upload.state in (State.RECEIVED, State.CHECKED, State.REFUSED) or stopped,
        "job": upload.job,
        "progress": progress_words(upload.job),
        "summary": upload.summary,
        "figures": figures(upload.kind, upload.summary),
        "warnings": warnings(upload.summary),
        "lacking": [column.spec for column in form.columns if column.lacking],
        "as_preset": uploads.is_as_preset(upload),
        "today": request.today,
        "preset_name": upload.preset.name if upload.preset else "",
        **more,
    }
    answer = render(request, "accounts/imports/upload.html", context, status=status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _steps(upload: Upload) -> list[dict[str, Any]]:
    """The way of a file, with how far this one is."""
    at = {State.RECEIVED: 1, State.CHECKING: 2, State.CHECKED: 3, State.IMPORTING: 3, State.DONE: 4}
    now = at.get(State(upload.state), 1)
    words = [_("File"), _("Columns"), _("Check"), _("Import")]
    return [{"words": each, "done": place < now, "current": place == now} for place, each in enumerate(words)]


@for_admins
@require_GET
def progress(request: Request, uuid: UUID) -> HttpResponse:
    """How far the job of a file is; when it has ended, the page is loaded anew."""
    upload = _upload(uuid)
    return progress_of(request, upload.job, going=is_going(upload), url=request.path)


def progress_of(request: Request, job: Job | None, *, going: bool, url: str) -> HttpResponse:
    """The part of a page that says how far a job is, and asks again; once it has ended, it loads the page anew."""
    context = {"job": job, "progress": progress_words(job), "progress_url": url}
    answer = render(request, "accounts/imports/progress.html", context)
    if not going:
        answer["HX-Refresh"] = "true"
    answer["Cache-Control"] = "no-store"
    return answer


@for_admins
@require_POST
def start(request: Request, uuid: UUID) -> HttpResponse:
    """Import the file as it was checked; what stopped before is taken up again."""
    upload = _upload(uuid)
    try:
        uploads.ask_for_import(upload=upload, actor=request.user, now=request.now)
    except CannotDo as problem:
        toast(request, str(problem), level=messages.ERROR)
    return redirect("imports:upload", uuid)


@for_admins
@require_GET
def rejected(request: Request, uuid: UUID) -> HttpResponseBase:
    """The rejected rows as a CSV file: line, reason, the row; it can be corrected and uploaded alone."""
    upload = _upload(uuid)
    if not upload.rejected_as:
        raise Http404
    try:
        file = path_of(upload.rejected_as).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(
        file, as_attachment=True, filename=rejects_name(upload), content_type="text/csv; charset=utf-8"
    )


@for_admins
@require_POST
def preset_save(request: Request, uuid: UUID) -> HttpResponse:
    """Keep how the file is set under a name."""
    upload = _upload(uuid)
    name = re.sub(r"\s+", " ", request.POST.get("name", "")).strip()[:40]
    if not name:
        toast(request, _("A preset needs a name."), level=messages.ERROR)
        return redirect("imports:upload", uuid)
    try:
        preset = uploads.save_preset(upload=upload, name=name, actor=request.user, now=request.now)
    except CannotDo as problem:
        toast(request, str(problem), level=messages.ERROR)
    else:
        toast(request, _("Saved as preset: %(name)s.") % {"name": preset.name})
    return redirect("imports:upload", uuid)


@for_admins
@require_POST
def discard(request: Request, uuid: UUID) -> HttpResponse:
    """Throw the file away; nothing of it was imported."""
    upload = _upload(uuid)
    try:
        uploads.discard(upload=upload)
    except CannotDo as problem:
        toast(request, str(problem), level=messages.ERROR)
        return redirect("imports:upload", uuid)
    toast(request, _("Discarded: %(file)s. Nothing of it was imported.") % {"file": upload.file_name})
    return redirect("imports:list")
