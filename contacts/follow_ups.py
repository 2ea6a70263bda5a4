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

from contacts import agenda
from contacts.models import AgendaItem, FollowUp, Promise
from contacts.planning import hold, plan
from contacts.undo import Recorder
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
    return Act(follow_up, record.token(actor=actor), _warning(follow_up, day, today))


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


def _warning(follow_up: FollowUp, day: dt.date, today: dt.date) -> str:
    """Words where the assignee does not work on the day, "" otherwise."""
    if agenda.calendar_of(follow_up.assignee).is_working(day):
        return ""
    return _("%(day)s is not a working day of %(name)s.") % {
        "day": day_words(day, today),
        "name": follow_up.assignee.name,
    }
