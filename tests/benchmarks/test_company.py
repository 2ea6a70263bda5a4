"""The generator and the measuring of pages, in a company that is small, so that they do not rot."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Purchase
from benchmarks import levelled, pages
from benchmarks.company import make_company
from contacts.models import FollowUp, Touchpoint
from crm.team.models import User
from segmentation.models import TieringRun


@pytest.mark.skipif(connection.vendor != "postgresql", reason="measured on PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_company_is_of_the_size_asked_for_and_every_page_of_it_can_be_measured(monkeypatch) -> None:
    now = timezone.now().replace(hour=9) - dt.timedelta(days=1)
    monkeypatch.setattr(pages, "WARM_UP", 0)

    make_company(today=now.date(), now=now, accounts=50, purchases=600, touchpoints=200)
    _p, found = pages.measure(1)

    assert (Account.objects.count(), Purchase.objects.count(), Touchpoint.objects.count()) == (50, 600, 200)
    assert Account.objects.filter(owner=User.objects.get(email="rep1@bench.example")).count() == 50
    assert TieringRun.objects.count() == 2
    assert set(Account.objects.values_list("tier", flat=True)) == {"A", "B", "C", None}
    assert FollowUp.objects.exists()
    assert found["P"]["queries"] == 3
    assert {key: page["status"] for key, page in found.items() if key != "P" and page["status"] != 200} == {}
    assert {"Today as rep", "Accounts as admin", "Account as rep"} <= set(found)

    # What is looked for in the weeks is found where it is.
    assert levelled.check(now.date())["with what could stand elsewhere"] == 0
    crowded = levelled.contacts(now.date())[0].day
    FollowUp.objects.open().filter(day__gte=now.date()).update(day=crowded, minutes=60)
    assert levelled.check(now.date())["with what could stand elsewhere"] == 1
