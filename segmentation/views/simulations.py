"""What a policy would do: the panel beside it, and the accounts that would move; for admins."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts.planning.levelling import BUSY, FULL
from crm.jobs.models import Job
from crm.lists.exporting import file_of
from crm.look import charts
from crm.look.toast import toast
from crm.team.for_admins import for_admins
from crm.team.requests import Request
from segmentation import policies, simulation
from segmentation.models import Simulation, TierPolicy
from segmentation.policy_form import DayForm
from segmentation.policy_tasks import ask_for_simulation
from segmentation.simulated import READ, asked_for, grouped, heads, lines
from segmentation.simulation import Figures

ON_A_PAGE = 50
REPS = 8
DAY = dt.timedelta(days=1)


def begin_simulation(request: Request, policy: TierPolicy, as_of: dt.date | None = None) -> bool:
    """Simulate it now where that is quick, else ask for a job; whether it is done. as_of: else as last time."""
    if as_of is None:
        last = Simulation.objects.filter(policy=policy).values_list("as_of", flat=True).first()
        as_of = last or request.today - DAY
    if simulation.is_quick():
        simulation.simulate_policy(policy=policy, as_of=as_of, today=request.today, now=request.now)
        return True
    ask_for_simulation(policy, as_of=as_of, now=request.now, started_by=request.user)
    return False


def panel(request: Request, policy: TierPolicy) -> dict[str, Any]:
    """What the page of a policy shows of its simulation."""
    made = Simulation.objects.filter(policy=policy).select_related("against").first()
    job = open_job("simulation", policy)
    found: dict[str, Any] = {
        "simulation": made,
        "job": job,
        "day_form": DayForm(
            today=request.today, initial={"as_of": made.as_of if made else request.today - DAY}
        ),
    }
    if made is None:
        return found
    figures = Figures(made)
    reps = figures.reps()
    most = max((max(*rep.before, *rep.after, *rep.capacity) for rep in reps[:4]), default=0)
    found |= {
        "figures": figures,
        "is_stale": made.thresholds != policies.thresholds_of(policy)
        or made.against_id != policies.policy_in_force().pk
        or made.made_on != request.today,
        "flow": charts.flow(
            [(move.before, move.after, move.accounts) for move in figures.moves], ident="simulated-moves"
        ),
        "hours": [
            {"words": words, "contacts": figures.contacts(way), "minutes": figures.minutes(way)}
            for words, way in ((_("Now"), "now"), (_("In force"), "in_force"), (_("This draft"), "draft"))
        ],
        "reps": [
            {
                "rep": rep,
                "before": round(sum(rep.before) / len(rep.weeks)),
                "after": round(sum(rep.after) / len(rep.weeks)),
                "capacity": round(sum(rep.capacity) / len(rep.weeks)),
                "week": rep.weeks[rep.worst],
                "percent": round(100 * rep.share(rep.worst)) if rep.capacity[rep.worst] else None,
            }
            for rep in reps[:REPS]
        ],
        "rep_count": len(reps),
        "charts": [
            charts.weekly_hours(
                [
                    (monday, min(before, after), max(after - before, 0), room)
                    for monday, before, after, room in zip(
                        rep.weeks, rep.before, rep.after, rep.capacity, strict=True
                    )
                ],
                ident=f"rep-{rep.user.pk}",
                title=_("Hours by week, %(name)s") % {"name": rep.user},
                name=str(rep.user),
                maximum=most,
            )
            for rep in reps[:4]
        ],
        "busy": BUSY,
        "full": FULL,
    }
    return found


def open_job(kind: str, policy: TierPolicy) -> Job | None:
    """The job of the kind about the policy that waits or runs."""
    prefix = f"{kind}:{policy.pk}"
    return (
        Job.objects.filter(
            Q(key=prefix) | Q(key__startswith=f"{prefix}:"), kind=kind, state__in=Job.OPEN_STATES
        )
        .order_by("pk")
        .first()
    )


@for_admins
@require_POST
def simulate(request: Request, pk: int) -> HttpResponse:
    """Simulate it as of the day asked for."""
    policy = get_object_or_404(TierPolicy, pk=pk)
    form = DayForm(request.POST, today=request.today)
    if form.is_valid():
        if begin_simulation(request, policy, form.cleaned_data["as_of"]):
            toast(request, _("Simulated. Nothing else was written."))
    else:
        words = " ".join(map(str, form.errors["as_of"]))
        toast(request, _("Not simulated. As of the end of: %(why)s") % {"why": words}, level=messages.ERROR)
    return redirect("policies:policy", pk)


# Who moves ----------------------------------------------------------------------------------------------------------
@for_admins
@require_GET
def moves(request: Request, pk: int) -> HttpResponse:
    """The accounts that would move, by movement, fifty a page."""
    made = get_object_or_404(Simulation.objects.select_related("policy"), policy_id=pk)
    rows, move = asked_for(made.accounts.all(), request.GET.get("move", ""))
    page = Paginator(rows.values(*READ), ON_A_PAGE).get_page(request.GET.get("page"))
    figures = Figures(made)
    context = {
        "made": made,
        "policy": made.policy,
        "figures": figures,
        "move": move,
        "page": page,
        "groups": grouped(page),
    }
    return render(request, "segmentation/policy_moves.html", context)


@for_admins
@require_GET
def moves_export(request: Request, pk: int, form: str) -> HttpResponseBase:
    """The same accounts, all pages of them, as CSV or XLSX."""
    if form not in ("csv", "xlsx"):
        raise Http404
    made = get_object_or_404(Simulation.objects.select_related("policy"), policy_id=pk)
    rows, _move = asked_for(made.accounts.all(), request.GET.get("move", ""))
    return file_of(
        form,
        name=f"policy-{made.policy.version}-moves-{made.as_of:%Y-%m-%d}",
        title=_("Moves"),
        heads=heads(),
        rows=lines(rows),
    )
