"""The list of a run's tier changes: what a manager is shown, in which order, and how much of it (docs/domain.md, 4.4).

Filters narrow the list; the summary above it always stands for the whole run. A run can hold thousands of proposals, so
the order and every count are made by the database, and only the rows of one page are read in full.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    F,
    FilteredRelation,
    FloatField,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import Account
from crm.look import figures
from crm.team.models import User
from crm.team.visibility import standing
from segmentation.models import TierChange, TieringRun

ON_A_PAGE = 50

_STATE = TierChange.State
PROPOSALS = (
    _STATE.PROPOSED,
    _STATE.ACCEPTED,
    _STATE.REJECTED,
    _STATE.OVERRIDDEN,
    _STATE.AUTOMATIC,
    _STATE.OVERTAKEN,
)
"""The states of a change that was proposed: what a review is about. The others were never anybody's to decide."""

MOVES: tuple[tuple[str | None, str | None], ...] = (
    ("A", "B"),
    ("B", "A"),
    ("A", "C"),
    ("C", "A"),
    ("B", "C"),
    ("C", "B"),
    ("A", None),
    ("B", None),
    ("C", None),
    (None, "A"),
    (None, "B"),
    (None, "C"),
)
"""The order of the groups: the movements at the boundary of A first, because most is at stake there."""


# What is asked for --------------------------------------------------------------------------------------------------
class Show:
    """Values of the filter `show`."""

    UNDECIDED = "undecided"
    DECIDED = "decided"
    ALL = "all"
    OTHERS = "others"


SHOWS = (Show.UNDECIDED, Show.DECIDED, Show.ALL, Show.OTHERS)
NOBODY = "none"
REMEMBERED = ("complaints", "move", "rep", "sort")
"""Parameters that are kept for the user. Each visit begins with what is undecided, as the navigation counts it, and
without words searched for, in the newest run, on the first page."""


@dataclass(frozen=True)
class Column:
    """A column that sorts, inside its movement. `first`: how the first click sorts ("-" for the largest first)."""

    name: str
    label: str | Promise
    first: str
    field: str


