"""Agenda items and their follow-ups: opened, closed, and opened again (docs/domain.md, section 3 and 5.3).

`request_contact` and `withdraw_contact` are the one door by which any app puts a contact on the queue, and takes it
back. Two writers do without: `contacts.planning` and `contacts.triggers` write thousands in one statement, under the
same locks and constraints. The rest is used by the verbs of
`contacts.touchpoints` and `contacts.follow_ups`, inside their transactions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from accounts.models import Account, Channel, ContactPerson
from contacts.models import AgendaItem, FollowUp, Promise, Reason, Touchpoint
from contacts.planning import hold
from crm.team.calendars import WorkingCalendar, calendars_of
from crm.team.models import User
from crm.team.visibility import standing

PROMISE = "promise:"
NEXT_STEP = "touchpoint:"


def promise_source(promise_id: int) -> str:
    """The source of the agenda item that reminds of a promise."""
    return f"{PROMISE}{promise_id}"


def promise_id_of(source: str) -> int | None:
    """The promise behind an agenda item's source, None where it is another source."""
    number = source.removeprefix(PROMISE)
    return int(number) if source.startswith(PROMISE) and number.isdigit() else None


def keeper(account: Account, *, actor: User, today: dt.date) -> User:
    """Who does what `actor` promised the account: the actor, or the absent owner for whom the actor stands in.

    A substitute will not see the account any more once the owner is back.
    """
    owner = account.owner
    if owner is not None and owner != actor and owner.pk in standing(actor, on=today).owner_ids:
        return owner
    return actor


def calendar_of(user: User) -> WorkingCalendar:
    """The working days of one user."""
    return calendars_of([user])[user.pk]


def day_before(due: dt.date, *, calendar: WorkingCalendar, today: dt.date) -> dt.date:
    """The last working day that is not after `due`, but not before `today`; where there is none, the next one."""
    return max(calendar.between(today, due), default=None) or calendar.on_or_after(max(due, today))


def reminder_channel(channel: str) -> str:
    """How a promise made on `channel` is followed up: nobody visits to send a price list."""
    return channel if channel in {Channel.PHONE, Channel.EMAIL} else Channel.PHONE


@transaction.atomic
def request_contact(
    *,
    account: Account,
    reason: Reason,
    source: str,
    words: str,
    channel: str,
    minutes: int,
    due: dt.date,
    today: dt.date,
    now: dt.datetime,
    earliest: dt.date | None = None,
    latest: dt.date | None = None,
    urgent: bool = False,
    assignee: User | None = None,
    person: ContactPerson | None = None,
    day: dt.date | None = None,
    by_hand: bool = False,
) -> AgendaItem | None:
    """Ask for a contact with the account: an open agenda item, with a follow-up of its own. The door to the queue.

    source: names what asks, within the reason, for ever ("complaint:17"; at most 80 letters). Asking again for the
    same account, reason and source gives what stands, open, done or skipped, and changes nothing; only what was
    withdrawn is opened anew. words: at most 300 letters, for people. minutes: 1 and more. due: a local day of the
    assignee, between earliest and latest; both are due where not given. urgent: it is due today, whatever `due` says.
    assignee: None for the account's owner. day: on which it is to be made; None: the first working day of the assignee
    on or after the due day, and not before today. by_hand: a person chose the day, planning leaves it there.

    None where there is nobody to make it: the account has no owner or an archived account needs none, or whoever it
    would be has left. The caller who must not lose it shows it elsewhere.
    """
    hold(account_ids=[account.pk])
    if assignee is None and account.archived_at is None:
        assignee = account.owner
    if assignee is None or not assignee.is_active:
        return None
    stands = (
        AgendaItem.objects.filter(account=account, reason=reason, source=source)
        .exclude(state=AgendaItem.State.WITHDRAWN)
        .select_related("follow_up")
        .order_by("-pk")
        .first()
    )
    if stands is not None:
        return stands
    if urgent:
        due = today
    return open_item(
        account=account,
        assignee=assignee,
        person=person,
        day=day or calendar_of(assignee).on_or_after(max(due, today)),
        by_hand=by_hand,
        channel=channel,
        minutes=minutes,
        reason=reason,
        source=source,
        words=words,
        earliest=min(earliest or due, due),
        due=due,
        latest=max(latest or due, due),
        now=now,
    )


@transaction.atomic
def withdraw_contact(
    *, account: Account, reason: Reason, source: str, now: dt.datetime, touched_too: bool = False
) -> bool:
    """Take back what `request_contact` asked for; whether anything was withdrawn.

    What a person has booked, moved or snoozed since stays, unless touched_too; what is closed stays in any case.
    """
    hold(account_ids=[account.pk])
    open_items = AgendaItem.objects.open().filter(account=account, reason=reason, source=source)
    gone = [
        item for item in open_items.select_related("follow_up") if touched_too or is_untouched(item.follow_up)
    ]
    withdraw(gone, at=now)
    return bool(gone)


