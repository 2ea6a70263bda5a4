"""Jobs in words: what one is about, how long it took, what came of it."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.jobs.kinds import Kind, UnknownKind, kind_named
from crm.jobs.models import Job
from crm.look.figures import duration, number


def kind_of(job: Job) -> Kind | None:
    """Its kind; None where no app of this version registers it."""
    try:
        return kind_named(job.kind)
    except UnknownKind:
        return None


def label(job: Job) -> str:
    """The kind's name: "Tiering run"."""
    kind = kind_of(job)
    return str(kind.label) if kind is not None and kind.label else job.kind


def subject(job: Job) -> str:
    """What this one is about: "as of 30 September 2026"; the key itself where its kind has no words for it."""
    kind = kind_of(job)
    if kind is not None and kind.subject is not None:
        return kind.subject(job.key, job.arguments)
    return job.key.removeprefix(f"{job.kind}:")


def title(job: Job) -> str:
    """Kind and subject: "Tiering run, as of 30 September 2026"."""
    about = subject(job)
    return _("%(kind)s, %(subject)s") % {"kind": label(job), "subject": about} if about else label(job)


def result(job: Job) -> str:
    """What came of it, in one line; "" where it has no words for that."""
    kind = kind_of(job)
    if kind is not None and kind.result_words is not None and job.result:
        return kind.result_words(job.result)
    return ""


def span(time: dt.timedelta) -> str:
    """A length of time as "8 s", "12 min", "2 h 40" or "3 d"; never negative."""
    seconds = max(0, round(time.total_seconds()))
    if seconds < 90:
        return _("%(seconds)s s") % {"seconds": number(seconds)}
    minutes = round(seconds / 60)
    if minutes < 60 * 48:
        return duration(minutes)
    return _("%(days)s days") % {"days": number(minutes // (60 * 24))}


def time_left(job: Job, now: dt.datetime) -> str:
    """How long it will probably still take, from what it did so far; "" where nobody can know."""
    if not job.progress_total or job.progress_done <= 0 or job.started_at is None:
        return ""
    left = job.progress_total - job.progress_done
    if left <= 0:
        return ""
    return span((now - job.started_at) * left / job.progress_done)


def full_day(day: dt.date | str) -> str:
    """ "30 September 2026", from a date or its ISO text; another text as it is."""
    try:
        found = dt.date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        return str(day)
    # Translators: day, month, year in the letters of Django's date filter
    return date_format(found, pgettext("date format", "j F Y"), use_l10n=False)


BY_HAND = "by-hand"
"""The reason in the key of a job that an admin starts."""


def reason_words(reason: str) -> str:
    """Why planning or facts were asked for ("tiering:2026-09-30"), in words; an unknown reason as it is."""
    source, _colon, what = reason.partition(":")
    if source == "tiering":
        return _("after the tiering run as of %(day)s") % {"day": full_day(what)}
    if source == "daily":
        return _("in the upkeep of %(day)s") % {"day": full_day(what)}
    if source == "rule":
        return _("after a contact rule was changed (no. %(number)s)") % {"number": what}
    if source == "import":
        return _("after import no. %(number)s") % {"number": what}
    if source == "undo":
        return _("after import no. %(number)s was undone") % {"number": what}
    if source == "changed":
        return _("after somebody's days or accounts changed")
    if reason == BY_HAND:
        return _("all accounts, by hand")
    return reason
