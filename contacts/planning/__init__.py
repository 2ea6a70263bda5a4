"""Planning: what is due becomes agenda items with a follow-up each, and stays as it is while it may.

docs/domain.md, 5.2 and 5.3; docs/architecture.md, "Planning in three steps": `reading` fetches the facts of a slice of
one portfolio, `deciding` compares them with what stands, `writing` writes the difference. One transaction per slice: a
kill leaves whole slices, the next run does the rest, and no log waits for all of it.
"""

from __future__ import annotations

import datetime as dt
import gc
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import Account
from contacts import rules
from contacts.cadence import MOST_PERSONAL_FIRST, Reckoned, reckon
from contacts.models import AgendaItem, ContactRule, Reason
from contacts.planning.changed import (
    digest_of_load,
    digests_of_people,
    forget,
    maybe_changed,
    note_pass,
    noted_loads,
)
from contacts.planning.deciding import decide
from contacts.planning.levelling import Weeks, weeks_of
from contacts.planning.overload import overfull_weeks, waiting
from contacts.planning.reading import plannable, read_seats
from contacts.planning.stored import read_items, read_loads
from contacts.planning.writing import cancel, withdraw, write
from crm.team.calendars import ONE_DAY, WorkingCalendar, calendars_of
from crm.team.models import User

SLICE = 5000
"""Accounts planned in one transaction: it takes about half a second, and so long may a log have to wait."""
_ASKED = 20_000  # account ids in one statement: SQLite takes 250,000 parameters, PostgreSQL plans long lists slowly
_LOCK = 0x0F1A  # the first of the two numbers of planning's advisory locks; the second is the assignee's id


@dataclass
class Planned:
    """What one run of planning did, in agenda items of cadences."""

    created: int = 0
    moved: int = 0
    """Day, window, rule, reckoning or assignee changed."""
    kept: int = 0
    withdrawn: int = 0
    """No rule asks for them any more, they are due beyond the horizon, or nobody owns the account."""


@dataclass(frozen=True)
class ChannelPlan:
    """The cadence of one account on one channel, also beyond the horizon: for the account page."""

    channel: str
    rule: ContactRule
    reckoned: Reckoned
    item: AgendaItem | None
    """The open agenda item, with its follow-up loaded; None beyond the horizon."""


def plan(
    *,
    today: dt.date,
    now: dt.datetime,
    account_ids: Collection[int] | None = None,
    thorough: bool = False,
    report: Callable[[int, int | None], None] | None = None,
) -> Planned:
    """Plan the cadence follow-ups of all accounts, or of those named; quick enough for one after every log.

    Of all accounts only those are looked at for which something may have changed since the last pass over all
    (`changed`), unless `thorough`: then every one, whatever was noted.
    Opens its own transactions, one per slice of some portfolios. Call it after the transaction that wrote what it
    reads; one that must hold both begins with `hold(account_ids=...)`. Two runs at once do the work once: the second
    waits for a slice and finds it done. report(done, total) is called between slices, in accounts.
    """
    planned = Planned()
    people = list(User.objects.filter(is_active=True)) if account_ids is None else []
    run = _Run(
        in_force=rules.cadences_in_force(today),
        calendars=calendars_of(people) if people else {},
        minutes={one.pk: one.weekly_contact_minutes for one in people},
        today=today,
        now=now,
        generation=int(now.timestamp()),
        planned=planned,
    )
    asked = account_ids
    if account_ids is None and not thorough:
        asked = maybe_changed(in_force=run.in_force, people=run.digests(), today=today)
    portfolios = _portfolios(asked)
    if account_ids is not None:
        run.meet(User.objects.filter(pk__in=list(portfolios)))
    done, total = 0, sum(map(len, portfolios.values()))
    mine = {owner: ids for owner, ids in portfolios.items() if owner in run.calendars}
    for owner_ids, ids in _slices(mine):
        # Where all accounts of a person are looked at together, overfull weeks are relieved at once.
        whole = [one for one in owner_ids if len(mine[one]) <= SLICE] if asked is None else []
        with _uncollected():
            _plan_slice(run, owner_ids, ids, relieving=whole)
        run.relieved.update(whole)
        done += len(ids)
        if report is not None:
            report(done, total)
    loads = _relieve(run, owner_ids=list(mine) if account_ids is not None else None)
    others = None if account_ids is None else set(account_ids).difference(*portfolios.values())
    if others is None or others:
        _withdraw_unplannable(planned, others, now=now, generation=run.generation)
    if account_ids is None:
        note_pass(in_force=run.in_force, people=run.digests(), loads=loads, today=today, now=now)
        open_items = AgendaItem.objects.open().filter(reason=Reason.CADENCE).count()
        planned.kept = open_items - planned.created - planned.moved
    return planned


