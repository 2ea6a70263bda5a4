"""Step 1 of planning: the facts of a slice of accounts, in a few statements however many accounts it has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import Account
from contacts import rules
from contacts.cadence import MOST_PERSONAL_FIRST, SATISFIES, Cadence, Contact, Facts, Skip, facts_of
from contacts.models import AgendaItem, CadenceStart, ContactRule, Reason
from contacts.planning.levelling import RANKS
from contacts.planning.stored import Home, Stored, read_bare, read_items
from contacts.planning.wishing import read_contact_days, read_what_slows, read_wishes
from contacts.wished import Wishes
from crm.jobs.bulk import Among, among


@dataclass(slots=True)
class Seat:
    """One account in its owner's portfolio: what governs it, what happened, what is planned."""

    account_id: int
    owner_id: int
    spread: int
    rule_ids: tuple[int | None, ...]
    """The rule that governs each channel that any rule is about, in the order of `rules.governing`."""
    rank: int
    """Whose day stays where not all fit: by tier (contacts.planning.levelling)."""
    noted: tuple[int, str, dt.date | None] | None
    """Owner, rules and due day as planning noted them last (PlannedAccount); None: it never looked."""
    cadences: dict[str, Cadence]
    """By governed channel."""
    starts: dict[str, dt.date] = field(default_factory=dict)
    """Stored starts, by channel."""
    contacts: list[Contact] = field(default_factory=list)
    skips: dict[str, list[Skip]] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    """Open cadence items by source."""
    others: list[Stored] = field(default_factory=list)
    """Open items of other reasons."""
    bare: list[Home] = field(default_factory=list)
    """Open follow-ups without an open item: a person booked them."""
    lifted_at: dt.datetime | None = None
    """When somebody lifted back-off and pause the last time."""
    wishes: Wishes | None = None
    contact_days: list[dt.date] = field(default_factory=list)
    """Days of our latest contacts; only where they want no more than so many."""
    unmet: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By channel: (rule id, why) of the cadences that wishes make impossible, as noted."""

    def facts(self, channel: str, today: dt.date) -> Facts:
        """What counts for one governed channel. A cadence without a stored start begins today."""
        return facts_of(
            channel,
            governed=self.cadences,
            contacts=self.contacts,
            skips=self.skips.get(channel, ()),
            start=self.starts.get(channel, today),
            spread=self.spread,
            lifted_at=self.lifted_at,
        )


def plannable() -> QuerySet[Account]:
    """Accounts whose cadences are planned: rules speak of them, and somebody who works here owns them.

    Without an owner there is no follow-up (docs/domain.md, 5.3), so a cadence does not begin either: what was imported
    without owners and is given out a year later must spread from then, not be overdue at once.
    """
    return rules.governable().filter(owner__is_active=True)


def cadence_of(rule: ContactRule) -> Cadence:
    """The values of a cadence rule."""
    return Cadence(
        rule_id=rule.pk,
        channel=rule.channel,
        every_days=rule.every_days or 1,
        tolerance_days=rule.tolerance_days,
        minutes=rule.minutes,
    )


def read_seats(
    owner_ids: Collection[int], account_ids: Sequence[int], in_force: Sequence[ContactRule], today: dt.date
) -> list[Seat]:
    """The accounts among those named that one of the owners has, with all that planning needs; others are left out.

    in_force: the cadences in force, in priority order. Facts are as of the end of `today`.
    """
    governing = rules.governing(in_force, today)
    channels = list(governing)
    cadences = {rule.pk: cadence_of(rule) for rule in in_force}
    rows = (
        plannable()
        .filter(Among(F("pk"), account_ids), owner__in=owner_ids)
        .annotate(**{f"rule_{channel}": case for channel, case in governing.items()})
        .order_by("owner_id", "pk")
        .values_list(
            "pk",
            "owner_id",
            "spread",
            "tier",
            "planned__owner",
            "planned__rules",
            "planned__due",
            *(f"rule_{channel}" for channel in channels),
        )
    )
    seats: dict[int, Seat] = {}
    governed = []
    for pk, owner_id, spread, tier, noted_owner, noted_rules, noted_due, *rule_ids in rows:
        noted = None if noted_owner is None else (noted_owner, noted_rules, noted_due)
        governs = {
            channel: cadences[rule]
            for channel, rule in zip(channels, rule_ids, strict=True)
            if rule is not None
        }
        if governs:
            governed.append(pk)
        seats[pk] = Seat(pk, owner_id, spread, tuple(rule_ids), RANKS[tier], noted, governs)
    starts = CadenceStart.objects.filter(Among(F("account_id"), governed))
    for account_id, channel, day in starts.values_list("account_id", "channel", "day") if governed else ():
        seats[account_id].starts[channel] = day
    for account_id, contact in read_contacts(governed, channels, today):
        seats[account_id].contacts.append(contact)
    _read_items(seats)
    for account_id, home in read_bare(seats):
        seats[account_id].bare.append(home)
    wishes = read_wishes(seats)
    for account_id, wished in wishes.items():
        seats[account_id].wishes = wished
    for account_id, day in read_contact_days(wishes, today):
        seats[account_id].contact_days.append(day)
    lifted, noted_unmet = read_what_slows(seats)
    for account_id, at in lifted.items():
        seats[account_id].lifted_at = at
    for account_id, unmet in noted_unmet.items():
        seats[account_id].unmet = unmet
    return list(seats.values())


def read_contacts(
    account_ids: Collection[int], channels: Collection[str], today: dt.date
) -> Iterator[tuple[int, Contact]]:
    """By account: what may decide when contacts on these channels are due, oldest first among those that do.

    What lies before the last contact that counts for all of them, and brought something, can decide nothing, so it
    stays in the database.
    One statement, and one more for each channel that only itself satisfies.
    """
    personal = [channel for channel in channels if channel in MOST_PERSONAL_FIRST]
    others = [[channel] for channel in channels if channel not in MOST_PERSONAL_FIRST]
    for asked in [personal, *others] if personal else others:
        yield from _contacts_for(account_ids, asked, today)


# First one day for each account, all from the index; then its touchpoints from that day on. In one step either database
# would ask for the day again with every touchpoint.
_CONTACTS = """
WITH asked AS MATERIALIZED (
    SELECT a.id, COALESCE((
        SELECT MAX(t.day) FROM contacts_touchpoint t
        WHERE t.account_id = a.id AND t.deleted_at IS NULL AND t.day <= %s
          AND t.channel IN ({decisive}) AND t.outcome NOT IN ('not_reached', 'nothing')
    ), '0001-01-01') AS since
    FROM accounts_account a WHERE {among}
)
SELECT t.account_id, t.day, t.at, t.channel, t.outcome <> 'not_reached', t.direction = 'in', t.user_id,
    t.outcome IN ('not_reached', 'nothing'), t.outcome = 'unwelcome'
