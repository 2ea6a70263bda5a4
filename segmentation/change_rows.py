"""The rows of one page of the list of tier changes, with the evidence behind each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from django.utils.translation import gettext as _

from segmentation.change_list import FOUND_TIER, Changes, Movement, Numbers, with_evidence
from segmentation.models import TierChange, TieringRun
from segmentation.reasons import Known
from segmentation.wording import what_decided

_STATE = TierChange.State
_STATES = dict(_STATE.choices)


class Evidence(NamedTuple):
    """What one run found about an account, as far as a row says it: segmentation.wording.Found."""

    run: TieringRun
    revenue_cents: int
    previous_revenue_cents: int
    preceding_cents: int | None
    active_quarters: int
    tenure_months: int | None
    late_cents: int | None
    due_cents: int | None
    contact_minutes: int
    complaints: int
    previous_tier: str | None
    tier: str | None
    trail: str


_EVIDENCE = Evidence._fields[1:]


class Read(NamedTuple):
    """The columns of one change of the list."""

    pk: int
    state: str
    from_tier: str | None
    found_tier: str | None
    to_tier: str | None
    reason: str
    note: str
    account: str
    code: str
    owner: str | None
    actor: str | None
    decided_at: dt.datetime | None


_READ = (
    *("pk", "state", "from_tier", "found_tier", "to_tier", "reason", "note"),
    *("account__name", "account__code", "account__owner__name", "actor__name"),
    "decided_at",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One change of the list with the evidence behind it. The assessments are None only where rows were lost."""

    change: Read
    assessment: Evidence | None
    previous: Evidence | None
    mine: bool
    """Whether it is the user's to decide."""
    reason: str = ""
    """The reason in words, "" without one."""

    @property
    def decided_by(self) -> str:
        """What decided, in words."""
        return what_decided(self.assessment, self.previous) if self.assessment else ""

    @property
    def revenue(self) -> int:
        """Frozen, in cents."""
        return self.assessment.revenue_cents if self.assessment else 0

    @property
    def revenue_before(self) -> int | None:
        """Of the run before, in cents, or of the window before where that run did not assess the account."""
        if self.previous is not None:
            return self.previous.revenue_cents
        return self.assessment.previous_revenue_cents if self.assessment else None

    @property
    def growth(self) -> float | None:
        """The change of revenue as a fraction, None where there was none before."""
        before = self.revenue_before
        return (self.revenue - before) / before if before is not None and before > 0 else None

    @property
    def state(self) -> str:
        """The state in words."""
        return str(_STATES[self.change.state])

    @property
    def verdict(self) -> str:
        """The decision in a few words; "" while there is none."""
        change = self.change
        if change.state == _STATE.PROPOSED:
            return ""
        words = {"state": self.state, "tier": change.to_tier or _("no tier")}
        words["reason"] = change.note if change.reason == Known.OTHER else self.reason
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
        return self.change.state == _STATE.PROPOSED and self.mine


@dataclass(frozen=True)
class Group:
    """The rows of one movement on this page."""

    movement: Movement
    rows: Sequence[Row]


def rows_of(
    changes: Changes, *, run: TieringRun, previous: TieringRun | None, mine: bool, reasons: Mapping[str, str]
) -> list[Row]:
    """The rows in the order of the changes, which are as from shown. One statement.

    mine: whether they are the user's to decide; a list holds either those or the others. reasons: words by code.

    Which changes are asked for is found first, inside of it: the evidence of fifty is read, not of thousands.
    """
    these: Changes = TierChange.objects.filter(pk__in=changes.values("pk")).annotate(found_tier=FOUND_TIER)
    these = with_evidence(these, run=run, previous=previous).order_by(*changes.query.order_by)
    runs = [("assessed", run)]
    if previous is not None:
        runs.append(("assessed_before", previous))
    paths = [f"{name}__{field}" for name, _run in runs for field in _EVIDENCE]
    found = []
    for values in these.values_list(*_READ, *paths):
        evidence: list[Evidence | None] = [None, None]
        for at, (_name, each) in enumerate(runs):
            start = len(_READ) + at * len(_EVIDENCE)
            part = values[start : start + len(_EVIDENCE)]
            # Revenue is never null: where it is, the run did not assess the account.
            evidence[at] = None if part[0] is None else Evidence(each, *part)
        change = Read(*values[: len(_READ)])
        found.append(Row(change, evidence[0], evidence[1], mine, reasons.get(change.reason, change.reason)))
    return found


def grouped(rows: Iterable[Row], numbers: Numbers) -> list[Group]:
    """The rows under their movements, with the numbers of the whole movement."""

    def move(row: Row) -> tuple[str | None, str | None]:
        return row.change.from_tier, row.change.found_tier

    return [
        Group(numbers.movements.get(way) or Movement(*way), list(together))
        for way, together in groupby(rows, key=move)
    ]