COLUMNS = (
    Column("account", gettext_lazy("Account and sales rep"), "account", "account__search_key"),
    Column("value", gettext_lazy("At stake"), "-value", "revenue"),
    Column("change", gettext_lazy("Revenue"), "change", "growth"),
)
DEFAULT_SORT = "-value"
_COLUMNS = {column.name: column for column in COLUMNS}


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to and how it is sorted. Values that mean nothing are read as their default."""

    show: str = Show.UNDECIDED
    complaints: bool = False
    move: str = ""
    """Two letters, "AB"; "0" stands for no tier; "" is any."""
    rep: str = ""
    """The id of an owner, "none", or "" for any."""
    words: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def read(cls, query: Mapping[str, str], *, run: TieringRun) -> Filters:
        """The filters of a query string. A run that is closed shows everything unless asked otherwise."""
        usual = Show.UNDECIDED if run.state == TieringRun.State.IN_REVIEW else Show.ALL
        show, sort, move, rep = (query.get(name, "") for name in ("show", "sort", "move", "rep"))
        return cls(
            show=show if show in SHOWS else usual,
            complaints=query.get("complaints") == "1",
            move=move if move in _MOVE_OF else "",
            rep=rep if rep == NOBODY or (rep.isascii() and rep.isdigit() and len(rep) < 10) else "",
            words=query.get("q", "").strip()[:100],
            sort=sort if sort.removeprefix("-") in _COLUMNS else DEFAULT_SORT,
        )

    @property
    def narrows(self) -> bool:
        """Whether anything but the state of decision narrows the list."""
        return bool(self.complaints or self.move or self.rep or self.words)


@dataclass(frozen=True)
class Heading:
    """The head of a column that sorts: what a click asks for, and how it is sorted now ("" where it is not)."""

    label: str | Promise
    sort: str
    aria_sort: str


def headings(sort: str) -> dict[str, Heading]:
    """By column name."""
    found = {}
    for column in COLUMNS:
        if sort.removeprefix("-") == column.name:
            down = sort.startswith("-")
            turned = column.name if down else f"-{column.name}"
            found[column.name] = Heading(column.label, turned, "descending" if down else "ascending")
        else:
            found[column.name] = Heading(column.label, column.first, "")
    return found


def move_code(before: str | None, after: str | None) -> str:
    """ "AB"; "0" stands for no tier."""
    return (before or "0") + (after or "0")


_MOVE_OF = {move_code(*move): move for move in MOVES}


Changes = QuerySet[Any]
"""Tier changes with what `changes_of` adds to them."""


# Which changes ------------------------------------------------------------------------------------------------------
def changes_of(run: TieringRun, user: User, *, on: dt.date, previous: TieringRun | None) -> Changes:
    """The changes of a run that the user may see, with what the list filters and sorts by.

    found_tier: what the run found, also after an override. mine: 1 where the user decides, else 0. revenue: frozen, in
    cents. growth: the change of revenue on the previous run (on the previous window where that run did not assess the
    account), as a fraction; None where there was none before.
    """
    changes = TierChange.objects.filter(run=run).visible_to(user, on=on)
    now = FilteredRelation("account__assessments", condition=Q(account__assessments__run=run))
    changes = changes.annotate(assessed=now)
    before: Combinable = F("assessed__previous_revenue_cents")
    if previous is not None:
        then = FilteredRelation("account__assessments", condition=Q(account__assessments__run=previous))
        changes = changes.annotate(assessed_before=then)
        before = Coalesce(F("assessed_before__revenue_cents"), before)
    teams = standing(user, on=on).led_team_ids
    mine = Case(When(account__owner__team__in=teams, then=1), default=0, output_field=IntegerField())
    return changes.annotate(
        found_tier=Case(
            When(state=_STATE.OVERRIDDEN, then="proposed_tier"), default="to_tier", output_field=CharField()
        ),
        mine=Value(1) if user.is_admin else mine,
        revenue=Coalesce(F("assessed__revenue_cents"), Value(0), output_field=BigIntegerField()),
        revenue_before=before,
        growth=Case(
            When(
                revenue_before__gt=0,
                then=Cast(F("revenue") - F("revenue_before"), FloatField())
                / Cast(F("revenue_before"), FloatField()),
            ),
            default=None,
            output_field=FloatField(),
        ),
    )


def narrowed(changes: Changes, filters: Filters) -> Changes:
    """Those of the proposals that fit the owner and the words: what the numbers on the filters count."""
    changes = changes.filter(state__in=PROPOSALS)
    if filters.rep == NOBODY:
        changes = changes.filter(account__owner__isnull=True)
    elif filters.rep:
        changes = changes.filter(account__owner=int(filters.rep))
    if filters.words:
        found = Account.objects.search(filters.words).order_by().values("pk")
        changes = changes.filter(account__in=found)
    return changes


def shown(changes: Changes, filters: Filters) -> Changes:
    """The rows of the list in their order: by movement, then as the user sorts, ties by code."""
    changes = narrowed(changes, filters).filter(mine=0 if filters.show == Show.OTHERS else 1)
    if filters.show == Show.UNDECIDED:
        changes = changes.filter(state=_STATE.PROPOSED)
    elif filters.show == Show.DECIDED:
        changes = changes.exclude(state=_STATE.PROPOSED)
    if filters.complaints:
        changes = changes.filter(assessed__complaints__gt=0)
    if filters.move:
        before, after = _MOVE_OF[filters.move]
        changes = changes.filter(from_tier=before, found_tier=after)
    rank = Case(
        *(When(from_tier=before, found_tier=after, then=at) for at, (before, after) in enumerate(MOVES)),
        default=len(MOVES),
        output_field=IntegerField(),
    )
    field = F(_COLUMNS[filters.sort.removeprefix("-")].field)
    column = field.desc(nulls_last=True) if filters.sort.startswith("-") else field.asc(nulls_last=True)
    return changes.order_by(rank, column, "account__code")


# How much ----------------------------------------------------------------------------------------------------------
@dataclass
class Movement:
    """One way from tier to tier: how many accounts take it, and what they are worth (revenue in cents)."""

    before: str | None
    after: str | None
    total: int = 0
    undecided: int = 0
    value: int = 0
    at_once: bool = False
    """Applied at once: nothing to decide."""

    @property
    def stake(self) -> str:
        """The value in few letters: whole units of the base currency, from a million on in millions."""
        if abs(self.value) < 100_000_000:
            return figures.money(self.value)
        millions = Decimal(self.value) / 100_000_000
        # Translators: millions of the base currency, "1.21 m"
        return pgettext("money", "%(millions)s\u00a0m") % {
            "millions": figures.number(millions, 2 if abs(millions) < 100 else 0)
        }

    @property
    def code(self) -> str:
        """For the filter."""
        return move_code(self.before, self.after)


@dataclass(frozen=True)
class Summary:
    """A run as the user sees it, whatever the list is narrowed to."""

    movements: list[Movement]
    """In the order of MOVES; those applied at once last."""
    owners: list[tuple[str, str]]
    """Those whose accounts have a proposal, for the filter: (value, name) by name, nobody last."""

    @property
    def proposed(self) -> list[Movement]:
        """Those to be decided."""
        return [movement for movement in self.movements if not movement.at_once]

    @property
    def total(self) -> int:
        """Proposals, decided or not."""
        return sum(movement.total for movement in self.proposed)

    @property
    def undecided(self) -> int:
        """Proposals still open."""
        return sum(movement.undecided for movement in self.proposed)

    @property
    def decided(self) -> int:
        """Proposals that are not open any more."""
        return self.total - self.undecided

    @property
    def flow(self) -> list[tuple[str | None, str | None, int]]:
        """For crm.look.charts.flow."""
        return [(movement.before, movement.after, movement.total) for movement in self.movements]


def summary(changes: Changes) -> Summary:
    """One statement over all changes of the run that are the user's to decide, and those applied at once."""
    proposal = Q(state__in=PROPOSALS)
    rows = (
        changes.filter(Q(mine=1) | Q(state=_STATE.APPLIED))
        .annotate(
            at_once=Case(When(proposal, then=0), default=1, output_field=IntegerField()),
            stake=Case(When(proposal, then="revenue"), default=0, output_field=BigIntegerField()),
            rep=Case(When(proposal, then="account__owner"), default=None, output_field=BigIntegerField()),
            rep_name=Case(
                When(proposal, then="account__owner__name"), default=None, output_field=CharField()
            ),
        )
        .order_by()
        .values("from_tier", "found_tier", "at_once", "rep", "rep_name")
        .annotate(
            total=Count("pk"), undecided=Count("pk", filter=Q(state=_STATE.PROPOSED)), value=Sum("stake")
        )
    )
    movements: dict[tuple[Any, ...], Movement] = {}
    owners: set[tuple[str, str]] = set()
    for row in rows:
        way = (row["from_tier"], row["found_tier"])
        if way[0] == way[1]:
            continue
        movement = movements.setdefault((*way, row["at_once"]), Movement(*way, at_once=bool(row["at_once"])))
        movement.total += row["total"]
        movement.undecided += row["undecided"]
        movement.value += int(row["value"])
        if not row["at_once"]:
            owners.add((row["rep_name"], str(row["rep"])) if row["rep"] else ("", NOBODY))
    return Summary(
        sorted(movements.values(), key=lambda each: (each.at_once, MOVES.index((each.before, each.after)))),
        [
            (value, name or _("Nobody"))
            for name, value in sorted(owners, key=lambda owner: (not owner[0], owner))
        ],
    )


