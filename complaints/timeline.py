"""One timeline of a complaint: every step, message, decision, approval, escalation, attachment and contact."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.asking import contacts_about
from complaints.models import Complaint, ComplaintMessage, ComplaintStep, Decision, Escalation, State
from crm.look.figures import currency, money_exact
from crm.team.models import User

MessageKind = ComplaintMessage.Kind
_ICONS = {
    State.NEW: "complaint",
    State.ACKNOWLEDGED: "check",
    State.IN_PROGRESS: "right",
    State.WAITING: "snooze",
    State.DECIDED: "flag",
    State.RESOLVED: "check",
    State.CLOSED: "lock",
    State.REOPENED: "repeat",
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: dt.datetime
    kind: str
    """"step", "told", "heard", "internal", "decision", "warning", "breach", "file" or "contact": how it looks."""
    icon: str
    title: str
    text: str = ""
    who: str = ""
    """Who did it; "" where nobody did."""
    note: str = ""
    """What stands small behind the title, such as a channel."""
    place: int = 0
    """What decides between entries of the same moment: the later is above."""
    url: str = ""
    """Where it can be read in full; "" for nowhere."""

    @property
    def sentence(self) -> str:
        """For a message about what somebody else did meanwhile."""
        if not self.who:
            return self.title
        return _("%(what)s, by %(who)s") % {"what": self.title, "who": self.who}


def timeline(
    complaint: Complaint, *, decisions: Sequence[Decision], user: User, today: dt.date
) -> list[Entry]:
    """Everything that happened to it and the user may see, newest first.

    Five queries; the decisions come with their people.
    """
    entries = [
        *_of_steps(complaint, {one.approved_at or one.decided_at for one in decisions}),
        *_of_messages(complaint),
        *_of_decisions(decisions),
        *_of_escalations(complaint),
        *_of_files(complaint),
        *_of_contacts(complaint, user, today),
    ]
    return sorted(entries, key=lambda entry: (entry.at, entry.place), reverse=True)


def decided_words(decision: Decision) -> str:
    """ "Accepted in part, 120.00 €": what was decided."""
    outcome = decision.get_outcome_display()
    if not decision.amount_cents:
        return outcome
    return _("%(outcome)s, %(amount)s %(currency)s") % {
        "outcome": outcome,
        "amount": money_exact(decision.amount_cents),
        "currency": currency(),
    }


def _of_steps(complaint: Complaint, decided: Collection[dt.datetime]) -> Iterator[Entry]:
    for step in complaint.steps.select_related("actor"):
        if step.to_state == State.DECIDED and step.at in decided:
            continue  # the decision says more
        yield Entry(
            step.at, "step", _ICONS[State(step.to_state)], _step_title(step), step.note, _name(step.actor)
        )


def _step_title(step: ComplaintStep) -> str:
    if not step.from_state:
        return _("Filed")
    if step.from_state == State.WAITING and step.to_state in {State.IN_PROGRESS, State.DECIDED}:
        return _("%(state)s, the customer has answered") % {"state": step.get_to_state_display()}
    return step.get_to_state_display()


def _of_messages(complaint: Complaint) -> Iterator[Entry]:
    for message in complaint.messages.select_related("author"):
        icon = {MessageKind.INTERNAL: "note", MessageKind.TOLD: "mail", MessageKind.HEARD: "user"}
        yield Entry(
            message.at,
            message.kind,
            icon[MessageKind(message.kind)],
            message.get_kind_display(),
            message.words,
            _name(message.author),
            message.get_channel_display() if message.channel else "",
            place=1,
        )


def _of_decisions(decisions: Sequence[Decision]) -> Iterator[Entry]:
    for one in decisions:
        words = decided_words(one)
        notes = [
            _("against the advice") if one.against_advice else "",
            _("a second person has to agree") if one.approval != Decision.Approval.NOT_NEEDED else "",
        ]
        yield Entry(
            one.decided_at,
            "decision",
            "flag",
            _("Decision: %(words)s") % {"words": words},
            one.reason,
            _name(one.decided_by),
            " · ".join(filter(None, notes)),
            place=2,
        )
        if one.approved_at is not None:
            agreed = one.approval == Decision.Approval.APPROVED
            yield Entry(
                one.approved_at,
                "decision",
                "check" if agreed else "close",
                (_("Approved: %(words)s") if agreed else _("Not approved: %(words)s")) % {"words": words},
                one.approval_note,
                _name(one.approved_by),
                place=3,
            )


def _of_escalations(complaint: Complaint) -> Iterator[Entry]:
    """Those of one day and clock together: the leads are told at once."""
    told: dict[tuple[str, str, dt.date], list[Escalation]] = defaultdict(list)
    for one in complaint.escalations.select_related("recipient").order_by("at", "pk"):
        told[one.kind, one.clock, one.day].append(one)
    for (kind, _clock, _day), rows in told.items():
        breach = kind == Escalation.Kind.BREACH
        title = _("Time is over: %(clock)s") if breach else _("Time runs out: %(clock)s")
        yield Entry(
            rows[0].at,
            kind,
            "alert",
            title % {"clock": rows[0].get_clock_display().lower()},
            note=_("told to %(names)s") % {"names": ", ".join(row.recipient.name for row in rows)},
        )


def _of_files(complaint: Complaint) -> Iterator[Entry]:
    for one in complaint.attachments.select_related("uploaded_by"):
        title = _("Attached: %(name)s") % {"name": one.original_name}
        yield Entry(one.uploaded_at, "file", "link", title, who=_name(one.uploaded_by))


def _of_contacts(complaint: Complaint, user: User, today: dt.date) -> Iterator[Entry]:
    """Whoever works on it knows by these that the owner rang."""
    for one in contacts_about(complaint, user=user, today=today).select_related("user"):
        # Its own page is for who may correct it; everybody else reads it on the account's timeline.
        correctable = user.is_admin or user.is_manager or one.user_id == user.pk
        yield Entry(
            one.at,
            "contact",
            one.channel,
            _("Contact with the customer"),
            one.note,
            _name(one.user),
            f"{one.get_channel_display()} · {one.get_outcome_display()}",
            place=1,
            url=reverse("contacts:touchpoint", args=[one.pk])
            if correctable
            else reverse("accounts:tab", args=[complaint.account_id, "timeline"]),
        )


def _name(user: object | None) -> str:
    return str(user) if user is not None else ""
