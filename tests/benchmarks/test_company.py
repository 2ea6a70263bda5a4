"""The generator of the company that is measured: small here, so that it does not rot."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Account, Purchase
from benchmarks.company import make_company
from contacts.models import FollowUp, Touchpoint
from crm.team.models import User
from segmentation.models import TieringRun

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)


@pytest.mark.django_db(transaction=True)
def test_company_has_the_size_asked_for_and_is_tiered_and_planned() -> None:
    make_company(today=NOW.date(), now=NOW, accounts=50, purchases=600, touchpoints=200)

    assert (Account.objects.count(), Purchase.objects.count(), Touchpoint.objects.count()) == (50, 600, 200)
    assert Account.objects.filter(owner=User.objects.get(email="rep1@bench.example")).count() == 50
    assert TieringRun.objects.count() == 2
    assert set(Account.objects.values_list("tier", flat=True)) == {"A", "B", "C", None}
    assert FollowUp.objects.exists()
