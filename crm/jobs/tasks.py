"""What the broker's messages about jobs start, and the jobs that keep this floor and the one below in order."""

from __future__ import annotations

import datetime as dt
from typing import Any

from celery import Task, shared_task
from celery.signals import task_prerun
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.jobs import running
from crm.jobs.kinds import Start, Work, job_kind
from crm.jobs.models import Sign
from crm.team import calendars

SWEEP = "crm.jobs.tasks.sweep_jobs"


@task_prerun.connect
def leave_a_sign(task: Task, **_given: Any) -> None:
    """Remember when a task of the schedule was last begun: then clock and worker were there."""
    if any(entry["task"] == task.name for entry in task.app.conf.beat_schedule.values()):
        Sign.objects.update_or_create(name=task.name, defaults={"at": timezone.now()})


@shared_task(name="crm.jobs.tasks.work_job")
def work_job(job_id: int) -> None:
    """Work off one job. Its failures, pauses and attempts are on its row, so the message is never retried."""
    running.work(job_id=job_id, clock=timezone.now)


@shared_task(name=SWEEP)
def sweep_jobs(late: float = running.MESSAGE_IS_LATE.total_seconds()) -> None:
    """Bring lost jobs back; a message is `late`, and taken for lost, after so many seconds."""
    running.sweep(now=timezone.now(), late=dt.timedelta(seconds=late))


@job_kind(
    "holidays",
    label=gettext_lazy("Public holidays"),
    about=gettext_lazy("Fills the public holidays of this year and the next, where they are missing."),
    subject=lambda key, arguments: "",
    result_words=lambda result: (
        ngettext("%(number)d day added", "%(number)d days added", result["added"])
        % {"number": result["added"]}
        if result.get("added")
        else _("none was missing")
    ),
    startable=lambda today: Start(f"holidays:{today.year}"),
)
def fill_holidays(work: Work) -> dict[str, Any]:
    """Fill the holidays of this year and the next; those that an admin corrected stay."""
    return {"added": calendars.fill_holidays(years=[work.today.year, work.today.year + 1])}
