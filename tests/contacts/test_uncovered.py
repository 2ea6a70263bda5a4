"""The list of what is not covered (contacts.uncovered)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from contacts import uncovered
from crm.team.models import Absence
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactPersonFactory, ContactRuleFactory


@pytest.fixture
def covered(cast: Cast) -> None:
    """Everybody is covered: an owner, a person, a tier, a rule."""
    Account.objects.filter(pk=cast.orphan.pk).update(owner=cast.carl)
    Account.objects.update(tier="C", phase="customer")
    for account in Account.objects.all():
        ContactPersonFactory(account=account)
    ContactRuleFactory(tiers="ABC")


def found(cast: Cast, today: dt.date) -> dict[str, list[str]]:
    """By gap, the codes that Ada is told of; the counts say the same."""
    codes = {
        gap.name: sorted(one.code for one in uncovered.uncovered(cast.ada, gap.name, today=today))
        for gap in uncovered.GAPS
    }
    counted = uncovered.counts(cast.ada, today=today)
    assert {name: len(some) for name, some in codes.items()} | {"accounts": counted["accounts"]} == counted
    return {name: some for name, some in codes.items() if some}


def test_nothing_is_missing(cast: Cast, today: dt.date, covered: None) -> None:
    assert found(cast, today) == {}


def test_each_gap_is_found(cast: Cast, today: dt.date, covered: None) -> None:
    Account.objects.filter(pk=cast.orphan.pk).update(owner=None)
    cast.acme.persons.update(left_on=today)
    Account.objects.filter(pk=cast.quarry.pk).update(tier=None)
    cast.otto.is_active = False
    cast.otto.save()
    Absence.objects.create(user=cast.rita, first_day=today, last_day=today + dt.timedelta(days=13))
    Absence.objects.create(user=cast.carl, first_day=today, last_day=today + dt.timedelta(days=2))
    assert found(cast, today) == {
        "owner": ["ORPHAN"],
        "person": ["ACME"],
        "tier": ["QUARRY"],
        "rule": ["QUARRY"],
        "gone": ["QUARRY"],
        "away": ["ACME"],
    }


def test_a_substitute_covers(cast: Cast, today: dt.date, covered: None) -> None:
    away = Absence.objects.create(
        user=cast.rita, first_day=today, last_day=today + dt.timedelta(days=30), substitute=cast.carl
    )
    assert found(cast, today) == {}
    away.substitute = None
    away.save()
    assert set(found(cast, today)) == {"away"}


def test_archived_and_let_go_are_left_out(cast: Cast, today: dt.date, covered: None) -> None:
    AccountFactory(phase="let_go")
    AccountFactory(archived_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert found(cast, today) == {}


def test_the_page_tells_a_manager_of_the_team_and_of_nobodys(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.mona)
    page = client.get(reverse("contacts:coverage"), {"gap": "person"})
    assert [row.code for row in page.context["rows"]] == ["ACME", "BREW", "ORPHAN"]
    assert client.get(reverse("contacts:coverage"), {"gap": "owner"}).context["total"] == 1
