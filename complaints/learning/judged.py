"""How often people decide otherwise than the policy advised, and why: what the policy itself is judged by."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from complaints.learning.scope import Scope
from complaints.models import Decision
from crm.lists.sums import share


@dataclass(frozen=True)
class Judged:
    """Decisions of one group: how many, how many against the advice, looked at by a second person, refused by them."""

    group: str
    decisions: int
    otherwise: int
    second: int
    refused: int

    @property
    def share(self) -> float | None:
        """Decided otherwise, as a fraction."""
        return share(self.otherwise, self.decisions)


def decisions(scope: Scope) -> QuerySet[Decision]:
    """Decisions taken of complaints that came in the period, however they ended; one complaint may have several."""
    return Decision.objects.filter(complaint__in=scope.complaints.values("pk")).order_by()


def by_advice(scope: Scope) -> tuple[list[Judged], dict[tuple[str, str], int]]:
    """By what was advised; and how many were decided how: (advised, outcome). Two statements."""
    counts = {
        (advised, outcome): number
        for advised, outcome, number in decisions(scope)
        .values_list("advice__advised", "outcome")
        .annotate(number=Count("pk"))
    }
    return _judged(decisions(scope), "advice__advised"), counts


def by_ground(scope: Scope) -> list[Judged]:
    """By the ground that decided the advice (a code of complaints.advice), the most frequent first. One statement."""
    first = KeyTextTransform("code", KeyTransform(0, "advice__grounds"))
    return _judged(decisions(scope).annotate(ground=first), "ground")


def by_version(scope: Scope) -> list[Judged]:
    """By the version of the policy that advised, as a text; the newest first. One statement."""
    found = _judged(decisions(scope), "advice__policy__version")
    return sorted(found, key=lambda one: -int(one.group))


def otherwise(scope: Scope) -> QuerySet:
    """A dict for each decision against the advice, the newest first. One statement."""
    return (
        decisions(scope)
        .filter(against_advice=True)
        .order_by("-decided_at", "-pk")
        .values(
            *("complaint_id", "complaint__number", "complaint__account__name", "advice__advised", "outcome"),
            *("amount_cents", "reason", "decided_by__name", "decided_at", "approval"),
        )
    )


def _judged(rows: QuerySet[Decision], path: str) -> list[Judged]:
    waited = ~Q(approval=Decision.Approval.NOT_NEEDED)
    found = rows.values_list(path).annotate(
        number=Count("pk"),
        otherwise=Count("pk", filter=Q(against_advice=True)),
        second=Count("pk", filter=waited),
        refused=Count("pk", filter=Q(approval=Decision.Approval.REFUSED)),
    )
    judged = [Judged(str(group or ""), *numbers) for group, *numbers in found]
    return sorted(judged, key=lambda one: (-one.decisions, one.group))
