"""The list of a run's tier changes: what a manager is shown, in which order, and how much of it (docs/domain.md, 4.4).

Filters narrow the list; the summary above it always stands for the whole run. A run can hold thousands of proposals, so
the order and every count are made by the database, and only the rows of one page are read in full.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import (
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
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, StrIndex
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
    Column("value", gettext_lazy("At stake"), "-value", "revenue_cents"),
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

# Where the movement's two letters stand in the text of all of them: one expression where CASE would take a dozen.
_PLACE_OF_MOVE = NullIf(
    StrIndex(
        Value(",".join(_MOVE_OF)),
        Concat(Coalesce("from_tier", Value("0")), Coalesce("found_tier", Value("0"))),
    ),
    0,
).asc(nulls_last=True)


FOUND_TIER = Case(
    When(state=_STATE.OVERRIDDEN, then="proposed_tier"), default="to_tier", output_field=CharField()
)
"""What the run found, also after an override."""

Changes = QuerySet[Any]
"""Tier changes with what `changes_of` adds to them."""


# Which changes ------------------------------------------------------------------------------------------------------
def changes_of(run: TieringRun, user: User, *, on: dt.date) -> Changes:
    """The changes of a run that the user may see, with what the list filters and counts by.

    found_tier: what the run found, also after an override. mine: 1 where the user decides, else 0.
    """
    teams = standing(user, on=on).led_team_ids
    mine = Case(When(account__owner__team__in=teams, then=1), default=0, output_field=IntegerField())
    return TierChange.objects.of_run_visible_to(run, user, on=on).annotate(
        found_tier=FOUND_TIER,
        mine=Value(1) if user.is_admin else mine,
    )


def listed_of(run: TieringRun, user: User, *, on: dt.date, filters: Filters) -> Changes:
    """Those of changes_of that the list is about: what is the user's to decide, or with Show.OTHERS what is not.

    Whoever decides on a change sees it, so that the first need not be looked for among the visible ones.
    """
    if filters.show == Show.OTHERS:
        return changes_of(run, user, on=on).filter(mine=0)
    return TierChange.objects.filter(run=run).decidable_by(user, on=on).annotate(found_tier=FOUND_TIER)


def with_evidence(changes: Changes, *, run: TieringRun, previous: TieringRun | None) -> Changes:
    """The changes with the assessments of both runs beside them: assessed, assessed_before; and growth.

    growth: the change of revenue on the previous run (on the previous window where that run did not assess the
    account), as a fraction; None where there was none before.
    """
    now = FilteredRelation("account__assessments", condition=Q(account__assessments__run=run))
    changes = changes.annotate(assessed=now)
    before: Combinable = F("assessed__previous_revenue_cents")
    if previous is not None:
        then = FilteredRelation("account__assessments", condition=Q(account__assessments__run=previous))
        changes = changes.annotate(assessed_before=then)
        before = Coalesce(F("assessed_before__revenue_cents"), before)
    return changes.annotate(
        revenue_before=before,
        growth=Case(
            When(
                revenue_before__gt=0,
                then=Cast(F("revenue_cents") - F("revenue_before"), FloatField())
                / Cast(F("revenue_before"), FloatField()),
            ),
            default=None,
            output_field=FloatField(),
        ),
    )


def searched(changes: Changes, words: str) -> Changes:
    """Those whose account is found by the words; all without words."""
    if not words:
        return changes
    return changes.filter(account__in=Account.objects.search(words).order_by().values("pk"))


def shown(changes: Changes, filters: Filters, *, run: TieringRun, previous: TieringRun | None) -> Changes:
    """Those of listed_of that fit the filters, in their order: by movement, then as the user sorts, ties by code.

    The evidence is joined only where they are sorted by it: a run has thousands of changes, a page fifty.
    """
    states: Sequence[str] = PROPOSALS
    if filters.show == Show.UNDECIDED:
        states = (_STATE.PROPOSED,)
    elif filters.show == Show.DECIDED:
        states = [state for state in PROPOSALS if state != _STATE.PROPOSED]
    changes = searched(changes, filters.words)
    changes = changes.filter(state__in=states)
    if filters.rep == NOBODY:
        changes = changes.filter(account__owner__isnull=True)
    elif filters.rep:
        changes = changes.filter(account__owner=int(filters.rep))
    if filters.complaints:
        changes = changes.filter(complaints__gt=0)
    if filters.move:
        before, after = _MOVE_OF[filters.move]
        changes = changes.filter(from_tier=before, found_tier=after)
    name = _COLUMNS[filters.sort.removeprefix("-")].field
    if name == "growth":
        changes = with_evidence(changes, run=run, previous=previous)
    field = F(name)
    column = field.desc(nulls_last=True) if filters.sort.startswith("-") else field.asc(nulls_last=True)
    return changes.order_by(_PLACE_OF_MOVE, column, "account__code")


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


class Tally(NamedTuple):
    """How many changes go one way, as far as they are alike: what summary and numbers are added up from.

    value is the revenue in cents; complaints are of changes with complaints, open_complaints of those yet undecided.
    """

    before: str | None
    after: str | None
    at_once: bool
    """Applied at once: nobody's to decide."""
    mine: int
    fits: int
    """1: of the owner that the list is narrowed to; else 0."""
    total: int
    undecided: int
    complaints: int
    open_complaints: int
    value: int

    def complaints_shown(self, show: str) -> int:
        """The changes with complaints under a value of the filter `show`."""
        if show == Show.UNDECIDED:
            return self.open_complaints
        return self.complaints - self.open_complaints if show == Show.DECIDED else self.complaints


