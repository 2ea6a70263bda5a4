"""Rules that cannot be met as they stand, because customers wish otherwise: listed for the owner (docs/domain.md, 5.2).

The rows are planning's; here they are read, with what a person can do about each.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts import uncovered
from contacts.models import UnmetRule
from crm.team.models import User

REMEDIES: dict[str, str | Promise] = {
    UnmetRule.Why.FORBIDDEN: _(
        "Nothing is planned on it. Ask whether it is still so, contact them another way, or let it be."
    ),
    UnmetRule.Why.TOO_MANY: _(
        "They are contacted as often as they allow. Ask whether more is welcome now, or let it be."
    ),
    UnmetRule.Why.NO_DAY: _("Ask for a day or an hour on which you work, or let a colleague do it."),
}
"""What can be done, by why."""


def unmet(user: User, *, today: dt.date) -> QuerySet[UnmetRule]:
    """What cannot be met at accounts that the user sees and looks after: those of `uncovered.looked_at`."""
    return UnmetRule.objects.filter(account__in=uncovered.looked_at(user, today=today).values("pk"))


def listed(user: User, *, today: dt.date) -> QuerySet[UnmetRule]:
    """The same as the page lists it: accounts that buy most first. The rules' product lines are fetched with it."""
    rows = unmet(user, today=today).select_related("account__owner", "rule")
    return rows.prefetch_related("rule__product_lines").order_by(
        "-account__sales_12m_cents", "account__code", "channel"
    )
