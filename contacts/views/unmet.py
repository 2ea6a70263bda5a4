"""Rules that customers' wishes make impossible, for whoever looks after the accounts."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contacts.models import UnmetRule
from contacts.rules import sentence
from contacts.unmet import REMEDIES, listed
from contacts.wishes import writable_by
from crm.team.requests import Request

ON_A_PAGE = 50


@require_GET
def unmet_rules(request: Request) -> HttpResponse:
    """Which account, which rule, why not, and what to do about it."""
    user, today = request.user, request.today
    page = Paginator(listed(user, today=today), ON_A_PAGE).get_page(request.GET.get("page"))
    accounts = [row.account_id for row in page.object_list]
    writable = set(writable_by(user, on=today).filter(pk__in=accounts).values_list("pk", flat=True))
    rows = [
        {
            "unmet": row,
            "account": row.account,
            "rule": sentence(row.rule),
            "why": UnmetRule.Why(row.why).label,
            "remedy": REMEDIES[row.why],
            "may_write": row.account_id in writable,
        }
        for row in page.object_list
    ]
    return render(request, "contacts/unmet.html", {"page": page, "rows": rows})
