"""Filters of lists: what each can be set to, and what it then leaves. A value that means nothing narrows nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise

from crm.team.requests import Request

Narrow = Callable[[QuerySet[Any], str, Request], QuerySet[Any]]
Choices = Sequence[tuple[str, str | Promise]]
LONGEST = 100
"""Letters of a text filter that are read."""


@dataclass(frozen=True)
class Filter:
    """One thing a list can be narrowed by. `name` is its parameter.

    narrow: gives the rows a value leaves. rare: stands among "More filters". `shape` tells the template its control.
    """

    name: str
    label: str | Promise
    narrow: Narrow
    rare: bool = False
    shape = ""

    def meaning(self, value: str, choices: Choices) -> str:
        """The value as it is used; "" for one that means nothing."""
        return value

    def choices_for(self, request: Request) -> Choices:
        """What the user can choose; asked once per request. Empty where nothing is chosen from."""
        return ()

    def control(self, request: Request, asked: str) -> Control:
        """Itself as one request shows it."""
        return Control(self, request, asked)


@dataclass(frozen=True)
class Choice(Filter):
    """One of several values. `choices`: pairs of value and words, or a function of the request that gives them."""

    choices: Choices | Callable[[Request], Choices] = ()
    anything: str | Promise = ""
    """The words where nothing is chosen."""
    hidden_under: int = 0
    """With fewer choices than these there is nothing to choose: no control."""
    shape = "choice"

    def choices_for(self, request: Request) -> Choices:
        return self.choices(request) if callable(self.choices) else self.choices

    def meaning(self, value: str, choices: Choices) -> str:
        return value if any(value == known for known, _words in choices) else ""


@dataclass(frozen=True)
class Flag(Filter):
    """On or off; "1" is on."""

    shape = "flag"

    def meaning(self, value: str, choices: Choices) -> str:
        return "1" if value == "1" else ""


@dataclass(frozen=True)
class Text(Filter):
    """A few letters to look for."""

    shape = "text"

    def meaning(self, value: str, choices: Choices) -> str:
        return value.replace("\x00", "").strip()[:LONGEST]


@dataclass(frozen=True)
class Day(Filter):
    """A date, as ISO 8601."""

    shape = "day"

    def meaning(self, value: str, choices: Choices) -> str:
        try:
            return dt.date.fromisoformat(value).isoformat()
        except ValueError:
            return ""


class Control:
    """A filter as one request shows it: its choices and its value."""

    def __init__(self, of: Filter, request: Request, asked: str) -> None:
        self.of, self.request, self.asked = of, request, asked

    @property
    def opened(self) -> bool:
        """Whether its own menu is open."""
        return False

    @property
    def shape(self) -> str:
        """Tells the template what to draw."""
        return self.of.shape

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """Value and words."""
        return [(value, str(words)) for value, words in self.of.choices_for(self.request)]

    @cached_property
    def value(self) -> str:
        """What was asked for, where it means something."""
        return self.of.meaning(self.asked, self.choices) if self.asked else ""

    @property
    def shown(self) -> bool:
        """Whether there is anything to choose."""
        return not isinstance(self.of, Choice) or len(self.choices) >= self.of.hidden_under

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """What the value leaves of the rows."""
        return self.of.narrow(rows, self.value, self.request) if self.value else rows


def equals(path: str, *, empty: str = "") -> Narrow:
    """Narrows by a field's value; the value `empty` stands for None."""

    def narrow(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
        return rows.filter(**{path: None if empty and value == empty else value})

    return narrow


def compares(lookup: str) -> Narrow:
    """Narrows by a field and how it compares: "ordered_on__gte"."""

    def narrow(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
        return rows.filter(**{lookup: value})

    return narrow


def holds(**conditions: Any) -> Narrow:
    """For a flag: narrows to what the conditions hold for."""

    def narrow(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
        return rows.filter(**conditions)

    return narrow


def controls(filters: Iterable[Filter], request: Request, asked: dict[str, str]) -> list[Control]:
    """The filters as one request shows them."""
    return [each.control(request, asked.get(each.name, "")) for each in filters]