@dataclass
class Numbers:
    """What each filter would show under the owner and the words chosen, and each movement's share of it."""

    undecided: int = 0
    decided: int = 0
    complaints: int = 0
    """With complaints, under the state that is shown now."""
    others: int = 0
    """Visible, but for somebody else to decide."""
    movements: dict[tuple[str | None, str | None], Movement] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Undecided and decided."""
        return self.undecided + self.decided


def numbers(changes: Changes, filters: Filters) -> Numbers:
    """One statement; a movement chosen narrows the numbers, the state shown and the complaints do not."""
    is_open = Q(state=_STATE.PROPOSED)
    complained = Q(assessed__complaints__gt=0)
    if filters.show == Show.UNDECIDED:
        complained &= is_open
    elif filters.show == Show.DECIDED:
        complained &= ~is_open
    rows = (
        narrowed(changes, filters)
        .order_by()
        .values("from_tier", "found_tier", "mine")
        .annotate(
            total=Count("pk"),
            undecided=Count("pk", filter=is_open),
            complaints=Count("pk", filter=complained),
            value=Sum("revenue"),
        )
    )
    found = Numbers()
    listed = 0 if filters.show == Show.OTHERS else 1
    for row in rows:
        move = (row["from_tier"], row["found_tier"])
        if row["mine"] == listed:
            found.movements[move] = Movement(*move, row["total"], row["undecided"], int(row["value"]))
        if filters.move and _MOVE_OF[filters.move] != move:
            continue
        if row["mine"] == listed:
            found.complaints += row["complaints"]
        if row["mine"]:
            found.undecided += row["undecided"]
            found.decided += row["total"] - row["undecided"]
        else:
            found.others += row["total"]
    return found


def runs_to_choose() -> list[TieringRun]:
    """All runs, newest first, with their policies."""
    return list(TieringRun.objects.select_related("policy").order_by("-as_of"))
