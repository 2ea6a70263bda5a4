"""What an owner who comes back is told of complaints (settings.WHILE_AWAY)."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy

from complaints.models import Complaint
from contacts.while_away import MOST, News, Part
from crm.team.models import Absence, User


class Complaints(Part):
    """Complaints opened meanwhile, also those that are closed again."""

    title = gettext_lazy("Complaints opened")
    icon = "complaint"

    def news(self, owner: User, absence: Absence, *, on: dt.date) -> list[News]:
        rows = (
            Complaint.objects.visible_to(owner, on=on)
            .filter(account__owner=owner, opened_on__range=(absence.first_day, absence.last_day))
            .select_related("account", "category", "taken_by")
            .order_by("opened_on", "pk")[:MOST]
        )
        return [
            News(
                row.opened_on,
                row.category.name,
                row.account_id,
                row.account.name,
                row.taken_by.name if row.taken_by else "",
                row.words,
            )
            for row in rows
        ]
