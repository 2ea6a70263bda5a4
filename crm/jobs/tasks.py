"""What the broker's messages about jobs start."""

from __future__ import annotations

import datetime as dt

from celery import shared_task
from django.utils import timezone

from crm.jobs import running


@shared_task(name="crm.jobs.tasks.work_job")
def work_job(job_id: int) -> None:
    """Work off one job. Its failures, pauses and attempts are on its row, so the message is never retried."""
    running.work(job_id=job_id, clock=timezone.now)


@shared_task(name="crm.jobs.tasks.sweep_jobs")
def sweep_jobs(late: float = running.MESSAGE_IS_LATE.total_seconds()) -> None:
    """Bring lost jobs back; a message is `late`, and taken for lost, after so many seconds."""
    running.sweep(now=timezone.now(), late=dt.timedelta(seconds=late))
