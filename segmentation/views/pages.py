"""The list of changes, and one change beside it with its decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.lists.asking import Asked
from crm.lists.models import ListView
from crm.lists.showing import PEOPLE, people_links, views_context
from crm.look import figures
from crm.look.charts import flow
from crm.look.toast import toast
from crm.team.for_admins import for_admins
from crm.team.requests import Request
from segmentation import change_list
from segmentation.actions import Action
from segmentation.change_html import rows_html
from segmentation.change_list import PROPOSALS, REMEMBERED, Show
from segmentation.change_listing import ChangeListing
from segmentation.change_page import ChangePage
from segmentation.change_rows import grouped, rows_of
from segmentation.errors import SegmentationError
from segmentation.forms import DecisionForm, ManyForm, PinForm, PinManyForm
from segmentation.models import TierChange, TieringRun
from segmentation.progress import progress
from segmentation.reasons import way
from segmentation.review import (
    accept_change,
    override_change,
    reject_change,
)
from segmentation.views.asking import Review, reviewers_only
from segmentation.windows import last_quarter_end
from segmentation.wording import as_of_label

FILTERS_KEY = "segmentation.changes"
LEFT_KEY = "segmentation.left"
"""Session: the filters last used; what a bulk decision left undecided, until it was shown."""


# The list -----------------------------------------------------------------------------------------------------------
@reviewers_only
@require_GET
def changes(request: Request) -> HttpResponse:
    """The changes of the newest run, or of `?run=`. The filters come back next time."""
    if (again := _as_saved(request) or _as_last_time(request)) is not None:
        return again
    if not (runs := change_list.runs_to_choose()):
        return _no_run(request)
    review = Review(request, runs=runs)
    if request.htmx and request.htmx.target == PEOPLE and review.rep.opened:
        answer = render(request, "lists/people.html", reps_context(review))
        patch_vary_headers(answer, ["HX-Request", "HX-Target"])
        return answer
    return page(request, review)


@for_admins
@require_GET
def managers(request: Request) -> HttpResponse:
    """How far each manager is with the run: the part that the list brings when it is opened."""
    review = Review(request)
    return render(request, "segmentation/progress.html", {"progress": progress(review.run, request.user)})


def _as_saved(request: Request) -> HttpResponse | None:
    """A view asked for by its key alone stands for its filters."""
    asked = Asked(ChangeListing(), request)
    view = asked.asked_view
    if view is None or asked.says_something:
        return None
    state = {"show": Show.UNDECIDED, **view.state, "view": view.key if isinstance(view, ListView) else ""}
    return redirect(f"{request.path}?{urlencode({name: value for name, value in state.items() if value})}")


def _as_last_time(request: Request) -> HttpResponse | None:
    """Remember the filters asked for; without any, send to those remembered."""
    given = {name: value for name in REMEMBERED if (value := request.GET.get(name, ""))}
    if not request.GET:
        remembered = request.session.get(FILTERS_KEY)
        return redirect(f"{request.path}?{urlencode(remembered)}") if remembered else None
    if "run" not in request.GET and given != request.session.get(FILTERS_KEY, {}):
        request.session[FILTERS_KEY] = given
    return None


def _no_run(request: Request) -> HttpResponse:
    today = request.today
    next_end = last_quarter_end(last_quarter_end(today) + dt.timedelta(days=100))
    return render(
        request,
        "segmentation/no_run.html",
        {"next_day": next_end + dt.timedelta(days=1), "next_as_of": next_end, "today": today},
    )


class _Counted(Paginator):
    """Pages of changes that the tallies have counted."""

    def __init__(self, changes: change_list.Changes, count: int) -> None:
        super().__init__(changes, change_list.ON_A_PAGE)
        self.count = count


def page(
    request: Request,
    review: Review,
    opened: ChangePage | None = None,
    *,
    form: DecisionForm | None = None,
    pin_form: PinForm | None = None,
    many: ManyForm | None = None,
    pin_many: PinManyForm | None = None,
) -> HttpResponse:
    """The whole page: the list, and the opened change beside it."""
    filters = review.filters
    tallies = change_list.tallies(review.all_changes, rep=filters.rep)
    summary = change_list.summary(tallies)
    if filters.words:
        searched = change_list.searched(review.all_changes, filters.words)
        tallies = change_list.tallies(searched, rep=filters.rep)
    numbers = change_list.numbers(tallies, filters)
    asked = request.GET.get("page")
    if asked is None and opened is not None and opened.change.pk in review.places:
        asked = str(review.places[opened.change.pk] // change_list.ON_A_PAGE + 1)
    shown = _Counted(review.shown, numbers.listed(filters)).get_page(asked)
    changes = cast(change_list.Changes, shown.object_list)
    rows = rows_of(
        changes,
        run=review.run,
        previous=review.previous,
        mine=filters.show != Show.OTHERS,
        reasons=review.reasons.names,
    )
    selected = set(request.POST.getlist("change")) if many is not None or pin_many is not None else set()
    open_pk = opened.change.pk if opened is not None else None
    run = review.run
    whole = max((run.review_until - figures.local_date(run.completed_at)).days, 1)
    left = (run.review_until - review.today).days
    context = {
        "review": review,
        "run": run,
        "run_label": as_of_label(run.as_of),
        "runs": [(each.pk, as_of_label(each.as_of)) for each in review.runs],
        "summary": summary,
        "chart": flow(summary.flow),
        "gauge": {"left": left, "used": min(max(whole - left, 0), whole), "whole": whole},
        "in_review": run.state == TieringRun.State.IN_REVIEW and left >= 0,
        "movements": [
            (each, review.list_url(move="" if each.code == review.filters.move else each.code))
            for each in summary.movements
        ],
        "pills": _pills(review, numbers),
        **reps_context(review),
        "headings": {
            name: (heading, review.list_url(sort=heading.sort))
            for name, heading in change_list.headings(review.filters.sort).items()
        },
        "groups": [
            (group, rows_html(group.rows, url=review.change_url, opened=open_pk, selected=selected))
            for group in grouped(rows, numbers)
        ],
        "rows": rows,
        "page": shown,
        "selectable": sum(row.selectable for row in rows),
        "many": many or ManyForm(None, reasons=review.reasons),
        "pin_many": pin_many or PinManyForm(None, today=review.today),
        "left": request.session.pop(LEFT_KEY, []),
        "everything_url": review.list_url(complaints="", move="", rep="", q="", show=Show.ALL),
        "all_url": review.list_url(complaints="", move="", rep="", q=""),
        "decided_url": review.list_url(show=Show.DECIDED),
        "here": _here(review, opened, shown.number),
        "today": review.today,
        "opened": opened,
        "own_page": True,
        **views_context(Asked(ChangeListing(), request)),
    }
    if opened is not None:
        context |= _opened(review, opened, form, pin_form)
    return render(request, "segmentation/changes.html", context)


def reps_context(review: Review) -> dict[str, Any]:
    """The filter by the owner of the account: its control and, where it is opened, its choices as links."""
    rep = review.rep
    if not rep.opened:
        return {"rep": rep}
    return {"rep": rep, **people_links(rep, lambda value: review.list_url(rep=value)), "own_page": True}


def _here(review: Review, opened: ChangePage | None, number: int) -> str:
    """This page's own address, to come back to."""
    url = review.change_url(opened.change.pk) if opened else review.list_url()
    return f"{url}&page={number}" if number > 1 else url


