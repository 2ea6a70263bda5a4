"""A person's word that the cadences of an account go on as the rules say, and taking it back (docs/domain.md, 5.2)."""

from __future__ import annotations

import datetime as dt

from accounts.models import Account
from contacts.models import BackOffLift
from contacts.planning import plan
from crm.team.models import User

LONGEST_NOTE = 200


def lift_back_off(
    *, account: Account, actor: User, note: str, now: dt.datetime, today: dt.date
) -> BackOffLift:
    """From now on, what lies before slows the account's cadences no more. Planning follows.

    note: why, may be ""; what is longer than 200 letters is cut. The caller has found the account through
    `editable_by`.
    """
    lift = BackOffLift.objects.create(account=account, at=now, actor=actor, note=note.strip()[:LONGEST_NOTE])
    plan(today=today, now=now, account_ids=[account.pk])
    return lift


def take_back_lift(*, lift: BackOffLift, actor: User, now: dt.datetime, today: dt.date) -> None:
    """The undo of `lift_back_off`: what the contacts brought counts again, as if it had not been said."""
    account_id = lift.account_id
    lift.delete()
    plan(today=today, now=now, account_ids=[account_id])
