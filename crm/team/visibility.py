"""Who stands for whom on a day: the one place that turns a user into the users and teams whose accounts they see.

docs/domain.md, section 1. `visible_to(user, on=day)` of every queryset starts here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

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


def standing(user: User, *, on: dt.date) -> Standing:
    """The user's standing on the day, reckoned once per user object (that is, once per request) and day."""
    known: dict[dt.date, Standing] = user.__dict__.setdefault("_standing", {})
    if on not in known:
        absent = Absence.objects.filter(substitute=user, first_day__lte=on, last_day__gte=on)
        known[on] = Standing(
            user_id=user.pk,
            sees_all=user.is_admin or user.is_agent,
            owner_ids=frozenset({user.pk, *absent.values_list("user_id", flat=True)}),
            led_team_ids=led_team_ids(user),
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
