"""Fills the database that DATABASE_URL names with a company for the process tests.

    python -m tests.processes.company 500

Loyal, sporadic and newly won customers over three years, the same for the same day; no tiers yet.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from decimal import Decimal

import django
from django.utils import timezone


def make(accounts: int, today: dt.date) -> None:
    """So many accounts, three reps, and about twelve purchases an account."""
    from accounts.models import Account, Purchase, quarter_number
    from contacts.models import ContactRule
    from crm.team.models import User

    dice = random.Random(today.toordinal())
    reps = [User.objects.create_user(f"rep{n}@example.com", name=f"Rep {n}") for n in range(3)]
    ContactRule.objects.create(priority=1, channel="phone", every_days=30, tiers="AB")
    made = [Account(code=f"K{n:06d}", name=f"Firma {n}", owner=reps[n % 3]) for n in range(accounts)]
    for account in made:
        account.derive()
    Account.objects.bulk_create(made)
    purchases = []
    for n, account in enumerate(made):
        first = today - dt.timedelta(days=dice.randint(30, 1100))
        for number in range(dice.randint(1, 24)):
            ordered = first + dt.timedelta(days=dice.randint(0, (today - first).days))
            cents = int(dice.paretovariate(1.1) * 5000) + 100
            purchases.append(
                Purchase(
                    account=account,
                    number=f"{n}/{number}",
                    ordered_on=ordered,
                    currency="EUR",
                    amount=Decimal(cents) / 100,
                    amount_cents=cents,
                    quarter=quarter_number(ordered),
                )
            )
    Purchase.objects.bulk_create(purchases, batch_size=5000)


if __name__ == "__main__":
    django.setup()
    make(int(sys.argv[1]), timezone.localdate())
