"""What a rule does before it is saved, and which accounts it governs; for admins. Nothing here writes."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from contacts import forecast, rules, shadowing
from contacts.models import ContactRule
from contacts.planning.levelling import BUSY, FULL
from contacts.rule_effects import Effect, effect
from contacts.rule_form import form_for
from contacts.views.rules import page
from crm.look import charts
from crm.look.figures import duration
from crm.team.for_admins import for_admins
from crm.team.requests import Request

ACCOUNTS_A_PAGE = 50
CHARTS = 4


def shown(effect: Effect) -> dict[str, Any]:
    """An effect as the panel says it."""
    most = max((max(*rep.before, *rep.after, *rep.capacity) for rep in effect.reps[:CHARTS]), default=0)
    return {
        "effect": effect,
        "busy": BUSY,
        "full": FULL,
        "reps": [
            {
                "rep": rep,
                "week": rep.weeks[rep.worst],
                "percent": round(100 * rep.share(rep.worst)) if rep.capacity[rep.worst] else None,
                "before": round(sum(rep.before) / len(rep.weeks)),
                "after": round(sum(rep.after) / len(rep.weeks)),
            }
            for rep in effect.reps
        ],
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
                verdict=_("%(hours)s missing") % {"hours": duration(rep.missing)} if rep.missing else "",
                maximum=most,
            )
            for rep in effect.reps[:CHARTS]
        ],
    }


@for_admins
@require_http_methods(["GET", "POST"])
def rule_preview(request: Request, pk: int | None = None) -> HttpResponse:
    """What the rule as it is filled in would do: the panel for htmx, else the page with the form as it was sent."""
    if request.method == "GET":  # somebody reloads, or comes back: the form is gone
        return redirect("contacts:rule", pk) if pk else redirect("contacts:rule_new")
    if pk is None:
        rule = ContactRule(kind=ContactRule.Kind.CADENCE)
    else:
        rule = get_object_or_404(ContactRule.objects.cadences().prefetch_related("product_lines"), pk=pk)
    form = form_for(rule, request.POST)
    context: dict[str, Any] = {}
    if form.is_valid():
        today = request.today
        stored = forecast.in_force(today)
        changed = form.as_filled_in()
        if pk is None:
            changed.priority = ContactRule.objects.cadences().count() + 1
        if changed.active_until and changed.active_until < today:
            after = forecast.without(stored, changed)
        else:
            after = forecast.with_rule(stored, changed, form.cleaned_data["product_lines"])
        context = shown(effect(stored, after, changed.pk or forecast.NEW, today))
        if changed.active_from and changed.active_from > today:
            context["starts"] = changed.active_from
        context["is_off"] = not changed.enabled
    if request.headers.get("HX-Request"):
        answer = render(request, "contacts/rule_effect.html", {"form": form, "asked": True, **context})
    else:
        answer = page(
            request, today=request.today, opened=form.instance, form=form, extra={"asked": True, **context}
        )
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@for_admins
@require_GET
def rule_effect(request: Request, pk: int, act: str) -> HttpResponse:
    """What switching, moving or removing the rule does, and the button that does it."""
    rule = get_object_or_404(ContactRule.objects.cadences().prefetch_related("product_lines"), pk=pk)
    stored = forecast.in_force(request.today)
    if act not in ("up", "down", "on", "off", "remove"):
        raise Http404
    if act in ("up", "down"):
        order = list(ContactRule.objects.cadences().order_by("priority", "id").values_list("pk", flat=True))
        to = order.index(pk) + (-1 if act == "up" else 1)
        if not 0 <= to < len(order):
            raise Http404
        order.insert(to, order.pop(order.index(pk)))
        after = forecast.moved(stored, order)
        url, label = reverse("contacts:rule_move", args=[pk, to + 1]), _("Move it")
        title = _("Move the rule up") if act == "up" else _("Move the rule down")
    elif act == "on":
        rule.enabled = True
        after = forecast.with_rule(stored, rule, rule.product_lines.all())
        url, label, title = (
            reverse("contacts:rule_switch", args=[pk, 1]),
            _("Put it in force"),
            _("Put the rule in force"),
        )
    else:
        after = forecast.without(stored, rule)
        if act == "off":
            url, label, title = (
                reverse("contacts:rule_switch", args=[pk, 0]),
                _("Switch it off"),
                _("Switch the rule off"),
            )
        else:
            url, label, title = (
                reverse("contacts:rule_remove", args=[pk]),
                _("Remove the rule"),
                _("Remove the rule"),
            )
    context = {
        "rule": rule,
        "sentence": rules.sentence(rule),
        "title": title,
        "label": label,
        "url": url,
        "is_final": act == "remove",
        "asked": True,
        **shown(effect(stored, after, rule.pk, request.today)),
    }
    return render(request, "contacts/rule_act.html", context)


@for_admins
@require_GET
def rule_accounts(request: Request, pk: int) -> HttpResponse:
    """The accounts that the rule governs, or those that match it and an earlier rule has; fifty a page."""
    rule = get_object_or_404(ContactRule.objects.cadences().prefetch_related("product_lines"), pk=pk)
    by = request.GET.get("by", "")
    by_id = int(by) if by.isdecimal() else rule.pk
    governed = shadowing.governed_by(by_id, rule, request.today)
    number = max(int(given) if (given := request.GET.get("page", "")).isdecimal() else 1, 1)
    start = (number - 1) * ACCOUNTS_A_PAGE
    rows = list(
        governed.select_related("owner").order_by(F("tier").asc(nulls_last=True), "-sales_12m_cents", "code")[
            start : start + ACCOUNTS_A_PAGE + 1
        ]
    )
    earlier = None if by_id == rule.pk else get_object_or_404(ContactRule, pk=by_id)
    context = {
        "rule": rule,
        "sentence": rules.sentence(rule),
        "earlier": earlier,
        "earlier_sentence": rules.sentence(earlier) if earlier else "",
        "rows": rows[:ACCOUNTS_A_PAGE],
        "by": by_id,
        "previous": number - 1,
        "following": number + 1 if len(rows) > ACCOUNTS_A_PAGE else None,
    }
    return render(request, "contacts/rule_accounts.html", context)
