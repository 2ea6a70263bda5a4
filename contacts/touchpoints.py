"""Logging a contact that took place, correcting it and taking it back (docs/domain.md, 5.2 to 5.4).

What a contact did to the queue is all stored: the items it closed point at it (`AgendaItem.closed_by`), so do its
promise and its next step. Taking it back undoes exactly that, however much later. Each verb is one transaction;
planning follows it, since planning has transactions of its own and may be repeated at any time.
"""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account, ContactPerson
from contacts import agenda
from contacts.cadence import RETRY_DAYS, SATISFIES
from contacts.facts import refresh_last_contact
from contacts.models import AgendaItem, FollowUp, Outcome, Promise, Reason, Touchpoint
from contacts.planning import hold, plan
from contacts.querysets import AgendaItemQuerySet
from crm.team.calendars import ONE_DAY
from crm.team.models import User

OLDEST = 366
"""A contact may be logged up to so many days after it took place."""
FURTHEST = 731
"""A promise or a next step may lie so many days ahead."""
REMINDER_MINUTES = 10
"""What the follow-up of a promise takes, unless somebody says otherwise."""


@dataclass(frozen=True)
class NextStep:
    """What the person who logs wants done next. day: any local day from today, working day or not."""

    words: str
    day: dt.date
    channel: str


def log_contact(
    *,
    actor: User,
    account: Account,
    uuid: uuids.UUID,
    now: dt.datetime,
    today: dt.date,
    channel: str,
    outcome: str,
    minutes: int = 0,
    direction: str = Touchpoint.Direction.OUT,
    day: dt.date | None = None,
    note: str = "",
    persons: Sequence[ContactPerson] = (),
    follow_up: FollowUp | None = None,
    promise_words: str = "",
    promise_due: dt.date | None = None,
    promises_kept: Collection[int] | None = None,
    items_done: Collection[int] | None = None,
    next_step: NextStep | None = None,
    written_at: dt.datetime | None = None,
) -> Touchpoint:
    """Log one contact and put the queue right: what it settles is closed, what it brought is opened, the rest planned.

    A second call with the same uuid logs nothing and returns the first. minutes: 0 to 1440. day: the local day it took
    place, None for today, at most OLDEST days back. follow_up: the one it was made for; it is done, unless it was
    closed meanwhile. promises_kept: ids of the promises on its agenda that this contact kept, None for all of them.
    items_done: ids of the items on its agenda that were dealt with, promises too; None: those that the channel made
    satisfies. What was not is asked again. When a cadence is due next follows from the contact alone. written_at: when
    it was written down, where it waited on a device to be sent (`_written`); what it promises and asks for counts from
    that day. Raises ValidationError, by field, for what cannot be. The caller has found the account through
    `visible_to`.
    """
    written, written_on = _written(written_at, actor=actor, now=now, today=today)
    day = day or written_on
    if written_at is not None and written_at > now:
        day = min(day, today)  # the device's clock is ahead: what reaches us was not made tomorrow
    _check(account, persons, follow_up, day=day, minutes=minutes, today=today)
    _check_what_follows(promise_words, promise_due, next_step, today=written_on)
    with transaction.atomic():
        hold(account_ids=[account.pk])
        # One log at a time per account: the second submit of a form waits here, and then finds the first.
        Account.objects.select_for_update(no_key=True).only("pk").get(pk=account.pk)
        first = Touchpoint.objects.filter(uuid=uuid).first()
        if first is not None:
            if (first.account_id, first.user_id) != (account.pk, actor.pk):
                raise ValidationError(_("This form was already used for another contact. Open it anew."))
            return first
        if follow_up is not None:
            follow_up = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
        touchpoint = Touchpoint(
            account=account,
            user=actor,
            follow_up=follow_up if follow_up is not None and follow_up.is_open else None,
            uuid=uuid,
            at=min(_moment(day, actor=actor, now=written, today=written_on), now),
            day=day,
            channel=channel,
            direction=direction,
            minutes=minutes,
            outcome=outcome,
            note=note,
            created_at=now,
        )
        _save(touchpoint, actor=actor)
        touchpoint.persons.add(*persons)
        _settle(touchpoint, promises_kept=promises_kept, items_done=items_done, today=today)
        person = persons[0] if persons else None
        if promise_words and promise_due is not None:
            _promise(touchpoint, promise_words, promise_due, person=person, today=today)
        if next_step is not None:
            _next_step(touchpoint, next_step, person=person, today=today)
        refresh_last_contact(account_ids=[account.pk])
        plan(today=today, now=now, account_ids=[account.pk])
    return touchpoint


