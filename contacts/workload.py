"""Whose weeks hold too much or too little, what asks for it, and what would relieve it (docs/domain.md, 5.3).

Reads; the one verb stretches a cadence, by `contacts.rules.save_rule`. Accounts go to a colleague by `accounts.bulk`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts import bulk
from accounts.models import Account
from contacts import forecast, rules
from contacts.capacity import WEEKS, RepWeeks, capacities, fullest_first
from contacts.forecast import Considered
from contacts.handing_over import portfolio
from contacts.intervals import MOST_DAYS
from contacts.models import ContactRule
from contacts.of_a_quarter import WEEKS_OF_A_QUARTER, minutes_of_a_quarter
from crm.team.models import User
from crm.team.visibility import standing

STRETCHED = 3
"""So many rules are offered to be stretched: those that ask the rep for the most."""
MOST_STRETCH = 2
"""A cadence is never proposed at more than so many times its interval."""
COLLEAGUES = 3


def seen_by(actor: User, *, on: dt.date) -> QuerySet[User]:
    """Whose workload the actor sees: a manager that of the teams they lead and their own, an admin everybody's.

    Of people who work here, and have accounts or are there to have some.
    """
    people = User.objects.filter(is_active=True).filter(Q(role="rep") | Q(owned_accounts__isnull=False))
    if actor.is_manager:
        people = people.filter(Q(team__in=standing(actor, on=on).led_team_ids) | Q(pk=actor.pk))
    elif not actor.is_admin:
        people = people.none()
    return people.distinct().order_by("name", "pk")


def weeks_of(people: Sequence[User], today: dt.date) -> list[RepWeeks]:
    """The coming weeks of each, the fullest first. Four queries, however many people."""
    stored = forecast.in_force(today)
    owners = [one.pk for one in people]
    found = forecast.forecast(stored, today=today, owners=owners)
    return rep_weeks(people, found, today)


def rep_weeks(people: Sequence[User], found: forecast.Forecast, today: dt.date) -> list[RepWeeks]:
    """The forecast of each of the people beside their capacity, the fullest first. One query."""
    room = capacities(people, today)
    nothing = [0] * WEEKS
    reps = [
        RepWeeks(
            one,
            found.weeks,
            found.before.minutes.get(one.pk, nothing),
            found.after.minutes.get(one.pk, nothing),
            room[one.pk],
        )
        for one in people
    ]
    return sorted(reps, key=fullest_first)


@dataclass(frozen=True)
class Asking:
    """What one rule asks of one rep in the coming weeks."""

    rule: ContactRule
    minutes: int
    longer: int
    """Every how many days would make room for what is missing, at most twice the interval; itself where nothing is."""

    @property
    def can_stretch(self) -> bool:
        return self.longer > (self.rule.every_days or 0)


def asking(rep: RepWeeks, found: forecast.Forecast, stored: Sequence[Considered]) -> list[Asking]:
    """The rules that ask for the rep's hours, the most first."""
    known = {one.ident: one for one in stored}
    asked = [
        Asking(known[ident].rule, sum(weeks), longer(known[ident].asks[1], sum(weeks), rep.missing))
        for (owner, ident), weeks in found.before.by_rule.items()
        if owner == rep.user.pk and any(weeks)
    ]
    return sorted(asked, key=lambda one: (-one.minutes, one.rule.priority))


def longer(every_days: int, asked: int, missing: int) -> int:
    """Every how many days asks for `missing` minutes less than `asked`; at most MOST_STRETCH times as long. Pure."""
    most = min(every_days * MOST_STRETCH, MOST_DAYS)
    if missing <= 0:
        return every_days
    if missing >= asked:
        return most
    return min(most, math.ceil(every_days * asked / (asked - missing)))


def stretch(*, rule: ContactRule, every_days: int, actor: User, now: dt.datetime) -> ContactRule:
    """Give the cadence another interval. Raises ValidationError for one that cannot be."""
    rule.every_days = every_days
    return rules.save_rule(rule=rule, actor=actor, now=now)


# Moving accounts ----------------------------------------------------------------------------------------------------
def colleagues(rep: User, actor: User, today: dt.date) -> list[RepWeeks]:
    """To whom the actor may give accounts of the rep, who has room: the most room first."""
    allowed = bulk.owners_to_give(actor, on=today).exclude(pk=rep.pk)
    people = list(seen_by(actor, on=today).filter(pk__in=allowed.order_by().values("pk")))
    with_room = [one for one in weeks_of(people, today) if spare(one) > 0]
    return sorted(with_room, key=lambda one: (-spare(one), one.user.name))[:COLLEAGUES]


def spare(rep: RepWeeks) -> int:
    """Minutes of the coming weeks that nothing asks for, all together; below 0 where they are missing."""
    return sum(rep.capacity) - sum(rep.before)


@dataclass(frozen=True)
class Move:
    """Some accounts that would go from one rep to another, and what it does to both."""

    accounts: list[Account]
    giver: RepWeeks
    receiver: RepWeeks


def most_relieving_first(giver: User, actor: User, today: dt.date) -> dict[int, int]:
    """By account of the giver that the actor may change: the minutes of the coming weeks that its cadences ask for.

    A's come last: they stay with whom they know. Of the others those that ask for most come first, so that few change
    hands; where they ask for the same, those of least sales.
    """
    accounts = portfolio(giver, actor, today=today)
    asked = minutes_of_a_quarter(accounts, today)
    rows = accounts.order_by("sales_12m_cents", "code").values_list("pk", "tier")
    found = sorted(rows, key=lambda row: (row[1] == "A", -asked.get(row[0], 0)))
    return {pk: round(asked.get(pk, 0) * WEEKS / WEEKS_OF_A_QUARTER) for pk, _tier in found}


def enough(giver: RepWeeks, actor: User, today: dt.date) -> int:
    """How many accounts, in the order of `most_relieving_first`, ask for as many minutes as are missing; at least 1."""
    to_find, number = giver.missing, 0
    for minutes in most_relieving_first(giver.user, actor, today).values():
        if to_find <= 0 or number == bulk.MOST:
            break
        number += 1
        to_find -= minutes
    return max(1, number)


def move(giver: User, receiver: User, *, number: int, actor: User, today: dt.date) -> Move:
    """What it would be to move the first `number` accounts of `most_relieving_first`."""
    ids = list(most_relieving_first(giver, actor, today))[:number]
    found = Account.objects.in_bulk(ids)
    accounts = [found[pk] for pk in ids]
    stored = forecast.in_force(today)
    both = forecast.forecast(stored, today=today, owners=[giver.pk, receiver.pk])
    going = forecast.forecast(
        stored, today=today, owners=[giver.pk], accounts=[one.pk for one in accounts]
    ).before.minutes.get(giver.pk, [0] * WEEKS)
    after = {
        giver.pk: [now - gone for now, gone in zip(_minutes(both, giver), going, strict=True)],
        receiver.pk: [now + more for now, more in zip(_minutes(both, receiver), going, strict=True)],
    }
    room = capacities([giver, receiver], today)
    first, second = (
        RepWeeks(one, both.weeks, _minutes(both, one), after[one.pk], room[one.pk])
        for one in (giver, receiver)
    )
    return Move(accounts, first, second)


def _minutes(found: forecast.Forecast, rep: User) -> list[int]:
    return found.before.minutes.get(rep.pk, [0] * WEEKS)
