"""The list and the board of complaints, and what is done to them there (docs/domain.md, 6)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints import board as boards
from complaints import workflow
from complaints.assigning import Assigned, assign_many, assignees, undo_assigning
from complaints.board import BoardListing
from complaints.complaint_list import ComplaintListing, assignees_context, complaint_url
from complaints.errors import BadInput, ComplaintError
from complaints.models import Assigning, Complaint
from complaints.running_out import Clocks
from crm.lists.asking import Asked, address
from crm.lists.showing import come_back, filters_context, found_people, show, views_context
from crm.look.figures import number
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request

INVALID = 422
BULK_ASSIGNEE = "bulk-assignee"
"""The id of the choice of whom the selected complaints are given to."""


@require_GET
def list(request: Request) -> HttpResponse:
    """Complaints and questions of all accounts one sees, by the time they have left."""
    if request.htmx and request.htmx.target == BULK_ASSIGNEE:
        answer = render(request, "complaints/assignees.html", assignees_context(request))
        patch_vary_headers(answer, ["HX-Request", "HX-Target"])
        return answer
    return show(request, ComplaintListing())


# The board ----------------------------------------------------------------------------------------------------------
@require_GET
def board(request: Request) -> HttpResponse:
    """The open ones by state; filters and views are remembered as those of a list."""
    asked = Asked(BoardListing(), request)
    if (people := found_people(asked)) is not None:
        return people
    if (elsewhere := come_back(asked)) is not None:
        return elsewhere
    context = _board(request, asked) | filters_context(asked) | views_context(asked)
    alone = request.htmx and request.htmx.target == "found"
    answer = render(request, "complaints/board_found.html" if alone else "complaints/board.html", context)
    if alone:
        typing = request.htmx.trigger == "list-search"
        answer["HX-Replace-Url" if typing else "HX-Push-Url"] = asked.address()
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    return answer


def _board(request: Request, asked: Asked) -> dict[str, Any]:
    columns = boards.read_board(asked)
    return {
        "board": columns,
        "total": sum(column.number for column in columns),
        "query": f"?{asked.query}" if asked.query else "",
        "q": asked.words,
        "asked": asked,
        "listing": asked.listing,
        "list_url": address(ComplaintListing().url, asked.filters)
        if asked.filters
        else ComplaintListing().url,
        "narrowed": asked.narrowed,
        "today": request.today,
    }


def _visible(request: Request, pk: int) -> Complaint:
    """A complaint the user may see, or 404."""
    rows = Complaint.objects.visible_to(request.user, on=request.today)
    return get_object_or_404(rows.select_related("account__owner", "assignee", "category"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: Request, pk: int) -> HttpResponse:
    """What can be done with a card, as a dialog or as a page; POST does it: `act`, or the column `to` it is dragged to.

    An answer to a script is the board as it then stands; its address carries the filters.
    """
    complaint = _visible(request, pk)
    back = reverse("complaints:board") + (f"?{request.GET.urlencode()}" if request.GET else "")
    if request.method == "POST":
        try:
            _move(request, complaint)
        except ComplaintError as refused:
            toast(request, str(refused), level=messages.ERROR)
        if not request.htmx:
            return redirect(back)
        context = _board(request, Asked(BoardListing(), request))
        return render(request, "complaints/board_answer.html", context)
    context = {
        "complaint": complaint,
        "left": Clocks(now=request.now).of_complaint(complaint),
        "acts": [
            (act, boards.SINGLE[act][0], boards.SINGLE[act][3]) for act in boards.acts_on(complaint.state)
        ],
        "by_form": boards.forms(complaint.state, complaint.kind),
        "url": complaint_url(complaint.pk),
        "query": f"?{request.GET.urlencode()}" if request.GET else "",
        "back": back,
        "assignees": [
            (one.pk, one.name)
            for one in assignees(request.user, on=request.today)
            if one.pk != complaint.assignee_id
        ],
        "today": request.today,
    }
    template = "complaints/board_dialog.html" if request.htmx else "complaints/board_move.html"
    answer = render(request, template, context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _move(request: Request, complaint: Complaint) -> None:
    """Do what was asked, and say it with the way back. Raises ComplaintError."""
    act = request.POST.get("act", "")
    if not act:
        act = boards.act_towards(complaint, request.POST.get("to", ""))
    if act not in boards.SINGLE:
        raise BadInput(_("Choose what is done."))
    done, step = boards.take(
        act, complaint=complaint, actor=request.user, today=request.today, now=request.now
    )
    # Translators: what became of a complaint: "R-2026-00017, Browar Zamkowy: in progress."
    words = _("%(number)s, %(account)s: %(state)s.") % {
        "number": done.number,
        "account": complaint.account.name,
        "state": done.get_state_display().lower(),
    }
    undo = reverse("complaints:step_undo", args=[done.pk, step.pk]) if step is not None else None
    toast(request, words, undo)


@require_POST
def step_undo(request: Request, pk: int, step: int) -> HttpResponse:
    """Take a step back that was a slip of the hand."""
    complaint = _visible(request, pk)
    try:
        back = workflow.take_back_step(
            complaint=complaint, step_id=step, actor=request.user, today=request.today, now=request.now
        )
    except ComplaintError as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        words = _("Taken back: %(number)s is %(state)s again.")
        toast(request, words % {"number": back.number, "state": back.get_state_display().lower()})
    return redirect(asked_from(request) or "complaints:board")


# Assigning ----------------------------------------------------------------------------------------------------------
@require_POST
def assign(request: Request) -> HttpResponse:
    """Give the selected rows, or all that the list's address asks for, to somebody; the address carries its filters."""
    query = request.GET.urlencode()
    back = asked_from(request) or reverse("complaints:list") + (f"?{query}" if query else "")
    try:
        if request.POST.get("all"):
            rows = ComplaintListing().rows(request)
        else:
            picked = [int(pk) for pk in request.POST.getlist("row") if pk.isdecimal() and len(pk) < 18]
            rows = Complaint.objects.visible_to(request.user, on=request.today).filter(pk__in=picked)
        assignee = _assignee(request)
        done = assign_many(
            complaints=rows, assignee=assignee, actor=request.user, today=request.today, now=request.now
        )
    except ComplaintError as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        _say_assigned(request, done, assignee)
    return redirect(back)


