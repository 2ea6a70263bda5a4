"""What the jobs do with contacts: plan them, make triggers fire, and send what leaves the house."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import invitations, planning, triggers
from contacts.absences import accounts_of
from contacts.digest import send_digests
from contacts.invitation_mail import send_invitation
from contacts.models import ContactRule
from crm.jobs.kinds import Start, Work, job_kind
from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.jobs.wording import BY_HAND, reason_words
from crm.look.figures import number
from crm.team.models import User

SUNDAY = 6


def _planned(result: dict[str, Any]) -> str:
    """ "120 new, 4 moved, 30,000 as they were"."""
    words = (
        ("created", _("%(number)s new")),
        ("moved", _("%(number)s moved")),
        ("withdrawn", _("%(number)s withdrawn")),
        ("kept", _("%(number)s as they were")),
    )
    return ", ".join(
        text % {"number": number(result[name])} for name, text in words if result.get(name)
    ) or _("nothing to plan")


@job_kind(
    "planning",
    label=gettext_lazy("Contact planning"),
    about=gettext_lazy(
        "Gives every account its next contacts, by the rules; what stands and may stay, stays."
    ),
    subject=lambda key, arguments: reason_words(key.removeprefix("planning:")),
    result_words=_planned,
    startable=lambda today: Start(f"planning:{BY_HAND}"),
)
def plan(work: Work) -> dict[str, Any]:
    """Plan the follow-ups of the accounts named by `account_ids`, or of all."""
    return asdict(
        planning.plan(
            today=work.today,
            now=work.now,
            account_ids=work.arguments.get("account_ids"),
            # Once a week nothing is left out, whatever was noted: what slipped past the notes lasts a week at most.
            thorough=work.today.weekday() == SUNDAY,
            report=work.report,
        )
    )


def _fired(result: dict[str, Any]) -> str:
    """ "120 events, 118 contacts asked for"."""
    words = (
        ("fired", _("%(number)s events")),
        ("asked", _("%(number)s contacts asked for")),
        ("withdrawn", _("%(number)s withdrawn")),
    )
    return ", ".join(
        text % {"number": number(result[name])} for name, text in words if result.get(name)
    ) or _("nothing had happened")


@job_kind(
    "triggers",
    label=gettext_lazy("Triggers"),
    about=gettext_lazy("Asks for the contacts that follow events, by the rules: each event once."),
    subject=lambda key, arguments: reason_words(key.removeprefix("triggers:")),
    result_words=_fired,
    startable=lambda today: Start(f"triggers:{BY_HAND}"),
)
def fire(work: Work) -> dict[str, Any]:
    """Fire what has not fired; `undone`: an import was taken back, and what its events asked for goes first."""
    vanished = triggers.take_back_vanished(now=work.now) if work.arguments.get("undone") else 0
    fired = triggers.fire(today=work.today, now=work.now, report=work.report)
    fired.withdrawn += vanished
    return asdict(fired)


def ask_for_triggers(
    *, reason: str, now: dt.datetime, undone: bool = False, started_by: User | None = None
) -> Job:
    """Have triggers fire in the background; `reason` names what calls for it ("import:12")."""
    return enqueue(
        kind="triggers",
        key=f"triggers:{reason}",
        arguments={"undone": True} if undone else {},
        now=now,
        started_by=started_by,
        again=True,
    )


def fire_after_import(*, import_id: int, undone: bool, today: dt.date, now: dt.datetime) -> None:
    """Look for events in what an import brought or took away (settings.IMPORTED); not where no rule waits for any."""
    if ContactRule.objects.triggers().exists():
        ask_for_triggers(reason=f"{'undo' if undone else 'import'}:{import_id}", now=now, undone=undone)


AT_ONCE = 200
"""As many accounts are planned while somebody waits; more are a job."""


def plan_changed(*, account_ids: Sequence[int], today: dt.date, now: dt.datetime) -> None:
    """Plan accounts that somebody changed (settings.ACCOUNT_CHANGED): few at once, many in the background."""
    if len(account_ids) <= AT_ONCE:
        planning.plan(today=today, now=now, account_ids=account_ids)
    else:
        ask_for_planning(reason=f"changed:{now:%Y-%m-%dT%H:%M:%S.%f}", now=now, account_ids=list(account_ids))


MOST_NAMED = 20_000
"""As many accounts are named to a job; beyond, it looks at all and finds by itself whose calendar changed."""


def plan_calendars(*, user_ids: Sequence[int], today: dt.date, now: dt.datetime) -> None:
    """Plan the accounts of people whose working days changed (settings.CALENDAR_CHANGED), as `plan_changed` does."""
    account_ids = accounts_of(user_ids)
    if len(account_ids) > MOST_NAMED:
        ask_for_planning(reason=f"changed:{now:%Y-%m-%dT%H:%M:%S.%f}", now=now)
    elif account_ids:
        plan_changed(account_ids=account_ids, today=today, now=now)


def ask_for_planning(
    *,
    reason: str,
    now: dt.datetime,
    account_ids: list[int] | None = None,
    started_by: User | None = None,
) -> Job:
    """Have contacts planned in the background; `reason` names what calls for it ("tiering:2026-09-30").

    One that runs already for the same reason is done once more: it may have read what was there before.
    """
    arguments = {} if account_ids is None else {"account_ids": account_ids}
    return enqueue(
        kind="planning",
        key=f"planning:{reason}",
        arguments=arguments,
        now=now,
        started_by=started_by,
        again=True,
    )


# What leaves the house ------------------------------------------------------------------------------------------------
def _sent(result: dict[str, Any]) -> str:
    return _("sent") if result.get("sent") else _("not needed any more")


@job_kind(
    invitations.KIND,
    label=gettext_lazy("Invitation"),
    about=gettext_lazy("Sends a customer's person a booked appointment, its new time, or that it is off."),
    subject=lambda key, arguments: str(arguments.get("email", "")),
    result_words=_sent,
)
def mail_invitation(work: Work) -> dict[str, Any]:
    """Send one mail; a mail server that is away makes the job try again."""
    return {"sent": send_invitation(work.arguments, now=work.now)}


@shared_task(name="contacts.tasks.send_what_is_due")
def send_what_is_due() -> None:
    """Send the morning digests whose hour has come, and call off appointments that are no more. By the schedule."""
    now = timezone.now()
    invitations.call_off_forgotten(today=timezone.localdate(now), now=now)
    send_digests(now=now)
