"""What one list is: its rows, columns, filters and the views it comes with. Each app defines its own (settings.LISTS).

    class PersonListing(Listing):
        slug = "persons"
        url_name = "persons:list"
        columns = (...)

        def visible(self, request):
            return ContactPerson.objects.visible_to(request.user, on=request.today)

A list is stateless; what one request asks of it is an `Asked` (crm.lists.asking).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from crm.lists.asking import Asked
from crm.lists.builtin import ALL, BuiltIn
from crm.lists.columns import Column, Row
from crm.lists.filters import Filter
from crm.team.models import User
from crm.team.requests import Request


class Listing:
    """One list. Subclasses say what is in it; nothing here knows a request between two calls."""

    slug: ClassVar[str]
    title: ClassVar[str | Promise]
    url_name: ClassVar[str]
    everything: ClassVar[str | Promise] = _("All")
    """The name of the view that narrows nothing."""
    columns: ClassVar[Sequence[Column]]
    usual: ClassVar[Sequence[str]]
    """The columns shown unless somebody chose others."""
    usual_sort: ClassVar[str]
    ties: ClassVar[Sequence[str]] = ("-pk",)
    """What decides between rows that sort alike: field paths that make the order total."""
    filters: ClassVar[Sequence[Filter]] = ()
    views: ClassVar[Sequence[BuiltIn]] = ()
    always: ClassVar[Sequence[str]] = ()
    """Field paths that every row carries, whatever is shown."""
    icon: ClassVar[str] = "filter"
    nothing: ClassVar[str | Promise] = _("Nothing matches")
    searched: ClassVar[str | Promise] = _("what is listed here")
    """Where the words were looked for: "Nothing with “x” in names and numbers …"."""
    search_label: ClassVar[str | Promise] = _("Search")
    search_hint: ClassVar[str | Promise] = ""
    exports: ClassVar[bool] = True
    """Whether crm.lists writes its files; a list with a page of its own may have its own."""
    template: ClassVar[str] = "lists/list.html"
    empty_template: ClassVar[str] = "lists/empty.html"
    """What stands in the place of rows where there are none at all."""
    bulk_template: ClassVar[str] = ""
    """A bar that acts on selected rows: a form with the id `bulk` (docs/look.md). Without one rows have no boxes."""

    _by_name: ClassVar[Mapping[str, Column]] = {}

    def __init_subclass__(cls) -> None:
        cls._by_name = {column.name: column for column in cls.columns}

    # Rows -----------------------------------------------------------------------------------------------------------
    def visible(self, request: Request) -> QuerySet[Any]:
        """The rows the user may see. Everything else starts here."""
        raise NotImplementedError

    def usually(self, rows: QuerySet[Any], filters: Mapping[str, str]) -> QuerySet[Any]:
        """What is left out unless a filter asks for it: archived accounts, persons who left."""
        return rows

    def search(self, rows: QuerySet[Any], words: str, request: Request) -> QuerySet[Any]:
        """The rows in which the words are found."""
        return rows

    def found_by(self, rows: QuerySet[Any], words: str) -> tuple[QuerySet[Any], Sequence[str]]:
        """The rows of a search with what tells why each was found, and the field paths of that."""
        return rows, ()

    def rows(self, request: Request) -> QuerySet[Any]:
        """All rows that the request's address asks for, on all pages, in no order: what an act on all of them takes."""
        return Asked(self, request).rows

    def counted(self, asked: Asked) -> Sequence[QuerySet[Any]]:
        """The rows asked for in parts that have none in common, each as cheaply as it can be counted."""
        return [asked.rows]

    def first_rows(self, asked: Asked, upto: int) -> QuerySet[Any]:
        """The rows asked for where there are many and only the first `upto` are read; the same rows, found otherwise.

        A list that a database would sort whole to show one page of it says here how to find that page.
        """
        return asked.rows

    def attach(self, rows: Sequence[dict[str, Any]], columns: Sequence[Column], request: Request) -> None:
        """Add to the rows of one page what no single statement gives, such as tags; one query for each."""

    # Words ----------------------------------------------------------------------------------------------------------
    def row_name(self, row: Row) -> str:
        """What a row is called, for the label of its box."""
        return str(row["pk"])

    def count_words(self, paginator: Any) -> str:
        """ "214 accounts": said to screen readers when the rows change."""
        return paginator.count_words

    def is_for(self, user: User) -> bool:
        """Whether the user has this list at all."""
        return True

    def may_select(self, user: User) -> bool:
        """Whether the rows have boxes for this user."""
        return bool(self.bulk_template)

    def context(self, request: Request) -> dict[str, Any]:
        """What the list's own templates need beside the rest."""
        return {}

    # Addresses ------------------------------------------------------------------------------------------------------
    @property
    def url(self) -> str:
        """Its page."""
        return reverse(self.url_name)

    def column(self, name: str) -> Column | None:
        """By name."""
        return self._by_name.get(name)

    def views_for(self, user: User) -> list[BuiltIn]:
        """The views it comes with, for this user; the first narrows nothing."""
        return [
            BuiltIn(ALL, self.everything),
            *(view for view in self.views if view.is_for(user)),
        ]

    @property
    def remembered(self) -> tuple[str, ...]:
        """Parameters that are kept for the user and make up a view; the words and the page are not."""
        return (*(each.name for each in self.filters), "sort")


@cache
def listings() -> dict[str, Listing]:
    """Every list of the product by its slug."""
    found: Iterable[Listing] = [import_string(path)() for path in settings.LISTS]
    return {listing.slug: listing for listing in found}