def hold(*, account_ids: Collection[int]) -> None:
    """Take, first in a transaction that writes follow-ups or agenda items, the locks that planning takes.

    Otherwise the one who writes and a planner may each hold rows that the other waits for. SQLite has one writer, which
    is lock enough.
    """
    if connection.vendor != "postgresql":
        return
    owners = Account.objects.filter(pk__in=account_ids, owner__isnull=False).order_by("owner_id")
    for owner_id in owners.values_list("owner_id", flat=True).distinct():
        _lock(owner_id)


def reckon_account(account: Account, *, today: dt.date) -> list[ChannelPlan]:
    """The cadences of one account, most personal channel first: also what is due beyond the horizon.

    Empty where no rule governs the account, nobody owns it, or it is archived or let go. The rules come with their
    product lines, the items with rule, follow-up and assignee.
    """
    if account.owner is None:
        return []
    in_force = rules.cadences_in_force(today)
    seats = read_seats([account.owner.pk], [account.pk], in_force, today)
    if not seats or not seats[0].cadences:
        return []
    calendar = calendars_of([account.owner])[account.owner.pk]
    by_id = {rule.pk: rule for rule in in_force}
    items = {
        item.source: item
        for item in AgendaItem.objects.open()
        .filter(account=account, reason=Reason.CADENCE)
        .select_related("rule", "follow_up__assignee")
    }
    order = [str(channel) for channel in MOST_PERSONAL_FIRST]
    seat = seats[0]
    return [
        ChannelPlan(
            channel=channel,
            rule=by_id[cadence.rule_id],
            reckoned=reckon(seat.facts(channel, today), cadence, calendar, today),
            item=items.get(channel),
        )
        for channel, cadence in sorted(
            seat.cadences.items(),
            key=lambda pair: (order.index(pair[0]) if pair[0] in order else len(order), pair[0]),
        )
    ]


def next_due(account: Account, *, today: dt.date) -> ChannelPlan | None:
    """The cadence of the account that is due first; None where no rule governs it or nobody owns it."""
    return min(reckon_account(account, today=today), key=lambda one: one.reckoned.due, default=None)


def _portfolios(account_ids: Collection[int] | None) -> dict[int, array]:
    """The ids of plannable accounts by owner; 8 bytes each, so that all accounts of a large company fit in memory."""
    portfolios: dict[int, array] = {}
    # Read to the end before anything is written: SQLite would refuse to write past a reader of its own connection.
    for accounts in _some_at_a_time(account_ids):
        rows = accounts.order_by("owner_id", "pk").values_list("owner_id", "pk")
        # A cursor on the server costs two round trips more, which one account after a log need not pay.
        for owner_id, pk in rows.iterator(5000) if account_ids is None else rows:
            portfolios.setdefault(owner_id, array("q")).append(pk)
    return dict(sorted(portfolios.items()))


def _some_at_a_time(account_ids: Collection[int] | None) -> Iterator[QuerySet[Account]]:
    """The plannable accounts among those named, in querysets that are not too long to ask."""
    if account_ids is None:
        yield plannable()
        return
    ids = sorted(account_ids)
    for first in range(0, len(ids), _ASKED):
        yield plannable().filter(pk__in=ids[first : first + _ASKED])


def _slices(portfolios: dict[int, array], *, whole: bool = False) -> Iterator[tuple[list[int], list[int]]]:
    """(owners, account ids), of several small portfolios or of a part of a large one; owners in order of their ids.

    whole: large ones are not parted.
    """
    owners: list[int] = []
    ids: list[int] = []
    for owner_id, portfolio in portfolios.items():
        size = max(SLICE, len(portfolio)) if whole else SLICE
        for first in range(0, len(portfolio), size):
            part = portfolio[first : first + size].tolist()
            if ids and len(ids) + len(part) > SLICE:
                yield owners, ids
                owners, ids = [], []
            if not owners or owners[-1] != owner_id:
                owners.append(owner_id)
            ids.extend(part)
    if ids:
        yield owners, ids


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's search for cycles: it would go through the many values of a slice again and again.

    They hold no cycles, and are gone when the slice is done.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass
class _Run:
    """What is the same for all slices of one run."""

    in_force: Sequence[ContactRule]
    calendars: dict[int, WorkingCalendar]
    """By owner."""
    minutes: dict[int, int]
    """Contact minutes of a whole week, by owner."""
    today: dt.date
    now: dt.datetime
    generation: int
    planned: Planned
    placed: dict[int, set[dt.date]] = field(default_factory=dict)
    """By owner: the Mondays of the weeks in which the run placed something."""
    relieved: set[int] = field(default_factory=set)
    """Owners of whom all was looked at together, and gave way already."""

    def meet(self, people: QuerySet[User]) -> None:
        """Learn when these owners work."""
        found = list(people)
        self.calendars.update(calendars_of(found))
        self.minutes.update((one.pk, one.weekly_contact_minutes) for one in found)

    def digests(self) -> dict[str, str]:
        """Owner, as text, -> a digest of when the owner works, and how much."""
        return digests_of_people(self.calendars, self.minutes)

    def weeks(self, owner_id: int) -> Weeks:
        """The weeks of one owner."""
        return weeks_of(self.calendars[owner_id], self.minutes[owner_id], self.today)


