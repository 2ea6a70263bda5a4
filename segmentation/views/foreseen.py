"""What the next policy would do to the accounts one sees: read by everybody with insight, edited by nobody (4.4)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.look import charts
from crm.team.requests import Request
from crm.team.visibility import standing
from segmentation import policies
from segmentation.models import SimulatedAccount, Simulation, TierPolicy
from segmentation.policy_form import differences
from segmentation.reasons import FELL, way
from segmentation.simulated import READ, asked_for, grouped
from segmentation.simulation import TIERS, Figures, Move, moving
from segmentation.views.insight_asking import Insight, insight_page

ON_A_PAGE = 50


class Foreseen:
    """A simulation as one user sees it: the accounts of theirs, of one team or all."""

    def __init__(self, made: Simulation, insight: Insight, versions: list[TierPolicy]) -> None:
        """versions: all that can be looked at, this one among them."""
        self.made, self.policy, self.insight, self.versions = made, made.policy, insight, versions
        self.accounts: QuerySet[SimulatedAccount] = made.accounts.visible_to(insight.user, on=insight.today)
        if insight.team is not None:
            self.accounts = self.accounts.filter(account__owner__team=insight.team)

    @property
    def state(self) -> TierPolicy.State:
        return policies.state_of(self.policy)

    @property
    def is_stale(self) -> bool:
        """Whether its thresholds are others by now."""
        return bool(self.made.thresholds != policies.thresholds_of(self.policy))

    @cached_property
    def moves(self) -> list[Move]:
        """Every movement that the policy, or the one in force, would make of them. Two statements."""
        found: dict[tuple[str, str], list[int]] = {}
        for field, place in (("tier", 0), ("in_force_tier", 2)):
            rows = (
                moving(self.accounts, field)
                .order_by()
                .values_list("previous_tier", field)
                .annotate(number=Count("pk"), cents=Sum("revenue_cents"))
            )
            for before, after, number, cents in rows:
                of_both = found.setdefault((before or "", after or ""), [0, 0, 0])
                of_both[place] = number
                if not place:
                    of_both[1] = cents
        order = sorted(found, key=lambda one: (TIERS.index(one[0]), TIERS.index(one[1])))
        return [Move(before or None, after or None, *found[before, after]) for before, after in order]

    @property
    def fall(self) -> int:
        """How many would fall."""
        return sum(move.accounts for move in self.moves if way(move.before, move.after) == FELL)

    @property
    def rise(self) -> int:
        return sum(move.accounts for move in self.moves) - self.fall

    def listed(self, move: str) -> tuple[QuerySet[SimulatedAccount], str]:
        """The accounts of a movement, or all that move; and which it is."""
        return asked_for(self.accounts, move)

    @cached_property
    def reps(self) -> list[dict[str, Any]]:
        """The weeks that would be others: one's own and, for managers, those of their teams; for admins all."""
        user = self.insight.user
        seen = standing(user, on=self.insight.today)
        found = []
        for rep in Figures(self.made).reps():
            mine = user.is_admin or rep.user.pk == user.pk or rep.user.team_id in seen.led_team_ids
            if mine and (self.insight.team is None or rep.user.team_id == self.insight.team.pk):
                weeks = len(rep.weeks)
                found.append(
                    {
                        "user": rep.user,
                        "before": round(sum(rep.before) / weeks),
                        "after": round(sum(rep.after) / weeks),
                        "capacity": round(sum(rep.capacity) / weeks),
                    }
                )
        return found


def simulations() -> list[Simulation]:
    """Those of policies that are to come: with a day first, then drafts, the newest first. One query."""
    found = (
        Simulation.objects.filter(policy__in_force=False, policy__ended_on=None, policy__runs__isnull=True)
        .select_related("policy", "against")
        .order_by("-policy__version")
    )
    return sorted(
        found, key=lambda made: (made.policy.starts_on is None, made.policy.starts_on or made.as_of)
    )


def foreseen(insight: Insight, asked: str) -> Foreseen | None:
    """The policy of the version asked for, else the first that is to come. Raises Http404 for one that is not."""
    there_are = simulations()
    for made in there_are:
        if not asked or str(made.policy.version) == asked:
            return Foreseen(made, insight, [one.policy for one in there_are])
    if asked:
        raise Http404
    return None


@require_GET
@insight_page()
def next_policy(request: Request, insight: Insight) -> HttpResponse:
    """What a policy that is not in force yet would do: counts, who of theirs moves, whose weeks."""
    found = foreseen(insight, request.GET.get("version", ""))
    context = insight.context("policy")
    if found is None:
        return render(request, "segmentation/insight/policy.html", context)
    rows, move = found.listed(request.GET.get("move", ""))
    page = Paginator(rows.values(*READ), ON_A_PAGE).get_page(request.GET.get("page"))
    version = str(found.policy.version) if found.policy != found.versions[0] else ""
    context |= {
        "found": found,
        "moves": [(one, insight.query(version=version, move=one.key)) for one in found.moves],
        "all_url": insight.query(version=version) or "?",
        "move": move,
        "version": version,
        "export_query": insight.query(version=version, move=move),
        "page": page,
        "groups": grouped(page),
        "differences": differences(found.made.against, found.policy),
        "flow": charts.flow(
            [(one.before, one.after, one.accounts) for one in found.moves], ident="next-policy"
        ),
    }
    return render(request, "segmentation/insight/policy.html", context)
