"""Triggers: every event at an account makes each rule that follows it fire once (docs/domain.md, 5.1).

Nothing tells that an event happened. What the sources find (`contacts.events`) is compared with what was fired
(TriggerFiring): so an import of a million purchases, a lost task or a kill loses nothing, and the unique row of a
firing lets nothing happen twice. The row and the agenda item are written in one transaction: claim, then do.

What bounds the scan is the day from which a rule fires (`ContactRule.fires_from`) together with the indexes of the
sources; no stored mark says how far a run came, because purchases that come late, by an import of last month's file,
lie before any such mark. One statement for each rule finds the events that have not fired yet, however many have.

Which accounts a rule is about is asked when the event is found: its conditions, and that somebody owns the account,
which is neither archived nor let go. An event that nobody can follow yet waits, and fires once somebody can. But what
comes to light a quarter after it should have been dealt with fires without asking for a contact: a day-after call in
the next season helps nobody, and a portfolio that is given out must not begin with last year's calls.
"""

from __future__ import annotations

import datetime as dt
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import Account
from contacts import agenda, rules
from contacts.events import REASONS, origins, row_of, sources, words_of
from contacts.models import AgendaItem, ContactRule, FollowUp, TriggerFiring
from contacts.planning import hold
from contacts.planning.reading import plannable
from crm.jobs.bulk import load, take_ids
from crm.team.calendars import ONE_DAY, WorkingCalendar, calendars_of
from crm.team.models import User

T = TypeVar("T")

SOURCE = "trigger:"
"""What the source of an agenda item begins with that a trigger made: "trigger:<rule>:<key>"."""
CHUNK = 4000
"""Events fired in one transaction."""
TOO_LATE = 92
"""An event found more than so many days after its contact should have been made fires without asking for one."""


@dataclass
class Fired:
    """What one run did."""

    fired: int = 0
    """Events for which a rule fired."""
    asked: int = 0
    """Agenda items that this made; fewer where it came too late."""
    withdrawn: int = 0
    """Agenda items taken back, because their rule or their event is gone, or the account is no customer any more."""


class Happened(NamedTuple):
    """One event that a rule follows."""

    account_id: int
    key: str
    day: dt.date
    about: str | None


def fire(
    *, today: dt.date, now: dt.datetime, report: Callable[[int, int | None], None] | None = None
) -> Fired:
    """Fire every trigger for the events up to `today` that it has not fired for; run again it does nothing.

    Opens its own transactions, one for each chunk of events; two runs at once do the work once. report(done, total)
    is called between chunks, in events.
    """
    result = Fired(withdrawn=_withdraw_idle(now=now))
    # Read to the end before anything is written: SQLite would refuse to write past a reader of its own connection.
    # Eight bytes each, so that the events of a large import fit in memory.
    found = [(rule, _ids(rule, today)) for rule in triggers_on(today)]
    calendars = calendars_of(User.objects.filter(is_active=True)) if any(ids for _, ids in found) else {}
    done, total = 0, sum(len(ids) for _, ids in found)
    for rule, ids in found:
        windows = Windows(rule, calendars)
        for first in range(0, len(ids), CHUNK):
            chunk = ids[first : first + CHUNK]
            happened = _read(followed(rule, on=today).filter(pk__in=list(chunk)))
            _fire_chunk(rule, happened, windows, result, today=today, now=now)
            done += len(chunk)
            if report is not None:
                report(done, total)
    return result


def triggers_on(day: dt.date) -> list[ContactRule]:
    """The triggers that may fire on the day: those in force, and those that have run out and may still find events."""
    return list(
        ContactRule.objects.triggers()
        .filter(Q(active_from__isnull=True) | Q(active_from__lte=day), enabled=True, fires_from__lte=day)
        .prefetch_related("product_lines")
        .order_by("priority", "id")
    )


def fired_since(moment: dt.datetime) -> dict[int, int]:
    """How often each trigger fired since then, by rule id; those that did not are missing. One query."""
    fired = TriggerFiring.objects.filter(fired_at__gte=moment).order_by()
    return dict(fired.values_list("rule_id").annotate(number=Count("pk")))


def followed(rule: ContactRule, *, on: dt.date) -> QuerySet:
    """The events up to the day that the rule follows, whatever the account, as its source gives them.

    Nothing before the day it was put in force, nor outside the days on which it is active.
    """
    assert rule.fires_from is not None  # of `triggers_on`
    return sources()[rule.event].happened(
        since=max(rule.fires_from, rule.active_from or rule.fires_from),
        until=min(on, rule.active_until or on),
        amount_cents=rule.event_amount_cents,
        days=rule.event_days,
    )


