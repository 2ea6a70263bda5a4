"""A table of a learning page: the same rows on the page and in its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.functional import Promise

from complaints.wording import working_words
from crm.lists.columns import NUMERIC, Kind
from crm.look import figures

SHOWN = 20
"""Rows of a table on a page; its file has all."""


class Head(NamedTuple):
    """One column: its words, what it holds, and how a value is shown."""

    words: str
    kind: Kind = Kind.TEXT
    shown: Callable[[Any], str] = str
    css: str = ""


def number(words: str | Promise) -> Head:
    """A count."""
    return Head(str(words), Kind.NUMBER, figures.number)


def money(words: str | Promise) -> Head:
    """Cents of the base currency."""
    return Head(str(words), Kind.MONEY, figures.money)


def percent(words: str | Promise, decimals: int = 0) -> Head:
    """A fraction."""
    return Head(str(words), Kind.PERCENT, lambda value: figures.percent(value, decimals))


def minutes(words: str | Promise) -> Head:
    """Working minutes; a file has their number."""
    return Head(str(words), Kind.NUMBER, working_words)


def text(words: str | Promise) -> Head:
    """Words."""
    return Head(str(words))


def code(words: str | Promise) -> Head:
    """A number or code, which stands on one line."""
    return Head(str(words), css="code")


def day(words: str | Promise, today: Any) -> Head:
    """A date."""
    return Head(str(words), Kind.DAY, lambda value: figures.day(value, today))


@dataclass(frozen=True)
class Line:
    """One row: a value for each head, None where there is none; addresses by the column that leads there."""

    values: Sequence[Any]
    links: Mapping[int, str] = field(default_factory=dict)
    small: str = ""
    """Said below the first value."""
    tier: str | None = None
    """Shown before the first value."""


def _css(head: Head) -> str:
    return "n" if head.kind in NUMERIC else head.css


class Cell(NamedTuple):
    """What one cell shows."""

    words: str
    css: str
    url: str
    missing: bool


@dataclass(frozen=True)
class Table:
    """name: in its address. note: a sentence below it. Where there are no lines, `nothing` is said."""

    name: str
    title: str
    heads: Sequence[Head]
    lines: Sequence[Line]
    note: str = ""
    nothing: str = ""
    """Lines of a page are SHOWN at most, and one more where there are more; those of a file are all."""

    def shown(self) -> Iterator[tuple[Line, Cell, list[Cell]]]:
        """The first rows: the line, its first cell, the others."""
        for line in self.lines[:SHOWN]:
            first, *others = [
                Cell(
                    figures.NOTHING if value is None else head.shown(value),
                    _css(head),
                    line.links.get(place, ""),
                    value is None,
                )
                for place, (head, value) in enumerate(zip(self.heads, line.values, strict=True))
            ]
            yield line, first, others

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The words of each head, and its class."""
        return [(head.words, _css(head)) for head in self.heads]

    @property
    def has_more(self) -> bool:
        """Whether the file has rows that the page does not show."""
        return len(self.lines) > SHOWN

    def for_file(self) -> tuple[list[tuple[str, Kind]], Iterator[list[Any]]]:
        """Heads and rows as crm.lists.exporting takes them."""
        heads = [(head.words, head.kind) for head in self.heads]
        return heads, (["" if value is None else value for value in line.values] for line in self.lines)
