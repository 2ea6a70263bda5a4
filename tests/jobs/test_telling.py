"""Who is told that a job was given up, how often, and in which words (crm.jobs.telling, crm.jobs.troubles)."""

from __future__ import annotations

import datetime as dt
import smtplib
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import DatabaseError, OperationalError
from kombu.exceptions import OperationalError as BrokerError

from crm.jobs import acts, running
from crm.jobs.clearing import clear_old_jobs
from crm.jobs.kinds import UnknownKind, Work
from crm.jobs.locks import held
from crm.jobs.models import Job, JobEvent
from crm.jobs.telling import tell_given_up
from crm.jobs.troubles import WORDS, trouble_of
from crm.team.models import User
from tests.jobs.conftest import Desk, Refused

told = pytest.mark.django_db(transaction=True)
"""For tests in which what happens on commit counts."""

NOW = dt.datetime(2026, 10, 13, 8, tzinfo=dt.UTC)


@pytest.fixture
def ada(db: None) -> User:
    User.objects.create_user("gone@example.com", "x", name="Gone", role="admin", is_active=False)
    User.objects.create_user("mona@example.com", "x", name="Mona", role="manager")
    return User.objects.create_user("ada@example.com", "x", name="Ada", role="admin")


def give_up(desk: Desk, error: Exception) -> Job:
    def fail(_: Work) -> None:
        raise error

    desk.does = fail
    job = running.enqueue(kind="test", key="test:1", arguments={}, now=NOW)
    for _ in range(running.MOST_FAILURES):
        Job.objects.filter(pk=job.pk).update(not_before=NOW)
        if job.state == Job.State.FAILED:
            break
        try:
            running.work(job_id=job.pk, clock=lambda: NOW)
        except type(error):
            pass
        job.refresh_from_db()
    assert job.state == Job.State.FAILED
    return job


@told
def test_admins_are_told_once_when_it_is_given_up_and_not_before(
    desk: Desk, ada: User, settings: Any
) -> None:
    settings.SITE_ADDRESS = "https://opieka.example"
    job = give_up(desk, OSError(28, "No space left on device"))
    (message,) = mail.outbox
    assert message.to == ["ada@example.com"]
    assert message.subject == "Given up: Test, 1"
    assert f"https://opieka.example/jobs/{job.pk}/" in message.body
    assert "The disk is full" in message.body
    assert "OSError" in message.body
    running.sweep(now=NOW)
    running.sweep(now=NOW)
    assert len(mail.outbox) == 1
    assert job.told_at == NOW


@told
def test_a_refusal_is_told_in_its_own_words(desk: Desk, ada: User) -> None:
    give_up(desk, Refused("A later day has been tiered already."))
    (message,) = mail.outbox
    assert "A later day has been tiered already." in message.body
    assert "Technical" not in message.body


@told
def test_a_mail_server_that_is_away_harms_nothing_and_is_tried_again(
    desk: Desk, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailBackend, messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected("away")

    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "send_messages", refuse)
        job = give_up(desk, ValueError("no"))
        running.sweep(now=NOW)
    job.refresh_from_db()
    assert (job.state, job.told_at, mail.outbox) == (Job.State.FAILED, None, [])
    running.sweep(now=NOW)
    assert len(mail.outbox) == 1


@told
def test_who_finds_another_telling_leaves_it_to_them(desk: Desk, ada: User) -> None:
    job = give_up(desk, ValueError("no"))
    Job.objects.update(told_at=None)
    mail.outbox.clear()
    with held(f"tell:{job.pk}"):
        assert not tell_given_up(job_id=job.pk, now=NOW)
    assert mail.outbox == []
    assert tell_given_up(job_id=job.pk, now=NOW)


@told
def test_given_up_once_more_it_is_told_once_more(desk: Desk, ada: User) -> None:
    job = give_up(desk, ValueError("no"))
    acts.retry(job_id=job.pk, actor=ada, now=NOW)
    give_up(desk, ValueError("no"))
    assert len(mail.outbox) == 2


@told
def test_without_an_admin_nobody_is_told_and_nothing_waits(desk: Desk, db: None) -> None:
    assert give_up(desk, ValueError("no")).told_at == NOW
    assert mail.outbox == []


# Words --------------------------------------------------------------------------------------------------------------
class FromPostgres(Exception):
    def __init__(self, pgcode: str) -> None:
        self.pgcode = pgcode


def from_postgres(pgcode: str) -> DatabaseError:
    error = OperationalError("whatever it says")
    error.__cause__ = FromPostgres(pgcode)
    return error


def inside(error: Exception) -> Exception:
    wrapped = ValueError("could not read the file")
    wrapped.__cause__ = error
    return wrapped


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (OSError(28, "No space left on device"), "disk_full"),
        (inside(OSError(28, "No space left on device")), "disk_full"),
        (OperationalError("database or disk is full"), "disk_full"),
        (from_postgres("53100"), "disk_full"),
        (MemoryError(), "memory"),
        (from_postgres("53200"), "memory"),
        (OperationalError("database is locked"), "database_busy"),
        (from_postgres("40P01"), "database_busy"),
        (from_postgres("57P01"), "database_gone"),
        (OperationalError("server closed the connection unexpectedly"), "database_gone"),
        (from_postgres("57014"), "timeout"),
        (SoftTimeLimitExceeded(), "timeout"),
        (BrokerError("refused"), "broker"),
        (FileNotFoundError(2, "No such file"), "no_file"),
        (UnknownKind("x"), "unknown_kind"),
        (ZeroDivisionError(), "other"),
        (DatabaseError("syntax error"), "other"),
    ],
)
def test_the_usual_failures_are_known(error: Exception, trouble: str) -> None:
    assert trouble_of(error) == trouble
    assert all(map(str, WORDS[trouble]))


# Clearing away ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_old_jobs_go_and_failed_ones_stay_longer(desk: Desk) -> None:
    def make(state: str, days: int) -> Job:
        at = NOW - dt.timedelta(days=days)
        job = Job.objects.create(
            kind="test", key=f"{state}{days}", state=state, queued_at=at, not_before=at, finished_at=at
        )
        JobEvent.objects.create(job=job, what="asked", at=at)
        return job

    stay = [make("done", 89), make("failed", 364), make("queued", 400), make("running", 400)]
    for state, days in (("done", 91), ("stopped", 91), ("failed", 366)):
        make(state, days)
    assert clear_old_jobs(now=NOW) == 3
    assert sorted(Job.objects.values_list("pk", flat=True)) == sorted(job.pk for job in stay)
    assert JobEvent.objects.count() == 4
