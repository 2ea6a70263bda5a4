"""Where a verb leads back to, and what it says there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Channel
from contacts.agenda import promise_id_of
from contacts.models import FollowUp, Outcome, Promise, Reason, Touchpoint
from crm.look.figures import day as day_words
from crm.look.returning import asked_from
from crm.look.toast import toast
from crm.team.requests import Request


def back_to(request: Request, otherwise: str) -> str:
    """The path in the form's `next`, where it is one of ours; `otherwise` else."""
    target = asked_from(request)
    return target if target.startswith("/") else otherwise


def say_logged(request: Request, touchpoint: Touchpoint, *, first: str = "", last: str = "") -> None:
    """The toast after a log, with the way to take it back. first and last: sentences that stand around it."""
    words = logged_words(touchpoint, today=request.today)
    undo_url = reverse("contacts:touchpoint_delete", args=[touchpoint.pk])
    toast(request, " ".join(part for part in (first, words, last) if part), undo_url)


def logged_words(touchpoint: Touchpoint, *, today: dt.date) -> str:
    """What the toast says after a log: the account, the outcome, and when the next contact is."""
    said = _("Logged: %(account)s, %(outcome)s.") % {
        "account": touchpoint.account.name,
        "outcome": str(Outcome(touchpoint.outcome).label).lower(),
    }
    for promise in _kept_by(touchpoint):
        # Translators: added to "Logged: …", once for each promise that this contact kept
        said += " " + _("Promise kept: %(promise)s.") % {"promise": promise.words.rstrip(".")}
    following = (
        FollowUp.objects.filter(account=touchpoint.account_id).open().order_by("day", "time", "pk").first()
    )
    if following is None:
        return said
    day = day_words(following.day, today)
    if following.day < today:
        # Translators: added to "Logged: …": another contact with the account has been due since that day
        return said + " " + _("Still open since %(day)s.") % {"day": day}
    channel = str(Channel(following.channel).label).lower()
    # Translators: added to "Logged: …": how and when the account is contacted next
    return said + " " + _("Next: %(channel)s on %(day)s.") % {"channel": channel, "day": day}


def _kept_by(touchpoint: Touchpoint) -> Iterable[Promise]:
    """The promises that this contact kept: on the agenda of its follow-up, if it has one."""
    if touchpoint.follow_up_id is None:
        return ()
    dealt_with = touchpoint.closed_items.filter(reason=Reason.PROMISE_DUE).values_list("source", flat=True)
    promises = [pk for source in dealt_with if (pk := promise_id_of(source))]
    return Promise.objects.filter(pk__in=promises, state=Promise.State.KEPT)
