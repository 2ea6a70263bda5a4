"""What cadences ask for in the coming weeks, as they are and as they might be (docs/domain.md, 5.1 and 5.3).

Reads only. One statement says for each account and channel which rule governs, before and after a change, and when the
next contact is due; it comes back grouped, and the rest is arithmetic on the groups. What stands in the plan counts on
its day. A rule with another interval moves its contact in proportion, so what back-off and spreading did to it stays.

Approximate: further contacts follow the first by the interval alone; a contact that would serve two rules counts for
both; a contact that is not in the plan yet, because it is due beyond the horizon, knows nothing of back-off where it
falls into these weeks or the change reaches it; and what changes is not merged and levelled again.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import (
    Case,
    DateField,
    Exists,
    F,
    FilteredRelation,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact

from accounts.models import Account, ProductLine
from contacts import rules
from contacts.cadence import SATISFIES, SPREAD_BITS
from contacts.capacity import WEEKS, mondays
from contacts.models import AgendaItem, ContactRule, FollowUp, Outcome, Reason

NEW = 0
"""The id of a rule that is not saved yet."""
_MIDDLE_OF_A_WEEK = 3


@dataclass(
    frozen=True, eq=False
)  # a rule equals the same rule with other values: what is stored and what is filled in
class Considered:
    """A cadence as it is, or as somebody thinks of having it."""

    rule: ContactRule
    lines: tuple[ProductLine, ...]
    """Its product lines: one that is not saved has none in the database."""

    @property
    def ident(self) -> int:
        """The rule's id; NEW for one without."""
        return self.rule.pk or NEW

    @property
    def asks(self) -> tuple[str, int, int]:
        """Channel, days and minutes: what somebody governed by it notices."""
        return self.rule.channel, self.rule.every_days or 1, self.rule.minutes

    def matching(self, on: dt.date) -> Q:
        """The condition on Account that all its conditions hold on the day."""
        return rules.matching(self.rule, on, product_lines=self.lines)


# What might be ------------------------------------------------------------------------------------------------------
def in_force(on: dt.date) -> list[Considered]:
    """The cadences in force, in priority order. One query."""
    return [Considered(rule, tuple(rule.product_lines.all())) for rule in rules.cadences_in_force(on)]


def with_rule(
    stored: Sequence[Considered], rule: ContactRule, lines: Iterable[ProductLine]
) -> list[Considered]:
    """The cadences with this one made or changed; a new one comes last, as it does when it is saved.

    One that is to start later is taken as in force, so that its effect can be seen before; one that is switched off
    is not.
    """
    rest = [one for one in stored if rule.pk is None or one.ident != rule.pk]
    if not rule.enabled:
        return rest
    place = (
        len(rest)
        if rule.pk is None
        else sum((one.rule.priority, one.ident) < (rule.priority, rule.pk) for one in rest)
    )
    return [*rest[:place], Considered(rule, tuple(lines)), *rest[place:]]


def without(stored: Sequence[Considered], rule: ContactRule) -> list[Considered]:
    """The cadences without this one."""
    return [one for one in stored if one.ident != rule.pk]


def moved(stored: Sequence[Considered], order: Sequence[int]) -> list[Considered]:
    """The cadences in another order. order: the ids of all rules, the first tried first."""
    place = {pk: number for number, pk in enumerate(order)}
    return sorted(stored, key=lambda one: place.get(one.ident, len(place)))


# What they ask for --------------------------------------------------------------------------------------------------
@dataclass
class Side:
    """What a list of cadences asks for in each of the coming weeks."""

    contacts: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """By tier ("" for none) and channel."""
    minutes: dict[int, list[int]] = field(default_factory=dict)
    """By owner, with what else stands in the owner's plan."""
    by_rule: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    """Minutes by owner and rule."""

    def add(self, *, owner: int, tier: str, rule: Considered, weeks: Sequence[int], accounts: int) -> None:
        """Count one contact with each of the accounts in each of the weeks."""
        channel, _every, minutes = rule.asks
        by_kind = self.contacts.setdefault((tier, channel), [0] * WEEKS)
        by_owner = self.minutes.setdefault(owner, [0] * WEEKS)
        by_rule = self.by_rule.setdefault((owner, rule.ident), [0] * WEEKS)
        for week in weeks:
            by_kind[week] += accounts
            by_owner[week] += accounts * minutes
            by_rule[week] += accounts * minutes


