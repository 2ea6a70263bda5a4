"""What the broker's messages about working time start."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from crm.team import calendars


@shared_task(name="crm.team.tasks.fill_holidays")
def fill_holidays() -> None:
    """Keep the public holidays of this year and the next as rows."""
    year = timezone.localdate(timezone=timezone.get_default_timezone()).year
    calendars.fill_holidays(years=[year, year + 1])
