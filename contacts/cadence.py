"""When the next contact of a cadence is due: a pure function of what happened, the rule and the calendar.

docs/domain.md, 5.2 and 5.3. No query and no clock in here; `contacts.planning` brings the values and stores what comes
out, `contacts.reckoning` puts the steps into words. All days are local calendar days.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from accounts.models import Channel
from contacts.backing_off import UNWELCOME_PAUSE, is_backed_off, lengthened
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


# Values are named tuples: a pass over all accounts makes some for each of them, many times quicker than frozen
# dataclasses.
class Cadence(NamedTuple):
    """What a contact rule asks for: its values, without the row."""

    rule_id: int
    channel: str
    every_days: int
    tolerance_days: int
    minutes: int


class Contact(NamedTuple):
    """One live touchpoint, as far as planning looks at it."""

    day: dt.date
    at: dt.datetime
    channel: str
    reached: bool
    """Any outcome but "not reached"."""
    inbound: bool
    user_id: int
    fruitless: bool = False
    """It brought nothing, or reached nobody."""
    unwelcome: bool = False


class Skip(NamedTuple):
    """A turn of the cadence that a person left out."""

    due: dt.date
    on: dt.date
    """The company's local day on which it was left out."""
    at: dt.datetime


class Facts(NamedTuple):
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
    fruitless: int = 0
    """How many of our contacts in a row brought nothing: the series that backs off (contacts.backing_off)."""
    is_paused: bool = False
    """Whether the last contact that counts was unwelcome, and nobody lifted the pause."""


