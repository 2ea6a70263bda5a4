"""A desk at which jobs of one kind, "test", are asked for and worked off, without a broker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from kombu.exceptions import OperationalError as BrokerError

from crm.jobs import kinds, running
from crm.jobs.kinds import Start, Work, job_kind
from tests.support.sessions import separate_connections

__all__ = ["separate_connections"]


class Refused(Exception):
    """The test's kind says it never can do this."""


@dataclass
class Desk:
    """What the broker was sent, and what the test's kind of job did."""

    sent: list[tuple[int, dt.datetime | None]] = field(default_factory=list)
    begun: list[Work] = field(default_factory=list)
    does: Callable[[Work], dict[str, Any] | None] = lambda work: None
    broker_is_up: bool = True
    may_start: bool = True


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk()

    def send(name: str, args: list[int], eta: dt.datetime | None = None) -> None:
        assert name == "crm.jobs.tasks.work_job"
        if not desk.broker_is_up:
            raise BrokerError("connection refused")
        desk.sent.append((args[0], eta))

    def do(work: Work) -> dict[str, Any] | None:
        desk.begun.append(work)
        return desk.does(work)

    monkeypatch.setattr(running.current_app, "send_task", send)
    monkeypatch.setattr(kinds, "_kinds", {})
    job_kind(
        "test",
        refusals=(Refused,),
        label="Test",
        about="It tests.",
        result_words=lambda result: f"{result['rows']} rows",
        startable=lambda today: Start("test:by-hand") if desk.may_start else "There is nothing to test.",
    )(do)
    yield desk
