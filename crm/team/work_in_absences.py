"""What falls into an absence, and what becomes of it: counted by an app above (settings.ABSENCE_WORK), worded here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.look.figures import day as day_words
from crm.look.figures import number
from crm.team.calendars import ONE_DAY, WorkingCalendar
from crm.team.models import Absence


@dataclass(frozen=True)
class Work:
    """Follow-ups of accounts of the absent user that are due, or stand, on days of the absence from today on."""

    planned: int = 0
    """Planning may move them or give them to the substitute."""
    fixed: int = 0
    """Booked, or put on their day by hand: they stay there."""


class CountsWork(Protocol):
    """The function behind settings.ABSENCE_WORK: one Work for each absence, in order, in one query."""

    def __call__(self, absences: Sequence[Absence], *, today: dt.date) -> Sequence[Work]: ...


def work_in(absences: Sequence[Absence], *, today: dt.date) -> Sequence[Work]:
    """The work in each of the absences, saved or not, in their order."""
    count: CountsWork = import_string(settings.ABSENCE_WORK)
    return count(absences, today=today)


def work_words(work: Work, absence: Absence, *, calendar: WorkingCalendar | None, today: dt.date) -> str:
    """What happens to the work: "12 follow-ups fall into it: Carl takes over."; "" where there is none.

    calendar: of the absent user, the absence itself may be missing in it; None: the day of return is not said.
    """
    if not work.planned and not work.fixed:
        return ""
    total = work.planned + work.fixed
    said = ngettext("%(number)s follow-up falls into it.", "%(number)s follow-ups fall into it.", total) % {
        "number": number(total)
    }
    if absence.substitute is not None:
        return said + " " + _("%(name)s takes over.") % {"name": absence.substitute}
    if work.planned and calendar is not None:
        back = calendar.on_or_after(absence.last_day + ONE_DAY)
        said += " " + ngettext(
            "%(number)s moves to %(day)s or later.", "%(number)s move to %(day)s or later.", work.planned
        ) % {"number": number(work.planned), "day": day_words(back, today)}
    if work.fixed:
        said += " " + ngettext(
            "%(number)s was booked or moved by hand and stays: look at it yourself.",
            "%(number)s were booked or moved by hand and stay: look at them yourself.",
            work.fixed,
        ) % {"number": number(work.fixed)}
    return said