@dataclass
class Forecast:
    """What is asked for as things are, and what would be."""

    weeks: list[dt.date]
    """Mondays."""
    before: Side
    after: Side
    gained: int = 0
    """Accounts, once for each channel, that get a contact they had not."""
    lost: int = 0
    changed: int = 0
    """Accounts, once for each channel, that another rule governs, or one that asks for something else."""
    taken: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(rule before, rule after): how many accounts go from the one to the other."""


def forecast(
    before: Sequence[Considered],
    after: Sequence[Considered] | None = None,
    *,
    today: dt.date,
    owners: Collection[int] | None = None,
    accounts: Collection[int] | QuerySet | None = None,
) -> Forecast:
    """What `before` and `after` ask for in the next weeks, of all owners and accounts or of these. Two queries.

    before: the cadences in force. after: None where nothing is to be compared, and `after` is then `before`.
    """
    found = Forecast(mondays(today), Side(), Side())
    if after is None:
        found.after = found.before
    old_ones = {one.ident: one for one in before}
    new_ones = {one.ident: one for one in after or ()}
    seen = _Seen(today, owners, accounts)
    for owner, tier, old_id, new_id, old_week, new_week, number in _turns(before, after, seen):
        old, new = old_ones.get(old_id), new_ones.get(new_id)
        if old is not None:
            weeks = turns_in_weeks(old_week, old.asks[1], today.weekday())
            found.before.add(owner=owner, tier=tier or "", rule=old, weeks=weeks, accounts=number)
        if after is None:
            continue
        if new is not None:
            weeks = turns_in_weeks(new_week, new.asks[1], today.weekday())
            found.after.add(owner=owner, tier=tier or "", rule=new, weeks=weeks, accounts=number)
        if old is None:
            found.gained += number
        elif new is None:
            found.lost += number
        elif old_id != new_id or old.asks != new.asks:
            found.changed += number
        if old is not None and new is not None and old_id != new_id:
            found.taken[old_id, new_id] += number
    for owner, week, minutes in _beside(seen):
        for side in {id(found.before): found.before, id(found.after): found.after}.values():
            side.minutes.setdefault(owner, [0] * WEEKS)[week] += minutes
    return found


def turns_in_weeks(first: int | None, every_days: int, weekday: int) -> list[int]:
    """The numbers of the coming weeks that hold a contact, the first of which comes in week `first`. Pure.

    weekday: today's (0 is Monday): what comes this week can come no sooner. A week may be named twice.
    """
    if first is None:
        return []
    day = 7 * first + (max(_MIDDLE_OF_A_WEEK, weekday) if first == 0 else _MIDDLE_OF_A_WEEK)
    return (
        [first, *(one // 7 for one in range(day + every_days, 7 * WEEKS, every_days))]
        if first < WEEKS
        else []
    )


class _Seen(NamedTuple):
    """Whose weeks and which accounts are looked at; None: all."""

    today: dt.date
    owners: Collection[int] | None
    accounts: Collection[int] | QuerySet | None


def _turns(
    before: Sequence[Considered], after: Sequence[Considered] | None, seen: _Seen
) -> list[tuple[Any, ...]]:
    """(owner, tier, rule before, rule after, week of the next contact before, after, accounts), grouped."""
    both = [*before, *(after or ())]
    channels = sorted({one.rule.channel for one in both})
    if not channels:
        return []
    texts: list[str] = []
    parameters: list[Any] = []
    for channel in channels:
        text, values = _seats(channel, before, after, seen).query.sql_with_params()
        texts.append(text)
        parameters += values
    statement = _STATEMENT.format(
        seats=" UNION ALL ".join(texts),
        reached=_reached(before, after, seen.today),
        due_before=_due("old", before, before),
        due_after=_due("new", after or (), before),
        weekday=seen.today.weekday(),
        later=WEEKS,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def _seats(
    channel: str, before: Sequence[Considered], after: Sequence[Considered] | None, seen: _Seen
) -> QuerySet:
    """The accounts that a cadence may govern on the channel, with what their next contact depends on; days from today.

    Only what the account's own row says narrows it here: each condition is looked at where `old` and `new` are found,
    and that for a hundred thousand accounts once more would cost as much again.
    """
    own = [one for one in before if one.rule.channel == channel]
    others = [one for one in after or () if one.rule.channel == channel]
    today = seen.today
    accounts = rules.governable().filter(owner__is_active=True)
    accounts = accounts.filter(reduce(or_, (_at_best(one.rule) for one in [*own, *others])))
    if seen.owners is not None:
        accounts = accounts.filter(owner__in=seen.owners)
    if seen.accounts is not None:
        accounts = accounts.filter(pk__in=seen.accounts)
    return (
        accounts.order_by()
        .annotate(
            item=FilteredRelation(
                "agenda_items",
                condition=Q(
                    agenda_items__reason=Reason.CADENCE,
                    agenda_items__source=channel,
                    agenda_items__state=AgendaItem.State.OPEN,
                ),
            ),
            begun=FilteredRelation("cadence_starts", condition=Q(cadence_starts__channel=channel)),
        )
        .annotate(
            channel_=Value(channel),
            old=governing_case(own, today),
            new=governing_case(others, today),
            due_=_DaysFrom(F("item__due"), today),
            day_=_DaysFrom(
                Coalesce(F("item__follow_up__day"), F("item__due"), output_field=DateField()), today
            ),
            counted_=_DaysFrom(F("item__counted_from"), today),
            noted_=_DaysFrom(F("planned__due"), today),
            begun_=_DaysFrom(F("begun__day"), today),
        )
        .values_list(
            "pk",
            "owner_id",
            "tier",
            "channel_",
            "old",
            "new",
            "item__rule_id",
            "item__interval_days",
            "due_",
            "day_",
            "counted_",
            "noted_",
            "begun_",
            "spread",
        )
    )


def _at_best(rule: ContactRule) -> Q:
    """Holds for every account that the rule matches, and is quickly said."""
    quick = Q(tier__in=list(rule.tiers)) if rule.tiers else Q()
    if rule.phases:
        quick &= Q(phase__in=rule.phases)
    return quick or Q(pk__isnull=False)


def _asking_otherwise(before: Iterable[Considered], after: Iterable[Considered]) -> set[int]:
    """The ids of the rules that ask for something else after the change."""
    asked = {one.ident: one.asks for one in before}
    return {one.ident for one in after if one.ident in asked and asked[one.ident] != one.asks}


def governing_case(cadences: Sequence[Considered], on: dt.date) -> Case | Cast:
    """An expression on Account: the id of the first of the cadences that matches, NULL where none does."""
    if not cadences:
        return Cast(Value(None), IntegerField())  # cast, or a UNION of nothing but NULLs would be text
    whens = [When(one.matching(on), then=Value(one.ident)) for one in cadences]
    return Case(*whens, default=Value(None), output_field=IntegerField())


class _DaysFrom(Func):
    """The days from a date to the expression; negative for what has passed. A whole number on both databases."""

    output_field = IntegerField()
    template = "(%(expressions)s)"
    arg_joiner = " - "

    def __init__(self, expression: Any, today: dt.date) -> None:
        super().__init__(expression, Value(today, output_field=DateField()))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(
            compiler,
            connection,
            template="CAST(julianday(%(expressions)s) AS INTEGER)",
            arg_joiner=") - julianday(",
            **context,
        )


_STATEMENT = """
WITH seat (
  account_id, owner_id, tier, channel, old, new, item_rule, item_interval, due, day, counted, noted, begun, spread
) AS MATERIALIZED ({seats}),
met AS MATERIALIZED (
  SELECT seat.*, {reached} AS reached FROM seat WHERE old IS NOT NULL OR new IS NOT NULL
),
turn AS MATERIALIZED (
  SELECT owner_id, tier, old, new, {due_before} AS due_before, {due_after} AS due_after FROM met
),
grouped AS (
  SELECT owner_id, tier, old, new,
         CASE WHEN due_before >= 0 THEN (due_before + {weekday}) / 7 WHEN due_before < 0 THEN ({weekday} + 2) / 7 END
           AS week_before,
         CASE WHEN due_after >= 0 THEN (due_after + {weekday}) / 7 WHEN due_after < 0 THEN ({weekday} + 2) / 7 END
           AS week_after
  FROM turn
)
SELECT owner_id, tier, old, new,
       CASE WHEN week_before > {later} THEN {later} ELSE week_before END,
       CASE WHEN week_after > {later} THEN {later} ELSE week_after END,
       COUNT(*)
