"""The sweep: who is told that a clock runs out, or has run out (docs/domain.md, 6).

At 75 % the assignee is warned, once for each clock. From the moment the time has run out the leads of the team are
told, again on each working day it lasts; never outside the team's working hours. Each is a row that is unique, so a
sweep that comes twice, late or is killed tells nobody twice, and the next one does what it left.

The mail is claimed on its rows before it goes out: one at most. Whoever is killed in between has sent one mail less,
and the rows are there.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max, Q

from complaints import clock
from complaints.clock import Clocked
from complaints.escalation_mail import escalation_mail
from complaints.models import Clock, Escalation
from crm.jobs.locks import held
from crm.look.mail import MailServerAway, NotTaken, deliver
from crm.team.models import Role, Team, User

log = logging.getLogger(__name__)

LOCK = "complaints:sweep"
MAIL_WITHIN = dt.timedelta(days=1)
"""What could not be mailed for so long is not mailed any more: a breach that lasts was told again."""
Kind = Escalation.Kind


@dataclass
class Swept:
    """What one sweep did."""

    looked_at: int = 0
    escalated: int = 0
    mails: int = 0


def sweep(*, now: dt.datetime) -> Swept | None:
    """Reckon every open complaint, escalate what is due, mail who is to be told. Call it outside a transaction.

    None where another sweep is at it. As many queries however many complaints there are, but for the writing of what
    differs, and a few for each person who is told.
    """
    with held(LOCK) as free:
        if not free:
            return None
        clocked = clock.refresh()
        return Swept(len(clocked), escalate(clocked, now=now), send_mails(now=now))


def escalate(clocked: list[Clocked], *, now: dt.datetime) -> int:
    """Write the rows of what is due now and not written yet; how many are new."""
    due = [(one, *what) for one in clocked for what in due_now(one, now=now)]
    if not due:
        return 0
    recipients = _Recipients()
    wanted = {
        (one.pk, kind, of_clock, one.time.day_of(now), recipient)
        for one, kind, of_clock in due
        for recipient in recipients.of(one, kind)
    }
    known = Escalation.objects.filter(
        Q(day__in={key[3] for key in wanted}) | Q(kind=Kind.WARNING), complaint__closed_on__isnull=True
    )
    days, warned = set(), set()
    for pk, kind, of_clock, day, recipient in known.order_by().values_list(
        "complaint_id", "kind", "clock", "day", "recipient_id"
    ):
        days.add((pk, kind, of_clock, day, recipient))
        if kind == Kind.WARNING:
            warned.add((pk, of_clock, recipient))
    new = [
        Escalation(complaint_id=pk, kind=kind, clock=of_clock, day=day, recipient_id=recipient, at=now)
        for pk, kind, of_clock, day, recipient in sorted(wanted - days)
        if kind != Kind.WARNING or (pk, of_clock, recipient) not in warned
    ]
    Escalation.objects.bulk_create(new, batch_size=2000, ignore_conflicts=True)
    return len(new)


def due_now(one: Clocked, *, now: dt.datetime) -> Iterator[tuple[str, str]]:
    """What is to be told of one complaint: (kind, clock). Nothing outside the team's working hours. Pure."""
    said = one.said
    clocks = [(Clock.RESOLUTION.value, said.resolution_warn_at, said.resolution_due_at)]
    if said.responded_at is None:
        clocks.append((Clock.RESPONSE.value, said.response_warn_at, said.response_due_at))
    for of_clock, warn_at, due_at in clocks:
        if warn_at is None or due_at is None or now < warn_at:
            continue
        if one.time.is_working(now):
            yield (Kind.BREACH if now >= due_at else Kind.WARNING).value, of_clock


class _Recipients:
    """Who is told, by ids of active users. Three queries."""

    def __init__(self) -> None:
        active = User.objects.filter(is_active=True).order_by("pk")
        self._active = set(active.values_list("pk", flat=True))
        self._admins = list(active.filter(role=Role.ADMIN).values_list("pk", flat=True))
        self._leads: dict[int | None, list[int]] = defaultdict(list)
        for team, user in Team.objects.order_by("leads").values_list("pk", "leads"):
            if user in self._active:
                self._leads[team].append(user)

    def of(self, one: Clocked, kind: str) -> list[int]:
        """A warning: the assignee, else the owner; a breach, or where neither is there: the leads, else admins."""
        if kind == Kind.WARNING:
            for user in (one.assignee_id, one.owner_id):
                if user in self._active and user is not None:
                    return [user]
        return self._leads.get(one.team_id) or self._admins


# The mails ------------------------------------------------------------------------------------------------------------
def send_mails(*, now: dt.datetime) -> int:
    """Mail everybody who has been told nothing yet of what is new, one mail each; how many went out."""
    unmailed = Escalation.objects.unmailed().filter(at__gt=now - MAIL_WITHIN)
    newest = dict(unmailed.order_by().values_list("recipient_id").annotate(Max("pk")))
    sent = 0
    for user in User.objects.filter(pk__in=newest).order_by("pk"):
        mine = Escalation.objects.filter(recipient=user, mailed_at__isnull=True, at__gt=now - MAIL_WITHIN)
        if not mine.filter(pk__lte=newest[user.pk]).update(mailed_at=now):
            continue
        claimed = Escalation.objects.filter(recipient=user, mailed_at=now)
        mail = escalation_mail(user, claimed, now=now)
        if mail is None:
            continue
        try:
            deliver(mail)
            sent += 1
        except NotTaken as reason:
            claimed.update(mailed_at=None)
            log.warning("The mail on complaints to user %s waits: %s", user.pk, reason)
            if isinstance(reason, MailServerAway):
                break
        except OSError as error:  # the connection broke while the mail was on its way
            log.warning("The mail on complaints to user %s may not have arrived: %s", user.pk, error)
    return sent