def _plan_slice(
    run: _Run,
    owner_ids: Sequence[int],
    ids: Sequence[int],
    *,
    relieving: Collection[int] = (),
    is_first: bool = True,
) -> None:
    """The three steps for one slice, in one transaction. is_first: False where its accounts were counted already."""
    planned = run.planned
    for attempt in (1, 2):
        try:
            with transaction.atomic():
                for owner_id in owner_ids:
                    _lock(owner_id)
                seats = read_seats(owner_ids, ids, run.in_force, run.today)
                decision = decide(
                    seats,
                    calendars=run.calendars,
                    today=run.today,
                    minutes=run.minutes,
                    loads=read_loads(owner_ids, run.today),
                    relieving=relieving,
                )
                written = write(decision, today=run.today, now=run.now, generation=run.generation)
        except IntegrityError:
            # one_open_item_per_source: an account changed its owner just now, and a planner of the new owner's
            # portfolio, under another lock, came first. Read again, its item stands.
            if attempt == 2:
                raise
        else:
            planned.created += written.created
            planned.moved += written.moved
            planned.withdrawn += written.withdrawn
            if is_first:
                planned.kept += decision.kept + written.kept
            for wanted in (*decision.create, *decision.change):
                monday = wanted.day - wanted.day.weekday() * ONE_DAY
                run.placed.setdefault(wanted.assignee_id, set()).add(monday)
            return


def _relieve(run: _Run, *, owner_ids: Collection[int] | None) -> dict[str, str]:
    """Plan once more, and together, what stands in overfull weeks: what can wait gives way (levelling).

    owner_ids: only the weeks of these in which the run has placed something; None for everybody's. Returns what is to
    be noted of those whose weeks stay overfull: while that is the same, nothing more can give way.
    """
    everybody = owner_ids is None
    asked = list(run.calendars) if owner_ids is None else [one for one in owner_ids if one in run.placed]
    if not asked:
        return {}
    known = noted_loads() if everybody else {}
    loads = read_loads(asked, run.today)
    strained: dict[int, list[dt.date]] = {}
    for owner_id, load in loads.items():
        weeks = overfull_weeks(load, run.weeks(owner_id))
        if not everybody:
            weeks = [monday for monday in weeks if monday in run.placed[owner_id]]
        if weeks:
            strained[owner_id] = weeks
    again = {}
    for owner_id, weeks in strained.items():
        same = known.get(str(owner_id)) == digest_of_load(loads[owner_id], run.today)
        if owner_id not in run.relieved and (owner_id in run.placed or not same):
            again[owner_id] = array("q", waiting(owner_id, weeks, run.today))
    for some, ids in _slices(again, whole=True):
        with _uncollected():
            _plan_slice(run, some, ids, relieving=some, is_first=False)
    if everybody and again:
        loads |= read_loads(list(again), run.today)
    return {str(owner_id): digest_of_load(loads[owner_id], run.today) for owner_id in strained}


def _lock(owner_id: int) -> None:
    """Wait until nobody else plans this portfolio; held until the transaction ends, or its process dies."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, owner_id & 0x7FFF_FFFF])


def _not_planned(account: str) -> Q:
    """The contrary of `plannable`; `account`: how to reach the account from the row ("account__")."""
    return (
        Q(**{f"{account}owner__isnull": True})
        | Q(**{f"{account}owner__is_active": False})
        | Q(**{f"{account}archived_at__isnull": False})
        | Q(**{f"{account}phase": Account.Phase.LET_GO})
    )


def _withdraw_unplannable(
    planned: Planned, account_ids: Collection[int] | None, *, now: dt.datetime, generation: int
) -> None:
    """Take back what is planned with accounts that nobody owns, that were let go or archived.

    What a person booked, moved or snoozed stays, but with an archived account nothing is left to do: there it is
    cancelled, and kept as history.
    """
    items = AgendaItem.objects.filter(_not_planned("account__"))
    if account_ids is not None:
        items = items.filter(account__in=account_ids)
    with transaction.atomic():
        planned_items = read_items(items.open().filter(reason=Reason.CADENCE))
        touched = [one for one in planned_items if one.is_touched]
        archived = Account.objects.filter(
            pk__in=[one.account_id for one in touched], archived_at__isnull=False
        ).values_list("pk", flat=True)
        idle = set(archived) if touched else set()
        cancelled = [one for one in touched if one.account_id in idle]
        cancel(cancelled, now=now, generation=generation)
        gone = withdraw([one for one in planned_items if not one.is_touched], now=now, generation=generation)
        forget(Account.objects.filter(_not_planned("")), account_ids)
    planned.withdrawn += gone + len(cancelled)
    planned.kept += len(touched) - len(cancelled)
