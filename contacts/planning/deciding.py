"""Step 2 of planning: what should stand in the plan of some people. Pure functions of the facts; no query.

Account by account: which items are due (`contacts.cadence`), what the customer's wishes make of them
(`contacts.wished`), which share a contact (`merging`) and where each may stand (`placing`); then, for all contacts of
one person, on which days they stand (`levelling`); then what of that differs from what stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from contacts.cadence import HORIZON_DAYS, Cadence, Reckoned, reckon
from contacts.models import UnmetRule
from contacts.planning.levelling import level, weeks_of
from contacts.planning.merging import Ask, Fixed, Shared, share
from contacts.planning.placing import (
    Draft,
    Task,
    day_of_other,
    draft,
    explained,
    place,
    same_json,
    time_on,
    wish,
)
from contacts.planning.reading import Seat
from contacts.planning.stored import Home, Stored
from contacts.wished import Wishes
from crm.team.calendars import ONE_DAY, WorkingCalendar

_UNLIMITED = 10**6  # contact minutes of a week, for whom nothing is known
_NOBODY: Mapping[int, int] = {}
_NOTHING: Mapping[int, Mapping[dt.date, int]] = {}


class Wanted(NamedTuple):
    """One follow-up as it should stand, with its items."""

    account_id: int
    assignee_id: int
    channel: str
    day: dt.date
    time: dt.time | None
    minutes: int
    placing: str | None
    """JSON."""
    home: Home | None
    """What stands there now; None: nothing."""
    tasks: tuple[Task, ...]


class Note(NamedTuple):
    """What PlannedAccount is to hold of an account."""

    account_id: int
    owner: int
    rules: str
    due: dt.date | None


class Unmet(NamedTuple):
    """What UnmetRule is to hold of an account and channel."""

    account_id: int
    channel: str
    rule_id: int
    why: str


@dataclass(slots=True)
class Decision:
    """What planning does to some accounts."""

    starts: list[tuple[int, str]] = field(default_factory=list)
    """(account id, channel) of cadences that begin today."""
    new_notes: list[Note] = field(default_factory=list)
    changed_notes: list[Note] = field(default_factory=list)
    create: list[Wanted] = field(default_factory=list)
    """Follow-ups that do not stand yet."""
    change: list[Wanted] = field(default_factory=list)
    """Follow-ups that stand, and of which something is to be written: of the row, or of its items."""
    withdraw: list[Stored] = field(default_factory=list)
    emptied: list[Home] = field(default_factory=list)
    """Untouched follow-ups whose items stand elsewhere now, or are withdrawn."""
    unmet: list[Unmet] = field(default_factory=list)
    met: list[tuple[int, str]] = field(default_factory=list)
    """(account id, channel) of rules that were noted as unmet and are met."""
    kept: int = 0
    """Items of cadences that stay as they are."""


def decide(
    seats: Iterable[Seat],
    *,
    calendars: Mapping[int, WorkingCalendar],
    today: dt.date,
    minutes: Mapping[int, int] = _NOBODY,
    loads: Mapping[int, Mapping[dt.date, int]] = _NOTHING,
    relieving: Collection[int] = (),
) -> Decision:
    """Compare what is due with what stands, account by account (docs/domain.md, 5.3). calendars: of every owner.

    minutes: the contact minutes of a week of each owner. loads: the minutes of all their open follow-ups by day, those
    of these accounts too. relieving: owners of whom everything that stands in overfull weeks is among the seats.

    - Due within the horizon or overdue: an item in a follow-up. What stands keeps its day while that is admissible;
      what a person booked, moved or snoozed keeps it in any case, also beyond the horizon.
    - The assignee is the owner: a follow-up goes with the account, its day with it. One that was booked stays with
      who booked it, one that was handed over with who got it; what colleagues do for the account beside its cadences
      stays with them.
    - Not due within the horizon, or governed by no rule any more: what nobody touched goes.
    """
    decision = Decision()
    drafts: dict[int, list[Draft]] = {}
    for seat in seats:
        found = _Account(seat, decision, calendars[seat.owner_id], today).drafts()
        if found:
            drafts.setdefault(seat.owner_id, []).extend(found)
    for owner_id, some in drafts.items():
        weeks = weeks_of(calendars[owner_id], minutes.get(owner_id, _UNLIMITED), today)
        load = {weeks.number(day): number for day, number in loads.get(owner_id, {}).items()}
        for one in some:
            if one.home is not None and one.home.assignee_id == owner_id:
                number = weeks.number(one.home.day)
                if number in load:
                    load[number] -= one.home.minutes
        places = [place(one, weeks, today) for one in some]
        got = level(places, weeks, load, relieving=owner_id in relieving)
        for one, wanted, number in zip(some, places, got, strict=True):
            day = one.day if number == wanted.wanted else weeks.day(number)
            if one.home is None and day == one.day and one.wishes is None:
                tail = (day, None, one.minutes, None, None, one.tasks)
                decision.create.append(Wanted(one.account_id, owner_id, one.channel, *tail))
                continue
            _compare(
                decision,
                Wanted(
                    one.account_id,
                    owner_id,
                    one.channel,
                    day,
                    time_on(one, day),
                    one.minutes,
                    explained(one, day, today),
                    one.home,
                    one.tasks,
                ),
            )
    return decision


@lru_cache(maxsize=1024)
def rules_note(rule_ids: tuple[int | None, ...]) -> str:
    """The governing rules of an account, one for each channel in the order of `rules.governing`, as noted.

    The statement of `contacts.planning.changed` writes the same.
    """
    return ",".join(str(rule_id or 0) for rule_id in rule_ids)


class _Account:
    """One account on its way through the decision."""

    __slots__ = (
        "asks",
        "calendar",
        "decision",
        "fixed",
        "homes",
        "horizon",
        "seat",
        "tasks",
        "today",
        "unmet",
    )

    def __init__(self, seat: Seat, decision: Decision, calendar: WorkingCalendar, today: dt.date) -> None:
        self.seat = seat
        self.decision = decision
        self.calendar = calendar
        self.today = today
        self.horizon = today + HORIZON_DAYS * ONE_DAY
        self.asks: list[Ask] = []
        self.tasks: dict[str, Task] = {}
        """By the key of the ask."""
        self.homes: dict[int, Home] = {}
        """Untouched follow-ups that planning may change."""
        self.fixed: dict[int, Home] = {}
        """Touched follow-ups of the owner."""
        self.unmet: dict[str, tuple[int, str]] = {}

    def drafts(self) -> list[Draft]:
        """The account's contacts that are to be placed; what is not is decided."""
        seat = self.seat
        self._cadences()
        if seat.others:
            self._others()
        for home in seat.bare:
            if home.assignee_id == seat.owner_id:
                self.fixed[home.follow_up_id] = home
        if self.unmet or seat.unmet:
            self._note_unmet()
        if not self.asks:
            self.decision.emptied.extend(self.homes.values())
            return []
        if len(self.asks) == 1 and not self.fixed and not self.homes and seat.wishes is None:
            return [self._alone(self.asks[0])]
        return self._shared()

    def _cadences(self) -> None:
        seat, decision, today, calendar = self.seat, self.decision, self.today, self.calendar
        for source, stored in seat.stored.items():
            if source not in seat.cadences:
                self._gone(stored)
        beyond: dt.date | None = None
        for channel, cadence in seat.cadences.items():
            if channel not in seat.starts:
                decision.starts.append((seat.account_id, channel))
            reckoned = reckon(seat.facts(channel, today), cadence, calendar, today)
            stands = seat.stored.get(channel)
            if reckoned.due > self.horizon:
                if beyond is None or reckoned.due < beyond:
                    beyond = reckoned.due
                is_due = False
            else:
                is_due = True
            by: str | None = channel
            if seat.wishes is not None:
                by = self._by(cadence, reckoned, is_due, seat.wishes)
                is_due = is_due and by is not None
            if stands is not None and stands.is_touched:
                self._touched(Task(stands, cadence, reckoned), by or channel)
            elif is_due:
                self._ask(Task(stands, cadence, reckoned), channel, by or channel, reckoned)
            elif stands is not None:
                self._gone(stands)
        note = Note(seat.account_id, seat.owner_id, rules_note(seat.rule_ids), beyond)
        if seat.noted is None:
            decision.new_notes.append(note)
        elif seat.noted != note[1:]:
            decision.changed_notes.append(note)

    def _by(self, cadence: Cadence, reckoned: Reckoned, is_due: bool, wishes: Wishes) -> str | None:
        """The channel on which the cadence is kept; None where the wishes make it impossible, which is noted."""
        by = wishes.channel_for(cadence.channel)
        if by is None:
            self.unmet[cadence.channel] = (cadence.rule_id, UnmetRule.Why.FORBIDDEN)
        elif is_due and (wishes.at_most or wishes.restrict_days(by)):
            wished = wish(
                reckoned.earliest,
                reckoned.day,
                reckoned.latest,
                by,
                wishes,
                self.seat.contact_days,
                self.calendar,
                self.today,
            )
            if wished is None:
                self.unmet[cadence.channel] = (cadence.rule_id, UnmetRule.Why.NO_DAY)
                return None
            if wished.why == "at_most" and wished.day > reckoned.latest:
                self.unmet[cadence.channel] = (cadence.rule_id, UnmetRule.Why.TOO_MANY)
        return by

    def _note_unmet(self) -> None:
        pk, noted = self.seat.account_id, self.seat.unmet
        for channel, (rule_id, why) in self.unmet.items():
            if noted.get(channel) != (rule_id, why):
                self.decision.unmet.append(Unmet(pk, channel, rule_id, why))
        self.decision.met.extend((pk, channel) for channel in noted if channel not in self.unmet)

    def _others(self) -> None:
        """Items that are no cadences: those of the owner, those without a follow-up, and what shares one of ours."""
        seat, wishes = self.seat, self.seat.wishes
        ours = {one.home.follow_up_id for one in seat.stored.values() if one.home is not None}
        for stored in seat.others:
            home = stored.home
            if home is not None and home.assignee_id != seat.owner_id:
                theirs = home.follow_up_id not in ours or home.stays_with_assignee
                if theirs:
                    continue
            if home is not None and home.is_touched:
                self._touched(Task(stored), stored.channel)
                continue
            by = stored.channel if wishes is None else wishes.channel_instead_of(stored.channel)
            day = day_of_other(stored, self.calendar, self.today)
            if home is not None:
                self.homes[home.follow_up_id] = home
            key = f"{stored.reason}:{stored.source}"
            self.asks.append(Ask(key, by, stored.earliest, stored.due, stored.latest, day))
            self.tasks[key] = Task(stored)

    def _ask(self, task: Task, key: str, by: str, reckoned: Reckoned) -> None:
        if task.stored is not None and task.stored.home is not None:
            self.homes[task.stored.home.follow_up_id] = task.stored.home
        self.asks.append(Ask(key, by, reckoned.earliest, reckoned.due, reckoned.latest, reckoned.day))
        self.tasks[key] = task

    def _touched(self, task: Task, channel: str) -> None:
        """An item that stays in a follow-up of which a person is the master."""
        stored = task.stored
        assert stored is not None and stored.home is not None
        home = stored.home
        if home.stays_with_assignee and home.assignee_id != self.seat.owner_id:
            self._stays(home, (task,))
            return
        self.fixed[home.follow_up_id] = home
        key = f"{stored.reason}:{stored.source}"
        earliest, due, latest = (
            (stored.earliest, stored.due, stored.latest)
            if task.reckoned is None
            else (task.reckoned.earliest, task.reckoned.due, task.reckoned.latest)
        )
        self.asks.append(Ask(key, channel, earliest, due, latest, home.day, home.follow_up_id))
        self.tasks[key] = task

    def _gone(self, stored: Stored) -> None:
        """An item that nothing asks for any more: it goes, unless a person had a hand in its follow-up."""
        home = stored.home
        if home is not None and home.is_touched:
            self.decision.kept += 1
            if home.assignee_id == self.seat.owner_id:
                self.fixed[home.follow_up_id] = home
            return
        self.decision.withdraw.append(stored)
        if home is not None:
            self.homes[home.follow_up_id] = home

    def _stays(self, home: Home, tasks: tuple[Task, ...]) -> None:
        """A follow-up that stays as a person left it, but for its items and, where it goes along, its assignee."""
        assignee_id = home.assignee_id if home.stays_with_assignee else self.seat.owner_id
        pk = self.seat.account_id
        _compare(
            self.decision,
            Wanted(
                pk, assignee_id, home.channel, home.day, home.time, home.minutes, home.placing, home, tasks
            ),
        )

    def _alone(self, ask: Ask) -> Draft:
        """The usual case, made quickly: one cadence, and nothing that stands."""
        seat, task = self.seat, self.tasks[str(ask.key)]
        shared = Shared((ask,), None, min(ask.earliest, ask.day), max(ask.latest, ask.day))
        return Draft(
            seat.account_id,
            seat.rank,
            shared,
            (task,),
            ask.channel,
            task.minutes,
            ask.day,
            "",
            None,
            False,
            None,
        )

    def _shared(self) -> list[Draft]:
        seat, fixed = self.seat, self.fixed
        known = [Fixed(one.follow_up_id, one.channel, one.day) for one in fixed.values()]
        contacts = share(self.asks, known, self.calendar)
        limited = seat.wishes is not None and bool(seat.wishes.at_most)
        taken = list(seat.contact_days) if limited else []
        if limited:
            contacts.sort(key=lambda one: (one.fixed is None, one.lead.day, one.lead.due))
        free = dict(self.homes)
        found = []
        for shared in contacts:
            tasks = tuple(self.tasks[str(ask.key)] for ask in shared.asks)
            if shared.fixed is not None:
                home = fixed[shared.fixed.pk]
                self._stays(home, tasks)
                if limited:
                    taken.append(home.day)
                continue
            homes = []
            for task in tasks:
                if task.stored is not None and task.stored.home is not None:
                    one = free.pop(task.stored.home.follow_up_id, None)
                    if one is not None:
                        homes.append(one)
            made = draft(
                seat.account_id,
                shared,
                tasks,
                rank=seat.rank,
                homes=homes,
                wishes=seat.wishes,
                taken=taken,
                calendar=self.calendar,
                today=self.today,
            )
            free.update((one.follow_up_id, one) for one in homes if one is not made.home)
            if limited:
                taken.append(made.day)
            found.append(made)
        self.decision.emptied.extend(free.values())
        return found