def unfired(rule: ContactRule, *, on: dt.date) -> QuerySet:
    """The events of `followed` for which the rule has not fired, at accounts that somebody owns and that meet the
    rule's conditions on the day `on`.
    """
    happened = followed(rule, on=on)
    before = TriggerFiring.objects.filter(rule=rule)
    happened = happened.filter(~Exists(before.filter(key=OuterRef("event_key"))))
    if rule.event == ContactRule.Event.FIRST_PURCHASE:  # of two accounts that became one, one was first
        happened = happened.filter(~Exists(before.filter(account=OuterRef("event_account"))))
    about = plannable().filter(rules.matching(rule, on)).order_by().values("pk")
    return happened.filter(event_account__in=about)


def _ids(rule: ContactRule, today: dt.date) -> array:
    """The ids of the rows behind the unfired events: one portfolio after another, so that a chunk locks few of them."""
    rows = unfired(rule, on=today).order_by(sources()[rule.event].owner, "pk")
    return array("q", rows.values_list("pk", flat=True).iterator(10_000))


def _read(rows: QuerySet) -> list[Happened]:
    """The events of a chunk, each key once.

    By their ids alone: all else was asked when these were read, or is when they are claimed.
    """
    found = rows.order_by("pk").values_list("event_account", "event_key", "event_day", "event_about")
    by_key = {key: Happened(account_id, key, day, about) for account_id, key, day, about in found}
    return list(by_key.values())


class Windows:
    """From which day until which day the contact after an event is to be made, by the owner's working days."""

    def __init__(self, rule: ContactRule, calendars: dict[int, WorkingCalendar]) -> None:
        self.calendars = calendars
        self.first = rule.offset_from or 0
        self.last = max(self.first, rule.offset_until if rule.offset_until is not None else self.first)
        self._known: dict[tuple[int, dt.date], tuple[dt.date, dt.date]] = {}

    def after(self, day: dt.date, owner_id: int) -> tuple[dt.date, dt.date]:
        """The window after an event of the day; the contact is due on its first day."""
        if (owner_id, day) not in self._known:
            calendar = self.calendars[owner_id]
            window = calendar.add(day, self.first), calendar.add(day, self.last)
            self._known[owner_id, day] = window
        return self._known[owner_id, day]


