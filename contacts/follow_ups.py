"""What a person does with a follow-up beside making the contact (docs/domain.md, 5.4), and with a promise (7).

Each verb is one transaction, says who acts, and gives back what undoes it (`contacts.undo`). The caller has found the
row through `acted_on_by`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account, Channel
from accounts.querysets import who_see
from contacts import agenda
from contacts.colleagues import colleagues_near
from contacts.models import AgendaItem, FollowUp, Promise, Reason
from contacts.planning import hold, plan
from contacts.undo import Recorder
from contacts.wishes import against, wishes_of
from crm.look.figures import day as day_words
from crm.team.calendars import ONE_DAY
from crm.team.models import User

FURTHEST = 731
"""Days ahead to which a follow-up may be put off."""


@dataclass(frozen=True)
class Act:
    """What was done: the row as it is now, the token that undoes it, and a warning in words ("" for none)."""

    follow_up: FollowUp | None
    undo: str
    warning: str = ""


@transaction.atomic
def snooze(*, follow_up: FollowUp, until: dt.date, actor: User, today: dt.date, now: dt.datetime) -> Act:
    """Keep the follow-up off Today before `until`, a local day after today. Its day stays, so overdue stays true."""
    follow_up = _open(follow_up)
    if not today < until <= today + FURTHEST * ONE_DAY:
        raise ValidationError({"until": _("Pick a day after today, within two years.")})
    record = Recorder()
    record.write(follow_up, snoozed_until=until)
    return Act(follow_up, record.token(actor=actor), _warning(follow_up, until, today))


@transaction.atomic
def reschedule(
    *,
    follow_up: FollowUp,
    day: dt.date,
    time: dt.time | None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
    channel: str | None = None,
) -> Act:
    """Put the follow-up on a day that a person chose: any day from today, weekends and holidays too, with a warning.

    time: local to the assignee; with one it is booked, with None only planned. channel: None keeps it. Planning leaves
    it there.
    """
    follow_up = _open(follow_up)
    if not today <= day <= today + FURTHEST * ONE_DAY:
        raise ValidationError({"day": _("Pick a day from today on, within two years.")})
    record = Recorder()
    record.write(
        follow_up,
        day=day,
        time=time,
        channel=channel or follow_up.channel,
        state=FollowUp.State.PLANNED if time is None else FollowUp.State.BOOKED,
        moved_by_hand=True,
        snoozed_until=None,
    )
    warning = _warning(follow_up, day, today, time=time)
    return Act(follow_up, record.token(actor=actor), warning)


def skip(*, follow_up: FollowUp, reason: str, actor: User, today: dt.date, now: dt.datetime) -> Act:
    """Leave this contact out, for a reason. The next turn of a cadence is planned; its promises stay open."""
    reason = reason.strip()
    with transaction.atomic():
        follow_up = _open(follow_up)
        if not reason:
            raise ValidationError({"reason": _("Say why it is left out.")})
        if len(reason) > 200:
            raise ValidationError({"reason": _("Use at most 200 letters.")})
        record = Recorder()
        record.write(follow_up, state=FollowUp.State.SKIPPED, skip_reason=reason, closed_at=now)
        for item in follow_up.items.open():
            record.write(item, state=AgendaItem.State.SKIPPED, closed_at=now)
    plan(today=today, now=now, account_ids=[follow_up.account_id])
    return Act(follow_up, record.token(actor=actor))


@transaction.atomic
def hand_over_follow_up(
    *, follow_up: FollowUp, receiver: User, note: str, actor: User, today: dt.date, now: dt.datetime
) -> Act:
    """Give this one contact to a colleague who sees the account; the account and what comes after stay as they are.

    note: what the colleague should know, at most 200 letters, "" for nothing. Day and time stay; planning leaves it
    with the colleague.
    """
    follow_up = _open(follow_up)
    note = note.strip()
    if len(note) > 200:
        raise ValidationError({"note": _("Use at most 200 letters.")})
    if receiver.pk == follow_up.assignee_id:
        raise ValidationError({"receiver": _("It is theirs already.")})
    if not who_see(follow_up.account).filter(pk=receiver.pk).exists():
        raise ValidationError({"receiver": _("Choose a colleague who sees the account.")})
    record = Recorder()
    record.write(follow_up, assignee_id=receiver.pk, handed_over_by_id=actor.pk, hand_over_note=note)
    words = [_warning(follow_up, max(follow_up.day, today), today)]
    if follow_up.state == FollowUp.State.BOOKED:
        words.append(_("It is booked: tell the customer who comes."))
    return Act(follow_up, record.token(actor=actor), " ".join(word for word in words if word))


@transaction.atomic
def plan_visit(
    *,
    account: Account,
    day: dt.date,
    minutes: int,
    assignee: User,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> Act:
    """Plan a visit to the account on a day that a person chose, because the assignee is near it on that day.

    day: local, from today. minutes: 1 and more. The caller has found the account through `visible_to`.
    """
    hold(account_ids=[account.pk])
    if not today <= day <= today + FURTHEST * ONE_DAY:
        raise ValidationError({"day": _("Pick a day from today on, within two years.")})
    source = f"visit:{day.isoformat()}"
    if AgendaItem.objects.open().filter(account=account, reason=Reason.MANUAL, source=source).exists():
        raise ValidationError(_("A visit on this day is planned already."))
    item = agenda.open_item(
        account=account,
        assignee=assignee,
        person=None,
        day=day,
        by_hand=True,
        channel=Channel.VISIT,
        minutes=minutes,
        reason=Reason.MANUAL,
        source=source,
        words=_("Visit, while in %(city)s") % {"city": account.city} if account.city else _("Visit"),
        earliest=day,
        due=day,
        latest=day,
        now=now,
    )
    visit = item.follow_up
    assert visit is not None  # open_item makes one
    record = Recorder()
    record.made(visit, undone=FollowUp.State.CANCELLED, now=now)
    record.made(item, undone=AgendaItem.State.WITHDRAWN, now=now)
    return Act(visit, record.token(actor=actor), _warning(visit, day, today))


def keep_promise(*, promise: Promise, actor: User, today: dt.date, now: dt.datetime) -> Act:
    """We did what we promised. The reminder is dealt with; a follow-up that it leaves empty is cancelled."""
    return _close_promise(promise, Promise.State.KEPT, actor=actor, today=today, now=now)


def break_promise(*, promise: Promise, actor: User, today: dt.date, now: dt.datetime) -> Act:
    """We shall not do what we promised; as `keep_promise` otherwise."""
    return _close_promise(promise, Promise.State.BROKEN, actor=actor, today=today, now=now)


@transaction.atomic
def _close_promise(promise: Promise, state: str, *, actor: User, today: dt.date, now: dt.datetime) -> Act:
    hold(account_ids=[promise.account_id])
    promise = Promise.objects.select_for_update().get(pk=promise.pk)
    if promise.state != Promise.State.OPEN:
        raise ValidationError(_("This promise was closed meanwhile."))
    record = Recorder()
    record.write(promise, state=state, closed_on=today)
    reminder = (
        AgendaItem.objects.filter(account_id=promise.account_id, source=agenda.promise_source(promise.pk))
        .open()
        .select_related("follow_up")
        .first()
    )
    follow_up = reminder.follow_up if reminder is not None else None
    if reminder is not None:
        record.write(reminder, state=AgendaItem.State.DONE, closed_at=now)
        if follow_up is not None and follow_up.is_open and not follow_up.items.open().exists():
            record.write(follow_up, state=FollowUp.State.CANCELLED, closed_at=now)
    return Act(follow_up, record.token(actor=actor))


def _open(follow_up: FollowUp) -> FollowUp:
    """The row as it is now, nobody else writing or planning it. Raises ValidationError where it was closed since."""
    hold(account_ids=[follow_up.account_id])
    rows = FollowUp.objects.select_related("account", "assignee").select_for_update(of=("self",))
    found = rows.get(pk=follow_up.pk)
    if not found.is_open:
        raise ValidationError(_("This follow-up was closed meanwhile."))
    return found


def _warning(follow_up: FollowUp, day: dt.date, today: dt.date, *, time: dt.time | None = None) -> str:
    """What speaks against the day, "" where nothing does: days off, the customer's wishes, a colleague's contact."""
    calendar = agenda.calendar_of(follow_up.assignee)
    words = []
    if not calendar.is_working(day):
        not_working = _("%(day)s is not a working day of %(name)s.")
        words.append(not_working % {"day": day_words(day, today), "name": follow_up.assignee.name})
    wishes = wishes_of(follow_up.account_id, follow_up.person_id)
    words += against(wishes, channel=follow_up.channel, day=day, time=time)
    wanted = {follow_up.pk: (follow_up.account_id, day)}
    near = colleagues_near(wanted, assignee_id=follow_up.assignee_id, calendar=calendar)
    words += [f"{colleague.words(today)}." for colleague in near.values()]
    return " ".join(words)
