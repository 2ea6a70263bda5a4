"""Steps that say how far we are."""

from __future__ import annotations

import datetime as dt

from complaints.models import Complaint, State
from complaints.workflow.states import go, held, require, was_decided
from crm.team.models import User


def acknowledge(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """The customer knows that we know: the first response."""
    return _step("acknowledge", State.ACKNOWLEDGED, complaint, actor, today, now, note)


def start(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """Somebody works on it."""
    return _step("start", State.IN_PROGRESS, complaint, actor, today, now, note)


def wait_for_customer(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """The customer was asked for something: the clock stands until the answer."""
    return _step("wait", State.WAITING, complaint, actor, today, now, note)


def customer_answered(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """The answer is there; it goes on where it stood: decided, or in progress."""
    with held(complaint, actor=actor, today=today) as found:
        require(found, "answered")
        return go(found, State.DECIDED if was_decided(found) else State.IN_PROGRESS, actor, now, note)


def _step(
    act: str,
    to: State,
    complaint: Complaint,
    actor: User,
    today: dt.date,
    now: dt.datetime,
    note: str,
) -> Complaint:
    with held(complaint, actor=actor, today=today) as found:
        require(found, act)
        return go(found, to, actor, now, note)
