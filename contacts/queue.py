"""Today, the one queue: what is worth doing, in which order (docs/domain.md, 5.4). Reads only.

One query brings what the order depends on, for all open follow-ups of the user; the order itself is a pure function.
Only the rows that are shown are loaded whole.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, FilteredRelation, OuterRef, Q, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from accounts.models import ContactPerson
from accounts.querysets import visible_ids
from contacts import cadence
from contacts.models import FollowUp, Reason, Touchpoint
from contacts.queue_notes import run_out_at
from contacts.why import TIMED, Ask
from crm.team.calendars import ONE_DAY, calendar_of
from crm.team.models import User
from crm.team.visibility import standing

PAGE = 50
COMING_DAYS = 14
COMING = 12
"""At most so many rows of at most so many days stand below the line."""
DONE = 30
"""So many of today's contacts are shown; all are counted."""
WEIGHT: dict[str | None, int] = {"A": 4, "B": 2, "C": 1, None: 1}


@dataclass(frozen=True, slots=True)
class Entry:
    """One open follow-up as far as its place in the queue goes. asks: its open agenda items, the leading one first."""

    pk: int
    account_id: int
    shown_on: dt.date
    """Its day, or the end of its snooze."""
    day: dt.date
    time: dt.time | None
    channel: str
    tier: str | None
    sales_cents: int
    code: str
    asks: tuple[Ask, ...] = ()
    owner_id: int | None = None
    """Of the account: somebody else's where the user stands in."""
    runs_out_at: dt.datetime | None = None
    """When the time for its complaint or question runs out; None: it has none, or its clock stands."""

    @property
    def is_complaint(self) -> bool:
        return any(ask.reason == Reason.COMPLAINT for ask in self.asks)


WorkingDaysAfter = Callable[[dt.date], int]
"""How many working days have passed since a day: 0 on the day itself."""


def urgency(ask: Ask, *, today: dt.date, overdue: WorkingDaysAfter) -> float:
    """Days since the last contact / interval; without an interval 1 + working days overdue / 10 (5.2, 5.4)."""
    if ask.interval_days and ask.counted_from:
        return cadence.urgency(ask.counted_from, ask.interval_days, today)
    return (10 + overdue(ask.due)) / 10


def in_order(entries: Iterable[Entry], *, today: dt.date, overdue: WorkingDaysAfter) -> list[Entry]:
    """The queue (5.4): complaints; fixed times of today; overdue promises; urgency x tier weight; sales; code.

    Questions whose clock runs stand among the complaints. Of them all that one comes first whose time runs out first;
    complaints whose clock stands are last.
    Each entry's agenda comes in the same order.
    """

    def rank(entry: Entry) -> tuple[int, float, dt.time, float, int, str]:
        asks = entry.asks or (Ask(Reason.MANUAL, "", entry.day),)
        most = max(urgency(ask, today=today, overdue=overdue) for ask in asks) * WEIGHT[entry.tier]
        fixed = entry.time is not None and entry.day == today
        if entry.is_complaint or entry.runs_out_at is not None:
            place = 0
        elif fixed:
            place = 1
        elif any(_is_overdue_promise(ask, today) for ask in asks):
            place = 2
        else:
            place = 3
        time = entry.time if fixed and entry.time is not None else dt.time.min
        runs_out = entry.runs_out_at.timestamp() if entry.runs_out_at and not place else math.inf
        return place, runs_out, time, -most, -entry.sales_cents, entry.code

    def lead(ask: Ask) -> tuple[bool, bool, float, dt.date]:
        return (
            ask.reason != Reason.COMPLAINT,
            not _is_overdue_promise(ask, today),
            -urgency(ask, today=today, overdue=overdue),
            ask.due,
        )

    def led(entry: Entry) -> Entry:
        return replace(entry, asks=tuple(sorted(entry.asks, key=lead))) if len(entry.asks) > 1 else entry

    return sorted((led(entry) for entry in entries), key=rank)


