"""When the next contact of a cadence is due: a pure function of what happened, the rule and the calendar.

docs/domain.md, 5.2 and 5.3. No query and no clock in here; `contacts.planning` brings the values and stores what comes
out, `contacts.reckoning` puts the steps into words. All days are local calendar days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from accounts.models import Channel
from crm.team.calendars import ONE_DAY, WorkingCalendar

RETRY_DAYS = 2
"""Working days after an attempt that reached nobody."""
ATTEMPTS_IN_A_ROW = 3
"""From this attempt on, the next follows one interval later."""
HORIZON_DAYS = 42
"""6 weeks: what is due later has no row."""
EARLIEST_TENTHS = 7
"""70 % of the interval must have passed before the next contact."""
SPREAD_BITS = 31
"""Account.spread lies in 0 .. 2**31 - 1."""

# What a contact on each channel satisfies, itself included (5.2). A broadcast satisfies nothing, not even itself.
SATISFIES: dict[str, frozenset[str]] = {
    Channel.VISIT: frozenset({Channel.VISIT, Channel.VIDEO, Channel.PHONE, Channel.EMAIL}),
    Channel.VIDEO: frozenset({Channel.VISIT, Channel.VIDEO, Channel.PHONE, Channel.EMAIL}),
    Channel.PHONE: frozenset({Channel.PHONE, Channel.EMAIL}),
    Channel.EMAIL: frozenset({Channel.EMAIL}),
    Channel.LETTER: frozenset({Channel.LETTER}),
    Channel.EVENT: frozenset({Channel.EVENT}),
    Channel.MATERIAL: frozenset({Channel.MATERIAL}),
    Channel.BROADCAST: frozenset(),
}
MOST_PERSONAL_FIRST = (Channel.VISIT, Channel.VIDEO, Channel.PHONE, Channel.EMAIL)
CADENCE_CHANNELS = tuple(channel for channel in Channel if SATISFIES[channel])
"""Channels a cadence may ask for: a broadcast could never satisfy one."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """What a contact rule asks for: its values, without the row."""

    rule_id: int
    channel: str
    every_days: int
    tolerance_days: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Contact:
    """One live touchpoint, as far as planning looks at it."""

    day: dt.date
    at: dt.datetime
    channel: str
    reached: bool
    """Any outcome but "not reached"."""
    inbound: bool
    user_id: int


@dataclass(frozen=True, slots=True)
class Skip:
    """A turn of the cadence that a person left out."""

    due: dt.date
    on: dt.date
    """The company's local day on which it was left out."""
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the due day of one account on one channel depends on, beside the rule and the calendar."""

    start: dt.date
    """The day a rule first governed this account and channel (CadenceStart)."""
    spread: int
    """Account.spread."""
    last: Contact | None = None
    """The last contact that counts: it reached them and satisfies the channel. None: never."""
    attempts: tuple[Contact, ...] = ()
    """Our attempts since then that reached nobody, oldest first."""
    skip: Skip | None = None
    """The turn left out since then, None if none was."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """When the next contact is due, and why. earliest <= due <= latest."""

    due: dt.date
    earliest: dt.date
    latest: dt.date
    day: dt.date
    """The day for a new follow-up: the first working day of the assignee on or after max(due, today)."""
    counted_from: dt.date
    """The last contact that counts, or the day the cadence began: urgency counts from here."""
    steps: tuple[dict[str, Any], ...]
    """The chain that explains `due`, ready for JSON; the words are in contacts.reckoning. Does not depend on today."""


def belongs_to(channel: str, governed: Collection[str]) -> str | None:
    """The governed channel whose contact an attempt on `channel` was: its own, else the most personal it satisfies.

    Reaching somebody counts for every channel it satisfies; missing them brings forward only the contact that was
    tried: a missed call does not bring forward the e-mail of next month. None where it was none of them.
    """
    if channel in governed and SATISFIES[channel]:
        return channel
    for candidate in MOST_PERSONAL_FIRST:
        if candidate in governed and candidate in SATISFIES[channel]:
            return candidate
    return None


def facts_of(
    channel: str,
    *,
    governed: Collection[str],
    contacts: Iterable[Contact],
    skips: Iterable[Skip],
    start: dt.date,
    spread: int,
) -> Facts:
    """Pick from an account's contacts, oldest first, what counts for one of its governed channels (5.2).

    A turn left out counts until somebody is reached after it; an attempt counts while nobody was reached and no turn
    left out after it. What the customer tried and we missed is neither a contact nor an attempt of ours.
    """
    last: Contact | None = None
    attempts: list[Contact] = []
    for contact in contacts:
        if contact.reached:
            if channel in SATISFIES[contact.channel]:
                last, attempts = contact, []
        elif not contact.inbound and belongs_to(contact.channel, governed) == channel:
            attempts.append(contact)
    skip = max(skips, key=lambda one: one.at, default=None)
    if skip is not None and last is not None and last.at > skip.at:
        skip = None
    if skip is not None:
        attempts = [attempt for attempt in attempts if attempt.at > skip.at]
    return Facts(start=start, spread=spread, last=last, attempts=tuple(attempts), skip=skip)


def reckon(facts: Facts, rule: Cadence, calendar: WorkingCalendar, today: dt.date) -> Reckoned:
    """When the next contact is due under the rule, its window, its day for a new follow-up, and why (5.2, 5.3).

    What happened last decides: an attempt that reached nobody, a turn left out, the last contact that counts; where
    there never was any, the account's share of the interval after its start.
    Raises ValueError where the calendar has no working day.
    """
    interval = rule.every_days
    tolerance = rule.tolerance_days * ONE_DAY
    steps: list[dict[str, Any]] = [_opening(facts)]
    base: dt.date | None
    if facts.attempts:
        base = facts.attempts[-1].day
        steps.append(
            {
                "step": "not_reached",
                "day": base.isoformat(),
                "channel": str(facts.attempts[-1].channel),
                "times": len(facts.attempts),
            }
        )
        if len(facts.attempts) < ATTEMPTS_IN_A_ROW:
            due = calendar.add(base, RETRY_DAYS)
            steps.append({"step": "retry", "day": due.isoformat(), "working_days": RETRY_DAYS})
            # Again even before due, so neither tolerance nor the share of the interval moves its beginning.
            return _finish(facts, due, due, tolerance, calendar, today, steps)
    elif facts.skip is not None:
        # From the later of both: a turn left out long after it was due must not be due again at once.
        base = max(facts.skip.due, facts.skip.on)
        steps.append({"step": "skipped", "day": base.isoformat(), "due": facts.skip.due.isoformat()})
    else:
        base = facts.last.day if facts.last is not None else None
    if base is None:
        due = share_of(facts.start, interval, facts.spread, calendar)
        steps.append({"step": "share", "day": due.isoformat(), "days": interval, "rule": rule.rule_id})
        return _finish(facts, max(due - tolerance, facts.start), due, tolerance, calendar, today, steps)
    due = base + interval * ONE_DAY
    steps.append({"step": "interval", "day": due.isoformat(), "days": interval, "rule": rule.rule_id})
    earliest = max(due - tolerance, base + -(-EARLIEST_TENTHS * interval // 10) * ONE_DAY)
    return _finish(facts, earliest, due, tolerance, calendar, today, steps)


def share_of(start: dt.date, interval: int, spread: int, calendar: WorkingCalendar) -> dt.date:
    """The working day of the interval that begins on `start` which falls to an account with this spread number.

    The share is mapped onto the list of working days, so that no day takes what its weekend neighbours would have
    had. An interval without a working day gives the first one after it.
    """
    choice = working_days(calendar, start, interval)
    if not choice:
        return calendar.on_or_after(start)
    return choice[spread * len(choice) >> SPREAD_BITS]


@lru_cache(maxsize=1024)
def working_days(calendar: WorkingCalendar, start: dt.date, interval: int) -> tuple[dt.date, ...]:
    """The working days among the `interval` days that begin on `start`; shared by all accounts that start together."""
    return tuple(calendar.between(start, start + (interval - 1) * ONE_DAY))


def is_admissible(day: dt.date, reckoned: Reckoned, calendar: WorkingCalendar, today: dt.date) -> bool:
    """Whether a follow-up may stay on the day it was given (5.3: a day once given is kept while it is admissible).

    Never before the window. A day that has passed stays, and is overdue. A coming one must be a working day inside the
    window, or the very day that planning would choose now.
    """
    if day < reckoned.earliest:
        return False
    if day < today or day == reckoned.day:
        return True
    return day <= reckoned.latest and calendar.is_working(day)


def urgency(counted_from: dt.date, interval_days: int, today: dt.date) -> float:
    """Days since the last contact that counts / interval: 46 of 30 days is 1.53 (5.2). Never below 0."""
    return max(0, (today - counted_from).days) / interval_days


def _opening(facts: Facts) -> dict[str, Any]:
    if facts.last is None:
        return {"step": "start", "day": facts.start.isoformat()}
    return {
        "step": "reached",
        "day": facts.last.day.isoformat(),
        "channel": str(facts.last.channel),
        "inbound": facts.last.inbound,
        "by": facts.last.user_id,
    }


def _finish(
    facts: Facts,
    earliest: dt.date,
    due: dt.date,
    tolerance: dt.timedelta,
    calendar: WorkingCalendar,
    today: dt.date,
    steps: list[dict[str, Any]],
) -> Reckoned:
    workday = calendar.on_or_after(due)
    if workday != due:
        steps.append({"step": "working_day", "day": workday.isoformat()})
    return Reckoned(
        due=due,
        earliest=earliest,
        latest=due + tolerance,
        day=workday if due >= today else calendar.on_or_after(today),
        counted_from=facts.last.day if facts.last is not None else facts.start,
        steps=tuple(steps),
    )
