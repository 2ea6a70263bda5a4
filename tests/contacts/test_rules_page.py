"""The admin's page of contact rules."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from contacts.models import ContactRule
from crm.jobs.models import Job
from tests.support.cast import Cast
from tests.support.factories import ContactRuleFactory, ProductLineFactory

FORM = {"tiers": ["A"], "channel": "phone", "every_days": "30", "minutes": "15", "tolerance_days": "5"}


@pytest.fixture
def ada(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def test_an_empty_list_says_what_to_do(ada: Client) -> None:
    page = ada.get(reverse("contacts:rules")).content.decode()
    assert "No rules yet" in page
    assert reverse("contacts:rule_new") in page


def test_a_new_rule_goes_last_and_is_planned(ada: Client) -> None:
    ContactRuleFactory(priority=1)
    answer = ada.post(reverse("contacts:rule_new"), FORM | {"potential_at_least": "1500.50"})
    made = ContactRule.objects.get(priority=2)
    assert answer.status_code == 302
    assert (made.tiers, made.every_days, made.potential_at_least_cents) == ("A", 30, 150_050)
    assert made.history.get().history_user.email == "ada@example.com"
    assert Job.objects.filter(kind="planning", key=f"planning:rule:{made.pk}").exists()


def test_product_lines_are_kept_and_shown(ada: Client) -> None:
    pumps = ProductLineFactory(name="Pumps")
    ada.post(reverse("contacts:rule_new"), FORM | {"product_lines": [pumps.pk]})
    assert "that buys Pumps" in ada.get(reverse("contacts:rules")).content.decode()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("every_days", "", "This field is required"),
        ("every_days", "0", "At least 1 day"),
        ("minutes", "0", "greater than or equal to 1"),
        ("channel", "broadcast", "not one of the available choices"),
        ("active_until", "2020-01-01", "end before it starts"),
    ],
)
def test_bad_input_is_told_beside_the_field_and_kept(ada: Client, field: str, value: str, words: str) -> None:
    answer = ada.post(
        reverse("contacts:rule_new"),
        FORM | {"active_from": "2026-01-01", "talking_points": "Ask.", field: value},
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "Ask." in answer.content.decode()
    assert not ContactRule.objects.exists()


def test_moving_and_undoing(ada: Client) -> None:
    first, second = ContactRuleFactory(priority=1), ContactRuleFactory(priority=2)
    page = ada.post(reverse("contacts:rule_move", args=[second.pk, 1]), follow=True).content.decode()
    second.refresh_from_db()
    assert second.priority == 1
    undo = reverse("contacts:rule_move", args=[second.pk, 2])
    assert f"{undo}?undo" in page
    assert re.search(r'aria-label="Move rule 1 down" autofocus', page)  # up it cannot go any further
    assert (
        "?undo" not in ada.post(f"{undo}?undo", follow=True).content.decode()
    )  # or Z would only go to and fro
    first.refresh_from_db()
    assert first.priority == 1


def test_switching_off_shows_accounts_that_match_nothing(ada: Client, cast: Cast) -> None:
    Account.objects.update(tier="A")
    rule = ContactRuleFactory(priority=1, tiers="A")
    assert "match no rule" not in ada.get(reverse("contacts:rules")).content.decode()
    page = ada.post(reverse("contacts:rule_switch", args=[rule.pk, 0]), follow=True).content.decode()
    assert "4 accounts match no rule" in page


def test_removing_closes_the_gap(ada: Client) -> None:
    first, second = ContactRuleFactory(priority=1), ContactRuleFactory(priority=2)
    ada.post(reverse("contacts:rule_remove", args=[first.pk]))
    second.refresh_from_db()
    assert second.priority == 1


# Triggers -------------------------------------------------------------------------------------------------------------
TRIGGER = {
    "event": "purchase",
    "event_amount": "5000",
    "event_days": "9",
    "offset_from": "1",
    "offset_until": "3",
    "channel": "phone",
    "minutes": "10",
}


def test_a_new_trigger_is_listed_beside_the_cadences_and_looked_for(ada: Client) -> None:
    ContactRuleFactory(priority=1)
    answer = ada.post(reverse("contacts:trigger_new"), TRIGGER)
    made = ContactRule.objects.triggers().get()
    assert answer.status_code == 302
    assert (made.priority, made.event_amount_cents, made.event_days) == (1, 500_000, None)
    assert (made.offset_from, made.offset_until, made.every_days) == (1, 3, None)
    assert made.fires_from is not None
    assert Job.objects.filter(kind="triggers", key=f"triggers:rule:{made.pk}").exists()
    page = ada.get(reverse("contacts:rule", args=[made.pk])).content.decode()
    assert "0 times in 90 days" in page
    assert "phone call 1 to 3 working days later" in page
    assert 'value="5000' in page
    # The order of the cadences leaves it out.
    ada.post(reverse("contacts:rule_remove", args=[made.pk]))
    assert ContactRule.objects.get().priority == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("event", "", "This field is required"),
        ("offset_until", "0", "end before it begins"),
        ("event_amount", "-1", "greater than or equal to 0"),
    ],
)
def test_a_trigger_that_cannot_be_is_told_beside_the_field(
    ada: Client, field: str, value: str, words: str
) -> None:
    answer = ada.post(reverse("contacts:trigger_new"), TRIGGER | {field: value})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ContactRule.objects.exists()


def test_a_trigger_is_switched_off_and_on(ada: Client) -> None:
    rule = ContactRuleFactory(kind="trigger", event="delivery", every_days=None, fires_from=None)
    for on in (0, 1):
        ada.post(reverse("contacts:rule_switch", args=[rule.pk, on]))
        rule.refresh_from_db()
        assert (rule.enabled, rule.fires_from is not None) == (bool(on), bool(on))
