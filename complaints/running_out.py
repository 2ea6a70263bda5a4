"""How much time a complaint has left, in working minutes and in words (docs/domain.md, 6).

`due_at` on the complaint is a moment; people think in the hours in which somebody works. What is left is counted in
the hours that the complaint's clock runs in: those of the owner's team, else of the assignee's, else of the company.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from complaints.clock import TeamHours, team_of
from complaints.models import Clock, Complaint, State
from complaints.wording import working_words
from complaints.working_hours import WorkingTime
from crm.look import figures
from crm.look.templatetags.look import icon

FIELDS = (
    "state",
    "opened_on",
    "closed_on",
    "warn_at",
    "due_at",
    "responded_at",
    "response_due_at",
    "resolution_allowed",
    "resolution_used",
    "resolution_over",
    "account__owner",
    "account__owner__team",
    "assignee__team",
)
"""Field paths of Complaint that `Clocks.of` reads."""


class Stand(Enum):
    """Where a complaint's time stands."""

    RUNNING = "running"
    AT_RISK = "at_risk"
    """75 % of the time has gone."""
    BREACHED = "breached"
    WAITING = "waiting"
    """The clock stands until the customer answers."""
    ENDED = "ended"
    """Resolved or closed."""
    UNKNOWN = "unknown"
    """Not reckoned yet: the next sweep does."""


TONES = {Stand.AT_RISK: "warn", Stand.BREACHED: "danger"}
ICONS = {
    Stand.RUNNING: "",
    Stand.AT_RISK: "clock",
    Stand.BREACHED: "alert",
    Stand.WAITING: "snooze",
    Stand.ENDED: "check",
    Stand.UNKNOWN: "",
}


@dataclass(frozen=True)
class TimeLeft:
    """What is left at one moment. minutes: working minutes, negative once it is over; None where no clock runs.

    Ended: the minutes by which it stayed below its level. Waiting: what is left when the answer comes.
    """

    stand: Stand
    minutes: int | None = None
    a_day: int = 480
    """Working minutes of the team's day, 1 and more."""
    clock: str = ""
    """The clock that runs out first: a value of Clock."""
    due_at: dt.datetime | None = None

    @property
    def tone(self) -> str:
        """ "warn", "danger" or ""."""
        return TONES.get(self.stand, "")

    @property
    def icon(self) -> str:
        """The symbol beside the words, "" for none: nothing is told by colour alone."""
        late = self.stand is Stand.ENDED and self.minutes is not None and self.minutes < 0
        return "alert" if late else ICONS[self.stand]

    @property
    def words(self) -> str:
        """ "2 h 10 min left", "over by 3 h", "waiting for customer"."""
        minutes = self.minutes
        match self.stand:
            case Stand.WAITING:
                return _("waiting for customer")
            case Stand.ENDED if minutes is not None and minutes < 0:
                return _("%(time)s late") % {"time": working_words(minutes, day=self.a_day)}
            case Stand.ENDED:
                return _("in time") if minutes is not None else _("ended")
            case Stand.BREACHED if minutes:
                return _("over by %(time)s") % {"time": working_words(minutes, day=self.a_day)}
            case Stand.BREACHED:
                return _("time is up")
            case Stand.UNKNOWN:
                return figures.NOTHING
            case _:
                assert minutes is not None
                return _("%(time)s left") % {"time": working_words(minutes, day=self.a_day)}

    def more(self, today: dt.date) -> str:
        """What explains the words: which clock, and until when; "" where there is nothing to say."""
        if self.stand is Stand.WAITING and self.minutes is not None:
            if self.minutes < 0:
                return _("over by %(time)s then") % {"time": working_words(self.minutes, day=self.a_day)}
            return _("then %(time)s left") % {"time": working_words(self.minutes, day=self.a_day)}
        if self.due_at is None or self.stand not in {Stand.RUNNING, Stand.AT_RISK, Stand.BREACHED}:
            return ""
        at = moment(self.due_at, today)
        # Translators: %(at)s is a time, or a day and a time
        words = {
            (False, False): _("due %(at)s"),
            (False, True): _("first response due %(at)s"),
            (True, False): _("was due %(at)s"),
            (True, True): _("first response was due %(at)s"),
        }
        return words[self.stand is Stand.BREACHED, self.clock == Clock.RESPONSE] % {"at": at}

    @property
    def sentence(self) -> str:
        """The words with what a colour would say, for who does not see it: "at risk, 40 min left"."""
        if self.stand is Stand.AT_RISK:
            return _("at risk, %(words)s") % {"words": self.words}
        return self.words

    def html(self) -> SafeString:
        """The words as a badge, or plainly where nothing presses."""
        if not self.icon:
            return format_html(
                '<span class="time-left" data-stand="{}">{}</span>', self.stand.value, self.words
            )
        risk = (
            format_html('<span class="vh">{}: </span>', _("at risk")) if self.stand is Stand.AT_RISK else ""
        )
        tone = format_html(' data-tone="{}"', self.tone) if self.tone else ""
        return format_html(
            '<span class="badge time-left" data-stand="{}"{}>{}{}{}</span>',
            self.stand.value,
            tone,
            icon(self.icon, "s"),
            risk,
            self.words,
        )


