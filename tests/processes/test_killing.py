"""Workers killed, brokers lost, clocks absent: exactly one complete run results (docs/domain.md, 4.3)."""

from __future__ import annotations

import datetime as dt
import os
import random
import shelve
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from segmentation.windows import last_quarter_end
from tests.processes.conftest import ACCOUNTS, Postgres, Running, Site, Sqlite, eventually, local_day

TODAY = local_day()
AS_OF = last_quarter_end(TODAY).isoformat()
KILLS = 20 if os.environ.get("OPIEKA_SERIES") == "full" else 3
WHOLE = [(AS_OF, ACCOUNTS)]


@contextmanager
def one_account_locked(database: Postgres) -> Iterator[Any]:
    """Hold a row that the run's last statement must write, so that all before it is done and nothing is committed."""
    connection = database.connect(autocommit=False)
    try:
        with connection.cursor() as cursor:
            # The first run gives every account with a purchase a tier; every account of the company has one.
            cursor.execute("SELECT id FROM accounts_account ORDER BY id DESC LIMIT 1 FOR NO KEY UPDATE")
        yield connection
    finally:
        connection.close()


@contextmanager
def writer_locked(database: Sqlite) -> Iterator[Any]:
    """Hold the one writer's place of SQLite."""
    connection = database.connect()
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
    finally:
        connection.close()


def is_waiting_for_a_lock(database: Postgres) -> bool:
    """Whether a statement of the run waits for what the test holds."""
    return bool(
        database.value(
            "SELECT COUNT(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE %s",
            ["%UPDATE accounts_account%"],
        )
    )


def held_in_the_middle(site: Site, job_id: int) -> None:
    """Wait until the run stands at the lock of the test."""
    assert isinstance(site.database, Postgres)
    database = site.database
    eventually(lambda: is_waiting_for_a_lock(database), f"the run waits; the job is {site.job(job_id)}")


# The worker is killed -----------------------------------------------------------------------------------------------
def test_killed_while_the_run_is_held_open(postgres_site: Site) -> None:
    site = postgres_site
    assert isinstance(site.database, Postgres)
    worker = site.worker()
    with one_account_locked(site.database):
        job = site.ask_for_tiering(AS_OF)
        held_in_the_middle(site, job)
        assert site.job(job)[:2] == ("running", 1)
        assert site.runs() == []
        worker.kill()
    assert site.runs() == []
    site.worker()
    site.until_done(job)
    assert site.runs() == WHOLE
    assert site.job(job)[1] == 2


def test_killed_while_the_writer_is_held(sqlite_site: Site) -> None:
    site = sqlite_site
    assert isinstance(site.database, Sqlite)
    job = site.ask_for_tiering(AS_OF)
    with writer_locked(site.database):
        worker = site.worker()
        eventually(lambda: "work_job[" in worker.said(), "the worker has fetched the job, and waits to write")
        worker.kill()
    assert site.runs() == []
    site.worker()
    site.until_done(job)
    assert site.runs() == WHOLE


def test_killed_while_its_session_still_stands(postgres_site: Site) -> None:
    """A session that waits for a lock does not notice at once that its client is dead, and keeps the job's lock.

    As long as it does, nobody may begin the job again; once the server has noticed, the sweep brings it back.
    """
    site = postgres_site
    assert isinstance(site.database, Postgres)
    worker = site.worker()
    with one_account_locked(site.database):
        job = site.ask_for_tiering(AS_OF)
        held_in_the_middle(site, job)
        worker.kill_parent_only()
        successor = site.worker()
        eventually(lambda: finished(successor, "sweep_jobs") == 1, "the new worker has swept")
        if waiting(site.database):
            assert site.job(job)[:2] == ("running", 1)
        # CHECKED_EVERY in crm.settings: the server asks whether the client lives although the test holds the row.
        eventually(lambda: not waiting(site.database), "the server has noticed")
        site.sweep()
        held_in_the_middle(site, job)
        assert site.job(job)[:2] == ("running", 2)
    site.until_done(job)
    assert site.runs() == WHOLE


