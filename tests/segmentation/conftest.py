"""What the tests of tiers may ask for."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection, connections

from contacts import planning
from segmentation.errors import SegmentationError


@pytest.fixture
def now(today: dt.date) -> dt.datetime:
    """Mid-morning of today."""
    return dt.datetime.combine(today, dt.time(10), tzinfo=dt.UTC)


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The account ids of every call to planning, in order; nothing is planned."""
    calls: list[list[int]] = []

    def plan(*, today: dt.date, now: dt.datetime, account_ids: Collection[int] | None = None) -> None:
        assert account_ids is not None
        calls.append(sorted(account_ids))

    monkeypatch.setattr(planning, "plan", plan)
    return calls


@pytest.fixture
def separate_connections(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that several threads may write to, each over a connection of its own, as processes would.

    PostgreSQL's test database is one. SQLite's lives in memory, where another connection is told "locked" at once
    instead of waiting: so the test runs on a copy in a file.
    """
    if connection.vendor != "sqlite":
        yield
        return
    in_memory, name = connections["default"], connections.settings["default"]["NAME"]
    file = tmp_path / "test.sqlite3"
    in_memory.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        in_memory.connection.backup(copy)
    del connections["default"]
    connections.settings["default"]["NAME"] = str(file)
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"]["NAME"] = name
        connections["default"] = in_memory


@pytest.fixture
def at_once(separate_connections: None) -> Callable[..., list[object]]:
    """Call the functions in a thread each, begun together; gives what each returned or raised, in their order."""

    def run(*functions: Callable[[], object]) -> list[object]:
        gate = threading.Barrier(len(functions))

        def call(function: Callable[[], object]) -> object:
            try:
                gate.wait(10)
                return function()
            except SegmentationError as error:
                return error
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(functions)) as threads:
            return [future.result(60) for future in [threads.submit(call, one) for one in functions]]

    return run
