"""What the list and the board of complaints are narrowed by."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.account_list import ELSEWHERE, MINE, NOBODY, by_country, of_owner, of_tier, owner_words, owners
from accounts.models import Account, Tier
from complaints.assigning import assignees
from complaints.models import Complaint, ComplaintCategory, Decision, Kind, RootCause, State
from crm.lists.filters import Choice, Choices, Day, Filter, Flag, Text, compares, equals, holds
from crm.lists.people import Person
from crm.team.models import Country, User
from crm.team.requests import Request
from crm.team.visibility import standing

TEAM = "team"
AT_RISK, BREACHED, TODAY, IN_TIME = "risk", "over", "today", "fine"
PENDING, UNDECIDED = "pending", "none"
FRESH, ANY_STATE = "fresh", "any"
"""States: new, or opened again; open or closed."""
ANSWERED_LATE, RESOLVED_LATE = "answered", "resolved"


def who_words(request: Request) -> Choices:
    """Me, nobody, and the teams one leads."""
    team = [(TEAM, gettext_lazy("My teams"))] if request.user.is_manager else []
    return [(MINE, gettext_lazy("Mine")), (NOBODY, gettext_lazy("Nobody")), *team]


def people_of(request: Request) -> QuerySet[User]:
    """Who may be given complaints, by name."""
    return assignees(request.user, on=request.today)


def by_assignee(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Somebody's, one's own (with those of colleagues one stands in for), nobody's, or those of the teams one leads.

    A team's are those that its members work on, and those of its customers, whoever works on them.
    """
    view = standing(request.user, on=request.today)
    if value == MINE:
        return rows.filter(assignee__in=view.owner_ids)
    if value == TEAM:
        led = view.led_team_ids
        return rows.filter(Q(assignee__team__in=led) | Q(account__owner__team__in=led))
    return rows.filter(assignee=None if value == NOBODY else int(value))


def by_clock(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """By what the clock says at this moment."""
    now = request.now
    if value == AT_RISK:
        return rows.filter(closed_on__isnull=True, warn_at__lte=now, due_at__gt=now)
    if value == BREACHED:
        return rows.filter(closed_on__isnull=True, due_at__lte=now)
    if value == TODAY:
        midnight = dt.datetime.combine(
            request.today + dt.timedelta(days=1), dt.time.min, timezone.get_current_timezone()
        )
        return rows.filter(closed_on__isnull=True, due_at__lt=midnight)
    return rows.filter(closed_on__isnull=True).filter(Q(warn_at__gt=now) | Q(due_at__isnull=True))


def by_state(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """In one state, or waiting to be taken up: new or opened again."""
    if value == FRESH:
        return rows.filter(state__in=(State.NEW, State.REOPENED))
    return rows if value == ANY_STATE else rows.filter(state=value)


def by_decision(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """What was decided, not yet decided, or decided and waiting for a second person."""
    if value == PENDING:
        waits = Decision.objects.filter(approval=Decision.Approval.PENDING).order_by()
        return rows.filter(pk__in=waits.values("complaint"))
    return rows.filter(kind=Kind.COMPLAINT, outcome="" if value == UNDECIDED else value)


def about_product(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """About a product with this code, or of which the name has these letters."""
    return rows.filter(Q(product__code=value) | Q(product__name__icontains=value))


def by_level(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Those that were answered, or resolved, later than their service level allowed."""
    if value == ANSWERED_LATE:
        return rows.filter(response_over__gt=0)
    return rows.filter(resolution_over__gt=0)


def of_country(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Those of accounts in one of the countries where we work, or in none of them."""
    return rows.filter(account__in=by_country(Account.objects.order_by(), value, request).values("pk"))


def category_choices(request: Request) -> Choices:
    """Every category, those out of use as well: the past has them."""
    return list(ComplaintCategory.objects.values_list("code", "name"))


def cause_choices(request: Request) -> Choices:
    """Every root cause."""
    return list(RootCause.objects.values_list("code", "name"))


WHO = Person(
    "who", gettext_lazy("Assigned to"), by_assignee,
    people=people_of, words=who_words, anything=gettext_lazy("With anybody"),
)  # fmt: skip
KIND = Choice(
    "kind", gettext_lazy("Kind"), equals("kind"), choices=Kind.choices, anything=gettext_lazy("Both kinds")
)
CATEGORY = Choice(
    "category", gettext_lazy("Category"), equals("category"),
    choices=category_choices, anything=gettext_lazy("Any category"),
)  # fmt: skip
CLOCK = Choice(
    "clock", gettext_lazy("Time left"), by_clock,
    choices=(
        (BREACHED, gettext_lazy("Over time")), (AT_RISK, gettext_lazy("At risk")),
        (TODAY, gettext_lazy("Due today or over")), (IN_TIME, gettext_lazy("In time")),
    ),
    anything=gettext_lazy("Any time left"),
)  # fmt: skip
TIER = Choice("tier", gettext_lazy("Tier"), of_tier, choices=Tier.choices, anything=gettext_lazy("Any tier"))
OWNER = Person(
    "owner", gettext_lazy("Owner of the account"), of_owner,
    people=owners, words=owner_words, anything=gettext_lazy("Any owner"), rare=True, alone=False,
)  # fmt: skip
FILTERS: tuple[Filter, ...] = (
    WHO,
    CLOCK,
    Choice(
        "state", gettext_lazy("State"), by_state,
        choices=(
            (FRESH, gettext_lazy("New or opened again")), *State.choices,
            (ANY_STATE, gettext_lazy("Open and closed")),
        ),
        anything=gettext_lazy("Any open state"),
    ),
    CATEGORY,
    TIER,
    replace(KIND, rare=True),
    Choice(
        "decision", gettext_lazy("Decision"), by_decision,
        choices=(
            (PENDING, gettext_lazy("Waits for a second person")), (UNDECIDED, gettext_lazy("Not decided")),
            *Complaint.Outcome.choices,
        ),
        anything=gettext_lazy("Any decision"), rare=True,
    ),
    OWNER,
    Choice(
        "cause", gettext_lazy("Root cause"), equals("root_cause"),
        choices=cause_choices, anything=gettext_lazy("Any root cause"), rare=True,
    ),
    Text("product", gettext_lazy("Product"), about_product, rare=True),
    Text("line", gettext_lazy("Product line"), equals("product__line__name__iexact"), rare=True),
    Text("batch", gettext_lazy("Batch"), equals("batch"), rare=True),
    Flag("bad_faith", gettext_lazy("Bad faith suspected"), holds(suspected_bad_faith=True), rare=True),
    Choice(
        "level", gettext_lazy("Service level"), by_level,
        choices=(
            (ANSWERED_LATE, gettext_lazy("Answered late")), (RESOLVED_LATE, gettext_lazy("Resolved late")),
        ),
        anything=gettext_lazy("In time or late"), rare=True,
    ),
    Choice(
        "country", gettext_lazy("Country"), of_country,
        choices=(*Country.choices, (ELSEWHERE, gettext_lazy("Elsewhere"))),
        anything=gettext_lazy("Any country"), rare=True,
    ),
    Text("team", gettext_lazy("Team of the owner"), equals("account__owner__team__name__iexact"), rare=True),
    Day("from", gettext_lazy("Opened from"), compares("opened_on__gte"), rare=True),
    Day("until", gettext_lazy("Opened until"), compares("opened_on__lte"), rare=True),
)  # fmt: skip