def moment(at: dt.datetime, today: dt.date) -> str:
    """A moment in the reader's time zone: "14:30" on the day itself, else "Thu 15 Oct 14:30"."""
    local = timezone.localtime(at)
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return clock
    return _("%(day)s, %(time)s") % {"day": figures.day(local, today), "time": clock}


class Clocks:
    """Reads the time left of many complaints at one moment. Two queries, however many there are."""

    def __init__(self, *, now: dt.datetime) -> None:
        self.now = now
        self._hours: TeamHours | None = None

    def of(self, row: Mapping[str, Any]) -> TimeLeft:
        """What is left for one row with FIELDS, as QuerySet.values() gives it."""
        state, due = row["state"], row["due_at"]
        if state in (State.RESOLVED, State.CLOSED):
            over = row["resolution_over"]
            return TimeLeft(Stand.ENDED, None if over is None else -over, self._a_day(row))
        if state == State.WAITING:
            allowed = row["resolution_allowed"]
            left = None if allowed is None else allowed - row["resolution_used"]
            return TimeLeft(Stand.WAITING, left, self._a_day(row))
        if due is None:
            return TimeLeft(Stand.UNKNOWN)
        time = self._time(row)
        clock = Clock.RESOLUTION
        if row["responded_at"] is None and row["response_due_at"] == due:
            clock = Clock.RESPONSE
        if due <= self.now:
            stand, minutes = Stand.BREACHED, -time.between(due, self.now)
        else:
            warned = row["warn_at"] is not None and row["warn_at"] <= self.now
            stand, minutes = (Stand.AT_RISK if warned else Stand.RUNNING), time.between(self.now, due)
        return TimeLeft(stand, minutes, time.a_day, clock.value, due)

    def of_complaint(self, complaint: Complaint) -> TimeLeft:
        """The same for a model, read with `account__owner` and `assignee`."""
        return self.of({path: _reach(complaint, path) for path in FIELDS})

    def _time(self, row: Mapping[str, Any]) -> WorkingTime:
        if self._hours is None:
            self._hours = TeamHours()
        return self._hours.of(team_of(owners=row["account__owner__team"], assignees=row["assignee__team"]))

    def _a_day(self, row: Mapping[str, Any]) -> int:
        return self._time(row).a_day


def _reach(complaint: Complaint, path: str) -> Any:
    """The value at a path of values(), where the last related row stands for its id."""
    value: Any = complaint
    *before, last = path.split("__")
    for name in before:
        value = getattr(value, name) if value is not None else None
    if value is None:
        return None
    return getattr(value, f"{last}_id") if hasattr(value, f"{last}_id") else getattr(value, last)
