"""What went wrong, in words: the usual failures of a job recognised, each with what to do about it."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError as BrokerError

from crm.jobs.kinds import UnknownKind
from crm.jobs.models import Job

Trouble = Job.Trouble

# Beginnings of PostgreSQL's codes (its manual, appendix A), the longer ones first.
_CODES = (
    ("53100", Trouble.DISK_FULL),
    ("53200", Trouble.MEMORY),
    ("57014", Trouble.TIMEOUT),
    ("55P03", Trouble.DATABASE_BUSY),
    ("40", Trouble.DATABASE_BUSY),
    ("53", Trouble.DATABASE_GONE),
    ("57P", Trouble.DATABASE_GONE),
    ("08", Trouble.DATABASE_GONE),
)
# SQLite, and a PostgreSQL that cannot be reached, say it in words alone.
_SAID = (
    ("disk is full", Trouble.DISK_FULL),
    ("no space left", Trouble.DISK_FULL),
    ("is locked", Trouble.DATABASE_BUSY),
    ("deadlock detected", Trouble.DATABASE_BUSY),
    ("lock timeout", Trouble.DATABASE_BUSY),
    ("out of memory", Trouble.MEMORY),
    ("statement timeout", Trouble.TIMEOUT),
    ("connection", Trouble.DATABASE_GONE),
    ("closed the", Trouble.DATABASE_GONE),
    ("unable to open database", Trouble.DATABASE_GONE),
    ("disk i/o error", Trouble.DATABASE_GONE),
    ("could not translate host", Trouble.DATABASE_GONE),
)


def trouble_of(failure: BaseException) -> str:
    """Which of Job.Trouble an exception is; what caused it counts where it says nothing itself."""
    for cause in _causes(failure):
        found = _recognised(cause)
        if found is not None:
            return found
    return Trouble.OTHER


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        seen.add(id(failure))
        yield failure
        failure = failure.__cause__ or failure.__context__


def _recognised(failure: BaseException) -> str | None:
    if isinstance(failure, UnknownKind):
        return Trouble.UNKNOWN_KIND
    if isinstance(failure, MemoryError):
        return Trouble.MEMORY
    if isinstance(failure, SoftTimeLimitExceeded | TimeLimitExceeded | TimeoutError):
        return Trouble.TIMEOUT
    if isinstance(failure, BrokerError):
        return Trouble.BROKER
    if isinstance(failure, DatabaseError | InterfaceError):
        return _of_database(failure)
    if isinstance(failure, OSError):
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            return Trouble.DISK_FULL
        if failure.errno == errno.ENOMEM:
            return Trouble.MEMORY
        if isinstance(failure, FileNotFoundError | PermissionError | IsADirectoryError):
            return Trouble.NO_FILE
    return None


def _of_database(failure: BaseException) -> str | None:
    code = getattr(failure.__cause__, "pgcode", None) or ""
    for beginning, trouble in _CODES:
        if code.startswith(beginning):
            return trouble
    if not isinstance(failure, OperationalError | InterfaceError):
        return None
    text = str(failure).lower()
    return next((trouble for said, trouble in _SAID if said in text), None)


# What to say of each: what happened, and what to do.
WORDS: dict[str, tuple[str | Promise, str | Promise]] = {
    Trouble.DATABASE_GONE: (
        _("The database could not be reached, or broke the connection off."),
        _("See that the database server runs. Then start the job again; nothing was written half."),
    ),
    Trouble.DATABASE_BUSY: (
        _("Somebody else held what it needed in the database for too long."),
        _("Start it again when less is going on; it repeats itself after a pause, too."),
    ),
    Trouble.DISK_FULL: (
        _("The disk is full: the server's, or the database's."),
        _("Make room (logs, old uploads, backups), then start the job again."),
    ),
    Trouble.MEMORY: (
        _("The machine ran out of memory."),
        _("Give the worker or the database more memory, or run fewer jobs at once, then start it again."),
    ),
    Trouble.BROKER: (
        _("The message broker (Redis) could not be reached."),
        _("See that Redis runs. Waiting jobs are sent by themselves within five minutes after it is back."),
    ),
    Trouble.TIMEOUT: (
        _("It took longer than it may."),
        _(
            "Start it again at a quieter time. If that does not help, the worker's log says where the time went."
        ),
    ),
    Trouble.NO_FILE: (
        _("A file could not be found, read or written."),
        _(
            "See that the file is still there and that the worker may read and write it, then start the job again."
        ),
    ),
    Trouble.UNKNOWN_KIND: (
        _("The worker that took it does not know this kind of job: it is older than the site."),
        _("Restart the workers with the version that the site has. Until then the job waits."),
    ),
    Trouble.WORKER_DIED: (
        _("Every worker that began it died: it is probably what kills them, by memory or time."),
        _("Look for the reason in the worker's log and the kernel's (out of memory), then start it again."),
    ),
    Trouble.OTHER: (
        _("The program met an error that it did not expect."),
        _(
            "Start it again. If it fails the same way, send the technical text below to whoever looks after Opieka."
        ),
    ),
}


def in_words(job: Job) -> tuple[str, str]:
    """(what went wrong, what to do) of a job with an error; a refusal is words already, with its own remedy."""
    if job.trouble == Trouble.REFUSED:
        return job.error, ""
    what, remedy = WORDS.get(job.trouble, WORDS[Trouble.OTHER])
    return str(what), str(remedy)
