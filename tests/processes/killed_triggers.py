"""Brings purchases that five triggers follow, and fires them in two processes at once that are killed again and again.

    python -m tests.processes.killed_triggers PURCHASES KILLS SEED

KILLS 0: undisturbed, by one process. An attempt is a fork: a kill costs no start of Python. Prints what happened
as JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import sys
import time

import django
from django.utils import timezone

BEGIN_DAYS = 60
"""The triggers fire from so many days ago on."""
RULES = (
    {"event": "purchase", "event_amount_cents": 50_000, "offset_from": 1, "offset_until": 3},
    {"event": "purchase", "event_amount_cents": 95_000, "offset_from": 1, "offset_until": 5},
    {"event": "before_delivery", "event_days": 3, "offset_from": 0, "offset_until": 1},
    {"event": "delivery", "offset_from": 2, "offset_until": 4},
    {"event": "late_delivery", "offset_from": 0, "offset_until": 0},
)


def bring(purchases: int, today: dt.date) -> None:
    """The rules, and so many purchases of the last two months; of five, three are delivered and one of these late."""
    from accounts.models import Account, Purchase, quarter_number
    from contacts.models import ContactRule
    from crm.jobs.bulk import load

    for priority, values in enumerate(RULES, 1):
        ContactRule.objects.create(
            kind="trigger",
            priority=priority,
            channel="phone",
            fires_from=today - dt.timedelta(days=BEGIN_DAYS),
            **values,
        )
    accounts = list(Account.objects.order_by("pk").values_list("pk", flat=True))

    def rows():
        for n in range(purchases):
            ordered = today - dt.timedelta(days=n % BEGIN_DAYS)
            promised = ordered + dt.timedelta(days=10)
            delivered = {0: promised, 1: promised, 2: promised + dt.timedelta(days=1)}.get(n % 5)
            if delivered is not None and delivered > today:
                delivered = None
            cents = n * 7919 % 100_000
            account = accounts[n * 31 % len(accounts)]
            yield (
                *(account, f"T{n}", ordered, promised, delivered, "EUR", cents / 100, 1, cents),
                quarter_number(ordered),
            )

    columns = (
        *("account_id", "number", "ordered_on", "promised_on", "delivered_on", "currency", "amount", "rate"),
        *("amount_cents", "quarter"),
    )
    load(Purchase, columns, rows())


def begin(today: dt.date) -> int:
    """Fire in a fork; its process id."""
    from django.db import connections

    from contacts.triggers import fire

    connections.close_all()
    child = os.fork()
    if not child:
        ended = 1
        try:
            fire(today=today, now=timezone.now())
            ended = 0
        finally:
            connections.close_all()
            os._exit(ended)
    return child


def main(purchases: int, kills: int, seed: int) -> None:
    """Two at a time, one of them killed each time; at the end two that are left alone."""
    dice = random.Random(seed)
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    bring(purchases, today)
    began = time.monotonic()
    killed = 0
    lasts = max(0.5, purchases / 40_000)  # seconds that a run may take
    for _ in range(kills):
        children = [begin(today), begin(today)]
        for child in children:
            time.sleep(dice.uniform(0.0, 0.5) * lasts / max(1, kills) * 2)
            os.kill(child, signal.SIGKILL)
        killed += sum(os.WIFSIGNALED(os.waitpid(child, 0)[1]) for child in children)
    for child in [begin(today) for _ in range(2 if kills else 1)]:
        if os.waitpid(child, 0)[1]:
            raise SystemExit("A run that nobody killed failed.")
    print(json.dumps({"killed": killed, "seconds": round(time.monotonic() - began, 1)}))


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
