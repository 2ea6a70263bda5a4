"""The complaints of an account, on its page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy

from accounts.models import Account
from accounts.panels import Block, Panel, how_many
from complaints.models import Complaint
from crm.team.requests import Request

ON_A_PAGE = 50
LATEST = 3


class Complaints(Panel):
    """Every complaint, open ones first, then the newest."""

    slug = "complaints"
    title = gettext_lazy("Complaints")
    template = "complaints/tabs/complaints.html"

    def count(self, request: Request) -> Combinable:
        """All of them, open or closed."""
        return how_many("complaints_complaint")

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """One page of them."""
        rows = (
            Complaint.objects.filter(account=account)
            .select_related("category", "purchase", "taken_by")
            .order_by(F("closed_on").desc(nulls_first=True), "-opened_on", "-id")
        )
        return {"page": Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))}


class LatestComplaints(Block):
    """The latest complaints, open ones first, for the brief before a visit; nothing where there was none."""

    slug = "latest-complaints"
    template = "complaints/blocks/latest.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """One query."""
        rows = Complaint.objects.filter(account=account).select_related("category")
        return {
            "complaints": rows.order_by(F("closed_on").desc(nulls_first=True), "-opened_on", "-id")[:LATEST]
        }
