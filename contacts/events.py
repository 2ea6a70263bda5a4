"""Event sources: the door by which each app says what happened that a trigger rule may follow (docs/domain.md, 5.1).

`settings.EVENT_SOURCES` names a class for each event, in the app that owns the data; that app may lie above this one.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Channel
from contacts.models import ContactRule, Reason
from crm.look import figures

Event = ContactRule.Event


class EventSource(Protocol):
    """One event. The statement is asked often, of all accounts: it must be bounded by `since` and an index."""

    event: str
    """The `ContactRule.Event` that it fulfils."""
    prefix: str
    """What its keys begin with, before the colon; no other source's do."""
    owner: str
    """The way from a row to the account's owner: events are worked off portfolio by portfolio."""
    origin: type[Model]
    """The model whose row a key names ("change:17", "replacement:4711/3": row 4711). Gone, the event never was."""

    def happened(
        self, *, since: dt.date, until: dt.date, amount_cents: int | None, days: int | None
    ) -> QuerySet[Any]:
        """The events of the days from `since` to `until`, both included, at any account, of any condition.

        amount_cents, days: what the rule asks of the event, in cents of the base currency and in days before; None
        where it asks for nothing. Annotated with event_account (id), event_key (at most 60 letters, the same for ever:
        one key, one event), event_day (local) and event_about (a few letters for people: a number, a name; may be
        None). Several rows may have one key.
        """


@cache
def sources() -> dict[str, EventSource]:
    """By event, the source that fulfils it."""
    found: dict[str, EventSource] = {}
    for path in settings.EVENT_SOURCES:
        source: EventSource = import_string(path)()
        found[source.event] = source
    return found


def origins() -> dict[str, type[Model]]:
    """By the prefix of keys, the model whose row a key names."""
    return {source.prefix: source.origin for source in sources().values()}


def row_of(key: str) -> tuple[str, int]:
    """Prefix and id of the row that a key names: "replacement:4711/3" gives ("replacement", 4711)."""
    prefix, _colon, rest = key.partition(":")
    return prefix, int(rest.partition("/")[0])


# Events and what the rule may ask of them ---------------------------------------------------------------------------
WITH_AMOUNT = frozenset({Event.PURCHASE.value})
"""Events of which a rule may ask an amount."""
WITH_DAYS = frozenset({Event.BEFORE_DELIVERY.value, Event.REPLACEMENT_DUE.value})
"""Events that may be told some days ahead."""

REASONS: dict[str, Reason] = {
    Event.FIRST_PURCHASE: Reason.AFTER_PURCHASE,
    Event.PURCHASE: Reason.AFTER_PURCHASE,
    Event.BEFORE_DELIVERY: Reason.BEFORE_DELIVERY,
    Event.DELIVERY: Reason.AFTER_DELIVERY,
    Event.LATE_DELIVERY: Reason.AFTER_DELIVERY,
    Event.REPLACEMENT_DUE: Reason.REPLACEMENT_DUE,
    Event.TIER_CHANGE: Reason.TIER_CHANGE,
    Event.LAPSING: Reason.WIN_BACK,
    # Not "complaint": an open one stands among the first on Today in red, this contact thanks for its patience.
    Event.COMPLAINT_CLOSED: Reason.MANUAL,
    Event.PERSON_LEFT: Reason.MANUAL,
}
"""The reason of the agenda item that an event makes."""


def words_of(event: str, about: str | None, *, day: dt.date) -> str:
    """What happened, for the agenda: stands behind the reason's name, or alone where the reason is "manual".

    day: of the event. about: as the source gives it.
    """
    about = about or ""
    if event == Event.FIRST_PURCHASE:
        return _("first purchase, %(number)s") % {"number": about}
    if event == Event.LATE_DELIVERY:
        return _("late, %(number)s") % {"number": about}
    if event == Event.LAPSING:
        bought = dt.date.fromisoformat(about)
        return _("became lapsing, last purchase %(day)s") % {"day": figures.day(bought, day)}
    if event == Event.COMPLAINT_CLOSED:
        return _("Complaint %(number)s closed") % {"number": about}
    if event == Event.PERSON_LEFT:
        return _("Left: %(name)s") % {"name": about}
    return about


def event_in_words(rule: ContactRule) -> str:
    """What a trigger follows: "Purchase of at least 5,000 €", "3 days before promised delivery"."""
    days = rule.event_days or 0
    if rule.event == Event.PURCHASE:
        if not rule.event_amount_cents:
            return _("Purchase")
        amount = {"amount": figures.money(rule.event_amount_cents), "currency": figures.currency()}
        return _("Purchase of at least %(amount)s %(currency)s") % amount
    if rule.event == Event.BEFORE_DELIVERY:
        if not days:
            return _("Day of promised delivery")
        return ngettext(
            "%(days)d day before promised delivery", "%(days)d days before promised delivery", days
        ) % {"days": days}
    if rule.event == Event.REPLACEMENT_DUE and days:
        return ngettext(
            "%(days)d day before replacement is due", "%(days)d days before replacement is due", days
        ) % {"days": days}
    return str(rule.get_event_display())


def follow_in_words(rule: ContactRule, channel: str) -> str:
    """What follows an event and when: "phone call 1 to 3 working days later". channel: in a sentence."""
    first = rule.offset_from or 0
    last = rule.offset_until if rule.offset_until is not None else first
    parts = {
        "contact": _("phone call") if rule.channel == Channel.PHONE else channel,
        "first": first,
        "last": last,
    }
    if last == 0:
        return _("%(contact)s on the same day") % parts
    if first == last:
        return (
            ngettext(
                "%(contact)s %(last)d working day later", "%(contact)s %(last)d working days later", last
            )
            % parts
        )
    return (
        ngettext(
            "%(contact)s %(first)d to %(last)d working day later",
            "%(contact)s %(first)d to %(last)d working days later",
            last,
        )
        % parts
    )
