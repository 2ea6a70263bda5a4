"""Whose accounts and which quarter an insight page is about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from accounts.models import Account
from crm.team.models import Team, User
from segmentation.models import TierAssessment, TieringRun

RUNS = 16
"""So many quarters can be chosen: four years."""


def runs_to_choose() -> list[TieringRun]:
    """The newest runs, the newest first."""
    return list(TieringRun.objects.select_related("policy").order_by("-as_of")[:RUNS])


@dataclass(frozen=True)
class Scope:
    """What one user sees of one run, of one team or all."""

    user: User
    today: dt.date
    run: TieringRun
    team: Team | None = None

    def of(self, run: TieringRun) -> Scope:
        """The same of another run."""
        return replace(self, run=run)

    @property
    def assessments(self) -> QuerySet[TierAssessment]:
        """What the run found about the accounts in question; without those merged into another since."""
        # Not by a join: all accounts would be read, to leave out a few.
        merged = Account.objects.filter(merged_into__isnull=False).order_by().values("pk")
        rows = TierAssessment.objects.filter(run=self.run).exclude(account__in=merged)
        rows = rows.visible_to(self.user, on=self.today).order_by()
        return rows if self.team is None else rows.filter(account__owner__team=self.team)
