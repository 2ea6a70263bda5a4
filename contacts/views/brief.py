"""The one-page brief before a visit, to read on the way or to print (docs/domain.md, 5.4)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.panels import brief_parts
from contacts.brief import brief_of
from contacts.models import FollowUp, Promise
from crm.team.requests import Request


@require_GET
def brief(request: Request, pk: int) -> HttpResponse:
    """Everything one should know before a contact, on one sheet of A4."""
    rows = FollowUp.objects.visible_to(request.user, on=request.today)
    found = get_object_or_404(rows.select_related("account__owner", "assignee", "person"), pk=pk)
    account = found.account
    context = {
        "follow_up": found,
        "account": account,
        "brief": brief_of(found, user=request.user, today=request.today, now=request.now),
        "promises": Promise.objects.filter(account=account).open().select_related("made_by"),
        "parts": [part.render(account, request, editable=False) for part in brief_parts()],
        "today": request.today,
    }
    return render(request, "contacts/brief.html", context)
