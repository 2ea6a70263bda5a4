"""What the tests of tiers may ask for."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from contacts import planning
from segmentation.errors import SegmentationError
from tests.support.sessions import separate_connections

__all__ = ["separate_connections"]


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