def correct_touchpoint(
    *,
    touchpoint: Touchpoint,
    actor: User,
    now: dt.datetime,
    today: dt.date,
    channel: str,
    outcome: str,
    minutes: int,
    direction: str,
    day: dt.date,
    note: str,
    persons: Sequence[ContactPerson] | None,
) -> Touchpoint:
    """Write what a logged contact really was. persons: None leaves them as they are.

    Where channel, outcome or day change, what the contact closed is opened and closed again by the new values; promise
    and next step stay. Raises ValidationError, by field, for what cannot be, and for a contact that was taken back.
    """
    with transaction.atomic():
        hold(account_ids=[touchpoint.account_id])
        touchpoint = _locked(touchpoint)
        _check(touchpoint.account, persons or (), None, day=day, minutes=minutes, today=today)
        if touchpoint.deleted_at is not None:
            raise ValidationError(_("This contact was taken back; restore it before you correct it."))
        counts_anew = (touchpoint.channel, touchpoint.outcome, touchpoint.day) != (channel, outcome, day)
        if counts_anew:
            _unsettle(touchpoint)
        if day != touchpoint.day:
            touchpoint.at = _moment(day, actor=touchpoint.user, now=now, today=today)
        touchpoint.channel, touchpoint.outcome, touchpoint.day = channel, outcome, day
        touchpoint.minutes, touchpoint.direction, touchpoint.note = minutes, direction, note
        _save(touchpoint, actor=actor)
        if persons is not None:
            touchpoint.persons.set(persons)
        if counts_anew:
            _settle(touchpoint, promises_kept=None, today=today)
        refresh_last_contact(account_ids=[touchpoint.account_id])
    if counts_anew:
        plan(today=today, now=now, account_ids=[touchpoint.account_id])
    return touchpoint


@dataclass(frozen=True)
class TakenBack:
    """What came of taking a contact back. kept: the words of promises and next steps that people changed since."""

    touchpoint: Touchpoint
    reopened: FollowUp | None
    kept: tuple[str, ...] = ()


def delete_touchpoint(*, touchpoint: Touchpoint, actor: User, now: dt.datetime, today: dt.date) -> TakenBack:
    """Take a logged contact back, with what it did: its follow-up is open again, its promise and next step withdrawn.

    What somebody has changed since stays (`TakenBack.kept`). The row stays too, counted nowhere. Doing it twice is
    doing it once.
    """
    kept: list[str] = []
    with transaction.atomic():
        hold(account_ids=[touchpoint.account_id])
        touchpoint = _locked(touchpoint)
        if touchpoint.deleted_at is not None:
            return TakenBack(touchpoint, None)
        touchpoint.deleted_at = now
        _save(touchpoint, actor=actor)
        for item in _made_by(touchpoint).filter(state=AgendaItem.State.OPEN):
            if _changed_since(item):
                kept.append(item.words)
                continue
            agenda.withdraw([item], at=now)
            _set_promise(item, before=Promise.State.OPEN, after=Promise.State.WITHDRAWN, on=today)
        _unsettle(touchpoint)
        refresh_last_contact(account_ids=[touchpoint.account_id])
    plan(today=today, now=now, account_ids=[touchpoint.account_id])
    own = touchpoint.follow_up_id
    reopened = FollowUp.objects.filter(pk=own).open().first() if own is not None else None
    return TakenBack(touchpoint, reopened, tuple(kept))


def restore_touchpoint(
    *, touchpoint: Touchpoint, actor: User, now: dt.datetime, today: dt.date
) -> Touchpoint:
    """The undo of `delete_touchpoint`: the contact counts again and does again what it did."""
    with transaction.atomic():
        hold(account_ids=[touchpoint.account_id])
        touchpoint = _locked(touchpoint)
        if touchpoint.deleted_at is None:
            return touchpoint
        touchpoint.deleted_at = None
        _save(touchpoint, actor=actor)
        _settle(touchpoint, promises_kept=None, today=today)
        for item in agenda.reopen(_made_by(touchpoint).filter(state=AgendaItem.State.WITHDRAWN)):
            _set_promise(item, before=Promise.State.WITHDRAWN, after=Promise.State.OPEN, on=None)
        refresh_last_contact(account_ids=[touchpoint.account_id])
    plan(today=today, now=now, account_ids=[touchpoint.account_id])
    return touchpoint


def _check(
    account: Account,
    persons: Sequence[ContactPerson],
    follow_up: FollowUp | None,
    *,
    day: dt.date,
    minutes: int,
    today: dt.date,
) -> None:
    """Raise ValidationError, by field, for values no contact can have."""
    if day > today:
        raise ValidationError({"day": _("A contact in the future cannot be logged. Reschedule it instead.")})
    if day < today - OLDEST * ONE_DAY:
        raise ValidationError({"day": _("That is more than a year ago. Pick a later day.")})
    if not 0 <= minutes <= 1440:
        raise ValidationError({"minutes": _("Give the minutes of one day: 0 to 1440.")})
    if any(person.account_id != account.pk for person in persons):
        raise ValidationError({"persons": _("Pick persons of this account.")})
    if follow_up is not None and follow_up.account_id != account.pk:
        raise ValidationError(_("This follow-up belongs to another account."))


