"""iCalendar as it leaves the house (RFC 5545): moments that exist, ends after beginnings, time zones spelt out.

What the feed (`contacts.feed`) and invitations (`contacts.invitations`) have in common. No query inside.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from icalendar import Calendar, Event

PRODUCT = "-//Opieka//Contacts//EN"
ONE_DAY = dt.timedelta(days=1)


def new_calendar() -> Calendar:
    """An empty calendar."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def uid(kind: str, pk: int) -> str:
    """The name of an event for all programs and all times: "follow-up-17@opieka.example.com"."""
    return f"{kind}-{pk}@{urlsplit(settings.SITE_ADDRESS).hostname or 'opieka'}"


def begins(day: dt.date, time: dt.time, zone: str) -> dt.datetime:
    """The moment of a local time. One that the clock leaps over is as much later as the clock leaps; of one that comes
    twice it is the first, as RFC 5545 has it.
    """
    moment = dt.datetime.combine(day, time, ZoneInfo(zone))
    return moment.astimezone(dt.UTC).astimezone(ZoneInfo(zone))


def put_at(event: Event, start: dt.datetime, minutes: int) -> None:
    """Beginning and end, exact minutes apart also in the night when the clock changes."""
    end = (start.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(start.tzinfo)
    event.add("dtstart", start)
    # The second 02:30 of a night cannot be told from the first by its local time.
    event.add("dtend", end.astimezone(dt.UTC) if end.fold else end)


def put_on(event: Event, day: dt.date) -> None:
    """The whole day."""
    event.add("dtstart", day)
    event.add("dtend", day + ONE_DAY)


def written(calendar: Calendar) -> bytes:
    """The calendar as text in UTF-8, with a VTIMEZONE for each zone that an event uses."""
    days = [event.start for event in calendar.events]
    dates = [day.date() if isinstance(day, dt.datetime) else day for day in days]
    if dates:
        first, last = min(dates), max(dates)
        calendar.add_missing_timezones(
            first_date=dt.date(first.year - 1, 1, 1), last_date=dt.date(last.year + 2, 1, 1)
        )
    return calendar.to_ical()
