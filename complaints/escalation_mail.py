"""The mail to somebody who is told that complaints run out of time, or have."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from complaints.models import Complaint, Escalation
from crm.team.models import User

MOST = 50
"""As many are listed; the rest is a number."""


def escalation_mail(user: User, told: QuerySet[Escalation], *, now: dt.datetime) -> EmailMessage | None:
    """The mail in the user's language and time zone; None where the user sees none of the complaints any more."""
    with translation.override(user.page_language), timezone.override(ZoneInfo(user.time_zone)):
        visible = Complaint.objects.visible_to(user, on=timezone.localdate(now))
        seen = told.filter(complaint__in=visible.order_by().values("pk"))
        kinds = list(seen.order_by().values_list("complaint_id", "kind"))
        if not kinds:
            return None
        breached = len({pk for pk, kind in kinds if kind == Escalation.Kind.BREACH})
        number = len({pk for pk, _kind in kinds})
        rows = seen.select_related("complaint__account", "complaint__category").order_by(
            "kind", "complaint_id"
        )
        address = settings.SITE_ADDRESS
        context = {
            "name": user.name,
            "rows": [
                {
                    "escalation": row,
                    "complaint": row.complaint,
                    "due_at": row.complaint.response_due_at
                    if row.clock == "response"
                    else row.complaint.resolution_due_at,
                    "url": address + reverse("complaint:page", args=[row.complaint_id]),
                }
                for row in rows[:MOST]
            ],
            "more": max(0, len(kinds) - MOST),
        }
        subject = (
            ngettext("%(n)d complaint is out of time", "%(n)d complaints are out of time", breached)
            % {"n": breached}
            if breached
            else ngettext("%(n)d complaint runs out of time", "%(n)d complaints run out of time", number)
            % {"n": number}
        )
        body = render_to_string("complaints/escalation.txt", context).strip() + "\n"
    return EmailMessage(subject=subject, body=body, to=[user.email])