def _fire_chunk(
    rule: ContactRule,
    happened: Sequence[Happened],
    windows: Windows,
    result: Fired,
    *,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Claim the events and write what the rule asks for, in one transaction."""
    if not happened:
        return
    account_ids = {event.account_id for event in happened}
    with transaction.atomic():
        hold(account_ids=account_ids)
        # The rule may have been removed, and accounts given away, since the events were read.
        if not ContactRule.objects.select_for_update(no_key=True).filter(pk=rule.pk).exists():
            return
        owners = dict(plannable().filter(pk__in=account_ids).values_list("pk", "owner_id"))
        claimed = _claim(
            rule,
            [event for event in happened if owners.get(event.account_id) in windows.calendars],
            now=now,
        )
        wanted = []
        for event in happened:
            if event.key in claimed:
                owner_id = owners[event.account_id]
                first, last = windows.after(event.day, owner_id)
                if last >= today - TOO_LATE * ONE_DAY:
                    wanted.append(Wanted(event, owner_id, first, last))
        _write(rule, wanted, windows.calendars, today=today, now=now)
    result.fired += len(claimed)
    result.asked += len(wanted)


def _claim(rule: ContactRule, happened: Sequence[Happened], *, now: dt.datetime) -> set[str]:
    """Write the firings of those events that nobody has claimed; the keys of these."""
    if not happened:
        return set()
    moment = connection.ops.adapt_datetimefield_value(now)
    into = (
        f"INSERT INTO {TriggerFiring._meta.db_table} (rule_id, key, account_id, day, fired_at)"
        " SELECT %s, {values}, %s FROM {events} ON CONFLICT (rule_id, key) DO NOTHING RETURNING key"
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                into.format(
                    values="e.key, e.account_id, e.day",
                    events="unnest(%s::text[], %s::bigint[], %s::date[]) AS e (key, account_id, day)",
                ),
                [
                    rule.pk,
                    moment,
                    [event.key for event in happened],
                    [event.account_id for event in happened],
                    [event.day for event in happened],
                ],
            )
        else:
            rows = [(event.key, event.account_id, event.day.isoformat()) for event in happened]
            cursor.execute(
                into.format(
                    values=", ".join(f"json_extract(e.value, '$[{place}]')" for place in range(3)),
                    events="json_each(%s) AS e WHERE TRUE",
                ),
                [rule.pk, moment, json.dumps(rows)],
            )
        return {key for (key,) in cursor.fetchall()}


class Wanted(NamedTuple):
    """One contact that a firing asks for, in its window."""

    event: Happened
    owner_id: int
    first: dt.date
    last: dt.date


def _write(
    rule: ContactRule,
    wanted: Sequence[Wanted],
    calendars: dict[int, WorkingCalendar],
    *,
    today: dt.date,
    now: dt.datetime,
) -> None:
    """An open agenda item for each, with a follow-up of its own for the owner."""
    generation = int(now.timestamp())
    moment = connection.ops.adapt_datetimefield_value(now)
    ids = take_ids(FollowUp, len(wanted))
    days = {
        (owner_id, first): calendars[owner_id].on_or_after(max(first, today))
        for _event, owner_id, first, _last in wanted
    }
    load(
        FollowUp,
        (
            "id",
            "account_id",
            "assignee_id",
            "channel",
            "day",
            "minutes",
            "state",
            "moved_by_hand",
            "skip_reason",
            "generation",
            "created_at",
        ),
        (
            (
                pk,
                one.event.account_id,
                one.owner_id,
                rule.channel,
                days[one.owner_id, one.first],
                rule.minutes,
                FollowUp.State.PLANNED.value,
                False,
                "",
                generation,
                moment,
            )
            for one, pk in zip(wanted, ids, strict=True)
        ),
    )
    reason = REASONS[rule.event].value
    load(
        AgendaItem,
        (
            "account_id",
            "follow_up_id",
            "reason",
            "source",
            "rule_id",
            "words",
            "channel",
            "minutes",
            "earliest",
            "due",
            "latest",
            "reckoning",
            "state",
            "generation",
            "created_at",
        ),
        (
            (
                one.event.account_id,
                pk,
                reason,
                f"{SOURCE}{rule.pk}:{one.event.key}",
                rule.pk,
                words_of(rule.event, one.event.about, day=one.event.day)[:300],
                rule.channel,
                rule.minutes,
                one.first,
                one.first,
                one.last,
                "[]",
                AgendaItem.State.OPEN.value,
                generation,
                moment,
            )
            for one, pk in zip(wanted, ids, strict=True)
        ),
    )


# Taking back --------------------------------------------------------------------------------------------------------
def _withdraw_idle(*, now: dt.datetime) -> int:
    """Take back, untouched, what removed rules asked for, and what is left to do with accounts that nobody contacts."""
    idle = Q(rule__isnull=True) | Q(account__archived_at__isnull=False)
    return _withdraw(_untouched().filter(idle | Q(account__phase=Account.Phase.LET_GO)), now=now)


def take_back_vanished(*, now: dt.datetime) -> int:
    """After an import was taken back: firings of events whose purchases are gone, and their items where nobody has
    touched them, go as well. Returns how many items were withdrawn. Safe to repeat.

    Looks at every firing, which no firing of events needs.
    """
    gone = list(_vanished())
    withdrawn = 0
    for keys in _some(gone):
        with transaction.atomic():
            firings = TriggerFiring.objects.filter(pk__in=[pk for pk, _rule, _key in keys])
            items = [f"{SOURCE}{rule_id}:{key}" for _pk, rule_id, key in keys]
            accounts = list(firings.values_list("account_id", flat=True).distinct())
            hold(account_ids=accounts)
            withdrawn += _take(_untouched().filter(account__in=accounts, source__in=items), now=now)
            firings.delete()
    return withdrawn


def _vanished() -> Iterator[tuple[int, int, str]]:
    """Id, rule and key of the firings whose event has no row any more."""
    models = origins()
    seen: dict[str, list[tuple[int, int, int, str]]] = {}
    firings = TriggerFiring.objects.order_by("pk").values_list("pk", "rule_id", "key")
    for pk, rule_id, key in list(firings):
        prefix, row = row_of(key)
        seen.setdefault(prefix, []).append((row, pk, rule_id, key))
    for prefix, rows in seen.items():
        for some in _some(rows):
            known = models[prefix]._base_manager.filter(pk__in=[row for row, *_ in some])
            there = set(known.values_list("pk", flat=True))
            yield from ((pk, rule_id, key) for row, pk, rule_id, key in some if row not in there)


def _untouched() -> QuerySet[AgendaItem]:
    """Open items of triggers that no person had a hand in."""
    follow_up = FollowUp.objects.filter(pk=OuterRef("follow_up")).filter(
        Q(moved_by_hand=True) | Q(snoozed_until__isnull=False) | ~Q(state=FollowUp.State.PLANNED)
    )
    return AgendaItem.objects.open().filter(~Exists(follow_up), source__startswith=SOURCE)


def _withdraw(items: QuerySet[AgendaItem], *, now: dt.datetime) -> int:
    """Withdraw some at a time, each time under planning's locks."""
    withdrawn = 0
    found = list(
        items.order_by(F("account__owner").asc(nulls_last=True), "pk").values_list("pk", "account_id")
    )
    for some in _some(found):
        with transaction.atomic():
            hold(account_ids={account_id for _pk, account_id in some})
            withdrawn += _take(items.filter(pk__in=[pk for pk, _account in some]), now=now)
    return withdrawn


def _take(items: QuerySet[AgendaItem], *, now: dt.datetime) -> int:
    gone = list(items)
    agenda.withdraw(gone, at=now)
    return len(gone)


def _some(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while some := list(islice(iterator, CHUNK)):
        yield some
