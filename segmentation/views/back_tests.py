"""A policy tried on the past: the picture, the table, the file, and asking for it; for admins."""

from __future__ import annotations

from typing import Any

from django.db.models import Min
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Purchase
from crm.jobs.models import Job
from crm.lists.columns import Kind
from crm.lists.exporting import file_of
from crm.look import figures, pictures
from crm.look.toast import toast
from crm.team.calendars import months_before
from crm.team.for_admins import for_admins
from crm.team.requests import Request
from segmentation import policies
from segmentation.back_test import DAY, QUARTERS, Summary, summaries
from segmentation.models import BackTest, BackTestQuarter, TierPolicy
from segmentation.policy_tasks import ask_for_back_test
from segmentation.views.simulations import open_job
from segmentation.wording import as_of_label

CSS = {"tested": "now", "in_force": "past", "plain": "third"}


@for_admins
@require_http_methods(["GET", "POST"])
def back_test(request: Request, pk: int) -> HttpResponse:
    """What the test found; a POST asks for the job, once."""
    policy = get_object_or_404(TierPolicy, pk=pk)
    if request.method == "POST":
        ask_for_back_test(policy, now=request.now, started_by=request.user)
        toast(request, _("The policy is being tried on the last %(number)s quarters.") % {"number": QUARTERS})
        return redirect("policies:back_test", pk)
    made = BackTest.objects.filter(policy=policy).select_related("against", "started_by").first()
    found = summaries(made) if made else []
    context = {
        "policy": policy,
        "made": made,
        "job": open_job("back_test", policy),
        "failed": _failed(policy, made),
        "summaries": found,
        "quarters": QUARTERS,
        "is_stale": made is not None and made.thresholds != policies.thresholds_of(policy),
        "too_young": _too_young(found, policy, made),
        **_pictures(found),
    }
    return render(request, "segmentation/policy_back_test.html", context)


def _failed(policy: TierPolicy, made: BackTest | None) -> Job | None:
    """The newest job, where it came to nothing."""
    last = Job.objects.filter(kind="back_test", key=f"back_test:{policy.pk}").order_by("-pk").first()
    if last is None or last.state not in (Job.State.FAILED, Job.State.STOPPED):
        return None
    return last if made is None or made.made_at < last.queued_at else None


def _too_young(found: list[Summary], policy: TierPolicy, made: BackTest | None) -> dict[str, Any] | None:
    """Where purchases begin so late that in the first quarters nobody can have been a customer for long enough."""
    if made is None or not found or not found[0].quarters:
        return None
    begun = Purchase.objects.filter(amount_cents__gt=0).aggregate(first=Min("ordered_on"))["first"]
    months = max(policy.a_min_tenure_months, made.against.a_min_tenure_months)
    if begun is None or months_before(found[0].quarters[0].as_of + DAY, months) >= begun:
        return None
    return {"begun": begun, "months": months}


def _pictures(found: list[Summary]) -> dict[str, Any]:
    if not found or not found[0].quarters:
        return {}
    days = [row.as_of for row in found[0].quarters]
    labels = [as_of_label(day) for day in days]

    def series(value: Any) -> list[pictures.Series]:
        return [
            pictures.Series(one.name, CSS[one.way], [value(row) for row in one.quarters]) for one in found
        ]

    def held(row: BackTestQuarter) -> float | None:
        return row.a_sales_cents / row.sales_cents if row.sales_cents > 0 else None

    return {
        "prediction": pictures.lines(
            labels,
            series(held),
            ident="prediction",
            title=_("Share of the next quarter's sales that tier A held"),
            description=_said(found, lambda one: one.a_share),
            head=_("Tiers as of"),
            shown=figures.percent,
            high=1,
        ),
        "stability": _flips(labels, series),
    }


def _flips(labels: list[str], series: Any) -> SafeString:
    rows = series(lambda row: row.flips)
    return pictures.bars(
        labels,
        rows,
        ident="stability",
        title=_("Accounts that changed their tier in a quarter"),
        description=", ".join(f"{one.name}: {figures.number(sum(one.values))}" for one in rows) + ".",
        head=_("Tiers as of"),
        shown=figures.number,
    )


def _said(found: list[Summary], value: Any) -> str:
    return ", ".join(f"{one.name}: {figures.percent(value(one), 1)}" for one in found) + "."


@for_admins
@require_GET
def back_test_export(request: Request, pk: int, form: str) -> HttpResponseBase:
    """One row for each way and quarter, as CSV or XLSX."""
    if form not in ("csv", "xlsx"):
        raise Http404
    made = get_object_or_404(BackTest.objects.select_related("policy"), policy_id=pk)
    heads = [
        (_("Way"), Kind.TEXT), (_("Tiers as of"), Kind.DAY), ("A", Kind.NUMBER), ("B", Kind.NUMBER),
        ("C", Kind.NUMBER), (_("Changed"), Kind.NUMBER), (_("Changed back"), Kind.NUMBER),
        (_("Sales of the next quarter"), Kind.MONEY), (_("of these with A"), Kind.MONEY),
    ]  # fmt: skip
    rows = (
        [
            one.name, row.as_of, row.a_accounts, row.b_accounts, row.c_accounts, row.flips, row.flips_back,
            row.sales_cents, row.a_sales_cents,
        ]
        for one in summaries(made)
        for row in one.quarters
    )  # fmt: skip
    name = f"policy-{made.policy.version}-back-test-{made.until:%Y-%m-%d}"
    return file_of(form, name=name, title=_("Back-test"), heads=heads, rows=rows)
