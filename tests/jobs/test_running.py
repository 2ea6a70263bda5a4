"""Jobs are asked for once, worked off once, tried again, and found when lost (crm.jobs.running)."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from crm.jobs import running
from crm.jobs.kinds import Overtaken, Stopped, UnknownKind, Work, job_kind, kind_named
from crm.jobs.locks import held, is_held
from crm.jobs.models import Job
from crm.team.models import User
from tests.jobs.conftest import Desk, Refused

pytestmark = pytest.mark.django_db(transaction=True)

NOW = dt.datetime(2026, 10, 13, 8, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def ask(key: str = "test:1", now: dt.datetime = NOW, **arguments: Any) -> Job:
    return running.enqueue(kind="test", key=key, arguments=arguments, now=now)


def work(job: Job, now: dt.datetime = NOW) -> Job | None:
    return running.work(job_id=job.pk, clock=lambda: now)


# Asking -------------------------------------------------------------------------------------------------------------
def test_asking_twice_makes_one_job_and_one_message(desk: Desk) -> None:
    first, second = ask(), ask()
    assert first == second
    assert desk.sent == [(first.pk, None)]


def test_the_message_goes_out_on_commit_and_not_before(desk: Desk) -> None:
    with transaction.atomic():
        ask()
        assert desk.sent == []
    assert len(desk.sent) == 1


def test_nothing_is_sent_for_what_was_rolled_back(desk: Desk) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        ask()
        raise RuntimeError
    assert desk.sent == []
    assert not Job.objects.exists()


def test_a_finished_job_does_not_stand_in_the_way_of_the_next(desk: Desk) -> None:
    first = ask()
    work(first)
    assert ask() != first


def test_without_a_broker_the_row_stays_and_the_sweep_sends_it(desk: Desk) -> None:
    desk.broker_is_up = False
    job = ask()
    assert job.state == Job.State.QUEUED
    assert running.sweep(now=NOW + 5 * MINUTE) == []
    desk.broker_is_up = True
    assert running.sweep(now=NOW + 10 * MINUTE) == [job.pk]
    assert desk.sent == [(job.pk, None)]


def test_the_database_itself_refuses_a_second_open_job(desk: Desk) -> None:
    job = ask()
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING)
    with pytest.raises(IntegrityError):
        Job.objects.create(kind="test", key=job.key, queued_at=NOW, not_before=NOW)


# Working ------------------------------------------------------------------------------------------------------------
def test_the_kind_gets_arguments_the_clock_and_who_asked(desk: Desk) -> None:
    ada = User.objects.create_user("ada@example.com", "x", name="Ada")
    late = dt.datetime(2026, 10, 13, 22, 30, tzinfo=dt.UTC)  # half past midnight of the 14th in Warsaw
    job = running.enqueue(
        kind="test", key="test:1", arguments={"as_of": "2026-09-30"}, now=late, started_by=ada
    )
    desk.does = lambda work: {"rows": 3}
    done = work(job, now=late)
    (begun,) = desk.begun
    assert begun.arguments == {"as_of": "2026-09-30"}
    assert begun.today == dt.date(2026, 10, 14)
    assert begun.now == late
    assert begun.started_by == ada
    assert done is not None
    assert (done.state, done.result, done.error, done.attempts) == (Job.State.DONE, {"rows": 3}, "", 1)
    assert done.finished_at == late


def test_a_second_message_does_nothing(desk: Desk) -> None:
    job = ask()
    work(job)
    assert work(job) is None
    assert len(desk.begun) == 1


def test_a_message_of_a_job_that_is_gone_does_nothing(desk: Desk) -> None:
    assert running.work(job_id=4711, clock=lambda: NOW) is None


def test_the_lock_is_held_while_it_works_and_a_second_worker_is_refused(desk: Desk) -> None:
    job = ask()

    def during(_: Work) -> None:
        assert is_held(running.lock_name(job.pk))
        assert work(job) is None

    desk.does = during
    done = work(job)
    assert done is not None
    assert done.state == Job.State.DONE
    assert len(desk.begun) == 1
    assert not is_held(running.lock_name(job.pk))


def test_a_job_whose_worker_died_is_begun_again(desk: Desk) -> None:
    job = ask()
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.RUNNING, attempts=1, progress_done=70, progress_total=100
    )
    done = work(job)
    assert done is not None
    assert (done.state, done.attempts, done.progress_done) == (Job.State.DONE, 2, 0)


def test_a_living_job_is_left_alone_however_long_it_takes(desk: Desk) -> None:
    job = ask()
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=1)
    with held(running.lock_name(job.pk)):
        assert work(job, now=NOW + dt.timedelta(days=3)) is None
        assert running.sweep(now=NOW + dt.timedelta(days=3)) == []


def test_progress_shows_on_the_row(desk: Desk) -> None:
    def report(work: Work) -> None:
        work.report(20, 50)
        row = Job.objects.get()
        assert (row.progress_done, row.progress_total) == (20, 50)

    desk.does = report
    work(ask())


# Failing ------------------------------------------------------------------------------------------------------------
def fail(_: Work) -> None:
    raise OSError("the disk is full")


def test_a_failure_is_told_in_words_and_tried_again_after_a_growing_pause(desk: Desk) -> None:
    desk.does = fail
    job = ask()
    now = NOW
    for failures, pause in enumerate([30, 120, 480, 1920], start=1):
        with pytest.raises(OSError, match="disk is full"):
            work(job, now=now)
        job.refresh_from_db()
        assert (job.state, job.failures, job.error) == (
            Job.State.QUEUED,
            failures,
            "OSError: the disk is full",
        )
        again = now + dt.timedelta(seconds=pause)
        assert job.not_before == again
        assert desk.sent[-1] == (job.pk, again)
        assert work(job, now=again - dt.timedelta(seconds=10)) is None
        now = again
    with pytest.raises(OSError, match="disk is full"):
        work(job, now=now)
    job.refresh_from_db()
    assert (job.state, job.failures, job.finished_at) == (Job.State.FAILED, running.MOST_FAILURES, now)
    assert work(job, now=now + dt.timedelta(days=1)) is None


def test_a_connection_that_broke_is_told_of_on_a_new_one(desk: Desk) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could go away")

    def lose(_: Work) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    desk.does = lose
    job = ask()
    with pytest.raises(OperationalError):
        work(job)
    job.refresh_from_db()
    assert (job.state, job.failures) == (Job.State.QUEUED, 1)
    assert "OperationalError" in job.error
    assert not is_held(running.lock_name(job.pk))


def test_what_failed_once_and_then_worked_shows_no_error(desk: Desk) -> None:
    desk.does = fail
    job = ask()
    with pytest.raises(OSError, match="disk is full"):
        work(job)
    desk.does = lambda work: None
    done = work(job, now=NOW + MINUTE)
    assert done is not None
    assert (done.state, done.error, done.failures) == (Job.State.DONE, "", 1)


def test_a_refusal_is_final_and_says_why(desk: Desk) -> None:
    def refuse(_: Work) -> None:
        raise Refused("A later day has been tiered already.")

    desk.does = refuse
    ended = work(ask())
    assert ended is not None
    assert (ended.state, ended.error) == (Job.State.FAILED, "A later day has been tiered already.")
    assert len(desk.sent) == 1


def test_a_kind_nobody_knows_waits_a_day_for_a_worker_that_does(desk: Desk) -> None:
    """An older worker may take the message while the site is being upgraded."""
    job = running.enqueue(kind="unheard", key="x", arguments={}, now=NOW)
    now = NOW
    for _attempt in range(running.MOST_FAILURES + 1):
        with pytest.raises(UnknownKind):
            work(job, now=now)
        job.refresh_from_db()
        assert (job.state, job.failures, job.trouble) == (Job.State.QUEUED, 0, "unknown_kind")
        assert "unheard" in job.error
        assert work(job, now=now + MINUTE) is None
        now += running.UNKNOWN_PAUSE
    job_kind("unheard")(lambda work: {"rows": 1})
    known = work(job, now=now)
    assert known is not None
    assert (known.state, known.error, known.trouble) == (Job.State.DONE, "", "")


def test_a_kind_nobody_learns_fails_like_any_other(desk: Desk) -> None:
    job = running.enqueue(kind="unheard", key="x", arguments={}, now=NOW)
    with pytest.raises(UnknownKind):
        work(job, now=NOW + running.UNKNOWN_FOR)
    job.refresh_from_db()
    assert job.failures == 1


def test_a_worker_whose_clock_goes_behind_takes_a_new_job_all_the_same(desk: Desk) -> None:
    done = work(ask(), now=NOW - 10 * MINUTE)
    assert done is not None
    assert done.state == Job.State.DONE


def test_a_result_that_could_not_be_written_is_written_on_a_new_connection(desk: Desk) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could go away")

    def lose_it_last(_: Work) -> dict[str, Any]:
        with connection.cursor() as cursor, pytest.raises(OperationalError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return {"rows": 3}

    desk.does = lose_it_last
    done = work(ask())
    assert done is not None
    assert (done.state, done.result, done.failures) == (Job.State.DONE, {"rows": 3}, 0)


def test_what_the_kind_wrote_before_it_failed_in_its_transaction_is_gone(desk: Desk) -> None:
    def half(_: Work) -> None:
        with transaction.atomic():
            User.objects.create_user("half@example.com", "x", name="Half")
            raise ValueError("no")

    desk.does = half
    with pytest.raises(ValueError, match="no"):
        work(ask())
    assert not User.objects.exists()
    assert Job.objects.get().state == Job.State.QUEUED


def test_an_attempt_that_lost_its_lock_writes_nothing_over_its_successor(desk: Desk) -> None:
    job = ask()

    def overtaken(_: Work) -> dict[str, Any]:
        Job.objects.filter(pk=job.pk).update(attempts=2)  # another worker has begun it meanwhile
        return {"from": "the first"}

    desk.does = overtaken
    row = work(job)
    assert row is not None
    assert (row.state, row.result) == (Job.State.RUNNING, {})


def test_an_attempt_that_was_overtaken_ends_at_its_next_report(desk: Desk) -> None:
    job = ask()
    seen: list[type[Exception]] = []

    def overtaken(work: Work) -> None:
        Job.objects.filter(pk=job.pk).update(attempts=2)
        try:
            work.report(1, 2)
        except (Overtaken, Stopped) as told:
            seen.append(type(told))
            raise

    desk.does = overtaken
    assert work(job) is None
    assert seen == [Overtaken]
    job.refresh_from_db()
    assert (job.state, job.attempts, job.progress_done, job.error) == (Job.State.RUNNING, 2, 0, "")


# Sweeping -----------------------------------------------------------------------------------------------------------
def test_the_sweep_sends_what_waited_too_long_and_nothing_else(desk: Desk) -> None:
    lost = ask("lost", now=NOW - 10 * MINUTE)
    ask("fresh", now=NOW - dt.timedelta(seconds=5))
    pausing = ask("pausing", now=NOW - 10 * MINUTE)
    Job.objects.filter(pk=pausing.pk).update(not_before=NOW + 5 * MINUTE)
    dead = ask("dead", now=NOW - 10 * MINUTE)
    Job.objects.filter(pk=dead.pk).update(state=Job.State.RUNNING)
    for state in (Job.State.DONE, Job.State.FAILED):
        over = ask(f"over {state}", now=NOW - 10 * MINUTE)
        Job.objects.filter(pk=over.pk).update(state=state)
    desk.sent.clear()
    assert running.sweep(now=NOW) == [lost.pk, dead.pk]
    assert desk.sent == [(lost.pk, None), (dead.pk, None)]


def test_a_job_that_keeps_killing_its_worker_is_given_up(desk: Desk) -> None:
    job = ask()
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=running.MOST_ATTEMPTS)
    assert running.sweep(now=NOW + MINUTE) == []
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "died" in job.error


def test_two_modules_cannot_register_one_kind(desk: Desk) -> None:
    def other(_: Work) -> None: ...

    other.__module__ = "elsewhere"
    with pytest.raises(ValueError, match="Two modules"):
        job_kind("test")(other)
    assert kind_named("test").refusals == (Refused,)


def test_a_worker_that_starts_sends_every_waiting_job(desk: Desk) -> None:
    job = ask()
    assert running.sweep(now=NOW) == []
    assert running.sweep(now=NOW, late=dt.timedelta(0)) == [job.pk]


# Asking again -------------------------------------------------------------------------------------------------------
def ask_again() -> Job:
    return running.enqueue(kind="test", key="test:1", arguments={}, now=NOW, again=True)


def test_what_was_asked_for_again_while_it_ran_is_done_once_more(desk: Desk) -> None:
    job = ask_again()

    def meanwhile(_: Work) -> None:
        if len(desk.begun) == 1:
            assert ask_again() == job
            assert ask_again() == job

    desk.does = meanwhile
    first = work(job)
    assert first is not None
    assert first.state == Job.State.QUEUED
    assert desk.sent == [(job.pk, None), (job.pk, None)]
    second = work(job)
    assert second is not None
    assert (second.state, second.attempts) == (Job.State.DONE, 2)
    assert work(job) is None


def test_asking_again_for_what_has_not_begun_adds_nothing(desk: Desk) -> None:
    job = ask_again()
    assert ask_again() == job
    done = work(job)
    assert done is not None
    assert done.state == Job.State.DONE


def test_asking_plainly_while_it_runs_adds_nothing(desk: Desk) -> None:
    desk.does = lambda work: ask() and None
    done = work(ask())
    assert done is not None
    assert done.state == Job.State.DONE


def test_asking_again_just_as_it_ends_makes_another(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read while it ran, it ends before it is marked: without a second look the asking would be lost."""
    first = ask()
    Job.objects.filter(pk=first.pk).update(state=Job.State.RUNNING)
    plain = running._ask_again

    def ends_meanwhile(job: Job, **given: Any) -> bool:
        Job.objects.filter(pk=first.pk).update(state=Job.State.DONE)
        return plain(job, **given)

    monkeypatch.setattr(running, "_ask_again", ends_meanwhile)
    second = ask_again()
    assert second != first
    assert (second.state, desk.sent[-1]) == (Job.State.QUEUED, (second.pk, None))


@pytest.mark.usefixtures("separate_connections")
def test_nobody_begins_what_is_being_asked_for_again_before_that_has_committed(desk: Desk) -> None:
    """The worker would not see what the asking transaction wrote, and the asking would be lost."""
    job = ask()
    seen: list[int] = []
    desk.does = lambda work: seen.append(User.objects.count())

    def in_another_session() -> None:
        work(job)
        connection.close()

    worker = threading.Thread(target=in_another_session)
    with transaction.atomic():
        User.objects.create_user("new@example.com", "x", name="New")
        ask_again()
        worker.start()
        worker.join(0.4)
        assert worker.is_alive()
        assert seen == []
    worker.join(20)
    assert seen == [1]