def _compare(decision: Decision, wanted: Wanted) -> None:
    """Put one follow-up where it belongs in the decision."""
    home = wanted.home
    if home is None:
        decision.create.append(wanted)
    elif not _stands(wanted, home) or not all(item_stands(task, home) for task in wanted.tasks):
        decision.change.append(wanted)
    else:
        decision.kept += sum(task.cadence is not None for task in wanted.tasks)


def _stands(wanted: Wanted, home: Home) -> bool:
    """Whether nothing of the follow-up itself is to be written."""
    return (
        home.day == wanted.day
        and home.assignee_id == wanted.assignee_id
        and home.minutes == wanted.minutes
        and home.channel == wanted.channel
        and home.time == wanted.time
        and same_json(home.placing, wanted.placing)
    )


def item_stands(task: Task, home: Home) -> bool:
    """Whether nothing of the item is to be written, where it belongs to the follow-up."""
    stored, cadence, reckoned = task
    if stored is None or stored.follow_up_id != home.follow_up_id:
        return False
    return (
        cadence is None
        or reckoned is None
        or (
            stored.rule_id == cadence.rule_id
            and stored.minutes == cadence.minutes
            and stored.earliest == reckoned.earliest
            and stored.due == reckoned.due
            and stored.latest == reckoned.latest
            and stored.interval_days == reckoned.interval_days
            and stored.counted_from == reckoned.counted_from
            and same_json(stored.reckoning, reckoned.reckoning)
        )
    )
