"""The processes of a running demo: started, watched, and stopped together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 8.0
"""Seconds that a child is given to end by itself before it is killed."""
_LAST_LINES = 12


class ChildDied(Exception):
    """A child ended by itself. The message says which, how, and what it wrote last."""


@dataclass
class Children:
    """Child processes, each the head of a process group of its own, so that Ctrl-C reaches only us and we stop them.

    logs: the folder into which each writes its own file. environment: theirs, whole.
    """

    logs: Path
    folder: Path
    environment: Mapping[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        """Start `python -m arguments` as the child `name`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise ChildDied where one has ended."""
        for name, child in self.running.items():
            if (code := child.poll()) is not None:
                raise ChildDied(self._obituary(name, code))

    def wait_until(self, true: Callable[[], bool], *, seconds: float, otherwise: str) -> None:
        """Wait until `true`; ChildDied, with `otherwise`, where it takes longer or a child ends meanwhile."""
        end = time.monotonic() + seconds
        while not true():
            self.check()
            if time.monotonic() > end:
                raise ChildDied(otherwise)
            time.sleep(0.1)

    def stop(self) -> None:
        """End all children and whatever they started: ask, wait, then kill. Returns when none is left."""
        with _uninterrupted():
            for child in self.running.values():
                if child.poll() is None:
                    child.terminate()  # only the head: it ends its own children in good order
            end = time.monotonic() + PATIENCE
            for child in self.running.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=max(0.0, end - time.monotonic()))
            for child in self.running.values():
                # The head may be gone and one of its group still be there.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            self.running.clear()

    def _obituary(self, name: str, code: int) -> str:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        log = self.logs / f"{name}.log"
        last = log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        return "\n".join([f"The {name} process {how}. The end of {log}:", *(f"    {line}" for line in last)])


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second Ctrl-C must not leave children behind: ignored while we stop them, which takes seconds at most."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
