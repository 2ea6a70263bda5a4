"""What is done to many accounts at once from the list, and the team and tags of one (docs/domain.md, section 9)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import bulk
from accounts.account_list import AccountListing
from accounts.bulk import Kind
from accounts.models import Account, BulkAct, Tag
from crm.look.figures import number
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request

NAMED = 10
"""Of the chosen accounts so many are named before the act."""
AT_ONCE = (Kind.ARCHIVE, Kind.RESTORE)
"""Acts that need no more to be said."""


@require_POST
def bulk_act(request: Request) -> HttpResponse:
    """Do one act to the selected rows, or to all that the list's address asks for; first ask whom or what it needs.

    The address carries the filters of the list. Without a value a page asks for it, and keeps the selection.
    """
    kind = request.POST.get("act", "")
    back = asked_from(request) or f"{reverse('accounts:list')}?{request.GET.urlencode()}"
    if kind not in Kind.values:
        return redirect(back)
    everything = bool(request.POST.get("all"))
    accounts = AccountListing().rows(request)
    if not everything:
        picked = [int(pk) for pk in request.POST.getlist("row") if pk.isdecimal()]
        accounts = Account.objects.visible_to(request.user, on=request.today).filter(pk__in=picked)
    refused = ""
    if kind in AT_ONCE or "value" in request.POST:
        try:
            value = _value(kind, request.POST.get("value", ""))
            done = bulk.act_on_many(
                kind=kind,
                value=value,
                accounts=accounts,
                actor=request.user,
                today=request.today,
                now=request.now,
            )
        except bulk.Refused as why:
            refused = str(why)
        else:
            _say(request, done)
            return redirect(back)
    chosen = accounts.order_by()[: bulk.MOST + 1].count()
    if kind in AT_ONCE or not chosen or chosen > bulk.MOST:
        # Nothing that a value could mend: back to the list, with the reason.
        too_many = _("At most %(number)s accounts at once. Narrow the list down.") % {
            "number": number(bulk.MOST)
        }
        refused = refused or (too_many if chosen else _("Choose at least one account."))
        toast(request, refused, level=messages.ERROR)
        return redirect(back)
    context = {
        "kind": kind,
        "label": Kind(kind).label,
        "chosen": chosen,
        "named": accounts.select_related("owner").order_by("search_key", "pk")[:NAMED],
        "unnamed": max(chosen - NAMED, 0),
        "all": everything,
        "picked": [] if everything else request.POST.getlist("row"),
        "refused": refused,
        "value": request.POST.get("value", ""),
        "back_url": back,
        "next": asked_from(request),
        **_choices(request, kind),
    }
    return render(request, "accounts/bulk.html", context)


@require_POST
def bulk_undo(request: Request, pk: int) -> HttpResponse:
    """Take an act back where what it wrote still stands."""
    act = get_object_or_404(BulkAct, pk=pk)
    try:
        undone = bulk.undo_act(act=act, actor=request.user, today=request.today, now=request.now)
    except bulk.CannotUndo as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        words = ngettext(
            "Taken back for %(number)s account.", "Taken back for %(number)s accounts.", undone.restored
        ) % {"number": number(undone.restored)}
        if undone.left:
            words += " " + ngettext(
                "%(number)s was changed since and stays as it is.",
                "%(number)s were changed since and stay as they are.",
                undone.left,
            ) % {"number": number(undone.left)}
        toast(request, words, level=messages.WARNING if undone.left else messages.SUCCESS)
    return redirect(asked_from(request) or "accounts:list")


@require_http_methods(["GET", "HEAD", "POST"])
def team_and_tags(request: Request, pk: int) -> HttpResponse:
    """Who works on the account beside its owner, and its tags; a POST adds or removes one."""
    allowed = Account.objects.editable_by(request.user, on=request.today)
    account = get_object_or_404(allowed.select_related("owner"), pk=pk)
    if request.method == "POST":
        kind = request.POST.get("act", "")
        if kind in (Kind.TEAM_ADD, Kind.TEAM_REMOVE, Kind.TAG_ADD, Kind.TAG_REMOVE):
            try:
                done = bulk.act_on_many(
                    kind=kind,
                    value=_value(kind, request.POST.get("value", "")),
                    accounts=Account.objects.filter(pk=pk),
                    actor=request.user,
                    today=request.today,
                    now=request.now,
                )
            except bulk.Refused as why:
                toast(request, str(why), level=messages.ERROR)
            else:
                words = _("Saved: %(name)s.") % {"name": account.name}
                undo = reverse("upkeep:bulk_undo", args=[done.act.pk]) if done.act else None
                toast(request, words, undo)
        # Whoever took themselves off the team may not see the account any more.
        still = Account.objects.editable_by(request.user, on=request.today).filter(pk=pk).exists()
        return redirect("upkeep:team", pk) if still else redirect("accounts:list")
    members = list(account.team_members.select_related("user").order_by("user__name", "pk"))
    seated = {member.user_id for member in members} | {account.owner_id}
    context = {
        "account": account,
        "members": members,
        "people": User.objects.filter(is_active=True)
        .exclude(pk__in=[pk for pk in seated if pk])
        .order_by("name", "pk"),
        "tags": account.tags.order_by("name"),
        "all_tags": Tag.objects.exclude(accounts=account).order_by("name"),
    }
    return render(request, "accounts/team.html", context)


def _value(kind: str, text: str) -> Any:
    """What the act writes, from what was typed or picked. Raises Refused."""
    text = text.strip()
    if kind in AT_ONCE or (kind == Kind.OWNER and text == "none"):
        return None
    if kind == Kind.TAG_ADD:
        return bulk.tag_named(text).pk
    if not text.isdecimal():
        raise bulk.Refused(_("Choose one from the list."))
    return int(text)


def _choices(request: Request, kind: str) -> dict[str, Any]:
    """What the page offers for the act."""
    if kind == Kind.OWNER:
        people = bulk.owners_to_give(request.user, on=request.today)
        return {"choices": [*people.values_list("pk", "name"), ("none", _("Nobody"))]}
    if kind == Kind.TEAM_ADD:
        return {
            "choices": User.objects.filter(is_active=True).order_by("name", "pk").values_list("pk", "name")
        }
    if kind == Kind.TEAM_REMOVE:
        seated = User.objects.filter(team_memberships__isnull=False).distinct()
        return {"choices": seated.order_by("name", "pk").values_list("pk", "name")}
    tags = Tag.objects.order_by("name").values_list("pk", "name")
    return {"tags": tags} if kind == Kind.TAG_ADD else {"choices": tags}


def _say(request: Request, done: bulk.Done) -> None:
    words = [
        ngettext("Done: %(number)s account.", "Done: %(number)s accounts.", done.changed)
        % {"number": number(done.changed)}
    ]
    if done.same:
        words.append(
            ngettext("%(number)s was so already.", "%(number)s were so already.", done.same)
            % {"number": number(done.same)}
        )
    if done.kept_from:
        words.append(
            ngettext("%(number)s you may not change.", "%(number)s you may not change.", done.kept_from)
            % {"number": number(done.kept_from)}
        )
    undo = reverse("upkeep:bulk_undo", args=[done.act.pk]) if done.act else None
    toast(request, " ".join(words), undo, level=messages.SUCCESS if done.changed else messages.INFO)
