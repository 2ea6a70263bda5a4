"""When somebody works, and how much of it is for contacts (docs/domain.md, 5.3: capacity)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from crm.team.changes import calendar_changed
from crm.team.models import User

OWN = ("working_weekdays", "works_from", "works_until", "weekly_contact_minutes", "country", "time_zone")
"""What everybody sets on the own page; leads and admins set the contact minutes of others as well."""
_PLANNED_BY = frozenset({"working_weekdays", "weekly_contact_minutes", "country"})


def minutes_at_work(*, weekdays: str, works_from: dt.time, works_until: dt.time) -> int:
    """The minutes of a week between the two hours: more than these cannot be contact time. weekdays: ISO digits."""
    begin, end = (60 * time.hour + time.minute for time in (works_from, works_until))
    return len(weekdays) * max(0, end - begin)


@transaction.atomic
def set_working_time(*, user: User, values: Mapping[str, Any], today: dt.date, now: dt.datetime) -> bool:
    """Write what differs of `OWN`; planning hears of days, country and minutes. Whether anything differed."""
    changed = [name for name in OWN if name in values and getattr(user, name) != values[name]]
    for name in changed:
        setattr(user, name, values[name])
    if changed:
        user.save(update_fields=changed)
        user.__dict__.pop("_calendar", None)
    if not _PLANNED_BY.isdisjoint(changed):
        calendar_changed(user_ids=[user.pk], today=today, now=now)
    return bool(changed)
