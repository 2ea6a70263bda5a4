"""Reads of the complaints app."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from accounts.querysets import visible_ids
from crm.team.models import User
from crm.team.visibility import standing

if TYPE_CHECKING:
    from complaints.models import Attachment, Complaint, Escalation  # noqa: F401


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    """Reads of complaints that chain."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """Complaints of accounts the user may see on the day."""
        if standing(user, on=on).sees_all:
            return self
        return self.filter(account__in=visible_ids(user, on=on))

    def open(self) -> Self:
        """Those not closed yet."""
        return self.filter(closed_on__isnull=True)

    def complaints(self) -> Self:
        """Without the questions."""
        return self.filter(kind="complaint")

    def breached(self, *, now: dt.datetime) -> Self:
        """Those of which a running clock has run out."""
        return self.open().filter(due_at__lte=now)

    def at_risk(self, *, now: dt.datetime) -> Self:
        """Those of which 75 % of the time has gone, and not all of it."""
        return self.open().filter(warn_at__lte=now, due_at__gt=now)


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Reads of attachments that chain."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """Those of complaints the user may see on the day."""
        if standing(user, on=on).sees_all:
            return self
        return self.filter(complaint__account__in=visible_ids(user, on=on))


class EscalationQuerySet(models.QuerySet["Escalation"]):
    """Reads of escalations that chain."""

    def unmailed(self) -> Self:
        """Those of which nobody was told by mail."""
        return self.filter(Q(mailed_at__isnull=True))
