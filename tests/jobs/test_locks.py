"""Locks that fall when their holder dies (crm.jobs.locks), on the database the suite runs on."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from crm.jobs.locks import held, is_held

pytestmark = pytest.mark.django_db(transaction=True)

HOLD = """
import os, sys, time
import django
from django.conf import settings
django.setup()
from django.db import connection
settings.VAR_DIR = sys.argv[1]
connection.settings_dict["NAME"] = sys.argv[2]
from crm.jobs.locks import held
with held("the lock") as free:
    print("holds" if free else "refused", flush=True)
    if free:
        time.sleep(60)
"""


@pytest.fixture
def folder(settings: LazySettings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "locks"


@pytest.fixture
def other_process(folder: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a process of its own that tries the lock "the lock" and says on its output what it got."""
    started = []

    def start() -> subprocess.Popen[str]:
        name = str(connection.settings_dict["NAME"])
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(folder.parent), name], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def says(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 30)[0], "the other process said nothing"
    return process.stdout.readline().strip()


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_a_lock_is_held_for_the_block_and_free_after_it(folder: Path) -> None:
    assert not is_held("a")
    with held("a") as free:
        assert free
        assert is_held("a")
        assert not is_held("b")
    assert not is_held("a")
    with held("a") as free:
        assert free


def test_a_second_holder_is_refused_in_the_same_process_too(folder: Path) -> None:
    with held("a") as first, held("a") as second:
        assert first
        assert not second
    assert not is_held("a")


def test_being_refused_takes_nothing_from_the_holder(folder: Path) -> None:
    with held("a"):
        with held("a") as second:
            assert not second
        assert is_held("a")


def test_an_error_in_the_block_gives_the_lock_back(folder: Path) -> None:
    with pytest.raises(RuntimeError), held("a"):
        raise RuntimeError
    assert not is_held("a")


def test_another_process_is_refused_and_the_lock_falls_when_it_is_killed(
    other_process: Callable[[], subprocess.Popen[str]],
) -> None:
    holder = other_process()
    assert says(holder) == "holds"
    assert is_held("the lock")
    assert says(other_process()) == "refused"
    with held("the lock") as free:
        assert not free
    os.kill(holder.pid, signal.SIGKILL)
    assert eventually(lambda: not is_held("the lock"))
    with held("the lock") as free:
        assert free


def test_of_many_that_try_at_once_one_holds(folder: Path) -> None:
    for _ in range(10):
        start, end = threading.Barrier(8), threading.Barrier(8)
        got: list[bool] = []

        def attempt(start: threading.Barrier, end: threading.Barrier, got: list[bool]) -> None:
            start.wait()
            with held("a") as free:
                got.append(free)
                is_held("a")
                end.wait()
            connection.close()

        threads = [threading.Thread(target=attempt, args=(start, end, got)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got) == [False] * 7 + [True]


def test_asking_whether_it_is_held_never_makes_a_holder_fail(folder: Path) -> None:
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            is_held("a")
        connection.close()

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        for _ in range(300):
            with held("a") as free:
                assert free
    finally:
        stop.set()
        asker.join()


def test_files_of_locks_do_not_pile_up(folder: Path) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("locks are no files here")
    for number in range(20):
        with held(f"job:{number}"):
            pass
    assert [file.name for file in folder.iterdir()] == ["gate"]


def test_a_lock_whose_session_has_ended_is_free_and_its_end_raises_nothing(folder: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("files have no session")
    with held("a") as free:
        assert free
        connection.close()
        assert not is_held("a")
    with held("a") as free:
        assert free
