"""What admins keep for complaints: the service levels, and the policy by which decisions are advised."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import ERROR
from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Tier
from complaints import levels, policies
from complaints.clock import Level, LevelKey
from complaints.errors import ComplaintError
from complaints.keeping_forms import LevelForm, PolicyForm
from complaints.models import Advice, ComplaintCategory, ComplaintPolicy
from crm.look.figures import currency, money_exact, number
from crm.look.toast import toast, toast_with_way_back
from crm.team.for_admins import for_admins
from crm.team.requests import Request

EVERY = "-"
"""Stands in an address for every tier, and for every category."""
_SALT = "complaints.level"
INVALID = 422


def sections(current: str) -> list[dict[str, Any]]:
    """The tabs above these pages. current: the part that is shown."""
    places = [
        ("levels", _("Service levels"), reverse("keeping:levels")),
        ("categories", _("Categories"), reverse("keeping:catalogue", args=["categories"])),
        ("causes", _("Root causes"), reverse("keeping:catalogue", args=["causes"])),
        ("policy", _("Policy"), reverse("keeping:policy")),
    ]
    return [{"label": label, "url": url, "current": name == current} for name, label, url in places]


# Service levels ------------------------------------------------------------------------------------------------------
@for_admins
@require_GET
def level_grid(request: Request) -> HttpResponse:
    """Every level: tiers beside each other, categories below each other."""
    return _levels(request)


@for_admins
@require_http_methods(["GET", "HEAD", "POST"])
def level(request: Request, tier: str, category: str) -> HttpResponse:
    """The level of one tier and category: what another would do, keeping it, taking an own one away."""
    key = _key(tier, category)
    cell = levels.cell_of(key)
    if request.method != "POST":
        return _levels(request, cell=cell, form=LevelForm(initial=LevelForm.written(cell.level)))
    if "inherit" in request.POST:
        return _keep(request, cell, LevelForm(LevelForm.written(cell.level)), None)
    form = LevelForm(request.POST)
    if not form.is_valid():
        return _levels(request, cell=cell, form=form)
    if "preview" not in request.POST:
        return _keep(request, cell, form, form.level)
    try:
        effect = levels.effect_of(key=key, level=form.level, now=request.now)
    except ComplaintError as refused:
        form.refuse(refused)
        return _levels(request, cell=cell, form=form)
    return _levels(request, cell=cell, form=form, effect=effect)


def _keep(request: Request, cell: levels.Cell, form: LevelForm, new: Level | None) -> HttpResponse:
    try:
        before = levels.set_level(key=cell.key, level=new, actor=request.user)
    except ComplaintError as refused:
        form.refuse(refused)
        return _levels(request, cell=cell, form=form)
    address = _address(cell.key)
    undo = None
    if before != new:
        token = signing.dumps([*cell.key, before, new], salt=_SALT)
        undo = reverse("keeping:level_undo", args=[token])
    toast(request, _said(cell.key, new), undo)
    return redirect("keeping:level", *address)


def _said(key: LevelKey, new: Level | None) -> str:
    words = {"what": _name(key)}
    if new is None:
        return _("%(what)s: no level of its own any more.") % words
    words |= LevelForm.written(new)
    said = _("%(what)s: first response within %(response)s, resolved within %(resolution)s.") % words
    if levels.concerned(key)[: levels.AT_ONCE + 1].count() > levels.AT_ONCE:
        said += " " + _("The clocks of open complaints follow within minutes.")
    return said


@for_admins
@require_POST
def level_undo(request: Request, token: str) -> HttpResponse:
    """The level as it was before."""
    try:
        tier, category, before, after = signing.loads(token, salt=_SALT)
        was, became = (Level(*found) if found else None for found in (before, after))
        levels.set_level(key=(tier, category), level=was, actor=request.user, instead_of=[became])
    except signing.BadSignature:
        toast(request, _("This cannot be undone."), level=ERROR)
        return redirect("keeping:levels")
    except ComplaintError as refused:
        toast(request, str(refused), level=ERROR)
        return redirect("keeping:levels")
    toast(request, _("Taken back."))
    return redirect("keeping:level", *_address((tier, category)))


def _key(tier: str, category: str) -> LevelKey:
    """The tier and category that an address names. Raises Http404 for others."""
    if tier != EVERY and tier not in Tier.values:
        raise Http404
    if category != EVERY and not ComplaintCategory.objects.filter(pk=category).exists():
        raise Http404
    return "" if tier == EVERY else tier, None if category == EVERY else category


def _address(key: LevelKey) -> tuple[str, str]:
    tier, category = key
    return tier or EVERY, category or EVERY


def _name(key: LevelKey | None) -> str:
    """ "Tier A, Late delivery": whom a level is for."""
    if key is None:
        return _("built in")
    tier, code = key
    category = str(ComplaintCategory.objects.get(pk=code)) if code else ""
    if tier and category:
        return _("Tier %(tier)s, %(category)s") % {"tier": tier, "category": category}
    return category or (_("Tier %(tier)s") % {"tier": tier} if tier else _("All"))


def _levels(
    request: Request,
    *,
    cell: levels.Cell | None = None,
    form: LevelForm | None = None,
    effect: levels.Effect | None = None,
) -> HttpResponse:
    rows = levels.grid()
    names = {row.category.pk: str(row.category) for row in rows if row.category}
    context: dict[str, Any] = {
        "tabs": sections("levels"),
        "tiers": [tier or _("Every tier") for tier in levels.TIERS],
        "rows": [
            {
                "category": row.category,
                "cells": [
                    {
                        "tier": one.key[0] or _("Every tier"),
                        "url": reverse("keeping:level", args=_address(one.key)),
                        **LevelForm.written(one.level),
                        "own": one.is_own,
                        "from": _from(one, names),
                        "current": cell is not None and one.key == cell.key,
                    }
                    for one in row.cells
                ],
            }
            for row in rows
        ],
        "opened": cell is not None,
        "form": form,
    }
    if cell is not None:
        context |= {
            "cell": cell,
            "name": _name(cell.key),
            "inherited_from": "" if cell.is_own else _name(cell.origin),
            "may_inherit": cell.is_own and cell.key != levels.FOR_ALL,
            "url": reverse("keeping:level", args=_address(cell.key)),
            "effect": _effect_words(effect),
        }
    status = INVALID if form is not None and form.errors and not request.htmx else 200
    return render(request, "complaints/keeping/levels.html", context, status=status)


def _from(cell: levels.Cell, names: dict[str, str]) -> str:
    """From whom a level that is not the cell's own comes, in a word."""
    if cell.is_own:
        return ""
    if cell.origin is None:
        return _("built in")
    tier, category = cell.origin
    if category is not None:
        return names.get(category, category)
    return _("tier %(tier)s") % {"tier": tier} if tier else _("all")


