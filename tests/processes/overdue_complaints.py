"""Fills the database that DATABASE_URL names with complaints of which the time has run out, or soon will.

    python -m tests.processes.overdue_complaints 200

The team works every minute of every day but the last of each, so that the hour of the test does not matter. Of each two
complaints one is out of time in both clocks; of the other 75 % of the time has gone.
"""

from __future__ import annotations

import datetime as dt
import sys

import django
from django.utils import timezone


def make(number: int, now: dt.datetime) -> None:
    """So many complaints, all opened 30 days ago."""
    from accounts.models import Account
    from complaints.models import Complaint, ComplaintStep, ServiceLevel
    from crm.team.models import PublicHoliday, Role, Team, User

    team = Team.objects.create(
        name="North", time_zone="Europe/Warsaw", opens_at=dt.time(0), closes_at=dt.time(23, 59)
    )
    team.leads.add(User.objects.create_user("lead@example.com", name="Lead", role=Role.MANAGER))
    User.objects.filter(role=Role.REP).update(team=team)
    today = now.date()
    days = [today + dt.timedelta(days=n) for n in range(-40, 40)]
    PublicHoliday.objects.filter(day__in=days, country="PL").delete()
    PublicHoliday.objects.bulk_create(
        PublicHoliday(country="PL", day=day, name="worked", works=True) for day in days
    )
    ServiceLevel.objects.all().delete()
    ServiceLevel.objects.create(category_id="other", response_minutes=10, resolution_minutes=1000)
    ServiceLevel.objects.create(category_id="quality", response_minutes=10, resolution_minutes=50_000)
    accounts = list(Account.objects.order_by("pk"))
    opened_at = now - dt.timedelta(days=30)
    rows = Complaint.objects.bulk_create(
        Complaint(
            account=accounts[n % len(accounts)],
            number=f"P{n:06d}",
            category_id="quality" if n % 2 else "other",
            words="It leaks.",
            opened_at=opened_at,
            opened_on=opened_at.date(),
            assignee_id=accounts[n % len(accounts)].owner_id,
            state="acknowledged" if n % 2 else "new",
        )
        for n in range(number)
    )
    ComplaintStep.objects.bulk_create(
        ComplaintStep(complaint=row, to_state="new", at=opened_at) for row in rows
    )
    ComplaintStep.objects.bulk_create(
        ComplaintStep(complaint=row, from_state="new", to_state="acknowledged", at=opened_at)
        for row in rows
        if row.state == "acknowledged"
    )


if __name__ == "__main__":
    django.setup()
    make(int(sys.argv[1]), timezone.now())
