"""Reads of who is away. Who sees it: docs/domain.md, section 1; reasons are for who keeps the absence only."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from crm.team.models import Absence, User  # noqa: F401


class AbsenceQuerySet(models.QuerySet["Absence"]):
    """Reads of absences that chain. `led`: the teams that a manager leads (crm.team.visibility.led_team_ids)."""

    def visible_to(self, user: User, *, led: frozenset[int]) -> Self:
        """Absences whose days the user may see: own ones, the team's, those to stand in for; a lead's; an admin all."""
        if user.is_admin:
            return self
        seen = Q(user=user) | Q(substitute=user) | Q(user__team__in=led)
        if user.team_id is not None:
            seen |= Q(user__team=user.team_id)
        return self.filter(seen)

    def kept_by(self, user: User, *, led: frozenset[int]) -> Self:
        """Absences that the user may change and whose reason is read: own ones, a lead's, an admin all."""
        if user.is_admin:
            return self
        return self.filter(Q(user=user) | Q(user__team__in=led))

    def touching(self, first: dt.date, last: dt.date) -> Self:
        """Those with a day in common with the days from `first` to `last`."""
        return self.filter(first_day__lte=last, last_day__gte=first)