FROM grouped
GROUP BY 1, 2, 3, 4, 5, 6
"""
"""What is overdue comes on the next weekday; weeks beyond those looked at are one."""


def _reached(before: Sequence[Considered], after: Sequence[Considered] | None, today: dt.date) -> str:
    """In how many days (below 0) somebody was reached on a channel that counts, as SQL on `seat`; NULL: it is planned.

    Most accounts without an item are due after the last week, as planning noted: theirs is looked up only where the
    change reaches them, since it is a search in the touchpoints for each.
    """
    last = (mondays(today, WEEKS + 1)[-1] - today).days
    as_before = "TRUE"
    if after is not None:
        unlike = ", ".join(str(int(one)) for one in sorted(_asking_otherwise(before, after)))
        as_before = "old = new" + (f" AND old NOT IN ({unlike})" if unlike else "")
    counting = ", ".join(
        f"('{asked}', '{made}')" for made, satisfied in SATISFIES.items() for asked in sorted(satisfied)
    )
    day = f"'{today.isoformat()}'"
    since = f"MAX(t.day) - DATE {day}"
    if connection.vendor == "sqlite":
        since = f"CAST(julianday(MAX(t.day)) - julianday({day}) AS INTEGER)"
    return (
        f"CASE WHEN due IS NOT NULL THEN NULL WHEN noted >= {last} AND {as_before} THEN {last}"
        f" ELSE (SELECT {since} FROM contacts_touchpoint t WHERE t.account_id = seat.account_id"
        f" AND t.deleted_at IS NULL AND t.day <= {day} AND t.outcome <> '{Outcome.NOT_REACHED.value}'"
        f" AND (seat.channel, t.channel) IN (VALUES {counting})) END"
    )


def _due(side: str, cadences: Sequence[Considered], stored: Sequence[Considered]) -> str:
    """In how many days the rule in the column `side` asks for the next contact, as SQL on `seat`; NULL for none.

    As planned where the rule planned it as it is now. With another interval in proportion; without an item one
    interval after the last contact, or, where there was none, at the account's share of an interval (5.2).
    """
    if not cadences:
        return "CAST(NULL AS integer)"
    every = _by_rule(side, cadences, "1")
    was = _by_rule("item_rule", stored, "item_interval")
    return (
        f"CASE WHEN {side} IS NULL THEN NULL"
        f" WHEN due IS NOT NULL AND {was} = {every} THEN day"
        f" WHEN due IS NOT NULL AND counted IS NOT NULL AND {was} > 0 THEN counted + (due - counted) * {every} / {was}"
        f" WHEN due IS NOT NULL THEN day"
        f" WHEN reached IS NOT NULL THEN reached + {every}"
        f" ELSE COALESCE(begun, 0) + CAST(CAST(spread AS bigint) * {every} / {2**SPREAD_BITS} AS integer) END"
    )


def _by_rule(column: str, cadences: Sequence[Considered], otherwise: str) -> str:
    whens = " ".join(f"WHEN {int(one.ident)} THEN {int(one.asks[1])}" for one in cadences)
    return f"(CASE {column} {whens} ELSE {otherwise} END)" if whens else otherwise


def _beside(seen: _Seen) -> list[tuple[int, int, int]]:
    """(assignee, week, minutes) of open follow-ups in which no cadence has a part."""
    cadences = AgendaItem.objects.open().filter(follow_up=OuterRef("pk"), reason=Reason.CADENCE)
    today = seen.today
    waiting = FollowUp.objects.open().filter(~Exists(cadences), day__lt=mondays(today, WEEKS + 1)[-1])
    if seen.owners is not None:
        waiting = waiting.filter(assignee__in=seen.owners)
    if seen.accounts is not None:
        waiting = waiting.filter(account__in=seen.accounts)
    found: dict[tuple[int, int], int] = defaultdict(int)
    first = mondays(today)[0]
    for owner, day, minutes in (
        waiting.order_by()
        .values("assignee_id", "day")
        .annotate(asked=Sum("minutes"))
        .values_list("assignee_id", "day", "asked")
    ):
        week = (day - first).days // 7 if day >= today else (today.weekday() + 2) // 7
        found[owner, week] += minutes
    return [(owner, week, minutes) for (owner, week), minutes in found.items()]


# Which accounts -----------------------------------------------------------------------------------------------------
def affected(before: Sequence[Considered], after: Sequence[Considered], on: dt.date) -> QuerySet[Account]:
    """The accounts with an owner that another cadence governs after the change, or one that asks for something else.

    Annotated for each channel with `old_<channel>` and `new_<channel>`, the rule's id.
    """
    accounts = rules.governable().filter(owner__is_active=True)
    differs = Q(pk__in=())
    unlike = _asking_otherwise(before, after)
    for channel in sorted({one.rule.channel for one in [*before, *after]}):
        own = [one for one in before if one.rule.channel == channel]
        others = [one for one in after if one.rule.channel == channel]
        if own == others:
            continue
        old, new = f"old_{channel}", f"new_{channel}"
        accounts = accounts.annotate(**{old: governing_case(own, on), new: governing_case(others, on)})
        nobody = Value(-1)  # each side is named once: the database finds what governs anew for every mention
        differs |= ~Q(Exact(Coalesce(F(old), nobody), Coalesce(F(new), nobody)))
        if unlike:
            differs |= Q(**{f"{new}__in": sorted(unlike)})
    return accounts.filter(differs)
