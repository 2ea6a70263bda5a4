"""Duplicates: where they may be, two side by side, made one, and taken apart again (docs/domain.md, section 9)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.merging import accounts as of_accounts
from accounts.merging import candidates
from accounts.merging import persons as of_persons
from accounts.merging.accounts import BOTH, KEPT, OTHER, CannotMerge, CannotUndo
from accounts.merging.comparing import compare_accounts, compare_persons
from accounts.models import Account, ContactPerson, Dismissal, Merge
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.requests import Request

require_GET_or_POST = require_http_methods(["GET", "HEAD", "POST"])
ON_A_PAGE = 30
FOUND = 20


def may_merge(request: Request) -> bool:
    """Managers and admins merge accounts; whoever may edit an account merges persons there."""
    return request.user.is_manager or request.user.is_admin


@require_GET
def duplicates(request: Request) -> HttpResponse:
    """Accounts that look like one, by what they share."""
    _for_mergers(request)
    kind = request.GET.get("by", candidates.TAX)
    if kind not in candidates.WORDS:
        kind = candidates.TAX
    dismissed = "dismissed" in request.GET
    editable = Account.objects.editable_by(request.user, on=request.today)
    try:
        number = max(int(request.GET.get("page", 1)), 1)
    except ValueError:
        number = 1
    start = (number - 1) * ON_A_PAGE
    groups = list(candidates.lookalikes(editable, kind, dismissed=dismissed)[start : start + ON_A_PAGE + 1])
    shown = groups[:ON_A_PAGE]
    ids = {pk for _shared, _number, *both in shown for pk in both}
    rows = Account.objects.filter(pk__in=ids).select_related("owner").in_bulk() if ids else {}
    pairs = []
    for shared, how_many, first, last in shown:
        # The one that buys more is offered as the one to keep.
        kept, other = sorted((rows[first], rows[last]), key=lambda row: -row.sales_12m_cents)
        pairs.append({"shared": shared, "others": how_many - 2, "kept": kept, "other": other})
    if dismissed:
        known = dict(
            Dismissal.objects.filter(kind=kind, shared__in=[pair["shared"] for pair in pairs]).values_list(
                "shared", "pk"
            )
        )
        for pair in pairs:
            pair["dismissal"] = known.get(pair["shared"])
    context = {
        "kinds": [(name, words, name == kind) for name, words in candidates.WORDS.items()],
        "kind": kind,
        "pairs": pairs,
        "dismissed": dismissed,
        "previous": number - 1,
        "following": number + 1 if len(groups) > ON_A_PAGE else None,
    }
    return render(request, "accounts/merge/duplicates.html", context)


@require_POST
def dismiss(request: Request) -> HttpResponse:
    """What some accounts share is an accident: they are not offered again."""
    _for_mergers(request)
    kind, shared = request.POST.get("by", ""), request.POST.get("shared", "")
    if kind not in candidates.WORDS:
        raise Http404
    editable = Account.objects.editable_by(request.user, on=request.today)
    done = candidates.dismiss(editable, kind, shared, actor=request.user, now=request.now)
    if done is None:
        raise Http404
    toast(
        request,
        _("Not one customer: they are not offered again because of %(shared)s.") % {"shared": done.shared},
        reverse("upkeep:dismissal_undo", args=[done.pk]),
    )
    return redirect(f"{reverse('upkeep:duplicates')}?by={kind}")


@require_POST
def dismissal_undo(request: Request, pk: int) -> HttpResponse:
    """Offer again what was dismissed."""
    _for_mergers(request)
    dismissal = get_object_or_404(Dismissal, pk=pk)
    editable = Account.objects.editable_by(request.user, on=request.today)
    if candidates.offer_again(editable, dismissal, actor=request.user, now=request.now) is None:
        raise Http404
    toast(request, _("Offered again: accounts that share %(shared)s.") % {"shared": dismissal.shared})
    return redirect(f"{reverse('upkeep:duplicates')}?by={dismissal.kind}")


@require_GET
def account_merge_with(request: Request, pk: int) -> HttpResponse:
    """With which account this one is to be merged: what looks like it, a search, and what was merged before."""
    _for_mergers(request)
    account = _editable(request, pk)
    words = request.GET.get("q", "").strip()
    editable = Account.objects.editable_by(request.user, on=request.today)
    rows: Any
    if words:
        rows = editable.search(words).exclude(pk=pk).order_by("archived_at", "search_key")
    else:
        rows = candidates.like(account, editable).order_by("search_key")
    context = {
        "account": account,
        "q": words,
        "found": rows.select_related("owner")[:FOUND],
        "merges": Merge.objects.filter(kept_account=account, undone_at=None, merged_person=None)
        .select_related("merged_account", "actor")
        .order_by("-at"),
    }
    return render(request, "accounts/merge/account_with.html", context)


@require_GET_or_POST
def account_merge(request: Request, pk: int, other_pk: int) -> HttpResponse:
    """Two accounts side by side; a POST makes them one."""
    _for_mergers(request)
    kept, other = _editable(request, pk), _editable(request, other_pk)
    user, today = request.user, request.today
    chosen = _chosen(request)
    if request.method == "POST":
        try:
            merge = of_accounts.merge_accounts(
                kept=kept, duplicate=other, chosen=chosen, actor=user, today=today, now=request.now
            )
        except CannotMerge as refused:
            toast(request, str(refused), level=messages.ERROR)
        else:
            words = _("Merged: %(other)s is part of %(kept)s now.") % {"other": other.name, "kept": kept.name}
            toast(request, words, reverse("upkeep:merge_undo", args=[merge.pk]))
            return redirect(kept)
    context = {
        "account": kept,
        "kept": kept,
        "other": other,
        "comparison": compare_accounts(kept=kept, duplicate=other, chosen=chosen, reader=user, on=today),
        "back_url": reverse("upkeep:merge_with", args=[pk]),
        "swap_url": reverse("upkeep:merge", args=[other_pk, pk]),
    }
    return render(request, "accounts/merge/account.html", context)


@require_GET
def person_merge_with(request: Request, pk: int, person_pk: int) -> HttpResponse:
    """With whom of the account's persons this one is to be merged, and who was merged into them before."""
    account = _editable(request, pk)
    person = _person(account, person_pk)
    context = {
        "account": account,
        "person": person,
        "persons": account.persons.filter(merged_into=None).exclude(pk=person.pk).order_by("name", "pk"),
        "merges": Merge.objects.filter(kept_person=person, undone_at=None).select_related(
            "merged_person", "actor"
        ),
    }
    return render(request, "accounts/merge/person_with.html", context)


