"""What the jobs do with tiers: the quarter's run, and the daily upkeep that ends in planning.

The daily upkeep spans the apps and stands on the highest floor that all of it can be seen from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from typing import Any

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import facts
from contacts.tasks import ask_for_planning, ask_for_triggers
from crm.jobs.clearing import clear_old_jobs
from crm.jobs.kinds import Start, Work, job_kind
from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.jobs.wording import full_day
from crm.look.figures import number
from crm.team import calendars
from crm.team.models import User
from segmentation import newcomers, pins, policy_tasks, reminding, review, tiering
from segmentation.errors import TieringRefused
from segmentation.models import TierChange
from segmentation.windows import last_quarter_end

# Before there is a row, only the message knows. After 10, 20, 40 ... seconds, for two hours.
UNTIL_THE_DATABASE_ANSWERS: dict[str, Any] = {
    "autoretry_for": (OperationalError,),
    "retry_backoff": 10,
    "retry_backoff_max": 600,
    "max_retries": 16,
}


# The quarter --------------------------------------------------------------------------------------------------------
def ask_for_tiering(*, as_of: dt.date, now: dt.datetime, started_by: User | None = None) -> Job:
    """Have the run as of the end of `as_of` made in the background, and contacts planned after it."""
    return enqueue(
        kind="tiering",
        key=f"tiering:{as_of.isoformat()}",
        arguments={"as_of": as_of.isoformat()},
        now=now,
        started_by=started_by,
    )


def _run_words(result: dict[str, Any]) -> str:
    assessed = result.get("assessed")
    if assessed is None:  # as older versions wrote it
        return _("run as of %(day)s") % {"day": full_day(result.get("as_of", ""))}
    return _("%(accounts)s accounts assessed, %(changes)s changes to decide") % {
        "accounts": number(assessed),
        "changes": number(result.get("proposed", 0)),
    }


def _last_quarter(today: dt.date) -> Start | str:
    """The run of the quarter that ended last, where it is missing."""
    as_of = tiering.missed_as_of(today)
    if as_of is None:
        return _("The last quarter has its run already, or there are no purchases.")
    return Start(f"tiering:{as_of.isoformat()}", {"as_of": as_of.isoformat()})


@job_kind(
    "tiering",
    refusals=(TieringRefused,),
    label=gettext_lazy("Tiering run"),
    about=gettext_lazy("Reckons every account's tier as of the end of a quarter, and proposes the changes."),
    subject=lambda key, arguments: _("as of %(day)s") % {"day": full_day(arguments.get("as_of", key))},
    result_words=_run_words,
    scheduled_by="segmentation.tasks.tier_quarter",
    startable=_last_quarter,
)
def tier(work: Work) -> dict[str, Any]:
    """Make the run, or find it made where an attempt before this one was killed after it; then ask for planning."""
    work.report(0, None)
    run = tiering.run_tiering(
        as_of=dt.date.fromisoformat(work.arguments["as_of"]),
        today=work.today,
        now=work.now,
        started_by=work.started_by,
    )
    ask_for_planning(reason=work.key, now=work.now, started_by=work.started_by)
    return {
        "run": run.pk,
        "as_of": run.as_of.isoformat(),
        "assessed": run.assessments.count(),
        "proposed": run.changes.filter(state=TierChange.State.PROPOSED).count(),
    }


@shared_task(name="segmentation.tasks.tier_quarter", **UNTIL_THE_DATABASE_ANSWERS)
def tier_quarter() -> None:
    """Ask for the run of the quarter that ended last. By the schedule, on the first day of a quarter."""
    ask_for_tiering(as_of=last_quarter_end(_today()), now=timezone.now())


@job_kind(
    reminding.KIND,
    label=gettext_lazy("Reminder of the review"),
    about=gettext_lazy("Tells who decides that tier changes wait, a week and a day before the review ends."),
    subject=lambda key, arguments: str(arguments.get("email", "")),
    result_words=lambda result: _("sent") if result.get("sent") else _("not needed any more"),
)
def remind(work: Work) -> dict[str, Any]:
    """Send one mail; a mail server that is away makes the job try again."""
    return {"sent": reminding.send_reminder(work.arguments, today=work.today)}


# Every day ----------------------------------------------------------------------------------------------------------
@shared_task(name="segmentation.tasks.start_daily", **UNTIL_THE_DATABASE_ANSWERS)
def start_daily() -> None:
    """Ask for today's upkeep. By the schedule, every day."""
    enqueue(kind="daily", key=f"daily:{_today().isoformat()}", arguments={}, now=timezone.now())


