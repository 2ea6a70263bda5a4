"""Why customers changed, as managers said when they decided, over the quarters (docs/domain.md, 4.4 and 8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, When

from segmentation.insight.scope import Scope
from segmentation.models import TierChange, TieringRun
from segmentation.reasons import FELL, ROSE, catalogue
from segmentation.reasons import way as turned

QUARTERS = 8
DECIDED = ("accepted", "rejected", "overridden")


@dataclass(frozen=True)
class ReasonRow:
    """One reason, and how many decisions of each quarter gave it."""

    code: str
    name: str
    numbers: list[int]

    @property
    def total(self) -> int:
        return sum(self.numbers)


@dataclass(frozen=True)
class Reasons:
    """runs: the quarters looked at, the oldest first. rose, fell: decisions by quarter, with a reason."""

    runs: list[TieringRun]
    rows: list[ReasonRow]
    rose: list[int]
    fell: list[int]
    undecided: list[int]
    """Changes that were applied because nobody decided."""

    @property
    def total(self) -> int:
        return sum(self.rose) + sum(self.fell)

    @property
    def most(self) -> int:
        return max((row.total for row in self.rows), default=0)


_FOUND = Case(When(state="overridden", then=F("proposed_tier")), default=F("to_tier"))
"""What the run proposed: an override keeps it beside what the manager chose."""


def decided(scope: Scope, runs: list[TieringRun]) -> QuerySet[TierChange]:
    """The changes of these runs that somebody decided with a reason, or nobody, as far as the user may see them."""
    rows = TierChange.objects.filter(run__in=runs, account__merged_into__isnull=True)
    rows = rows.filter(Q(state__in=DECIDED) & ~Q(reason="") | Q(state="automatic"))
    rows = rows.visible_to(scope.user, on=scope.today).order_by()
    return rows if scope.team is None else rows.filter(account__owner__team=scope.team)


def reasons(scope: Scope, runs: list[TieringRun], way: str = "") -> Reasons:
    """What was decided in the quarters up to the scope's. runs: those there are; way: ROSE, FELL or "" for both.

    A rejected change counts by what was proposed. Two statements.
    """
    chosen = sorted((run for run in runs if run.as_of <= scope.run.as_of), key=lambda run: run.as_of)[
        -QUARTERS:
    ]
    place = {run.pk: number for number, run in enumerate(chosen)}
    nothing = [0] * len(chosen)
    by_reason: dict[str, list[int]] = {}
    ways = {ROSE: list(nothing), FELL: list(nothing)}
    undecided = list(nothing)
    counted = (
        decided(scope, chosen)
        .annotate(found=_FOUND)
        .values_list("run_id", "reason", "state", "from_tier", "found")
        .annotate(number=Count("pk"))
    )
    for run_id, reason, state, before, after, number in counted:
        its_way = turned(before, after)
        if way and its_way != way:
            continue
        if state == "automatic":
            undecided[place[run_id]] += number
            continue
        by_reason.setdefault(reason, list(nothing))[place[run_id]] += number
        ways[its_way][place[run_id]] += number
    words = catalogue().names
    rows = [ReasonRow(code, words.get(code, code), numbers) for code, numbers in by_reason.items()]
    rows.sort(key=lambda row: (-row.total, row.name))
    return Reasons(chosen, rows, ways[ROSE], ways[FELL], undecided)


def lines(scope: Scope, runs: list[TieringRun]) -> Iterator[list[Any]]:
    """Every decision for a file: as of, code, name, owner, from, proposed, to, state, reason, note."""
    words, states = catalogue().names, dict(TierChange.State.choices)
    fields = ("run__as_of", "account__code", "account__name", "account__owner__name")
    more = ("from_tier", "found", "to_tier", "state", "reason", "note")
    rows = decided(scope, [run for run in runs if run.as_of <= scope.run.as_of][:QUARTERS])
    for as_of, code, name, owner, *tiers, state, reason, note in (
        rows.annotate(found=_FOUND)
        .order_by("run__as_of", "account__code")
        .values_list(*fields, *more)
        .iterator(chunk_size=2000)
    ):
        before, proposed, after = (tier or "" for tier in tiers)
        reason_words = words.get(reason, reason)
        yield [
            as_of,
            code,
            name,
            owner or "",
            before,
            proposed,
            after,
            str(states[state]),
            reason_words,
            note,
        ]
