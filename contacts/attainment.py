"""Attainment: what of the planned contacts was made, by tier, channel and person (docs/domain.md, 5.4). Reads only.

What counts, for a period from its first to its last day, both included:

- **planned**: agenda items that a contact rule asked for (cadences and triggers; no promises, next steps or other
  things a person put there) whose due day lies in the period: open, done or skipped, not withdrawn. An item that a
  contact dealt with before its window had begun is no plan: that contact came between, and would otherwise make the
  plan grow with every contact too many.
- **made**: planned items that a logged contact dealt with, whoever made it and on which day ever: a contact on a more
  personal channel deals with the items that it satisfies. One contact deals with an item once, so what is made never
  exceeds what was planned for that account, and over-serving one account never hides that another was forgotten.
- **left out**: planned items that were skipped with a reason.
- **booked**: planned items still open whose follow-up has a time agreed; **remaining**: the others still open.

So planned = made + left out + booked + remaining. Tier and person are those of the account today: its tier, its owner.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import Account, Channel
from contacts.models import AgendaItem, FollowUp, Outcome, Reason, Touchpoint
from crm.team.calendars import ONE_DAY
from crm.team.models import User
from crm.team.visibility import standing

OVER_SERVED = 20
"""So many over-served accounts are named, those with the most minutes first."""

_ASKED_BY_A_RULE = Q(reason=Reason.CADENCE) | Q(rule__isnull=False)
_CAME_BETWEEN = Q(state=AgendaItem.State.DONE, closed_by__day__lt=F("earliest"))
_PLANNED = ~Q(state=AgendaItem.State.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Period:
    """first and last: local days, both included. slug: its name in addresses."""

    slug: str
    words: str
    first: dt.date
    last: dt.date


def periods(today: dt.date) -> list[Period]:
    """This quarter, the last one, and this month."""
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    before = (quarter - ONE_DAY).replace(day=1)
    last_quarter = before.replace(month=before.month - 2)
    month = today.replace(day=1)
    return [
        Period("quarter", _("This quarter"), quarter, _end_of_month(quarter + 62 * ONE_DAY)),
        Period("last", _("Last quarter"), last_quarter, quarter - ONE_DAY),
        Period("month", _("This month"), month, _end_of_month(month)),
    ]


def _end_of_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + 31 * ONE_DAY).replace(day=1) - ONE_DAY


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers of planned contacts; planned is the sum of the others."""

    made: int = 0
    booked: int = 0
    remaining: int = 0
    left_out: int = 0

    @property
    def planned(self) -> int:
        return self.made + self.booked + self.remaining + self.left_out

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def share(self) -> float | None:
        """Made of planned; None where nothing was planned."""
        return self.made / self.planned if self.planned else None


@dataclass(frozen=True, slots=True)
class Cell:
    """What was planned with the accounts of one person and tier on one channel."""

    user_id: int
    user: str
    tier: str | None
    channel: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class OverServed:
    """An account that we contacted more often than was planned, as far as the customer was reached."""

    account_id: int
    account: str
    tier: str | None
    planned: int
    contacts: int
    minutes: int


def members(viewer: User, *, on: dt.date) -> QuerySet[User]:
    """Whose attainment the viewer sees: one's own; a manager's teams; for an admin everybody."""
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    if viewer.is_admin:
        return people
    return people.filter(Q(pk=viewer.pk) | Q(team__in=standing(viewer, on=on).led_team_ids))


def attainment(viewer: User, owners: Collection[int] | None, *, period: Period, today: dt.date) -> list[Cell]:
    """The cells of the accounts owned by `owners` (None: by anybody), as far as the viewer sees them. One query."""
    is_open = Q(state=AgendaItem.State.OPEN)
    is_booked = Q(follow_up__state=FollowUp.State.BOOKED)
    rows = (
        _planned(period)
        .filter(account__in=_accounts(viewer, owners, today).values("pk"))
        .order_by()
        .values_list("account__owner_id", "account__owner__name", "account__tier", "channel")
        .annotate(
            made=Count("pk", filter=Q(state=AgendaItem.State.DONE)),
            booked=Count("pk", filter=is_open & is_booked),
            remaining=Count("pk", filter=is_open & ~is_booked),
            left_out=Count("pk", filter=Q(state=AgendaItem.State.SKIPPED)),
        )
    )
    return [Cell(owner, name, tier, channel, Tally(*counts)) for owner, name, tier, channel, *counts in rows]


def over_served(viewer: User, owners: Collection[int], *, period: Period, today: dt.date) -> list[OverServed]:
    """Accounts of `owners` with more contacts of ours that reached them than were planned. One query.

    What the customer began does not count, nor do broadcasts.
    """
    ours = (
        Touchpoint.objects.live()
        .filter(account=OuterRef("pk"), day__range=(period.first, period.last))
        .filter(direction=Touchpoint.Direction.OUT)
        .exclude(outcome=Outcome.NOT_REACHED)
        .exclude(channel=Channel.BROADCAST)
        .order_by()
        .values("account")
    )
    planned = _planned(period).filter(account=OuterRef("pk")).order_by().values("account")
    rows = (
        _accounts(viewer, owners, today)
        .annotate(
            contacts=Subquery(ours.annotate(number=Count("pk")).values("number")),
            minutes=Subquery(ours.annotate(number=Sum("minutes")).values("number")),
            planned_number=Coalesce(Subquery(planned.annotate(number=Count("pk")).values("number")), 0),
        )
        .filter(contacts__gt=F("planned_number"))
        .order_by("-minutes", "code")
        .values_list("pk", "name", "tier", "planned_number", "contacts", "minutes")
    )
    return [OverServed(*row) for row in rows[:OVER_SERVED]]


def _planned(period: Period) -> QuerySet[AgendaItem]:
    due = AgendaItem.objects.filter(_PLANNED, _ASKED_BY_A_RULE, due__range=(period.first, period.last))
    # As a value and not by exclude(): that would ask once more for each item whether it was dealt with.
    came = Case(When(_CAME_BETWEEN, then=Value("yes")), default=Value(""), output_field=CharField())
    return due.alias(came_between=came).filter(came_between="")


def _accounts(viewer: User, owners: Collection[int] | None, today: dt.date) -> QuerySet[Account]:
    owned = Account.objects.visible_to(viewer, on=today).filter(owner__isnull=False)
    return owned if owners is None else owned.filter(owner__in=owners)


def total(cells: Iterable[Cell]) -> Tally:
    """All cells together."""
    return sum((cell.tally for cell in cells), Tally())


def by_tier(cells: Sequence[Cell]) -> list[tuple[str | None, Tally]]:
    """A first, without a tier last; only tiers with something planned."""
    return [(tier, found) for tier in ("A", "B", "C", None) if (found := _where(cells, tier=tier)).planned]


def by_channel(cells: Sequence[Cell]) -> list[tuple[str, Tally]]:
    """In the order of the channels; only those with something planned."""
    return [(one.value, found) for one in Channel if (found := _where(cells, channel=one.value)).planned]


def by_user(cells: Sequence[Cell]) -> list[tuple[int, str, Tally]]:
    """By name."""
    people = sorted({(cell.user, cell.user_id) for cell in cells})
    return [(pk, name, _where(cells, user_id=pk)) for name, pk in people]


def _where(cells: Sequence[Cell], **wanted: str | int | None) -> Tally:
    return total(
        cell for cell in cells if all(getattr(cell, name) == value for name, value in wanted.items())
    )
