"""Which accounts a cadence governs, and which that match it an earlier one has (docs/domain.md, 5.1). Reads only."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, QuerySet

from accounts.models import Account
from contacts import rules
from contacts.models import ContactRule


def governed_by(rule_id: int, rule: ContactRule, on: dt.date) -> QuerySet[Account]:
    """The accounts that match `rule` and that the rule `rule_id` governs on its channel: itself, or another."""
    cases = rules.governing([one for one in rules.cadences_in_force(on) if one.channel == rule.channel], on)
    if rule.channel not in cases:
        return Account.objects.none()
    return (
        rules.governable()
        .filter(rules.matching(rule, on))
        .annotate(governs=cases[rule.channel])
        .filter(governs=rule_id)
    )


def shadows(rule: ContactRule, on: dt.date) -> list[tuple[ContactRule, int]]:
    """The earlier rules that govern accounts which match this cadence, and how many each. Two queries."""
    others = [one for one in rules.cadences_in_force(on) if one.channel == rule.channel]
    cases = rules.governing(others, on)
    if not cases:
        return []
    rows = (
        rules.governable()
        .order_by()
        .filter(rules.matching(rule, on))
        .annotate(governs=cases[rule.channel])
        .values_list("governs")
        .annotate(number=Count("pk"))
    )
    numbers = {rule_id: number for rule_id, number in rows if rule_id not in (None, rule.pk)}
    return [(one, numbers[one.pk]) for one in others if one.pk in numbers]
