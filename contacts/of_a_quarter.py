"""What the cadences in force ask for in a quarter, reckoned from the rules alone (docs/domain.md, 5.1).

Not the plan: no wish, no back-off, no merging. Every contact counts with the minutes of its rule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import QuerySet

from accounts.models import Account
from contacts import rules
from contacts.models import ContactRule

DAYS_OF_A_QUARTER = 91
WEEKS_OF_A_QUARTER = 13


class Asked(NamedTuple):
    """Contacts and minutes of a quarter."""

    contacts: float
    minutes: float


def minutes_of_a_quarter(accounts: QuerySet[Account], today: dt.date) -> dict[int, int]:
    """By account, the minutes that the cadences governing it ask for. One query, and the rules."""
    in_force = rules.cadences_in_force(today)
    if not in_force:
        return {}
    of_rule = {rule.pk: rule.minutes * DAYS_OF_A_QUARTER / (rule.every_days or 1) for rule in in_force}
    cases = {f"rule_{channel}": case for channel, case in rules.governing(in_force, today).items()}
    rows = accounts.order_by().annotate(**cases).values_list("pk", *cases)
    return {pk: round(sum(of_rule[rule] for rule in found if rule is not None)) for pk, *found in rows}


def asked_with_tier(
    account: Account, tier: str | None, *, in_force: Sequence[ContactRule], today: dt.date
) -> Asked:
    """What the cadences would ask for of one account, had it this tier (None: none). One query.

    in_force: the cadences in force, in priority order. Nothing where nobody who works here owns the account.
    """
    cases = {
        f"rule_{channel}": case
        for channel, case in rules.governing(rules.as_if(in_force, tier), today).items()
    }
    rows = rules.governable().filter(pk=account.pk, owner__is_active=True)
    row = rows.annotate(**cases).values(*cases).first() if cases else None
    asking = [rule for rule in in_force if row is not None and rule.pk in row.values()]
    often = [(DAYS_OF_A_QUARTER / (rule.every_days or 1), rule.minutes) for rule in asking]
    return Asked(sum(times for times, _each in often), sum(times * each for times, each in often))
