"""Who stands for whom on a day: the one place that turns a user into the users and teams whose accounts they see.

docs/domain.md, section 1. `visible_to(user, on=day)` of every queryset starts here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Value

from crm.team.models import Absence, Team, User


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


def standing(user: User, *, on: dt.date) -> Standing:
    """The user's standing on the day, reckoned once per user object (that is, once per request) and day. One query."""
    known: dict[dt.date, Standing] = user.__dict__.setdefault("_standing", {})
    if on not in known:
        absent = Absence.objects.filter(substitute=user, first_day__lte=on, last_day__gte=on)
        rows = absent.order_by().values_list("user_id", Value(0))
        if user.is_manager:
            rows = rows.union(
                Team.objects.filter(leads=user).order_by().values_list("pk", Value(1)), all=True
            )
        found = list(rows)
        led = user.__dict__["_led_team_ids"] = frozenset(pk for pk, is_team in found if is_team)
        known[on] = Standing(
            user_id=user.pk,
            sees_all=user.is_admin or user.is_agent,
            owner_ids=frozenset({user.pk, *(pk for pk, is_team in found if not is_team)}),
            led_team_ids=led,
            sees_unowned=user.is_manager,
        )
    return known[on]


def led_team_ids(user: User) -> frozenset[int]:
    """The teams that a manager leads, asked once per user object; empty for other roles."""
    led: frozenset[int] | None = user.__dict__.get("_led_team_ids")
    if led is None:
        teams = Team.objects.filter(leads=user).values_list("pk", flat=True)
        led = user.__dict__["_led_team_ids"] = frozenset(teams) if user.is_manager else frozenset()
    return led
