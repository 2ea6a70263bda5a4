"""What is to be done about a tier change: asked for with the decision, an agenda item of somebody's queue (4.4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Account, Channel
from contacts.agenda import request_contact, withdraw_contact
from contacts.models import AgendaItem, Reason
from crm.team.models import User
from segmentation.errors import ActionRefused
from segmentation.models import TierChange

MINUTES = 15
"""What an action takes, until somebody logs it."""


@dataclass(frozen=True)
class Action:
    """Who does what, and when: on the day, or the first after it that they work. words: 200 letters at most."""

    words: str
    assignee: User
    day: dt.date
    channel: str = Channel.PHONE


def ask_for(action: Action, *, change: TierChange, today: dt.date, now: dt.datetime) -> AgendaItem:
    """Put the action on the assignee's queue, in the transaction of the decision. Raises ActionRefused."""
    if action.day < today:
        raise ActionRefused(_("Pick a day from today on."), field="action_day")
    item = request_contact(
        account=change.account,
        reason=Reason.TIER_CHANGE,
        source=_source(change),
        words=action.words,
        channel=action.channel,
        minutes=MINUTES,
        due=action.day,
        assignee=action.assignee,
        today=today,
        now=now,
    )
    if item is None:
        raise ActionRefused(_("%(name)s does not work here any more.") % {"name": action.assignee})
    return item


def take_back(change: TierChange, *, now: dt.datetime) -> bool:
    """Withdraw the action with its decision; one that somebody booked, moved or did stays. Whether one went."""
    return withdraw_contact(
        account=change.account, reason=Reason.TIER_CHANGE, source=_source(change), now=now
    )


def action_of(change: TierChange) -> AgendaItem | None:
    """The action that was asked for, done or not; None where none was, or it was taken back."""
    return (
        AgendaItem.objects.filter(
            account=change.account_id, reason=Reason.TIER_CHANGE, source=_source(change)
        )
        .exclude(state=AgendaItem.State.WITHDRAWN)
        .select_related("follow_up__assignee")
        .first()
    )


def people_for(account: Account, user: User) -> list[User]:
    """Who may be asked to do something: the owner, the account's team, and oneself; the owner first."""
    team = User.objects.filter(team_memberships__account=account, is_active=True).order_by("name")
    owner = [account.owner] if account.owner is not None and account.owner.is_active else []
    return list(dict.fromkeys([*owner, *team, user]))


def _source(change: TierChange) -> str:
    return f"review:{change.pk}"