def _effect_words(effect: levels.Effect | None) -> list[str]:
    """What a level would do, in sentences."""
    if effect is None:
        return []
    if not effect.looked_at:
        return [_("No open complaint is concerned. It holds for those that come.")]
    if not effect.changed:
        return [_("The clock of no open complaint would change.")]
    said = [
        ngettext(
            "The clock of %(number)s open complaint would change.",
            "The clocks of %(number)s open complaints would change.",
            effect.changed,
        )
        % {"number": number(effect.changed)}
    ]
    if effect.overdue:
        said.append(
            ngettext(
                "%(number)s would be over its time at once.",
                "%(number)s would be over their time at once.",
                effect.overdue,
            )
            % {"number": number(effect.overdue)}
        )
    if effect.relieved:
        said.append(
            ngettext(
                "%(number)s would be over its time no longer.",
                "%(number)s would be over their time no longer.",
                effect.relieved,
            )
            % {"number": number(effect.relieved)}
        )
    return said


# The policy ----------------------------------------------------------------------------------------------------------
@for_admins
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: Request) -> HttpResponse:
    """The policy in force and its history; a new version, tried first on what was decided."""
    present = policies.policy_in_force()
    if request.method != "POST":
        return _policy(request, present, PolicyForm(initial=PolicyForm.written(present)))
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _policy(request, present, form)
    try:
        if "preview" in request.POST:
            draft = policies.drafted(present, terms=form.terms)
            return _policy(request, present, form, policies.foresee(draft, today=request.today))
        made = policies.make_policy(
            terms=form.terms,
            note=form.cleaned_data["note"],
            actor=request.user,
            now=request.now,
            based_on=form.cleaned_data["based_on"],
        )
    except ComplaintError as refused:
        form.refuse(refused)
        return _policy(request, present, form)
    if made.pk == present.pk:
        toast(request, _("Nothing was changed: version %(version)s stays.") % {"version": made.version})
    else:
        _say_in_force(request, made, before=present)
    return redirect("keeping:policy")


@for_admins
@require_POST
def policy_use(request: Request, version: int) -> HttpResponse:
    """Put an older version in force again."""
    before = policies.policy_in_force()
    try:
        chosen = policies.put_in_force(version=version, actor=request.user)
    except ComplaintError as refused:
        toast(request, str(refused), level=ERROR)
        return redirect("keeping:policy")
    _say_in_force(request, chosen, before=before)
    return redirect("keeping:policy")


def _say_in_force(request: Request, policy: ComplaintPolicy, *, before: ComplaintPolicy) -> None:
    words = _("Version %(version)s is in force.") % {"version": policy.version}
    if before == policy:
        toast(request, words)
    else:
        toast_with_way_back(request, words, back=reverse("keeping:policy_use", args=[before.version]))


def _policy(
    request: Request,
    present: ComplaintPolicy,
    form: PolicyForm,
    foreseen: policies.Foreseen | None = None,
) -> HttpResponse:
    advised = {value: str(label) for value, label in Advice.Advised.choices}
    moves = foreseen.moves if foreseen is not None else []
    context = {
        "tabs": sections("policy"),
        "policy": present,
        "form": form,
        "history": [
            {
                "policy": one.policy,
                "advised": one.advised,
                "changed": [
                    (_label(name), _term(name, was), _term(name, by)) for name, was, by in one.changed
                ],
            }
            for one in policies.history()
        ],
        "foreseen": foreseen,
        "moves": [(advised[then], advised[now], times) for then, now, times in moves],
    }
    status = INVALID if form.errors and not request.htmx else 200
    return render(request, "complaints/keeping/policy.html", context, status=status)


def _label(term: str) -> str:
    return str(PolicyForm.base_fields[term].label)


def _term(name: str, value: int) -> str:
    """The value of a term in words; those in cents are amounts."""
    return f"{money_exact(value)} {currency()}" if name.endswith("_cents") else number(value)
