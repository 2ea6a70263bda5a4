"""Step 3 of planning: the difference, written by natural key (account, cadence, channel)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from contacts.models import (
    AgendaItem,
    CadenceStart,
    FollowUp,
    PlannedAccount,
    Reason,
    Touchpoint,
    UnmetRule,
)
from contacts.planning.deciding import Decision, Wanted, item_stands
from contacts.planning.placing import Task
from contacts.planning.stored import Home, Stored
from crm.jobs.bulk import load, take_ids

_ROWS = 500  # of one statement

ITEM_FIELDS = (
    "follow_up",
    "rule",
    "minutes",
    "earliest",
    "due",
    "latest",
    "interval_days",
    "counted_from",
    "reckoning",
    "generation",
)
FOLLOW_UP_FIELDS = ("assignee", "channel", "day", "time", "minutes", "placing", "generation")


class Written(NamedTuple):
    """How many items of cadences were written."""

    created: int = 0
    moved: int = 0
    withdrawn: int = 0
    kept: int = 0
    """Of follow-ups of which something else was written."""


def write(decision: Decision, *, today: dt.date, now: dt.datetime, generation: int) -> Written:
    """Write one decision inside the caller's transaction.

    What a person changed since it was read stays as that person left it; the next run sees it.
    """
    unchanged = _unchanged(_homes(decision))
    load(
        CadenceStart,
        ("account_id", "channel", "day"),
        [(pk, channel, today) for pk, channel in decision.starts],
    )
    load(PlannedAccount, ("account_id", "owner", "rules", "due"), decision.new_notes)
    PlannedAccount.objects.bulk_create(
        [PlannedAccount(**note._asdict()) for note in decision.changed_notes],
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=["owner", "rules", "due"],
    )
    _note_unmet(decision, today)
    create = [one for one in decision.create if _is_free(one, unchanged)]
    change = [one for one in decision.change if _is_free(one, unchanged)]
    withdrawn = [one for one in decision.withdraw if one.home is None or one.home.follow_up_id in unchanged]
    AgendaItem.objects.filter(pk__in=[one.item_id for one in withdrawn]).delete()
    _create(create, now=now, generation=generation)
    _change(change, now=now, generation=generation)
    emptied = [one.follow_up_id for one in decision.emptied if one.follow_up_id in unchanged]
    _drop(emptied, now=now, generation=generation)
    created, moved, kept = _counted(create, change)
    return Written(created, moved, len(withdrawn), kept)


def _counted(create: Iterable[Wanted], change: Iterable[Wanted]) -> tuple[int, int, int]:
    created = moved = kept = 0
    for wanted in create:
        for stored, cadence, _reckoned in wanted.tasks:
            if cadence is not None:
                if stored is None or stored.home is None:
                    created += 1
                else:
                    moved += 1
    for wanted in change:
        home = wanted.home
        assert home is not None
        placed_anew = (home.day, home.assignee_id) != (wanted.day, wanted.assignee_id)
        for task in wanted.tasks:
            if task.cadence is None:
                continue
            if task.stored is None or task.stored.home is None:
                created += 1
            elif placed_anew or len(wanted.tasks) == 1 or not item_stands(task, home):
                moved += 1
            else:
                kept += 1
    return created, moved, kept


def _homes(decision: Decision) -> Iterable[Home]:
    """The follow-ups that the decision writes, or takes items from."""
    for wanted in decision.create:
        for task in wanted.tasks:
            if task.stored is not None and task.stored.home is not None:
                yield task.stored.home
    for wanted in decision.change:
        if wanted.home is not None:
            yield wanted.home
        for task in wanted.tasks:
            if task.stored is not None and task.stored.home is not None:
                yield task.stored.home
    for stored in decision.withdraw:
        if stored.home is not None:
            yield stored.home
    yield from decision.emptied


def _is_free(wanted: Wanted, unchanged: set[int]) -> bool:
    """Whether no person is at, or has changed, a follow-up that the contact goes on with or takes items from."""
    if wanted.home is not None and wanted.home.follow_up_id not in unchanged:
        return False
    return all(
        task.stored is None or task.stored.home is None or task.stored.home.follow_up_id in unchanged
        for task in wanted.tasks
    )


def _unchanged(homes: Iterable[Home]) -> set[int]:
    """Lock the follow-ups about to be written; the ids of those that still are as they were read."""
    seen = {home.follow_up_id: home for home in homes}
    if not seen:
        return set()
    # What a person is at right now is left to that person: waiting for it could end in each waiting for the other.
    rows = FollowUp.objects.select_for_update(skip_locked=True).filter(pk__in=seen).order_by("pk")
    found = rows.values_list(*_SEEN)
    return {pk for pk, *rest in found if tuple(rest) == seen[pk][1 : len(_SEEN)]}


_SEEN = ("pk", *Home._fields[1:9])
"""By these columns planning sees that a person changed a follow-up."""


def withdraw(untouched: Sequence[Stored], *, now: dt.datetime, generation: int) -> int:
    """Take back what nobody touched, inside the caller's transaction; returns how many."""
    homes = [one.home for one in untouched if one.home is not None]
    unchanged = _unchanged(homes)
    gone = [one for one in untouched if one.home is None or one.home.follow_up_id in unchanged]
    AgendaItem.objects.filter(pk__in=[one.item_id for one in gone]).delete()
    _drop(unchanged, now=now, generation=generation)
    return len(gone)


