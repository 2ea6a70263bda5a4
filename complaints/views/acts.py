"""What is done on a complaint's page: each by a verb of the workflow, and what that refuses comes back in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.messages import ERROR
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.querysets import who_see
from complaints import workflow
from complaints.errors import ComplaintError, NotAllowed, WrongState
from complaints.models import Complaint, ComplaintCategory, Decision
from complaints.page_forms import (
    ActForm,
    AssignForm,
    CategoryForm,
    DecisionForm,
    MessageForm,
    RefusableForm,
    ResolutionForm,
    SecondLookForm,
    SolvedForm,
)
from complaints.timeline import decided_words
from complaints.views.page import find, on_a_complaint, show
from crm.look.toast import toast
from crm.team.requests import Request

VERBS: dict[str, Callable[..., Complaint]] = {
    "acknowledge": workflow.acknowledge,
    "start": workflow.start,
    "wait": workflow.wait_for_customer,
    "answered": workflow.customer_answered,
    "close": workflow.close,
    "reopen": workflow.reopen,
}


def _done(request: Request) -> dict[str, Any]:
    """Who acts, and when."""
    return {"actor": request.user, "today": request.today, "now": request.now}


def _back(complaint: Complaint) -> HttpResponse:
    return redirect("complaint:page", complaint.pk)


def _refused(
    request: Request, complaint: Complaint, name: str, form: RefusableForm, error: ComplaintError
) -> HttpResponse:
    """The page as it is by now, with what was typed and why it was not done."""
    form.refuse(error)
    quicker = isinstance(error, WrongState)
    return show(request, find(request, complaint.pk), happened=quicker, **{name: form})


def _undo(complaint: Complaint, what: str, pk: int) -> str:
    return reverse("complaint:undo", args=[complaint.pk, what, pk])


def _say_step(request: Request, complaint: Complaint, words: str) -> None:
    """The toast after a step, with the way to take that step back."""
    step = complaint.steps.order_by("-at", "-pk").first()
    toast(request, words, _undo(complaint, "step", step.pk) if step else None)


def _say_state(request: Request, complaint: Complaint) -> None:
    """The toast that says where it stands now."""
    words = {"number": complaint.number, "state": complaint.get_state_display().lower()}
    _say_step(request, complaint, _("%(number)s: %(state)s.") % words)


@on_a_complaint
def act(request: Request, complaint: Complaint) -> HttpResponse:
    """One step: acknowledge, start, wait, answered, close, reopen."""
    form = ActForm(request.POST)
    verb = VERBS.get(request.POST.get("act", ""))
    if verb is None or not form.is_valid():
        form.add_error(None, _("Choose what is done."))
        return show(request, complaint, act=form)
    try:
        done = verb(complaint=complaint, note=form.cleaned_data["note"], **_done(request))
    except ComplaintError as error:
        return _refused(request, complaint, "act", form, error)
    _say_state(request, done)
    return _back(complaint)


@on_a_complaint
def say(request: Request, complaint: Complaint) -> HttpResponse:
    """Write a message; sent twice, it is written once."""
    form = MessageForm(request.POST)
    if not form.is_valid():
        return show(request, complaint, message=form)
    before = complaint.state
    try:
        message = workflow.say(complaint=complaint, **form.cleaned_data, **_done(request))
    except ComplaintError as error:
        return _refused(request, complaint, "message", form, error)
    complaint.refresh_from_db(fields=["state"])
    words = {
        "internal": _("Noted, among ourselves."),
        "told": _("Noted: the customer was told."),
        "heard": _("Noted: the customer said so."),
    }[message.kind]
    if complaint.state != before:
        words += " " + _("It is %(state)s now.") % {"state": complaint.get_state_display().lower()}
    toast(request, words, _undo(complaint, "message", message.pk))
    return _back(complaint)


@on_a_complaint
def decide(request: Request, complaint: Complaint) -> HttpResponse:
    """Decide it; above the policy's limit it waits for a second person."""
    form = DecisionForm(request.POST, claim_cents=complaint.claim_cents)
    if not form.is_valid():
        return show(request, complaint, decision=form)
    data = form.cleaned_data
    try:
        decision = workflow.decide(
            complaint=complaint,
            outcome=data["outcome"],
            amount_cents=data["amount"],
            reason=data["reason"],
            **_done(request),
        )
    except ComplaintError as error:
        return _refused(request, complaint, "decision", form, error)
    if decision.approval == Decision.Approval.PENDING:
        words = _("%(words)s: waits for a second person.") % {"words": decided_words(decision)}
        toast(request, words, _undo(complaint, "decision", decision.pk))
    else:
        words = _("Decided: %(words)s.") % {"words": decided_words(decision)}
        _say_step(request, complaint, words)
    return _back(complaint)


