"""Inviting the customer's person to a booked appointment, and calling it off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.messages import ERROR
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contacts import invitations
from contacts.models import FollowUp, Invitation
from crm.look.toast import toast
from crm.team.requests import Request


@require_POST
def invite(request: Request, pk: int) -> HttpResponse:
    """Send the person the appointment, or its new time."""
    return _do(request, pk, invitations.invite, _("The invitation goes to %(email)s."))


@require_POST
def call_off(request: Request, pk: int) -> HttpResponse:
    """Tell the person that the appointment is off."""
    return _do(request, pk, invitations.call_off, _("%(email)s is told that the appointment is off."))


def _do(request: Request, pk: int, verb: Callable[..., Invitation], words: str) -> HttpResponse:
    """Whoever may put the follow-up off may invite to it."""
    rows: Any = FollowUp.objects.acted_on_by(request.user, on=request.today)
    follow_up = get_object_or_404(rows, pk=pk)
    try:
        done = verb(follow_up=follow_up, actor=request.user, now=request.now)
    except invitations.Refused as refused:
        toast(request, str(refused), level=ERROR)
    else:
        toast(request, words % {"email": done.email})
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(reverse("contacts:follow_up", args=[pk]) + query)
