"""What one request asks of a list: filters, words, order, columns, view; and addresses that ask for something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import OrderBy, QuerySet

from crm.lists.builtin import BuiltIn
from crm.lists.columns import Column, Heading
from crm.lists.filters import Control, controls
from crm.lists.models import ListView
from crm.lists.people import read_ahead
from crm.team.requests import Request

if TYPE_CHECKING:
    from crm.lists.listing import Listing

LONGEST_WORDS = 200
View = ListView | BuiltIn


class Asked:
    """The list as one request asks for it.

    A view of the address stands for its filters, unless the address says filters or an order itself: then these count,
    and the view is the one they were changed from. Columns come from the address, else from the view, else from how
    the user left the list.
    """

    def __init__(self, listing: Listing, request: Request, given: Mapping[str, str] | None = None) -> None:
        self.listing, self.request = listing, request
        self.user, self.today = request.user, request.today
        self.given = request.GET if given is None else given
        self.exact = self.given.get("count") == "all"

    # Views ----------------------------------------------------------------------------------------------------------
    @cached_property
    def kept(self) -> list[ListView]:
        """How the user left the list, and the named views the user has: a query, and one for people they name."""
        found = ListView.objects.of(self.user, self.listing.slug)
        kept = list(found.select_related("user").order_by("shared", "name", "pk"))
        if foreign := [view.state for view in kept if view.user_id != self.user.pk]:
            read_ahead(self.listing.filters, self.request, [self.given, *foreign])
        return kept

    @cached_property
    def left(self) -> ListView | None:
        """How the user left the list; None for the first time."""
        return next((view for view in self.kept if not view.name), None)

    @cached_property
    def views(self) -> list[View]:
        """All views of this list that make sense to the user: those it comes with, own ones, shared ones.

        A shared view whose filter the user does not have (the owner is none of the user's people) would narrow nothing
        and say that it did: it is left out.
        """
        named = [view for view in self.kept if view.name]
        return [
            *self.listing.views_for(self.user),
            *(view for view in named if view.user_id == self.user.pk or self._makes_sense(view)),
        ]

    def _makes_sense(self, view: ListView) -> bool:
        asked = {name: value for name, value in view.state.items() if name in self._filter_names}
        return all(
            control.value == control.asked
            for control in controls(self.listing.filters, self.request, asked)
            if control.asked
        )

    def view_of(self, key: str) -> View | None:
        """The view with this key; None for one the user does not have."""
        return next((view for view in self.views if view.key == key), None)

    @cached_property
    def asked_view(self) -> View | None:
        """The view that the address names."""
        key = self.given.get("view", "")
        return self.view_of(key) if key else None

    @cached_property
    def changed(self) -> bool:
        """Whether the address narrows or sorts otherwise than the view it names."""
        view = self.asked_view
        if view is None:
            return False
        # Read as the view alone would be, or a value that means nothing any more would look like a change.
        as_saved = Asked(self.listing, self.request, {"view": view.key})
        as_saved.__dict__.update(kept=self.kept, views=self.views)
        return (self.filters, self.sort, self.column_names, self.words) != (
            as_saved.filters, as_saved.sort, as_saved.column_names, as_saved.words,
        )  # fmt: skip

    @cached_property
    def current(self) -> View | None:
        """The view that is shown, changed or not: the one asked for, else the one that comes to the same."""
        if self.asked_view is not None:
            return self.asked_view
        if self.words:
            return None
        for view in self.listing.views_for(self.user):
            same_order = "sort" not in view.state or view.state["sort"] == self.sort
            if (
                same_order
                and {n: v for n, v in view.state.items() if n in self._filter_names} == self.filters
            ):
                return view
        return None

    # What is asked --------------------------------------------------------------------------------------------------
    @cached_property
    def words(self) -> str:
        """What is searched for."""
        words = str(self._source.get("q", ""))
        return words.replace("\x00", "").strip()[:LONGEST_WORDS]

    @cached_property
    def _filter_names(self) -> frozenset[str]:
        return frozenset(each.name for each in self.listing.filters)

    @cached_property
    def says_something(self) -> bool:
        """Whether the address itself says filters or an order, be it that there are none."""
        return any(name in self.given for name in (*self.listing.remembered, "q"))

    @cached_property
    def _source(self) -> Mapping[str, str]:
        """Where filters and order come from."""
        if self.asked_view is not None and not self.says_something:
            return self.asked_view.state
        return self.given

    @cached_property
    def controls(self) -> list[Control]:
        """The filters with their choices and values."""
        asked = {name: str(self._source.get(name, "")).strip() for name in self._filter_names}
        return controls(self.listing.filters, self.request, asked)

    @cached_property
    def filters(self) -> dict[str, str]:
        """What the list is narrowed to, by name, without what narrows nothing."""
        return {
            control.of.name: control.value for control in self.controls if control.asked and control.value
        }

    @cached_property
    def sort(self) -> str:
        """`name` or `-name` of a column that sorts."""
        asked = str(self._source.get("sort", ""))
        column = self.listing.column(asked.removeprefix("-"))
        return asked if column is not None and column.order is not None else self.listing.usual_sort

    @cached_property
    def column_names(self) -> list[str]:
        """The columns to show, in order: those that are fixed stay."""
        asked = self.given.get("columns", "")
        if not asked and self.asked_view is not None:
            asked = self.asked_view.state.get("columns", "")
        elif not asked and self.left is not None:
            asked = self.left.state.get("columns", "")
        return self.readable(asked.split(","))

    def readable(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are columns, each once; the usual ones where none is. Fixed ones are put back."""
        known = [name for name in dict.fromkeys(names) if self.listing.column(name)]
        if not known:
            return list(self.listing.usual)
        missing = [each.name for each in self.listing.columns if each.fixed and each.name not in known]
        return [*missing, *known]

    @cached_property
    def columns(self) -> list[Column]:
        """The columns to show, in order."""
        return [column for name in self.column_names if (column := self.listing.column(name))]

    @property
    def narrowed(self) -> bool:
        """Whether filters narrow the list (words aside)."""
        return bool(self.filters)

    # Rows -----------------------------------------------------------------------------------------------------------
    @cached_property
    def rows(self) -> QuerySet[Any]:
        """All rows asked for, in no order."""
        return self.narrow(self.listing.visible(self.request))

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """What filters and words leave of visible rows."""
        rows = self.listing.usually(rows, self.filters)
        for control in self.controls:
            rows = control.narrow(rows)
        return self.listing.search(rows, self.words, self.request) if self.words else rows

    def fetched(self, *, many: bool, upto: int | None = None) -> Any:
        """The rows as dicts with what the columns need, in their order.

        many: there are more than COUNTED. upto: only so many of the first will be read, None for all.
        """
        rows, fields = self.rows, ["pk", *self.listing.always]
        if many and upto is not None and not self.words:
            rows = self.listing.first_rows(self, upto)
        if self.words:
            rows, found = self.listing.found_by(rows, self.words)
            fields += found
        annotations = {n: a for column in self.columns for n, a in column.annotations.items()}
        order, names = self.order_by(many=many)
        annotations |= names
        fields += [path for column in self.columns for path in column.fields]
        if annotations:
            rows = rows.annotate(**annotations)
        return rows.order_by(*order).values(*dict.fromkeys(fields))

    def sorted_by(self, *, many: bool) -> str:
        """The order that is used: an order without an index is kept to lists that are not long."""
        column = self.listing.column(self.sort.removeprefix("-"))
        assert column is not None and column.order is not None
        return self.sort if column.order.indexed or not many else self.listing.usual_sort

    def order_by(self, *, many: bool) -> tuple[list[OrderBy | str], dict[str, Any]]:
        """For order_by(), and the annotations it names."""
        sort = self.sorted_by(many=many)
        column = self.listing.column(sort.removeprefix("-"))
        assert column is not None and column.order is not None
        first = column.order.by(down=sort.startswith("-"))
        ties = [tie for tie in self.listing.ties if tie.removeprefix("-") != column.order.path]
        return [first, *ties], dict(column.annotations)

    # Addresses ------------------------------------------------------------------------------------------------------
    @cached_property
    def here(self) -> str:
        """The page of the list."""
        return self.listing.url

    @cached_property
    def state(self) -> dict[str, str]:
        """What makes this list again: for links on the page and for a view to be saved."""
        found = dict(self.filters)
        if self.sort != self.listing.usual_sort:
            found["sort"] = self.sort
        return found

    @cached_property
    def view_state(self) -> dict[str, str]:
        """What a view made of this list holds."""
        found = dict(self.state)
        if self.words:
            found["q"] = self.words
        if self.column_names != list(self.listing.usual):
            found["columns"] = ",".join(self.column_names)
        return found

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The address's parameters that lead here again, on the first page."""
        found = {"q": self.words, **self.state}
        if isinstance(self.asked_view, ListView):
            found["view"] = self.asked_view.key
            if not self.state and self.asked_view.state:
                found[self.listing.remembered[0]] = ""  # says that nothing narrows, though the view does
            if self.given.get("columns"):
                found["columns"] = ",".join(self.column_names)
        return found

    @property
    def carried(self) -> dict[str, str]:
        """What the form of the filters takes along that is none of its controls."""
        return {
            name: self.parameters[name] for name in ("sort", "view", "columns") if name in self.parameters
        }

    def address(self, **changed: str) -> str:
        """This list with some parameters changed; None of them empty but where emptiness says something."""
        return address(self.here, {**self.parameters, **changed}, said=self._said)

    def narrowed_by(self, name: str, value: str, **changed: str) -> str:
        """This list with another value of one filter, from the first page; "" takes the filter away."""
        said = self.listing.remembered[0]  # says that nothing narrows, where nothing else is said
        changed |= {name: value, said: value if name == said else self.filters.get(said, "")}
        return address(self.here, {**self.parameters, **changed}, said=said)

    @property
    def _said(self) -> str:
        """The parameter that is written even when empty."""
        return self.listing.remembered[0] if self.listing.remembered[0] in self.parameters else ""

    @property
    def query(self) -> str:
        """The address's query, for links that act on these rows."""
        return self.address().partition("?")[2]

    def headings_for(self, *, many: bool) -> list[Heading]:
        """The heads of the columns as sorted now, with the addresses of a click."""
        current = self.sorted_by(many=many)
        found = []
        for column in self.columns:
            up, down = column.name, f"-{column.name}"
            if column.order is None:
                found.append(Heading(column, "", ""))
                continue
            if many and not column.order.indexed:
                found.append(Heading(column, "", "", too_many=True))
                continue
            sort = {up: down, down: up}.get(current, down if column.order.down_first else up)
            turned = {up: "ascending", down: "descending"}.get(current, "")
            found.append(Heading(column, sort, turned, self.address(sort=sort)))
        return found


def address(here: str, parameters: Mapping[str, str], *, said: str = "") -> str:
    """A path with the parameters that are not empty; `said` is written even so."""
    query = urlencode({name: value for name, value in parameters.items() if value or name == said})
    return f"{here}?{query}" if query else here
