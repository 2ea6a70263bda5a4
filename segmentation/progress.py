"""How far each manager is with the review of a run, for those who look at all of it (docs/domain.md, 4.4)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q

from crm.team.models import Role, User
from segmentation.change_list import PROPOSALS
from segmentation.models import TierChange, TieringRun


@dataclass(frozen=True)
class Progress:
    """One manager's part of a run. name: "" for what no manager decides, so an admin does."""

    name: str
    decided: int
    total: int

    @property
    def undecided(self) -> int:
        """Still open."""
        return self.total - self.decided


def progress(run: TieringRun, user: User) -> list[Progress]:
    """For an admin: each manager's part, most undecided first; empty for everybody else. One query.

    Where a team has several leads its changes count for each of them.
    """
    if not user.is_admin:
        return []
    lead = "account__owner__team__leads"
    of_a_manager = Q(**{f"{lead}__is_active": True, f"{lead}__role": Role.MANAGER})
    rows = (
        TierChange.objects.filter(run=run, state__in=PROPOSALS)
        .filter(of_a_manager | Q(**{f"{lead}__isnull": True}))
        .order_by()
        .values_list(lead, F(f"{lead}__name"))
        .annotate(total=Count("pk"), decided=Count("pk", filter=~Q(state=TierChange.State.PROPOSED)))
    )
    found = [Progress(name or "", decided, total) for _pk, name, total, decided in rows]
    return sorted(found, key=lambda one: (-one.undecided, one.name))
