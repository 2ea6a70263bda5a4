"""What the clock, the advice and the escalations of a complaint say, in words (docs/domain.md, 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.advice import DECIDES
from complaints.models import Complaint
from crm.look.figures import currency, money, number

DAY = 480
"""Working minutes of a day where no team says otherwise."""


def working_words(minutes: int, *, day: int = DAY, units: int = 2) -> str:
    """Working minutes as people say them, in the two largest units: "45 min", "2 h 10 min", "1 day 3 h".

    day: the working minutes of one day. units: so many of the largest ones; 3 says every minute, for what is written
    back. What is not whole is rounded down; the sign is left out.
    """
    days, rest = divmod(abs(minutes), max(day, 1))
    hours, left = divmod(rest, 60)
    parts = []
    if days:
        parts.append(ngettext("%(days)s day", "%(days)s days", days) % {"days": number(days)})
    if hours:
        parts.append(_("%(hours)d h") % {"hours": hours})
    if left or not parts:
        parts.append(_("%(minutes)d min") % {"minutes": left})
    return " ".join(parts[:units])


def leads(ground: Mapping[str, Any]) -> bool:
    """Whether the ground leads to an advice; the others are what the person who decides should see."""
    return ground["code"] in DECIDES


def ground_words(ground: Mapping[str, Any]) -> str:
    """One ground of an advice as a sentence; "" for a code of an older version that nobody knows any more."""
    given = dict(ground)
    match given["code"]:
        case "no_purchase":
            return _("Nothing that it names was bought from us.")
        case "frequent":
            return _("%(count)s complaints in %(months)s months: frequent is %(limit)s and more.") % given
        case "bad_faith":
            return _("Bad faith is suspected: a claim for gain without ground.")
        case "small_claim":
            return _(
                "The claim of %(claim)s is within the limit of %(limit)s up to which we accept."
            ) % _money(given, "claim", "limit")
        case "large_claim":
            return _(
                "The claim of %(claim)s is above the limit of %(limit)s up to which we accept."
            ) % _money(given, "claim", "limit")
        case "above_purchase":
            return _("More is claimed (%(claim)s) than the purchase came to (%(bought)s).") % _money(
                given, "claim", "bought"
            )
        case "no_claim":
            return _("No amount was claimed.")
        case "value":
            words = _money(given, "sales")
            if given["tier"]:
                return _("Tier %(tier)s, sales of %(sales)s in 12 months.") % words
            return _("No tier, sales of %(sales)s in 12 months.") % words
        case "history":
            return (
                ngettext(
                    "The only complaint of this account in %(months)s months.",
                    "%(count)s complaints of this account in %(months)s months, this one among them.",
                    given["count"],
                )
                % given
            )
        case "at_risk":
            return _("A rejection puts %(sales)s of sales a year at risk.") % _money(given, "sales")
        case "similar":
            return _similar_words(given)
        case _:
            return ""


def _similar_words(given: Mapping[str, Any]) -> str:
    """How many complaints of all accounts are like it, and how they were decided."""
    parts = []
    if given.get("open"):
        parts.append(ngettext("%(n)s open", "%(n)s open", given["open"]) % {"n": number(given["open"])})
    for value, label in Complaint.Outcome.choices:
        if given.get(value):
            # Translators: how many similar complaints were decided so, "3 accepted in part"
            parts.append(_("%(n)s %(outcome)s") % {"n": number(given[value]), "outcome": str(label).lower()})
    if not parts:
        return _("None like it of any account in %(months)s months.") % given
    return _("Like it, of all accounts in %(months)s months: %(numbers)s.") % {
        "months": given["months"],
        "numbers": ", ".join(parts),
    }


def _money(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**given, **{name: f"{money(given[name])} {currency()}" for name in names}}


def ended_words(complaint: Complaint) -> str:
    """ "Credit · Wrong item picked": what the customer got, and why it went wrong where that is known."""
    cause = complaint.root_cause
    return " · ".join(filter(None, [complaint.get_resolution_display(), str(cause) if cause else ""]))
