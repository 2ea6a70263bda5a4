"""What the jobs do with tiers: the quarter's run, and the daily upkeep that ends in planning.

The daily upkeep spans the apps and stands on the highest floor that all of it can be seen from.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from accounts import facts
from contacts.tasks import ask_for_planning
from crm.jobs.kinds import Work, job_kind
from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.team import calendars
from crm.team.models import User
from segmentation import newcomers, pins, review, tiering
from segmentation.errors import TieringRefused
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


@job_kind("tiering", refusals=(TieringRefused,))
def tier(work: Work) -> dict[str, Any]:
    """Make the run, or find it made where an attempt before this one was killed after it; then ask for planning."""
    run = tiering.run_tiering(
        as_of=dt.date.fromisoformat(work.arguments["as_of"]),
        today=work.today,
        now=work.now,
        started_by=work.started_by,
    )
    ask_for_planning(reason=work.key, now=work.now, started_by=work.started_by)
    return {"run": run.pk, "as_of": run.as_of.isoformat()}


@shared_task(name="segmentation.tasks.tier_quarter", **UNTIL_THE_DATABASE_ANSWERS)
def tier_quarter() -> None:
    """Ask for the run of the quarter that ended last. By the schedule, on the first day of a quarter."""
    ask_for_tiering(as_of=last_quarter_end(_today()), now=timezone.now())


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


def _start_missed_run(work: Work) -> object:
    as_of = tiering.missed_as_of(work.today)
    return as_of and ask_for_tiering(as_of=as_of, now=work.now).key


def _apply_undecided(work: Work) -> object:
    return review.apply_undecided(today=work.today, now=work.now)


def _apply_pins(work: Work) -> object:
    return pins.apply_pins(today=work.today, now=work.now)


def _give_provisional_tiers(work: Work) -> object:
    return newcomers.give_provisional_tiers(today=work.today, now=work.now)


def _plan(work: Work) -> object:
    return ask_for_planning(reason=work.key, now=work.now).key


# In this order: planning needs the calendar, the phases and the tiers of the day.
DAILY: dict[str, Callable[[Work], object]] = {
    "new holidays": _fill_holidays,
    "accounts with new facts": _refresh_facts,
    "missed run": _start_missed_run,
    "changes applied undecided": _apply_undecided,
    "pins applied": _apply_pins,
    "newcomers": _give_provisional_tiers,
    "planning": _plan,
}


@job_kind("daily")
def keep_up(work: Work) -> dict[str, Any]:
    """Do each step of the day, although one before it failed; that is raised at the end, and all are repeated."""
    found: dict[str, Any] = {}

    def take(name: str, step: Callable[[Work], object]) -> None:
        found[name] = step(work)

    with ExitStack() as steps:
        for name, step in reversed(DAILY.items()):
            steps.callback(take, name, step)
    return found