def _assignee(request: Request) -> User:
    """Who was chosen. Raises BadInput for nobody."""
    chosen = request.POST.get("assignee", "")
    if chosen == "me":
        return request.user
    found = User.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 18 else None
    if found is None:
        raise BadInput(_("Choose who is to work on them."), field="assignee")
    return found


def _say_assigned(request: Request, done: Assigned, assignee: User) -> None:
    if not done.changed:
        words = ngettext("%(name)s has it already.", "%(name)s has them already.", done.same)
        toast(request, words % {"name": assignee.name}, level=messages.INFO)
        return
    words = ngettext(
        "%(number)s given to %(name)s.",
        "%(number)s complaints and questions given to %(name)s.",
        done.changed,
    ) % {"number": number(done.changed), "name": assignee.name}
    if done.same:
        more = ngettext("%(number)s was there already.", "%(number)s were there already.", done.same)
        words = f"{words} {more % {'number': number(done.same)}}"
    undo = reverse("complaints:assign_undo", args=[done.act.pk]) if done.act is not None else None
    toast(request, words, undo)


@require_POST
def assign_undo(request: Request, pk: int) -> HttpResponse:
    """Give back what was given, where it still is there."""
    act = get_object_or_404(Assigning, pk=pk)
    try:
        undone = undo_assigning(act=act, actor=request.user, today=request.today, now=request.now)
    except ComplaintError as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        words = ngettext("%(number)s given back.", "%(number)s given back.", undone.restored)
        words %= {"number": number(undone.restored)}
        if undone.left:
            more = ngettext(
                "%(number)s was changed since and stays.",
                "%(number)s were changed since and stay.",
                undone.left,
            )
            words = f"{words} {more % {'number': number(undone.left)}}"
        toast(request, words, level=messages.WARNING if undone.left else messages.SUCCESS)
    return redirect(asked_from(request) or "complaints:list")
