"""Who else is in the city on the day of a visit: one journey may serve several customers (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, Subquery

from accounts.models import Account, Channel
from contacts.models import FollowUp, Outcome, Touchpoint
from crm.team.calendars import ONE_DAY
from crm.team.models import User

AHEAD = 21 * ONE_DAY
"""What is planned or due so far ahead may be drawn to the day of the visit."""
LONG = 90 * ONE_DAY
"""Who was not visited for so long is named even where nothing is planned."""
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One other account in the city. follow_up: what is planned there next, None: nothing within AHEAD."""

    account: Account
    follow_up: FollowUp | None
    last_visit: dt.date | None
    """None: never visited."""

    @property
    def is_booked(self) -> bool:
        """An appointment is moved by agreement, not by a click."""
        return self.follow_up is not None and self.follow_up.state == FollowUp.State.BOOKED


def same_city(visit: FollowUp, *, viewer: User, today: dt.date) -> list[Neighbour]:
    """The assignee's own other accounts in the city of a visit, those that matter most first. Two queries.

    Those with something planned or due within AHEAD, and those not visited for LONG. Empty without a city. The visit
    comes with its account.
    """
    here = visit.account
    if not here.city:
        return []
    coming = (
        FollowUp.objects.open()
        .filter(account=OuterRef("pk"), assignee=visit.assignee_id, day__lte=today + AHEAD)
        .order_by("day", "pk")
    )
    visits = (
        Touchpoint.objects.live()
        .filter(account=OuterRef("pk"), channel=Channel.VISIT)
        .exclude(outcome=Outcome.NOT_REACHED)
        .order_by("-day")
    )
    rows = (
        Account.objects.visible_to(viewer, on=today)
        .active()
        .filter(owner=visit.assignee_id, city__iexact=here.city, country=here.country)
        .exclude(pk=here.pk)
        .exclude(phase=Account.Phase.LET_GO)
        .annotate(next_pk=Subquery(coming.values("pk")[:1]), last_visit=Subquery(visits.values("day")[:1]))
        .filter(Q(next_pk__isnull=False) | Q(last_visit__isnull=True) | Q(last_visit__lt=today - LONG))
        .order_by(F("tier").asc(nulls_last=True), "-sales_12m_cents", "code")
    )
    found = list(rows[:SHOWN])
    follow_ups = FollowUp.objects.in_bulk([row.next_pk for row in found if row.next_pk])
    return [Neighbour(row, follow_ups.get(row.next_pk), row.last_visit) for row in found]