def _today() -> dt.date:
    """The company's local date."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def _fill_holidays(work: Work) -> object:
    return calendars.fill_holidays(years=[work.today.year, work.today.year + 1])


def _refresh_facts(work: Work) -> object:
    return facts.refresh_facts(today=work.today)


def _start_policies(work: Work) -> object:
    return policy_tasks.ask_for_due(today=work.today, now=work.now)


def _start_missed_run(work: Work) -> object:
    as_of = tiering.missed_as_of(work.today)
    return as_of and ask_for_tiering(as_of=as_of, now=work.now).key


def _apply_undecided(work: Work) -> object:
    return review.apply_undecided(today=work.today, now=work.now)


def _remind(work: Work) -> object:
    return reminding.remind(today=work.today, now=work.now)


def _apply_pins(work: Work) -> object:
    return pins.apply_pins(today=work.today, now=work.now)


def _give_provisional_tiers(work: Work) -> object:
    return newcomers.give_provisional_tiers(today=work.today, now=work.now)


def _plan(work: Work) -> object:
    return ask_for_planning(reason=work.key, now=work.now).key


def _fire_triggers(work: Work) -> object:
    return ask_for_triggers(reason=work.key, now=work.now).key


def _clear_old_jobs(work: Work) -> object:
    return clear_old_jobs(now=work.now)


# In this order: triggers and planning need the calendar, the phases and the tiers of the day.
DAILY: dict[str, Callable[[Work], object]] = {
    "new holidays": _fill_holidays,
    "accounts with new facts": _refresh_facts,
    "policies to begin": _start_policies,
    "missed run": _start_missed_run,
    "changes applied undecided": _apply_undecided,
    "reminders": _remind,
    "pins applied": _apply_pins,
    "newcomers": _give_provisional_tiers,
    "triggers": _fire_triggers,
    "planning": _plan,
    "old jobs cleared away": _clear_old_jobs,
}


def _kept_up(result: dict[str, Any]) -> str:
    """What the steps found: only those that found something."""
    words = (
        ("accounts with new facts", _("%(number)s accounts with new facts")),
        ("newcomers", _("%(number)s newcomers with a tier")),
        ("changes applied undecided", _("%(number)s changes applied undecided")),
        ("pins applied", _("%(number)s pins applied")),
        ("new holidays", _("%(number)s public holidays added")),
        ("policies to begin", _("%(number)s policies to be put in force")),
    )
    found = [
        text % {"number": number(many)}
        for name, text in words
        if isinstance(many := result.get(name), int) and many > 0
    ]
    if result.get("missed run"):
        found.append(_("a missed tiering run started"))
    return ", ".join(found) or _("nothing had changed")


@job_kind(
    "daily",
    label=gettext_lazy("Daily upkeep"),
    about=gettext_lazy(
        "Public holidays, facts of the accounts, a missed tiering run, changes nobody decided, pins, newcomers, "
        "triggers, planning, and old jobs cleared away."
    ),
    subject=lambda key, arguments: _("of %(day)s") % {"day": full_day(key.removeprefix("daily:"))},
    result_words=_kept_up,
    scheduled_by="segmentation.tasks.start_daily",
    startable=lambda today: Start(f"daily:{today.isoformat()}"),
)
def keep_up(work: Work) -> dict[str, Any]:
    """Do each step of the day, although one before it failed; that is raised at the end, and all are repeated."""
    found: dict[str, Any] = {}

    steps_begun = count()

    def take(name: str, step: Callable[[Work], object]) -> None:
        work.report(next(steps_begun), len(DAILY))
        found[name] = step(work)

    with ExitStack() as steps:
        for name, step in reversed(DAILY.items()):
            steps.callback(take, name, step)
    return found
