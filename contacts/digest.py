"""The morning digest: one mail on a working day's morning that says what the day asks for (docs/domain.md, 5.4).

The row of the user and the day is made before the mail goes out: whoever finds it there sends nothing, so nobody gets a
mail twice; a process that dies in between has sent one at most. A day that asks for nothing has no mail.
"""

from __future__ import annotations

import datetime as dt
import logging
from zoneinfo import ZoneInfo

from django.utils import timezone, translation

from contacts.digest_mail import digest_mail
from contacts.models import Digest
from contacts.morning import morning_of
from crm.look.mail import MailServerAway, NotTaken, deliver
from crm.team.calendars import calendars_of
from crm.team.models import User

log = logging.getLogger(__name__)

NOON = dt.time(12)


def is_time(user: User, *, now: dt.datetime) -> bool:
    """Whether it is the user's hour: from `digest_at` until noon, local; one after noon has until midnight."""
    if user.digest_at is None:
        return False
    clock = timezone.localtime(now, ZoneInfo(user.time_zone)).time()
    return user.digest_at <= clock and (clock < NOON or user.digest_at >= NOON)


def awaiting(*, now: dt.datetime) -> list[tuple[User, dt.date]]:
    """Who is to get the digest now, with their local day: it is their hour on a working day, and nobody claimed it.

    Three queries, however many users there are.
    """
    wanted = User.objects.filter(is_active=True, digest_at__isnull=False).order_by("pk")
    users = [user for user in wanted if is_time(user, now=now)]
    if not users:
        return []
    calendars = calendars_of(users)
    day_of = {user.pk: timezone.localdate(now, ZoneInfo(user.time_zone)) for user in users}
    claimed = set(Digest.objects.filter(day__in=set(day_of.values())).values_list("user_id", "day"))
    return [
        (user, day)
        for user in users
        if calendars[user.pk].is_working(day := day_of[user.pk]) and (user.pk, day) not in claimed
    ]


def send_digests(*, now: dt.datetime) -> int:
    """Send the digests that are due, and say how many. Call it outside a transaction; it may run twice at once.

    What surely did not go out is no longer claimed, and the next call tries again, for as long as it is the user's
    hour. Where nobody can know whether a mail went out, it is not sent again.
    """
    sent = 0
    for user, day in awaiting(now=now):
        row, mine = Digest.objects.get_or_create(user=user, day=day, defaults={"claimed_at": now})
        if not mine:
            continue
        try:
            if _send(user, day):
                sent += Digest.objects.filter(pk=row.pk).update(sent_at=now)
        except NotTaken as reason:
            row.delete()
            log.warning("The digest of user %s waits: %s", user.pk, reason)
            if isinstance(reason, MailServerAway):
                break
        except OSError as error:  # the connection broke while the mail was on its way
            log.warning("The digest of user %s may not have arrived: %s", user.pk, error)
    return sent


def _send(user: User, day: dt.date) -> bool:
    """Write and send one digest; whether there was something to say. Raises NotTaken, or OSError for anything else."""
    with translation.override(user.page_language), timezone.override(ZoneInfo(user.time_zone)):
        morning = morning_of(user, day=day)
        if not morning.says_something:
            return False
        mail = digest_mail(morning)
    deliver(mail)
    return True
