"""Absences: entering, changing and taking them back, and what is wrong with them (docs/domain.md, 5.3).

Who keeps whose: everybody their own; a manager those of the members of teams led; an admin all. Contact planning hears
of every change (settings.CALENDAR_CHANGED).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from crm.look.figures import day as day_words
from crm.team import undo
from crm.team.changes import calendar_changed
from crm.team.models import Absence, User
from crm.team.undo import CannotUndo
from crm.team.visibility import led_team_ids

LONG_ABSENCE = 14
"""Days: an absence of so many without a substitute leaves accounts alone."""
LONGEST_ABSENCE = 366
"""Days: more is a slip of the pen, or somebody who does not work here any more."""
_FIELDS = ("user_id", "first_day", "last_day", "substitute_id", "reason", "caught_up_at")
_KIND = "absence"


# Who keeps whose ----------------------------------------------------------------------------------------------------
def kept_people(user: User) -> QuerySet[User]:
    """Whose absences and contact minutes the user keeps: the user and, for leads and admins, others who work here."""
    people = User.objects.filter(is_active=True)
    if user.is_admin:
        return people
    return people.filter(Q(pk=user.pk) | Q(team__in=led_team_ids(user)))


def seen_people(user: User) -> QuerySet[User]:
    """Who stands in the user's team calendar: the own team, teams led, and for an admin everybody who works here."""
    people = User.objects.filter(is_active=True)
    if user.is_admin:
        return people
    seen = Q(pk=user.pk) | Q(team__in=led_team_ids(user))
    if user.team_id is not None:
        seen |= Q(team=user.team_id)
    return people.filter(seen)


def seen_absences(user: User) -> QuerySet[Absence]:
    """The absences whose days the user may see, with their people."""
    rows = Absence.objects.visible_to(user, led=led_team_ids(user))
    return rows.select_related("user", "substitute")


def kept_absences(user: User) -> QuerySet[Absence]:
    """The absences that the user may change, with their people."""
    return Absence.objects.kept_by(user, led=led_team_ids(user)).select_related("user", "substitute")


def keeps(user: User, absent: User) -> bool:
    """`kept_absences` for one person, also one who works here no more. At most one query a request."""
    return user.is_admin or absent.pk == user.pk or absent.team_id in led_team_ids(user)


# Verbs --------------------------------------------------------------------------------------------------------------
def check_days(*, user_id: int, first: dt.date, last: dt.date, but: int | None = None) -> None:
    """Raise ValidationError, beside the field, where the days make no absence. but: the absence that is changed."""
    if last < first:
        raise ValidationError({"last_day": _("The last day lies before the first.")})
    if (last - first).days >= LONGEST_ABSENCE:
        raise ValidationError(
            {
                "last_day": _("An absence has at most %(days)d days: is the year right?")
                % {"days": LONGEST_ABSENCE}
            }
        )
    other = Absence.objects.filter(user=user_id).touching(first, last).exclude(pk=but or 0).first()
    if other is not None:
        days = {"first": day_words(other.first_day, first), "last": day_words(other.last_day, first)}
        raise ValidationError(
            {"first_day": _("%(first)s to %(last)s is entered already: change that absence.") % days}
        )


def _hold(user_id: int) -> None:
    """One at a time writes absences of the user: of two forms sent at once the second sees what the first entered."""
    User.objects.select_for_update().filter(pk=user_id).values_list("pk").first()


