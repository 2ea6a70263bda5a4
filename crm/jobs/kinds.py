"""The kinds of job. This floor lies below the apps, so each app registers its own, in its tasks.py.

@job_kind("tiering", refusals=(TieringRefused,))
def tier(work: Work) -> dict[str, object]: ...
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crm.team.models import User


@dataclass(frozen=True)
class Work:
    """What the function of a kind is given: the job's values, and the clock as it was when the attempt began."""

    job_id: int
    key: str
    arguments: dict[str, Any]
    """As given to enqueue: JSON, so days are ISO texts."""
    today: dt.date
    """The company's local date."""
    now: dt.datetime
    started_by: User | None
    """None: the schedule."""
    report: Callable[[int, int | None], None]
    """`report(done, total)`: visible progress; total is None where unknown. Outside the function's transactions."""


WorkFunction = Callable[[Work], dict[str, Any] | None]


@dataclass(frozen=True)
class Kind:
    """A registered kind of job."""

    name: str
    function: WorkFunction
    refusals: tuple[type[Exception], ...] = field(default=())


_kinds: dict[str, Kind] = {}


class UnknownKind(LookupError):
    """No app has registered this kind of job."""


def job_kind(
    name: str, *, refusals: tuple[type[Exception], ...] = ()
) -> Callable[[WorkFunction], WorkFunction]:
    """Register the decorated function as what a job of this kind does; what it returns (JSON) is the job's result.

    It may be killed anywhere and is then called again with the same arguments: it must be safe to repeat.
    `refusals` are the exceptions that say why it never can be done; any other failure is tried again.
    """

    def register(function: WorkFunction) -> WorkFunction:
        known = _kinds.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"Two modules register the job kind {name!r}.")
        _kinds[name] = Kind(name, function, refusals)
        return function

    return register


def kind_named(name: str) -> Kind:
    """The kind of this name. Raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(f"Nothing here does jobs of the kind {name!r}.") from None
