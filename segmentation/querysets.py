"""Reads of the segmentation app. Tier changes are for managers and admins (docs/domain.md, section 1)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models

from accounts.querysets import visible_ids, visible_through
from crm.team.models import User
from crm.team.visibility import standing

if TYPE_CHECKING:
    from segmentation.models import SimulatedAccount, TierAssessment, TierChange, TieringRun  # noqa: F401


class TierChangeQuerySet(models.QuerySet["TierChange"]):
    """Reads of tier changes that chain."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """For the review: changes of accounts the user may see; none for reps and service agents."""
        if user.is_admin:
            return self
        if not user.is_manager:
            return self.none()
        return self.filter(account__in=visible_ids(user, on=on))

    def of_run_visible_to(self, run: TieringRun, user: User, *, on: dt.date) -> Self:
        """As visible_to, of one run: few rows of all there are, whose accounts the review joins anyway."""
        changes = self.filter(run=run)
        if user.is_admin:
            return changes
        return changes.filter(visible_through(user, on=on)) if user.is_manager else self.none()

    def decidable_by(self, user: User, *, on: dt.date) -> Self:
        """Changes of accounts whose tier the user sets: segmentation.rules.may_set_tier as a filter."""
        if user.is_admin:
            return self
        if not user.is_manager:
            return self.none()
        return self.filter(account__owner__team__in=standing(user, on=on).led_team_ids)

    def open(self) -> Self:
        """Proposals that nobody has decided."""
        return self.filter(state="proposed")


class TierAssessmentQuerySet(models.QuerySet["TierAssessment"]):
    """Reads of assessments that chain."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """Assessments of accounts the user may see: the account page explains the tier to everybody who sees it."""
        if standing(user, on=on).sees_all:
            return self
        return self.filter(account__in=visible_ids(user, on=on))


class SimulatedAccountQuerySet(models.QuerySet["SimulatedAccount"]):
    """Reads of what simulations found."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """Those of accounts the user may see: before a policy is put in force everybody sees what it would do (4.4)."""
        if standing(user, on=on).sees_all:
            return self
        return self.filter(account__in=visible_ids(user, on=on))