def cancel(touched: Sequence[Stored], *, now: dt.datetime, generation: int) -> None:
    """Close what a person had a hand in and nobody can do any more; it stays as history."""
    if not touched:
        return
    AgendaItem.objects.open().filter(pk__in=[one.item_id for one in touched]).update(
        state=AgendaItem.State.WITHDRAWN, closed_at=now, generation=generation
    )
    homes = [one.home.follow_up_id for one in touched if one.home is not None]
    asks = AgendaItem.objects.open().filter(follow_up=OuterRef("pk"))
    FollowUp.objects.open().filter(~Exists(asks), pk__in=homes).update(
        state=FollowUp.State.CANCELLED, closed_at=now, generation=generation
    )


def _drop(follow_up_ids: Iterable[int], *, now: dt.datetime, generation: int) -> None:
    """Delete follow-ups that no open item is left in. One that something else refers to is cancelled instead."""
    ids = list(follow_up_ids)
    if not ids:
        return
    of_it = {"follow_up": OuterRef("pk")}
    items = AgendaItem.objects.filter(**of_it)
    left = FollowUp.objects.open().filter(~Exists(items.open()), pk__in=ids)
    left.filter(Exists(items) | Exists(Touchpoint.objects.filter(**of_it))).update(
        state=FollowUp.State.CANCELLED, closed_at=now, generation=generation
    )
    left.delete()


def _note_unmet(decision: Decision, today: dt.date) -> None:
    if decision.met:
        UnmetRule.objects.filter(
            reduce(or_, (Q(account=pk, channel=channel) for pk, channel in decision.met))
        ).delete()
    UnmetRule.objects.bulk_create(
        [UnmetRule(**one._asdict(), since=today) for one in decision.unmet],
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["account", "channel"],
        update_fields=["rule", "why", "since"],
    )


def _create(wanted: Sequence[Wanted], *, now: dt.datetime, generation: int) -> None:
    """New follow-ups, and their items: new ones, or those that stood without a follow-up or in another."""
    made = {"generation": generation, "created_at": connection.ops.adapt_datetimefield_value(now)}
    ids = take_ids(FollowUp, len(wanted))
    numbered = list(zip(ids, wanted, strict=True))
    load(
        FollowUp,
        ("id", "account_id", "assignee_id", "channel", "day", "time", "minutes", "placing"),
        (
            (
                pk,
                one.account_id,
                one.assignee_id,
                one.channel,
                one.day,
                connection.ops.adapt_timefield_value(one.time) if one.time else None,
                one.minutes,
                one.placing,
            )
            for pk, one in numbered
        ),
        same=_NEW_FOLLOW_UP | made,
    )
    _load_items(((pk, one, task) for pk, one in numbered for task in one.tasks), made)
    _write_items(
        ((pk, one, task) for pk, one in numbered for task in one.tasks), now=now, generation=generation
    )


