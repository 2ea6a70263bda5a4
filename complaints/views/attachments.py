"""Files at a complaint: added, given out, taken away and brought back, to those who see the account."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from complaints import attachments
from complaints.errors import ComplaintError, NotAllowed
from complaints.models import Attachment, Complaint
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.requests import Request

_ALONE = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'; sandbox"
)
"""What a file may do in a browser: nothing, in an origin of its own (the page around a picture has a style)."""


@require_POST
def attach(request: Request, pk: int) -> HttpResponse:
    """Add files to a complaint: good ones are kept, of each other one it is said why not."""
    complaint = get_object_or_404(Complaint.objects.visible_to(request.user, on=request.today), pk=pk)
    uploads = [(each.name or "", each.chunks()) for each in request.FILES.getlist("files")]
    added: list[Attachment] = []
    refused: list[str] = []
    try:
        added, refused = attachments.add_files(
            complaint=complaint,
            files=uploads,
            uuid=_uuid(request.POST.get("uuid", "")),
            actor=request.user,
            today=request.today,
            now=request.now,
        )
    except ComplaintError as problem:
        refused.append(str(problem))
    if not uploads:
        refused.append(_("Choose a file first."))
    for words in refused:
        toast(request, words, level=messages.ERROR)
    if added:
        words = ngettext("%(number)s file added.", "%(number)s files added.", len(added))
        toast(request, words % {"number": len(added)})
    return _back(request, complaint.pk)


def _uuid(given: str) -> UUID:
    """The form's identity; a form without one is like no other."""
    try:
        return UUID(given)
    except ValueError:
        return uuid4()


@require_GET
def attachment(request: Request, pk: int) -> HttpResponseBase:
    """One file, to be saved; a picture may be looked at as well. Whoever does not see the account gets 404."""
    found = get_object_or_404(Attachment.objects.visible_to(request.user, on=request.today), pk=pk)
    etag = f'"{found.stored_name}"'
    answer: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if answer is None:
        try:
            file = attachments.path_of(found.stored_name).open("rb")
        except FileNotFoundError:
            raise Http404 from None
        answer = FileResponse(
            file,
            as_attachment=found.content_type not in attachments.PICTURES,
            filename=found.original_name,
            content_type=found.content_type,
        )
    answer["ETag"] = etag
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = _ALONE  # instead of the pages' own
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = (
        "private, no-cache"  # kept, and asked for each time whether it may still be seen
    )
    return answer


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    """Take a file away, with undo."""
    found = get_object_or_404(Attachment.objects.visible_to(request.user, on=request.today), pk=pk)
    if not attachments.may_remove(found, request.user):
        raise Http404
    try:
        token = attachments.remove(attachment=found, actor=request.user, today=request.today)
    except NotAllowed as problem:
        toast(request, str(problem), level=messages.ERROR)
    else:
        undo_url = reverse("filing:attachment_undo", args=[token])
        toast(request, _("%(name)s is removed.") % {"name": found.original_name}, undo_url)
    return _back(request, found.complaint_id)


@require_POST
def undo(request: Request, token: str) -> HttpResponse:
    """Bring a file back."""
    try:
        found = attachments.put_back(token=token, actor=request.user, today=request.today)
    except ComplaintError as problem:
        toast(request, str(problem), level=messages.ERROR)
        return _back(request, None)
    toast(request, _("%(name)s is back.") % {"name": found.original_name})
    return _back(request, found.complaint_id)


def _back(request: Request, complaint: int | None) -> HttpResponse:
    """Where the form was, if it says so; else the complaint's page."""
    if target := asked_from(request):
        return redirect(target)
    return redirect("home:landing") if complaint is None else redirect("complaint:page", pk=complaint)
