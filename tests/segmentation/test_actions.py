"""What is to be done about a tier change stands on somebody's queue with the decision, and goes with it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import AgendaItem, FollowUp
from segmentation import review
from segmentation.actions import Action, action_of
from segmentation.errors import ActionRefused
from segmentation.models import TierChange
from tests.support.cast import Cast
from tests.support.factories import ContactRuleFactory
from tests.support.proposals import make_run, propose

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def change(cast: Cast, today: dt.date) -> TierChange:
    return propose(make_run(as_of=dt.date(2026, 9, 30), review_until=today + 9 * DAY), cast.acme, "A", "B")


@pytest.fixture
def deciding(cast: Cast, today: dt.date, now: dt.datetime) -> dict[str, Any]:
    return {"reason": "delivery", "actor": cast.mona, "today": today, "now": now}


def mona(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.mona)
    return client


def test_it_stands_on_the_queue_and_goes_with_the_decision(
    change: TierChange, deciding: dict[str, Any], cast: Cast, today: dt.date, now: dt.datetime
) -> None:
    action = Action("Ask about line 2", cast.carl, today + 3 * DAY)
    review.reject_change(change=change, action=action, **deciding)
    item = action_of(change)
    assert item is not None and (item.words, item.reason, item.due) == (
        "Ask about line 2",
        "tier_change",
        action.day,
    )
    assert item.follow_up is not None and item.follow_up.assignee == cast.carl
    review.undo_decision(change=change, actor=cast.mona, today=today, now=now)
    assert action_of(change) is None
    assert not FollowUp.objects.open().filter(assignee=cast.carl).exists()


def test_what_somebody_moved_stays(
    change: TierChange, deciding: dict[str, Any], cast: Cast, today: dt.date, now: dt.datetime
) -> None:
    review.accept_change(change=change, action=Action("Call them", cast.carl, today + DAY), **deciding)
    FollowUp.objects.filter(assignee=cast.carl).update(moved_by_hand=True)
    review.undo_decision(change=change, actor=cast.mona, today=today, now=now)
    assert action_of(change) is not None


def test_what_nobody_can_do_leaves_the_change_undecided(
    change: TierChange, deciding: dict[str, Any], cast: Cast, today: dt.date
) -> None:
    cast.carl.is_active = False
    cast.carl.save()
    for action in (Action("Call", cast.carl, today + DAY), Action("Call", cast.rita, today - DAY)):
        with pytest.raises(ActionRefused):
            review.accept_change(change=change, action=action, **deciding)
    change.refresh_from_db()
    assert change.state == "proposed" and not AgendaItem.objects.filter(reason="tier_change").exists()


def test_by_the_page(change: TierChange, cast: Cast, today: dt.date) -> None:
    ContactRuleFactory(tiers="A", channel="visit", every_days=13, minutes=60)
    address = reverse("segmentation:change", args=[change.pk])
    page = mona(cast).get(address).content.decode()
    assert "In the contact plan" in page and "7 h" in page.replace("\xa0", " ")
    form = {"decision": "accept", "reason": "delivery", "action_words": "Ask about line 2"}
    answer = mona(cast).post(address, form)
    assert "By when?" in answer.content.decode() and "Who does it?" in answer.content.decode()
    form |= {"action_who": str(cast.rita.pk), "action_day": (today + DAY).isoformat()}
    stranger = mona(cast).post(address, form | {"action_who": str(cast.otto.pk)})
    assert "not one of the available choices" in stranger.content.decode()
    mona(cast).post(address, form)
    page = mona(cast).get(address).content.decode()
    assert "Ask about line 2" in page and "Rita Example" in page
    change.refresh_from_db()
    assert change.state == "accepted"


def test_who_comes_second_is_told_although_the_form_names_somebody(
    change: TierChange, deciding: dict[str, Any], cast: Cast
) -> None:
    review.reject_change(change=change, **(deciding | {"actor": cast.ada}))
    form = {"decision": "accept", "reason": "delivery", "action_words": "", "action_who": str(cast.rita.pk)}
    said = mona(cast).post(reverse("segmentation:change", args=[change.pk]), form).content.decode()
    assert "Ada Example rejected this change on" in said and 'role="alert"' in said
