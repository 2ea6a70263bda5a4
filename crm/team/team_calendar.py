"""The team calendar: week by week who is away, and which days are public holidays. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _

from crm.look.figures import day as day_words
from crm.team.absences import days_in_words
from crm.team.calendars import ONE_DAY, WorkingCalendar, calendars_of
from crm.team.models import Absence, Country, PublicHoliday, User

WEEKS = 8

WORK, OFF, HOLIDAY, AWAY = "work", "off", "holiday", "away"
"""What a day is to somebody: worked, not a working day of theirs, a public holiday, an absence."""


@dataclass(frozen=True)
class Week:
    """Seven days of one person."""

    days: Sequence[str]
    """WORK, OFF, HOLIDAY or AWAY, Monday first."""
    words: Sequence[str]
    """The absences and holidays of the week, for who cannot see the marks."""


@dataclass(frozen=True)
class Line:
    """One person through the weeks."""

    person: User
    weeks: Sequence[Week]


class Holiday(NamedTuple):
    """A public holiday, or a weekend day that is worked, in one of the countries."""

    day: dt.date
    name: str
    country: str
    works: bool

    @property
    def country_name(self) -> str:
        return str(Country(self.country).label)


@dataclass(frozen=True)
class TeamCalendar:
    """The weeks ahead of some people. mondays: the first day of each week."""

    mondays: Sequence[dt.date]
    lines: Sequence[Line]
    holidays: Sequence[Holiday]


def monday_of(day: dt.date) -> dt.date:
    """The Monday of the day's week."""
    return day - day.weekday() * ONE_DAY


def kind_of(day: dt.date, calendar: WorkingCalendar, away: bool, holiday: bool) -> str:
    """What the day is to somebody. An absence on a day that is not worked anyway does not show."""
    if holiday and day.weekday() in calendar.weekdays:
        return HOLIDAY
    if day.weekday() not in calendar.weekdays and day not in calendar.worked_weekend_days:
        return OFF
    return AWAY if away else WORK


def team_calendar(
    people: Sequence[User], absences: Iterable[Absence], *, today: dt.date, weeks: int = WEEKS
) -> TeamCalendar:
    """The weeks from this one on. absences: of these people, with their substitutes. Two queries."""
    first = monday_of(today)
    last = first + (7 * weeks - 1) * ONE_DAY
    countries = {person.country for person in people}
    rows = PublicHoliday.objects.filter(country__in=countries, day__range=(first, last)).order_by(
        "day", "country"
    )
    holidays = [Holiday(*row) for row in rows.values_list("day", "name", "country", "works")]
    calendars = calendars_of(people)
    own: dict[int, list[Absence]] = {}
    for absence in absences:
        own.setdefault(absence.user_id, []).append(absence)
    mondays = [first + 7 * week * ONE_DAY for week in range(weeks)]
    return TeamCalendar(
        mondays=mondays,
        lines=[
            Line(
                person,
                [
                    _week(monday, person, calendars[person.pk], own.get(person.pk, ()), holidays, today)
                    for monday in mondays
                ],
            )
            for person in people
        ],
        holidays=holidays,
    )


def _week(
    monday: dt.date,
    person: User,
    calendar: WorkingCalendar,
    absences: Sequence[Absence],
    holidays: Sequence[Holiday],
    today: dt.date,
) -> Week:
    days = [monday + step * ONE_DAY for step in range(7)]
    free: Mapping[dt.date, str] = {
        each.day: each.name for each in holidays if each.country == person.country and not each.works
    }
    touching = [a for a in absences if a.first_day <= days[-1] and a.last_day >= monday]
    kinds = [
        kind_of(day, calendar, any(a.first_day <= day <= a.last_day for a in touching), day in free)
        for day in days
    ]
    words = []
    for absence in touching:
        span = days_in_words(max(absence.first_day, monday), min(absence.last_day, days[-1]), today)
        if absence.substitute is None:
            words.append(_("away %(days)s") % {"days": span})
        else:
            words.append(_("away %(days)s, %(name)s stands in") % {"days": span, "name": absence.substitute})
    words += [
        _("%(day)s: %(holiday)s") % {"day": day_words(day, today), "holiday": free[day]}
        for day, kind in zip(days, kinds, strict=True)
        if kind == HOLIDAY
    ]
    return Week(kinds, words)
