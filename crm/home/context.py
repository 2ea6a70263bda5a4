"""The navigation: what each role finds where, and how much of it is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from complaints.models import Complaint
from complaints.workflow import waiting_for
from contacts.models import FollowUp
from contacts.queue import known_open_count
from crm.home.counting import count_together
from crm.team.models import User
from crm.team.requests import Request
from segmentation.models import TierChange


@dataclass(frozen=True)
class Item:
    """One page of the navigation. `more` ones are behind "More" on a phone; `count` is what is open there."""

    label: str | Promise
    url: str
    icon: str
    count: int | None = None
    current: bool = False
    more: bool = False
    key: str = ""
    """The key that opens it from everywhere."""


@dataclass(frozen=True)
class Group:
    """Pages under one heading; the first group of most roles has none."""

    label: str | Promise
    items: Sequence[Item]


@dataclass(frozen=True)
class _Place:
    label: str | Promise
    name: str
    icon: str
    key: str = ""


TODAY = _Place(_("Today"), "contacts:today", "today")
ACCOUNTS = _Place(_("Accounts"), "accounts:list", "accounts")
PERSONS = _Place(_("Persons"), "contacts:persons", "people")
PURCHASES = _Place(_("Purchases"), "accounts:purchases", "cart")
TOUCHPOINTS = _Place(_("Touchpoints"), "contacts:touchpoints", "history")
COMPLAINTS = _Place(_("Complaints"), "complaints:list", "complaint", "q")
COMPLAINT_SETTINGS = _Place(_("Complaint settings"), "keeping:levels", "flag")
REVIEW = _Place(_("Review"), "segmentation:changes", "review")
POLICIES = _Place(_("Tier policies"), "policies:list", "policy")
REASONS = _Place(_("Review reasons"), "segmentation:reasons", "note")
INSIGHT = _Place(_("Insight"), "insight:pareto", "insight")
COVERAGE = _Place(_("Not covered"), "contacts:coverage", "eye")
RULES = _Place(_("Contact rules"), "contacts:rules", "rules")
WORKLOAD = _Place(_("Workload"), "contacts:workload", "workload")
IMPORTS = _Place(_("Imports"), "imports:list", "imports")
JOBS = _Place(_("Jobs"), "jobs:list", "repeat")
ABSENCES = _Place(_("Absences"), "absences:list", "calendar")
HOLIDAYS = _Place(_("Public holidays"), "holidays:list", "sun")

LISTS = (_("Lists"), [PERSONS, PURCHASES, TOUCHPOINTS])
CALENDAR = (_("Calendar"), [ABSENCES])
READING = (_("Reading"), [INSIGHT])

# By role, in the order of the day: (heading, places). What comes after the fourth place is behind "More" on a phone.
NAVIGATION: dict[str, Sequence[tuple[str | Promise, Sequence[_Place]]]] = {
    "rep": [("", [TODAY, ACCOUNTS, COMPLAINTS]), LISTS, READING, CALENDAR],
    "agent": [("", [COMPLAINTS, ACCOUNTS, TODAY]), LISTS, CALENDAR],
    "manager": [
        (_("Team"), [REVIEW, WORKLOAD, COMPLAINTS, COVERAGE]),
        (_("Own work"), [TODAY, ACCOUNTS]),
        READING,
        LISTS,
        CALENDAR,
    ],
    "admin": [
        (_("Settings"), [RULES, REVIEW, IMPORTS, JOBS, POLICIES, REASONS, COMPLAINT_SETTINGS]),
        (_("Reading"), [ACCOUNTS, TODAY, COMPLAINTS, WORKLOAD, INSIGHT, COVERAGE]),
        LISTS,
        (_("Calendar"), [ABSENCES, HOLIDAYS]),
    ],
}
ON_A_PHONE = 4


def counts(user: User, *, on: dt.date) -> dict[str, int]:
    """How much is open behind each URL name of the navigation on a day; a missing name shows no number. One query."""
    known = known_open_count(user, on)
    asked: dict[str, QuerySet] = {}
    if known is None:
        asked[TODAY.name] = FollowUp.objects.today_queue(user, on)
    # What one works on oneself, and time runs for; and what waits for one as the second person.
    own = Complaint.objects.open().filter(assignee=user.pk, due_at__isnull=False).order_by()
    asked[COMPLAINTS.name] = own
    if user.is_manager or user.is_admin:
        waits = Complaint.objects.visible_to(user, on=on).filter(pk__in=waiting_for(user)).order_by()
        asked[COMPLAINTS.name] = own.values("pk").union(waits.values("pk"))
        asked[REVIEW.name] = TierChange.objects.open().decidable_by(user, on=on)
    found = count_together(asked)
    return found if known is None else {TODAY.name: known, **found}


def places(role: str) -> list[str]:
    """The URL names a role's navigation leads to, in order; the first is where its day starts."""
    return [place.name for _heading, group in NAVIGATION[role] for place in group]


def _groups(request: Request) -> list[Group]:
    user = request.user
    numbers = counts(user, on=request.today)
    addresses = {name: reverse(name) for name in places(user.role)}
    here = [name for name, address in addresses.items() if request.path.startswith(address)]
    current = max(here, key=lambda name: len(addresses[name]), default=None)
    shown = list(addresses)
    groups = []
    for label, group in NAVIGATION[user.role]:
        items = [
            Item(
                label=place.label,
                url=addresses[place.name],
                icon=place.icon,
                count=numbers.get(place.name),
                current=place.name == current,
                more=shown.index(place.name) >= ON_A_PHONE,
                key=place.key,
            )
            for place in group
            if place.name in addresses
        ]
        if items:
            groups.append(Group(label, items))
    return groups


def navigation(request: Request) -> dict[str, Any]:
    """Context processor: `nav`, the groups of the signed-in user's role; empty for everybody else.

    Lazy, because fragments never draw it: its counts are read only where a page shows them.
    """
    user = getattr(request, "user", None)
    if user is None:
        return {"nav": []}
    return {"nav": SimpleLazyObject(lambda: _groups(request) if user.is_authenticated else [])}
