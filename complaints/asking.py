"""What complaints ask of the queue (`request_contact`): the owner knows, and somebody asks afterwards."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.models import Channel
from complaints.models import Complaint, ComplaintPolicy, State
from contacts.agenda import calendar_of, request_contact, withdraw_contact
from contacts.models import AgendaItem, Outcome, Reason, Touchpoint
from contacts.querysets import TouchpointQuerySet
from contacts.triggers import SOURCE as OF_A_TRIGGER
from crm.team.models import User

URGENT_MINUTES = 20
AFTER_MINUTES = 10
WORDS = 300  # as many letters an agenda item has


def reason_of(complaint: Complaint) -> Reason:
    """Under which reason it stands on the queue."""
    return Reason.QUESTION if complaint.is_question else Reason.COMPLAINT


def source_of(complaint: Complaint) -> str:
    """What names it on the queue: opened again it asks anew, whatever became of the first asking."""
    again = complaint.steps.filter(to_state=State.REOPENED).count()
    return f"complaint:{complaint.pk}" + (f":{again}" if again else "")


def ask_owner(complaint: Complaint, *, today: dt.date, now: dt.datetime) -> AgendaItem | None:
    """An urgent item on the owner's Today; None where nobody owns the account."""
    said = complaint.subject or complaint.words
    return request_contact(
        account=complaint.account,
        reason=reason_of(complaint),
        source=source_of(complaint),
        words=Truncator(f"{complaint.number}: {said}").chars(WORDS),
        channel=Channel.PHONE,
        minutes=URGENT_MINUTES,
        due=today,
        today=today,
        now=now,
        urgent=True,
        person=complaint.person,
    )


def withdraw_asking(complaint: Complaint, *, now: dt.datetime) -> None:
    """Nothing urgent is left; what a person booked for it stays."""
    withdraw_contact(
        account=complaint.account, reason=reason_of(complaint), source=source_of(complaint), now=now
    )


def _after_source(complaint: Complaint) -> str:
    return f"{source_of(complaint)}:after"


def ask_afterwards(
    complaint: Complaint, policy: ComplaintPolicy, *, today: dt.date, now: dt.datetime
) -> AgendaItem | None:
    """A contact some working days after closing: was it solved? None: no owner, or the policy asks for none."""
    owner = complaint.account.owner
    if owner is None or not policy.contact_after_days:
        return None
    return request_contact(
        account=complaint.account,
        # Not "complaint": an open one stands among the first on Today in red.
        reason=Reason.MANUAL,
        source=_after_source(complaint),
        words=_("%(number)s is closed: was it solved?") % {"number": complaint.number},
        channel=Channel.PHONE,
        minutes=AFTER_MINUTES,
        due=calendar_of(owner).add(today, policy.contact_after_days),
        today=today,
        now=now,
        person=complaint.person,
    )


def open_after(complaint: Complaint) -> AgendaItem | None:
    """What is on the queue to ask whether it was solved, with its follow-up and who makes it; None: nothing."""
    items = AgendaItem.objects.open().filter(account=complaint.account, reason=Reason.MANUAL)
    return items.filter(source=_after_source(complaint)).select_related("follow_up__assignee").first()


def withdraw_afterwards(complaint: Complaint, *, now: dt.datetime) -> None:
    """It was opened again: nobody need ask whether it was solved. Call it before the step is written."""
    withdraw_contact(
        account=complaint.account, reason=Reason.MANUAL, source=_after_source(complaint), now=now
    )


def contacts_about(complaint: Complaint, *, user: User, today: dt.date) -> TouchpointQuerySet:
    """The touchpoints, of those the user may see, by which somebody dealt with what was asked for because of it.

    Read from the agenda, not copied: one that is corrected or taken back is right here too. A contact closes all that
    stands on its follow-up; what it left out is asked for again at that moment, and is none of these. Whoever was
    not reached was rung all the same. The outreach, at other accounts, is left out.
    """
    named = Q(source=f"complaint:{complaint.pk}") | Q(source__startswith=f"complaint:{complaint.pk}:")
    named |= Q(source__startswith=OF_A_TRIGGER, source__endswith=f":complaint:{complaint.pk}")
    again = AgendaItem.objects.filter(
        account=OuterRef("account"),
        reason=OuterRef("reason"),
        source=OuterRef("source"),
        created_at=OuterRef("closed_at"),
        pk__gt=OuterRef("pk"),
    )
    done = AgendaItem.objects.filter(
        named, account=complaint.account_id, state=AgendaItem.State.DONE, closed_by__isnull=False
    ).filter(Q(closed_by__outcome=Outcome.NOT_REACHED) | ~Exists(again))
    return Touchpoint.objects.live().visible_to(user, on=today).filter(pk__in=done.values("closed_by"))