def test_killed_at_random_moments(site: Site) -> None:
    """Between two kills the run may have ended; then the next day's run is the victim."""
    dice = random.Random(int(os.environ.get("OPIEKA_SEED", "1")))
    days = [(TODAY - dt.timedelta(days=back)).isoformat() for back in range(KILLS + 2, 0, -1)]

    worker = site.worker()
    asked = {days[0]: site.ask_for_tiering(days[0])}
    site.until_done(asked[days[0]])
    began, ended = site.database.rows(
        "SELECT started_at, finished_at FROM jobs_job WHERE id = %s", [asked[days[0]]]
    )[0]
    lasts = (moment(ended) - moment(began)).total_seconds()
    worker.kill()

    interrupted = 0
    pending: int | None = None
    upcoming = iter(days[1:])
    for _ in range(KILLS):
        if pending is None:
            day = next(upcoming)
            pending = asked[day] = site.ask_for_tiering(day)
        begun = partial(attempts_exceed, site, pending, site.job(pending)[1])
        worker = site.worker(ready=False)
        if dice.random() < 0.8:  # somewhere in the run, or a little past it; else while the worker comes up
            eventually(begun, "the job is begun again")
            time.sleep(dice.uniform(0, 1.2 * lasts))
        else:
            time.sleep(dice.uniform(0, 3))
        worker.kill()
        assert all(count == ACCOUNTS for _, count in site.runs())
        if site.is_done(pending):
            pending = None
        else:
            interrupted += 1
    print(f"{KILLS} kills, {interrupted} before the job had ended; undisturbed it takes {lasts:.2f} s")

    site.worker()
    for job in asked.values():
        site.until_done(job)
    assert site.runs() == [(day, ACCOUNTS) for day in asked]
    changes = site.database.rows(
        "SELECT run_id, account_id FROM segmentation_tierchange GROUP BY 1, 2 HAVING COUNT(*) > 1"
    )
    assert changes == []


def attempts_exceed(site: Site, job_id: int, count: int) -> bool:
    return site.job(job_id)[1] > count


def moment(value: Any) -> dt.datetime:
    """A time as PostgreSQL gives it, or as SQLite does."""
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)


# Two at once --------------------------------------------------------------------------------------------------------
def test_two_runs_at_once(postgres_site: Site) -> None:
    """The job and the command, both begun while the first is held open."""
    site = postgres_site
    assert isinstance(site.database, Postgres)
    site.worker()
    with one_account_locked(site.database):
        job = site.ask_for_tiering(AS_OF)
        held_in_the_middle(site, job)
        command = site.start("manage.py", "retier", "--as-of", AS_OF)
        eventually(lambda: len(waiting(site.database)) == 2, "both runs wait")
    site.until_done(job)
    assert command.process.wait(60) == 0, command.said()
    assert site.runs() == WHOLE


def waiting(database: Any) -> list[tuple[Any, ...]]:
    return database.rows(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )


def test_two_runs_at_once_on_sqlite(sqlite_site: Site) -> None:
    site = sqlite_site
    assert isinstance(site.database, Sqlite)
    site.worker()
    job = site.ask_for_tiering(AS_OF)
    commands = [site.start("manage.py", "retier", "--as-of", AS_OF) for _ in range(2)]
    site.until_done(job)
    for command in commands:
        assert command.process.wait(60) == 0, command.said()
    assert site.runs() == WHOLE


def test_two_workers_and_two_messages_make_one_attempt(site: Site) -> None:
    workers = [site.worker(), site.worker()]
    job = site.ask_for_tiering(AS_OF)
    site.run(
        "-c",
        "import django; django.setup(); from crm.jobs.tasks import work_job\n"
        f"for _ in range(6): work_job.delay({job})",
    )
    site.until_done(job)
    eventually(
        lambda: sum(finished(worker, "work_job") for worker in workers) >= 7, "all messages are worked off"
    )
    assert site.job(job)[:2] == ("done", 1)
    assert site.runs() == WHOLE