def tallies(changes: Changes, *, rep: str = "") -> list[Tally]:
    """One statement over all of the changes, as from changes_of. rep: as in Filters.

    Grouped by what stands in the rows and told apart here: expressions and filtered sums for each of the 31,000 changes
    of a run took 57 ms, this takes 11. Owners are asked for only where the list is narrowed to one.
    """
    fits: Combinable = Value(1)
    if rep:
        owner = Q(account__owner__isnull=True) if rep == NOBODY else Q(account__owner=int(rep))
        fits = Case(When(owner, then=1), default=0, output_field=IntegerField())
    rows = (
        changes.annotate(
            fits=fits, complained=Case(When(complaints__gt=0, then=1), default=0, output_field=IntegerField())
        )
        .order_by()
        .values_list("from_tier", "state", "proposed_tier", "to_tier", "complained", "mine", "fits")
        .annotate(total=Count("*"), value=Sum("revenue_cents"))
    )
    return [
        Tally(
            before=before,
            after=proposed if state == _STATE.OVERRIDDEN else after,
            at_once=state not in PROPOSALS,
            mine=mine,
            fits=fits,
            total=total,
            undecided=total if state == _STATE.PROPOSED else 0,
            complaints=total if complained else 0,
            open_complaints=total if complained and state == _STATE.PROPOSED else 0,
            value=value,
        )
        for before, state, proposed, after, complained, mine, fits, total, value in rows
    ]


def owners(changes: Changes) -> list[tuple[str, str]]:
    """Whose accounts have a proposal that is the user's to decide, for the filter: (value, name) by name, nobody last.

    changes: as from changes_of.
    """
    found = changes.filter(mine=1, state__in=PROPOSALS).order_by()
    people = set(found.values_list("account__owner", "account__owner__name"))
    named = sorted((name, str(pk)) for pk, name in people if pk is not None)
    return [(value, name) for name, value in named] + (
        [(NOBODY, _("Nobody"))] if (None, None) in people else []
    )


def summary(found: Iterable[Tally]) -> Summary:
    """Of all changes of the run: those that are the user's to decide, and those applied at once."""
    movements: dict[tuple[Any, ...], Movement] = {}
    for tally in found:
        way = (tally.before, tally.after)
        if way[0] == way[1] or not (tally.mine or tally.at_once):
            continue
        movement = movements.setdefault((*way, tally.at_once), Movement(*way, at_once=tally.at_once))
        movement.total += tally.total
        movement.undecided += tally.undecided
        if not tally.at_once:
            movement.value += int(tally.value)
    return Summary(
        sorted(movements.values(), key=lambda each: (each.at_once, MOVES.index((each.before, each.after))))
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

    def listed(self, filters: Filters) -> int:
        """How many rows the list has."""
        if filters.complaints:
            return self.complaints
        return {Show.UNDECIDED: self.undecided, Show.DECIDED: self.decided, Show.OTHERS: self.others}.get(
            filters.show, self.total
        )


def numbers(found: Iterable[Tally], filters: Filters) -> Numbers:
    """Of the proposals that fit the words; narrowed to the owner here.

    A movement chosen narrows the numbers; the state shown and the complaints do not.
    """
    numbers = Numbers()
    listed = 0 if filters.show == Show.OTHERS else 1
    for tally in found:
        if tally.at_once or not tally.fits:
            continue
        move = (tally.before, tally.after)
        if tally.mine == listed:
            movement = numbers.movements.setdefault(move, Movement(*move))
            movement.total += tally.total
            movement.undecided += tally.undecided
            movement.value += int(tally.value)
        if filters.move and _MOVE_OF[filters.move] != move:
            continue
        if tally.mine == listed:
            numbers.complaints += tally.complaints_shown(filters.show)
        if tally.mine:
            numbers.undecided += tally.undecided
            numbers.decided += tally.total - tally.undecided
        else:
            numbers.others += tally.total
    return numbers


def runs_to_choose() -> list[TieringRun]:
    """All runs, newest first, with their policies."""
    return list(TieringRun.objects.select_related("policy").order_by("-as_of"))
