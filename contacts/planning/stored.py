"""What stands in the database of the plan: open agenda items, their follow-ups, and the minutes of each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from contacts.models import AgendaItem, FollowUp, Reason
from crm.jobs.bulk import Among


class Home(NamedTuple):
    """An open follow-up as it stands in the database."""

    follow_up_id: int
    state: str
    assignee_id: int
    day: dt.date
    time: dt.time | None
    minutes: int
    channel: str
    moved_by_hand: bool
    snoozed_until: dt.date | None
    handed_over_by_id: int | None
    placing: str | None
    """JSON."""

    @property
    def stays_with_assignee(self) -> bool:
        """Whether it stays with who has it when the account gets another owner: booked, or handed over to them."""
        return self.state == FollowUp.State.BOOKED or self.handed_over_by_id is not None

    @property
    def is_touched(self) -> bool:
        """Whether a person had a hand in it: its day, time and channel then stay."""
        return (
            self.state == FollowUp.State.BOOKED
            or self.moved_by_hand
            or self.snoozed_until is not None
            or self.handed_over_by_id is not None
            or (self.time is not None and not has_step(self.placing, "slot"))
        )


def has_step(placing: str | None, *steps: str) -> bool:
    """Whether one of the steps is in the stored chain."""
    return placing is not None and any(f'"{step}"' in placing for step in steps)


class Stored(NamedTuple):
    """An agenda item, with its follow-up, as they stand in the database."""

    item_id: int
    account_id: int
    source: str
    """Of a cadence the channel: its natural key is (account, cadence, channel)."""
    rule_id: int | None
    minutes: int
    earliest: dt.date
    due: dt.date
    latest: dt.date
    interval_days: int | None
    counted_from: dt.date | None
    reckoning: str
    """JSON."""
    reason: str
    channel: str
    item_state: str
    closed_at: dt.datetime | None
    """When the item was closed."""
    follow_up_id: int | None
    """Of the follow-up it stands in, open or not."""
    home: Home | None
    """That follow-up; None where it has none that is open."""

    @property
    def is_touched(self) -> bool:
        """Whether a person had a hand in its follow-up."""
        return self.home is not None and self.home.is_touched


_HOME = (
    "follow_up__state",
    "follow_up__assignee_id",
    "follow_up__day",
    "follow_up__time",
    "follow_up__minutes",
    "follow_up__channel",
    "follow_up__moved_by_hand",
    "follow_up__snoozed_until",
    "follow_up__handed_over_by_id",
)
"""What `Home` holds of the follow-up of an item, beside its id and its placing."""


def read_items(items: QuerySet[AgendaItem]) -> list[Stored]:
    """The open items among `items` and the cadences that were skipped, by account, as they stand."""
    rows = (
        items.filter(
            Q(state=AgendaItem.State.OPEN) | Q(state=AgendaItem.State.SKIPPED, reason=Reason.CADENCE)
        )
        .order_by("account_id", "pk")
        .values_list(
            "pk",
            "account_id",
            "source",
            "rule_id",
            "minutes",
            "earliest",
            "due",
            "latest",
            "interval_days",
            "counted_from",
            Cast("reckoning", TextField()),
            "reason",
            "channel",
            "state",
            "closed_at",
            "follow_up_id",
            *_HOME,
            Cast("follow_up__placing", TextField()),
        )
    )
    homes: dict[int, Home] = {}
    is_open = frozenset(map(str, FollowUp.OPEN))
    found = []
    for row in rows:
        follow_up_id, state = row[_FOLLOW_UP], row[_FOLLOW_UP + 1]
        home = None
        if state in is_open:
            home = homes.get(follow_up_id)
            if home is None:
                home = homes[follow_up_id] = Home._make(row[_FOLLOW_UP:])
        found.append(Stored._make((*row[: _FOLLOW_UP + 1], home)))
    return found


_FOLLOW_UP = Stored._fields.index("follow_up_id")


def read_bare(account_ids: Collection[int]) -> Iterator[tuple[int, Home]]:
    """By account: the open follow-ups that have no open item."""
    asks = AgendaItem.objects.open().filter(follow_up=OuterRef("pk"))
    rows = FollowUp.objects.open().filter(~Exists(asks), Among(F("account_id"), account_ids)).order_by("pk")
    columns = [name.removeprefix("follow_up__") for name in _HOME]
    for account_id, *row in rows.values_list("account_id", "pk", *columns, Cast("placing", TextField())):
        yield account_id, Home(*row)


def read_loads(owner_ids: Collection[int], today: dt.date) -> dict[int, dict[dt.date, int]]:
    """Minutes of the open follow-ups of each of the users by day, from today on. One query."""
    loads: dict[int, dict[dt.date, int]] = {owner_id: {} for owner_id in owner_ids}
    rows = (
        FollowUp.objects.open()
        .filter(assignee__in=owner_ids, day__gte=today)
        .order_by()
        .values_list("assignee_id", "day")
        .annotate(Sum("minutes"))
    )
    for assignee_id, day, minutes in rows:
        loads[assignee_id][day] = minutes
    return loads
