"""What segmentation shows on the account page: why this tier, and every tier it had (docs/domain.md, 4.2 and 4.4).

Whoever sees an account sees its tier, when it had which, how the ladder came to it, and what is proposed now: they may
say what they know of it. What was decided, why and by whom is for managers and admins (section 1).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from accounts.models import Account, Tier
from accounts.panels import SIDE, Block, Panel
from crm.team.requests import Request
from segmentation.models import TierAssessment, TierChange, TierPin
from segmentation.reasons import catalogue
from segmentation.wording import Step, ladder_steps


class WhyThisTier(Block):
    """The ladder of the newest run, rung by rung, in words and figures."""

    slug = "why"
    place = SIDE
    template = "segmentation/blocks/why.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """The steps, and whether the account's tier is another by now. One query, two where a pin fired."""
        found = (
            TierAssessment.objects.filter(account=account)
            .select_related("run__policy")
            .order_by("-run__as_of")
            .first()
        )
        steps: list[Step] = []
        if found is not None:
            pin = _pin_on(account, found.run.as_of) if "pin" in found.trail else None
            steps = ladder_steps(found, pin=pin)
        return {
            "assessment": found,
            "steps": steps,
            "differs": found is not None and found.tier != account.tier,
        }


def _pin_on(account: Account, day: dt.date) -> TierPin | None:
    return TierPin.objects.filter(account=account, first_day__lte=day, last_day__gte=day).first()


@dataclass(frozen=True)
class Period:
    """One stretch of an account's life with one tier. `last_day` is None for the present one."""

    tier: str | None
    first_day: dt.date
    last_day: dt.date | None
    change: TierChange


def periods(changes: list[TierChange]) -> list[Period]:
    """The periods that applied changes (oldest first) make, newest first. Pure."""
    found: list[Period] = []
    until: dt.date | None = None
    for change in reversed(changes):
        assert change.applied_on is not None
        found.append(Period(change.to_tier, change.applied_on, until, change))
        until = change.applied_on - dt.timedelta(days=1)
    return found


class TierHistory(Panel):
    """Every tier the account had, and, for managers and admins, what was proposed and who decided."""

    slug = "tiers"
    title = gettext_lazy("Tiers")
    template = "segmentation/tabs/tiers.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """Periods from applied changes; all changes for those who may see them, with the reasons' words. Three queries,
        two for others, one more with a proposal.

        Whoever sees the account also sees what is proposed now, and may say something of it.
        """
        user, today = request.user, request.today
        changes = list(
            TierChange.objects.filter(account=account)
            .select_related("run", "actor", "pin")
            .order_by("proposed_at", "id")
        )
        applied = sorted(
            (change for change in changes if change.applied_on is not None),
            key=lambda change: (change.applied_on, change.pk),
        )
        decides = user.is_admin or user.is_manager
        if decides:
            words = catalogue().names
            for change in changes:
                change.reason_words = words.get(change.reason, change.reason)
        proposal = next((change for change in changes if change.state == TierChange.State.PROPOSED), None)
        return {
            "proposal": proposal,
            "comments": list(proposal.comments.select_related("author")) if proposal else [],
            "other_tiers": [tier for tier in Tier.values if proposal and tier != proposal.to_tier],
            "periods": periods(applied),
            "decides": decides,
            "not_applied": [change for change in reversed(changes) if change.applied_on is None]
            if decides
            else [],
            "today": today,
        }
