"""Planning: what is due becomes agenda items with a follow-up each, and stays as it is while it may.

docs/domain.md, 5.2 and 5.3; docs/architecture.md, "Planning in three steps": `reading` fetches the facts of a slice of
one portfolio, `deciding` compares them with what stands, `writing` writes the difference. One transaction per slice: a
kill leaves whole slices, the next run does the rest, and no log waits for all of it.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import Account
from contacts import rules
from contacts.cadence import MOST_PERSONAL_FIRST, Reckoned, reckon
from contacts.models import AgendaItem, ContactRule, Reason
from contacts.planning.changed import forget, maybe_changed, note_pass
from contacts.planning.deciding import decide
from contacts.planning.reading import cadence_items, plannable, read_seats
from contacts.planning.writing import cancel, withdraw, write
from crm.team.calendars import WorkingCalendar, calendars_of
from crm.team.models import User

SLICE = 2000
"""Accounts planned in one transaction."""
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
    in_force = rules.cadences_in_force(today)
    planned = Planned()
    everybody: dict[int, WorkingCalendar] = {}
    asked = account_ids
    if account_ids is None:
        everybody = calendars_of(User.objects.filter(is_active=True))
        if not thorough:
            asked = maybe_changed(in_force=in_force, calendars=everybody, today=today)
    portfolios = _portfolios(asked)
    calendars = everybody or calendars_of(User.objects.filter(pk__in=list(portfolios)))
    generation = int(now.timestamp())
    done, total = 0, sum(map(len, portfolios.values()))
    for owner_ids, ids in _slices({owner: ids for owner, ids in portfolios.items() if owner in calendars}):
        _plan_slice(owner_ids, ids, in_force, calendars, today, now, generation, planned)
        done += len(ids)
        if report is not None:
            report(done, total)
    others = None if account_ids is None else set(account_ids).difference(*portfolios.values())
    if others is None or others:
        _withdraw_unplannable(planned, others, now=now, generation=generation)
    if account_ids is None:
        note_pass(in_force=in_force, calendars=everybody, today=today, now=now)
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
        for owner_id, pk in accounts.order_by("owner_id", "pk").values_list("owner_id", "pk").iterator(5000):
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


def _slices(portfolios: dict[int, array]) -> Iterator[tuple[list[int], list[int]]]:
    """(owners, account ids), of several small portfolios or of a part of a large one; owners in order of their ids."""
    owners: list[int] = []
    ids: list[int] = []
    for owner_id, whole in portfolios.items():
        for first in range(0, len(whole), SLICE):
            part = whole[first : first + SLICE].tolist()
            if ids and len(ids) + len(part) > SLICE:
                yield owners, ids
                owners, ids = [], []
            if not owners or owners[-1] != owner_id:
                owners.append(owner_id)
            ids.extend(part)
    if ids:
        yield owners, ids


def _plan_slice(
    owner_ids: Sequence[int],
    ids: Sequence[int],
    in_force: Sequence[ContactRule],
    calendars: dict[int, WorkingCalendar],
    today: dt.date,
    now: dt.datetime,
    generation: int,
    planned: Planned,
) -> None:
    """The three steps for one slice, in one transaction."""
    for attempt in (1, 2):
        try:
            with transaction.atomic():
                for owner_id in owner_ids:
                    _lock(owner_id)
                seats = read_seats(owner_ids, ids, in_force, today)
                decision = decide(seats, calendars=calendars, today=today)
                created, moved, withdrawn = write(decision, today=today, now=now, generation=generation)
        except IntegrityError:
            # one_open_item_per_source: an account changed its owner just now, and a planner of the new owner's
            # portfolio, under another lock, came first. Read again, its item stands.
            if attempt == 2:
                raise
        else:
            planned.created += created
            planned.moved += moved
            planned.withdrawn += withdrawn
            planned.kept += decision.kept
            return


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
        planned_items = [one for one in cadence_items(items) if one.item_state == AgendaItem.State.OPEN]
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
