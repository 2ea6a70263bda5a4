"""That a complaint is open, for everybody who is about to contact the account (settings.ACCOUNT_ALERTS)."""

from __future__ import annotations

import datetime as dt

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.alerts import Alert, AlertSource
from accounts.models import Account
from complaints.models import Complaint
from complaints.running_out import Clocks
from crm.team.models import User


class OpenComplaints(AlertSource):
    """One banner, however many are open: nobody calls to sell without knowing."""

    def alerts(self, account: Account, *, user: User, today: dt.date, now: dt.datetime) -> list[Alert]:
        """The most urgent one with its time left; up to four queries, none where the account has no open complaint."""
        number = account.open_complaints
        if not number:
            return []
        strong = ngettext("%(count)d complaint is open.", "%(count)d complaints are open.", number)
        first = (
            Complaint.objects.open()
            .complaints()
            .filter(account=account)
            .select_related("account__owner", "assignee", "category")
            .order_by(F("due_at").asc(nulls_last=True), "pk")
            .first()
        )
        text, url, action = _("Say what we do about it before they ask."), "", ""
        if first is not None:
            text = f"{_said(first, now=now, one=number == 1)} {text}"
            url, action = reverse("complaint:page", args=[first.pk]), _("Open it")
            if number > 1:
                url, action = reverse("accounts:tab", args=[account.pk, "complaints"]), _("See them")
        return [Alert("danger", "complaint", strong % {"count": number}, text, url, action)]


def _said(complaint: Complaint, *, now: dt.datetime, one: bool) -> str:
    words = {
        "number": complaint.number,
        "category": complaint.category.name,
        "left": Clocks(now=now).of_complaint(complaint).sentence,
        "name": complaint.assignee.name
        if complaint.assignee is not None
        else pgettext("complaints", "nobody"),
    }
    if one:
        return _("%(number)s, %(category)s: %(left)s; with %(name)s.") % words
    return _("The most urgent: %(number)s, %(category)s: %(left)s; with %(name)s.") % words
