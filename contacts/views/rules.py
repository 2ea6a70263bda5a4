"""Contact rules, for admins: cadences in order of priority, triggers below; one open beside the list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from contacts import rules, shadowing, triggers
from contacts.models import ContactRule
from contacts.rule_form import RuleForm, form_for
from contacts.tasks import ask_for_planning, ask_for_triggers
from crm.look.toast import toast, toast_with_way_back
from crm.team.for_admins import for_admins
from crm.team.requests import Request

FIRED_DAYS = 90
"""How often a trigger fired is told of so many days."""


def page(
    request: Request,
    *,
    today: dt.date,
    opened: ContactRule | None = None,
    form: RuleForm | None = None,
    extra: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The list with, beside it, the form of the rule that is open; extra: what else its template shows."""
    found = rules.coverage(today)
    rows = {kind: list[dict[str, Any]]() for kind in ContactRule.Kind}
    for rule in ContactRule.objects.prefetch_related("product_lines").order_by("priority", "id"):
        is_trigger = rule.kind == ContactRule.Kind.TRIGGER
        row: dict[str, Any] = {
            "rule": rule,
            "lead": rules.when(rule) if is_trigger else rules.who(rule),
            "what": rules.what(rule),
            "reach": found.by_rule.get(rule.pk, rules.RuleCoverage(0, 0)),
        }
        if not is_trigger:
            row |= {
                "up": rule.priority - 1,
                "down": rule.priority + 1,
                "moved": request.GET.get("by", "down") if request.GET.get("moved") == str(rule.pk) else "",
            }
        rows[ContactRule.Kind(rule.kind)].append(row)
    cadences, after_events = rows[ContactRule.Kind.CADENCE], rows[ContactRule.Kind.TRIGGER]
    if after_events:
        fired = triggers.fired_since(request.now - dt.timedelta(days=FIRED_DAYS))
        for row in after_events:
            row["fired"] = fired.get(row["rule"].pk, 0)
    is_saved = opened is not None and opened.pk is not None
    context = {
        "rows": cadences,
        "triggers": after_events,
        "fired_days": FIRED_DAYS,
        "coverage": found,
        "opened": form is not None,
        "rule": opened,
        "row": next((row for row in cadences + after_events if is_saved and row["rule"] == opened), None),
        "form": form,
        "reach": found.by_rule.get(opened.pk) if opened and opened.pk else None,
        **(extra or {}),
    }
    if is_saved and opened is not None and opened.kind == ContactRule.Kind.CADENCE and opened.enabled:
        stored = opened
        if form is not None and form.is_bound:  # as it is, not as it is filled in
            stored = ContactRule.objects.prefetch_related("product_lines").get(pk=opened.pk)
        context["shadows"] = [
            (one, rules.sentence(one), number) for one, number in shadowing.shadows(stored, today)
        ]
    return render(
        request, "contacts/rules.html", context, status=422 if form is not None and form.errors else 200
    )


@for_admins
@require_http_methods(["GET"])
def rule_list(request: Request) -> HttpResponse:
    """Every cadence in order of priority, with how many accounts it matches and governs; then the triggers."""
    return page(request, today=request.today)


@for_admins
@require_http_methods(["GET", "POST"])
def rule_new(request: Request, kind: str = ContactRule.Kind.CADENCE) -> HttpResponse:
    """An empty form; a new rule goes last, since a rule at the top would silently take over from others."""
    return _save(request, form_for(ContactRule(kind=kind), request.POST or None))


@for_admins
@require_http_methods(["GET", "POST"])
def rule_detail(request: Request, pk: int) -> HttpResponse:
    """One rule, to read and to change."""
    rule = get_object_or_404(ContactRule.objects.prefetch_related("product_lines"), pk=pk)
    return _save(request, form_for(rule, request.POST or None))


def _save(request: Request, form: RuleForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        saved = form.save_as(request.user, now=request.now)
        if saved is not None:
            _follow(request, saved)
            words = (
                _("Saved: %(rule)s. Events from now on are followed.")
                if form.is_trigger
                else _("Saved: %(rule)s. The contacts are being planned anew.")
            )
            toast(request, words % {"rule": rules.sentence(saved)})
            return redirect("contacts:rule", pk=saved.pk)
    return page(request, today=request.today, opened=form.instance, form=form)


def _follow(request: Request, rule: ContactRule) -> None:
    """Have done what a changed rule asks for."""
    ask = ask_for_triggers if rule.kind == ContactRule.Kind.TRIGGER else ask_for_planning
    ask(reason=f"rule:{rule.pk}", now=request.now, started_by=request.user)


@for_admins
@require_POST
def rule_move(request: Request, pk: int, to: int) -> HttpResponse:
    """Give the rule another place in the order."""
    rule = get_object_or_404(ContactRule.objects.cadences(), pk=pk)
    before = rule.priority
    rules.move_rule(rule=rule, to=to, actor=request.user, now=request.now)
    ask_for_planning(reason=f"rule:{pk}", now=request.now, started_by=request.user)
    toast_with_way_back(
        request,
        _("Moved to place %(place)d: %(rule)s.") % {"place": rule.priority, "rule": rules.sentence(rule)},
        back=reverse("contacts:rule_move", args=[pk, before]),
    )
    by = "up" if rule.priority < before else "down"
    return redirect(reverse("contacts:rules", query={"moved": pk, "by": by}))


@for_admins
@require_POST
def rule_switch(request: Request, pk: int, on: int) -> HttpResponse:
    """Put the rule in force (1) or out of it (0)."""
    rule = get_object_or_404(ContactRule, pk=pk)
    rules.enable_rule(rule=rule, enabled=bool(on), actor=request.user, now=request.now)
    _follow(request, rule)
    words = _("In force: %(rule)s.") if on else _("No longer in force: %(rule)s.")
    toast_with_way_back(
        request,
        words % {"rule": rules.sentence(rule)},
        back=reverse("contacts:rule_switch", args=[pk, 0 if on else 1]),
    )
    return redirect("contacts:rules")


@for_admins
@require_POST
def rule_remove(request: Request, pk: int) -> HttpResponse:
    """Delete the rule; the page has asked once."""
    rule = get_object_or_404(ContactRule, pk=pk)
    words = rules.sentence(rule)
    rules.remove_rule(rule=rule, actor=request.user, now=request.now)
    ask = ask_for_triggers if rule.kind == ContactRule.Kind.TRIGGER else ask_for_planning
    ask(reason=f"rule:{pk}", now=request.now, started_by=request.user)
    toast(request, _("Removed: %(rule)s.") % {"rule": words})
    return redirect("contacts:rules")
