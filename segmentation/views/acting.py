"""What is done beside the decision on one change: many together, taking back, pins."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crm.look import figures
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.requests import Request
from segmentation import pins
from segmentation.change_page import ChangePage
from segmentation.errors import SegmentationError
from segmentation.forms import ManyForm, PinForm, PinManyForm
from segmentation.models import TierChange
from segmentation.pins import pin_tier
from segmentation.reasons import catalogue
from segmentation.review import decide_many as decide_together
from segmentation.review import (
    undo_decision,
)
from segmentation.views.asking import Review, reviewers_only
from segmentation.views.pages import LEFT_KEY, open_change, page, undo_url


@reviewers_only
@require_http_methods(["GET", "HEAD", "POST"])
def decide_many(request: Request) -> HttpResponse:
    """Decide all that are selected; what could not be decided is listed with the cause."""
    if request.method != "POST":
        return redirect("segmentation:changes")
    if request.POST.get("decision") == "pin":
        return _pin_many(request)
    form = ManyForm(request.POST, reasons=catalogue())
    if form.is_valid():
        data = form.cleaned_data
        try:
            found = decide_together(
                change_ids=form.change_ids,
                accept=data["decision"] == "accept",
                reason=data["reason"],
                note=data["note"],
                actor=request.user,
                today=request.today,
                now=request.now,
            )
        except SegmentationError as refusal:
            form.refuse(refusal)
        else:
            if found.decided:
                number = len(found.decided)
                words = (
                    ngettext("%(n)d change accepted.", "%(n)d changes accepted.", number)
                    if data["decision"] == "accept"
                    else ngettext("%(n)d change rejected.", "%(n)d changes rejected.", number)
                )
                toast(request, words % {"n": number}, undo_url([change.pk for change in found.decided]))
            if found.left:
                request.session[LEFT_KEY] = [[change.account.name, words] for change, words in found.left]
            return redirect(_next(request))
    return page(request, *_as_it_was(request), many=form)


def _pin_many(request: Request) -> HttpResponse:
    """Pin the tiers of all that are selected; what could not be pinned is listed with the cause."""
    form = PinManyForm(request.POST, today=request.today)
    if form.is_valid():
        data = form.cleaned_data
        try:
            found = pins.pin_many(**data, actor=request.user, today=request.today, now=request.now)
        except SegmentationError as refusal:
            form.refuse(refusal)
        else:
            if found.pinned:
                number = len(found.pinned)
                words = ngettext(
                    "%(n)d account is pinned until %(day)s.",
                    "%(n)d accounts are pinned until %(day)s.",
                    number,
                )
                toast(request, words % {"n": number, "day": figures.day(data["last_day"], request.today)})
            if found.left:
                request.session[LEFT_KEY] = [[change.account.name, words] for change, words in found.left]
            return redirect(_next(request))
    return page(request, *_as_it_was(request), pin_many=form)


def _as_it_was(request: Request) -> tuple[Review, ChangePage | None]:
    """The list with the change that was open beside it, where the form came from one."""
    at = resolve(urlsplit(_next(request)).path)
    if at.view_name == "segmentation:change":
        return open_change(request, at.kwargs["pk"])
    return Review(request), None


@reviewers_only
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: Request) -> HttpResponse:
    """Take the decisions on `?change=` back, each by itself; the others stand, with the cause."""
    asked = [value for value in request.GET.getlist("change") if value.isascii() and value.isdigit()]
    if request.method != "POST" or not asked:
        return redirect("segmentation:changes")
    user, today = request.user, request.today
    found = list(
        TierChange.objects.visible_to(user, on=today)
        .filter(pk__in=asked)
        .select_related("account")
        .order_by("pk")
    )
    if not found:
        raise Http404
    undone, left = 0, []
    for each in found:
        try:
            undo_decision(change=each, actor=user, today=today, now=request.now)
        except SegmentationError as refusal:
            left.append((each.account.name, str(refusal)))
        else:
            undone += 1
    if undone:
        words = ngettext("%(n)d decision was taken back.", "%(n)d decisions were taken back.", undone)
        toast(request, words % {"n": undone})
    if left and len(found) == 1:
        toast(request, left[0][1], level=messages.ERROR)
    elif left:
        request.session[LEFT_KEY] = [list(each) for each in left]
    back = _next(request)
    if len(found) == 1:  # the proposal is open again: show it
        return redirect(f"{reverse('segmentation:change', args=[found[0].pk])}?{urlsplit(back).query}")
    return redirect(back)


def _is_ours(path: str) -> bool:
    try:
        return resolve(path).view_name in ("segmentation:changes", "segmentation:change")
    except Resolver404:
        return False


def _next(request: Request) -> str:
    """Where the form came from, if that is the review; else the list."""
    if here := asked_from(request):
        address = urlsplit(here)
        if _is_ours(address.path):
            query = urlencode(parse_qsl(address.query))
            return f"{address.path}?{query}" if query else address.path
    return reverse("segmentation:changes")


@reviewers_only
@require_http_methods(["GET", "HEAD", "POST"])
def pin(request: Request, pk: int) -> HttpResponse:
    """Pin the tier of the change's account."""
    review, opened = open_change(request, pk)
    if request.method != "POST":
        return redirect(review.change_url(pk))
    form = PinForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            pinned = pin_tier(
                account=opened.account,
                **data,
                actor=review.user,
                today=review.today,
                now=request.now,
            )
        except SegmentationError as refusal:
            form.refuse(refusal)
        else:
            toast(
                request,
                _("%(account)s is pinned to %(tier)s until %(day)s.")
                % {
                    "account": opened.account.name,
                    "tier": pinned.tier,
                    "day": figures.day(pinned.last_day, review.today),
                },
            )
            return redirect(review.change_url(pk))
    return page(request, review, opened, pin_form=form)
