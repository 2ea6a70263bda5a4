"""Handing one contact over to a colleague (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AccountTeamMember
from accounts.querysets import who_see
from contacts.follow_ups import hand_over_follow_up
from contacts.models import FollowUp
from contacts.planning import plan
from contacts.undo import undo
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import ContactRuleFactory, TouchpointFactory

DAY = dt.timedelta(days=1)


@pytest.fixture
def call(cast: Cast, today: dt.date) -> FollowUp:
    """A call to `acme` that planning put on Rita's queue; Carl is on the account's team."""
    AccountTeamMember.objects.create(account=cast.acme, user=cast.carl)
    ContactRuleFactory(every_days=30)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - 40 * DAY)
    plan(today=today, now=timezone.now(), account_ids=[cast.acme.pk])
    return FollowUp.objects.open().get()


def test_who_see_is_the_contrary_of_visible_to(cast: Cast, today: dt.date) -> None:
    AccountTeamMember.objects.create(account=cast.acme, user=cast.otto)
    for account in (cast.acme, cast.brewery, cast.quarry, cast.orphan):
        expected = {
            user
            for user in User.objects.all()
            if Account.objects.visible_to(user, on=today).filter(pk=account.pk).exists()
        }
        assert set(who_see(account)) == expected


def test_it_stays_with_the_colleague_when_planned_again_until_undone(
    cast: Cast, call: FollowUp, today: dt.date
) -> None:
    now = timezone.now()
    act = hand_over_follow_up(
        follow_up=call, receiver=cast.carl, note=" Ask for Anna. ", actor=cast.rita, today=today, now=now
    )
    day = call.day
    plan(today=today, now=now, account_ids=[cast.acme.pk], thorough=True)
    call.refresh_from_db()
    assert (call.assignee, call.handed_over_by, call.hand_over_note) == (
        cast.carl,
        cast.rita,
        "Ask for Anna.",
    )
    assert FollowUp.objects.open().get() == call and call.day == day
    undo(token=act.undo, actor=cast.rita, today=today, now=now)
    call.refresh_from_db()
    assert (call.assignee, call.handed_over_by, call.hand_over_note) == (cast.rita, None, "")


def test_who_does_not_see_the_account_gets_nothing(cast: Cast, call: FollowUp, today: dt.date) -> None:
    for receiver in (cast.otto, cast.rita):
        with pytest.raises(ValidationError):
            hand_over_follow_up(
                follow_up=call, receiver=receiver, note="", actor=cast.rita, today=today, now=timezone.now()
            )


def test_the_page_offers_only_who_sees_it_and_the_receiver_reads_from_whom(
    cast: Cast, call: FollowUp, today: dt.date, time_machine: Any
) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9, 0), tzinfo=dt.UTC))
    rita, carl = Client(), Client()
    rita.force_login(cast.rita)
    carl.force_login(cast.carl)
    url = reverse("contacts:follow_up_hand_over", args=[call.pk])
    offered = rita.get(url).content.decode().split("<select")[1].split("</select>")[0]
    assert "Carl Example" in offered and "Mona Example" in offered and "Serge Example" in offered
    assert "Otto Example" not in offered and "Rita Example" not in offered
    assert rita.post(url, {"receiver": cast.otto.pk, "note": ""}).status_code == 422
    said = rita.post(url, {"receiver": cast.carl.pk, "note": "Ask for Anna."}, follow=True).content.decode()
    assert "handed over to Carl Example." in said
    seen = carl.get(reverse("contacts:follow_up", args=[call.pk])).content.decode()
    assert "Rita Example handed this over." in seen and "Ask for Anna." in seen
    assert call.account.name in carl.get(reverse("contacts:today")).content.decode()
