"""Working days: own weekdays, public holidays as rows, absences (docs/domain.md, 5.3). All days are local."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import holidays as holidays_library
from django.db import connection, transaction

from crm.team.models import Country, PublicHoliday, User

ONE_DAY = dt.timedelta(days=1)
MONDAY_TO_FRIDAY = frozenset(range(5))
_LONGEST_BREAK = 3660  # days: a calendar with no working day in ten years is a mistake, not a break


@dataclass(frozen=True)
class WorkingCalendar:
    """Which days one person works. A pure value: no query inside."""

    days_off: frozenset[dt.date] = field(default_factory=frozenset)
    """Public holidays and absences."""
    worked_weekend_days: frozenset[dt.date] = field(default_factory=frozenset)
    """Days that are worked by law or by order, though the weekday is not."""
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    """The weekdays on which the person works; 0 is Monday."""
    served: frozenset[dt.date] = field(default_factory=frozenset)
    """Days of absences on which a substitute works in the person's place: no working days of the person."""

    def __hash__(self) -> int:
        """Kept once reckoned: a calendar is a key of many caches."""
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            known = hash((self.days_off, self.worked_weekend_days, self.weekdays, self.served))
            object.__setattr__(self, "_hash", known)
        return known

    @property
    def staffed(self) -> WorkingCalendar:
        """The days on which the person works or a substitute serves."""
        if not self.served:
            return self
        return WorkingCalendar(self.days_off - self.served, self.worked_weekend_days, self.weekdays)

    def is_working(self, day: dt.date) -> bool:
        """Whether the person works on the day."""
        if day in self.days_off:
            return False
        return day.weekday() in self.weekdays or day in self.worked_weekend_days

    def on_or_after(self, day: dt.date) -> dt.date:
        """The first working day that is not before `day`. Raises ValueError where there is none in ten years."""
        if self.is_working(day):
            return day
        for step in range(1, _LONGEST_BREAK):
            candidate = day + step * ONE_DAY
            if self.is_working(candidate):
                return candidate
        raise ValueError(f"No working day within ten years of {day}: the calendar is wrong.")

    def covered(self, day: dt.date, last: dt.date) -> dt.date:
        """Where a contact of `day` takes place, whose window ends on `last` (docs/domain.md, 5.3).

        The person's first working day from `day` on. Where that lies behind the window because of an absence, a day of
        the absence on which a substitute works: of the window, or, where it is over already, the first one.
        """
        own = self.on_or_after(day)
        if not self.served or own <= last:
            return own
        until = own if last < day else last
        return next((one for one in days(day, until) if one in self.served), own)

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


def months_before(day: dt.date, months: int) -> dt.date:
    """The day `months` months earlier, clamped to that month's last day: 31 May less 3 months is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Every day from `first` to `last`, both inclusive."""
    for step in range((last - first).days + 1):
        yield first + step * ONE_DAY


def country_calendar(country: str, *, rows: Iterable[tuple[dt.date, bool]] | None = None) -> WorkingCalendar:
    """The calendar of a country: weekends and its public holiday rows, nobody's absences.

    rows: (day, whether it is worked) of its holidays, where the caller has them; None: asked for.
    """
    if rows is None:
        rows = PublicHoliday.objects.filter(country=country).values_list("day", "works")
    rows = list(rows)
    return WorkingCalendar(
        days_off=frozenset(day for day, works in rows if not works),
        worked_weekend_days=frozenset(day for day, works in rows if works),
    )


def calendars_of(users: Iterable) -> dict[int, WorkingCalendar]:
    """The calendar of each user by user id: country, absences and who serves on them. One query, however many users."""
    people = list(users)
    public: dict[str, tuple[set[dt.date], set[dt.date]]] = {}
    away: dict[int, list[_Away]] = {}
    for country, user_id, first, last, works, *substitute in _rows(people):
        if user_id:
            away.setdefault(user_id, []).append(_Away(first, last, *substitute))
        else:
            public.setdefault(country, (set(), set()))[bool(works)].add(first)
    known: dict[tuple, WorkingCalendar] = {}  # most people of a country have the same one, and hash it once

    def calendar(
        country: str, weekdays: str, absences: Iterable[_Away], served: frozenset
    ) -> WorkingCalendar:
        off, worked = public.get(country, ((), ()))
        gone = frozenset(day for one in absences for day in days(one.first, one.last))
        key = (country, weekdays, gone, served)
        if key not in known:
            digits = frozenset(int(digit) - 1 for digit in weekdays)
            known[key] = WorkingCalendar(gone.union(off), frozenset(worked), digits, served)
        return known[key]

    def served_in(absence: _Away, own: WorkingCalendar) -> Iterator[dt.date]:
        """The days of one absence that would have been worked, and are by the substitute."""
        if absence.substitute is None:
            return
        theirs = calendar(absence.country, absence.weekdays, away.get(absence.substitute, ()), frozenset())
        for day in days(absence.first, absence.last):
            if theirs.is_working(day) and own.is_working(day):
                yield day

    found = {}
    for person in people:
        absences = away.get(person.pk, [])
        served: frozenset[dt.date] = frozenset()
        if any(one.substitute is not None for one in absences):
            never_away = calendar(person.country, person.working_weekdays, (), served)
            served = frozenset(day for one in absences for day in served_in(one, never_away))
        found[person.pk] = calendar(person.country, person.working_weekdays, absences, served)
    return found


class _Away(NamedTuple):
    """One absence; what stands after `substitute` is the substitute's, None where there is none."""

    first: dt.date
    last: dt.date
    substitute: int | None
    country: str
    weekdays: str


# SQLite makes dates of what stands in columns declared as dates, and goes by those of the first SELECT.
_ROWS = """
    SELECT h.country, 0, h.day, h.day, h.works, 0, '', '' FROM team_publicholiday h
    WHERE h.country IN ({countries}) OR h.country IN (
        SELECT s.country FROM team_absence a JOIN team_user s ON s.id = a.substitute_id WHERE a.user_id IN ({ids})
    )
    UNION ALL
    SELECT '', a.user_id, a.first_day, a.last_day, FALSE, a.substitute_id, s.country, s.working_weekdays
    FROM team_absence a LEFT JOIN team_user s ON s.id = a.substitute_id
    WHERE a.user_id IN ({ids}) OR a.user_id IN (
        SELECT d.substitute_id FROM team_absence d WHERE d.substitute_id IS NOT NULL AND d.user_id IN ({ids})
    )
"""


def _rows(people: Iterable) -> list[tuple]:
    """Public holidays of the people and their substitutes, and the absences of both, in one query.

    As text, since every page of a rep asks for it, and Django took longer to build it than the database to answer.
    """
    ids = [one.pk for one in people]
    if not ids:
        return []
    countries = sorted({one.country for one in people})
    text = _ROWS.format(countries=", ".join(["%s"] * len(countries)), ids=", ".join(["%s"] * len(ids)))
    with connection.cursor() as cursor:
        cursor.execute(text, [*countries, *ids, *ids, *ids])
        return cursor.fetchall()


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
