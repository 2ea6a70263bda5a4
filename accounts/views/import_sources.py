"""Presets and sources of imports, and the endpoint by which programs deliver."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db.models import Count, Max
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import deliveries, folders
from accounts.import_forms import PresetForm, SourceForm
from accounts.import_words import sections
from accounts.models import ImportPreset, ImportSource, Upload
from accounts.models.importing import ImportKind
from accounts.receiving import TooLarge, chunks_of, was_too_large
from accounts.views.for_admins import for_admins
from crm.look.toast import toast
from crm.team.requests import Request

DELIVERIES = 20
_SECRET = "imports.secret"
WRONG_SECRETS = 20
"""So many wrong secrets from one address within a minute get a 401; then a 429."""


# Presets ------------------------------------------------------------------------------------------------------------
@for_admins
@require_GET
def preset_list(request: Request) -> HttpResponse:
    """The presets of every kind."""
    presets = ImportPreset.objects.select_related("made_by").annotate(used_by=Count("sources"))
    context = {"sections": sections("imports:presets"), "presets": presets}
    return render(request, "accounts/imports/presets.html", context)


@for_admins
@require_http_methods(["GET", "POST"])
def preset_detail(request: Request, pk: int) -> HttpResponse:
    """What a preset says; a post gives it another name."""
    preset = get_object_or_404(ImportPreset.objects.select_related("made_by"), pk=pk)
    name = preset.name
    form = PresetForm(request.POST or None, instance=preset)
    if request.method == "POST" and form.is_valid():
        form.save()
        toast(request, _("Saved: %(name)s.") % {"name": preset.name})
        return redirect("imports:presets")
    context = {"preset": preset, "name": name, "form": form, "sources": list(preset.sources.all())}
    return render(request, "accounts/imports/preset.html", context, status=422 if form.errors else 200)


@for_admins
@require_POST
def preset_delete(request: Request, pk: int) -> HttpResponse:
    """Delete a preset that no source uses; the page has asked once."""
    preset = get_object_or_404(ImportPreset, pk=pk)
    if names := ", ".join(source.name for source in preset.sources.all()):
        words = _("Not deleted: %(sources)s uses this preset.") % {"sources": names}
        toast(request, words, level=messages.ERROR)
        return redirect("imports:preset", pk)
    preset.delete()
    toast(request, _("Deleted: %(name)s.") % {"name": preset.name})
    return redirect("imports:presets")


# Sources ------------------------------------------------------------------------------------------------------------
@for_admins
@require_GET
def source_list(request: Request) -> HttpResponse:
    """Where files come from by themselves, each with its last delivery."""
    sources = list(
        ImportSource.objects.select_related("preset").annotate(
            last=Max("uploads__pk"), count=Count("uploads")
        )
    )
    last = Upload.objects.select_related("job").in_bulk([source.last for source in sources if source.last])
    rows = [{"source": source, "last": last.get(source.last)} for source in sources]
    context = {"sections": sections("imports:sources"), "rows": rows, "root": settings.IMPORT_FOLDER}
    return render(request, "accounts/imports/sources.html", context)


@for_admins
@require_http_methods(["GET", "POST"])
def source_new(request: Request) -> HttpResponse:
    """An empty form for a source."""
    return _source_form(request, ImportSource(kind=ImportKind.PURCHASES))


@for_admins
@require_http_methods(["GET", "POST"])
def source_detail(request: Request, pk: int) -> HttpResponse:
    """One source: its settings, its folder, its secret, its last deliveries."""
    return _source_form(request, get_object_or_404(ImportSource.objects.select_related("preset"), pk=pk))


def _source_form(request: Request, source: ImportSource) -> HttpResponse:
    name = source.name
    form = SourceForm(request.POST or None, instance=source)
    if request.method == "POST" and form.is_valid():
        try:
            if form.instance.folder:
                folders.make_folder(form.instance)
        except OSError as problem:
            words = _("The folder cannot be made: %(reason)s.") % {"reason": problem.strerror}
            form.add_error("folder", words)
        else:
            saved = form.save_as(request.user, now=request.now)
            toast(request, _("Saved: %(name)s.") % {"name": saved.name})
            return redirect("imports:source", saved.pk)
    secrets = request.session.get(_SECRET, {}) if source.pk else {}
    context: dict[str, Any] = {
        "source": source if source.pk else None,
        "name": name,
        "form": form,
        "folder": folders.folder_of(source) if source.pk and source.folder and not form.errors else "",
        "secret": secrets.get(str(source.pk), ""),
        "endpoint": request.build_absolute_uri(reverse("imports:deliver")),
        "deliveries": source.uploads.select_related("job")[:DELIVERIES] if source.pk else [],
        "today": request.today,
    }
    if context["secret"]:
        del request.session[_SECRET]  # shown once
    answer = render(request, "accounts/imports/source.html", context, status=422 if form.errors else 200)
    if context["secret"]:
        answer["Cache-Control"] = "no-store"
    return answer


@for_admins
@require_POST
def source_secret(request: Request, pk: int) -> HttpResponse:
    """Make a secret, in place of one that there was; the page that follows shows it, and none after it."""
    source = get_object_or_404(ImportSource, pk=pk)
    request.session[_SECRET] = {str(pk): deliveries.new_secret(source=source)}
    return redirect(reverse("imports:source", args=[pk]) + "#secret")


@for_admins
@require_POST
def source_revoke(request: Request, pk: int) -> HttpResponse:
    """Take the secret away: no program delivers any more."""
    source = get_object_or_404(ImportSource, pk=pk)
    deliveries.revoke_secret(source=source)
    toast(request, _("The secret of %(name)s opens nothing any more.") % {"name": source.name})
    return redirect("imports:source", pk)


@for_admins
@require_POST
def source_delete(request: Request, pk: int) -> HttpResponse:
    """Delete a source; what it brought stays, and so do its files."""
    source = get_object_or_404(ImportSource, pk=pk)
    source.delete()
    toast(request, _("Deleted: %(name)s. What it brought stays.") % {"name": source.name})
    return redirect("imports:sources")


# The endpoint -------------------------------------------------------------------------------------------------------
class _Refusal(Exception):
    """An answer that is no delivery."""

    def __init__(self, status: int, words: str, **headers: str) -> None:
        super().__init__(words)
        self.status, self.words, self.headers = status, words, headers

    def answer(self) -> JsonResponse:
        """As JSON."""
        return JsonResponse({"error": self.words}, status=self.status, headers=self.headers)


def _source_of(request: Any) -> ImportSource:
    """The source whose secret the request carries. Raises _Refusal.

    Who sends many wrong ones is told to wait; a right one always passes, since many may come from one proxy's address.
    """
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    source = deliveries.source_of(secret.strip()) if scheme.lower() == "bearer" else None
    if source is not None:
        return source
    address = f"imports:wrong-secret:{request.META.get('REMOTE_ADDR', '')}"
    wrong = cache.get(address, 0) + 1
    if wrong > WRONG_SECRETS:
        words = _("Too many wrong secrets. Try again in a minute.")
        raise _Refusal(429, words, **{"Retry-After": "60"})
    if secret:
        cache.set(address, wrong, 60)
    words = _("The secret is missing or not known. Send it as: Authorization: Bearer <secret>.")
    raise _Refusal(401, words, **{"WWW-Authenticate": "Bearer"})


@csrf_exempt
@login_not_required
def deliver_file(request: Any) -> HttpResponse:
    """Take a file from a program: the whole body, or one file of a form. Answers 202, and where its state is told."""
    try:
        if request.method != "POST":
            raise _Refusal(405, _("Send the file by POST."), Allow="POST")
        source = _source_of(request)
        if deliveries.too_many(source, now=request.now):
            words = _("This source has delivered %(n)d files within an hour. Try again later.")
            raise _Refusal(429, words % {"n": deliveries.MOST_AN_HOUR}, **{"Retry-After": "600"})
        upload = _received(request, source)
    except _Refusal as refusal:
        return refusal.answer()
    answer = deliveries.answer(upload)
    return JsonResponse(answer, status=202, headers={"Location": str(answer["address"])})


def _received(request: Any, source: ImportSource) -> Upload:
    """The file of the request, kept and on its way. Raises _Refusal."""
    too_large = _Refusal(413, str(TooLarge()))
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_LIMIT + (1 << 20):
        raise too_large
    name = request.GET.get("name", "")
    if request.content_type == "multipart/form-data":
        files = list(request.FILES.values())
        if was_too_large(request):
            raise too_large
        if len(files) != 1:
            raise _Refusal(400, _("The form must hold exactly one file."))
        name, chunks = name or files[0].name, files[0].chunks()
    elif request.content_type == "application/x-www-form-urlencoded":
        words = _(
            "Send the file itself as the body (curl --data-binary @FILE -H 'Content-Type: text/csv'), or as a form "
            "with one file (curl -F file=@FILE)."
        )
        raise _Refusal(415, words)
    else:
        chunks = chunks_of(request)
    try:
        upload = deliveries.deliver(
            source=source, chunks=chunks, file_name=name or source.name, now=request.now
        )
    except TooLarge:
        raise too_large from None
    except deliveries.Empty as problem:
        raise _Refusal(400, str(problem)) from None
    return upload


@login_not_required
@require_GET
def delivery(request: Any, uuid: UUID) -> HttpResponse:
    """How far a delivery is, for the program that brought it."""
    try:
        source = _source_of(request)
    except _Refusal as refusal:
        return refusal.answer()
    upload = Upload.objects.filter(uuid=uuid, source=source).first()
    if upload is None:
        return JsonResponse({"error": _("There is no such delivery.")}, status=404)
    answer = JsonResponse(deliveries.answer(upload))
    answer["Cache-Control"] = "no-store"
    return answer
