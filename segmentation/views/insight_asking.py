"""An insight page as a request asks for it: who may, which quarter, which team; its tabs and addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.team.choosing import TeamChoice
from crm.team.requests import Request
from segmentation.insight.scope import Scope, runs_to_choose
from segmentation.models import TieringRun
from segmentation.wording import as_of_label

PAGES: tuple[tuple[str, str | Promise, bool], ...] = (
    ("pareto", _("Pareto"), True),
    ("migration", _("Migration"), True),
    ("time", _("Sales and time"), True),
    ("wallet", _("Share of wallet"), True),
    ("reasons", _("Reasons"), False),
    ("policy", _("Next policy"), True),
)
"""URL name, words, and whether a rep has it too: decisions are for managers and admins (docs/domain.md, 1)."""


class Insight(TeamChoice):
    """What one request asks about. Raises Http404 for a run that is none."""

    def __init__(self, request: Request, runs: list[TieringRun]) -> None:
        super().__init__(request)
        self.runs = runs

    @cached_property
    def run(self) -> TieringRun:
        """The run of `?run=`, else the newest."""
        return self._chosen("run", self.runs[0])

    @cached_property
    def earlier(self) -> TieringRun | None:
        """The run of `?from=`, else the one before; None where there is none before."""
        before = [run for run in self.runs if run.as_of < self.run.as_of]
        if not before:
            return None
        asked = self._chosen("from", before[0])
        return asked if asked.as_of < self.run.as_of else before[0]

    def _chosen(self, name: str, otherwise: TieringRun) -> TieringRun:
        asked = self.request.GET.get(name, "")
        for run in self.runs:
            if str(run.pk) == asked:
                return run
        if asked:
            raise Http404
        return otherwise

    @cached_property
    def scope(self) -> Scope:
        return Scope(self.user, self.today, self.run, self.team)

    def query(self, **more: Any) -> str:
        """The query string that keeps quarter and team; "" for none."""
        kept = {
            "run": self.run.pk if self.run.pk != self.runs[0].pk else "",
            "team": self.team.pk if self.team else "",
            **more,
        }
        text = urlencode({name: value for name, value in kept.items() if value not in ("", None)})
        return f"?{text}" if text else ""

    def context(self, page: str) -> dict[str, Any]:
        """What every page has: tabs, what can be chosen, the files."""
        return {
            "insight": self,
            "page_name": page,
            "tabs": [
                {"label": words, "url": reverse(f"insight:{name}") + self.query(), "current": name == page}
                for name, words, for_reps in PAGES
                if for_reps or self.leads
            ]
            + [{"label": _("Complaints"), "url": reverse("learning:reasons"), "current": False}],
            "runs": [(run.pk, as_of_label(run.as_of)) for run in self.runs],
            "run": self.run,
            "run_label": as_of_label(self.run.as_of),
            "query": self.query(),
        }


View = Callable[..., HttpResponseBase]


def insight_page(*, leads_only: bool = False) -> Callable[[View], View]:
    """For a view of (request, insight, ...): 404 for agents and, where leads_only, for reps; a word without runs."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user = request.user
            if user.is_agent or (leads_only and not (user.is_manager or user.is_admin)):
                raise Http404
            runs = runs_to_choose()
            if not runs:
                return _nothing(request)
            return view(request, Insight(request, runs), *args, **kwargs)

        return guarded

    return decorate


def _nothing(request: Request) -> HttpResponse:
    return render(request, "segmentation/insight/nothing.html")
