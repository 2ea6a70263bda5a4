"""Step 1 of planning: the facts of a slice of accounts, in four statements however many accounts it has."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    F,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
    Window,
)
from django.utils import timezone

from accounts.models import Account, Channel
from contacts import rules
from contacts.cadence import Cadence, Contact, Facts, Skip, facts_of
from contacts.models import AgendaItem, CadenceStart, ContactRule, FollowUp, Outcome, Reason, Touchpoint


class Stored(NamedTuple):
    """A cadence item, with its follow-up, as they stand in the database."""

    item_id: int
    account_id: int
    source: str
    """The channel: the natural key of a cadence item is (account, cadence, channel)."""
    rule_id: int | None
    minutes: int
    earliest: dt.date
    due: dt.date
    latest: dt.date
    interval_days: int | None
    counted_from: dt.date | None
    reckoning: list[dict[str, Any]]
    follow_up_id: int | None
    state: str | None
    """Of the follow-up; None where the item has none."""
    assignee_id: int | None
    day: dt.date | None
    time: dt.time | None
    follow_up_minutes: int | None
    moved_by_hand: bool | None
    snoozed_until: dt.date | None
    item_state: str
    closed_at: dt.datetime | None
    """When the item was closed."""
    is_shared: bool
    """Whether the follow-up has open items beside this one."""

    @property
    def has_open_follow_up(self) -> bool:
        """Whether there is a contact still to be made for it."""
        return self.state in FollowUp.OPEN

    @property
    def is_touched(self) -> bool:
        """Whether a person had a hand in the follow-up, or it serves another item too: its day then stays."""
        return self.has_open_follow_up and (
            self.state == FollowUp.State.BOOKED
            or bool(self.moved_by_hand)
            or self.snoozed_until is not None
            or self.time is not None
            or self.is_shared
        )


@dataclass(slots=True)
class Seat:
    """One account in its owner's portfolio: what governs it, what happened, what is planned."""

    account_id: int
    owner_id: int
    spread: int
    rule_ids: Sequence[int | None]
    """The rule that governs each channel that any rule is about, in the order of `rules.governing`."""
    noted: tuple[int, str, dt.date | None] | None
    """Owner, rules and due day as planning noted them last (PlannedAccount); None: it never looked."""
    cadences: dict[str, Cadence]
    """By governed channel."""
    starts: dict[str, dt.date] = field(default_factory=dict)
    """Stored starts, by channel."""
    contacts: list[Contact] = field(default_factory=list)
    skips: dict[str, list[Skip]] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    """Open cadence items by source."""

    def facts(self, channel: str, today: dt.date) -> Facts:
        """What counts for one governed channel. A cadence without a stored start begins today."""
        return facts_of(
            channel,
            governed=self.cadences,
            contacts=self.contacts,
            skips=self.skips.get(channel, ()),
            start=self.starts.get(channel, today),
            spread=self.spread,
        )


def plannable() -> QuerySet[Account]:
    """Accounts whose cadences are planned: rules speak of them, and somebody who works here owns them.

    Without an owner there is no follow-up (docs/domain.md, 5.3), so a cadence does not begin either: what was imported
    without owners and is given out a year later must spread from then, not be overdue at once.
    """
    return rules.governable().filter(owner__is_active=True)


def cadence_of(rule: ContactRule) -> Cadence:
    """The values of a cadence rule."""
    return Cadence(
        rule_id=rule.pk,
        channel=rule.channel,
        every_days=rule.every_days or 1,
        tolerance_days=rule.tolerance_days,
        minutes=rule.minutes,
    )