def _pills(review: Review, numbers: change_list.Numbers) -> list[tuple[str, int, str, bool]]:
    """Label, number, address, and whether it is on. With complaints goes with any of the others."""
    show = review.filters.show
    found = [
        (_("Undecided"), numbers.undecided, Show.UNDECIDED),
        (_("Decided"), numbers.decided, Show.DECIDED),
        (_("All"), numbers.total, Show.ALL),
    ]
    if numbers.others or show == Show.OTHERS:
        found.append((_("Others decide"), numbers.others, Show.OTHERS))
    pills = [(label, number, review.list_url(show=value), show == value) for label, number, value in found]
    on = review.filters.complaints
    if on or numbers.complaints:
        url = review.list_url(complaints="" if on else "1")
        pills.append((_("With complaints"), numbers.complaints, url, on))
    return pills


# One change ---------------------------------------------------------------------------------------------------------
@reviewers_only
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, pk: int) -> HttpResponse:
    """One change beside the list; POST decides it, and the next undecided one opens."""
    if request.method != "POST" and (again := _as_last_time(request)) is not None:
        return again
    review, opened = open_change(request, pk)
    if request.method == "POST":
        return _decide(request, review, opened)
    if request.htmx and request.htmx.target == "open":
        answer = render(
            request, "segmentation/opened.html", {"opened": opened, **_opened(review, opened, None, None)}
        )
    else:
        answer = page(request, review, opened)
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    return answer


