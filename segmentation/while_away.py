"""What an owner who comes back is told of tiers (settings.WHILE_AWAY)."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from contacts.while_away import MOST, News, Part
from crm.team.models import Absence, User
from segmentation.models import TierChange


class Tiers(Part):
    """Tiers that changed meanwhile."""

    title = gettext_lazy("Tiers changed")
    icon = "review"

    def news(self, owner: User, absence: Absence, *, on: dt.date) -> list[News]:
        # As on the account page: who sees the account reads the history of its tier.
        seen = Account.objects.visible_to(owner, on=on).filter(owner=owner)
        applied = TierChange.objects.filter(
            account__in=seen.values("pk"), applied_on__range=(absence.first_day, absence.last_day)
        )
        rows = applied.order_by("applied_on", "pk").values_list(
            "applied_on", "from_tier", "to_tier", "account", "account__name", "actor__name"
        )
        nothing = _("no tier")
        return [
            News(
                applied_on or absence.last_day,
                _("%(before)s → %(after)s") % {"before": before or nothing, "after": after or nothing},
                account_id,
                account,
                who or "",
            )
            for applied_on, before, after, account_id, account, who in rows[:MOST]
        ]
