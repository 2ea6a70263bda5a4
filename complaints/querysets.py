"""Reads of the complaints app."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models

from accounts.querysets import visible_ids
from crm.team.models import User
from crm.team.visibility import standing

if TYPE_CHECKING:
    from complaints.models import Complaint  # noqa: F401


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
