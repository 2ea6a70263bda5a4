"""The review as a request asks for it: who may, which run, narrowed how, in which order; and its addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponseBase
from django.urls import reverse

from crm.lists.people import PersonControl
from crm.team.requests import Request
from segmentation import change_list
from segmentation.change_list import Filters
from segmentation.change_listing import REP
from segmentation.models import TierChange, TieringRun
from segmentation.reasons import Catalogue, catalogue

View = Callable[..., HttpResponseBase]


def reviewers_only(view: View) -> View:
    """Managers and admins; 404 for everybody else. Raises what the view raises; TierChange.DoesNotExist is a 404."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not (user.is_manager or user.is_admin):
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except TierChange.DoesNotExist as error:
            raise Http404 from error

    return guarded


class Review:
    """The review as one request asks for it: which run, narrowed how, in which order."""

    def __init__(
        self, request: Request, *, run: TieringRun | None = None, runs: list[TieringRun] | None = None
    ) -> None:
        self.request = request
        self.user, self.today = request.user, request.today
        self.runs = runs or change_list.runs_to_choose()
        self.run = run or self._asked_for()
        self.filters = Filters.read(request.GET, run=self.run)

    def _asked_for(self) -> TieringRun:
        """The run of `?run=`, else the newest. Raises Http404 for one there is not, and where there is none."""
        asked = self.request.GET.get("run", "")
        for run in self.runs:
            if not asked or str(run.pk) == asked:
                return run
        raise Http404

    @property
    def view(self) -> str:
        """The key of the saved view that is shown, changed or not; "" for none."""
        key = self.request.GET.get("view", "")
        return key if key.isascii() and key.isdigit() else ""

    @property
    def is_newest(self) -> bool:
        """Whether no run is newer."""
        return self.run.pk == self.runs[0].pk

    @cached_property
    def previous(self) -> TieringRun | None:
        """The run before."""
        return next((run for run in self.runs if run.as_of < self.run.as_of), None)

    @cached_property
    def reasons(self) -> Catalogue:
        """The reasons there are to give, and those that were given. One query."""
        return catalogue()

    @cached_property
    def all_changes(self) -> Any:
        """Every change of the run that the user may see."""
        return change_list.changes_of(self.run, self.user, on=self.today)

    @cached_property
    def rep(self) -> RepControl:
        """The filter by the owner of the account."""
        return RepControl(self)

    @cached_property
    def shown(self) -> Any:
        """The changes the list holds, in its order."""
        changes = change_list.listed_of(self.run, self.user, on=self.today, filters=self.filters)
        return change_list.shown(changes, self.filters, run=self.run, previous=self.previous)

    @cached_property
    def listed(self) -> list[tuple[int, str]]:
        """Id and state of every change the list holds, in its order."""
        return list(self.shown.values_list("pk", "state"))

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each id in the list."""
        return {pk: place for place, (pk, _state) in enumerate(self.listed)}

    # Addresses ------------------------------------------------------------------------------------------------------
    @cached_property
    def state(self) -> dict[str, str]:
        """The parameters that make this list again."""
        filters = self.filters
        found = {
            "run": "" if self.is_newest else str(self.run.pk),
            "show": filters.show,
            "complaints": "1" if filters.complaints else "",
            "move": filters.move,
            "rep": filters.rep,
            "q": filters.words,
            "view": self.view,
            "sort": "" if filters.sort == change_list.DEFAULT_SORT else filters.sort,
        }
        return {name: value for name, value in found.items() if value}

    def query(self, **changed: str) -> str:
        """The query string of this list with some parameters changed; "" takes one away."""
        return urlencode({name: value for name, value in (self.state | changed).items() if value})

    def list_url(self, **changed: str) -> str:
        """The list, with some parameters changed."""
        return f"{self._here}?{self.query(**changed)}"

    @cached_property
    def _here(self) -> str:
        return reverse("segmentation:changes")

    def change_url(self, pk: int) -> str:
        """One change beside this list."""
        before, after = self._around_change
        return f"{before}{pk}{after}"

    @cached_property
    def _around_change(self) -> tuple[str, str]:
        """What stands before and after a change's number in its address, which fifty rows need."""
        before, after = reverse("segmentation:change", args=[0]).rsplit("0", 1)
        return before, f"{after}?{self.query()}"

    # Going on -------------------------------------------------------------------------------------------------------
    def neighbours(self, pk: int) -> tuple[str, str]:
        """The addresses of the changes before and after it; "" at the ends and for one that is not listed."""
        place = self.places.get(pk)
        if place is None:
            return "", ""
        before = self.change_url(self.listed[place - 1][0]) if place else ""
        after = self.change_url(self.listed[place + 1][0]) if place + 1 < len(self.listed) else ""
        return before, after

    def next_undecided(self, pk: int) -> int | None:
        """The open proposal that follows it in the list; from the end it goes on at the beginning."""
        place = self.places.get(pk, -1)
        for other, state in self.listed[place + 1 :] + self.listed[: place + 1]:
            if state == TierChange.State.PROPOSED and other != pk:
                return other
        return None


class RepControl(PersonControl):
    """The filter by the owner of the account: of those whose accounts have a proposal to decide, which the run says."""

    def __init__(self, review: Review) -> None:
        super().__init__(REP, review.request, review.filters.rep)
        self.review = review
        self.url = review.list_url(menu=REP.name)

    has_people = True

    @cached_property
    def value(self) -> str:
        return self.asked

    @cached_property
    def owners(self) -> list[tuple[str, str]]:
        """Whose accounts have one: (value, name). One query."""
        return change_list.owners(self.review.all_changes)

    @property
    def chosen(self) -> str:
        return dict(self.owners).get(self.value, "") or str(REP.anything) if self.value else str(REP.anything)

    def offered(self) -> list[tuple[str, str]]:
        return self.owners