def _is_overdue_promise(ask: Ask, today: dt.date) -> bool:
    return ask.reason == Reason.PROMISE_DUE and ask.due < today


@dataclass
class Queue:
    """A user's Today: what is to be done now, in order, and what comes after."""

    now: list[Entry] = field(default_factory=list)
    coming: list[Entry] = field(default_factory=list)

    def only(self, *, channel: str = "", complaints: bool = False, owner_id: int | None = None) -> Queue:
        """The part of the queue on one channel ("" for all), with a complaint on its agenda, or of one owner."""

        def fits(entry: Entry) -> bool:
            return (
                (not channel or entry.channel == channel)
                and (not complaints or entry.is_complaint)
                and (owner_id is None or entry.owner_id == owner_id)
            )

        return Queue([e for e in self.now if fits(e)], [e for e in self.coming if fits(e)])

    def following(self, pk: int, *, among: Collection[int]) -> int | None:
        """The follow-up to open after `pk`: the next in order that is still `among` those left, from the top after
        the last one; None where none is left, or where `pk` never stood here and nothing else does.
        """
        ids = [entry.pk for entry in self.now]
        place = ids.index(pk) if pk in ids else -1
        return next((other for other in ids[place + 1 :] + ids[: max(place, 0)] if other in among), None)


def todays_queue(user: User, *, today: dt.date) -> Queue:
    """The user's queue on the day. Four queries at most, however long it is; its number is known afterwards."""
    found = _with_time_left(_entries(user, today), user, today)
    calendar = calendar_of(user)
    since: dict[dt.date, int] = {}

    def overdue(due: dt.date) -> int:
        if due not in since:
            since[due] = calendar.count(due, today)
        return since[due]

    now = in_order((entry for entry in found if entry.shown_on <= today), today=today, overdue=overdue)
    later = [entry for entry in found if entry.shown_on > today]
    # Of hundreds that come, a dozen are shown: only those that may be among them are put in order.
    if len(later) > COMING:
        last = sorted(map(_comes, later))[COMING - 1]
        later = [entry for entry in later if _comes(entry) <= last]
    coming = sorted(in_order(later, today=today, overdue=overdue), key=_comes)
    _remember(user, today, len(now))
    return Queue(now, coming[:COMING])


def _with_time_left(entries: list[Entry], user: User, today: dt.date) -> list[Entry]:
    """The entries, complaints and questions with the moment at which time runs out. No query where there are none."""
    sources = {
        entry.pk: own
        for entry in entries
        if (own := [ask.source for ask in entry.asks if ask.reason in TIMED])
    }
    if not sources:
        return entries
    moments = run_out_at({one for some in sources.values() for one in some}, user=user, today=today)

    def timed(entry: Entry) -> Entry:
        known = [moments[source] for source in sources.get(entry.pk, ()) if source in moments]
        return replace(entry, runs_out_at=min(known)) if known else entry

    return [timed(entry) for entry in entries]


def _comes(entry: Entry) -> tuple[dt.date, dt.time]:
    return entry.shown_on, entry.time or dt.time.max


