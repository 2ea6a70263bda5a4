"""The verbs of jobs: ask for one, work one off, bring lost ones back.

The row is the truth. A message on the broker is only a hint that a row waits: it may be lost, come late or twice, and
nothing is lost or done twice by it. Two things keep a job from being worked by two at once: the lock of the job, which
falls when its holder dies, and a conditional update under that lock.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from crm.jobs.kinds import Work, kind_named
from crm.jobs.locks import held, is_held
from crm.jobs.models import Job
from crm.team.models import User

log = logging.getLogger(__name__)

MOST_FAILURES = 5
"""A job that has failed so often is given up; the pauses before are 30 s, 2, 8 and 32 minutes."""
FIRST_PAUSE = dt.timedelta(seconds=30)
MOST_ATTEMPTS = 100
"""A job whose worker died so often is given up: it is probably what kills the worker."""
MESSAGE_IS_LATE = dt.timedelta(seconds=60)
"""A job that has waited longer than this is sent again by the sweep: a second message does no harm."""
CLOCKS_DIFFER = dt.timedelta(seconds=2)

Clock = Callable[[], dt.datetime]


def lock_name(job_id: int) -> str:
    """The name of the lock that is held while the job is worked."""
    return f"job:{job_id}"


# Asking for a job ---------------------------------------------------------------------------------------------------
def enqueue(
    *,
    kind: str,
    key: str,
    arguments: dict[str, Any],
    now: dt.datetime,
    started_by: User | None = None,
    again: bool = False,
) -> Job:
    """The one open job of this kind and key: the one that is open already, or a new one.

    `arguments` are JSON and count only for a new job, so a key must say all that they say. The message goes out when
    the transaction commits. Where the broker cannot be reached nothing is raised: the row stays and the sweep sends it.
    `again`: a job that runs already may have read what was there before, so it is done once more when it has ended.
    """
    with transaction.atomic():
        # The unique index on open jobs decides between two that ask at once; get_or_create reads the winner's row.
        job, new = Job.objects.get_or_create(
            kind=kind,
            key=key,
            state__in=Job.OPEN_STATES,
            defaults={
                "arguments": arguments,
                "queued_at": now,
                "not_before": now,
                "state": Job.State.QUEUED,
                "started_by": started_by,
            },
        )
        if new:
            transaction.on_commit(lambda: _send(job.pk))
        elif again:
            Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(again=True)
    return job


def _send(job_id: int, *, at: dt.datetime | None = None) -> bool:
    """Put the message on the broker, and say whether that worked."""
    try:
        current_app.send_task("crm.jobs.tasks.work_job", args=[job_id], eta=at)
    except (BrokerError, OSError) as error:
        log.warning("Job %s waits for the sweep: the broker cannot be reached (%s).", job_id, error)
        return False
    return True


# Working it off -----------------------------------------------------------------------------------------------------
def work(*, job_id: int, clock: Clock) -> Job | None:
    """Do the job, unless it is done, waits for its time, or somebody is at it; then None.

    Returns the row as it ended: done with its result, or, by a refusal of its kind, failed with the reason. Any other
    failure is written down in words, the job is queued again after a pause (or given up), and the exception goes on,
    for the worker's log. A process that dies in here leaves the row running and its lock free: see sweep.
    """
    with held(lock_name(job_id)) as free:
        if not free:
            return None
        job = _claim(job_id, now=clock())
        if job is None:
            return None
        return _run(job, clock)


def _claim(job_id: int, *, now: dt.datetime) -> Job | None:
    """Take the job for this process, which holds its lock: so whoever had it running before is dead."""
    claimed = (
        Job.objects.filter(pk=job_id)
        .filter(Q(state=Job.State.QUEUED, not_before__lte=now + CLOCKS_DIFFER) | Q(state=Job.State.RUNNING))
        .update(
            state=Job.State.RUNNING,
            attempts=F("attempts") + 1,
            started_at=now,
            finished_at=None,
            again=False,
            progress_done=0,
            progress_total=None,
        )
    )
    return Job.objects.select_related("started_by").get(pk=job_id) if claimed else None


def _run(job: Job, clock: Clock) -> Job | None:
    def report(done: int, total: int | None) -> None:
        _mine(job).update(progress_done=done, progress_total=total)

    now = clock()
    try:
        kind = kind_named(job.kind)
        try:
            result = kind.function(
                Work(
                    job_id=job.pk,
                    key=job.key,
                    arguments=job.arguments,
                    today=timezone.localdate(now, timezone.get_default_timezone()),
                    now=now,
                    started_by=job.started_by,
                    report=report,
                )
            )
        except kind.refusals as refusal:
            _give_up(job, reason=str(refusal), now=clock())
            return Job.objects.get(pk=job.pk)
    except Exception as failure:  # nothing is swallowed: it is written on the row, and goes on
        _fail(job, failure, now=clock())
        raise
    _end(job, result or {}, now=clock())
    return Job.objects.get(pk=job.pk)


def _end(job: Job, result: dict[str, Any], *, now: dt.datetime) -> None:
    """Write the result: done, or queued once more where somebody asked for that meanwhile."""
    ended = {"finished_at": now, "result": result, "error": ""}
    if _mine(job).filter(again=False).update(state=Job.State.DONE, **ended):
        return
    if _mine(job).update(state=Job.State.QUEUED, not_before=now, again=False, failures=0, **ended):
        transaction.on_commit(lambda: _send(job.pk))


def _mine(job: Job) -> Any:
    """The row, as long as it is this attempt's: if the connection and so the lock were lost, another may have it."""
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)


def _give_up(job: Job, *, reason: str, now: dt.datetime) -> None:
    _mine(job).update(state=Job.State.FAILED, finished_at=now, failures=F("failures") + 1, error=reason)


def _fail(job: Job, failure: Exception, *, now: dt.datetime) -> None:
    """Write down why it failed, and queue it again after a pause that grows, or give it up."""
    if not connection.in_atomic_block and not connection.is_usable():
        connection.close()  # the failure is the connection's own; the next statement opens another
    reason = f"{type(failure).__name__}: {failure}"
    if job.failures + 1 >= MOST_FAILURES:
        _give_up(job, reason=reason, now=now)
        return
    again = now + FIRST_PAUSE * 4**job.failures
    queued = _mine(job).update(
        state=Job.State.QUEUED, not_before=again, failures=F("failures") + 1, error=reason
    )
    if queued:
        transaction.on_commit(lambda: _send(job.pk, at=again))


# Bringing lost jobs back --------------------------------------------------------------------------------------------
def sweep(*, now: dt.datetime, late: dt.timedelta = MESSAGE_IS_LATE) -> list[int]:
    """Send again what was lost, and return the ids: queued jobs that nobody took for as long as `late` (their message
    was lost, or the worker was away), and running ones whose lock nobody holds (their worker died). Safe to repeat.

    A job whose worker died MOST_ATTEMPTS times is given up.
    """
    lost = list(
        Job.objects.filter(state=Job.State.QUEUED, not_before__lte=now - late)
        .order_by("not_before", "pk")
        .values_list("pk", flat=True)
    )
    for job in Job.objects.filter(state=Job.State.RUNNING).order_by("pk"):
        if is_held(lock_name(job.pk)):
            continue
        if job.attempts >= MOST_ATTEMPTS:
            _give_up(job, reason=f"The worker died {job.attempts} times while doing this.", now=now)
        else:
            lost.append(job.pk)
    return [job_id for job_id in lost if _send(job_id)]
