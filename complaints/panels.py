"""The complaints of an account, on its page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, Prefetch
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.models import Account
from accounts.panels import Block, Panel, how_many
from complaints.models import Complaint, Decision
from complaints.running_out import Clocks
from crm.team.requests import Request

ON_A_PAGE = 50
LATEST = 3
OPEN_FIRST = (F("closed_on").desc(nulls_first=True), F("due_at").asc(nulls_last=True), "-opened_on", "-id")
"""Open ones by the time they have left, then the newest."""


class Complaints(Panel):
    """Every complaint and question, open ones first."""

    slug = "complaints"
    title = gettext_lazy("Complaints")
    template = "complaints/tabs/complaints.html"

    def count(self, request: Request) -> Combinable:
        """All of them, open or closed."""
        return how_many("complaints_complaint")

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """One page of them, each with its time left."""
        waits = Decision.objects.filter(approval=Decision.Approval.PENDING)
        rows = (
            Complaint.objects.filter(account=account)
            .select_related("category", "purchase", "product", "assignee", "account__owner")
            .prefetch_related(Prefetch("decisions", queryset=waits, to_attr="waiting_decisions"))
            .order_by(*OPEN_FIRST)
        )
        page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
        clocks = Clocks(now=request.now)
        found = []
        for complaint in page.object_list:
            left = clocks.of_complaint(complaint)
            found.append((complaint, left, left.more(request.today)))
        return {"page": page, "found": found, "file_here": f"{reverse('filing:file')}?account={account.pk}"}


class LatestComplaints(Block):
    """The latest complaints, open ones first, for the brief before a visit; nothing where there was none."""

    slug = "latest-complaints"
    template = "complaints/blocks/latest.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """One query, and those of the clocks."""
        rows = Complaint.objects.filter(account=account).select_related(
            "category", "assignee", "account__owner"
        )
        clocks = Clocks(now=request.now)
        return {
            "complaints": [(one, clocks.of_complaint(one)) for one in rows.order_by(*OPEN_FIRST)[:LATEST]]
        }
