"""Taking times: wall and processor, of this process and of its database backend, in alternated rounds."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Times:
    """What one subject took, round by round, in seconds."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Of this process, its database backend and the backend's workers together; others on the machine do not count."""

    def clear(self) -> None:
        """Forget what warmed up."""
        self.wall.clear()
        self.processor.clear()

    def extend(self, others: Times) -> None:
        """Add what was taken elsewhere."""
        self.wall += others.wall
        self.processor += others.processor

    def median(self) -> float:
        return statistics.median(self.wall)

    def median_processor(self) -> float:
        return statistics.median(self.processor)


@contextmanager
def timed(times: Times) -> Iterator[None]:
    """Take the time of what stands inside, garbage collected before and not during it."""
    gc.collect()
    gc.disable()
    backend, own, began = _backend_seconds(), time.process_time(), time.perf_counter()
    try:
        yield
    finally:
        took, own = time.perf_counter() - began, time.process_time() - own
        gc.enable()
    times.wall.append(took)
    times.processor.append(own + _backend_seconds() - backend)


@contextmanager
def quickly_timed(times: Times) -> Iterator[None]:
    """As `timed`, for what takes milliseconds: the backend is not asked, garbage is collected by the caller."""
    own, began = time.process_time(), time.perf_counter()
    yield
    times.wall.append(time.perf_counter() - began)
    times.processor.append(time.process_time() - own)


def alternate(rounds: int, *subjects: Callable[[], object]) -> None:
    """Each subject once in every round, so that a machine that slows down slows all of them."""
    for _ in range(rounds):
        gc.collect()
        for subject in subjects:
            subject()


def _backend_seconds() -> float:
    """Processor seconds of the database's process for this connection, and of its helpers that have ended.

    A statement that is shared out runs in workers, children of the server's first process, which gets their seconds
    when they end. On a server of its own nobody else's processes end between two questions, but for vacuum's.
    0 where the server is not on this machine.
    """
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        own = _stat(pid)
        first = _stat(int(own[1]))
    except FileNotFoundError:
        return 0.0
    return sum(map(int, (*own[11:13], *first[13:15]))) / _TICKS


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat behind its name: 1 the parent, 11 and 12 own time, 13 and 14 that of ended children."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
