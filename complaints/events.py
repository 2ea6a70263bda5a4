"""What happens with complaints that a trigger rule may follow (`contacts.events` has the door)."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from complaints.models import Complaint


class ComplaintsClosed:
    """A complaint was closed, on that day. One that is opened again and closed again is still the same."""

    event = "complaint_closed"
    prefix = "complaint"
    owner = "account__owner"
    origin: ClassVar = Complaint

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet:
        """Closed complaints of any category, no questions."""
        return (
            Complaint.objects.complaints()
            .filter(closed_on__range=(since, until))
            .annotate(
                event_account=F("account_id"),
                event_key=Concat(Value("complaint:"), Cast("pk", CharField()), output_field=CharField()),
                event_day=F("closed_on"),
                event_about=F("number"),
            )
        )
