"""Step 2 of planning: what should stand in the plan of one assignee. Pure functions of the facts; no query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from contacts.cadence import HORIZON_DAYS, Cadence, Reckoned, is_admissible, reckon
from contacts.models import FollowUp
from contacts.planning.reading import Seat, Stored
from crm.team.calendars import ONE_DAY, WorkingCalendar


@dataclass(frozen=True, slots=True)
class Wanted:
    """One cadence item as it should stand, with its follow-up."""

    account_id: int
    cadence: Cadence
    reckoned: Reckoned
    day: dt.date
    assignee_id: int
    minutes: int
    """Of the follow-up; the item's are the rule's."""
    stored: Stored | None
    """What stands there now; None: nothing."""


class Note(NamedTuple):
    """What PlannedAccount is to hold of an account."""

    account_id: int
    owner: int
    rules: str
    due: dt.date | None


@dataclass(slots=True)
class Decision:
    """What planning does to one slice of a portfolio."""

    starts: list[tuple[int, str]] = field(default_factory=list)
    """(account id, channel) of cadences that begin today."""
    new_notes: list[Note] = field(default_factory=list)
    changed_notes: list[Note] = field(default_factory=list)
    create: list[Wanted] = field(default_factory=list)
    change: list[Wanted] = field(default_factory=list)
    withdraw: list[Stored] = field(default_factory=list)
    kept: int = 0


def decide(seats: Iterable[Seat], *, calendars: Mapping[int, WorkingCalendar], today: dt.date) -> Decision:
    """Compare what is due with what stands, account by account (docs/domain.md, 5.3). calendars: of every owner.

    - Due within the horizon or overdue: an item and a follow-up. What stands keeps its day while that is admissible;
      what a person booked, moved, snoozed or shares with another item keeps it in any case, also beyond the horizon.
    - The assignee is the owner: a follow-up goes with the account, its day with it. One that was booked stays with
      who booked it.
    - Not due within the horizon, or governed by no rule any more: what nobody touched goes.
    """
    decision = Decision()
    horizon = today + HORIZON_DAYS * ONE_DAY
    for seat in seats:
        calendar = calendars[seat.owner_id]
        beyond: dt.date | None = None
        for source, stored in seat.stored.items():
            if source not in seat.cadences:
                if stored.is_touched:
                    decision.kept += 1
                else:
                    decision.withdraw.append(stored)
        for channel, cadence in seat.cadences.items():
            if channel not in seat.starts:
                decision.starts.append((seat.account_id, channel))
            reckoned = reckon(seat.facts(channel, today), cadence, calendar, today)
            if reckoned.due > horizon and (beyond is None or reckoned.due < beyond):
                beyond = reckoned.due
            _compare(
                decision,
                seat.account_id,
                cadence,
                reckoned,
                seat.stored.get(channel),
                is_due=reckoned.due <= horizon,
                assignee_id=seat.owner_id,
                calendar=calendar,
                today=today,
            )
        note = Note(seat.account_id, seat.owner_id, rules_note(seat.rule_ids), beyond)
        if seat.noted is None:
            decision.new_notes.append(note)
        elif seat.noted != note[1:]:
            decision.changed_notes.append(note)
    return decision


def rules_note(rule_ids: Sequence[int | None]) -> str:
    """The governing rules of an account, one for each channel in the order of `rules.governing`, as noted.

    The statement of `contacts.planning.changed` writes the same.
    """
    return ",".join(str(rule_id or 0) for rule_id in rule_ids)


def _compare(
    decision: Decision,
    account_id: int,
    cadence: Cadence,
    reckoned: Reckoned,
    stored: Stored | None,
    *,
    is_due: bool,
    assignee_id: int,
    calendar: WorkingCalendar,
    today: dt.date,
) -> None:
    """Put one channel of one account where it belongs in the decision."""
    if stored is None or not stored.has_open_follow_up:
        if is_due:
            decision.create.append(
                Wanted(account_id, cadence, reckoned, reckoned.day, assignee_id, cadence.minutes, stored)
            )
        elif stored is not None:
            decision.withdraw.append(stored)
        return
    if not is_due and not stored.is_touched:
        decision.withdraw.append(stored)
        return
    assert stored.day is not None and stored.assignee_id is not None and stored.follow_up_minutes is not None
    if stored.is_touched:
        day, minutes = stored.day, stored.follow_up_minutes
    else:
        stays = is_admissible(stored.day, reckoned, calendar, today)
        day, minutes = stored.day if stays else reckoned.day, cadence.minutes
    booked = stored.state == FollowUp.State.BOOKED
    wanted = Wanted(
        account_id,
        cadence,
        reckoned,
        day,
        stored.assignee_id if booked else assignee_id,
        minutes,
        stored,
    )
    if _stands(wanted, stored):
        decision.kept += 1
    else:
        decision.change.append(wanted)


def _stands(wanted: Wanted, stored: Stored) -> bool:
    """Whether nothing is to be written."""
    cadence, reckoned = wanted.cadence, wanted.reckoned
    return (
        stored.rule_id == cadence.rule_id
        and stored.minutes == cadence.minutes
        and stored.earliest == reckoned.earliest
        and stored.due == reckoned.due
        and stored.latest == reckoned.latest
        and stored.interval_days == cadence.every_days
        and stored.counted_from == reckoned.counted_from
        and stored.reckoning == list(reckoned.steps)
        and stored.day == wanted.day
        and stored.assignee_id == wanted.assignee_id
        and stored.follow_up_minutes == wanted.minutes
    )
