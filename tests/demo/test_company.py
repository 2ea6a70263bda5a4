"""The small company as rows, on either database."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q, Sum

from accounts.models import Account, ContactPerson, Import, Purchase, PurchaseLine, Tier, quarter_number
from complaints import clock
from complaints.models import Complaint, Decision
from contacts.models import AgendaItem, ContactRule, FollowUp, Promise, Reason, Touchpoint
from crm.demo import company
from crm.demo.company import made_on, make_company
from crm.demo.complaining import BATCH
from crm.demo.people import PASSWORD, WORKERS
from crm.team.calendars import calendars_of
from crm.team.models import Absence, Role, Team, User
from tests.demo.conftest import ACCOUNTS, NOW, TODAY

Make = Callable[..., dict[str, int]]


def content() -> list[Any]:
    """Everything that should come out the same, without ids."""
    return [
        list(
            Account.objects.order_by("code").values_list(
                "code", "name", "owner__email", "phone", "sales_12m_cents"
            )
        ),
        list(Purchase.objects.order_by("account__code", "number").values_list("number", "amount", "paid_on")),
        list(Touchpoint.objects.order_by("uuid").values_list("uuid", "at", "user__email", "note", "outcome")),
        list(
            Promise.objects.order_by("account__code", "made_on", "words").values_list(
                "words", "due_on", "state"
            )
        ),
        list(FollowUp.objects.order_by("account__code", "day", "time").values_list("day", "time", "channel")),
        list(
            Complaint.objects.order_by("number").values_list(
                "number", "account__code", "words", "state", "opened_at", "due_at", "outcome", "granted_cents"
            )
        ),
    ]


def test_the_same_seed_and_day_make_the_same_company(make: Make) -> None:
    with transaction.atomic():
        make()
        first = content()
        transaction.set_rollback(True)
    assert not Account.objects.exists()
    make()
    assert content() == first


def test_another_seed_makes_another(make: Make) -> None:
    with transaction.atomic():
        make()
        first = content()
        transaction.set_rollback(True)
    make(seed=1)
    assert content()[1] != first[1]


def test_what_is_there(make: Make) -> None:
    assert made_on() is None
    made = make()
    assert made_on() == TODAY
    assert made["accounts"] == Account.objects.count() == ACCOUNTS
    assert Team.objects.count() == 3 and User.objects.count() == len(WORKERS)
    assert all(team.leads.filter(role=Role.MANAGER).count() == 1 for team in Team.objects.all())
    assert User.objects.get(email="joanna@opieka.example").check_password(PASSWORD)
    assert made["purchases"] == Purchase.objects.count() > 500
    assert made["touchpoints"] == Touchpoint.objects.count() > 200
    assert ContactPerson.objects.filter(is_main=True).count() == ACCOUNTS
    assert 6 <= ContactRule.objects.in_force(on=TODAY).cadences().count() <= 10
    assert Absence.objects.filter(substitute__isnull=False).count() == 2
    assert Account.objects.filter(parent__isnull=False).exists()
    assert Account.history.filter(history_type="+").count() == ACCOUNTS


def test_sums_agree(make: Make) -> None:
    make()
    for purchase in Purchase.objects.annotate(total=Sum("lines__amount")):
        assert purchase.total == purchase.amount == Decimal(purchase.amount_cents) / 100
        assert purchase.quarter == quarter_number(purchase.ordered_on)
    record = Import.objects.get()
    assert record.rows_taken == PurchaseLine.objects.count()
    assert record.created == record.purchases.count() == Purchase.objects.count()


def test_facts_are_written(make: Make) -> None:
    make()
    assert set(Account.objects.values_list("phase", flat=True)) >= {"prospect", "customer", "lost"}
    bought = Account.objects.filter(purchases__isnull=False).distinct()
    assert not bought.filter(Q(last_purchase_on=None) | Q(first_purchase_on=None)).exists()
    assert not Account.objects.filter(tier__in=Tier.values).exists(), "tiers are the quarter job's"
    reached = Account.objects.filter(touchpoints__outcome="relationship")
    assert reached.exists() and not reached.filter(last_contact_on=None).exists()
    for account in Account.objects.all():
        assert account.open_complaints == account.complaints.open().complaints().count()


def test_contacts_were_made_on_working_days_and_not_in_an_absence(make: Make) -> None:
    make()
    calendars = calendars_of(User.objects.all())
    for user_id, day in Touchpoint.objects.values_list("user", "day"):
        assert day < TODAY
        assert calendars[user_id].is_working(day), (user_id, day)


def test_what_is_open_asks_for_a_contact(make: Make) -> None:
    make()
    promised = Promise.objects.open().filter(account__owner__isnull=False)
    items = AgendaItem.objects.open().filter(reason=Reason.PROMISE_DUE)
    assert {f"promise:{pk}" for pk in promised.values_list("pk", flat=True)} == {
        item.source for item in items
    }
    unsettled = Complaint.objects.open().exclude(state="resolved").filter(account__owner__isnull=False)
    asked = AgendaItem.objects.open().filter(reason__in=[Reason.COMPLAINT, Reason.QUESTION])
    assert unsettled.count() == asked.count() > 0
    assert FollowUp.objects.filter(state="booked", day=TODAY, time__isnull=False).exists()
    assert not FollowUp.objects.open().filter(items__isnull=True).exists()


def test_complaints_have_a_history_that_their_clock_agrees_with(make: Make) -> None:
    make(accounts=400)
    rows = Complaint.objects.all()
    assert set(rows.values_list("state", flat=True)) == set(Complaint.State.values)
    assert rows.breached(now=NOW).exists() and rows.at_risk(now=NOW).exists()
    assert rows.open().filter(kind="question").exists()
    waiting = Decision.objects.filter(approval=Decision.Approval.PENDING)
    assert waiting.exists() and not waiting.exclude(complaint__state="in_progress").exists()
    assert rows.filter(batch=BATCH).values("product").distinct().count() == 1
    assert rows.filter(batch=BATCH).values("account").distinct().count() >= 2
    for complaint in rows.prefetch_related("steps"):
        steps = list(complaint.steps.all())
        assert steps[0].at == complaint.opened_at and steps[-1].to_state == complaint.state
        assert all(one.at <= two.at <= NOW and one.to_state == two.from_state for one, two in pairwise(steps))
        assert complaint.is_question or complaint.is_open or (complaint.outcome and complaint.root_cause_id)
    assert clock.refresh() and not Complaint.objects.filter(resolution_allowed=None).exists()


def test_what_fails_leaves_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("pulled the plug")

    with monkeypatch.context() as patch:
        patch.setattr(company, "refresh_facts", fail)
        with pytest.raises(RuntimeError):
            make_company(today=TODAY, now=NOW, accounts=ACCOUNTS)
    assert not Account.objects.exists() and not User.objects.exists() and made_on() is None
    make()
    assert made_on() == TODAY