def open_item(
    *,
    account: Account,
    assignee: User,
    person: ContactPerson | None,
    day: dt.date,
    by_hand: bool,
    channel: str,
    minutes: int,
    reason: Reason,
    source: str,
    words: str,
    earliest: dt.date,
    due: dt.date,
    latest: dt.date,
    now: dt.datetime,
) -> AgendaItem:
    """Write one agenda item with a follow-up of its own on `day`. by_hand: a person chose the day.

    For `request_contact` and for `ask_again`, which repeats what once came through it.
    """
    follow_up = FollowUp.objects.create(
        account=account,
        assignee=assignee,
        person=person,
        channel=channel,
        day=day,
        minutes=minutes,
        moved_by_hand=by_hand,
        created_at=now,
    )
    return AgendaItem.objects.create(
        account=account,
        follow_up=follow_up,
        reason=reason,
        source=source,
        words=words,
        channel=channel,
        minutes=minutes,
        earliest=earliest,
        due=due,
        latest=latest,
        created_at=now,
    )


def ask_again(item: AgendaItem, *, day: dt.date, now: dt.datetime) -> AgendaItem:
    """The same reason once more, in a follow-up of its own on `day`: for an item that a contact left unsettled."""
    before = item.follow_up
    assert before is not None  # only items of a follow-up are asked again
    return open_item(
        account=item.account,
        assignee=before.assignee,
        person=before.person,
        day=day,
        by_hand=False,
        channel=before.channel,
        minutes=before.minutes,
        reason=Reason(item.reason),
        source=item.source,
        words=item.words,
        earliest=item.earliest,
        due=item.due,
        latest=item.latest,
        now=now,
    )


def close_items(
    items: Iterable[AgendaItem], *, state: str, at: dt.datetime, by: Touchpoint | None = None
) -> None:
    """Close the items; `by` is the contact that dealt with them."""
    AgendaItem.objects.filter(pk__in=[item.pk for item in items]).update(
        state=state, closed_at=at, closed_by=by
    )


def close_follow_ups(follow_up_ids: Iterable[int], *, state: str, at: dt.datetime) -> None:
    """Close those of the follow-ups that are open and have no open item left."""
    FollowUp.objects.filter(pk__in=list(follow_up_ids)).open().exclude(
        items__state=AgendaItem.State.OPEN
    ).update(state=state, closed_at=at)


def reopen(items: Iterable[AgendaItem]) -> list[AgendaItem]:
    """Open closed items again, and the follow-ups they hung on; returns those that could be opened.

    Planning may have opened a successor meanwhile: one that nobody touched gives way. Where a person has moved the
    successor, or has dealt with a later one, the item stays closed: what people did later stands.
    """
    opened: list[AgendaItem] = []
    for item in items:
        later = AgendaItem.objects.filter(
            account_id=item.account_id, reason=item.reason, source=item.source, pk__gt=item.pk
        ).exclude(state=AgendaItem.State.WITHDRAWN)
        if any(not _gives_way(one) for one in later.select_related("follow_up")):
            continue
        for one in later:
            _remove(one)
        item.state, item.closed_at, item.closed_by = AgendaItem.State.OPEN, None, None
        item.save(update_fields=["state", "closed_at", "closed_by"])
        opened.append(item)
    reopen_follow_ups({item.follow_up_id for item in opened if item.follow_up_id})
    return opened


def reopen_follow_ups(follow_up_ids: Iterable[int]) -> None:
    """Open closed follow-ups again: those with a time were booked, but where the customer's fixed slot gave it."""
    closed = FollowUp.objects.filter(pk__in=list(follow_up_ids)).exclude(state__in=FollowUp.OPEN)
    booked = Q(time__isnull=False) & (Q(placing__isnull=True) | Q(moved_by_hand=True))
    opened = {"closed_at": None, "skip_reason": ""}
    closed.filter(booked).update(state=FollowUp.State.BOOKED, **opened)
    closed.update(state=FollowUp.State.PLANNED, **opened)


def is_untouched(follow_up: FollowUp | None) -> bool:
    """Whether no person has booked, moved, snoozed, handed over or closed the follow-up since it was planned."""
    if follow_up is None:
        return True
    return (
        follow_up.state == FollowUp.State.PLANNED
        and not follow_up.moved_by_hand
        and follow_up.snoozed_until is None
        and follow_up.handed_over_by_id is None
    )


def _gives_way(item: AgendaItem) -> bool:
    return item.state == AgendaItem.State.OPEN and is_untouched(item.follow_up)


def _remove(item: AgendaItem) -> None:
    """Delete an open item and, where nothing else hangs on it, its follow-up."""
    follow_up_id = item.follow_up_id
    item.delete()
    if follow_up_id is not None:
        FollowUp.objects.filter(pk=follow_up_id, items__isnull=True, touchpoints__isnull=True).delete()


def withdraw(items: Iterable[AgendaItem], *, at: dt.datetime) -> None:
    """Take back what asks for a contact: the items are withdrawn, follow-ups left empty are cancelled."""
    gone = list(items)
    close_items(gone, state=AgendaItem.State.WITHDRAWN, at=at)
    close_follow_ups(
        [item.follow_up_id for item in gone if item.follow_up_id], state=FollowUp.State.CANCELLED, at=at
    )


def settle_promise(promise: Promise, *, state: str, on: dt.date | None) -> None:
    """Write a promise's state and the day it was closed (None: it is open again)."""
    promise.state, promise.closed_on = state, on
    promise.save(update_fields=["state", "closed_on"])
