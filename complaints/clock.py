"""The service-level clock, derived from the history of states (docs/domain.md, 6).

First response: from the opening until the complaint first leaves the state new. Resolution: the working minutes in
every state but waiting for the customer, resolved and closed; opened again it goes on from what was used. Both run in
the working hours of the team of the account's owner, else of the assignee's, else of the company. The columns of the
complaint are a copy, for sorting; whenever the steps, the category, the tier, the level or the calendar differ from
what was reckoned with, `refresh` writes them anew.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q, QuerySet

from complaints.models import Complaint, ComplaintStep, ServiceLevel, State
from complaints.working_hours import Hours, WorkingTime
from crm.jobs.bulk import rewrite
from crm.team.calendars import country_calendar
from crm.team.models import PublicHoliday, Team

STANDING = frozenset({State.WAITING.value, State.RESOLVED.value, State.CLOSED.value})
"""States in which the resolution's clock stands."""
ENDED = frozenset({State.RESOLVED.value, State.CLOSED.value})
WARN_PERCENT = 75


class Level(NamedTuple):
    """How many working minutes there are at most."""

    response: int
    resolution: int


FALLBACK = Level(480, 2400)
"""Where an admin took every level away."""


class Step(NamedTuple):
    """One change of state."""

    to_state: str
    at: dt.datetime


@dataclass(frozen=True)
class Reckoned:
    """What the clock says; fields are named as the columns of Complaint."""

    response_allowed: int
    resolution_allowed: int
    resolution_used: int
    responded_at: dt.datetime | None
    response_warn_at: dt.datetime
    response_due_at: dt.datetime
    resolution_warn_at: dt.datetime | None
    resolution_due_at: dt.datetime | None
    response_over: int | None
    resolution_over: int | None
    warn_at: dt.datetime | None
    due_at: dt.datetime | None


COLUMNS = tuple(Reckoned.__dataclass_fields__)


