"""The result of an import, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import uploads
from accounts.import_words import figures, links, undone_lines, warnings
from accounts.importing import ImportRefused, undo_import
from accounts.models import Import
from accounts.views.for_admins import for_admins
from accounts.views.imports import progress_of
from crm.jobs.kinds import REFUSED
from crm.jobs.models import Job
from crm.look.toast import toast
from crm.team.requests import Request


def _import(pk: int) -> Import:
    return get_object_or_404(
        Import.objects.select_related("started_by", "undone_by", "upload__source", "upload__received_by"),
        pk=pk,
    )


@for_admins
@require_GET
def result(request: Request, pk: int) -> HttpResponse:
    """What an import brought, where to find it, and what was taken back of it."""
    imported = _import(pk)
    upload = getattr(imported, "upload", None)
    job = uploads.undo_job(imported)
    summary = (upload.summary if upload else None) or imported.summary
    going = job is not None and job.state in Job.OPEN_STATES
    context = {
        "imported": imported,
        "upload": upload,
        "summary": summary,
        "figures": figures(imported.kind, summary),
        "warnings": warnings(summary),
        "links": links(imported),
        "job": job,
        "going": going,
        "failed": job is not None and not going and not imported.undone_at,
        "why": (job.result.get(REFUSED) or job.error) if job else "",
        "undone": undone_lines(job.result) if job and job.state == Job.State.DONE else None,
        "today": request.today,
    }
    return render(request, "accounts/imports/result.html", context)


@for_admins
@require_http_methods(["GET", "POST"])
def undo(request: Request, pk: int) -> HttpResponse:
    """What would go back and what would stay, and why; a post takes the import back."""
    imported = _import(pk)
    if imported.undone_at:
        toast(request, _("This import is taken back already."), level=messages.INFO)
        return redirect("imports:result", pk)
    if request.method == "POST":
        uploads.ask_for_undo(imported=imported, actor=request.user, now=request.now)
        return redirect("imports:result", pk)
    try:
        preview = undo_import(
            imported=imported, actor=request.user, now=request.now, today=request.today, dry_run=True
        )
    except ImportRefused as refusal:
        toast(request, str(refusal), level=messages.ERROR)
        return redirect("imports:result", pk)
    context = {
        "imported": imported,
        "preview": undone_lines(preview.as_json()),
        "nothing": preview.nothing,
        "all_stays": preview.all_stays,
        "first": preview.first,
    }
    return render(request, "accounts/imports/undo.html", context)


@for_admins
@require_GET
def progress(request: Request, pk: int) -> HttpResponse:
    """How far the taking back is; when it has ended, the page is loaded anew."""
    job = uploads.undo_job(_import(pk))
    going = job is not None and job.state in Job.OPEN_STATES
    return progress_of(request, job, going=going, url=request.path)
