"""A stored reckoning in words: why a contact is due on its day (docs/domain.md, 5.2: the page shows it in words)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Channel
from contacts.models import AgendaItem, ContactRule, FollowUp
from contacts.planning import ChannelPlan
from contacts.rules import who
from crm.team.models import User


@dataclass(frozen=True)
class Line:
    """One line of components/reckoning.html."""

    words: str
    day: dt.date | None
    url: str = ""


LAST_OUT = {
    Channel.VISIT: _("Last visit that reached them"),
    Channel.VIDEO: _("Last video call that reached them"),
    Channel.PHONE: _("Last phone call that reached them"),
    Channel.EMAIL: _("Last e-mail that reached them"),
    Channel.LETTER: _("Last letter that reached them"),
    Channel.EVENT: _("Last event with them"),
    Channel.MATERIAL: _("Last material that reached them"),
}
LAST_IN = {
    Channel.VISIT: _("Their last visit to us"),
    Channel.VIDEO: _("Their last video call to us"),
    Channel.PHONE: _("Their last phone call to us"),
    Channel.EMAIL: _("Their last e-mail to us"),
    Channel.LETTER: _("Their last letter to us"),
    Channel.EVENT: _("Their last event with us"),
    Channel.MATERIAL: _("Their last material for us"),
}
TRIED = {
    Channel.VISIT: _("Visit that met nobody"),
    Channel.VIDEO: _("Video call that reached nobody"),
    Channel.PHONE: _("Phone call that reached nobody"),
    Channel.EMAIL: _("E-mail that reached nobody"),
    Channel.LETTER: _("Letter that reached nobody"),
    Channel.EVENT: _("Event that they missed"),
    Channel.MATERIAL: _("Material that reached nobody"),
}


Names = Mapping[int, str]
"""Names of users by id: of those who made the contacts that count."""


def names_in(chains: Iterable[Iterable[Mapping[str, Any]]], known: Names) -> dict[int, str]:
    """The names that stored reckonings speak of: those known, and the others by one query, none where all are known."""
    names = dict(known)
    unknown = {step["by"] for steps in chains for step in steps if step.get("step") == "reached"} - set(names)
    if unknown:
        names.update(User.objects.filter(pk__in=unknown).order_by().values_list("pk", "name"))
    return names


def explain(
    item: AgendaItem,
    *,
    viewer: User,
    today: dt.date,
    names: Names | None = None,
    lead: AgendaItem | None = None,
) -> list[Line]:
    """Why the item's follow-up stands on its day, step by step; empty for an item of which nothing is to be said.

    Reads item.rule (with product_lines) and item.follow_up (with assignee): select and prefetch them in lists. names:
    see `names_in`; without them it asks by itself where somebody else than the viewer made the last contact. lead: the
    item of the same follow-up that is due first, whose day it is; None: this one.
    """
    follow_up = item.follow_up
    joins = lead is not None and lead.pk != item.pk
    placing = follow_up.placing if follow_up is not None and not joins else None
    if not item.reckoning and not placing:
        return []
    assignee = follow_up.assignee if follow_up is not None else None
    if item.reckoning:
        lines = _steps(item.reckoning, rule=item.rule, assignee=assignee, viewer=viewer, names=names)
    else:
        lines = [Line(str(item.get_reason_display()), item.due)]
    if follow_up is None:
        return [*lines, _due(item.due, today)]
    expected = lines[-1].day if lines else None
    if follow_up.state == FollowUp.State.BOOKED:
        lines.append(Line(gettext("booked for this day"), follow_up.day))
    elif follow_up.moved_by_hand:
        lines.append(Line(gettext("moved to this day by hand"), follow_up.day))
    elif lead is not None and joins:
        # Translators: reason is what else is dealt with in the same contact, for example "Promise due"
        words = gettext("in one contact with what is due first: %(reason)s") % {
            "reason": lead.get_reason_display()
        }
        lines.append(Line(words, follow_up.day))
    elif placing:
        lines += _steps(placing, rule=None, assignee=assignee, viewer=viewer, names=names or {})
    elif follow_up.day != expected:
        late = follow_up.day > item.due
        words = (
            gettext("to the first working day after it was planned") if late else gettext("kept on its day")
        )
        lines.append(Line(words, follow_up.day))
    if follow_up.snoozed_until is not None and follow_up.snoozed_until > today:
        lines.append(Line(gettext("snoozed until"), follow_up.snoozed_until))
    return [*lines, _due(follow_up.day, today)]


def explain_plan(
    plan: ChannelPlan, *, viewer: User, today: dt.date, names: Names | None = None
) -> list[Line]:
    """The same for what was reckoned when asked, beyond the horizon too."""
    if plan.item is not None:
        return explain(plan.item, viewer=viewer, today=today, names=names)
    lines = _steps(plan.reckoned.steps, rule=plan.rule, assignee=None, viewer=viewer, names=names)
    return [*lines, _due(plan.reckoned.day, today)]


def _steps(
    steps: Sequence[Mapping[str, Any]],
    *,
    rule: ContactRule | None,
    assignee: User | None,
    viewer: User,
    names: Names | None,
) -> list[Line]:
    """One line for each stored step; a step this version does not know is left out."""
    if names is None:
        names = names_in([steps], {viewer.pk: viewer.name})
    lines = []
    for step in steps:
        words = _words(step, rule=rule, assignee=assignee, viewer=viewer, names=names)
        if words:
            lines.append(Line(words, dt.date.fromisoformat(step["day"])))
    return lines


def _words(
    step: Mapping[str, Any],
    *,
    rule: ContactRule | None,
    assignee: User | None,
    viewer: User,
    names: Names,
) -> str:
    match step["step"]:
        case "reached":
            contact = (LAST_IN if step["inbound"] else LAST_OUT)[Channel(step["channel"])]
            if step["by"] == viewer.pk:
                # Translators: contact is for example "Last phone call that reached them"
                return gettext("%(contact)s, by you") % {"contact": contact}
            return gettext("%(contact)s, by %(name)s") % {
                "contact": contact,
                "name": names.get(step["by"], ""),
            }
        case "start":
            return gettext("Not contacted yet; the rule began to apply")
        case "share":
            words = ngettext(
                "first contacts are spread over %(days)d day",
                "first contacts are spread over %(days)d days",
                step["days"],
            ) % {"days": step["days"]}
            return _by_rule(words, rule)
        case "interval":
            words = ngettext("+ %(days)d day", "+ %(days)d days", step["days"]) % {"days": step["days"]}
            return _by_rule(words, rule)
        case "not_reached":
            tried = TRIED[Channel(step["channel"])]
            if step["times"] == 1:
                return str(tried)
            # Translators: contact is for example "Phone call that reached nobody"; times is 2 or more
            return ngettext(
                "%(contact)s, the %(times)d. attempt in a row",
                "%(contact)s, the %(times)d. attempt in a row",
                step["times"],
            ) % {"contact": tried, "times": step["times"]}
        case "retry":
            return ngettext(
                "again after %(days)d working day", "again after %(days)d working days", step["working_days"]
            ) % {"days": step["working_days"]}
        case "skipped":
            return gettext("This turn was left out")
        case "working_day":
            if assignee is None or assignee.pk == viewer.pk:
                return gettext("to your next working day") if assignee else gettext("to the next working day")
            return gettext("to the next working day of %(name)s") % {"name": assignee.name}
        case "backed_off":
            # Translators: days is the longer interval: "45 days instead, since 3 contacts in a row brought nothing"
            return ngettext(
                "%(days)d days instead, since %(times)d contact in a row brought nothing",
                "%(days)d days instead, since %(times)d contacts in a row brought nothing",
                step["times"],
            ) % {"days": step["days"], "times": step["times"]}
        case "unwelcome":
            return ngettext(
                "the contact was unwelcome: a pause of %(days)d day",
                "the contact was unwelcome: a pause of %(days)d days",
                step["days"],
            ) % {"days": step["days"]}
        case "substitute":
            if assignee is None or assignee.pk == viewer.pk:
                return gettext("you are absent: your substitute's day")
            return gettext("%(name)s is absent: the substitute's day") % {"name": assignee.name}
    return str(PLACED.get(step["step"], ""))


PLACED = {
    "slot": _("to the fixed time that they want"),
    "weekday": _("to a day that suits them"),
    "at_most": _("later, since they want fewer contacts"),
    "levelled": _("to the day with the least to do"),
    "postponed": _("put off to a week with room"),
    "kept": _("kept on its day"),
}
"""The steps from the due day to the day of a follow-up (FollowUp.placing)."""


def _by_rule(words: str, rule: ContactRule | None) -> str:
    if rule is None:
        return words
    # Translators: words is for example "+ 30 days"; conditions "Tier A that buys Pumps"
    return gettext("%(words)s, rule %(number)d: %(conditions)s") % {
        "words": words,
        "number": rule.priority,
        "conditions": who(rule),
    }


def _due(day: dt.date, today: dt.date) -> Line:
    days = (today - day).days
    if days > 0:
        words = ngettext("Due, %(days)d day ago", "Due, %(days)d days ago", days) % {"days": days}
    elif days == 0:
        words = gettext("Due today")
    else:
        words = ngettext("Due in %(days)d day", "Due in %(days)d days", -days) % {"days": -days}
    return Line(words, day)
