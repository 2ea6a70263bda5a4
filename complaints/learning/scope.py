"""Whose complaints, and of which months."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Purchase
from complaints.models import Complaint
from complaints.querysets import ComplaintQuerySet
from crm.team.models import Team, User

CODES = ("3", "6", "12", "24", "year", "last")
"""Periods: so many months with this one; this calendar year; the last."""
USUAL = "12"
ACCOUNT = (
    *("account_id", "account__name", "account__code", "account__tier", "account__owner__name"),
    "account__sales_12m_cents",
)
"""What is shown of an account in whose row complaints are summed."""


@dataclass(frozen=True)
class Period:
    """Whole months, but for the last, which ends today. Both days are inclusive."""

    code: str
    first: dt.date
    last: dt.date

    @property
    def months(self) -> list[dt.date]:
        """The first day of each month, the oldest first."""
        found, month = [], self.first
        while month <= self.last:
            found.append(month)
            month = _shifted(month, 1)
        return found


def period(code: str, *, today: dt.date) -> Period:
    """The period that a code stands for; the usual one for an unknown code."""
    if code == "year":
        return Period(code, dt.date(today.year, 1, 1), today)
    if code == "last":
        return Period(code, dt.date(today.year - 1, 1, 1), dt.date(today.year - 1, 12, 31))
    if code not in CODES:
        code = USUAL
    return Period(code, _shifted(today, 1 - int(code)), today)


def month_ends(month: dt.date) -> dt.date:
    """The last day of a month."""
    return _shifted(month, 1) - dt.timedelta(days=1)


def _shifted(day: dt.date, months: int) -> dt.date:
    """The first of the month so many months later."""
    number = day.year * 12 + day.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True)
class Scope:
    """What one user sees of one period, of one team's accounts or of all."""

    user: User
    today: dt.date
    period: Period
    team: Team | None = None

    @property
    def all_open(self) -> QuerySet[Complaint]:
        """Complaints, no questions, that are open now; whenever they came."""
        return self._of_team(self._visible.complaints().open())

    @property
    def both_kinds(self) -> QuerySet[Complaint]:
        """Complaints and questions that came in the period."""
        return self._of_team(self._visible.filter(opened_on__range=(self.period.first, self.period.last)))

    @property
    def complaints(self) -> QuerySet[Complaint]:
        """Complaints that came in the period."""
        return self.both_kinds.filter(kind=Complaint.Kind.COMPLAINT)

    @property
    def closed(self) -> QuerySet[Complaint]:
        """Complaints that were closed in the period."""
        rows = self._visible.complaints().filter(closed_on__range=(self.period.first, self.period.last))
        return self._of_team(rows)

    @property
    def purchases(self) -> QuerySet[Purchase]:
        """What was bought in the period; returns among it, below zero."""
        rows = Purchase.objects.visible_to(self.user, on=self.today).order_by()
        return self._of_team(rows.filter(ordered_on__range=(self.period.first, self.period.last)))

    @property
    def _visible(self) -> ComplaintQuerySet:
        return Complaint.objects.visible_to(self.user, on=self.today).order_by()

    def _of_team(self, rows: QuerySet) -> QuerySet:
        return rows if self.team is None else rows.filter(account__owner__team=self.team)
