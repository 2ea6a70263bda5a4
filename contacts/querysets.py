"""Reads of the contacts app. What hangs on an account is visible where the account is (docs/domain.md, section 1)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest

from accounts.querysets import visible_ids
from contacts.backing_off import UNWELCOME_PAUSE
from crm.team.calendars import ONE_DAY
from crm.team.models import User
from crm.team.visibility import standing

if TYPE_CHECKING:
    from accounts.models import Account
    from contacts.models import AgendaItem, ContactRule, FollowUp, Promise, Touchpoint  # noqa: F401


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """Reads of follow-ups that chain."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """Follow-ups with accounts the user may see on the day."""
        if standing(user, on=on).sees_all:
            return self
        return self.filter(account__in=visible_ids(user, on=on))

    def open(self) -> Self:
        """Those still to be made."""
        return self.filter(state__in=self.model.OPEN)

    def acted_on_by(self, user: User, *, on: dt.date) -> Self:
        """Visible follow-ups that the user may snooze, reschedule or skip.

        The assignee, who stands in for the assignee, the managers of the assignee's team, admins. Whoever sees the
        account may log a contact that was made for it.
        """
        view = standing(user, on=on)
        if user.is_admin:
            return self
        mine = Q(assignee__in=view.owner_ids)
        if view.led_team_ids:
            mine |= Q(assignee__team__in=view.led_team_ids)
        return self.visible_to(user, on=on).filter(mine)

    def today_queue(self, user: User, today: dt.date, *, until: dt.date | None = None) -> Self:
        """What stands on the user's Today: own open follow-ups and those the user stands in for, due or overdue.

        Only with accounts the user sees on the day. `until`: those that come to Today up to this day as well.
        Annotated with `shown_on`, the day it comes to Today: its day, or the end of its snooze. The order is in
        `contacts.queue`.
        """
        return (
            self.visible_to(user, on=today)
            .open()
            .filter(assignee__in=standing(user, on=today).owner_ids)
            .with_shown_on()
            .filter(shown_on__lte=until or today)
        )

    def with_shown_on(self) -> Self:
        """Annotated with `shown_on`, the day it comes to Today: its day, or the end of its snooze."""
        return self.annotate(shown_on=Greatest(F("day"), Coalesce(F("snoozed_until"), F("day"))))


class AgendaItemQuerySet(models.QuerySet["AgendaItem"]):
    """Reads of agenda items that chain."""

    def open(self) -> Self:
        """Those not yet dealt with."""
        return self.filter(state="open")


class TouchpointQuerySet(models.QuerySet["Touchpoint"]):
    """Reads of touchpoints that chain."""

    def live(self) -> Self:
        """Those that nobody took back."""
        return self.filter(deleted_at__isnull=True)

    def unwelcome_since(self, day: dt.date) -> Self:
        """Contacts that were not wanted, on the day or later, that nobody took back."""
        return self.live().filter(outcome="unwelcome", day__gte=day)

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """Touchpoints of accounts the user may see on the day, and the user's own entries.

        An own entry stays visible to a substitute after the absence, but without its account: pages check the account
        by itself before they show more of it than that a contact took place.
        """
        if standing(user, on=on).sees_all:
            return self
        return self.filter(Q(account__in=visible_ids(user, on=on)) | Q(user=user))

    def pausing(self, *, on: dt.date) -> Self:
        """Unwelcome contacts that may pause a cadence on the day: what a manager is to know (docs/domain.md, 5.2).

        Left out where somebody lifted the pause since. With `visible_to` it is the list of one manager.
        """
        since = on - UNWELCOME_PAUSE * ONE_DAY
        rows = self.live().filter(outcome="unwelcome", day__gt=since, day__lte=on)
        return rows.exclude(account__back_off_lifts__at__gte=F("at"))

    def correctable_by(self, user: User, *, on: dt.date) -> Self:
        """Touchpoints the user may correct or take back: own entries; managers and admins all that they see."""
        if user.is_admin or user.is_manager:
            return self.visible_to(user, on=on)
        return self.filter(user=user)


class PromiseQuerySet(models.QuerySet["Promise"]):
    """Reads of promises that chain."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """Promises to accounts the user may see on the day."""
        if standing(user, on=on).sees_all:
            return self
        return self.filter(account__in=visible_ids(user, on=on))

    def open(self) -> Self:
        """Those neither kept nor broken nor renegotiated."""
        return self.filter(state="open")

    def acted_on_by(self, user: User, *, on: dt.date) -> Self:
        """Visible promises that the user may call kept or broken.

        Who made it, the account's owner, who stands in for either, the managers of the maker's team, admins.
        """
        view = standing(user, on=on)
        if user.is_admin:
            return self
        mine = Q(made_by__in=view.owner_ids) | Q(account__owner__in=view.owner_ids)
        if view.led_team_ids:
            mine |= Q(made_by__team__in=view.led_team_ids)
        return self.visible_to(user, on=on).filter(mine)


def may_act_on(user: User, follow_up: FollowUp, *, on: dt.date) -> bool:
    """`FollowUpQuerySet.acted_on_by` for a follow-up whose account the user sees. Reads the assignee; no query."""
    view = standing(user, on=on)
    assignee = follow_up.assignee
    return user.is_admin or assignee.pk in view.owner_ids or assignee.team_id in view.led_team_ids


def acts_on(user: User, promise: Promise, account: Account, *, on: dt.date) -> bool:
    """`PromiseQuerySet.acted_on_by` for a promise to an account that the user sees. Reads made_by; no query."""
    view = standing(user, on=on)
    return (
        user.is_admin
        or promise.made_by_id in view.owner_ids
        or account.owner_id in view.owner_ids
        or promise.made_by.team_id in view.led_team_ids
    )


class ContactRuleQuerySet(models.QuerySet["ContactRule"]):
    """Reads of contact rules that chain."""

    def in_force(self, *, on: dt.date) -> Self:
        """Enabled rules whose active days contain `on`, in priority order."""
        return (
            self.filter(enabled=True)
            .filter(Q(active_from__isnull=True) | Q(active_from__lte=on))
            .filter(Q(active_until__isnull=True) | Q(active_until__gte=on))
            .order_by("priority", "id")
        )

    def cadences(self) -> Self:
        """Rules that say how often."""
        return self.filter(kind="cadence")

    def triggers(self) -> Self:
        """Rules that say what follows an event."""
        return self.filter(kind="trigger")
