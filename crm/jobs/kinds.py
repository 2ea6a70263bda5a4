"""The kinds of job. This floor lies below the apps, so each app registers its own, in its tasks.py.

@job_kind("tiering", refusals=(TieringRefused,), label=_("Tiering run"), about=_("Tiers of all accounts ..."))
def tier(work: Work) -> dict[str, object]: ...
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from crm.team.models import User


class Stopped(Exception):
    """Somebody asked that the job stop. Let it pass: the transaction it passes through is rolled back."""


class Overtaken(Exception):
    """The connection and so the lock were lost for a while, and another worker has begun the job: this one must end."""


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
    """`report(done, total)`: visible progress; total is None where unknown. Outside the function's transactions.
    Raises Stopped where somebody asked the job to stop, and Overtaken: call it wherever the work may be left."""


REFUSED = "refused"
"""The key of a result that says why a job refused what it was given: again would not help."""
WorkFunction = Callable[[Work], dict[str, Any] | None]
Words = str | Promise


@dataclass(frozen=True)
class Start:
    """What starting a kind by hand asks for."""

    key: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A registered kind of job."""

    name: str
    function: WorkFunction
    refusals: tuple[type[Exception], ...] = field(default=())
    label: Words = ""
    """Its name on the Jobs page."""
    about: Words = ""
    """One sentence: what it does."""
    subject: Callable[[str, dict[str, Any]], str] | None = None
    """(key, arguments) -> what one job of it is about, in words; None: the key says it."""
    result_words: Callable[[dict[str, Any]], str] | None = None
    """result -> one line on what came of it; it must bear results of older versions."""
    scheduled_by: str = ""
    """The name of the task by which the schedule asks for it; empty: it is not on the schedule."""
    startable: Callable[[dt.date], Start | str] | None = None
    """today -> what an admin's start asks for, or the words that say why there is nothing to do; None: not by hand."""


_kinds: dict[str, Kind] = {}


class UnknownKind(LookupError):
    """No app has registered this kind of job."""


def job_kind(
    name: str,
    *,
    refusals: tuple[type[Exception], ...] = (),
    label: Words = "",
    about: Words = "",
    subject: Callable[[str, dict[str, Any]], str] | None = None,
    result_words: Callable[[dict[str, Any]], str] | None = None,
    scheduled_by: str = "",
    startable: Callable[[dt.date], Start | str] | None = None,
) -> Callable[[WorkFunction], WorkFunction]:
    """Register the decorated function as what a job of this kind does; what it returns (JSON) is the job's result.

    It may be killed anywhere and is then called again with the same arguments: it must be safe to repeat.
    `refusals` are the exceptions that say why it never can be done; any other failure is tried again. The rest is for
    the Jobs page: see Kind.
    """

    def register(function: WorkFunction) -> WorkFunction:
        known = _kinds.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"Two modules register the job kind {name!r}.")
        _kinds[name] = Kind(
            name, function, refusals, label, about, subject, result_words, scheduled_by, startable
        )
        return function

    return register


def kind_named(name: str) -> Kind:
    """The kind of this name. Raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(f"Nothing here does jobs of the kind {name!r}.") from None


def known_kinds() -> list[Kind]:
    """Every registered kind, in the order of registration."""
    return list(_kinds.values())