def _entries(user: User, today: dt.date) -> list[Entry]:
    rows = (
        FollowUp.objects.today_queue(user, today, until=today + COMING_DAYS * ONE_DAY)
        .alias(asks=FilteredRelation("items", condition=Q(items__state="open")))
        .order_by("pk")
        .values_list(
            "pk",
            "account_id",
            "shown_on",
            "day",
            "time",
            "channel",
            "account__tier",
            "account__sales_12m_cents",
            "account__code",
            "account__owner",
            "asks__reason",
            "asks__words",
            "asks__due",
            "asks__interval_days",
            "asks__counted_from",
            "asks__source",
            KeyTextTransform("step", KeyTextTransform(0, "asks__reckoning")),
            KeyTextTransform("step", KeyTextTransform(1, "asks__reckoning")),
            KeyTextTransform("times", KeyTextTransform(1, "asks__reckoning")),
        )
    )
    found: dict[int, Any] = {}
    asks: dict[int, list[Ask]] = {}
    owners: dict[int, int | None] = {}
    for (
        pk,
        account_id,
        shown_on,
        day,
        time,
        channel,
        tier,
        sales,
        code,
        owner,
        reason,
        words,
        due,
        *rest,
    ) in rows:
        owners[pk] = owner
        found[pk] = (pk, account_id, shown_on, day, time, channel, tier, sales, code)
        if reason is None:
            continue
        interval, counted_from, source, opening, then, times = rest
        attempts = int(times or 0) if then == "not_reached" else 0
        ask = Ask(
            reason,
            words,
            due,
            interval,
            counted_from,
            never=opening == "start",
            attempts=attempts,
            source=source,
        )
        asks.setdefault(pk, []).append(ask)
    return [Entry(*(*values, tuple(asks.get(pk, ())), owners[pk])) for pk, values in found.items()]


def known_open_count(user: User, today: dt.date) -> int | None:
    """How many follow-ups stand on the user's Today, where the queue itself was read before; None where it was not."""
    known: dict[dt.date, int] = user.__dict__.get("_open_today", {})
    return known.get(today)


def _remember(user: User, today: dt.date, number: int) -> None:
    user.__dict__.setdefault("_open_today", {})[today] = number


class Shown(NamedTuple):
    """What a row says of a follow-up beside its place in the queue. whom: None where nobody is known there."""

    pk: int
    account: str
    whom: str | None


def load(entries: Sequence[Entry]) -> dict[int, Shown]:
    """By the id of the follow-up: the account's name and whom to contact. One query."""
    main = ContactPerson.objects.present().filter(account=OuterRef("account"))
    first = Subquery(main.order_by("-is_main", "name", "pk").values("name")[:1])
    rows = FollowUp.objects.filter(pk__in=[entry.pk for entry in entries]).order_by()
    return {
        row[0]: Shown(*row)
        for row in rows.values_list("pk", "account__name", Coalesce("person__name", first))
    }


class Logged(NamedTuple):
    """One contact that the user has made today. What stands after `seen` is of the account: only where it is seen."""

    pk: int
    at: dt.datetime
    channel: str
    outcome: str
    minutes: int
    seen: bool
    """Whether the user still sees the account."""
    account: str
    tier: str | None
    sales_cents: int
    whom: str | None
    next_day: dt.date | None
    """Of the account's next open follow-up."""


@dataclass(frozen=True)
class Done:
    """What the user has done today: the latest contacts, how many there were, and their minutes."""

    touchpoints: Sequence[Logged]
    contacts: int
    minutes: int


def done_today(user: User, *, today: dt.date) -> Done:
    """The user's contacts of the day, newest first. One query."""
    seen: Any = Value(True)
    if not standing(user, on=today).sees_all:
        seen = ExpressionWrapper(Q(account__in=visible_ids(user, on=today)), output_field=BooleanField())
    coming = FollowUp.objects.filter(account=OuterRef("account")).open().order_by("day", "time", "pk")
    persons = ContactPerson.objects.filter(touchpoints=OuterRef("pk")).order_by("-is_main", "name", "pk")
    rows = (
        Touchpoint.objects.live()
        .filter(user=user, day=today)
        .order_by("-at", "-pk")
        .values_list(
            "pk",
            "at",
            "channel",
            "outcome",
            "minutes",
            seen,
            "account__name",
            "account__tier",
            "account__sales_12m_cents",
            Subquery(persons.values("name")[:1]),
            Subquery(coming.values("day")[:1]),
        )
    )
    found = [Logged(*row) for row in rows]
    return Done(found[:DONE], len(found), sum(row.minutes for row in found))
