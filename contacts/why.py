"""Why a follow-up stands on Today, in few words: what the row says, and the icon beside it (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from contacts.models import Outcome, Reason
from contacts.queue_notes import Note
from crm.look.figures import day as day_words

REASON_ICONS: dict[str, str] = {
    Reason.CADENCE: "repeat",
    Reason.AFTER_PURCHASE: "cart",
    Reason.BEFORE_DELIVERY: "truck",
    Reason.AFTER_DELIVERY: "truck",
    Reason.COMPLAINT: "complaint",
    Reason.QUESTION: "question",
    Reason.PROMISE_DUE: "promise",
    Reason.REPLACEMENT_DUE: "replace",
    Reason.OCCASION: "gift",
    Reason.WIN_BACK: "heart",
    Reason.TIER_CHANGE: "review",
    Reason.PULSE_ANSWER: "pulse",
    Reason.MANUAL: "note",
}
OUTCOME_ICONS: dict[str, str] = {
    Outcome.NEW_ORDER: "cart",
    Outcome.NEW_INFORMATION: "info",
    Outcome.RELATIONSHIP: "heart",
    Outcome.NOTHING: "none",
    Outcome.NOT_REACHED: "missed",
    Outcome.UNWELCOME: "unwelcome",
}
"""Channels are their own icons."""
TIMED = frozenset({Reason.COMPLAINT, Reason.QUESTION})
"""Reasons with a clock that runs for the customer."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One open agenda item, as far as the queue looks at it. interval_days and counted_from: None without a cadence."""

    reason: str
    words: str
    due: dt.date
    interval_days: int | None = None
    counted_from: dt.date | None = None
    never: bool = False
    """Nobody was reached yet: counted_from is the day the cadence began."""
    attempts: int = 0
    """Our attempts since the last contact that reached nobody."""
    source: str = ""
    """What names the asking, within the reason."""


@dataclass(frozen=True, slots=True)
class Why:
    """words: the reason that leads. tone: "", "late", "soon" or "danger". more: what explains or joins it."""

    words: str
    tone: str = ""
    more: str = ""
    icon: str = ""


def days_of(ask: Ask, today: dt.date) -> str:
    """ "46 of 30 days": days since the last contact that counts, of the interval."""
    assert ask.counted_from is not None and ask.interval_days is not None
    days = max(0, (today - ask.counted_from).days)
    return ngettext("%(days)d of %(interval)d day", "%(days)d of %(interval)d days", ask.interval_days) % {
        "days": days,
        "interval": ask.interval_days,
    }


def why_now(
    asks: Sequence[Ask], *, today: dt.date, coming: bool = False, notes: Mapping[str, Note] | None = None
) -> Why:
    """The row's words. `asks`: the leading reason first. Without any, a person booked it. notes: by source."""
    if not asks:
        return Why(_("Booked by hand"))
    first, *rest = asks
    words, tone, more = _lead(first, today=today, coming=coming)
    if notes and (note := notes.get(first.source)) is not None and note.words:
        # Translators: why a contact is due, and its time left: "Complaint: 2 h 10 min left"
        said = _("%(reason)s: %(note)s") % {"reason": Reason(first.reason).label, "note": note.words}
        # How urgent it is says its time, and no longer that it is a complaint.
        words, tone, more = said, "danger" if note.tone == "late" else note.tone, more or first.words
    if rest:
        # Translators: further reasons of the same contact: "+ promise due, complaint"
        others = ", ".join(dict.fromkeys(Reason(ask.reason).label.lower() for ask in rest))
        more = " · ".join(part for part in (more, _("+ %(reasons)s") % {"reasons": others}) if part)
    return Why(
        words, tone, more, REASON_ICONS[first.reason] if tone == "danger" or first.reason in TIMED else ""
    )


def _lead(ask: Ask, *, today: dt.date, coming: bool) -> tuple[str, str, str]:
    label = str(Reason(ask.reason).label)
    if ask.reason == Reason.CADENCE and ask.interval_days and ask.counted_from:
        more = ""
        if ask.attempts:
            more = ngettext(
                "not reached once: try again", "not reached %(count)d times: try again", ask.attempts
            ) % {"count": ask.attempts}
        if ask.never:
            return _("First contact"), "", more or _("never reached yet")
        late = (today - ask.counted_from).days > ask.interval_days
        return days_of(ask, today), "late" if late else ("" if coming else "soon"), more
    if ask.reason == Reason.PROMISE_DUE:
        tone = "late" if ask.due < today else ("soon" if ask.due == today else "")
        words = pgettext("promise", "Promise due %(day)s") % {"day": day_words(ask.due, today)}
        return words, tone, ask.words
    if ask.reason == Reason.COMPLAINT:
        return label, "danger", ask.words
    if ask.reason == Reason.MANUAL:
        return ask.words or _("Next step"), "", ""
    return (f"{label}: {ask.words}" if ask.words else label), "", ""
