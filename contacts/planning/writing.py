"""Step 3 of planning: the difference, written by natural key (account, cadence, channel)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from contacts.models import AgendaItem, CadenceStart, FollowUp, PlannedAccount, Reason, Touchpoint
from contacts.planning.deciding import Decision, Wanted
from contacts.planning.reading import Stored
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
FOLLOW_UP_FIELDS = ("assignee", "day", "minutes", "generation")


def write(decision: Decision, *, today: dt.date, now: dt.datetime, generation: int) -> tuple[int, int, int]:
    """Write one decision inside the caller's transaction; returns how many were created, moved and withdrawn.

    What a person changed since it was read stays as that person left it; the next run sees it.
    """
    unchanged = _unchanged([*(one.stored for one in decision.change), *decision.withdraw])
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
    change = [one for one in decision.change if one.stored is None or one.stored.item_id in unchanged]
    withdrawn = [one for one in decision.withdraw if one.item_id in unchanged]
    _take_back(withdrawn, now=now, generation=generation)
    _create(decision.create, now=now, generation=generation)
    _change(change, now=now, generation=generation)
    return len(decision.create), len(change), len(withdrawn)


def _unchanged(seen: Iterable[Stored | None]) -> set[int]:
    """Lock the follow-ups about to be written; the ids of items whose follow-up still is as it was read."""
    items = [one for one in seen if one is not None]
    if not items:
        return set()
    # What a person is at right now is left to that person: waiting for it could end in each waiting for the other.
    rows = FollowUp.objects.select_for_update(skip_locked=True).filter(
        pk__in=[one.follow_up_id for one in items if one.follow_up_id is not None]
    )
    current = {
        pk: rest
        for pk, *rest in rows.order_by("pk").values_list(
            "pk", "state", "assignee_id", "day", "time", "minutes", "moved_by_hand", "snoozed_until"
        )
    }
    return {
        one.item_id
        for one in items
        if one.follow_up_id is None
        or current.get(one.follow_up_id)
        == [
            one.state,
            one.assignee_id,
            one.day,
            one.time,
            one.follow_up_minutes,
            one.moved_by_hand,
            one.snoozed_until,
        ]
    }


def withdraw(untouched: Sequence[Stored], *, now: dt.datetime, generation: int) -> int:
    """Take back what nobody touched, inside the caller's transaction; returns how many."""
    unchanged = _unchanged(untouched)
    gone = [one for one in untouched if one.item_id in unchanged]
    _take_back(gone, now=now, generation=generation)
    return len(gone)


def cancel(touched: Sequence[Stored], *, now: dt.datetime, generation: int) -> None:
    """Close what a person had a hand in and nobody can do any more; it stays as history."""
    if not touched:
        return
    AgendaItem.objects.open().filter(pk__in=[one.item_id for one in touched]).update(
        state=AgendaItem.State.WITHDRAWN, closed_at=now, generation=generation
    )
    alone = [one.follow_up_id for one in touched if one.follow_up_id is not None and not one.is_shared]
    FollowUp.objects.open().filter(pk__in=alone).update(
        state=FollowUp.State.CANCELLED, closed_at=now, generation=generation
    )


def _take_back(gone: Sequence[Stored], *, now: dt.datetime, generation: int) -> None:
    """Delete what was only a plan. A follow-up that something else refers to is cancelled instead."""
    if not gone:
        return
    AgendaItem.objects.filter(pk__in=[one.item_id for one in gone]).delete()
    alone = [one.follow_up_id for one in gone if one.follow_up_id is not None and not one.is_shared]
    if not alone:
        return
    left = FollowUp.objects.open().filter(pk__in=alone)
    of_it = {"follow_up": OuterRef("pk")}
    left.filter(
        Exists(AgendaItem.objects.filter(**of_it)) | Exists(Touchpoint.objects.filter(**of_it))
    ).update(state=FollowUp.State.CANCELLED, closed_at=now, generation=generation)
    left.delete()


