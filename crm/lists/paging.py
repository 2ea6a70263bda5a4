"""Pages that do not count to the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.core.paginator import EmptyPage, PageNotAnInteger
from django.db import connection
from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from crm.look import figures

ON_A_PAGE = 50
COUNTED = 1000
"""Totals are counted up to here; beyond, "1,000+" says enough and costs nothing."""


class LongPaginator:
    """Pages over rows that are counted up to COUNTED only: one query for the count, one for a page.

    counted: the rows as cheaply as they can be counted, in parts that have none in common. read: gives the rows from
    one place to before another, in their order. exact: somebody asked for the whole number.
    """

    read: Callable[[int, int], list[Any]]

    def __init__(
        self, *, counted: Sequence[QuerySet[Any]], per_page: int = ON_A_PAGE, exact: bool = False
    ) -> None:
        self.counted, self.per_page, self.exact = counted, per_page, exact

    @cached_property
    def count(self) -> int:
        """How many there are; unless asked for exactly, at most COUNTED + 1."""
        parts = [rows.order_by() for rows in self.counted]
        if not self.exact:
            parts = [rows[: COUNTED + 1] for rows in parts]
        found = parts[0].count() if len(parts) == 1 else _count_all(parts)
        return found if self.exact else min(found, COUNTED + 1)

    @property
    def is_many(self) -> bool:
        """Whether there are more than COUNTED."""
        return self.count > COUNTED

    @property
    def count_words(self) -> str:
        """The count as shown: "214", "1,000+"."""
        return (
            figures.number(COUNTED) + "+" if self.is_many and not self.exact else figures.number(self.count)
        )

    def page(self, asked: str | int | None) -> LongPage:
        """A page; the first for what is no page number. Raises EmptyPage beyond the end, but for page 1."""
        try:
            number = max(int(asked or 1), 1)
        except ValueError:
            raise PageNotAnInteger from None
        if number > FARTHEST:
            raise EmptyPage
        start = (number - 1) * self.per_page
        if not self.count:
            return LongPage(self, 1, [], has_next=False)
        found = self.read(start, start + self.per_page + 1)
        if not found:
            raise EmptyPage
        return LongPage(self, number, found[: self.per_page], has_next=len(found) > self.per_page)


def _count_all(parts: Sequence[QuerySet[Any]]) -> int:
    """How many rows there are in all of them. One statement, which the ORM cannot say."""
    counts: list[str] = []
    params: list[Any] = []
    for number, rows in enumerate(parts):
        try:
            sql, values = rows.query.sql_with_params()
        except EmptyResultSet:  # a condition that nothing can meet
            continue
        counts.append(f"(SELECT COUNT(*) FROM ({sql}) part_{number})")
        params += values
    if not counts:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {' + '.join(counts)}", params)
        return cursor.fetchone()[0]


def reached(rows: QuerySet[Any], day: str, upto: int) -> Coalesce:
    """The day down to which the newest `upto` of the rows reach; the beginning of time where there are fewer.

    Rows from that day on are all that a page, newest first, is made of; an index alone can tell the day.
    """
    last = rows.order_by(f"-{day}").values(day)[upto - 1 : upto]
    return Coalesce(Subquery(last), Value(dt.date.min))


FARTHEST = 100_000_000
"""A page number beyond it is nobody's, and would not fit a database's integers."""


@dataclass(frozen=True)
class LongPage:
    """One page of a LongPaginator."""

    paginator: LongPaginator
    number: int
    rows: list[Any]
    has_next: bool

    @property
    def first(self) -> int:
        """The position of its first row, from 1."""
        return (self.number - 1) * self.paginator.per_page + 1

    @property
    def last(self) -> int:
        """The position of its last row."""
        return self.first + len(self.rows) - 1

    @property
    def previous(self) -> int | None:
        """The number of the page before, None on the first."""
        return self.number - 1 if self.number > 1 else None

    @property
    def following(self) -> int | None:
        """The number of the page after, None on the last."""
        return self.number + 1 if self.has_next else None