def warn_after(minutes: int) -> int:
    """The working minutes after which is warned: 75 %, rounded up."""
    return -(-minutes * WARN_PERCENT // 100)


def reckon(*, opened_at: dt.datetime, steps: Sequence[Step], level: Level, time: WorkingTime) -> Reckoned:
    """Reckon both clocks. steps: in order; the first one's state is that of the opening. Pure."""
    history = _in_order(opened_at, steps)
    responded_at = next((step.at for step in history if step.to_state != State.NEW), None)
    response_warn_at = time.after(opened_at, warn_after(level.response))
    response_due_at = time.after(opened_at, level.response)
    warn, due = _Mark(warn_after(level.resolution)), _Mark(level.resolution)
    used = 0
    for step, following in pairwise(history):
        if step.to_state not in STANDING:
            worked = time.between(step.at, following.at)
            for mark in (warn, due):
                mark.pass_by(step.at, used, worked, time)
            used += worked
    last = history[-1]
    runs = last.to_state not in STANDING
    resolution_warn_at = warn.reached(last.at, used, time) if runs else None
    resolution_due_at = due.reached(last.at, used, time) if runs else None
    answered = responded_at is not None
    return Reckoned(
        response_allowed=level.response,
        resolution_allowed=level.resolution,
        resolution_used=used,
        responded_at=responded_at,
        response_warn_at=response_warn_at,
        response_due_at=response_due_at,
        resolution_warn_at=resolution_warn_at,
        resolution_due_at=resolution_due_at,
        response_over=time.between(opened_at, responded_at) - level.response if responded_at else None,
        resolution_over=used - level.resolution if last.to_state in ENDED else None,
        warn_at=_first(None if answered else response_warn_at, resolution_warn_at),
        due_at=_first(None if answered else response_due_at, resolution_due_at),
    )


@dataclass
class _Mark:
    """A number of used minutes, and when it was reached."""

    minutes: int
    at: dt.datetime | None = None

    def pass_by(self, begin: dt.datetime, used: int, worked: int, time: WorkingTime) -> None:
        """A stretch of `worked` minutes that began with `used` of them."""
        if self.at is None and used + worked >= self.minutes:
            self.at = time.after(begin, self.minutes - used)

    def reached(self, begin: dt.datetime, used: int, time: WorkingTime) -> dt.datetime:
        """When it was or will be reached, if the clock runs on from `begin`."""
        return self.at or time.after(begin, self.minutes - used)


def _in_order(opened_at: dt.datetime, steps: Sequence[Step]) -> list[Step]:
    """The history from the opening on; no step lies before the one that it follows, whatever the clocks said."""
    history = [Step(steps[0].to_state if steps else State.NEW.value, opened_at)]
    for step in steps[1:]:
        history.append(Step(step.to_state, max(step.at, history[-1].at)))
    return history


def _first(*moments: dt.datetime | None) -> dt.datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


# Which level, which hours --------------------------------------------------------------------------------------------
LevelKey = tuple[str, str | None]
"""The tier ("" for every one) and the category's code (None for every one) of a service level."""


class Levels:
    """The service levels, asked once. instead: what some of them would be; None: taken away."""

    def __init__(self, instead: Mapping[LevelKey, Level | None] | None = None) -> None:
        known: dict[LevelKey, Level | None] = {
            (tier, category): Level(response, resolution)
            for tier, category, response, resolution in ServiceLevel.objects.order_by().values_list(
                "tier", "category_id", "response_minutes", "resolution_minutes"
            )
        }
        self._known = {key: level for key, level in (known | dict(instead or {})).items() if level}

    def of(self, *, tier: str | None, category: str | None) -> Level:
        """The level of both, else of the category, else of the tier, else of all."""
        key = self.origin(tier=tier, category=category)
        return self._known[key] if key is not None else FALLBACK

    def origin(self, *, tier: str | None, category: str | None) -> LevelKey | None:
        """Which level holds for a tier and a category; None where there is none at all."""
        tier = tier or ""
        keys: tuple[LevelKey, ...] = ((tier, category), ("", category), (tier, None), ("", None))
        return next((key for key in keys if key in self._known), None)


class TeamHours:
    """The working time of each team by its id, asked once: two queries. None: the company's."""

    def __init__(self) -> None:
        self._teams = {team.pk: team for team in Team.objects.all()}
        days: dict[str, dict[dt.date, bool]] = defaultdict(dict)
        for country, day, works in PublicHoliday.objects.order_by().values_list("country", "day", "works"):
            days[country][day] = works
        self._days = days
        self._known: dict[tuple, WorkingTime] = {}

    def of(self, team_id: int | None) -> WorkingTime:
        """The team's working time; that of teams with the same hours is one."""
        team = self._teams.get(team_id) if team_id is not None else None
        team = team or Team(time_zone=settings.TIME_ZONE)
        key = (team.country, team.time_zone, team.opens_at, team.closes_at)
        if key not in self._known:
            calendar = country_calendar(team.country, rows=self._days[team.country].items())
            self._known[key] = WorkingTime(Hours(calendar, team.time_zone, team.opens_at, team.closes_at))
        return self._known[key]


def team_of(*, owners: int | None, assignees: int | None) -> int | None:
    """The team in whose hours a complaint's clock runs: the owner's, else the assignee's; None: the company's."""
    return owners if owners is not None else assignees


# The copy on the complaints ------------------------------------------------------------------------------------------
class Clocked(NamedTuple):
    """A complaint with what its clock depends on, and what the clock says."""

    pk: int
    state: str
    assignee_id: int | None
    owner_id: int | None
    team_id: int | None
    said: Reckoned
    time: WorkingTime


_ASKED = (
    "pk",
    "state",
    "kind",
    "category_id",
    "opened_at",
    "answer_by",
    "assignee_id",
    "account__tier",
    "account__owner_id",
    "account__owner__team_id",
    "assignee__team_id",
)


def refresh(*, complaint_ids: Collection[int] | None = None) -> list[Clocked]:
    """Reckon the complaints named, or all open ones, write the columns that differ, and return what was reckoned.

    As many queries however many complaints there are, but for one statement per thousand that differ.
    """
    chosen = Q(closed_on__isnull=True) if complaint_ids is None else Q(pk__in=complaint_ids)
    of_steps = (
        Q(complaint__closed_on__isnull=True) if complaint_ids is None else Q(complaint__in=complaint_ids)
    )
    levels, hours = Levels(), TeamHours()
    found: list[Clocked] = []
    differing: list[tuple[Any, ...]] = []
    for row, steps in _read(chosen, of_steps):
        one = _reckoned(row, steps, levels, hours)
        found.append(one)
        said = tuple(getattr(one.said, name) for name in COLUMNS)
        if said != row[len(_ASKED) :]:
            differing.append((one.pk, one.state, *said))
    # Whoever changed the state meanwhile has reckoned anew.
    rewrite(Complaint, COLUMNS, differing, only_where=("state",))
    return found


def foresee(*, complaints: QuerySet[Complaint, int], levels: Levels) -> list[tuple[Clocked, Clocked]]:
    """What the clocks of complaints say, and what they would say by other levels. complaints: their ids, to be asked.

    Writes nothing. Five queries, however many complaints there are.
    """
    present, hours = Levels(), TeamHours()
    return [
        (_reckoned(row, steps, present, hours), _reckoned(row, steps, levels, hours))
        for row, steps in _read(Q(pk__in=complaints), Q(complaint__in=complaints))
    ]


def _read(chosen: Q, of_steps: Q) -> Iterator[tuple[tuple[Any, ...], Sequence[Step]]]:
    """The complaints chosen, as columns, each with its steps in order; the steps are chosen alike. Two queries."""
    rows = list(Complaint.objects.filter(chosen).order_by().values_list(*_ASKED, *COLUMNS))
    steps: dict[int, list[Step]] = defaultdict(list)
    in_order = ComplaintStep.objects.filter(of_steps).order_by("complaint_id", "at", "id")
    for pk, to_state, at in in_order.values_list("complaint_id", "to_state", "at"):
        steps[pk].append(Step(to_state, at))
    for row in rows:
        yield row, steps.get(row[0], ())


def _reckoned(row: tuple, steps: Sequence[Step], levels: Levels, hours: TeamHours) -> Clocked:
    pk, state, kind, category, opened_at, answer_by, assignee, tier, owner, owners, assignees = row[
        : len(_ASKED)
    ]
    team = team_of(owners=owners, assignees=assignees)
    time = hours.of(team)
    level = levels.of(tier=tier, category=category)
    if answer_by is not None and kind == Complaint.Kind.QUESTION:
        resolution = time.between(opened_at, answer_by)
        level = Level(min(level.response, resolution), resolution)
    if not steps and state != State.NEW:
        steps = (Step(State.NEW.value, opened_at), Step(state, opened_at))
    said = reckon(opened_at=opened_at, steps=steps, level=level, time=time)
    return Clocked(pk, state, assignee, owner, team, said, time)


def refresh_accounts(*, account_ids: Iterable[int], **_given: Any) -> None:
    """Reckon the open complaints of accounts whose owner or tier changed (settings.ACCOUNT_CHANGED)."""
    open_ones = Complaint.objects.open().filter(account__in=list(account_ids)).order_by()
    ids = list(open_ones.values_list("pk", flat=True))
    if ids:
        refresh(complaint_ids=ids)
