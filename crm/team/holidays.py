"""Public holidays as rows that an admin corrects; the filling leaves alone what was corrected (docs/domain.md, 5.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import holidays as holidays_library
from django.db import transaction
from django.utils.translation import gettext as _

from crm.team import undo
from crm.team.changes import calendar_changed
from crm.team.models import PublicHoliday, User

_KIND = "holiday"
_FIELDS = ("country", "day", "name", "works", "corrected")


def official_name(country: str, day: dt.date) -> str | None:
    """What the library calls the day in its country; None: it is no public holiday there."""
    name: str | None = holidays_library.country_holidays(country, years=[day.year]).get(day)
    return name


@transaction.atomic
def correct_day(
    *, country: str, day: dt.date, name: str, works: bool, actor: User, today: dt.date, now: dt.datetime
) -> str:
    """Add a day, rename it, make it a working day or a holiday; marked as corrected. Returns what undoes it."""
    row = PublicHoliday.objects.select_for_update().filter(country=country, day=day).first()
    before = _values(row)
    row = row or PublicHoliday(country=country, day=day)
    row.name, row.works, row.corrected = name.strip(), works, True
    row.save()
    return _done(before, _values(row), actor, today, now)


@transaction.atomic
def forget_correction(*, holiday: PublicHoliday, actor: User, today: dt.date, now: dt.datetime) -> str:
    """Back to what the official calendar says of the day, which may be: no holiday. Returns what undoes it."""
    before = _values(holiday)
    official = official_name(holiday.country, holiday.day)
    if official is None:
        holiday.delete()
        return _done(before, None, actor, today, now)
    holiday.name, holiday.works, holiday.corrected = official[:120], False, False
    holiday.save()
    return _done(before, _values(holiday), actor, today, now)


@transaction.atomic
def undo_correction(*, token: str, actor: User, today: dt.date, now: dt.datetime) -> tuple[str, int]:
    """Take back what `token` stands for; the country and year it was in. Raises undo.CannotUndo."""
    if not actor.is_admin:
        raise undo.CannotUndo(_("This cannot be undone."))
    before, after = undo.read(kind=_KIND, actor=actor, token=token)
    known: dict[str, Any] = after or before or {}
    country, day = known["country"], dt.date.fromisoformat(known["day"])
    row = PublicHoliday.objects.select_for_update().filter(country=country, day=day).first()
    if undo.plain(_values(row)) != after:
        raise undo.changed_since()
    if before is None:
        assert row is not None
        row.delete()
    else:
        values = {name: before[name] for name in ("name", "works", "corrected")}
        PublicHoliday.objects.update_or_create(country=country, day=day, defaults=values)
    tell(country, today=today, now=now)
    return country, day.year


def _values(row: PublicHoliday | None) -> undo.Values | None:
    return None if row is None else {name: getattr(row, name) for name in _FIELDS}


def _done(
    before: undo.Values | None, after: undo.Values | None, actor: User, today: dt.date, now: dt.datetime
) -> str:
    tell((after or before or {})["country"], today=today, now=now)
    return undo.token(kind=_KIND, actor=actor, before=before, after=after)


def tell(country: str, *, today: dt.date, now: dt.datetime) -> None:
    """Planning hears of everybody who works in the country."""
    people = User.objects.filter(is_active=True, country=country).order_by().values_list("pk", flat=True)
    calendar_changed(user_ids=people, today=today, now=now)
