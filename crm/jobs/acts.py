"""What admins do with jobs by hand: start one, stop one, put it back, try it again.

Each verb is a conditional update, so that of two admins who act at once one does it and the other is told.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.jobs.kinds import Start, UnknownKind, kind_named
from crm.jobs.locks import held, interrupt_holder
from crm.jobs.models import Job
from crm.jobs.running import What, enqueue, lock_name, note, send_on_commit
from crm.team.models import User


class ActRefused(Exception):
    """The job is no longer where it was when the admin saw it. The text is for the admin."""


def start(*, kind: str, actor: User, today: dt.date, now: dt.datetime) -> tuple[Job, bool]:
    """Ask for a job of a kind that may be started by hand: the job, and whether it is new (else it was open already).

    Raises ActRefused where there is nothing to do, with the kind's own words.
    """
    try:
        startable = kind_named(kind).startable
    except UnknownKind:
        startable = None
    if startable is None:
        raise ActRefused(_("This cannot be started by hand."))
    wanted = startable(today)
    if not isinstance(wanted, Start):
        raise ActRefused(wanted)
    job = enqueue(kind=kind, key=wanted.key, arguments=wanted.arguments, now=now, started_by=actor)
    # Of two who ask in the same microsecond both would be told that it is new; there is still one job.
    return job, job.queued_at == now and job.started_by_id == actor.pk


def stop(*, job_id: int, actor: User, now: dt.datetime) -> Job:
    """Stop a waiting job at once, or ask a running one to stop: it does at its next report.

    On PostgreSQL the statement that it is at is ended, too; its transaction is rolled back. Call it outside a
    transaction. Raises ActRefused where the job has ended. Asking twice is asking once.
    """
    row = Job.objects.filter(pk=job_id)
    with held(lock_name(job_id)) as free:
        # With its lock in hand nobody is at work on it, even if the row says so.
        states = Job.OPEN_STATES if free else (Job.State.QUEUED,)
        with transaction.atomic():
            asked = {"stop_asked_at": now, "stop_asked_by": actor}
            if row.filter(state__in=states).update(
                state=Job.State.STOPPED, finished_at=now, again=False, **asked
            ):
                note(job_id, What.STOPPED, at=now, actor=actor)
            elif row.filter(state=Job.State.RUNNING, stop_asked_at=None).update(**asked):
                note(job_id, What.STOP_ASKED, at=now, actor=actor)
            elif not row.filter(state=Job.State.RUNNING).exists():
                raise ActRefused(_("It has ended already."))
    job = row.get()
    if job.state == Job.State.RUNNING:
        interrupt_holder(lock_name(job_id))
    return job


@transaction.atomic
def put_back(*, job_id: int, actor: User, now: dt.datetime) -> Job:
    """Take a stop back: the job waits as it did before. Raises ActRefused where it is not stopped any more."""
    stopped = Job.objects.filter(pk=job_id, state=Job.State.STOPPED)
    _open(stopped, finished_at=None, stop_asked_at=None, stop_asked_by=None)
    note(job_id, What.PUT_BACK, at=now, actor=actor)
    job = Job.objects.get(pk=job_id)
    send_on_commit(job_id, at=job.not_before if job.not_before > now else None)
    return job


@transaction.atomic
def retry(*, job_id: int, actor: User, now: dt.datetime) -> Job:
    """Begin a failed or stopped job again at once, or one that pauses after a failure before its pause is over.

    Its failures are forgotten, so that it has all its attempts. Raises ActRefused where it runs, waits in line or is
    done, or where another one of its kind and key is open.
    """
    ended = Job.objects.filter(pk=job_id, state__in=[Job.State.FAILED, Job.State.STOPPED])
    pausing = Job.objects.filter(pk=job_id, state=Job.State.QUEUED, not_before__gt=now)
    if ended.exists():
        _open(
            ended,
            queued_at=now,
            not_before=now,
            failures=0,
            trouble="",
            error="",
            finished_at=None,
            stop_asked_at=None,
            stop_asked_by=None,
            told_at=None,
        )
    elif not pausing.update(not_before=now):
        raise ActRefused(_("It runs, waits in line or is done already."))
    note(job_id, What.RETRIED, at=now, actor=actor)
    send_on_commit(job_id)
    return Job.objects.get(pk=job_id)


def _open(rows: QuerySet[Job], **values: Any) -> None:
    """Put the one row of `rows` in line again. Raises ActRefused where it has gone, or its place is taken."""
    try:
        with transaction.atomic():
            opened = rows.update(state=Job.State.QUEUED, again=False, **values)
    except IntegrityError as error:  # one open job per kind and key: the index decides
        raise ActRefused(_("Another job for the same is open already.")) from error
    if not opened:
        raise ActRefused(_("Somebody else has dealt with it meanwhile."))
