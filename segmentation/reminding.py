"""Mails to those who decide tier changes: a week, and a day, before what is undecided is applied as proposed (4.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.look.figures import day as day_words
from crm.look.mail import add_html
from crm.team.models import Role, User
from segmentation.models import TierChange, TieringRun

KIND = "review_reminder"
DAYS_BEFORE = {"day": 1, "week": 7}
"""By reminder, how many days before the review ends it is sent, the later one first."""


def remind(*, today: dt.date, now: dt.datetime) -> int:
    """Ask for the reminders that are due, each once for a run and a person; returns how many were asked for.

    One that was missed is sent the next day; where both are due, the later one alone.
    """
    asked = 0
    for run in TieringRun.objects.filter(state=TieringRun.State.IN_REVIEW, review_until__gte=today):
        left = (run.review_until - today).days
        which = next((name for name, days in DAYS_BEFORE.items() if left <= days), None)
        if which is None:
            continue
        whom = {f"{KIND}:{run.pk}:{which}:{user.pk}": user for user in deciding(run)}
        asked_before = set(Job.objects.filter(kind=KIND, key__in=whom).values_list("key", flat=True))
        for key, user in whom.items():
            if key in asked_before:
                continue
            enqueue(
                kind=KIND, key=key, arguments={"run": run.pk, "user": user.pk, "email": user.email}, now=now
            )
            asked += 1
    return asked


def deciding(run: TieringRun) -> list[User]:
    """Who has something to decide in the run: managers, and admins for what no manager decides. Two queries."""
    still_open = TierChange.objects.open().filter(run=run)
    led = still_open.filter(account__owner__team=OuterRef("led_teams"))
    whom = Q(pk__in=User.objects.filter(_LEADS).filter(Exists(led)).order_by().values("pk"))
    if _of_nobody(still_open).exists():
        whom |= Q(role=Role.ADMIN)
    return list(User.objects.filter(whom, is_active=True).order_by("pk"))


_LEADS = Q(is_active=True, role=Role.MANAGER)


def _of_nobody(changes: QuerySet[TierChange]) -> QuerySet[TierChange]:
    """Those that no manager decides."""
    leads = User.objects.filter(_LEADS, led_teams=OuterRef("account__owner__team"))
    return changes.filter(~Exists(leads))


def undecided_by(user: User, run: TieringRun, *, today: dt.date) -> QuerySet[TierChange]:
    """The open proposals of the run that wait for this person."""
    changes = TierChange.objects.open().filter(run=run).decidable_by(user, on=today)
    return _of_nobody(changes) if user.is_admin else changes


def send_reminder(arguments: dict[str, Any], *, today: dt.date) -> bool:
    """Send one mail; False where there is nothing to decide any more. Raises OSError where nobody takes the mail."""
    run = TieringRun.objects.filter(pk=arguments["run"], review_until__gte=today).first()
    user = User.objects.filter(pk=arguments["user"], is_active=True).first()
    if run is None or user is None:
        return False
    found = undecided_by(user, run, today=today).aggregate(many=Count("pk"), at_stake=Sum("revenue_cents"))
    if not found["many"]:
        return False
    with translation.override(user.language or settings.LANGUAGE_CODE):
        _mail(user, run, many=found["many"], at_stake=found["at_stake"], today=today).send()
    return True


def _mail(user: User, run: TieringRun, *, many: int, at_stake: int, today: dt.date) -> EmailMultiAlternatives:
    words = ngettext(
        "%(number)d tier change waits for you until %(day)s",
        "%(number)d tier changes wait for you until %(day)s",
        many,
    )
    subject = words % {"number": many, "day": day_words(run.review_until, today)}
    context = {
        "user": user,
        "title": subject,
        "at_stake": at_stake,
        "url": settings.SITE_ADDRESS + reverse("segmentation:changes"),
        "words": _("What nobody has decided by then is applied as proposed."),
    }
    mail = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string("segmentation/mail/reminder.txt", context).strip() + "\n",
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    add_html(mail, "segmentation/mail/reminder.html", context)
    return mail