def _check_what_follows(
    promise_words: str, promise_due: dt.date | None, next_step: NextStep | None, *, today: dt.date
) -> None:
    """Raise ValidationError, by field, for a promise or a next step that cannot be."""
    last = today + FURTHEST * ONE_DAY
    if promise_words and promise_due is None:
        raise ValidationError({"promise_due": _("By when was it promised?")})
    if promise_due is not None and not promise_words:
        raise ValidationError({"promise_words": _("What was promised?")})
    if promise_due is not None and not today <= promise_due <= last:
        raise ValidationError({"promise_due": _("Pick a day from today on, within two years.")})
    if next_step is not None and not today <= next_step.day <= last:
        raise ValidationError({"next_day": _("Pick a day from today on, within two years.")})


def _written(
    written_at: dt.datetime | None, *, actor: User, now: dt.datetime, today: dt.date
) -> tuple[dt.datetime, dt.date]:
    """When a contact was written down, and the local day of the actor then.

    A device's clock is believed between OLDEST days ago and now; where it says anything else, or nothing, it is now.
    `Touchpoint.created_at`, which is ours, says when the contact reached us.
    """
    if written_at is None or not now - OLDEST * ONE_DAY <= written_at <= now:
        return now, today
    return written_at, written_at.astimezone(ZoneInfo(actor.time_zone)).date()


def _moment(day: dt.date, *, actor: User, now: dt.datetime, today: dt.date) -> dt.datetime:
    """When it took place: now, or noon of an earlier day where the person is."""
    return now if day == today else dt.datetime.combine(day, dt.time(12), ZoneInfo(actor.time_zone))


def _save(touchpoint: Touchpoint, *, actor: User) -> None:
    touchpoint._history_user = actor  # type: ignore[attr-defined]  # read by simple_history
    touchpoint.save()


def _locked(touchpoint: Touchpoint) -> Touchpoint:
    """The row as it is now, nobody else writing it."""
    Account.objects.select_for_update(no_key=True).only("pk").get(pk=touchpoint.account_id)
    rows = Touchpoint.objects.select_related("account__owner", "user")
    return rows.select_for_update(of=("self",)).get(pk=touchpoint.pk)


# What a contact closes ------------------------------------------------------------------------------------------------
def _settle(
    touchpoint: Touchpoint,
    *,
    promises_kept: Collection[int] | None,
    items_done: Collection[int] | None = None,
    today: dt.date,
) -> None:
    """Close what this contact deals with (5.3): its follow-up, and the cadences that its channel satisfies.

    Everything it closes carries its `created_at` and points at it.
    """
    at = touchpoint.created_at
    reached = touchpoint.outcome != Outcome.NOT_REACHED
    items = list(
        AgendaItem.objects.filter(account_id=touchpoint.account_id)
        .open()
        .select_related("account", "follow_up__assignee", "follow_up__person")
    )
    own = [item for item in items if item.follow_up_id and item.follow_up_id == touchpoint.follow_up_id]
    others = [item for item in items if item not in own and reached and _satisfies(touchpoint, item)]
    agenda.close_items([*own, *others], state=AgendaItem.State.DONE, at=at, by=touchpoint)
    emptied = {item.follow_up_id for item in others if item.follow_up_id}
    if touchpoint.follow_up_id:
        emptied.add(touchpoint.follow_up_id)
    agenda.close_follow_ups(emptied, state=FollowUp.State.DONE, at=at)
    for item in own:
        if item.reason == Reason.CADENCE:
            continue  # planning asks for a cadence again by itself
        promise_id = agenda.promise_id_of(item.source)
        if not (reached and _is_done(item, touchpoint, promise_id, promises_kept, items_done)):
            _ask_again(item, after=touchpoint.day, today=today, now=at)
        elif promise_id:
            _set_promise(item, before=Promise.State.OPEN, after=Promise.State.KEPT, on=touchpoint.day)


def _is_done(
    item: AgendaItem,
    touchpoint: Touchpoint,
    promise_id: int | None,
    promises_kept: Collection[int] | None,
    items_done: Collection[int] | None,
) -> bool:
    """Whether a contact that reached them dealt with an item on its agenda, no cadence.

    A promise can be kept by any contact; what else is asked for by a visit is not done by a phone call.
    """
    if items_done is not None:
        return item.pk in items_done
    if promise_id is not None:
        return promises_kept is None or promise_id in promises_kept
    return item.channel == touchpoint.channel or item.channel in SATISFIES[touchpoint.channel]


