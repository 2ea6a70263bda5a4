"""A company of the oracle's plain values, written into the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Max
from django.utils import timezone

from accounts.models import Account, Purchase, quarter_number
from complaints.models import Complaint
from contacts.models import Outcome, Touchpoint
from crm.team.models import User
from segmentation.models import TierPin, TierPolicy
from tests.support.oracle import Customer, Thresholds


def write(customers: Iterable[Customer], *, actor: User) -> dict[str, Account]:
    """Write the customers, and give their accounts by code.

    Their ids lie far apart: a run gathers its evidence in parts by id, and each part is to have some of them.
    """
    customers = list(customers)
    first = 1 + (Account.objects.aggregate(last=Max("pk"))["last"] or 0)
    accounts = [
        Account(
            pk=first + 1000 * place,
            code=one.code,
            name=one.code,
            seasonal=one.seasonal,
            potential_cents=one.potential_cents,
            tier=one.tier,
        )
        for place, one in enumerate(customers)
    ]
    for account in accounts:
        account.derive()
    Account.objects.bulk_create(accounts)
    by_code = {account.code: account for account in accounts}
    Purchase.objects.bulk_create(
        Purchase(
            account=by_code[one.code],
            number=f"{one.code}/{number}",
            ordered_on=bought.ordered,
            due_on=bought.due,
            paid_on=bought.paid,
            currency="EUR",
            amount=Decimal(bought.cents) / 100,
            amount_cents=bought.cents,
            quarter=quarter_number(bought.ordered),
        )
        for one in customers
        for number, bought in enumerate(one.purchases)
    )
    Touchpoint.objects.bulk_create(
        Touchpoint(
            account=by_code[one.code],
            user=actor,
            day=day,
            at=timezone.make_aware(dt.datetime.combine(day, dt.time(10))),
            channel=channel,
            minutes=minutes,
            outcome=Outcome.NEW_INFORMATION,
        )
        for one in customers
        for day, minutes, channel in one.touchpoints
    )
    Complaint.objects.bulk_create(
        Complaint(
            account=by_code[one.code],
            number=f"{one.code}/{number}"[:20],
            category_id="other",
            words="…",
            opened_on=day,
        )
        for one in customers
        for number, day in enumerate(one.complaints)
    )
    TierPin.objects.bulk_create(
        TierPin(
            account=by_code[one.code], tier=tier, first_day=first, last_day=last, reason="agreed", actor=actor
        )
        for one in customers
        for tier, first, last in one.pins
    )
    return by_code


def policy_of(thresholds: Thresholds) -> TierPolicy:
    """An unsaved policy with the thresholds."""

    def share(value: object) -> Decimal:
        return Decimal(value.numerator) / Decimal(value.denominator)  # type: ignore[attr-defined]

    return TierPolicy(
        version=1,
        window_months=thresholds.window_months,
        a_share=share(thresholds.a_share),
        b_share=share(thresholds.b_share),
        band=share(thresholds.band),
        a_min_active_quarters=thresholds.a_min_active_quarters,
        a_min_tenure_months=thresholds.a_min_tenure_months,
        newcomer_months=thresholds.newcomer_months,
        b_min_active_quarters=thresholds.b_min_active_quarters,
        grace_days=thresholds.grace_days,
        max_late_share=None if thresholds.max_late_share is None else share(thresholds.max_late_share),
        potential_weight=share(thresholds.potential_weight),
    )
