"""The verbs of jobs: ask for one, work one off, bring lost ones back. What admins do by hand is in crm.jobs.acts.

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
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from crm.jobs.kinds import Overtaken, Stopped, UnknownKind, Work, kind_named
from crm.jobs.locks import held, is_held
from crm.jobs.models import Job, JobEvent
from crm.jobs.telling import tell_given_up, tell_untold
from crm.jobs.troubles import trouble_of
from crm.team.models import User

What = JobEvent.What

log = logging.getLogger(__name__)

MOST_FAILURES = 5
"""A job that has failed so often is given up; the pauses before are 30 s, 2, 8 and 32 minutes."""
FIRST_PAUSE = dt.timedelta(seconds=30)
MOST_ATTEMPTS = 100
"""A job whose worker died so often is given up: it is probably what kills the worker."""
MESSAGE_IS_LATE = dt.timedelta(seconds=60)
"""A job that has waited longer than this is sent again by the sweep: a second message does no harm."""
NOT_LATE = dt.timedelta(0)
"""For a sweep that sends every waiting job again."""
CLOCKS_DIFFER = dt.timedelta(seconds=2)
"""A pause counts as over so long before its end: the message comes by the broker's and the worker's clocks."""
UNKNOWN_FOR = dt.timedelta(days=1)
"""So long a job waits for a worker that knows its kind: during an upgrade an older one may take the message."""
UNKNOWN_PAUSE = dt.timedelta(minutes=5)

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
        while True:
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
                note(job.pk, What.ASKED, at=now, actor=started_by)
                send_on_commit(job.pk)
            elif again and not _ask_again(job, now=now, actor=started_by):
                continue  # it has ended since it was read, perhaps without what this transaction wrote
            return job


def _ask_again(job: Job, *, now: dt.datetime, actor: User | None) -> bool:
    """Have the open job done once more after it has ended; whether it is still open.

    A waiting one is marked too, although its claim takes the mark away: the row stays locked until this transaction
    ends, so that nobody begins the job without seeing what was written here.
    """
    if not Job.objects.filter(pk=job.pk, state__in=Job.OPEN_STATES).update(again=True):
        return False
    if job.state == Job.State.RUNNING and not job.again:
        note(job.pk, What.ASKED_AGAIN, at=now, actor=actor)
    return True


def note(job_id: int, what: str, *, at: dt.datetime, actor: User | None = None, words: str = "") -> None:
    """Write down what happened to the job. In the transaction that makes it happen."""
    JobEvent.objects.create(job_id=job_id, what=what, at=at, actor=actor, words=words)


def send_on_commit(job_id: int, *, at: dt.datetime | None = None) -> None:
    """Send the news of the job when the transaction commits; `at`: from when it may be begun."""
    transaction.on_commit(lambda: _send(job_id, at=at))


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


@transaction.atomic
def _claim(job_id: int, *, now: dt.datetime) -> Job | None:
    """Take the job for this process, which holds its lock: so whoever had it running before is dead.

    One that was to stop when its worker died, is stopped instead. A job without a failure never waits for a time, so
    that a worker whose clock goes behind does not refuse it.
    """
    row = Job.objects.filter(pk=job_id)
    stopped = row.filter(state=Job.State.RUNNING, stop_asked_at__isnull=False)
    if stopped.update(state=Job.State.STOPPED, finished_at=now, again=False):
        note(job_id, What.STOPPED, at=now)
        return None
    may_begin = Q(not_before__lte=now + CLOCKS_DIFFER) | Q(failures=0, trouble="")
    claimed = row.filter(Q(state=Job.State.QUEUED) & may_begin | Q(state=Job.State.RUNNING)).update(
        state=Job.State.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now,
        finished_at=None,
        again=False,
        progress_done=0,
        progress_total=None,
    )
    if not claimed:
        return None
    note(job_id, What.BEGUN, at=now)
    return row.select_related("started_by").get()


def _run(job: Job, clock: Clock) -> Job | None:
    def report(done: int, total: int | None) -> None:
        if _mine(job).filter(stop_asked_at=None).update(progress_done=done, progress_total=total):
            return
        if _mine(job).exists():
            raise Stopped
        raise Overtaken

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
            _give_up(job, reason=str(refusal), trouble=Job.Trouble.REFUSED, now=clock())
            return Job.objects.get(pk=job.pk)
    except Overtaken:
        log.warning(
            "Job %s was begun by another worker while its connection was lost; this one leaves it.", job.pk
        )
        return None
    except Exception as failure:  # nothing is swallowed: it is written on the row, and goes on
        _mend_connection()
        # Asked to stop, it ends in Stopped, or in what an interrupted statement raises.
        if _be_stopped(job, failure, now=clock()):
            return Job.objects.get(pk=job.pk)
        _fail(job, failure, now=clock())
        raise
    try:
        _end(job, result or {}, now=clock())
    except (
        OperationalError,
        InterfaceError,
    ):  # it broke just now, or a stop came too late and hit this statement
        _mend_connection()
        _end(job, result or {}, now=clock())
    return Job.objects.get(pk=job.pk)


def _mend_connection() -> None:
    """Close the connection where it is what failed; the next statement opens another."""
    if not connection.in_atomic_block and not connection.is_usable():
        connection.close()


@transaction.atomic
def _end(job: Job, result: dict[str, Any], *, now: dt.datetime) -> None:
    """Write the result: done, or queued once more where somebody asked for that meanwhile."""
    ended = {"finished_at": now, "result": result, "error": "", "trouble": ""}
    mine = _mine(job)
    if mine.filter(Q(again=False) | Q(stop_asked_at__isnull=False)).update(
        state=Job.State.DONE, again=False, **ended
    ):
        note(job.pk, What.DONE, at=now)
    elif mine.update(state=Job.State.QUEUED, not_before=now, again=False, failures=0, **ended):
        note(job.pk, What.DONE, at=now)
        send_on_commit(job.pk)


def _mine(job: Job) -> QuerySet[Job]:
    """The row, as long as it is this attempt's: if the connection and so the lock were lost, another may have it."""
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)