FROM asked JOIN contacts_touchpoint t ON t.account_id = asked.id AND t.day >= asked.since
WHERE t.deleted_at IS NULL AND t.day <= %s AND t.channel IN ({counting})
ORDER BY t.account_id, t.day, t.at, t.id
"""


def _contacts_for(
    account_ids: Collection[int], channels: Collection[str], today: dt.date
) -> Iterator[tuple[int, Contact]]:
    """Contacts that satisfy one of the channels, since the last one that brought something and satisfies all."""
    if not account_ids:
        return
    decisive = [made for made, satisfied in SATISFIES.items() if satisfied.issuperset(channels)]
    counting = [made for made, satisfied in SATISFIES.items() if not satisfied.isdisjoint(channels)]
    condition, ids = among("a.id", account_ids)
    statement = _CONTACTS.format(
        among=condition,
        decisive=", ".join(f"'{channel}'" for channel in decisive),
        counting=", ".join(f"'{channel}'" for channel in counting),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [today, ids, today])
        rows = cursor.fetchall()
    for account_id, day, at, *rest in rows:
        # SQLite keeps moments in UTC, without saying so.
        yield account_id, Contact(day, at if at.tzinfo else at.replace(tzinfo=dt.UTC), *rest)


def _read_items(seats: dict[int, Seat]) -> None:
    """Put the open items, and the turns of cadences that were left out, to their seats."""
    company = timezone.get_default_timezone()
    cadence, is_open = str(Reason.CADENCE), str(AgendaItem.State.OPEN)
    for stored in read_items(AgendaItem.objects.filter(Among(F("account_id"), seats))):
        seat = seats[stored.account_id]
        if stored.reason != cadence:
            seat.others.append(stored)
        elif stored.item_state == is_open:
            seat.stored[stored.source] = stored
        elif stored.closed_at is not None:
            on = timezone.localtime(stored.closed_at, company).date()
            skip = Skip(due=stored.due, on=on, at=stored.closed_at)
            seat.skips.setdefault(stored.source, []).append(skip)