@transaction.atomic
def enter_absence(
    *,
    user: User,
    first_day: dt.date,
    last_day: dt.date,
    substitute: User | None,
    reason: str,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> tuple[Absence, str]:
    """Write one absence; returns it and what undoes it. Raises ValidationError, see `check_days`."""
    _hold(user.pk)
    check_days(user_id=user.pk, first=first_day, last=last_day)
    absence = Absence(
        user=user, first_day=first_day, last_day=last_day, substitute=substitute, reason=reason.strip()
    )
    absence.clean()
    absence.save()
    return absence, _done(absence.pk, None, _values(absence), actor, today, now)


@transaction.atomic
def change_absence(
    *,
    absence: Absence,
    first_day: dt.date,
    last_day: dt.date,
    substitute: User | None,
    reason: str,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> tuple[Absence, str]:
    """Write new days, substitute or reason; returns the absence and what undoes it. Raises ValidationError."""
    _hold(absence.user_id)
    check_days(user_id=absence.user_id, first=first_day, last=last_day, but=absence.pk)
    absence = Absence.objects.select_for_update(of=("self",)).select_related("user").get(pk=absence.pk)
    before = _values(absence)
    absence.first_day, absence.last_day = first_day, last_day
    absence.substitute, absence.reason = substitute, reason.strip()
    absence.clean()
    absence.save()
    return absence, _done(absence.pk, before, _values(absence), actor, today, now)


@transaction.atomic
def remove_absence(*, absence: Absence, actor: User, today: dt.date, now: dt.datetime) -> str:
    """Delete an absence; returns what undoes it."""
    pk, before = absence.pk, _values(absence)
    absence.delete()
    return _done(pk, before, None, actor, today, now)


@transaction.atomic
def undo_absence(*, token: str, actor: User, today: dt.date, now: dt.datetime) -> None:
    """Take back what `token` stands for. Raises CannotUndo, with words for the user."""
    before, after = undo.read(kind=_KIND, actor=actor, token=token)
    pk = (after or before or {})["id"]
    row = Absence.objects.select_for_update(of=("self",)).select_related("user").filter(pk=pk).first()
    if undo.plain({"id": pk, **_values(row)} if row else None) != after:
        raise undo.changed_since()
    if before is None:
        assert row is not None
        touched = {"id": pk, **_values(row)}
        row.delete()
        _tell([touched], today=today, now=now)
        return
    restored = Absence(pk=pk, **{name: _from_json(name, before[name]) for name in _FIELDS})
    if not keeps(actor, restored.user):
        raise CannotUndo(_("This cannot be undone."))
    try:
        check_days(user_id=restored.user_id, first=restored.first_day, last=restored.last_day, but=pk)
    except ValidationError as error:
        raise CannotUndo(" ".join(error.messages)) from error
    restored.save()
    _tell([_values(restored), after or {}], today=today, now=now)


def _done(
    pk: int,
    before: undo.Values | None,
    after: undo.Values | None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> str:
    _tell([values for values in (before, after) if values], today=today, now=now)
    return undo.token(
        kind=_KIND,
        actor=actor,
        before=before and {"id": pk, **before},
        after=after and {"id": pk, **after},
    )


def _values(absence: Absence) -> undo.Values:
    return {name: getattr(absence, name) for name in _FIELDS}


def _from_json(name: str, value: Any) -> Any:
    column: Any = Absence._meta.get_field(name.removesuffix("_id"))
    return column.to_python(value)


def _tell(rows: Iterable[undo.Values], *, today: dt.date, now: dt.datetime) -> None:
    """Planning hears of who is away, and of those for whom that person would have stood in on these days."""
    ids: set[int] = set()
    for row in rows:
        if not row:
            continue
        ids.add(row["user_id"])
        served = Absence.objects.filter(substitute=row["user_id"])
        ids.update(served.touching(row["first_day"], row["last_day"]).values_list("user_id", flat=True))
    calendar_changed(user_ids=ids, today=today, now=now)


# What is wrong with them ---------------------------------------------------------------------------------------------
def warnings(absence: Absence, others: Iterable[Absence], *, today: dt.date) -> list[str]:
    """What somebody should mend, in sentences: the substitute, the length, the team. A pure function of its rows.

    others: absences of the substitute and of the team that may touch these days (its own may be among them).
    """
    found: list[str] = []
    substitute = absence.substitute
    touching = [
        other
        for other in others
        if other.user_id != absence.user_id
        and other.first_day <= absence.last_day
        and other.last_day >= absence.first_day
    ]
    if substitute is None and (absence.last_day - absence.first_day).days + 1 >= LONG_ABSENCE:
        found.append(_("Two weeks or more without a substitute: nobody looks after the accounts."))
    if substitute is not None and not substitute.is_active:
        found.append(_("%(name)s works here no more.") % {"name": substitute})
    for other in touching:
        days = _common_days(absence, other, today)
        if other.user_id == absence.substitute_id:
            found.append(
                _("%(name)s, who substitutes, is away as well: %(days)s.")
                % {"name": other.user, "days": days}
            )
        elif absence.user.team_id is not None and other.user.team_id == absence.user.team_id:
            found.append(
                _("%(name)s of the same team is away, too: %(days)s.") % {"name": other.user, "days": days}
            )
    return found


def days_in_words(first: dt.date, last: dt.date, today: dt.date) -> str:
    """ "Tue 3 Nov – Fri 13 Nov", or one day."""
    if first == last:
        return day_words(first, today)
    return f"{day_words(first, today)} – {day_words(last, today)}"


def _common_days(one: Absence, other: Absence, today: dt.date) -> str:
    return days_in_words(max(one.first_day, other.first_day), min(one.last_day, other.last_day), today)


def that_may_touch(absences: Iterable[Absence]) -> QuerySet[Absence]:
    """The absences `warnings` asks for, of all of these at once."""
    rows = list(absences)
    if not rows:
        return Absence.objects.none()
    first, last = min(a.first_day for a in rows), max(a.last_day for a in rows)
    substitutes = {a.substitute_id for a in rows} - {None}
    teams = {a.user.team_id for a in rows} - {None}
    near = Absence.objects.touching(first, last).filter(Q(user__in=substitutes) | Q(user__team__in=teams))
    return near.select_related("user").order_by("first_day", "pk")
