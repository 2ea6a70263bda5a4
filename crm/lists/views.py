"""Saving, renaming, sharing and deleting named views, and the export of what a list shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.messages import ERROR
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.lists import saving
from crm.lists.asking import Asked, address
from crm.lists.exporting import answer_with
from crm.lists.listing import Listing, listings
from crm.lists.models import ListView
from crm.look.toast import toast
from crm.team.requests import Request


def on_a_list(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Gives the view the list of its address. Raises Http404 for a list that the user does not have."""

    @wraps(view)
    def found(request: Request, slug: str, **kwargs: Any) -> HttpResponseBase:
        listing = listings().get(slug)
        if listing is None or not listing.is_for(request.user):
            raise Http404
        return view(request, listing, **kwargs)

    return found


def _view(request: Request, listing: Listing, pk: int, **more: Any) -> ListView:
    """A named view that the user may change. Raises Http404."""
    view = get_object_or_404(ListView, pk=pk, list=listing.slug, **more)
    if not view.name or not saving.may_change(view, request.user):
        raise Http404
    return view


def _to(listing: Listing, view: ListView) -> HttpResponse:
    return redirect(address(listing.url, {"view": view.key}))


def _not_saved(request: Request, refused: ValidationError) -> None:
    toast(request, " ".join(refused.messages), level=ERROR)


@on_a_list
@require_POST
def save(request: Request, listing: Listing) -> HttpResponse:
    """Make a view of what the address shows; `starts`: begin with it."""
    asked = Asked(listing, request)
    try:
        view = saving.save_view(
            user=request.user,
            listing=listing,
            name=request.POST.get("name", ""),
            state=asked.view_state,
            shared=request.POST.get("shared") == "1",
        )
    except ValidationError as refused:
        _not_saved(request, refused)
        return redirect(asked.address(menu="views"))
    toast(request, _("Saved as “%(name)s”.") % {"name": view.name})
    return _to(listing, view)


@on_a_list
@require_POST
def update(request: Request, listing: Listing, pk: int) -> HttpResponse:
    """Let a view show what the address shows."""
    view = _view(request, listing, pk, deleted_at=None)
    saving.update_view(view=view, actor=request.user, state=Asked(listing, request).view_state)
    toast(request, _("“%(name)s” shows this now.") % {"name": view.name})
    return _to(listing, view)


@on_a_list
@require_POST
def rename(request: Request, listing: Listing, pk: int) -> HttpResponse:
    """Another name; shared or not."""
    view = _view(request, listing, pk, deleted_at=None)
    try:
        saving.rename_view(
            view=view,
            actor=request.user,
            name=request.POST.get("name", ""),
            shared=request.POST.get("shared") == "1",
        )
    except ValidationError as refused:
        _not_saved(request, refused)
    else:
        toast(request, _("Saved as “%(name)s”.") % {"name": view.name})
    return _to(listing, view)


@on_a_list
@require_POST
def delete(request: Request, listing: Listing, pk: int) -> HttpResponse:
    """Take a view away, with undo."""
    view = _view(request, listing, pk, deleted_at=None)
    saving.delete_view(view=view, actor=request.user, now=request.now)
    undo_url = reverse("lists:restore", args=[listing.slug, view.pk])
    toast(request, _("View “%(name)s” deleted.") % {"name": view.name}, undo_url)
    return redirect(address(listing.url, {"view": "all"}))


@on_a_list
@require_POST
def restore(request: Request, listing: Listing, pk: int) -> HttpResponse:
    """Undo the deletion."""
    view = saving.restore_view(view=_view(request, listing, pk), actor=request.user)
    toast(request, _("“%(name)s” is back.") % {"name": view.name})
    return _to(listing, view)


@on_a_list
@require_POST
def start(request: Request, listing: Listing) -> HttpResponse:
    """Begin with a view whenever the list is opened after a reset, and the first time."""
    key = request.POST.get("view", "")
    view = Asked(listing, request, {}).view_of(key)
    if view is None:
        raise Http404
    saving.start_with(user=request.user, listing=listing, key=key)
    toast(request, _("The list begins with “%(name)s”.") % {"name": view.name})
    return redirect(address(listing.url, {"view": key}))


@on_a_list
@require_GET
def export(request: Request, listing: Listing, form: str) -> HttpResponseBase:
    """What the address shows, all pages of it, as a file: filters, order and columns as on the page."""
    if not listing.exports:
        raise Http404
    return answer_with(Asked(listing, request), form)
