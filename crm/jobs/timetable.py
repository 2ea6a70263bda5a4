"""What the clock (beat) asks for next, in words, and whether clock and workers have been heard of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from celery import current_app
from celery.schedules import crontab
from django.conf import settings
from django.db.models import Max
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm.jobs import wording
from crm.jobs.kinds import known_kinds
from crm.jobs.models import Job, Sign
from crm.jobs.tasks import SWEEP

SILENT_AFTER = dt.timedelta(minutes=12)
"""Two sweeps and some patience: then somebody is away."""
LATE_AFTER = dt.timedelta(minutes=2)
"""So long a job may wait in line while nobody takes it, before the page says so."""


@dataclass(frozen=True)
class Entry:
    """One line of the schedule."""

    label: str
    about: str
    when: str
    """In words, by the company's clock: "every day at 03:00"."""
    next_at: dt.datetime | None
    """None: nobody can know."""
    last: Job | None
    """The last job that it asked for."""
    last_at: dt.datetime | None


def entries(*, now: dt.datetime) -> list[Entry]:
    """The schedule, soonest first."""
    kinds = {kind.scheduled_by: kind for kind in known_kinds() if kind.scheduled_by}
    last_jobs = _last_jobs([kind.name for kind in kinds.values()])
    signs = dict(Sign.objects.values_list("name", "at"))
    found = []
    for name, entry in current_app.conf.beat_schedule.items():
        kind = kinds.get(entry["task"])
        last = last_jobs.get(kind.name) if kind else None
        last_at = last.queued_at if last else signs.get(entry["task"])
        label, about = capfirst(name), ""
        if kind is not None:
            label, about = str(kind.label), str(kind.about)
        elif entry["task"] == SWEEP:
            label = _("Sweep")
            about = _("Finds jobs that were lost and sends them again.")
        found.append(
            Entry(
                label=label,
                about=about,
                when=in_words(entry["schedule"]),
                next_at=next_at(entry["schedule"], now=now, last_at=last_at),
                last=last,
                last_at=last_at,
            )
        )
    return sorted(found, key=lambda entry: (entry.next_at is None, entry.next_at or now, entry.label))


def _last_jobs(kinds: list[str]) -> dict[str, Job]:
    newest = Job.objects.filter(kind__in=kinds).order_by().values("kind").annotate(newest=Max("pk"))
    return {job.kind: job for job in Job.objects.filter(pk__in=[row["newest"] for row in newest])}


def company_zone() -> ZoneInfo:
    """The time zone that the schedule goes by."""
    return ZoneInfo(settings.TIME_ZONE)


def _by_calendar(when: Any) -> bool:
    """Whether it is a crontab: its types do not tell of the sets of hours, days and months that it has."""
    return isinstance(when, crontab)


def next_at(when: Any, *, now: dt.datetime, last_at: dt.datetime | None) -> dt.datetime | None:
    """When an entry falls due next. An interval counts from the last time; overdue, it is due now."""
    if _by_calendar(when):
        local = now.astimezone(company_zone())
        for days in range(1500):  # 29 February comes at least every eight years, but who would schedule by it
            day = local.date() + dt.timedelta(days=days)
            if not (
                day.month in when.month_of_year
                and day.day in when.day_of_month
                and day.isoweekday() % 7 in when.day_of_week
            ):
                continue
            for hour in sorted(when.hour):
                for minute in sorted(when.minute):
                    moment = dt.datetime.combine(day, dt.time(hour, minute), company_zone())
                    if moment > now:
                        return moment
        return None
    seconds = _seconds(when)
    if seconds is None:
        return None
    return max(now, (last_at or now) + dt.timedelta(seconds=seconds))


def _seconds(when: Any) -> float | None:
    if isinstance(when, int | float):
        return float(when)
    if isinstance(when, dt.timedelta):
        return when.total_seconds()
    every = getattr(when, "run_every", None)  # celery.schedules.schedule
    return every.total_seconds() if isinstance(every, dt.timedelta) else None


