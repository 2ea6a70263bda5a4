"""What a change of one rule does, before it is saved: a forecast put into the figures that its page shows.

Reads only. docs/domain.md, 5.1 and 5.3.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Account, Channel
from contacts import forecast, rules
from contacts.capacity import WEEKS, RepWeeks
from contacts.forecast import Considered, Forecast
from contacts.models import ContactRule
from contacts.workload import rep_weeks
from crm.team.models import User

NAMED = 20
"""Of the accounts that the change reaches so many are named, and more opened on a page of their own."""
REPS = 8
"""Of the owners whose weeks change so many are shown, the fullest first."""


@dataclass(frozen=True)
class Often:
    """How many contacts a week, on average, one tier gets on one channel."""

    tier: str
    channel: str
    before: float
    after: float

    @property
    def name(self) -> str:
        """The channel in words."""
        return str(Channel(self.channel).label)

    @property
    def is_same(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True)
class Reached:
    """One account that the change reaches, with what it gets instead of what."""

    account: Account
    changes: list[tuple[str, str]]
    """(what it has, what it would have) for each channel; "" where there is nothing."""


@dataclass
class Effect:
    """All that the page shows of a change."""

    often: list[Often]
    reps: list[RepWeeks]
    rep_count: int
    """Owners whose weeks change at all."""
    gained: int
    lost: int
    changed: int
    reached: list[Reached]
    gives: list[tuple[ContactRule, int]] = field(default_factory=list)
    """Rules that get accounts from this one, and how many."""
    takes: list[tuple[ContactRule, int]] = field(default_factory=list)
    """Rules that lose accounts to this one."""
    silenced: list[ContactRule] = field(default_factory=list)
    """Rules that governed accounts before and none afterwards."""

    @property
    def touched(self) -> int:
        """Accounts reached, once for each channel."""
        return self.gained + self.lost + self.changed

    @property
    def is_nothing(self) -> bool:
        """Whether nobody would notice."""
        return not (self.touched or any(not one.is_same for one in self.often))

    @property
    def most(self) -> float:
        """The scale of the bars: contacts of a week."""
        return max((max(one.before, one.after) for one in self.often), default=0) or 1

    @property
    def verdict(self) -> str:
        """One sentence, which a screen reader is told."""
        if self.is_nothing:
            return _("Nothing would change.")
        return _("%(gained)d accounts gain a contact, %(lost)d lose one, %(changed)d change.") % {
            "gained": self.gained,
            "lost": self.lost,
            "changed": self.changed,
        }


def effect(before: Sequence[Considered], after: Sequence[Considered], ident: int, today: dt.date) -> Effect:
    """What it means to go from the cadences `before` to those `after`; ident: the rule that changes. Five queries."""
    found = forecast.forecast(before, after, today=today)
    known = {one.ident: one.rule for one in [*before, *after]}
    reps = _reps(found, today)
    gives = [(known[new], n) for (old, new), n in found.taken.items() if old == ident and new != ident]
    takes = [(known[old], n) for (old, new), n in found.taken.items() if new == ident and old != ident]
    still = {one.ident for one in after} - {ident}
    silent = _governing(found.before) - _governing(found.after)
    return Effect(
        often=_often(found),
        reps=reps[:REPS],
        rep_count=len(reps),
        gained=found.gained,
        lost=found.lost,
        changed=found.changed,
        reached=_reached(before, after, today),
        gives=sorted(gives, key=lambda pair: pair[0].priority),
        takes=sorted(takes, key=lambda pair: pair[0].priority),
        silenced=sorted((known[one] for one in silent & still), key=lambda rule: rule.priority),
    )


def _governing(side: forecast.Side) -> set[int]:
    return {rule for _owner, rule in side.by_rule}


def _often(found: Forecast) -> list[Often]:
    nothing = [0] * WEEKS
    kinds = found.before.contacts.keys() | found.after.contacts.keys()
    channels = list(Channel.values)
    return [
        Often(
            tier,
            channel,
            sum(found.before.contacts.get((tier, channel), nothing)) / WEEKS,
            sum(found.after.contacts.get((tier, channel), nothing)) / WEEKS,
        )
        for tier, channel in sorted(kinds, key=lambda kind: (kind[0] or "Z", channels.index(kind[1])))
    ]


def _reps(found: Forecast, today: dt.date) -> list[RepWeeks]:
    """The owners whose weeks change, the fullest first; where nobody's does, nobody."""
    nothing = [0] * WEEKS
    owners = found.before.minutes.keys() | found.after.minutes.keys()
    differ = [
        owner
        for owner in owners
        if found.before.minutes.get(owner, nothing) != found.after.minutes.get(owner, nothing)
    ]
    return rep_weeks(list(User.objects.filter(pk__in=differ)), found, today)


def _reached(before: Sequence[Considered], after: Sequence[Considered], today: dt.date) -> list[Reached]:
    """The first of the accounts that the change reaches, A first."""
    old = {one.ident: rules.what(one.rule) for one in before}
    new = {one.ident: rules.what(one.rule) for one in after}
    channels = {one.rule.channel for one in [*before, *after]}
    rows = forecast.affected(before, after, today).order_by(
        F("tier").asc(nulls_last=True), "-sales_12m_cents", "code"
    )[:NAMED]
    return [
        Reached(
            account,
            [
                pair
                for channel in sorted(channels)
                if hasattr(account, f"old_{channel}")
                and (
                    pair := (
                        old.get(getattr(account, f"old_{channel}"), ""),
                        new.get(getattr(account, f"new_{channel}"), ""),
                    )
                )
                and pair[0] != pair[1]
            ],
        )
        for account in rows
    ]
