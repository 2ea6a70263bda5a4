"""Contact rules, for admins: in order of priority, each with whom it reaches; one open beside the list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from contacts import rules
from contacts.models import ContactRule
from contacts.rule_form import ContactRuleForm
from contacts.tasks import ask_for_planning
from crm.look.toast import toast
from crm.team.requests import Request


def for_admins(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 for everybody else: a rule's sentence may be read by everybody, its page by admins (docs/domain.md, 1)."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_admin:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _page(
    request: Request,
    *,
    today: dt.date,
    opened: ContactRule | None = None,
    form: ContactRuleForm | None = None,
) -> HttpResponse:
    """The list with, beside it, the form of the rule that is open."""
    found = rules.coverage(today)
    rows = [
        {
            "rule": rule,
            "who": rules.who(rule),
            "what": rules.what(rule),
            "reach": found.by_rule.get(rule.pk, rules.RuleCoverage(0, 0)),
            "up": rule.priority - 1,
            "down": rule.priority + 1,
            "moved": request.GET.get("by", "down") if request.GET.get("moved") == str(rule.pk) else "",
        }
        for rule in ContactRule.objects.cadences()
        .prefetch_related("product_lines")
        .order_by("priority", "id")
    ]
    context = {
        "rows": rows,
        "coverage": found,
        "opened": form is not None,
        "rule": opened,
        "form": form,
        "reach": found.by_rule.get(opened.pk) if opened and opened.pk else None,
    }
    return render(
        request, "contacts/rules.html", context, status=422 if form is not None and form.errors else 200
    )


@for_admins
@require_http_methods(["GET"])
def rule_list(request: Request) -> HttpResponse:
    """Every cadence in order of priority, with how many accounts it matches and governs."""
    return _page(request, today=request.today)


@for_admins
@require_http_methods(["GET", "POST"])
def rule_new(request: Request) -> HttpResponse:
    """An empty form; a new rule goes last, since a rule at the top would silently take over from others."""
    form = ContactRuleForm(request.POST or None, instance=ContactRule())
    return _save(request, form)


@for_admins
@require_http_methods(["GET", "POST"])
def rule_detail(request: Request, pk: int) -> HttpResponse:
    """One rule, to read and to change."""
    rule = get_object_or_404(ContactRule.objects.cadences().prefetch_related("product_lines"), pk=pk)
    return _save(request, ContactRuleForm(request.POST or None, instance=rule))


def _save(request: Request, form: ContactRuleForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        saved = form.save_as(request.user, now=request.now)
        if saved is not None:
            ask_for_planning(reason=f"rule:{saved.pk}", now=request.now, started_by=request.user)
            toast(
                request,
                _("Saved: %(rule)s. The contacts are being planned anew.") % {"rule": rules.sentence(saved)},
            )
            return redirect("contacts:rule", pk=saved.pk)
    return _page(request, today=request.today, opened=form.instance, form=form)


@for_admins
@require_POST
def rule_move(request: Request, pk: int, to: int) -> HttpResponse:
    """Give the rule another place in the order."""
    rule = get_object_or_404(ContactRule.objects.cadences(), pk=pk)
    before = rule.priority
    rules.move_rule(rule=rule, to=to, actor=request.user, now=request.now)
    ask_for_planning(reason=f"rule:{pk}", now=request.now, started_by=request.user)
    _say(
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
    rule = get_object_or_404(ContactRule.objects.cadences(), pk=pk)
    rules.enable_rule(rule=rule, enabled=bool(on), actor=request.user, now=request.now)
    ask_for_planning(reason=f"rule:{pk}", now=request.now, started_by=request.user)
    words = _("In force: %(rule)s.") if on else _("No longer in force: %(rule)s.")
    _say(
        request,
        words % {"rule": rules.sentence(rule)},
        back=reverse("contacts:rule_switch", args=[pk, 0 if on else 1]),
    )
    return redirect("contacts:rules")


def _say(request: Request, words: str, *, back: str) -> None:
    """Say what was done, with the way back; an undo is not offered to be undone, or Z would only go to and fro."""
    is_undo = "undo" in request.GET
    toast(request, words, undo_url=None if is_undo else f"{back}?undo")


@for_admins
@require_POST
def rule_remove(request: Request, pk: int) -> HttpResponse:
    """Delete the rule; the page has asked once."""
    rule = get_object_or_404(ContactRule.objects.cadences(), pk=pk)
    words = rules.sentence(rule)
    rules.remove_rule(rule=rule, actor=request.user, now=request.now)
    ask_for_planning(reason=f"rule:{pk}", now=request.now, started_by=request.user)
    toast(request, _("Removed: %(rule)s.") % {"rule": words})
    return redirect("contacts:rules")
