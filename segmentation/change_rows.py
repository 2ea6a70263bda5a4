"""The rows of one page of the list of tier changes, with the evidence behind each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from crm.look.figures import rounded
from segmentation.change_list import Changes, Movement, Numbers
from segmentation.models import TierAssessment, TierChange, TieringRun
from segmentation.wording import what_decided

_STATE = TierChange.State


@dataclass(frozen=True)
class Row:
    """One change of the list with the evidence behind it. The assessments are None only where rows were lost."""

    change: TierChange
    assessment: TierAssessment | None
    previous: TierAssessment | None

    @property
    def decided_by(self) -> str:
        """What decided, in words."""
        return what_decided(self.assessment, self.previous) if self.assessment else ""

    @property
    def growth(self) -> float | None:
        """The change of revenue as a fraction, None where there was none before."""
        return self.change.growth  # type: ignore[attr-defined]

    @property
    def tone(self) -> str:
        """up, down or nothing, as the growth is shown."""
        shown_as = rounded(self.growth or 0, 2)
        return "up" if shown_as > 0 else "down" if shown_as < 0 else ""

    @property
    def verdict(self) -> str:
        """The decision in a few words; "" while there is none."""
        change = self.change
        if change.state == _STATE.PROPOSED:
            return ""
        words = {"state": change.get_state_display(), "tier": change.to_tier or _("no tier")}
        words["reason"] = (
            change.note if change.reason == TierChange.Cause.OTHER else change.get_reason_display()
        )
        if change.state == _STATE.OVERRIDDEN:
            return _("Overridden, %(tier)s: %(reason)s") % words
        return _("%(state)s: %(reason)s") % words if words["reason"] else words["state"]

    @property
    def verdict_tone(self) -> str:
        """The tone of its badge."""
        return "ok" if self.change.state == _STATE.ACCEPTED else ""

    @property
    def selectable(self) -> bool:
        """Whether the user may decide it now."""
        return self.change.state == _STATE.PROPOSED and bool(self.change.mine)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Group:
    """The rows of one movement on this page."""

    movement: Movement
    rows: Sequence[Row]


def rows_of(
    changes: Changes, ids: Sequence[int], *, run: TieringRun, previous: TieringRun | None
) -> list[Row]:
    """The rows with these ids, in their order. `changes` as from changes_of."""
    # Read by id, not by the page's limits: the order was made once, for the ids of the whole list.
    found = changes.filter(pk__in=ids).select_related("account__owner", "actor")
    by_id = {change.pk: change for change in found}
    runs = {each.pk: each for each in (run, previous) if each is not None}
    assessments: dict[tuple[int, int], TierAssessment] = {}
    accounts = [change.account_id for change in by_id.values()]
    for assessment in TierAssessment.objects.filter(run__in=runs, account__in=accounts).order_by():
        assessment.run = runs[assessment.run_id]
        assessments[assessment.run_id, assessment.account_id] = assessment
    return [
        Row(
            change,
            assessments.get((run.pk, change.account_id)),
            assessments.get((previous.pk, change.account_id)) if previous else None,
        )
        for pk in ids
        if (change := by_id.get(pk)) is not None
    ]


def grouped(rows: Iterable[Row], numbers: Numbers) -> list[Group]:
    """The rows under their movements, with the numbers of the whole movement."""

    def move(row: Row) -> tuple[str | None, str | None]:
        return row.change.from_tier, row.change.found_tier  # type: ignore[attr-defined]

    return [
        Group(numbers.movements.get(way) or Movement(*way), list(together))
        for way, together in groupby(rows, key=move)
    ]
