"""The list of tier changes among the lists of the product: its views. Its page is the review's own."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from crm.lists.builtin import BuiltIn
from crm.lists.columns import Column, Order
from crm.lists.filters import Choice, Choices, Filter, Flag
from crm.lists.listing import Listing
from crm.lists.people import Person
from crm.team.models import User
from crm.team.requests import Request
from segmentation import change_list
from segmentation.change_list import MOVES, NOBODY, SHOWS, Show, move_code
from segmentation.models import TierChange


def unchanged(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Narrowing is the review's own (segmentation.change_list.shown): a run decides what a filter means."""
    return rows


class _Rep(Filter):
    """An owner's id, or nobody. Which owners there are depends on the run."""

    def meaning(self, value: str, choices: Choices) -> str:
        return value if value == NOBODY or (value.isascii() and value.isdigit() and len(value) < 10) else ""


REP = Person("rep", gettext_lazy("Sales rep"), unchanged, anything=gettext_lazy("All sales reps"))
"""As the review draws it (segmentation.views.asking)."""


class ChangeListing(Listing):
    """Tier changes: for managers and admins."""

    slug = "changes"
    title = gettext_lazy("Tier changes")
    url_name = "segmentation:changes"
    everything = gettext_lazy("To decide")
    columns = tuple(
        Column(column.name, column.label, (column.name,), order=Order(column.field))
        for column in change_list.COLUMNS
    )
    exports = False
    usual = tuple(column.name for column in columns)
    usual_sort = change_list.DEFAULT_SORT
    filters = (
        Choice(
            "show", gettext_lazy("Shown"), unchanged,
            choices=tuple((each, each) for each in SHOWS if each != Show.UNDECIDED),
        ),
        Flag("complaints", gettext_lazy("With complaints"), unchanged),
        Choice(
            "move", gettext_lazy("Movement"), unchanged,
            choices=tuple((move_code(*move), move_code(*move)) for move in MOVES),
        ),
        _Rep(REP.name, REP.label, unchanged),
    )  # fmt: skip
    views = (
        BuiltIn("falling", gettext_lazy("A to B"), {"move": "AB"}),
        BuiltIn("complaining", gettext_lazy("With complaints"), {"complaints": "1"}),
        BuiltIn("all_of_it", gettext_lazy("All"), {"show": Show.ALL}),
    )

    def is_for(self, user: User) -> bool:
        """Tier changes are for managers and admins (docs/domain.md, 1)."""
        return user.is_manager or user.is_admin

    def visible(self, request: Request) -> QuerySet[TierChange]:
        """What the user may see of all runs."""
        return TierChange.objects.visible_to(request.user, on=request.today)
