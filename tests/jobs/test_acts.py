"""What admins do with jobs, with real transactions: also two at once, and against a worker (crm.jobs.acts)."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, transaction

from crm.jobs import acts, running
from crm.jobs.acts import ActRefused
from crm.jobs.kinds import Stopped, Work
from crm.jobs.locks import is_held
from crm.jobs.models import Job, JobEvent
from crm.team.models import User
from tests.jobs.conftest import Desk

pytestmark = pytest.mark.django_db
several = pytest.mark.usefixtures("separate_connections")
"""For tests in which several sessions act."""

NOW = dt.datetime(2026, 10, 13, 8, tzinfo=dt.UTC)
TODAY = NOW.date()
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada@example.com", "x", name="Ada", role="admin")


def ask(key: str = "test:1") -> Job:
    return running.enqueue(kind="test", key=key, arguments={}, now=NOW)


def work(job: Job, now: dt.datetime = NOW) -> Job | None:
    return running.work(job_id=job.pk, clock=lambda: now)


def at_once(count: int, act: Callable[[], object]) -> list[object]:
    """What `act` gave or raised in each of `count` threads, each with a connection of its own."""
    start = threading.Barrier(count)
    found: list[object] = []

    def one() -> None:
        start.wait()
        try:
            found.append(act())
        except ActRefused as refusal:
            found.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def happened(job: Job) -> list[str]:
    return list(job.events.values_list("what", flat=True))


# Starting -----------------------------------------------------------------------------------------------------------
@several
def test_starting_asks_for_one_job_however_many_press(desk: Desk, ada: User) -> None:
    found = at_once(4, lambda: acts.start(kind="test", actor=ada, today=TODAY, now=NOW)[0].pk)
    assert len(set(found)) == Job.objects.count() == 1
    job = Job.objects.get()
    assert (job.key, job.started_by, job.state) == ("test:by-hand", ada, Job.State.QUEUED)
    assert desk.sent == [(job.pk, None)]


def test_starting_what_is_open_says_so(desk: Desk, ada: User) -> None:
    first, new = acts.start(kind="test", actor=ada, today=TODAY, now=NOW)
    assert new
    assert acts.start(kind="test", actor=ada, today=TODAY, now=NOW + MINUTE) == (first, False)


def test_starting_where_there_is_nothing_to_do_says_why(desk: Desk, ada: User) -> None:
    desk.may_start = False
    with pytest.raises(ActRefused, match="nothing to test"):
        acts.start(kind="test", actor=ada, today=TODAY, now=NOW)
    with pytest.raises(ActRefused, match="by hand"):
        acts.start(kind="unheard", actor=ada, today=TODAY, now=NOW)
    assert not Job.objects.exists()


# Stopping -----------------------------------------------------------------------------------------------------------
def test_a_waiting_job_stops_at_once_and_its_message_does_nothing(desk: Desk, ada: User) -> None:
    job = acts.stop(job_id=ask().pk, actor=ada, now=NOW + MINUTE)
    assert (job.state, job.finished_at, job.stop_asked_by) == (Job.State.STOPPED, NOW + MINUTE, ada)
    assert work(job) is None
    assert running.sweep(now=NOW + dt.timedelta(days=1)) == []
    assert desk.begun == []
    assert happened(job) == ["asked", "stopped"]


@several
def test_a_running_job_stops_at_its_next_report_and_its_transaction_is_undone(desk: Desk, ada: User) -> None:
    job = ask()

    def half(work: Work) -> None:
        work.report(1, 3)
        threading_stop(job, ada)
        with transaction.atomic():
            User.objects.create_user("half@example.com", "x", name="Half")
            work.report(2, 3)

    desk.does = half
    ended = work(job)
    assert ended is not None
    assert (ended.state, ended.error, ended.failures, ended.progress_done) == (Job.State.STOPPED, "", 0, 1)
    assert not User.objects.filter(name="Half").exists()
    assert not is_held(running.lock_name(job.pk))
    assert happened(job) == ["asked", "begun", "stop_asked", "stopped"]
    assert len(desk.sent) == 1


def threading_stop(job: Job, actor: User) -> None:
    """Stop it as another process would, by another connection."""
    (found,) = at_once(1, lambda: acts.stop(job_id=job.pk, actor=actor, now=NOW))
    assert isinstance(found, Job)
    assert found.state == Job.State.RUNNING


@several
def test_one_that_never_reports_ends_as_it_would_have(desk: Desk, ada: User) -> None:
    job = ask()

    def heedless(_: Work) -> dict[str, Any]:
        threading_stop(job, ada)
        return {"rows": 1}

    desk.does = heedless
    ended = work(job)
    assert ended is not None
    assert (ended.state, ended.result) == (Job.State.DONE, {"rows": 1})


@several
def test_a_long_statement_is_ended_on_postgresql(desk: Desk, ada: User) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite runs its statements in the worker itself")
    job = ask()
    begun = threading.Event()

    def sleeps(_: Work) -> None:
        begun.set()
        with transaction.atomic(), connection.cursor() as cursor:
            User.objects.create_user("half@example.com", "x", name="Half")
            cursor.execute("SELECT pg_sleep(30)")

    desk.does = sleeps

    def from_outside() -> None:
        begun.wait()
        while True:
            with connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(30%'")
                if cursor.fetchone()[0]:
                    break
        acts.stop(job_id=job.pk, actor=ada, now=NOW)
        connection.close()

    outside = threading.Thread(target=from_outside)
    outside.start()
    ended = work(job)
    outside.join()
    assert ended is not None
    assert (ended.state, ended.error) == (Job.State.STOPPED, "")
    assert not User.objects.filter(name="Half").exists()


@several
def test_a_running_job_without_its_worker_stops_at_once(desk: Desk, ada: User) -> None:
    job = ask()
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=1)
    assert acts.stop(job_id=job.pk, actor=ada, now=NOW).state == Job.State.STOPPED


def test_one_whose_worker_died_after_it_was_asked_to_stop_is_not_begun_again(desk: Desk, ada: User) -> None:
    job = ask()
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=1, stop_asked_at=NOW)
    assert running.sweep(now=NOW) == [job.pk]
    assert work(job) is None
    job.refresh_from_db()
    assert (job.state, desk.begun) == (Job.State.STOPPED, [])


@several
def test_what_was_asked_for_again_is_stopped_with_it(desk: Desk, ada: User) -> None:
    job = ask()

    def again(work: Work) -> None:
        running.enqueue(kind="test", key="test:1", arguments={}, now=NOW, again=True)
        threading_stop(job, ada)
        with pytest.raises(Stopped):
            work.report(1, 1)

    desk.does = again
    ended = work(job)
    assert ended is not None
    assert ended.state == Job.State.DONE
    assert work(job) is None


@several
def test_stopping_what_has_ended_is_refused_and_twice_is_once(desk: Desk, ada: User) -> None:
    job = ask()
    found = at_once(4, lambda: acts.stop(job_id=job.pk, actor=ada, now=NOW).state)
    # Who came second found it stopped already.
    assert found.count(Job.State.STOPPED) + sum(isinstance(one, ActRefused) for one in found) == 4
    assert happened(job) == ["asked", "stopped"]
    with pytest.raises(ActRefused, match="ended"):
        acts.stop(job_id=job.pk, actor=ada, now=NOW)


@several
def test_a_job_is_either_stopped_or_begun(desk: Desk, ada: User) -> None:
    """A worker and an admin who want it at the same moment."""
    for number in range(8):
        job = ask(f"test:{number}")
        desk.begun.clear()
        start = threading.Barrier(2)

        def worker(job: Job = job, start: threading.Barrier = start) -> None:
            start.wait()
            work(job)
            connection.close()

        thread = threading.Thread(target=worker)
        thread.start()
        start.wait()
        with suppress(ActRefused):
            acts.stop(job_id=job.pk, actor=ada, now=NOW)
        thread.join()
        job.refresh_from_db()
        assert (job.state, len(desk.begun)) in [(Job.State.STOPPED, 0), (Job.State.DONE, 1)]


# Putting back and trying again --------------------------------------------------------------------------------------
def test_a_stop_is_taken_back(desk: Desk, ada: User) -> None:
    job = ask()
    acts.stop(job_id=job.pk, actor=ada, now=NOW)
    back = acts.put_back(job_id=job.pk, actor=ada, now=NOW + MINUTE)
    assert (back.state, back.stop_asked_at, back.finished_at) == (Job.State.QUEUED, None, None)
    done = work(job, now=NOW + MINUTE)
    assert done is not None
    assert done.state == Job.State.DONE
    with pytest.raises(ActRefused):
        acts.put_back(job_id=job.pk, actor=ada, now=NOW)


def give_up(desk: Desk, key: str = "test:1") -> Job:
    def fail(_: Work) -> None:
        raise OSError(28, "No space left on device")

    desk.does = fail
    job = ask(key)
    Job.objects.filter(pk=job.pk).update(failures=running.MOST_FAILURES - 1)
    with pytest.raises(OSError, match="space"):
        work(job)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    return job


@several
def test_what_was_given_up_is_tried_again_by_one_of_two(desk: Desk, ada: User) -> None:
    job = give_up(desk)
    assert job.trouble == Job.Trouble.DISK_FULL
    desk.sent.clear()
    found = at_once(3, lambda: acts.retry(job_id=job.pk, actor=ada, now=NOW).pk)
    assert sum(isinstance(one, ActRefused) for one in found) == 2
    assert desk.sent == [(job.pk, None)]
    job.refresh_from_db()
    assert (job.state, job.failures, job.error, job.told_at) == (Job.State.QUEUED, 0, "", None)
    desk.does = lambda work: {"rows": 2}
    done = work(job)
    assert done is not None
    assert done.state == Job.State.DONE
    assert happened(job) == ["asked", "begun", "given_up", "retried", "begun", "done"]
    assert JobEvent.objects.get(what="retried").actor == ada


def test_a_pause_is_cut_short(desk: Desk, ada: User) -> None:
    def fail(_: Work) -> None:
        raise OSError("no")

    desk.does = fail
    job = ask()
    with pytest.raises(OSError, match="no"):
        work(job)
    assert work(job) is None
    acts.retry(job_id=job.pk, actor=ada, now=NOW)
    desk.does = lambda work: None
    assert work(job) is not None


def test_another_open_one_for_the_same_stands_in_the_way(desk: Desk, ada: User) -> None:
    old = give_up(desk)
    ask()
    for act in (acts.retry, acts.put_back):
        Job.objects.filter(pk=old.pk).update(
            state=Job.State.FAILED if act is acts.retry else Job.State.STOPPED
        )
        with pytest.raises(ActRefused, match="open already"):
            act(job_id=old.pk, actor=ada, now=NOW)
    assert Job.objects.filter(state=Job.State.QUEUED).count() == 1


def test_what_is_done_or_in_line_is_not_tried_again(desk: Desk, ada: User) -> None:
    job = ask()
    for state in (Job.State.QUEUED, Job.State.RUNNING, Job.State.DONE):
        Job.objects.filter(pk=job.pk).update(state=state)
        with pytest.raises(ActRefused):
            acts.retry(job_id=job.pk, actor=ada, now=NOW)