def read_seats(
    owner_ids: Collection[int], account_ids: Sequence[int], in_force: Sequence[ContactRule], today: dt.date
) -> list[Seat]:
    """The accounts among those named that one of the owners has, with all that planning needs; others are left out.

    in_force: the cadences in force, in priority order. Facts are as of the end of `today`.
    """
    governing = rules.governing(in_force, today)
    channels = list(governing)
    cadences = {rule.pk: cadence_of(rule) for rule in in_force}
    rows = (
        plannable()
        .filter(owner__in=owner_ids, pk__in=account_ids)
        .annotate(**{f"rule_{channel}": case for channel, case in governing.items()})
        .order_by("owner_id", "pk")
        .values_list(
            "pk",
            "owner_id",
            "spread",
            "planned__owner",
            "planned__rules",
            "planned__due",
            *(f"rule_{channel}" for channel in channels),
        )
    )
    seats: dict[int, Seat] = {}
    for pk, owner_id, spread, noted_owner, noted_rules, noted_due, *rule_ids in rows:
        seats[pk] = Seat(
            account_id=pk,
            owner_id=owner_id,
            spread=spread,
            rule_ids=rule_ids,
            noted=None if noted_owner is None else (noted_owner, noted_rules, noted_due),
            cadences={
                channel: cadences[rule]
                for channel, rule in zip(channels, rule_ids, strict=True)
                if rule is not None
            },
        )
    governed = [pk for pk, seat in seats.items() if seat.cadences]
    starts = CadenceStart.objects.filter(account__in=governed).values_list("account_id", "channel", "day")
    for account_id, channel, day in starts if governed else ():
        seats[account_id].starts[channel] = day
    for account_id, contact in _contacts(governed, today):
        seats[account_id].contacts.append(contact)
    _read_items(seats)
    return list(seats.values())


def _contacts(account_ids: list[int], today: dt.date) -> Iterator[tuple[int, Contact]]:
    """By account and oldest first: on each channel the last contact that reached them, and the attempts since.

    What lies before can decide nothing, so it stays in the database.
    """
    if not account_ids:
        return
    reached = ~Q(outcome=Outcome.NOT_REACHED)
    rows = (
        Touchpoint.objects.live()
        .filter(account__in=account_ids, day__lte=today)
        .exclude(channel=Channel.BROADCAST)
        .annotate(
            reached_since=Window(
                Sum(Case(When(reached, then=Value(1)), default=Value(0), output_field=IntegerField())),
                partition_by=[F("account_id"), F("channel")],
                order_by=[F("day").desc(), F("at").desc(), F("pk").desc()],
            )
        )
        .filter(Q(reached_since=0) | Q(reached_since=1) & reached)
        .order_by("account_id", "day", "at", "pk")
        .values_list("account_id", "day", "at", "channel", "outcome", "direction", "user_id")
    )
    for account_id, day, at, channel, outcome, direction, user_id in rows:
        yield (
            account_id,
            Contact(
                day=day,
                at=at,
                channel=channel,
                reached=outcome != Outcome.NOT_REACHED,
                inbound=direction == Touchpoint.Direction.IN,
                user_id=user_id,
            ),
        )


def _read_items(seats: dict[int, Seat]) -> None:
    """Put the open cadence items, and the turns that were left out, to their seats."""
    company = timezone.get_default_timezone()
    for stored in cadence_items(AgendaItem.objects.filter(account__in=list(seats))):
        seat = seats[stored.account_id]
        if stored.item_state == AgendaItem.State.OPEN:
            seat.stored[stored.source] = stored
        elif stored.closed_at is not None:
            on = timezone.localtime(stored.closed_at, company).date()
            skip = Skip(due=stored.due, on=on, at=stored.closed_at)
            seat.skips.setdefault(stored.source, []).append(skip)


def cadence_items(items: QuerySet[AgendaItem]) -> Iterator[Stored]:
    """The open cadence items among `items` and those that were skipped, by account, as they stand.

    `items` must hold all items of its accounts: which follow-ups serve several is counted here, because asking for it
    row by row costs a scan each where the statistics of the table are older than its rows.
    """
    rows = list(
        items.filter(
            Q(state=AgendaItem.State.OPEN) | Q(state=AgendaItem.State.SKIPPED, reason=Reason.CADENCE)
        )
        .order_by("account_id", "pk")
        .values_list(
            "reason",
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
            "reckoning",
            "follow_up_id",
            "follow_up__state",
            "follow_up__assignee_id",
            "follow_up__day",
            "follow_up__time",
            "follow_up__minutes",
            "follow_up__moved_by_hand",
            "follow_up__snoozed_until",
            "state",
            "closed_at",
        )
    )
    found = [(reason, Stored._make([*columns, False])) for reason, *columns in rows]
    serves = Counter(one.follow_up_id for _, one in found if one.item_state == AgendaItem.State.OPEN)
    for reason, one in found:
        if reason == Reason.CADENCE:
            is_shared = one.follow_up_id is not None and serves[one.follow_up_id] > 1
            yield one._replace(is_shared=True) if is_shared else one
