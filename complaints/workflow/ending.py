"""The end of a complaint, and what may follow it."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from complaints import asking
from complaints.errors import BadInput, WrongState
from complaints.facts import refresh_open_complaints
from complaints.models import Complaint, ComplaintMessage, Kind, RootCause, State
from complaints.policies import policy_in_force
from complaints.wording import ended_words
from complaints.workflow.states import go, held, require
from crm.team.models import User


def resolve(
    *,
    complaint: Complaint,
    resolution: str,
    root_cause: RootCause | None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
    note: str = "",
) -> Complaint:
    """The customer has what was decided, or the answer. A complaint needs a decision and a root cause before."""
    with held(complaint, actor=actor, today=today) as found:
        require(found, "resolve")
        if found.kind == Kind.COMPLAINT:
            if found.state != State.DECIDED:
                raise WrongState(_("It must be decided before it is resolved."))
            if resolution not in Complaint.Resolution.values:
                raise BadInput(_("Choose what the customer got."), field="resolution")
            if root_cause is None:
                raise BadInput(_("Name the root cause: we learn from it."), field="root_cause")
        elif resolution and resolution not in Complaint.Resolution.values:
            raise BadInput(_("Choose what the customer got."), field="resolution")
        found.resolution = resolution or Complaint.Resolution.EXPLANATION
        found.root_cause, found.resolved_on = root_cause, today
        found.save(update_fields=["resolution", "root_cause", "resolved_on"])
        # Opened again and resolved otherwise, the columns say only how it ended last; the step says how then.
        ended = ended_words(found) if resolution else ""
        go(found, State.RESOLVED, actor, now, "\n".join(filter(None, [ended, note.strip()])))
        asking.withdraw_asking(found, now=now)
        return found


def close(
    *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str = ""
) -> Complaint:
    """It is over for us; after some working days somebody asks whether it was solved, where nobody has said yet."""
    with held(complaint, actor=actor, today=today) as found:
        require(found, "close")
        found.closed_on = max(today, found.opened_on)
        go(found, State.CLOSED, actor, now, note)
        refresh_open_complaints(account_ids=[found.account_id])
        if not found.solved:
            asking.ask_afterwards(found, policy_in_force(), today=today, now=now)
        return found


def reopen(*, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime, note: str) -> Complaint:
    """It was not solved. The clock goes on from what was used, and the owner knows at once."""
    with held(complaint, actor=actor, today=today) as found:
        require(found, "reopen")
        if not note.strip():
            raise BadInput(_("Say why it is opened again."), field="note")
        asking.withdraw_afterwards(found, now=now)
        found.closed_on = found.resolved_on = found.solved_on = None
        found.solved = ""
        go(found, State.REOPENED, actor, now, note)
        refresh_open_complaints(account_ids=[found.account_id])
        asking.ask_owner(found, today=today, now=now)
        return found


def say_solved(
    *, complaint: Complaint, solved: str, actor: User, today: dt.date, now: dt.datetime, words: str = ""
) -> Complaint:
    """What the customer said to "was it solved?". "No" does not open it again by itself: a person does."""
    with held(complaint, actor=actor, today=today) as found:
        if found.state not in {State.RESOLVED, State.CLOSED}:
            raise WrongState(_("It is not resolved yet."))
        if solved not in Complaint.Solved.values:
            raise BadInput(_("Choose what the customer said."), field="solved")
        found.solved, found.solved_on = solved, today
        found.save(update_fields=["solved", "solved_on"])
        said = ". ".join(filter(None, [found.get_solved_display(), words.strip()]))
        ComplaintMessage.objects.create(
            complaint=found, kind=ComplaintMessage.Kind.HEARD, words=said, at=now, author=actor
        )
        asking.withdraw_afterwards(found, now=now)
        return found
