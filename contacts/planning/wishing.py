"""What customers ask for, and what slows cadences down, read for a slice of accounts (docs/domain.md, 5.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator

from django.db.models import BigIntegerField, CharField, DateTimeField, F, Q, Value

from accounts.models import Channel
from contacts.models import BackOffLift, ContactWish, Touchpoint, UnmetRule
from contacts.wished import Slot, Wishes
from crm.jobs.bulk import Among
from crm.team.calendars import ONE_DAY


def read_wishes(account_ids: Collection[int]) -> dict[int, Wishes]:
    """By account: what it and the first person to contact there ask for, together. One query."""
    found: dict[int, Wishes] = {}
    rows = (
        ContactWish.objects.filter(Among(F("account_id"), account_ids))
        .filter(
            Q(person__isnull=True)
            | Q(person__is_main=True, person__left_on__isnull=True, person__merged_into__isnull=True)
        )
        .order_by("account_id", F("person_id").asc(nulls_first=True))
    )
    for row in rows:
        wishes = wishes_of(row)
        found[row.account_id] = (
            found[row.account_id].together_with(wishes) if row.account_id in found else wishes
        )
    return found


def read_contact_days(wishes: dict[int, Wishes], today: dt.date) -> Iterator[tuple[int, dt.date]]:
    """By account: the days of our latest contacts, where they want no more than so many. One query, or none."""
    limited = {pk: one.at_most for pk, one in wishes.items() if one.at_most}
    if not limited:
        return
    longest = max(period for most in limited.values() for _number, period in most)
    made = Touchpoint.objects.live().filter(
        Among(F("account_id"), limited),
        direction=Touchpoint.Direction.OUT,
        day__gt=today - longest * ONE_DAY,
        day__lte=today,
    )
    yield from made.exclude(channel=Channel.BROADCAST).order_by().values_list("account_id", "day")


def wishes_of(row: ContactWish) -> Wishes:
    """The values of a row. Who wants no contact at all forbids every channel."""
    forbidden = Channel.values if row.at_most == 0 else row.forbidden_channels
    slot = None
    if row.slot_week is not None and row.slot_weekday is not None:
        slot = Slot(row.slot_week, row.slot_weekday - 1, row.slot_time)
    return Wishes(
        preferred=tuple(row.preferred_channels),
        forbidden=frozenset(forbidden),
        weekdays=frozenset(int(digit) - 1 for digit in row.weekdays) if row.weekdays else None,
        slot=slot,
        from_time=row.from_time,
        until_time=row.until_time,
        at_most=((row.at_most, row.per_days),) if row.at_most and row.per_days else (),
    )


def read_what_slows(
    account_ids: Collection[int],
) -> tuple[dict[int, dt.datetime], dict[int, dict[str, tuple[int, str]]]]:
    """By account: when back-off and pause were lifted the last time; by channel the rules noted as unmet, and why.

    One query.
    """
    lifted: dict[int, dt.datetime] = {}
    noted: dict[int, dict[str, tuple[int, str]]] = {}
    nothing, no_rule = Value("", CharField()), Value(0, BigIntegerField())
    lifts = BackOffLift.objects.filter(Among(F("account_id"), account_ids)).order_by()
    unmet = UnmetRule.objects.filter(Among(F("account_id"), account_ids)).order_by()
    rows = lifts.values_list("account_id", "at", nothing, no_rule, nothing).union(
        unmet.values_list("account_id", Value(None, DateTimeField()), "channel", "rule_id", "why"), all=True
    )
    for account_id, at, channel, rule_id, why in rows:
        if channel:
            noted.setdefault(account_id, {})[channel] = (rule_id, why)
        else:
            lifted[account_id] = max(at, lifted.get(account_id, at))
    return lifted, noted