@require_GET_or_POST
def person_merge(request: Request, pk: int, person_pk: int, other_pk: int) -> HttpResponse:
    """Two persons of one account side by side; a POST makes them one."""
    account = _editable(request, pk)
    kept, other = _person(account, person_pk), _person(account, other_pk)
    chosen = _chosen(request)
    if request.method == "POST":
        try:
            merge = of_persons.merge_persons(
                kept=kept,
                duplicate=other,
                chosen=chosen,
                actor=request.user,
                today=request.today,
                now=request.now,
            )
        except CannotMerge as refused:
            toast(request, str(refused), level=messages.ERROR)
        else:
            words = _("Merged: %(other)s is %(kept)s now.") % {"other": other.name, "kept": kept.name}
            toast(request, words, reverse("upkeep:merge_undo", args=[merge.pk]))
            return redirect("accounts:tab", account.pk, "persons")
    context = {
        "account": account,
        "kept": kept,
        "other": other,
        "comparison": compare_persons(kept=kept, duplicate=other, chosen=chosen),
        "back_url": reverse("upkeep:person_merge_with", args=[pk, person_pk]),
        "swap_url": reverse("upkeep:person_merge", args=[pk, other_pk, person_pk]),
    }
    return render(request, "accounts/merge/person.html", context)


@require_POST
def merge_undo(request: Request, pk: int) -> HttpResponse:
    """Take a merge back."""
    merge = get_object_or_404(
        Merge.objects.select_related("kept_account", "merged_account", "merged_person"), pk=pk
    )
    kept = _editable(request, merge.kept_account_id)
    acting: dict[str, Any] = {"actor": request.user, "today": request.today, "now": request.now}
    try:
        if merge.merged_person is not None:
            name = merge.merged_person.name
            done = of_persons.undo_merge(merge=merge, **acting)
        else:
            _for_mergers(request)
            name = merge.merged_account.name
            done = of_accounts.undo_merge(merge=merge, **acting)
    except CannotUndo as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        words = _("Taken back: %(name)s stands alone again.") % {"name": name}
        if done.left:
            words += " " + ngettext(
                "%(number)d thing was changed since and stays as it is.",
                "%(number)d things were changed since and stay as they are.",
                done.left,
            ) % {"number": done.left}
        toast(request, words, level=messages.WARNING if done.left else messages.SUCCESS)
    return redirect(asked_from(request) or kept)


def _for_mergers(request: Request) -> None:
    if not may_merge(request):
        raise Http404


def _editable(request: Request, pk: int) -> Account:
    allowed = Account.objects.editable_by(request.user, on=request.today)
    return get_object_or_404(allowed.select_related("owner", "parent"), pk=pk)


def _person(account: Account, pk: int) -> ContactPerson:
    return get_object_or_404(ContactPerson, pk=pk, account=account, merged_into=None)


def _chosen(request: Request) -> dict[str, str]:
    """Whose value stays, by field, as the form says it."""
    posted: dict[str, Any] = {name: request.POST.get(name) for name in request.POST}
    return {name: side for name, side in posted.items() if side in (KEPT, OTHER, BOTH)}
