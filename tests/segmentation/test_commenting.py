"""A rep says what they know of a proposal and asks for another tier; whoever decides reads it, and decides."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from segmentation import review
from segmentation.models import TierChange, TierComment
from tests.support.cast import Cast
from tests.support.proposals import make_run, propose

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def change(cast: Cast, today: dt.date) -> TierChange:
    return propose(make_run(as_of=dt.date(2026, 9, 30), review_until=today + 9 * DAY), cast.acme, "A", "B")


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_rep_says_it_on_the_account_and_the_manager_reads_it(cast: Cast, change: TierChange) -> None:
    rita, tab = client_of(cast.rita), reverse("accounts:tab", args=[cast.acme.pk, "tiers"])
    page = rita.get(tab).content.decode()
    assert (
        "Proposed now" in page
        and "decided until Thu 22 Oct" in page
        and "/review/" not in page.split("<form")[0]
    )
    address = reverse("segmentation:comment", args=[change.pk])
    for _twice in range(2):
        said = rita.post(address, {"words": "They build a second hall.", "asked_tier": "A"}, follow=True)
        assert "They build a second hall." in said.content.decode()
    assert TierComment.objects.count() == 1
    page = client_of(cast.mona).get(reverse("segmentation:change", args=[change.pk])).content.decode()
    assert "Asks for A:" in page and "They build a second hall." in page
    assert TierChange.objects.get(pk=change.pk).state == "proposed", "the decision is not theirs"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"words": "  "}, "Say what you know."),
        ({"words": "No", "asked_tier": "B"}, "B is what is proposed."),
        ({"words": "No", "asked_tier": "X"}, "Choose A, B or C."),
    ],
)
def test_what_is_no_comment_is_said(
    cast: Cast, change: TierChange, given: dict[str, str], words: str
) -> None:
    said = client_of(cast.rita).post(reverse("segmentation:comment", args=[change.pk]), given, follow=True)
    assert words in said.content.decode() and not TierComment.objects.exists()


def test_nothing_is_said_of_what_is_decided(
    cast: Cast, change: TierChange, today: dt.date, now: dt.datetime
) -> None:
    review.accept_change(change=change, reason="delivery", actor=cast.mona, today=today, now=now)
    rita = client_of(cast.rita)
    said = rita.post(reverse("segmentation:comment", args=[change.pk]), {"words": "Wait!"}, follow=True)
    assert "Mona" in said.content.decode() and "accepted this change" in said.content.decode()
    assert not TierComment.objects.exists()
    assert client_of(cast.otto).post(reverse("segmentation:comment", args=[change.pk])).status_code == 404