@transaction.atomic
def _be_stopped(job: Job, failure: Exception, *, now: dt.datetime) -> bool:
    """Write that the job was stopped, if that was asked for; whether it was."""
    stopped = (
        _mine(job)
        .filter(stop_asked_at__isnull=False)
        .update(state=Job.State.STOPPED, finished_at=now, again=False, error="", trouble="")
    )
    if stopped:
        note(job.pk, What.STOPPED, at=now, words="" if isinstance(failure, Stopped) else _technical(failure))
    return bool(stopped)


@transaction.atomic
def _give_up(job: Job, *, reason: str, trouble: str, now: dt.datetime) -> None:
    given_up = _mine(job).update(
        state=Job.State.FAILED, finished_at=now, failures=F("failures") + 1, error=reason, trouble=trouble
    )
    if given_up:
        note(job.pk, What.GIVEN_UP, at=now, words=reason)
        transaction.on_commit(lambda: tell_given_up(job_id=job.pk, now=now))


def _technical(failure: Exception) -> str:
    return f"{type(failure).__name__}: {failure}"


def _fail(job: Job, failure: Exception, *, now: dt.datetime) -> None:
    """Write down why it failed, and queue it again after a pause that grows, or give it up."""
    reason, trouble = _technical(failure), trouble_of(failure)
    if isinstance(failure, UnknownKind) and now - job.queued_at < UNKNOWN_FOR:
        _pause(job, reason=reason, trouble=trouble, now=now, pause=UNKNOWN_PAUSE, failures=job.failures)
    elif job.failures + 1 >= MOST_FAILURES:
        _give_up(job, reason=reason, trouble=trouble, now=now)
    else:
        pause = FIRST_PAUSE * 4**job.failures
        _pause(job, reason=reason, trouble=trouble, now=now, pause=pause, failures=job.failures + 1)


@transaction.atomic
def _pause(
    job: Job, *, reason: str, trouble: str, now: dt.datetime, pause: dt.timedelta, failures: int
) -> None:
    queued = _mine(job).update(
        state=Job.State.QUEUED, not_before=now + pause, failures=failures, error=reason, trouble=trouble
    )
    if queued:
        note(job.pk, What.FAILED, at=now, words=reason)
        send_on_commit(job.pk, at=now + pause)


# Bringing lost jobs back --------------------------------------------------------------------------------------------
def sweep(*, now: dt.datetime, late: dt.timedelta = MESSAGE_IS_LATE) -> list[int]:
    """Send again what was lost, and return the ids: queued jobs that nobody took for as long as `late` (their message
    was lost, or the worker was away), and running ones whose lock nobody holds (their worker died). Safe to repeat.

    A job whose worker died MOST_ATTEMPTS times is given up. Mails that could not be sent are tried again.
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
            _give_up(
                job,
                reason=f"The worker died {job.attempts} times while doing this.",
                trouble=Job.Trouble.WORKER_DIED,
                now=now,
            )
        else:
            lost.append(job.pk)
    tell_untold(now=now)
    return [job_id for job_id in lost if _send(job_id)]
