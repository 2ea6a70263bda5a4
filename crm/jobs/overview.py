"""What the Jobs page shows: what runs and waits, what ran, and one job from its beginning."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from crm.jobs import wording
from crm.jobs.kinds import REFUSED, Start, known_kinds
from crm.jobs.locks import held_among
from crm.jobs.models import Job, JobEvent
from crm.jobs.running import lock_name
from crm.jobs.timetable import Silence, silence
from crm.jobs.troubles import in_words

MOST_WAITING = 20
"""Waiting jobs that are listed; of the others the page says how many there are."""
PER_PAGE = 25
TONES = {"done": "ok", "failed": "danger", "stopped": "warn", "running": "accent", "queued": ""}


@dataclass(frozen=True)
class Row:
    """One job as a page shows it."""

    job: Job
    now: dt.datetime
    alive: bool = False
    """Whether a worker holds its lock."""
    place: int = 0
    """Its place in line, from 1; 0 where it does not wait in line."""

    @property
    def label(self) -> str:
        return wording.label(self.job)

    @property
    def subject(self) -> str:
        return wording.subject(self.job)

    @property
    def title(self) -> str:
        return wording.title(self.job)

    @property
    def about(self) -> str:
        kind = wording.kind_of(self.job)
        return str(kind.about) if kind is not None else ""

    @property
    def who(self) -> str:
        return str(self.job.started_by) if self.job.started_by else _("the schedule")

    @property
    def runs(self) -> bool:
        return self.job.state == Job.State.RUNNING

    @property
    def is_lost(self) -> bool:
        """It runs by its row, but nobody holds its lock."""
        return self.runs and not self.alive

    @property
    def pauses(self) -> bool:
        return self.job.state == Job.State.QUEUED and self.job.not_before > self.now

    @property
    def stopping(self) -> bool:
        return self.runs and self.job.stop_asked_at is not None

    @property
    def may_retry(self) -> bool:
        return self.pauses or self.job.state in (Job.State.FAILED, Job.State.STOPPED)

    @property
    def may_stop(self) -> bool:
        return self.job.is_open and (self.is_lost or not self.stopping)

    @property
    def left(self) -> str:
        return wording.time_left(self.job, self.now)

    @property
    def took(self) -> str:
        """How long the last attempt took; "" where none was made."""
        job = self.job
        if job.started_at is None or job.finished_at is None or job.finished_at < job.started_at:
            return ""
        return wording.span(job.finished_at - job.started_at)

    @property
    def since(self) -> str:
        return wording.span(self.now - self.job.started_at) if self.job.started_at else ""

    @property
    def refused(self) -> str:
        """Why it found that it had nothing to do with what it was given, though it ended well; "" where it did it."""
        return str(self.job.result.get(REFUSED) or "") if self.job.state == Job.State.DONE else ""

    @property
    def tone(self) -> str:
        return "danger" if self.refused else TONES.get(self.job.state, "")

    @property
    def state_words(self) -> str:
        return _("Refused") if self.refused else self.job.get_state_display()

    @property
    def result(self) -> str:
        return wording.result(self.job) if self.job.state == Job.State.DONE else ""

    @cached_property
    def trouble(self) -> tuple[str, str]:
        """What went wrong and what to do; two empty texts where nothing did."""
        return in_words(self.job) if self.job.error else ("", "")

    @property
    def arguments(self) -> list[tuple[str, str]]:
        """Name and value of each argument."""
        return [(name, _short(value)) for name, value in sorted(self.job.arguments.items())]

    @property
    def results(self) -> list[tuple[str, str]]:
        """Name and value of each figure of the result."""
        return [(name, _short(value)) for name, value in sorted(self.job.result.items())]


def _short(value: object) -> str:
    """A value of JSON for people: long lists by their number of members."""
    if isinstance(value, list) and len(value) > 10:
        return _("%(number)s values, beginning with %(first)s") % {
            "number": len(value),
            "first": ", ".join(map(str, value[:5])),
        }
    if isinstance(value, str):
        return value
    if value is None:
        return "–"
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Open:
    """What runs and what waits."""

    running: list[Row]
    waiting: list[Row]
    more_waiting: int
    """Waiting ones that are not listed."""
    silence: Silence | None

    @property
    def ids(self) -> str:
        """By which the page notices that something began or ended."""
        return ",".join(
            str(row.job.pk) for row in sorted([*self.running, *self.waiting], key=lambda row: row.job.pk)
        )

    def __bool__(self) -> bool:
        return bool(self.running or self.waiting)


def open_jobs(*, now: dt.datetime) -> Open:
    """What runs and waits now: what can be begun in the order of its turn, then what pauses."""
    jobs = Job.objects.select_related("started_by", "stop_asked_by")
    running = list(jobs.filter(state=Job.State.RUNNING).order_by("started_at", "pk"))
    waiting = jobs.filter(state=Job.State.QUEUED).order_by("not_before", "pk")
    first = list(waiting[:MOST_WAITING])
    held = held_among([lock_name(job.pk) for job in running])
    rows = [Row(job, now, alive=lock_name(job.pk) in held) for job in running]
    return Open(
        running=rows,
        waiting=[Row(job, now, place=place) for place, job in enumerate(first, 1)],
        more_waiting=waiting.count() - len(first),
        silence=silence(
            now=now,
            longest_waiting=first[0].not_before if first else None,
            alive=sum(row.alive for row in rows),
        ),
    )


PAST = (Job.State.DONE, Job.State.FAILED, Job.State.STOPPED)


def past_jobs(*, kind: str, state: str) -> QuerySet[Job]:
    """What has ended, newest first; of one kind and one state, where not empty. What was refused counts as failed."""
    found = Job.objects.select_related("started_by").filter(state__in=PAST)
    refused = Q(state=Job.State.DONE, result__has_key=REFUSED) & ~Q(**{f"result__{REFUSED}": ""})
    if state == Job.State.FAILED:
        found = found.filter(Q(state=state) | refused)
    elif state == Job.State.DONE:
        found = found.filter(state=state).exclude(refused)
    elif state in PAST:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    return found.order_by(F("finished_at").desc(nulls_last=True), "-pk")


def past_page(*, kind: str, state: str, number: str, now: dt.datetime) -> Page:
    """One page of what has ended, as rows."""
    page = Paginator(past_jobs(kind=kind, state=state), PER_PAGE).get_page(number)
    rows: Any = [Row(job, now) for job in page.object_list]
    page.object_list = rows
    return page


def kinds_in_words() -> list[tuple[str, str]]:
    """(name, label) of each registered kind, by label."""
    return sorted(
        ((kind.name, str(kind.label or kind.name)) for kind in known_kinds()), key=lambda pair: pair[1]
    )


@dataclass(frozen=True)
class Startable:
    """A kind that an admin may start."""

    name: str
    label: str
    about: str
    reason: str
    """Why there is nothing to do; "" where it can be started."""


def startable_kinds(*, today: dt.date) -> list[Startable]:
    """What may be started by hand today."""
    found = []
    for kind in known_kinds():
        if kind.startable is not None:
            wanted = kind.startable(today)
            reason = "" if isinstance(wanted, Start) else str(wanted)
            found.append(Startable(kind.name, str(kind.label or kind.name), str(kind.about), reason))
    return sorted(found, key=lambda kind: kind.label)


@dataclass(frozen=True)
class Happened:
    """One line of a job's history."""

    icon: str
    title: str
    text: str
    at: dt.datetime
    who: str


_ICONS = {
    "asked": "plus",
    "asked_again": "repeat",
    "begun": "right",
    "done": "check",
    "failed": "alert",
    "given_up": "close",
    "stop_asked": "hand",
    "stopped": "minus",
    "put_back": "undo",
    "retried": "refresh",
}


def history(events: Iterable[JobEvent]) -> list[Happened]:
    """What happened to a job, newest first. A beginning that nothing followed but another was a worker that died."""
    What = JobEvent.What
    lines: list[Happened] = []
    attempt, before = 0, ""
    for event in events:
        title, who = event.get_what_display(), str(event.actor) if event.actor else ""
        if event.what == What.BEGUN:
            attempt += 1
            if before == What.BEGUN:
                title = _("Begun again (attempt %(number)s): the worker before had died") % {
                    "number": attempt
                }
            elif attempt > 1:
                title = _("Begun again (attempt %(number)s)") % {"number": attempt}
        elif event.what == What.ASKED and not who:
            who = _("the schedule, or another job")
        if event.what not in (What.STOP_ASKED, What.ASKED_AGAIN):
            before = event.what
        lines.append(Happened(_ICONS.get(event.what, "info"), title, event.words, event.at, who))
    return lines[::-1]