def finished(worker: Running, task: str) -> int:
    """How many messages of the task the worker has worked off."""
    return sum(f"{task}[" in line and "succeeded" in line for line in worker.said().splitlines())


# The broker is lost -------------------------------------------------------------------------------------------------
def test_redis_lost_during_the_run(postgres_site: Site) -> None:
    site = postgres_site
    assert isinstance(site.database, Postgres)
    assert site.redis
    site.worker()
    with one_account_locked(site.database):
        job = site.ask_for_tiering(AS_OF)
        held_in_the_middle(site, job)
        site.redis.kill()
    site.until_done(job)
    assert site.job(job)[1] == 1
    site.redis.start()
    assert site.runs() == WHOLE


def test_redis_and_the_worker_lost_during_the_run(postgres_site: Site) -> None:
    """No message is left anywhere: the row alone brings the job back."""
    site = postgres_site
    assert isinstance(site.database, Postgres)
    assert site.redis
    worker = site.worker()
    with one_account_locked(site.database):
        job = site.ask_for_tiering(AS_OF)
        held_in_the_middle(site, job)
        site.redis.kill()
        worker.kill()
    site.redis.start()
    assert site.job(job)[:2] == ("running", 1)
    site.worker()
    site.until_done(job)
    assert site.job(job)[1] == 2
    assert site.runs() == WHOLE


def test_asked_for_while_redis_is_away(postgres_site: Site) -> None:
    """Asking raises nothing and is quick; the worker, which lives through it, does the job after the next sweep."""
    site = postgres_site
    assert site.redis
    worker = site.worker()
    site.redis.kill()
    job, took = site.timed_asking_for_tiering(AS_OF)
    assert took < 15  # the settings bound it
    assert site.job(job)[:2] == ("queued", 0)
    site.redis.start()
    site.sweep()
    site.until_done(job)
    assert worker.process.poll() is None
    assert site.runs() == WHOLE


# The clock is absent ------------------------------------------------------------------------------------------------
def away_since(site: Site, days: int) -> None:
    """Make beat's own file say that it last asked for each entry so many days ago."""
    beat = site.beat()
    file = site.folder / "beat-schedule"
    eventually(lambda: "beat: Starting" in beat.said() and list(site.folder.glob("beat-schedule*")), "beat")
    time.sleep(1)
    beat.stop()
    with shelve.open(str(file), writeback=True) as kept:
        for entry in kept["entries"].values():
            entry.last_run_at -= dt.timedelta(days=days)


def test_beat_absent_on_the_first_of_the_quarter(site: Site) -> None:
    """Nobody asked for the quarter's run; the daily upkeep finds it missing and has it made, and contacts planned."""
    if (TODAY - last_quarter_end(TODAY)).days <= 2:
        pytest.skip(
            "On these days beat asks for the run itself: test_beat_asks_for_what_fell_due_while_it_was_away."
        )
    assert site.runs() == []
    away_since(site, 1)
    site.worker()
    site.beat()
    eventually(lambda: site.runs() == WHOLE, "the run is made")
    wanted = {"daily", "import_upkeep", "tiering", "triggers", "planning"}
    kinds = eventually(
        lambda: (found := done_kinds(site)) >= wanted and found, "upkeep, run, triggers and planning are done"
    )
    assert kinds == wanted


def done_kinds(site: Site) -> set[str]:
    return {kind for (kind,) in site.database.rows("SELECT kind FROM jobs_job WHERE state = 'done'")}


def test_beat_asks_for_what_fell_due_while_it_was_away(sqlite_site: Site) -> None:
    """Away for a hundred days, so over the first of a quarter: it asks for the quarter's run itself."""
    site = sqlite_site
    away_since(site, 100)
    beat = site.beat()
    eventually(lambda: "tier the quarter" in beat.said(), "beat asks for the quarter")
    site.worker()
    eventually(lambda: site.runs() == WHOLE, "the run is made")


# The lock as such ---------------------------------------------------------------------------------------------------
def test_many_ask_at_once_and_one_job_is_made(postgres_site: Site) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(postgres_site.ask_for_tiering(AS_OF))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
