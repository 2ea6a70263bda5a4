"""Whether planning left no week above its hours while something in it could stand elsewhere (docs/domain.md, 5.3).

Reckoned from the rows alone, without planning's own code for placing: what a contact's items allow, and what room the
other weeks have.
"""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import F

from contacts.models import AgendaItem, FollowUp, Reason
from contacts.planning.levelling import Weeks, weeks_of
from contacts.planning.placing import OVERDUE_DAYS, PATIENCE
from contacts.planning.stored import read_loads
from crm.team.calendars import calendars_of
from crm.team.models import User

_DAY = dt.timedelta(days=1)


class Contact(NamedTuple):
    """One planned contact that nobody had a hand in, of cadences alone: where its items allow it to stand."""

    assignee_id: int
    day: dt.date
    minutes: int
    earliest: dt.date
    latest: dt.date
    """The last day that lies in the windows of all its items."""
    due: dt.date
    """Of the item due first."""
    limit: dt.date
    """So far the item with the least patience may be postponed."""


def contacts(today: dt.date) -> list[Contact]:
    """All that planning could put elsewhere, from today on."""
    items = AgendaItem.objects.open().filter(
        follow_up__state=FollowUp.State.PLANNED,
        follow_up__day__gte=today,
        follow_up__moved_by_hand=False,
        follow_up__snoozed_until=None,
        follow_up__handed_over_by=None,
        follow_up__time=None,
        follow_up__assignee=F("account__owner"),
        account__contact_wishes=None,
    )
    rows = items.order_by("follow_up").values_list(
        "follow_up",
        "follow_up__assignee",
        "follow_up__day",
        "follow_up__minutes",
        "earliest",
        "latest",
        "due",
        "counted_from",
        "interval_days",
        "reason",
    )
    found = []
    for _pk, some in groupby(rows.iterator(5000), key=itemgetter(0)):
        asked = list(some)
        if any(reason != Reason.CADENCE for *_, reason in asked):
            continue
        earliest, latest, due, counted_from, interval_days, _reasons = zip(
            *(row[4:] for row in asked), strict=True
        )
        limit = min(
            counted + PATIENCE * days * _DAY
            for counted, days in zip(counted_from, interval_days, strict=True)
        )
        found.append(Contact(*asked[0][1:4], max(earliest), min(latest), min(due), limit))
    return found


def check(today: dt.date) -> dict[str, Any]:
    """Of all weeks of all people: how many are overfull, and how many of those hold what could stand elsewhere."""
    people = list(User.objects.filter(is_active=True))
    calendars = calendars_of(people)
    weeks = {one.pk: weeks_of(calendars[one.pk], one.weekly_contact_minutes, today) for one in people}
    filled: dict[int, list[int]] = {}
    for owner_id, load in read_loads(list(weeks), today).items():
        mine = filled[owner_id] = [0] * len(weeks[owner_id].capacity)
        for day, minutes in load.items():
            number = weeks[owner_id].number(day) // 7
            if number < len(mine):
                mine[number] += minutes
    overfull = {
        (owner_id, number)
        for owner_id, mine in filled.items()
        for number, minutes in enumerate(mine)
        if minutes > weeks[owner_id].capacity[number]
    }
    found = [one for one in contacts(today) if one.assignee_id in weeks]
    movable = set()
    for one in found:
        mine = weeks[one.assignee_id]
        place = one.assignee_id, mine.number(one.day) // 7
        if place in overfull and _could_stand_elsewhere(one, mine, filled[one.assignee_id], today):
            movable.add(place)
    planned = sum(1 for mine in filled.values() for minutes in mine if minutes)
    return {"rep-weeks": planned, "overfull": len(overfull), "with what could stand elsewhere": len(movable)}


def _could_stand_elsewhere(one: Contact, weeks: Weeks, filled: list[int], today: dt.date) -> bool:
    """Whether another week has a working day that its items allow, and room for it."""
    if not one.minutes or not weeks.is_worked(weeks.number(one.day)):
        return False
    last = max(one.latest, one.limit)
    if one.due < today and one.latest < today:
        last = max(last, today + OVERDUE_DAYS * _DAY)
    own = weeks.number(one.day) // 7
    for number in range(weeks.number(max(one.earliest, today)), weeks.number(last) + 1):
        week = number // 7
        if week == own or not weeks.is_worked(number):
            continue
        if filled[week] + one.minutes <= weeks.room[week]:
            return True
    return False
