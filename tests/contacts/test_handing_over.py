"""A portfolio goes to colleagues and comes back; its briefing (contacts.handing_over)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from contacts import handing_over
from contacts.models import AgendaItem, FollowUp, HandOver, Promise
from crm.team.models import Absence, User
from tests.support.cast import Cast
from tests.support.factories import (
    AccountFactory,
    AgendaItemFactory,
    ContactPersonFactory,
    ContactRuleFactory,
    FollowUpFactory,
    TouchpointFactory,
)

NOW = dt.datetime(2026, 10, 13, 7, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def give(
    cast: Cast, today: dt.date, *receivers: User, tiers: tuple[str, ...] = ()
) -> handing_over.HandedOver:
    return handing_over.hand_over(
        giver=cast.rita, receivers=receivers, tiers=tiers, actor=cast.ada, today=today, now=NOW
    )


@pytest.mark.parametrize("hands", [1, 2, 3])
def test_dealing_is_even(hands: int) -> None:
    dealt = handing_over.deal(list(range(18)), hands)
    assert sorted(pk for hand in dealt for pk in hand) == list(range(18))
    assert {len(hand) for hand in dealt} == {18 // hands}
    assert max(map(sum, dealt)) - min(map(sum, dealt)) <= 9


def test_tiers_and_sales_are_dealt_alike(cast: Cast, today: dt.date) -> None:
    for tier in "AABB":
        for _more in range(2):
            AccountFactory(owner=cast.rita, tier=tier, sales_12m_cents=100)
    give(cast, today, cast.carl, cast.otto)
    for user in (cast.carl, cast.otto):
        tiers = list(
            user.owned_accounts.filter(tier__isnull=False).order_by("tier").values_list("tier", flat=True)
        )
        assert tiers == ["A", "A", "B", "B"]


def test_follow_ups_go_along(cast: Cast, today: dt.date, django_capture_on_commit_callbacks: Any) -> None:
    day, monday = dt.date(2026, 10, 16), dt.date(2026, 10, 19)
    Absence.objects.create(user=cast.carl, first_day=day, last_day=day)
    of_acme = {"account": cast.acme, "assignee": cast.rita}
    promised = FollowUpFactory(**of_acme, day=day)
    booked = FollowUpFactory(**of_acme, day=day, state="booked", time=dt.time(10), channel="event")
    overdue = FollowUpFactory(**of_acme, day=dt.date(2026, 10, 10))
    of_serge = FollowUpFactory(account=cast.acme, assignee=cast.serge, day=day)
    closed = FollowUpFactory(**of_acme, day=day, state="done", closed_at=NOW)
    for follow_up in (promised, booked, overdue):
        AgendaItemFactory(account=cast.acme, follow_up=follow_up, due=follow_up.day)
    with django_capture_on_commit_callbacks(execute=True):
        done = give(cast, today, cast.carl)
    assert (done.accounts, done.follow_ups, done.booked) == (1, 3, 1)
    found = dict(FollowUp.objects.values_list("pk", "day"))
    assert found[promised.pk] == monday  # he is away on the Friday
    assert (found[booked.pk], found[overdue.pk]) == (day, dt.date(2026, 10, 10))
    assert set(FollowUp.objects.filter(assignee=cast.carl)) == {promised, booked, overdue}
    of_serge.refresh_from_db()
    closed.refresh_from_db()
    assert (of_serge.assignee, closed.assignee) == (cast.serge, cast.rita)
    back = handing_over.undo_hand_over(done=done.hand_over, actor=cast.ada, today=today, now=LATER)
    assert (back.restored, back.left) == (1, 0)
    assert dict(FollowUp.objects.values_list("pk", "day"))[promised.pk] == day
    assert not FollowUp.objects.filter(assignee=cast.carl).exists()
    with pytest.raises(handing_over.CannotUndo):
        handing_over.undo_hand_over(done=done.hand_over, actor=cast.ada, today=today, now=LATER)


def test_cadences_are_planned_for_the_new_owner(
    cast: Cast, today: dt.date, django_capture_on_commit_callbacks: Any
) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="A")
    ContactRuleFactory(tiers="A", every_days=10)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=dt.date(2026, 9, 20))
    with django_capture_on_commit_callbacks(execute=True):
        give(cast, today, cast.carl)
    assert AgendaItem.objects.open().get(account=cast.acme).follow_up.assignee == cast.carl


def test_only_the_tiers_asked_for(cast: Cast, today: dt.date) -> None:
    best = AccountFactory(owner=cast.rita, tier="A")
    gone = AccountFactory(owner=cast.rita, tier="A", archived_at=NOW)
    give(cast, today, cast.carl, tiers=("A",))
    best.refresh_from_db()
    gone.refresh_from_db()
    assert best.owner == cast.carl and gone.owner == cast.rita
    assert Account.objects.get(pk=cast.acme.pk).owner == cast.rita
    give(cast, today, cast.carl, tiers=("none",))
    assert Account.objects.get(pk=cast.acme.pk).owner == cast.carl


def test_undo_leaves_what_changed_hands_since(cast: Cast, today: dt.date) -> None:
    done = give(cast, today, cast.carl)
    Account.objects.filter(pk=cast.acme.pk).update(owner=cast.otto)
    back = handing_over.undo_hand_over(done=done.hand_over, actor=cast.ada, today=today, now=LATER)
    assert (back.restored, back.left) == (0, 1)


def test_who_may(cast: Cast, today: dt.date) -> None:
    for actor, giver, receiver in (
        (cast.rita, cast.rita, cast.carl),
        (cast.nora, cast.rita, cast.otto),
        (cast.mona, cast.rita, cast.otto),
        (cast.ada, cast.rita, cast.rita),
    ):
        with pytest.raises(handing_over.Refused):
            handing_over.hand_over(
                giver=giver, receivers=[receiver], tiers=(), actor=actor, today=today, now=NOW
            )
    assert not HandOver.objects.exists()


def test_preview_then_do_then_brief(cast: Cast, today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(NOW)
    Account.objects.filter(pk=cast.acme.pk).update(tier="A")
    ContactRuleFactory(tiers="A", every_days=7, minutes=60)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today, note="They want a new price list.")
    Promise.objects.create(
        account=cast.acme, made_by=cast.rita, words="Send the price list", made_on=today, due_on=today
    )
    mona, here = client_of(cast.mona), reverse("contacts:hand_over")
    asked = {"giver": cast.rita.pk, "to": cast.carl.pk}
    share = mona.get(here, asked).context["shares"][0]
    assert (share["number"], share["promises"], share["more"]) == (1, 1, "13 h")
    assert Account.objects.get(pk=cast.acme.pk).owner == cast.rita
    answer = mona.post(here, asked, follow=True)
    page = answer.content.decode()
    assert "Handed over: 1 account" in page and "They want a new price list" in page
    done = HandOver.objects.get()
    briefing = reverse("contacts:briefing", args=[done.pk])
    assert "Send the price list" in client_of(cast.carl).get(briefing).content.decode()
    assert client_of(cast.rita).get(briefing).status_code == 404
    mona.post(reverse("contacts:hand_over_undo", args=[done.pk]))
    assert Account.objects.get(pk=cast.acme.pk).owner == cast.rita


def test_a_briefing_begins_with_the_best(cast: Cast, today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(NOW)
    for tier in "CBA":
        AccountFactory(owner=cast.rita, tier=tier)
    done = give(cast, today, cast.carl).hand_over
    page = client_of(cast.carl).get(reverse("contacts:briefing", args=[done.pk]))
    assert [account.tier for account, *_rest in page.context["accounts"]] == ["A", "B", "C", None]


def test_a_briefing_names_every_appointment_and_how_to_reach_them(
    cast: Cast, today: dt.date, time_machine: Any
) -> None:
    time_machine.move_to(NOW)
    Account.objects.filter(pk=cast.acme.pk).update(
        phone="12 345 67 89", email="biuro@acme.example", address="Polna 1"
    )
    ContactPersonFactory(account=cast.acme, name="Jan Nowak", phone="")
    for day, words in ((16, "Show the new hoses"), (20, "Count the stock")):
        of_acme = {"account": cast.acme, "assignee": cast.rita, "day": dt.date(2026, 10, day)}
        booked = FollowUpFactory(**of_acme, state="booked", time=dt.time(9, 45), channel="visit")
        AgendaItemFactory(account=cast.acme, follow_up=booked, words=words)
    done = give(cast, today, cast.carl).hand_over
    page = client_of(cast.carl).get(reverse("contacts:briefing", args=[done.pk])).content.decode()
    for words in ("Show the new hoses", "Count the stock", "biuro@acme.example", "Polna 1"):
        assert words in page
    assert page.count("09:45") == 2
    assert "Jan Nowak" in page.split("(the company)")[0]
