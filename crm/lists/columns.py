"""Columns of lists: what each reads, how it is shown, how it sorts, and what an export writes.

Rows are dicts by field path, as QuerySet.values() gives them, so that only what is shown is fetched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from html import escape  # Django's does the same, and asks of each text whether it is lazy
from typing import Any

from django.db.models import F, OrderBy
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.look import figures

Row = Mapping[str, Any]


class Kind(Enum):
    """What a column holds: how it is shown, and the type of its cells in a spreadsheet."""

    TEXT = "text"
    DAY = "day"
    MONEY = "money"
    """Integer cents of the base currency; an export writes units with two decimals."""
    NUMBER = "number"
    PERCENT = "percent"
    """A fraction: 0.125 is 12.5 %."""
    YES = "yes"
    """True or False; only True says something."""


NUMERIC = frozenset({Kind.DAY, Kind.MONEY, Kind.NUMBER, Kind.PERCENT})
"""Kinds that stand at the end of their cell."""


@dataclass(frozen=True)
class Order:
    """What a column sorts by.

    path: a field path, or the name of an annotation of the column. nullable: empty values come last either way.
    indexed: whether an index serves it however many rows there are; one without is offered up to COUNTED rows only.
    """

    path: str
    nullable: bool = False
    indexed: bool = True
    down_first: bool = False
    """Whether the first click shows the largest first."""

    def by(self, *, down: bool) -> OrderBy:
        """For order_by()."""
        value = F(self.path)
        # Plain where nothing can be empty, or NULLS LAST would keep PostgreSQL from the index.
        last = True if self.nullable else None
        return value.desc(nulls_last=last) if down else value.asc(nulls_last=last)


@dataclass(frozen=True)
class Column:
    """One column that a list can show.

    fields: the field paths its cells are made of; the first is its value unless `value` says otherwise. phone: where it
    stands on a phone: "lead" before the name, "name", "end" beside the name, "line" below it with its label, "plain"
    below it without, "hidden" not at all.
    """

    name: str
    label: str | Promise
    fields: tuple[str, ...]
    kind: Kind = Kind.TEXT
    order: Order | None = None
    value: Callable[[Row], Any] | None = None
    """What an export writes and, without `html`, a page shows; None is an empty cell."""
    html: Callable[[Row, dt.date], str] | None = None
    """The inside of the cell, escaped; the day is today."""
    annotations: Mapping[str, Combinable] = field(default_factory=dict)
    """What `fields` names that is no field."""
    phone: str = "line"
    unit: str = ""
    """Stands behind the label ("€"), and on a phone behind the figure."""
    fixed: bool = False
    """Always shown: without it a row could not be opened."""

    @property
    def numeric(self) -> bool:
        """Whether its cells are set at their end."""
        return self.kind in NUMERIC

    def worth(self, row: Row) -> Any:
        """The value for an export: text, int, Decimal, float, date, bool or None; money in cents."""
        return self.value(row) if self.value else row[self.fields[0]]

    def inside(self, row: Row, today: dt.date) -> str:
        """The inside of its cell as HTML."""
        if self.html is not None:
            inside = self.html(row, today)
            return inside if isinstance(inside, SafeString) else escape(inside)
        worth = self.worth(row)
        if worth is None or worth == "":
            return figures.NOTHING if self.numeric else ""
        return escape(_shown(self.kind, worth, today))


def _shown(kind: Kind, worth: Any, today: dt.date) -> str:
    match kind:
        case Kind.DAY:
            return figures.day(worth, today)
        case Kind.MONEY:
            return figures.money(worth)
        case Kind.NUMBER:
            return figures.number(worth)
        case Kind.PERCENT:
            return figures.percent(worth)
        case Kind.YES:
            return _("yes") if worth else ""
        case _:
            return str(worth)


def words_of(choices: Iterable[tuple[Any, Any]], path: str) -> Callable[[Row], str]:
    """A column's value: the words of a choice. They are looked up at each call, in the language of the request."""
    words = {value: label for value, label in choices if value is not None}

    def look_up(row: Row) -> str:
        return str(words.get(row[path], ""))

    return look_up


def muted(words: str) -> SafeString:
    """Words in the place of a value that is missing."""
    return format_html('<span class="muted">{}</span>', words)


@dataclass(frozen=True)
class Heading:
    """A column as the page shows it: where a click leads, and how it is sorted now."""

    column: Column
    sort: str
    """The value of `sort` that a click asks for; "" where it does not sort."""
    aria_sort: str
    """"ascending", "descending" or ""."""
    url: str = ""
    too_many: bool = False
    """It would sort, but not so many rows."""