@on_a_complaint
def second_look(request: Request, complaint: Complaint, decision: int) -> HttpResponse:
    """A second person agrees, or does not and says why."""
    asked = get_object_or_404(complaint.decisions.select_related("complaint"), pk=decision)
    form = SecondLookForm(request.POST)
    if not form.is_valid():
        return show(request, complaint, second=form)
    data = form.cleaned_data
    verb = workflow.approve if data["look"] == "approve" else workflow.refuse
    try:
        found = verb(decision=asked, note=data["note"], **_done(request))
    except ComplaintError as error:
        return _refused(request, complaint, "second", form, error)
    if found.approval == Decision.Approval.APPROVED:
        words = _("Approved: %(words)s.") % {"words": decided_words(found)}
        _say_step(request, complaint, words)
    else:
        toast(request, _("Not approved: it is to be decided anew."))
    return _back(complaint)


@on_a_complaint
def resolve(request: Request, complaint: Complaint) -> HttpResponse:
    """The customer has what was decided, or the answer."""
    form = ResolutionForm(request.POST)
    if not form.is_valid():
        return show(request, complaint, resolution=form)
    try:
        done = workflow.resolve(complaint=complaint, **form.cleaned_data, **_done(request))
    except ComplaintError as error:
        return _refused(request, complaint, "resolution", form, error)
    _say_state(request, done)
    return _back(complaint)


@on_a_complaint
def solved(request: Request, complaint: Complaint) -> HttpResponse:
    """What the customer said to "was it solved?"."""
    form = SolvedForm(request.POST)
    if not form.is_valid():
        return show(request, complaint, solved=form)
    try:
        done = workflow.say_solved(complaint=complaint, **form.cleaned_data, **_done(request))
    except ComplaintError as error:
        return _refused(request, complaint, "solved", form, error)
    words = _("Noted: %(answer)s.") % {"answer": done.get_solved_display().lower()}
    if done.solved != Complaint.Solved.YES:
        words += " " + _("Open it again if something is left to do.")
    toast(request, words)
    return _back(complaint)


@on_a_complaint
def assign(request: Request, complaint: Complaint) -> HttpResponse:
    """Somebody else works on it."""
    form = AssignForm(request.POST, people=who_see(complaint.account))
    if not form.is_valid():
        return show(request, complaint, assign=form)
    person = form.people[form.cleaned_data["assignee"]]
    try:
        before = workflow.assign(complaints=[complaint], assignee=person, **_done(request))
    except ComplaintError as error:
        return _refused(request, complaint, "assign", form, error)
    words = _("%(name)s works on it now.") % {"name": person.name}
    was = before[0][1] if before else None
    toast(request, words, _undo(complaint, "assignee", was) if was else None)
    return _back(complaint)


@on_a_complaint
def recategorise(request: Request, complaint: Complaint) -> HttpResponse:
    """Another category; both clocks are reckoned by its level."""
    form = CategoryForm(request.POST, kind=complaint.kind)
    if not form.is_valid():
        return show(request, complaint, category=form)
    was = complaint.category
    try:
        done = workflow.recategorise(
            complaint=complaint, category=form.cleaned_data["category"], **_done(request)
        )
    except ComplaintError as error:
        return _refused(request, complaint, "category", form, error)
    if done.category_id != was.pk:
        undo = reverse("complaint:undo_category", args=[complaint.pk, was.pk])
        toast(request, _("Category: %(name)s.") % {"name": done.category.name}, undo)
    return _back(complaint)


# Taking back ---------------------------------------------------------------------------------------------------------
@on_a_complaint
def undo(request: Request, complaint: Complaint, what: str, which: int) -> HttpResponse:
    """Take back what the user has just done: a step, a message, a decision that waits, an assignment."""
    done = _done(request)
    try:
        if what == "step":
            workflow.take_back_step(complaint=complaint, step_id=which, **done)
        elif what == "message":
            workflow.take_back_message(complaint=complaint, message_id=which, **done)
        elif what == "decision":
            workflow.take_back_decision(complaint=complaint, decision_id=which, **done)
        else:
            person = who_see(complaint.account).filter(pk=which).first()
            if person is None:
                raise NotAllowed(_("Who worked on it before does not see the account any more."))
            workflow.assign(complaints=[complaint], assignee=person, **done)
    except ComplaintError as error:
        toast(request, str(error), level=ERROR)
    else:
        toast(request, _("Taken back."))
    return _back(complaint)


@on_a_complaint
def undo_filing(request: Request, complaint: Complaint) -> HttpResponse:
    """It was filed by mistake: away with it, and back to the account."""
    try:
        workflow.take_back_filing(complaint=complaint, **_done(request))
    except ComplaintError as error:
        toast(request, str(error), level=ERROR)
        return _back(complaint)
    toast(request, _("%(number)s was taken back.") % {"number": complaint.number})
    return redirect("accounts:detail", complaint.account_id)


@on_a_complaint
def undo_category(request: Request, complaint: Complaint, code: str) -> HttpResponse:
    """The category that it had before."""
    category = get_object_or_404(ComplaintCategory, pk=code)
    try:
        workflow.recategorise(complaint=complaint, category=category, **_done(request))
    except ComplaintError as error:
        toast(request, str(error), level=ERROR)
    else:
        toast(request, _("Taken back."))
    return _back(complaint)
