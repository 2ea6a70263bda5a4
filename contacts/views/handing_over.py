"""Handing over a portfolio, with a preview, and the briefing of the new owners (docs/domain.md, section 9)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.db.models import F, OuterRef, Prefetch, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import bulk
from accounts.models import Account, ContactPerson, Tier
from contacts import handing_over
from contacts.handing_over import NO_TIER
from contacts.models import AgendaItem, FollowUp, HandOver, Promise, Touchpoint
from crm.look.figures import duration, number
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request

BRIEFED = 50
"""Accounts on one page of a briefing."""


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: Request) -> HttpResponse:
    """Whose, to whom, which tiers; then what each would get; then, by a POST, done."""
    user, today = request.user, request.today
    if not (user.is_manager or user.is_admin):
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    givers = handing_over.givers(user, today=today)
    giver = givers.filter(pk=_number(asked.get("giver"))).first()
    people = list(bulk.owners_to_give(user, on=today).exclude(pk=giver.pk if giver else 0))
    picked = {_number(pk) for pk in asked.getlist("to")}
    receivers = [one for one in people if one.pk in picked]
    tiers = [one for one in asked.getlist("tier") if one in (*Tier.values, NO_TIER)]
    refused = ""
    if request.method == "POST" and giver is not None:
        try:
            done = handing_over.hand_over(
                giver=giver, receivers=receivers, tiers=tiers, actor=user, today=today, now=request.now
            )
        except handing_over.Refused as why:
            refused = str(why)
        else:
            toast(request, _words(done), reverse("contacts:hand_over_undo", args=[done.hand_over.pk]))
            return redirect("contacts:briefing", done.hand_over.pk)
    shares, total = [], None
    if giver is not None:
        accounts = handing_over.portfolio(giver, user, today=today, tiers=tiers)
        total = Counter(accounts.order_by().values_list("tier", flat=True))
        if receivers:
            shares = handing_over.preview(accounts, receivers, giver=giver, today=today)
    context = {
        "givers": givers,
        "giver": giver,
        "people": [(one, one.pk in picked) for one in people],
        "tiers": [
            (value, label, value in tiers) for value, label in (*Tier.choices, (NO_TIER, _("No tier")))
        ],
        "chosen_tiers": tiers,
        "total": sum(total.values()) if total is not None else None,
        "shares": [_shown(share) for share in shares],
        "receivers": receivers,
        "refused": refused,
        "recent": HandOver.objects.filter(
            undone_at=None, **({} if user.is_admin else {"actor": user})
        ).select_related("giver", "actor")[:5],
    }
    return render(request, "contacts/hand_over.html", context)


@require_POST
def hand_over_undo(request: Request, pk: int) -> HttpResponse:
    """Take a hand-over back where nobody changed anything since."""
    done = get_object_or_404(HandOver, pk=pk)
    if not handing_over.parts_for(done, request.user):
        raise Http404
    try:
        back = handing_over.undo_hand_over(
            done=done, actor=request.user, today=request.today, now=request.now
        )
    except handing_over.CannotUndo as refused:
        toast(request, str(refused), level=messages.ERROR)
    else:
        words = ngettext("%(number)s account is back.", "%(number)s accounts are back.", back.restored) % {
            "number": number(back.restored)
        }
        if back.left:
            words += " " + ngettext(
                "%(number)s was changed since and stays as it is.",
                "%(number)s were changed since and stay as they are.",
                back.left,
            ) % {"number": number(back.left)}
        toast(request, words, level=messages.WARNING if back.left else messages.SUCCESS)
    manages = request.user.is_manager or request.user.is_admin
    return redirect("contacts:hand_over" if manages else "contacts:today")


@require_GET
def briefing(request: Request, pk: int) -> HttpResponse:
    """What a new owner should know of each account: why it matters, who is there, what was said and promised."""
    user, today = request.user, request.today
    done = get_object_or_404(HandOver.objects.select_related("giver", "actor"), pk=pk)
    shares = handing_over.parts_for(done, user)
    if not shares:
        raise Http404
    people = User.objects.in_bulk(list(shares))
    asked = _number(request.GET.get("to"))
    receiver_id = asked if asked in shares else next(iter(shares))
    page = max(_number(request.GET.get("page")) or 1, 1)
    start = (page - 1) * BRIEFED
    visible = Account.objects.visible_to(user, on=today).filter(pk__in=shares[receiver_id])
    rows = list(_briefed(visible)[start : start + BRIEFED + 1])
    last = dict(
        Touchpoint.objects.filter(pk__in=[row.last_pk for row in rows if row.last_pk])
        .select_related("user")
        .values_list("account_id", "pk")
    )
    touchpoints = Touchpoint.objects.select_related("user").in_bulk(list(last.values()))
    coming = FollowUp.objects.in_bulk([row.next_pk for row in rows if row.next_pk])
    context = {
        "done": done,
        "may_undo": done.undone_at is None and (done.actor_id == user.pk or user.is_admin),
        "receivers": [
            (people[pk], len(ids), pk == receiver_id) for pk, ids in shares.items() if pk in people
        ],
        "receiver": people.get(receiver_id),
        "accounts": [(row, touchpoints.get(row.last_pk), coming.get(row.next_pk)) for row in rows[:BRIEFED]],
        "previous": page - 1,
        "following": page + 1 if len(rows) > BRIEFED else None,
        "today": today,
    }
    return render(request, "contacts/briefing.html", context)


def _briefed(accounts: Any) -> Any:
    """The accounts, A first, with persons, appointments, open promises, and the ids of the last and next contact."""
    last = Touchpoint.objects.live().filter(account=OuterRef("pk")).order_by("-day", "-at", "-pk")
    coming = FollowUp.objects.open().filter(account=OuterRef("pk")).order_by("day", "pk")
    return (
        accounts.annotate(last_pk=Subquery(last.values("pk")[:1]), next_pk=Subquery(coming.values("pk")[:1]))
        .prefetch_related(
            Prefetch("persons", ContactPerson.objects.present(), to_attr="there"),
            Prefetch("promises", Promise.objects.open(), to_attr="promised"),
            Prefetch(
                "follow_ups",
                FollowUp.objects.filter(state=FollowUp.State.BOOKED)
                .select_related("person")
                .prefetch_related(Prefetch("items", AgendaItem.objects.open(), to_attr="about"))
                .order_by("day", "time", "pk"),
                to_attr="booked",
            ),
        )
        # Without a tier comes last: the databases disagree where nothing stands in the order.
        .order_by(F("tier").asc(nulls_last=True), "-sales_12m_cents", "code")
    )


def _shown(share: handing_over.Share) -> dict[str, Any]:
    """A share as the page says it."""
    return {
        "receiver": share.receiver,
        "number": len(share.account_ids),
        "tiers": [(tier, share.tiers[tier]) for tier in (*Tier.values, NO_TIER) if share.tiers[tier]],
        "follow_ups": share.follow_ups,
        "booked": share.booked,
        "promises": share.promises,
        "more": duration(share.minutes),
        "after": duration(share.minutes_after),
        "capacity": duration(share.capacity),
        "minutes_after": min(share.minutes_after, share.capacity),
        "capacity_minutes": share.capacity,
        "is_too_much": share.is_too_much,
    }


def _words(done: handing_over.HandedOver) -> str:
    words = ngettext(
        "Handed over: %(number)s account.", "Handed over: %(number)s accounts.", done.accounts
    ) % {"number": number(done.accounts)}
    if done.booked:
        words += " " + ngettext(
            "%(number)s appointment is booked: tell the customer who comes.",
            "%(number)s appointments are booked: tell the customers who comes.",
            done.booked,
        ) % {"number": number(done.booked)}
    return words


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