def _change(wanted: Sequence[Wanted], *, now: dt.datetime, generation: int) -> None:
    if not wanted:
        return
    made = {"generation": generation, "created_at": connection.ops.adapt_datetimefield_value(now)}
    follow_ups: list[FollowUp] = []
    changed: list[tuple[int, Wanted, Task]] = []
    for one in wanted:
        assert one.home is not None
        follow_ups.append(_follow_up(one, now=now, generation=generation, pk=one.home.follow_up_id))
        changed.extend(
            (one.home.follow_up_id, one, task) for task in one.tasks if not item_stands(task, one.home)
        )
    # An upsert by id: many times quicker than an UPDATE with a CASE for each field.
    FollowUp.objects.bulk_create(
        follow_ups,
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=FOLLOW_UP_FIELDS,
    )
    _load_items(changed, made)
    _write_items(changed, now=now, generation=generation)


Numbered = Iterable[tuple[int, Wanted, Task]]
"""The id of the follow-up, the follow-up, one of its items."""


def _load_items(numbered: Numbered, made: dict[str, Any]) -> None:
    """Items that do not stand yet."""
    load(
        AgendaItem,
        ("follow_up_id", "account_id", "source", *_ITEM_COLUMNS),
        (
            (pk, one.account_id, task.cadence.channel, *_item_values(task))
            for pk, one, task in numbered
            if task.stored is None and task.cadence is not None
        ),
        same=_NEW_ITEM | made,
    )


def _write_items(numbered: Numbered, *, now: dt.datetime, generation: int) -> None:
    """Items that stand: of cadences all that was reckoned, of others only in which follow-up."""
    items = []
    rehomed: dict[int, list[int]] = {}
    for pk, one, task in numbered:
        if task.stored is None:
            continue
        if task.cadence is None:
            rehomed.setdefault(pk, []).append(task.stored.item_id)
        else:
            items.append(_item(one.account_id, task, pk, now=now, generation=generation))
    if items:
        AgendaItem.objects.bulk_create(
            items, batch_size=_ROWS, update_conflicts=True, unique_fields=["id"], update_fields=ITEM_FIELDS
        )
    for pk, item_ids in rehomed.items():
        AgendaItem.objects.open().filter(pk__in=item_ids).update(follow_up=pk)


# What new rows hold beside what planning decides; bulk loading knows no defaults.
_NEW_FOLLOW_UP = {"state": FollowUp.State.PLANNED.value, "moved_by_hand": False, "skip_reason": ""}
_NEW_ITEM = {"reason": Reason.CADENCE.value, "words": "", "state": AgendaItem.State.OPEN.value}


_ITEM_COLUMNS = (
    "rule_id",
    "channel",
    "minutes",
    "earliest",
    "due",
    "latest",
    "interval_days",
    "counted_from",
    "reckoning",
)
"""What planning decides of an item, beside whom it is about."""


def _item_values(task: Task) -> tuple[Any, ...]:
    """The values of `_ITEM_COLUMNS`."""
    cadence, reckoned = task.cadence, task.reckoned
    assert cadence is not None and reckoned is not None
    return (
        cadence.rule_id,
        cadence.channel,
        cadence.minutes,
        reckoned.earliest,
        reckoned.due,
        reckoned.latest,
        reckoned.interval_days,
        reckoned.counted_from,
        reckoned.reckoning,
    )


def _follow_up(wanted: Wanted, *, now: dt.datetime, generation: int, pk: int) -> FollowUp:
    return FollowUp(
        pk=pk,
        account_id=wanted.account_id,
        assignee_id=wanted.assignee_id,
        channel=wanted.channel,
        day=wanted.day,
        time=wanted.time,
        minutes=wanted.minutes,
        placing=json.loads(wanted.placing) if wanted.placing is not None else None,
        generation=generation,
        created_at=now,
    )


def _item(account_id: int, task: Task, follow_up_id: int, *, now: dt.datetime, generation: int) -> AgendaItem:
    values = dict(zip(_ITEM_COLUMNS, _item_values(task), strict=True))
    assert task.stored is not None and task.reckoned is not None
    return AgendaItem(
        pk=task.stored.item_id,
        account_id=account_id,
        follow_up_id=follow_up_id,
        reason=Reason.CADENCE,
        source=values["channel"],
        generation=generation,
        created_at=now,
        **(values | {"reckoning": task.reckoned.steps}),
    )
