"""The policies: their versions, a draft beside its simulation, putting it in force, comparing; for admins."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.look.figures import day
from crm.look.toast import toast
from crm.team.for_admins import for_admins
from crm.team.requests import Request
from segmentation import policies
from segmentation.errors import PolicyError
from segmentation.models import TieringRun, TierPolicy
from segmentation.policy_form import GROUPS, PolicyForm, StartForm, differences, label, shown
from segmentation.policy_tasks import ask_for_policy
from segmentation.views.simulations import begin_simulation, panel

State = TierPolicy.State
TONES = {State.DRAFT: "", State.SCHEDULED: "warn", State.IN_FORCE: "ok", State.PAST: ""}


def _versions() -> QuerySet[TierPolicy]:
    return (
        TierPolicy.objects.annotate(run_count=Count("runs")).select_related("created_by").order_by("-version")
    )


def _policy(pk: int) -> TierPolicy:
    return get_object_or_404(_versions(), pk=pk)


@for_admins
@require_GET
def policy_list(request: Request) -> HttpResponse:
    """Every version, the newest first, with what it changes."""
    policies.policy_in_force()
    versions = list(_versions())
    before = {one.pk: earlier for one, earlier in pairwise(versions)}
    rows = [
        {
            "policy": one,
            "state": policies.state_of(one),
            "tone": TONES[policies.state_of(one)],
            "changes": differences(before[one.pk], one) if one.pk in before else [],
            "before": before.get(one.pk),
        }
        for one in versions
    ]
    return render(request, "segmentation/policies.html", {"rows": rows})


@for_admins
@require_POST
def new(request: Request) -> HttpResponse:
    """A draft like the version named, else like the one in force."""
    like = request.POST.get("like", "")
    found = TierPolicy.objects.filter(pk=int(like)).first() if like.isdecimal() and len(like) < 18 else None
    draft = policies.make_draft(like=found or policies.policy_in_force(), actor=request.user, now=request.now)
    return redirect("policies:policy", draft.pk)


@for_admins
@require_http_methods(["GET", "POST"])
def policy(request: Request, pk: int) -> HttpResponse:
    """One version. A draft is a form beside its simulation: saving it simulates it anew."""
    found = _policy(pk)
    present = policies.policy_in_force()
    state = policies.state_of(found)
    form = None
    if state == State.DRAFT:
        form = PolicyForm(request.POST or None, instance=found, present=present)
        if request.method == "POST" and form.is_valid() and form.save_draft():
            begin_simulation(request, TierPolicy.objects.get(pk=pk))
            toast(request, _("Version %(version)s is saved.") % {"version": found.version})
            return redirect("policies:policy", pk)
        if form.is_bound:
            found = _policy(pk)  # the form has written what was filled in onto its own
    elif request.method == "POST":
        toast(
            request,
            _("Version %(version)s is in use; it is never edited.") % {"version": found.version},
            level=messages.ERROR,
        )
        return redirect("policies:policy", pk)
    context = {
        "policy": found,
        "present": present,
        "state": state,
        "tone": TONES[state],
        "form": form,
        "start_form": StartForm(initial={"starts_on": request.today}),
        "thresholds": _read(found, present),
        "may_take_back": policies.may_take_back(found) if found.in_force else False,
        "newest_run": TieringRun.objects.order_by("-as_of").first(),
        **panel(request, found),
    }
    return render(request, "segmentation/policy.html", context)


def _read(found: TierPolicy, present: TierPolicy) -> list[tuple[Any, list[dict[str, Any]]]]:
    """The thresholds to read, in the groups of the form."""
    return [
        (
            title,
            [
                {
                    "name": name,
                    "label": label(name),
                    "value": shown(getattr(found, name)),
                    "present": shown(getattr(present, name)),
                    "differs": getattr(found, name) != getattr(present, name),
                }
                for name in names
            ],
        )
        for title, names in GROUPS
    ]


@for_admins
@require_POST
def start(request: Request, pk: int) -> HttpResponse:
    """Put the draft in force on the day asked for; where that is today, the job is asked for now, and once."""
    found = _policy(pk)
    form = StartForm(request.POST)
    try:
        if not form.is_valid():
            name, errors = next(iter(form.errors.items()))
            raise PolicyError(f"{form.fields[name].label}: {errors[0]}", field=name)
        scheduled = policies.schedule(
            policy=found,
            starts_on=form.cleaned_data["starts_on"],
            run_at_start=form.cleaned_data["run_at_start"],
            today=request.today,
        )
    except PolicyError as refused:
        toast(request, _("Nothing done. %(why)s") % {"why": refused}, level=messages.ERROR)
        return redirect("policies:policy", pk)
    words = {"version": found.version, "day": day(form.cleaned_data["starts_on"], request.today)}
    undo = reverse("policies:wait", args=[pk])
    if scheduled.starts_on == request.today:
        ask_for_policy(scheduled, now=request.now, started_by=request.user)
        toast(request, _("Version %(version)s is being put in force.") % words, undo)
    else:
        toast(request, _("Version %(version)s will be in force from %(day)s.") % words, undo)
    return redirect("policies:policy", pk)


@for_admins
@require_POST
def wait(request: Request, pk: int) -> HttpResponse:
    """What was to be put in force, or is and was not used yet, is a draft again."""
    found = _policy(pk)
    try:
        policies.take_back(policy=found)
    except PolicyError as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        toast(request, _("Version %(version)s is a draft again.") % {"version": found.version})
    return redirect("policies:policy", pk)


@for_admins
@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    """Throw a draft away; the page asks once."""
    found = _policy(pk)
    try:
        policies.remove_draft(policy=found)
    except PolicyError as refused:
        toast(request, str(refused), level=messages.ERROR)
        return redirect("policies:policy", pk)
    toast(request, _("The draft is thrown away."))
    return redirect("policies:list")


@for_admins
@require_GET
def compare(request: Request) -> HttpResponse:
    """Two versions, field by field: those asked for, else the one in force and the newest of the others."""
    versions = list(_versions())
    known = {str(one.pk): one for one in versions}
    present = policies.policy_in_force()
    one = known.get(request.GET.get("a", "")) or known.get(str(present.pk)) or present
    newest = next((each for each in versions if each.pk != one.pk), one)
    other = known.get(request.GET.get("b", "")) or newest
    context = {"versions": versions, "one": one, "other": other, "groups": _read(one, other)}
    return render(request, "segmentation/policy_compare.html", context)