def _satisfies(touchpoint: Touchpoint, item: AgendaItem) -> bool:
    """Whether the contact made is the one a cadence item asked for, no later appointment standing in its way."""
    if item.reason != Reason.CADENCE or item.source not in SATISFIES[touchpoint.channel]:
        return False
    if item.counted_from is not None and touchpoint.day < item.counted_from:
        return False  # an older contact than the one it counts from changes nothing
    follow_up = item.follow_up
    # What a person booked or moved stays (5.3): that they rang today does not cancel the visit agreed for Friday.
    return follow_up is None or agenda.is_untouched(follow_up) or follow_up.day <= touchpoint.day


def _ask_again(item: AgendaItem, *, after: dt.date, today: dt.date, now: dt.datetime) -> None:
    assert item.follow_up is not None
    calendar = agenda.calendar_of(item.follow_up.assignee)
    day = calendar.add(after, RETRY_DAYS)
    agenda.ask_again(item, day=day if day >= today else calendar.on_or_after(today), now=now)


def _unsettle(touchpoint: Touchpoint) -> None:
    """Open again what `_settle` closed, as far as nobody has gone on from there."""
    closed = AgendaItem.objects.filter(closed_by=touchpoint, state=AgendaItem.State.DONE)
    had_items = AgendaItem.objects.filter(follow_up=touchpoint.follow_up_id).exists()
    for item in agenda.reopen(closed.select_related("follow_up").order_by("pk")):
        _set_promise(item, before=Promise.State.KEPT, after=Promise.State.OPEN, on=None)
    if touchpoint.follow_up_id and not had_items:  # one that a person booked without an agenda
        agenda.reopen_follow_ups([touchpoint.follow_up_id])


def _set_promise(item: AgendaItem, *, before: str, after: str, on: dt.date | None) -> None:
    """Follow an agenda item with the promise behind it, where there is one in the state `before`."""
    promise_id = agenda.promise_id_of(item.source)
    promise = Promise.objects.filter(pk=promise_id, state=before).first() if promise_id else None
    if promise is not None:
        agenda.settle_promise(promise, state=after, on=on)


# What a contact opens -------------------------------------------------------------------------------------------------
def _promise(
    touchpoint: Touchpoint, words: str, due: dt.date, *, person: ContactPerson | None, today: dt.date
) -> None:
    account, actor = touchpoint.account, touchpoint.user
    assignee = agenda.keeper(account, actor=actor, today=today)
    promise = Promise.objects.create(
        account=account,
        person=person,
        touchpoint=touchpoint,
        made_by=assignee,
        words=words,
        made_on=touchpoint.day,
        due_on=due,
    )
    agenda.request_contact(
        account=account,
        assignee=assignee,
        person=person,
        day=agenda.day_before(due, calendar=agenda.calendar_of(assignee), today=today),
        channel=agenda.reminder_channel(touchpoint.channel),
        minutes=REMINDER_MINUTES,
        reason=Reason.PROMISE_DUE,
        source=agenda.promise_source(promise.pk),
        words=words,
        earliest=min(touchpoint.day, due),
        due=due,
        today=today,
        now=touchpoint.created_at,
    )


def _next_step(
    touchpoint: Touchpoint, step: NextStep, *, person: ContactPerson | None, today: dt.date
) -> None:
    agenda.request_contact(
        account=touchpoint.account,
        assignee=agenda.keeper(touchpoint.account, actor=touchpoint.user, today=today),
        person=person,
        day=step.day,
        by_hand=True,
        channel=step.channel,
        minutes=touchpoint.minutes or REMINDER_MINUTES,
        reason=Reason.MANUAL,
        source=f"{agenda.NEXT_STEP}{touchpoint.uuid}",
        words=step.words,
        due=step.day,
        today=today,
        now=touchpoint.created_at,
    )


def _made_by(touchpoint: Touchpoint) -> AgendaItemQuerySet:
    """The items of the promise and the next step captured while logging."""
    promises = Promise.objects.filter(touchpoint=touchpoint).values_list("pk", flat=True)
    sources = [agenda.promise_source(pk) for pk in promises] + [f"{agenda.NEXT_STEP}{touchpoint.uuid}"]
    return AgendaItem.objects.filter(account_id=touchpoint.account_id, source__in=sources).select_related(
        "follow_up"
    )


def _changed_since(item: AgendaItem) -> bool:
    """Whether a person has booked, moved or snoozed what was captured. A next step stands on its due day by hand."""
    follow_up = item.follow_up
    if follow_up is None:
        return False
    if item.reason == Reason.MANUAL:
        return (
            follow_up.state != FollowUp.State.PLANNED
            or follow_up.snoozed_until is not None
            or follow_up.day != item.due
        )
    return not agenda.is_untouched(follow_up)
