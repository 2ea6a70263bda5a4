"""What the rules ask of one account beyond the planned weeks, for its page: reckoned when asked (docs/domain.md, 5.3).

`reckon_account` says the same of every cadence; here most is known already: what governs is read with the account, what
is planned stands in its agenda items, and what is planned need not be reckoned.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import DateField, DateTimeField
from django.db.models.expressions import Combinable
from django.utils import timezone

from accounts.models import Account
from accounts.panels import of_account
from contacts import rules
from contacts.cadence import MOST_PERSONAL_FIRST, Skip, facts_of, reckon
from contacts.models import AgendaItem, ContactRule, Reason
from contacts.planning import ChannelPlan
from contacts.planning.reading import cadence_of, read_contacts
from crm.team.calendars import calendars_of

_ORDER = [str(channel) for channel in MOST_PERSONAL_FIRST]


def governing_facts(in_force: Sequence[ContactRule], *, today: dt.date) -> dict[str, Combinable]:
    """Expressions on Account that `reckon_beyond` reads: by channel the rule that governs, and since when."""
    facts: dict[str, Combinable] = {}
    facts["contacts_lifted_at"] = of_account(
        "SELECT MAX(l.at) FROM contacts_backofflift l WHERE l.account_id = accounts_account.id",
        output_field=DateTimeField(),
    )
    for channel, rule in rules.governing(in_force, today).items():
        facts[f"contacts_rule_{channel}"] = rule
        facts[f"contacts_start_{channel}"] = of_account(
            "SELECT s.day FROM contacts_cadencestart s WHERE s.account_id = accounts_account.id AND s.channel = %s",
            channel,
            output_field=DateField(),
        )
    return facts


def reckon_beyond(
    account: Account,
    *,
    in_force: Sequence[ContactRule],
    items: Iterable[AgendaItem],
    today: dt.date,
) -> list[ChannelPlan]:
    """The cadences of the account that have no open agenda item among `items`. Two queries, none where all have one.

    account: with `governing_facts`, and its owner. items: its open ones, and the turns of cadences that were left out.
    """
    owner = account.owner
    if owner is None or not owner.is_active or not rules.is_governable(account):
        return []
    facts: Mapping[str, Any] = vars(account)
    by_id = {rule.pk: rule for rule in in_force}
    governed = {
        rule.channel: by_id[pk]
        for rule in in_force
        if (pk := facts.get(f"contacts_rule_{rule.channel}")) is not None
    }
    cadence = [item for item in items if item.reason == Reason.CADENCE]
    planned = {item.source for item in cadence if item.state == AgendaItem.State.OPEN}
    missing = sorted(set(governed) - planned, key=_place)
    if not missing:
        return []
    contacts = [contact for _pk, contact in read_contacts([account.pk], list(governed), today)]
    calendar = calendars_of([owner])[owner.pk]
    plans = []
    for channel in missing:
        rule = governed[channel]
        counted = facts_of(
            channel,
            governed=governed,
            contacts=contacts,
            skips=_skips(cadence, channel),
            start=facts.get(f"contacts_start_{channel}") or today,
            spread=account.spread,
            lifted_at=facts.get("contacts_lifted_at"),
        )
        plans.append(ChannelPlan(channel, rule, reckon(counted, cadence_of(rule), calendar, today), None))
    return plans


def _place(channel: str) -> tuple[int, str]:
    return (_ORDER.index(channel) if channel in _ORDER else len(_ORDER), channel)


def _skips(items: Collection[AgendaItem], channel: str) -> list[Skip]:
    company = timezone.get_default_timezone()
    return [
        Skip(due=item.due, on=timezone.localtime(item.closed_at, company).date(), at=item.closed_at)
        for item in items
        if item.source == channel and item.state == AgendaItem.State.SKIPPED and item.closed_at is not None
    ]
