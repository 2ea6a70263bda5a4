"""Pages that do not count to the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.paginator import EmptyPage, PageNotAnInteger
from django.db.models import QuerySet

from crm.look import figures

ON_A_PAGE = 50
COUNTED = 1000
"""Totals are counted up to here; beyond, "1,000+" says enough and costs nothing."""


class LongPaginator:
    """Pages over rows that are counted up to COUNTED only: one query for the count, one for a page.

    rows: the rows to show; counted: the same rows as cheaply as they can be counted (without what only shows).
    exact: somebody asked for the whole number.
    """

    def __init__(
        self,
        rows: Any,
        per_page: int = ON_A_PAGE,
        *,
        counted: QuerySet[Any] | None = None,
        exact: bool = False,
    ) -> None:
        self.rows, self.per_page, self.exact = rows, per_page, exact
        self.counted = rows if counted is None else counted

    @cached_property
    def count(self) -> int:
        """How many there are; unless asked for exactly, at most COUNTED + 1."""
        rows = self.counted.order_by()
        return rows.count() if self.exact else rows[: COUNTED + 1].count()

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
        found = list(self.rows[start : start + self.per_page + 1])
        if not found:
            raise EmptyPage
        return LongPage(self, number, found[: self.per_page], has_next=len(found) > self.per_page)


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
