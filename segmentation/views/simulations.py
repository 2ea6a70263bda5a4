"""What a policy would do: the panel beside it, and the accounts that would move; for admins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts.planning.levelling import BUSY, FULL
from crm.jobs.models import Job
from crm.lists.columns import Kind
from crm.lists.exporting import file_of
from crm.look import charts
from crm.look.toast import toast
from crm.team.for_admins import for_admins
from crm.team.requests import Request
from segmentation import policies, simulation
from segmentation.models import SimulatedAccount, Simulation, TierPolicy
from segmentation.policy_form import DayForm
from segmentation.policy_tasks import ask_for_simulation
from segmentation.simulation import Figures
from segmentation.wording import rung_titles

ON_A_PAGE = 50
REPS = 8
DAY = dt.timedelta(days=1)
HELD = "held"


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
def _rank(field: str) -> Case:
    whens = [When(**{field: tier}, then=Value(place)) for place, tier in enumerate("ABC")]
    return Case(*whens, default=Value(3), output_field=IntegerField())


def _asked(request: Request, made: Simulation) -> tuple[QuerySet[SimulatedAccount], str]:
    """The accounts of the movement asked for, of all, or those the band holds; grouped by movement, largest first."""
    rows = made.accounts.all()
    move = request.GET.get("move", "")
    before, _dash, after = move.partition("-")
    if move == HELD:
        rows = rows.filter(held=True)
    else:
        rows = simulation.moving(rows)
        if before in (*"ABC", "none") and after in (*"ABC", "none"):
            for field, tier in (("previous_tier", before), ("tier", after)):
                rows = rows.filter(**({f"{field}__isnull": True} if tier == "none" else {field: tier}))
        else:
            move = ""
    return rows.order_by(_rank("previous_tier"), _rank("tier"), "-revenue_cents", "account__code"), move


_READ = (
    *("previous_tier", "tier", "in_force_tier", "trail", "revenue_cents", "previous_revenue_cents"),
    *("account_id", "account__code", "account__name", "account__owner__name"),
)


@for_admins
@require_GET
def moves(request: Request, pk: int) -> HttpResponse:
    """The accounts that would move, by movement, fifty a page."""
    made = get_object_or_404(Simulation.objects.select_related("policy"), policy_id=pk)
    rows, move = _asked(request, made)
    page = Paginator(rows.values(*_READ), ON_A_PAGE).get_page(request.GET.get("page"))
    titles = rung_titles()
    listed = [row | {"decided": _decided(row["trail"], titles)} for row in page]
    figures = Figures(made)
    context = {
        "made": made,
        "policy": made.policy,
        "figures": figures,
        "move": move,
        "page": page,
        "groups": [
            (before, after, list(together))
            for (before, after), together in groupby(
                listed, key=lambda row: (row["previous_tier"], row["tier"])
            )
        ],
    }
    return render(request, "segmentation/policy_moves.html", context)


def _decided(trail: str, titles: dict[str, str]) -> str:
    """The name of the rung that gave the tier; "" where nothing was bought."""
    return titles.get(trail.rsplit(">", 1)[-1].partition(":")[0], "") if trail else ""


@for_admins
@require_GET
def moves_export(request: Request, pk: int, form: str) -> HttpResponseBase:
    """The same accounts, all pages of them, as CSV or XLSX."""
    if form not in ("csv", "xlsx"):
        raise Http404
    made = get_object_or_404(Simulation.objects.select_related("policy"), policy_id=pk)
    rows, _move = _asked(request, made)
    heads = [
        (_("Code"), Kind.TEXT), (_("Account"), Kind.TEXT), (_("Sales rep"), Kind.TEXT), (_("From"), Kind.TEXT),
        (_("To"), Kind.TEXT), (_("With the policy in force"), Kind.TEXT), (_("What decided"), Kind.TEXT),
        (_("Revenue"), Kind.MONEY), (_("Revenue before"), Kind.MONEY),
    ]  # fmt: skip
    return file_of(
        form,
        name=f"policy-{made.policy.version}-moves-{made.as_of:%Y-%m-%d}",
        title=_("Moves"),
        heads=heads,
        rows=_lines(rows),
    )


def _lines(rows: QuerySet[SimulatedAccount]) -> Iterator[list[Any]]:
    titles = rung_titles()
    for row in rows.values(*_READ).iterator(chunk_size=2000):
        yield [
            row["account__code"],
            row["account__name"],
            row["account__owner__name"] or "",
            row["previous_tier"] or "",
            row["tier"] or "",
            row["in_force_tier"] or "",
            _decided(row["trail"], titles),
            row["revenue_cents"],
            row["previous_revenue_cents"],
        ]
