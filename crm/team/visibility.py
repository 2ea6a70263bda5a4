"""Who stands for whom on a day: the one place that turns a user into the users and teams whose accounts they see.

docs/domain.md, section 1. `visible_to(user, on=day)` of every queryset starts here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from crm.team.models import Absence, Team, User

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """What decides a user's view on one day. All ids are user ids or team ids."""

    user_id: int
    sees_all: bool
    """An admin or a service agent: no filter applies."""
    owner_ids: frozenset[int]
    """Owners whose accounts the user sees as own: the user, and absent colleagues who named the user."""
    led_team_ids: frozenset[int]
    """Teams whose members' accounts a manager sees; empty for other roles."""
    sees_unowned: bool
    """A manager sees the accounts that nobody owns."""

    def sees_those_of(self, owner: User | None) -> bool:
        """Whether the user sees an account because of its owner (None: nobody owns it).

        False is not the last word: being on the account team is another ground (`AccountQuerySet.visible_to`).
        """
        if self.sees_all:
            return True
        if owner is None:
            return self.sees_unowned
        return owner.pk in self.owner_ids or owner.team_id in self.led_team_ids


def _asked(user: User, on: dt.date) -> list[tuple[int, int]]:
    """Users whom the user stands in for, with 0, and teams that a manager leads, with 1.

    As text: every page asks it, and building a union took longer than the database to answer.
    """
    day = connection.ops.adapt_datefield_value(on)
    sql = (
        "SELECT user_id, 0 FROM team_absence WHERE substitute_id = %s AND first_day <= %s AND last_day >= %s"
    )
    params = [user.pk, day, day]
    if user.is_manager:
        sql += " UNION ALL SELECT team_id, 1 FROM team_team_leads WHERE user_id = %s"
        params.append(user.pk)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def standing(user: User, *, on: dt.date) -> Standing:
    """The user's standing on the day, reckoned once per user object (that is, once per request) and day. One query."""
    known: dict[dt.date, Standing] = user.__dict__.setdefault("_standing", {})
    if on not in known:
        found = _asked(user, on)
        user.__dict__["_led_team_ids"] = frozenset(pk for pk, is_team in found if is_team)
        known[on] = _standing(user, absent={pk for pk, is_team in found if not is_team})
    return known[on]


def _standing(user: User, *, absent: Iterable[int]) -> Standing:
    """The standing of somebody who stands in for the colleagues of these ids."""
    return Standing(
        user_id=user.pk,
        sees_all=user.is_admin or user.is_agent,
        owner_ids=frozenset({user.pk, *absent}),
        led_team_ids=led_team_ids(user),
        sees_unowned=user.is_manager,
    )


@dataclass(frozen=True)
class Spell:
    """Days, both inclusive, on which a user's standing is the same."""

    first: dt.date
    last: dt.date
    standing: Standing


def spells(user: User, *, first: dt.date, last: dt.date) -> list[Spell]:
    """The days from `first` to `last` in order, parted where colleagues' absences begin or end.

    The standing on each spell's first day is known from then on, so that `visible_to(user, on=spell.first)` asks
    nothing more. One query, and one for the teams that a manager leads.
    """
    absences = list(
        Absence.objects.filter(substitute=user, first_day__lte=last, last_day__gte=first).values_list(
            "first_day", "last_day", "user_id"
        )
    )
    begins = {first}
    for begin, end, _colleague in absences:
        begins |= {day for day in (begin, end + ONE_DAY) if first < day <= last}
    in_order = sorted(begins)
    ends = [day - ONE_DAY for day in in_order[1:]] + [last]
    known: dict[dt.date, Standing] = user.__dict__.setdefault("_standing", {})
    found = []
    for begin, end in zip(in_order, ends, strict=True):
        absent = {colleague for since, until, colleague in absences if since <= begin <= until}
        known[begin] = _standing(user, absent=absent)
        found.append(Spell(begin, end, known[begin]))
    return found


def led_team_ids(user: User) -> frozenset[int]:
    """The teams that a manager leads, asked once per user object; empty for other roles."""
    led: frozenset[int] | None = user.__dict__.get("_led_team_ids")
    if led is None:
        teams = Team.objects.filter(leads=user).values_list("pk", flat=True)
        led = user.__dict__["_led_team_ids"] = frozenset(teams) if user.is_manager else frozenset()
    return led
