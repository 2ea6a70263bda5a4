"""Invitations: a booked appointment goes to the customer's person as a mail with a calendar entry (RFC 5546).

The row is written first, and a job of its own sends the mail: what one sees on the page is true also where the mail
server is away for an hour. A new time is offered to be sent again, by a button; an appointment that was skipped or
cancelled is called off by itself once ten minutes have passed, so that an undo comes in time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Channel, ContactPerson
from contacts import ical
from contacts.models import FollowUp, Invitation
from crm.jobs.running import enqueue
from crm.team.calendars import ONE_DAY
from crm.team.models import User

CHANNELS = frozenset({Channel.VISIT, Channel.VIDEO, Channel.PHONE})
REQUEST, CANCEL = "REQUEST", "CANCEL"
UNDO_TIME = dt.timedelta(minutes=10)
KIND = "invitation"


class Refused(Exception):
    """Nobody is invited; the text is for the user."""


# Reading ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Standing:
    """What the page says of a follow-up's invitation, and which buttons it has.

    invitation: the one that was sent last, None for none. differs: the appointment is not where the invitation says.
    off: there is no appointment any more, and the person has not been told. refusal: why nobody can be invited, "" if
    `person` can be.
    """

    invitation: Invitation | None
    person: ContactPerson | None
    differs: bool
    off: bool
    refusal: str

    @property
    def may_invite(self) -> bool:
        """Whether there is something to send: no invitation stands, or it says another time."""
        stands = self.invitation is not None and self.invitation.cancelled_at is None and not self.differs
        return not self.refusal and not stands


def standing_of(follow_up: FollowUp, person: ContactPerson | None, *, now: dt.datetime) -> Standing | None:
    """The invitation's standing; None where there is nothing to say: nothing is booked, and nobody was invited.

    person: whom the follow-up is with. Reads the assignee and the invitation, no query where both were selected.
    """
    invitation: Invitation | None = getattr(follow_up, "invitation", None)
    booked = follow_up.is_open and follow_up.time is not None and follow_up.channel in CHANNELS
    if not booked and invitation is None:
        return None
    told = invitation is not None and invitation.cancelled_at is None
    differs = told and booked and invitation is not None and _agreed(follow_up) != _agreed(invitation)
    return Standing(
        invitation=invitation,
        person=person,
        differs=differs,
        off=told and not booked and follow_up.state != FollowUp.State.DONE,
        refusal=_refusal(follow_up, person, now=now),
    )


def _agreed(row: FollowUp | Invitation) -> tuple[dt.date, dt.time | None, int]:
    return row.day, row.time, row.minutes


def has_withdrawn(person: ContactPerson) -> bool:
    """Whether the person has said no to e-mail: a consent that was never asked for is none that was withdrawn."""
    return not person.consents_to_mail and person.consent_recorded_on is not None


def _refusal(follow_up: FollowUp, person: ContactPerson | None, *, now: dt.datetime) -> str:
    if not follow_up.is_open or follow_up.time is None:
        return _("Only a booked appointment, with a time, can be sent.")
    if follow_up.channel not in CHANNELS:
        return _("Only visits, video calls and phone calls can be sent.")
    if ical.begins(follow_up.day, follow_up.time, follow_up.assignee.time_zone) <= now:
        return _("The appointment has begun already.")
    if person is None:
        return _("Nobody is known there whom one could invite.")
    if not person.email:
        return _("%(name)s has no e-mail address.") % {"name": person.name}
    if has_withdrawn(person):
        return _("%(name)s does not want e-mail from us.") % {"name": person.name}
    return ""


def invitee(follow_up: FollowUp) -> ContactPerson | None:
    """Whom the follow-up is with: its person, or the account's first one. As `contacts.brief` has it."""
    present = list(follow_up.account.persons.present())
    return next((one for one in present if one.pk == follow_up.person_id), present[0] if present else None)


# Writing ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def invite(*, follow_up: FollowUp, actor: User, now: dt.datetime) -> Invitation:
    """Send the person the appointment, or its new time. The mail goes out by a job, on commit. Raises Refused.

    Somebody else who was invited before is told that it is off for them.
    """
    follow_up, invitation = _locked(follow_up)
    person = invitee(follow_up)
    if refusal := _refusal(follow_up, person, now=now):
        raise Refused(refusal)
    assert person is not None and follow_up.time is not None  # else it would have been refused
    sequence = 0
    if invitation is not None:
        sequence = invitation.sequence + 1
        if invitation.cancelled_at is None:
            if invitation.email == person.email and _agreed(follow_up) == _agreed(invitation):
                return invitation  # a second click
            if invitation.email != person.email:
                _ask_for_mail(invitation, CANCEL, sequence, now=now, actor=actor)
                sequence += 1
    invitation, _new = Invitation.objects.update_or_create(
        follow_up=follow_up,
        defaults={
            "person": person,
            "email": person.email,
            "sequence": sequence,
            "day": follow_up.day,
            "time": follow_up.time,
            "minutes": follow_up.minutes,
            "sent_by": actor,
            "sent_at": now,
            "cancelled_at": None,
        },
    )
    _ask_for_mail(invitation, REQUEST, sequence, now=now, actor=actor)
    return invitation


@transaction.atomic
def call_off(*, follow_up: FollowUp, actor: User | None, now: dt.datetime) -> Invitation:
    """Tell the person that the appointment is off. actor None: the clock. Raises Refused where nobody awaits us."""
    _follow_up, invitation = _locked(follow_up)
    if invitation is None or invitation.cancelled_at is not None:
        raise Refused(_("Nobody was invited, or they know already."))
    invitation.sequence += 1
    invitation.cancelled_at = now
    invitation.save(update_fields=["sequence", "cancelled_at"])
    _ask_for_mail(invitation, CANCEL, invitation.sequence, now=now, actor=actor)
    return invitation


def call_off_forgotten(*, today: dt.date, now: dt.datetime) -> int:
    """Call off the appointments that were skipped or cancelled a while ago and are still expected; returns how many."""
    gone = FollowUp.objects.filter(
        state__in=[FollowUp.State.SKIPPED, FollowUp.State.CANCELLED],
        closed_at__lte=now - UNDO_TIME,
        invitation__cancelled_at=None,
        invitation__day__gte=today - ONE_DAY,  # it may still be today elsewhere
        invitation__isnull=False,
    )
    told = 0
    for follow_up in gone.order_by("pk"):
        try:
            call_off(follow_up=follow_up, actor=None, now=now)
        except Refused:  # somebody was quicker
            continue
        told += 1
    return told


def _locked(follow_up: FollowUp) -> tuple[FollowUp, Invitation | None]:
    """The follow-up as it is now, nobody else writing it, and its invitation."""
    rows = FollowUp.objects.select_related("account", "assignee").select_for_update(of=("self",))
    found = rows.get(pk=follow_up.pk)
    return found, Invitation.objects.filter(follow_up=found).first()


def _ask_for_mail(
    invitation: Invitation, method: str, sequence: int, *, now: dt.datetime, actor: User | None
) -> None:
    """Have the mail sent: what it says is what was agreed at this moment, also when it goes out later."""
    arguments: dict[str, Any] = {
        "follow_up": invitation.follow_up_id,
        "method": method,
        "sequence": sequence,
        "email": invitation.email,
        "person": invitation.person_id,
        "day": invitation.day.isoformat(),
        "time": invitation.time.isoformat(),
        "minutes": invitation.minutes,
    }
    key = f"{KIND}:{invitation.follow_up_id}:{sequence}"
    enqueue(kind=KIND, key=key, arguments=arguments, now=now, started_by=actor)