def in_words(when: Any) -> str:
    """ "every day at 03:00", "every 5 minutes", "on 1 January, April, July and October at 02:00"."""
    seconds = _seconds(when) if not _by_calendar(when) else None
    if seconds is not None:
        return _("every %(time)s") % {"time": wording.span(dt.timedelta(seconds=seconds))}
    if not _by_calendar(when):
        return str(when)
    if len(when.hour) > 1 or len(when.minute) > 1:
        return _several_times(when)
    time = f"{min(when.hour):02d}:{min(when.minute):02d}"
    all_days, all_weekdays = len(when.day_of_month) == 31, len(when.day_of_week) == 7
    all_months = len(when.month_of_year) == 12
    if all_days and all_weekdays and all_months:
        return _("every day at %(time)s") % {"time": time}
    if all_days and all_months:
        names = [str(WEEKDAYS[(day - 1) % 7]) for day in sorted(when.day_of_week, key=lambda d: (d - 1) % 7)]
        return _("every %(weekdays)s at %(time)s") % {"weekdays": _and(names), "time": time}
    if all_weekdays and len(when.day_of_month) == 1:
        day = min(when.day_of_month)
        if all_months:
            return _("on day %(day)s of every month at %(time)s") % {"day": day, "time": time}
        months = [str(MONTHS[month]) for month in sorted(when.month_of_year)]
        return _("on %(day)s %(months)s at %(time)s") % {"day": day, "months": _and(months), "time": time}
    return _("on certain days at %(time)s") % {"time": time}


def _several_times(when: Any) -> str:
    if len(when.hour) == 24 and len(when.minute) == 60:
        return _("every minute")
    if len(when.hour) == 24 and len(when.minute) == 1:
        return _("every hour at minute %(minute)s") % {"minute": min(when.minute)}
    if len(when.hour) == 24:
        return _("%(times)s times an hour") % {"times": len(when.minute)}
    return _("several times a day")


def _and(words: list[str]) -> str:
    """ "January, April, July and October"."""
    if len(words) < 2:
        return "".join(words)
    return _("%(words)s and %(last)s") % {"words": ", ".join(words[:-1]), "last": words[-1]}


@dataclass(frozen=True)
class Silence:
    """Somebody who should be at work has not been heard of: what that is, and what to do."""

    what: str
    remedy: str


def silence(*, now: dt.datetime, longest_waiting: dt.datetime | None, alive: int) -> Silence | None:
    """Whether clock or workers seem to be away. `longest_waiting`: since when the first in line could be begun."""
    heard = Sign.objects.filter(name=SWEEP).values_list("at", flat=True).first()
    begun = Job.objects.order_by().aggregate(at=Max("started_at"))["at"]
    last = max((at for at in (heard, begun) if at is not None), default=None)
    waits = longest_waiting is not None and now - longest_waiting > LATE_AFTER
    if alive and waits:
        return Silence(
            _("All workers are busy: the first in line has waited %(time)s.")
            % {"time": wording.span(now - (longest_waiting or now))},
            _("It is taken when one of them has ended. More can work at once with a higher --concurrency."),
        )
    if alive:
        return None  # its lock proves it
    if last is None:
        what = _("No worker and no clock (beat) has been heard of yet.")
    elif now - last > SILENT_AFTER and waits:
        what = _("No worker has taken a job for %(time)s.") % {"time": wording.span(now - last)}
    elif now - last > SILENT_AFTER:
        what = _("Nothing has been heard of the worker or the clock (beat) for %(time)s.") % {
            "time": wording.span(now - last)
        }
    elif waits:
        return Silence(
            _("A job has waited %(time)s, although a worker was heard of.")
            % {"time": wording.span(now - (longest_waiting or now))},
            _(
                "See in the worker's log whether it takes messages from the same broker; bring lost jobs back."
            ),
        )
    elif heard is not None and now - heard > SILENT_AFTER:
        return Silence(
            _("The clock (beat) has not been heard of for %(time)s; a worker is there.")
            % {"time": wording.span(now - heard)},
            _("Start it: celery -A crm beat, exactly one. Until then nothing begins by itself."),
        )
    else:
        return None
    return Silence(
        what,
        _(
            "Start the worker (celery -A crm worker) and the clock (celery -A crm beat). Nothing is lost meanwhile."
        ),
    )
