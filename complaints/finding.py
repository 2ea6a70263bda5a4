"""Finding complaints by the number that the customer, or a colleague, has in hand (docs/domain.md, 9)."""

from __future__ import annotations

import datetime as dt
import re

from complaints.models import Complaint
from crm.team.models import User

_BEGUN = re.compile(r"[RQ]-(\d{1,4}|\d{4}-\d{0,9})")


def number_begun(typed: str) -> str:
    """What was typed as the beginning of a number (`filing.number_of`), in its letters; "" where it cannot be one."""
    number = typed.strip().upper()
    return number if number.isascii() and _BEGUN.fullmatch(number) else ""


def find_complaints(typed: str, *, user: User, today: dt.date, most: int) -> list[Complaint]:
    """Complaints and questions whose number begins with what was typed, that the user may see, newest
    first, with their accounts. One query; none where it cannot be a number.
    """
    begun = number_begun(typed)
    if not begun:
        return []
    rows = Complaint.objects.visible_to(user, on=today).filter(number__startswith=begun)
    rows = rows.select_related("account").only("number", "kind", "state", "account__name")
    return list(rows.order_by("-pk")[:most])
