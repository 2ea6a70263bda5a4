"""Whose accounts and which quarter an insight page is about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from accounts.models import Account
from crm.team.models import Team, User
from crm.team.visibility import standing
from segmentation.models import TierAssessment, TieringRun

RUNS = 16
"""So many quarters can be chosen: four years."""


def runs_to_choose() -> list[TieringRun]:
    """The newest runs, the newest first."""
    return list(TieringRun.objects.select_related("policy").order_by("-as_of")[:RUNS])


def teams_to_choose(user: User, *, on: dt.date) -> list[Team]:
    """The teams whose accounts the user may look at by themselves; none for a rep."""
    if user.is_admin:
        return list(Team.objects.order_by("name"))
    return list(Team.objects.filter(pk__in=standing(user, on=on).led_team_ids).order_by("name"))


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


def over(rows: QuerySet, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a statement in which `{rows}` stands once, for the columns of `rows.values_list(...)`; [] for none.

    values: for the placeholders after it.
    """
    try:
        inner, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # a condition that nothing can meet
        return []
    with connection.cursor() as cursor:
        cursor.execute(text.replace("{rows}", f"({inner})"), [*parameters, *values])
        return cursor.fetchall()


def share(part: int | None, whole: int | None) -> float | None:
    """The part as a fraction; None where there is no whole."""
    return (part or 0) / whole if whole and whole > 0 else None