def _create(wanted: Sequence[Wanted], *, now: dt.datetime, generation: int) -> None:
    """New follow-ups, and their items: new ones, or those that stood without a follow-up."""
    moment = connection.ops.adapt_datetimefield_value(now)
    ids = take_ids(FollowUp, len(wanted))
    load(
        FollowUp,
        [*_follow_up_values(wanted[0]), *_NEW_FOLLOW_UP, "id", "generation", "created_at"] if wanted else (),
        (
            [*_follow_up_values(one).values(), *_NEW_FOLLOW_UP.values(), pk, generation, moment]
            for one, pk in zip(wanted, ids, strict=True)
        ),
    )
    new = [(one, pk) for one, pk in zip(wanted, ids, strict=True) if one.stored is None]
    load(
        AgendaItem,
        [*_item_values(new[0][0]), *_NEW_ITEM, "follow_up_id", "generation", "created_at"] if new else (),
        (
            [
                *(
                    json.dumps(value) if name == "reckoning" else value
                    for name, value in _item_values(one).items()
                ),
                *_NEW_ITEM.values(),
                pk,
                generation,
                moment,
            ]
            for one, pk in new
        ),
    )
    _upsert_items(
        [
            _item(one, pk, now=now, generation=generation)
            for one, pk in zip(wanted, ids, strict=True)
            if one.stored is not None
        ]
    )


def _change(wanted: Sequence[Wanted], *, now: dt.datetime, generation: int) -> None:
    if not wanted:
        return
    follow_ups, items = [], []
    for one in wanted:
        assert one.stored is not None
        follow_ups.append(_follow_up(one, now=now, generation=generation, pk=one.stored.follow_up_id))
        items.append(_item(one, one.stored.follow_up_id, now=now, generation=generation))
    # An upsert by id: many times quicker than an UPDATE with a CASE for each field.
    FollowUp.objects.bulk_create(
        follow_ups,
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=FOLLOW_UP_FIELDS,
    )
    _upsert_items(items)


def _upsert_items(items: list[AgendaItem]) -> None:
    if items:
        AgendaItem.objects.bulk_create(
            items, batch_size=_ROWS, update_conflicts=True, unique_fields=["id"], update_fields=ITEM_FIELDS
        )


# What new rows hold beside what planning decides; bulk loading knows no defaults.
_NEW_FOLLOW_UP = {"state": FollowUp.State.PLANNED.value, "moved_by_hand": False, "skip_reason": ""}
_NEW_ITEM = {"reason": Reason.CADENCE.value, "words": "", "state": AgendaItem.State.OPEN.value}


def _follow_up_values(wanted: Wanted) -> dict[str, Any]:
    """Column -> value, of what planning decides."""
    return {
        "account_id": wanted.account_id,
        "assignee_id": wanted.assignee_id,
        "channel": wanted.cadence.channel,
        "day": wanted.day,
        "minutes": wanted.minutes,
    }


def _item_values(wanted: Wanted) -> dict[str, Any]:
    """Column -> value, of what planning decides."""
    cadence, reckoned = wanted.cadence, wanted.reckoned
    return {
        "account_id": wanted.account_id,
        "source": cadence.channel,
        "rule_id": cadence.rule_id,
        "channel": cadence.channel,
        "minutes": cadence.minutes,
        "earliest": reckoned.earliest,
        "due": reckoned.due,
        "latest": reckoned.latest,
        "interval_days": cadence.every_days,
        "counted_from": reckoned.counted_from,
        "reckoning": list(reckoned.steps),
    }


def _follow_up(wanted: Wanted, *, now: dt.datetime, generation: int, pk: int | None = None) -> FollowUp:
    return FollowUp(pk=pk, generation=generation, created_at=now, **_follow_up_values(wanted))


def _item(wanted: Wanted, follow_up_id: int | None, *, now: dt.datetime, generation: int) -> AgendaItem:
    return AgendaItem(
        pk=wanted.stored.item_id if wanted.stored is not None else None,
        follow_up_id=follow_up_id,
        reason=Reason.CADENCE,
        generation=generation,
        created_at=now,
        **_item_values(wanted),
    )
