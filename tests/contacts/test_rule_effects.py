"""An admin sees what a rule does before it is saved, and which accounts it governs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts import planning
from contacts.models import AgendaItem, ContactRule, FollowUp
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactRuleFactory, TouchpointFactory

FORM = {"tiers": ["A"], "channel": "phone", "every_days": "30", "minutes": "20", "tolerance_days": "5"}


@pytest.fixture
def rule(cast: Cast, today: dt.date, time_machine: Any) -> ContactRule:
    """Six A accounts of Rita's under a call every 30 days, and everybody under one every 90, planned."""
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))
    found = ContactRuleFactory(tiers="A", channel="phone", every_days=30, minutes=20, priority=1)
    ContactRuleFactory(channel="phone", every_days=90, minutes=10, priority=2)
    for number in range(6):
        account = AccountFactory(owner=cast.rita, tier="A", name=f"Mill {number}")
        TouchpointFactory(account=account, user=cast.rita, day=today - dt.timedelta(days=20 + number))
    planning.plan(today=today, now=timezone.now())
    return found


@pytest.fixture
def ada(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def test_the_panel_says_what_changes_and_writes_nothing(rule: ContactRule, ada: Client, cast: Cast) -> None:
    cast.rita.weekly_contact_minutes = 30
    cast.rita.save()
    rows = [list(table.objects.order_by("pk").values()) for table in (ContactRule, AgendaItem, FollowUp)]
    answer = ada.post(
        reverse("contacts:rule_preview", args=[rule.pk]),
        FORM | {"every_days": "10"},
        headers={"HX-Request": "true"},
    )
    panel = answer.content.decode()
    assert "<html" not in panel
    assert "<b>6</b> change" in panel
    assert "overfull" in panel
    assert "Mill 0" in panel
    assert "phone every 30 days, 20 min → phone every 10 days, 20 min" in panel
    assert rows == [
        list(table.objects.order_by("pk").values()) for table in (ContactRule, AgendaItem, FollowUp)
    ]


def test_without_script_the_page_comes_back_with_the_form_as_it_was(rule: ContactRule, ada: Client) -> None:
    page = ada.post(
        reverse("contacts:rule_new_preview"),
        FORM | {"tiers": [], "talking_points": "Ask.", "channel": "visit"},
    ).content.decode()
    assert "<html" in page
    assert "Ask." in page
    assert "accounts gain a contact" in page
    assert ContactRule.objects.count() == 2


def test_what_is_filled_in_wrong_has_no_effect_to_show(rule: ContactRule, ada: Client) -> None:
    url = reverse("contacts:rule_preview", args=[rule.pk])
    panel = ada.post(url, FORM | {"every_days": "0"}, headers={"HX-Request": "true"}).content.decode()
    assert "At least 1 day" in panel
    assert ada.get(url).status_code == 302


@pytest.mark.parametrize(
    ("act", "words", "target"),
    [
        ("remove", "6 accounts go to rule 2", "rule_remove"),
        ("off", "6 accounts go to rule 2", "rule_switch"),
        ("down", "rule 1 would not be reached any more", "rule_move"),
    ],
)
def test_acts_show_their_effect_first(
    rule: ContactRule, ada: Client, act: str, words: str, target: str
) -> None:
    page = ada.get(reverse("contacts:rule_effect", args=[rule.pk, act])).content.decode()
    arguments = {"rule_remove": [rule.pk], "rule_switch": [rule.pk, 0], "rule_move": [rule.pk, 2]}[target]
    assert reverse(f"contacts:{target}", args=arguments) in page
    if act != "down":
        assert words in page
    assert ContactRule.objects.get(pk=rule.pk).enabled


def test_the_accounts_a_rule_governs_and_those_an_earlier_one_has(rule: ContactRule, ada: Client) -> None:
    second = ContactRule.objects.get(priority=2)
    page = ada.get(reverse("contacts:rule", args=[second.pk])).content.decode()
    assert "Rule 1 has 6 of them" in page
    accounts = reverse("contacts:rule_accounts", args=[second.pk])
    assert "Mill" not in ada.get(accounts).content.decode()
    assert "Mill 5" in ada.get(f"{accounts}?by={rule.pk}").content.decode()
    assert ada.get(reverse("contacts:rule_effect", args=[rule.pk, "up"])).status_code == 404
