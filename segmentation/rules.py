"""Who may set the tier of an account (docs/domain.md, 4.4). Pure but for the teams that a manager leads."""

from __future__ import annotations

from accounts.models import Account
from crm.team.models import User
from crm.team.visibility import led_team_ids
from segmentation.models import TierChange


def may_set_tier(user: User, account: Account) -> bool:
    """Whether the user decides on this account's tier: the manager of the present owner's team, and any admin.

    Nobody's account, and one whose owner has no team, is for admins alone. Seeing the account is not enough: a
    manager also sees accounts without an owner, and those where they sit on the account team.
    """
    if user.is_admin:
        return True
    if not user.is_manager or account.owner is None or account.owner.team_id is None:
        return False
    return account.owner.team_id in led_team_ids(user)


def may_decide(user: User, change: TierChange) -> bool:
    """Whether the user may decide the proposal, or take a decision on it back."""
    return may_set_tier(user, change.account)
