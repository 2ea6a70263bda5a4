"""Saying something of a proposed tier change, from the account's page; for everybody who sees the account."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Account
from crm.look.toast import toast
from crm.team.requests import Request
from segmentation.commenting import comment
from segmentation.errors import SegmentationError
from segmentation.models import TierChange


@require_POST
def comment_on(request: Request, pk: int) -> HttpResponse:
    """Write the comment on the change; back to the account's tiers. 404 where the account is not visible."""
    change = get_object_or_404(TierChange, pk=pk)
    if not Account.objects.visible_to(request.user, on=request.today).filter(pk=change.account_id).exists():
        raise Http404
    try:
        comment(
            change=change,
            author=request.user,
            words=request.POST.get("words", "")[:500],
            asked_tier=request.POST.get("asked_tier") or None,
            now=request.now,
        )
    except SegmentationError as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        toast(request, _("Said. Whoever decides sees it."))
    return redirect(reverse("accounts:tab", args=[change.account_id, "tiers"]))
