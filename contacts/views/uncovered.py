"""What is not covered, for managers (their teams, and what nobody owns) and admins."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contacts import uncovered
from crm.team.requests import Request

ON_A_PAGE = 50


@require_GET
def coverage(request: Request) -> HttpResponse:
    """How many accounts fall through, by kind; one kind open as a list, with what mends it."""
    user, today = request.user, request.today
    if not (user.is_manager or user.is_admin):
        raise Http404
    counted = uncovered.counts(user, today=today)
    opened = next((gap for gap in uncovered.GAPS if gap.name == request.GET.get("gap")), None)
    if opened is None:  # the first that has something
        opened = next((gap for gap in uncovered.GAPS if counted[gap.name]), uncovered.GAPS[0])
    try:
        number = max(int(request.GET.get("page", 1)), 1)
    except ValueError:
        number = 1
    start = (number - 1) * ON_A_PAGE
    rows = list(uncovered.uncovered(user, opened.name, today=today)[start : start + ON_A_PAGE + 1])
    context = {
        "title": _("What is not covered"),
        "gaps": [(gap, counted[gap.name], gap is opened) for gap in uncovered.GAPS],
        "accounts": counted["accounts"],
        "opened": opened,
        "total": counted[opened.name],
        "rows": rows[:ON_A_PAGE],
        "previous": number - 1,
        "following": number + 1 if len(rows) > ON_A_PAGE else None,
        "here": request.get_full_path(),
    }
    return render(request, "contacts/uncovered.html", context)