def open_change(request: Request, pk: int) -> tuple[Review, ChangePage]:
    """The change and the review it stands in. Raises Http404."""
    user, today = request.user, request.today
    found = get_object_or_404(
        TierChange.objects.visible_to(user, on=today)
        .filter(state__in=PROPOSALS, run__isnull=False)
        .select_related("account__owner", "actor", "run__policy"),
        pk=pk,
    )
    review = Review(request, run=found.run)
    opened = ChangePage(found, user=user, today=today, previous=review.previous, is_newest=review.is_newest)
    return review, opened


def _opened(
    review: Review, opened: ChangePage, form: DecisionForm | None, pin_form: PinForm | None
) -> dict[str, Any]:
    before, after = review.neighbours(opened.change.pk)
    until = review.today + dt.timedelta(days=365)
    return {
        "review": review,
        "run": review.run,
        "form": form or decision_form(review, opened),
        "reason": review.reasons.name(opened.change.reason),
        "pin_form": pin_form
        or PinForm(initial={"tier": opened.account.tier, "first_day": review.today, "last_day": until}),
        "before_url": before,
        "after_url": after,
        "list_url": review.list_url(),
        "change_url": review.change_url(opened.change.pk),
        "undo_url": undo_url([opened.change.pk]),
        "today": review.today,
    }


def decision_form(review: Review, opened: ChangePage, data: Any = None) -> DecisionForm:
    return DecisionForm(
        data,
        people=opened.people,
        reasons=review.reasons,
        way=way(opened.change.from_tier, opened.found_tier),
    )


def _decide(request: Request, review: Review, opened: ChangePage) -> HttpResponse:
    change, account = opened.change, opened.account
    form = decision_form(review, opened, request.POST)
    following = review.next_undecided(change.pk)
    if form.is_valid():
        data = form.cleaned_data
        try:
            decided = _verb(request, change, data["decision"])(
                reason=data["reason"], note=data["note"], action=form.action
            )
        except SegmentationError as refusal:
            form.refuse(refusal)
            review, opened = open_change(request, change.pk)  # as it is by now: perhaps somebody else decided
        else:
            toast(request, _done(decided, account.name), undo_url([decided.pk]))
            url = review.change_url(following) if following else review.list_url()
            if not request.htmx:
                return redirect(url)
            # Not a redirect: it would be followed with the same headers, and bring the opened part alone.
            answer = (
                page(request, *open_change(request, following))
                if following
                else page(request, Review(request))
            )
            answer["HX-Push-Url"] = url
            return answer
    return page(request, review, opened, form=form)


def _verb(request: Request, change: TierChange, decision: str) -> Callable[..., TierChange]:
    given: dict[str, Any] = {
        "change": change,
        "actor": request.user,
        "today": request.today,
        "now": request.now,
    }

    def decide(*, reason: str, note: str, action: Action | None) -> TierChange:
        why: dict[str, Any] = {"reason": reason, "note": note, "action": action}
        if decision == "accept":
            return accept_change(**given, **why)
        if decision == "reject":
            return reject_change(**given, **why)
        return override_change(**given, **why, tier=decision)

    return decide


def _done(change: TierChange, name: str) -> str:
    """What the toast says."""
    words = {"account": name, "tier": change.to_tier or _("no tier"), "kept": change.from_tier}
    if change.state == TierChange.State.ACCEPTED:
        return _("Accepted: %(account)s is %(tier)s now.") % words
    if change.state == TierChange.State.REJECTED:
        return _("Rejected: %(account)s stays %(kept)s.") % words
    return _("Overridden: %(account)s is %(tier)s now.") % words


def undo_url(ids: list[int]) -> str:
    return f"{reverse('segmentation:undo')}?{urlencode({'change': ids}, doseq=True)}"