class Reckoned(NamedTuple):
    """When the next contact is due, and why. earliest <= due <= latest."""

    due: dt.date
    earliest: dt.date
    latest: dt.date
    day: dt.date
    """The day for a new follow-up: the first working day of the assignee on or after max(due, today), or of an absence
    the day on which a substitute serves."""
    counted_from: dt.date
    """The last contact that counts, or the day the cadence began: urgency counts from here."""
    reckoning: str
    """The chain that explains `due`, as the JSON that is stored: a list of steps. Does not depend on today."""
    interval_days: int = 0
    """The rule's, lengthened by back-off and pause: what urgency is a share of."""

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The chain; its words are in contacts.reckoning."""
        steps: list[dict[str, Any]] = json.loads(self.reckoning)
        return steps


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
    lifted_at: dt.datetime | None = None,
) -> Facts:
    """Pick from an account's contacts, oldest first, what counts for one of its governed channels (5.2).

    A turn left out counts until somebody is reached after it; an attempt counts while nobody was reached and no turn
    left out after it. What the customer tried and we missed is neither a contact nor an attempt of ours. lifted_at:
    when somebody lifted back-off and pause the last time; what lies before slows nothing any more.
    """
    last: Contact | None = None
    attempts: list[Contact] = []
    fruitless = 0
    for contact in contacts:
        satisfies = channel in SATISFIES[contact.channel]
        if contact.reached:
            if satisfies:
                last, attempts = contact, []
                if not contact.fruitless:
                    fruitless = 0
                elif not contact.inbound and (lifted_at is None or contact.at > lifted_at):
                    fruitless += 1
        elif not contact.inbound:
            if satisfies and (lifted_at is None or contact.at > lifted_at):
                fruitless += 1
            if belongs_to(contact.channel, governed) == channel:
                attempts.append(contact)
    skip = max(skips, key=lambda one: one.at, default=None)
    if skip is not None and last is not None and last.at > skip.at:
        skip = None
    if skip is not None:
        attempts = [attempt for attempt in attempts if attempt.at > skip.at]
    is_paused = last is not None and last.unwelcome and (lifted_at is None or last.at > lifted_at)
    return Facts(start, spread, last, tuple(attempts), skip, fruitless, is_paused)


def reckon(facts: Facts, rule: Cadence, calendar: WorkingCalendar, today: dt.date) -> Reckoned:
    """When the next contact is due under the rule, its window, its day for a new follow-up, and why (5.2, 5.3).

    What happened last decides: an attempt that reached nobody, a turn left out, the last contact that counts; where
    there never was any, the account's share of the interval after its start. Contacts that brought nothing lengthen
    the interval; one that was unwelcome pauses all.
    Raises ValueError where the calendar has no working day.
    """
    last, attempts, skip, fruitless = facts.last, facts.attempts, facts.skip, facts.fruitless
    counted_from = facts.start if last is None else last.day
    reckoning = _start_step(counted_from) if last is None else _reached_step(last)
    if attempts:
        base = attempts[-1].day
        reckoning += ", " + _not_reached_step(attempts[-1], len(attempts))
        if len(attempts) < ATTEMPTS_IN_A_ROW:
            due = calendar.staffed.add(base, RETRY_DAYS)
            # Again even before due, so neither tolerance nor the share of the interval moves its beginning.
            latest = due + rule.tolerance_days * ONE_DAY
            turn = _Turn(due, due, latest, _retry_step(due), rule.every_days)
        else:
            turn = _interval_after(base, rule, 0)
    elif skip is not None:
        # From the later of both: a turn left out long after it was due must not be due again at once.
        base = max(skip.due, skip.on)
        reckoning += ", " + _skipped_step(base, skip.due)
        turn = _interval_after(base, rule, fruitless)
    elif last is not None:
        turn = _interval_after(last.day, rule, fruitless)
    else:
        due = share_of(facts.start, rule.every_days, facts.spread, calendar)
        tolerance = rule.tolerance_days * ONE_DAY
        turn = _Turn(
            due, max(due - tolerance, facts.start), due + tolerance, _share_step(due, rule), rule.every_days
        )
    if facts.is_paused and last is not None:
        turn = _paused(turn, last.day + UNWELCOME_PAUSE * ONE_DAY, rule)
    due, latest = turn.due, turn.latest
    reckoning += ", " + turn.step
    day = due
    if not calendar.is_working(due):
        day = calendar.covered(due, latest)
        if day not in calendar.served:
            reckoning += ", " + _working_day_step(day)
        else:
            reckoning += ", " + _substitute_step(day)
    if due < today:
        day = today if calendar.is_working(today) else calendar.covered(today, latest)
    return Reckoned(due, turn.earliest, latest, day, counted_from, f"[{reckoning}]", turn.interval_days)


class _Turn(NamedTuple):
    """When the rule alone asks for the next contact, whatever days the assignee works, and the step that says so."""

    due: dt.date
    earliest: dt.date
    latest: dt.date
    step: str
    interval_days: int


@lru_cache(maxsize=2**14)
def _interval_after(base: dt.date, rule: Cadence, fruitless: int) -> _Turn:
    """One interval after `base`: the same for all accounts that were last contacted on one day."""
    interval = lengthened(rule.every_days, fruitless)
    due = base + interval * ONE_DAY
    tolerance = rule.tolerance_days * ONE_DAY
    earliest = max(due - tolerance, base + -(-EARLIEST_TENTHS * interval // 10) * ONE_DAY)
    step = _interval_step(base + rule.every_days * ONE_DAY, rule)
    if is_backed_off(fruitless):
        step += ", " + _backed_off_step(due, interval, fruitless)
    return _Turn(due, earliest, due + tolerance, step, interval)


def _paused(turn: _Turn, until: dt.date, rule: Cadence) -> _Turn:
    """The turn after the pause that an unwelcome contact makes."""
    if turn.due >= until:
        return turn._replace(earliest=max(turn.earliest, until))
    step = f"{turn.step}, {_unwelcome_step(until)}"
    interval = max(turn.interval_days, UNWELCOME_PAUSE)
    return _Turn(until, until, until + rule.tolerance_days * ONE_DAY, step, interval)


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
    if day > reckoned.latest:
        return False
    return calendar.is_working(day) or (
        day in calendar.served and calendar.covered(day, reckoned.latest) == day
    )


def urgency(counted_from: dt.date, interval_days: int, today: dt.date) -> float:
    """Days since the last contact that counts / interval: 46 of 30 days is 1.53 (5.2). Never below 0."""
    return max(0, (today - counted_from).days) / interval_days


# The steps of a reckoning, written as PostgreSQL writes jsonb (shorter keys first, then by letter), so that what is
# stored can be compared as text. No value needs escaping: they are numbers, days and names of channels.
_iso = lru_cache(maxsize=2**14)(dt.date.isoformat)


def _start_step(day: dt.date) -> str:
    return f'{{"day": "{_iso(day)}", "step": "start"}}'


def _reached_step(last: Contact) -> str:
    inbound = "true" if last.inbound else "false"
    return (
        f'{{"by": {last.user_id}, "day": "{_iso(last.day)}", "step": "reached", "channel": "{last.channel}", '
        f'"inbound": {inbound}}}'
    )


def _not_reached_step(attempt: Contact, times: int) -> str:
    return f'{{"day": "{_iso(attempt.day)}", "step": "not_reached", "times": {times}, "channel": "{attempt.channel}"}}'


def _retry_step(due: dt.date) -> str:
    return f'{{"day": "{_iso(due)}", "step": "retry", "working_days": {RETRY_DAYS}}}'


def _skipped_step(base: dt.date, due: dt.date) -> str:
    return f'{{"day": "{base}", "due": "{_iso(due)}", "step": "skipped"}}'


def _share_step(due: dt.date, rule: Cadence) -> str:
    return f'{{"day": "{_iso(due)}", "days": {rule.every_days}, "rule": {rule.rule_id}, "step": "share"}}'


def _interval_step(due: dt.date, rule: Cadence) -> str:
    return f'{{"day": "{_iso(due)}", "days": {rule.every_days}, "rule": {rule.rule_id}, "step": "interval"}}'


def _working_day_step(day: dt.date) -> str:
    return f'{{"day": "{_iso(day)}", "step": "working_day"}}'


def _substitute_step(day: dt.date) -> str:
    return f'{{"day": "{_iso(day)}", "step": "substitute"}}'


def _backed_off_step(due: dt.date, interval: int, fruitless: int) -> str:
    return f'{{"day": "{_iso(due)}", "days": {interval}, "step": "backed_off", "times": {fruitless}}}'


def _unwelcome_step(until: dt.date) -> str:
    return f'{{"day": "{_iso(until)}", "days": {UNWELCOME_PAUSE}, "step": "unwelcome"}}'
