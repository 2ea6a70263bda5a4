"""The account list: its filters, its orders, and pages that do not count to the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import django_filters
from django.core.paginator import EmptyPage, PageNotAnInteger
from django.db.models import F, OrderBy, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Tier
from crm.look import figures
from crm.team.models import Country, User
from crm.team.visibility import standing

ON_A_PAGE = 50
COUNTED = 1000
"""Totals are counted up to here; beyond, "1,000+" says enough and costs nothing."""

NO_TIER, NOBODY = "none", "none"
MINE = "mine"


def owners_to_choose(user: User, *, on: dt.date) -> QuerySet[User]:
    """The owners by whom this user can filter; empty where all visible accounts are the user's own or the team's."""
    people = User.objects.filter(is_active=True).order_by("name", "id")
    if user.is_manager:
        return people.filter(Q(team__in=standing(user, on=on).led_team_ids) | Q(pk=user.pk))
    return people if user.is_admin or user.is_agent else people.none()


class AccountFilter(django_filters.FilterSet):
    """What the list can be narrowed to. A value that means nothing narrows nothing."""

    tier = django_filters.ChoiceFilter(
        label=_("Tier"),
        choices=[*Tier.choices, (NO_TIER, _("No tier"))],
        empty_label=_("Any tier"),
        method="by_tier",
    )
    phase = django_filters.ChoiceFilter(
        label=_("Phase"), choices=Account.Phase.choices, empty_label=_("Any phase")
    )
    country = django_filters.ChoiceFilter(
        label=_("Country"), choices=Country.choices, empty_label=_("Any country")
    )
    owner = django_filters.ChoiceFilter(label=_("Owner"), empty_label=_("Any owner"), method="by_owner")

    class Meta:
        model = Account
        fields = ("tier", "phase", "country", "owner")

    def __init__(self, *args: Any, user: User, on: dt.date, **kwargs: Any) -> None:
        self.user, self.on = user, on
        super().__init__(*args, **kwargs)
        names = list(owners_to_choose(user, on=on).values_list("pk", "name"))
        choices: list[tuple[Any, Any]] = [(MINE, _("Mine"))]
        if standing(user, on=on).sees_unowned or standing(user, on=on).sees_all:
            choices.append((NOBODY, _("Nobody")))
        self.filters["owner"].extra["choices"] = [*choices, *names]

    def by_tier(self, accounts: QuerySet[Account], _name: str, value: str) -> QuerySet[Account]:
        """A letter, or "none"."""
        return accounts.filter(tier=None if value == NO_TIER else value)

    def by_owner(self, accounts: QuerySet[Account], _name: str, value: str) -> QuerySet[Account]:
        """A user's id, "mine" (with the accounts of those the user stands in for), or "none"."""
        if value == MINE:
            return accounts.filter(owner__in=standing(self.user, on=self.on).owner_ids)
        return accounts.filter(owner=None if value == NOBODY else int(value))


@dataclass(frozen=True)
class Column:
    """One column of the list. `order`: what it sorts by first, None where it does not sort."""

    name: str
    label: str | Promise
    order: str | None = None
    down_first: bool = False
    """Whether the first click shows the largest first."""
    numeric: bool = False


COLUMNS = (
    Column("tier", _("Tier"), "tier"),
    Column("name", _("Account"), "search_key"),
    Column("code", _("Number"), "code"),
    Column("owner", _("Owner")),
    Column("sales", _("Revenue, 12 months"), "sales_12m_cents", down_first=True, numeric=True),
    Column("bought", _("Last purchase"), "last_purchase_on", down_first=True, numeric=True),
    Column("contacted", _("Last contact"), "last_contact_on", down_first=True, numeric=True),
)
DEFAULT_SORT = "name"
_SORTED = {column.name: column for column in COLUMNS if column.order}


@dataclass(frozen=True)
class Heading:
    """A column as the page shows it: where a click leads, and how it is sorted now."""

    column: Column
    sort: str
    """The value of `sort` that a click asks for; "" where the column does not sort."""
    aria_sort: str
    """"ascending", "descending" or ""."""


def ordering(sort: str) -> tuple[OrderBy | str, ...]:
    """The order for a `sort` value (`-sales`); unknown ones give the default. Empty values last, ties by code."""
    name = sort.removeprefix("-")
    column = _SORTED.get(name)
    if column is None:
        return ordering(DEFAULT_SORT)
    field = F(str(column.order))
    first = field.desc(nulls_last=True) if sort.startswith("-") else field.asc(nulls_last=True)
    if column.order in ("code", "search_key", "sales_12m_cents"):  # never empty: the plain order has an index
        first = field.desc() if sort.startswith("-") else field.asc()
    return (first, "code")


def headings(sort: str) -> list[Heading]:
    """The columns of the list as sorted by `sort`."""
    current = sort if sort.removeprefix("-") in _SORTED else DEFAULT_SORT
    found = []
    for column in COLUMNS:
        up, down = column.name, f"-{column.name}"
        if not column.order:
            found.append(Heading(column, "", ""))
        elif current == up:
            found.append(Heading(column, down, "ascending"))
        elif current == down:
            found.append(Heading(column, up, "descending"))
        else:
            found.append(Heading(column, down if column.down_first else up, ""))
    return found


class LongPaginator:
    """Pages over rows that are counted up to COUNTED only: one query for the count, one for a page."""

    def __init__(self, rows: QuerySet[Account], per_page: int = ON_A_PAGE) -> None:
        self.rows, self.per_page = rows, per_page

    @cached_property
    def count(self) -> int:
        """How many there are, at most COUNTED + 1."""
        return self.rows.order_by()[: COUNTED + 1].count()

    @property
    def count_words(self) -> str:
        """The count as shown: "214", "1,000+"."""
        return figures.number(COUNTED) + "+" if self.count > COUNTED else figures.number(self.count)

    def page(self, asked: str | int | None) -> LongPage:
        """A page; the first for what is no page number. Raises EmptyPage beyond the end, but for page 1."""
        try:
            number = max(int(asked or 1), 1)
        except ValueError:
            raise PageNotAnInteger from None
        start = (number - 1) * self.per_page
        if not self.count:
            return LongPage(self, 1, [], has_next=False)
        found = list(self.rows[start : start + self.per_page + 1])
        if not found:
            raise EmptyPage
        return LongPage(self, number, found[: self.per_page], has_next=len(found) > self.per_page)


@dataclass(frozen=True)
class LongPage:
    """One page of a LongPaginator."""

    paginator: LongPaginator
    number: int
    rows: list[Account]
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


REMEMBERED = ("tier", "phase", "country", "owner", "archived", "sort")
"""Parameters of the list that are kept for the user; the words searched for and the page are not."""


def chosen(query: Mapping[str, str]) -> dict[str, str]:
    """The filters and the order that a query sets, without empty ones."""
    return {name: value for name in REMEMBERED if (value := query.get(name, "").strip())}
