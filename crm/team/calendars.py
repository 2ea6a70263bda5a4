"""Working days: weekends, public holidays as rows, absences (docs/domain.md, 5.3). Times are local dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import holidays as holidays_library
from django.db import transaction
from django.db.models import BigIntegerField, CharField, F, Value

from crm.team.models import Absence, Country, PublicHoliday, User

ONE_DAY = dt.timedelta(days=1)
_LONGEST_BREAK = 3660  # days: a calendar with no working day in ten years is a mistake, not a break


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days one person works. A pure value: no query inside."""

    days_off: frozenset[dt.date] = field(default_factory=frozenset)
    """Public holidays and absences."""
    worked_weekend_days: frozenset[dt.date] = field(default_factory=frozenset)
    """Saturdays and Sundays that are worked by law or by order."""

    def is_working(self, day: dt.date) -> bool:
        """Whether the person works on the day."""
        if day in self.days_off:
            return False
        return day.weekday() < 5 or day in self.worked_weekend_days

    def on_or_after(self, day: dt.date) -> dt.date:
        """The first working day that is not before `day`. Raises ValueError where there is none in ten years."""
        for step in range(_LONGEST_BREAK):
            candidate = day + step * ONE_DAY
            if self.is_working(candidate):
                return candidate
        raise ValueError(f"No working day within ten years of {day}: the calendar is wrong.")

    def add(self, day: dt.date, working_days: int) -> dt.date:
        """The day that is `working_days` (>= 0) working days after `day`; 0 gives the first working day on or after."""
        reached = day
        for _ in range(working_days):
            reached = self.on_or_after(reached + ONE_DAY)
        return reached if working_days else self.on_or_after(day)

    def between(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """The working days from `first` to `last`, both inclusive, in order."""
        return [day for day in days(first, last) if self.is_working(day)]

    def count(self, after: dt.date, until: dt.date) -> int:
        """How many working days lie after `after` and not after `until`; 0 where `until` is not later."""
        return len(self.between(after + ONE_DAY, until))


def days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Every day from `first` to `last`, both inclusive."""
    for step in range((last - first).days + 1):
        yield first + step * ONE_DAY


def country_calendar(country: str) -> WorkingCalendar:
    """The calendar of a country: weekends and its public holiday rows, nobody's absences."""
    rows = PublicHoliday.objects.filter(country=country).values_list("day", "works")
    return WorkingCalendar(
        days_off=frozenset(day for day, works in rows if not works),
        worked_weekend_days=frozenset(day for day, works in rows if works),
    )


def calendars_of(users: Iterable) -> dict[int, WorkingCalendar]:
    """The calendar of each user by user id: country and absences. One query, however many users."""
    people = list(users)
    off: dict[str, set[dt.date]] = {}
    worked: dict[str, set[dt.date]] = {}
    away: dict[int, set[dt.date]] = {}
    public = PublicHoliday.objects.filter(country__in={p.country for p in people})
    own = Absence.objects.filter(user__in=[p.pk for p in people])
    nobody, nowhere = Value(0, output_field=BigIntegerField()), Value("", output_field=CharField())
    rows = public.order_by().values_list("country", nobody, "day", F("day"), "works")
    rows = rows.union(
        own.order_by().values_list(nowhere, "user_id", "first_day", "last_day", Value(False)), all=True
    )
    for country, user_id, first, last, works in rows:
        if user_id:
            away.setdefault(user_id, set()).update(days(first, last))
        else:
            (worked if works else off).setdefault(country, set()).add(first)
    return {
        person.pk: WorkingCalendar(
            days_off=frozenset(off.get(person.country, set()) | away.get(person.pk, set())),
            worked_weekend_days=frozenset(worked.get(person.country, set())),
        )
        for person in people
    }


def calendar_of(user: User) -> WorkingCalendar:
    """The calendar of one user, asked once per user object: for pages, whose users live as long as a request."""
    found: WorkingCalendar | None = user.__dict__.get("_calendar")
    if found is None:
        found = user.__dict__["_calendar"] = calendars_of([user])[user.pk]
    return found


@transaction.atomic
def fill_holidays(*, years: Iterable[int], countries: Iterable[str] = Country.values) -> int:
    """Write the public holidays of the years as rows; returns how many are new. Safe to repeat.

    A row that an admin corrected stays as it is; one that the library no longer knows is taken away.
    """
    wanted = sorted(set(years))
    new = 0
    for country in countries:
        found = holidays_library.country_holidays(country, years=wanted)
        kept = PublicHoliday.objects.filter(country=country, day__year__in=wanted)
        kept.filter(corrected=False, works=False).exclude(day__in=found.keys()).delete()
        known = set(kept.values_list("day", flat=True))
        rows = [
            PublicHoliday(country=country, day=day, name=name[:120])
            for day, name in found.items()
            if day not in known
        ]
        PublicHoliday.objects.bulk_create(rows, ignore_conflicts=True)
        new += len(rows)
    return new
