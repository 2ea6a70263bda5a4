"""How much of a complaint's two clocks is left, or by how much they are over, in working time and in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from complaints import clock
from complaints.models import Complaint, State
from complaints.wording import working_words
from complaints.working_hours import WorkingTime


@dataclass(frozen=True)
class ShownClock:
    """One clock as a page shows it."""

    label: str
    words: str
    """"in 2 h 10 min", "over by 1 day 3 h", "after 1 h", in working time."""
    note: str = ""
    tone: str = ""
    """"late", "soon", "up" (kept) or ""."""
    due_at: dt.datetime | None = None
    """When it runs out; None where it does not run."""


def time_left(complaint: Complaint, *, now: dt.datetime) -> list[ShownClock]:
    """Both clocks, the first response before the resolution. The account's owner and the assignee are loaded.

    Two queries: the teams and their holidays.
    """
    owner, assignee = complaint.account.owner, complaint.assignee
    team = clock.team_of(
        owners=owner.team_id if owner is not None else None,
        assignees=assignee.team_id if assignee is not None else None,
    )
    time = clock.TeamHours().of(team)
    return [response_left(complaint, time, now=now), resolution_left(complaint, time, now=now)]


def response_left(complaint: Complaint, time: WorkingTime, *, now: dt.datetime) -> ShownClock:
    """The clock of the first response."""
    label = _("First response")
    if complaint.responded_at is not None and complaint.response_over is not None:
        over = complaint.response_over
        return _ended(label, (complaint.response_allowed or 0) + over, over, time)
    return _running(label, complaint.response_warn_at, complaint.response_due_at, time, now)


def resolution_left(complaint: Complaint, time: WorkingTime, *, now: dt.datetime) -> ShownClock:
    """The clock of the resolution; while the customer is waited for it stands."""
    label = _("Answer") if complaint.is_question else _("Resolution")
    allowed, used = complaint.resolution_allowed, complaint.resolution_used
    if complaint.resolution_over is not None:
        return _ended(label, used, complaint.resolution_over, time)
    if complaint.state == State.WAITING and allowed is not None:
        rest = working_words(allowed - used, day=time.a_day)
        if used > allowed:
            return ShownClock(
                label, _("over by %(time)s") % {"time": rest}, _("paused while waiting"), "late"
            )
        return ShownClock(label, _("%(time)s left") % {"time": rest}, _("paused while waiting"))
    return _running(label, complaint.resolution_warn_at, complaint.resolution_due_at, time, now)


def _running(
    label: str,
    warn_at: dt.datetime | None,
    due_at: dt.datetime | None,
    time: WorkingTime,
    now: dt.datetime,
) -> ShownClock:
    if due_at is None:
        return ShownClock(label, "–")
    day = time.a_day
    if now >= due_at:
        over = time.between(due_at, now)
        words = _("over by %(time)s") % {"time": working_words(over, day=day)} if over else _("just over")
        return ShownClock(label, words, tone="late", due_at=due_at)
    left = time.between(now, due_at)
    words = _("in %(time)s") % {"time": working_words(left, day=day)} if left else _("now")
    tone = "soon" if warn_at is not None and now >= warn_at else ""
    return ShownClock(label, words, tone=tone, due_at=due_at)


def _ended(label: str, used: int, over: int, time: WorkingTime) -> ShownClock:
    """A clock that has stopped: how long it took, and by how much it was kept or not."""
    day = time.a_day
    words = _("after %(time)s") % {"time": working_words(used, day=day)} if used else _("at once")
    much = working_words(over, day=day)
    if over > 0:
        return ShownClock(label, words, _("%(time)s too late") % {"time": much}, "late")
    return ShownClock(label, words, _("kept, %(time)s to spare") % {"time": much}, "up")
