"""The morning digest as a mail: the same in HTML and in plain text, with an address that ends it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import BadSignature, Signer
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Channel
from contacts.morning import Morning, Result
from contacts.why import why_now
from crm.look.figures import day as day_words
from crm.look.figures import duration, number
from crm.look.mail import add_html
from crm.team.models import User

_SALT = "contacts.digest"


@dataclass(frozen=True)
class Row:
    """One line of the mail: a contact to be made, or a promise."""

    account: str
    tier: str | None
    why: str
    tone: str
    how: str
    """The channel's word, and at what time, if one is agreed."""
    whom: str
    url: str


def stop_token(user: User) -> str:
    """What switches the user's digest off, without signing in."""
    return Signer(salt=_SALT).sign(str(user.pk))


def user_of(token: str) -> User | None:
    """Whose digest the `stop_token` switches off; None where it is none of ours."""
    try:
        pk = Signer(salt=_SALT).unsign(token)
    except BadSignature:
        return None
    return User.objects.filter(pk=pk).first()


def digest_mail(morning: Morning) -> EmailMultiAlternatives:
    """The mail, in the current language and time zone."""
    user, day = morning.user, morning.day
    stop = settings.SITE_ADDRESS + reverse("contacts:digest_stop", args=[stop_token(user)])
    context = {
        "morning": morning,
        "user": user,
        "day": day,
        "summary": _summary(morning),
        "rows": _rows(morning),
        "more": morning.due - len(morning.top),
        "promises": [
            Row(
                account=promise.account.name,
                tier=promise.account.tier,
                why=promise.words,
                tone="late" if promise.due_on < day else "soon",
                how=day_words(promise.due_on, day) if promise.due_on < day else _("today"),
                whom=promise.person.name if promise.person else "",
                url=settings.SITE_ADDRESS + promise.account.get_absolute_url(),
            )
            for promise in morning.promises
        ],
        "more_promises": morning.promises_due - len(morning.promises),
        "result": _result_words(morning.result, day),
        "team": _team_words(morning),
        "today_url": settings.SITE_ADDRESS + reverse("contacts:today"),
        "me_url": settings.SITE_ADDRESS + reverse("home:me") + "#digest",
        "stop_url": stop,
    }
    mail = EmailMultiAlternatives(
        subject=" ".join(_subject(morning).split()),
        body=render_to_string("contacts/mail/digest.txt", context).strip() + "\n",
        to=[user.email],
        headers={
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    add_html(mail, "contacts/mail/digest.html", context, width_attributes=True)
    return mail


def _subject(morning: Morning) -> str:
    """ "Tue 13 Oct: 12 contacts due, 3 overdue"."""
    return _("%(day)s: %(summary)s") % {
        "day": day_words(morning.day, morning.day),
        "summary": _summary(morning),
    }


def _summary(morning: Morning) -> str:
    parts = []
    if morning.due:
        words = ngettext("%(number)s contact due", "%(number)s contacts due", morning.due)
        parts.append(words % {"number": number(morning.due)})
    if morning.overdue:
        words = ngettext("%(number)s of them overdue", "%(number)s of them overdue", morning.overdue)
        parts.append(words % {"number": number(morning.overdue)})
    if morning.promises_due:
        words = ngettext("%(number)s promise to keep", "%(number)s promises to keep", morning.promises_due)
        parts.append(words % {"number": number(morning.promises_due)})
    return ", ".join(parts) or _("your team")


def _rows(morning: Morning) -> list[Row]:
    rows = []
    for entry, shown in morning.top:
        why = why_now(entry.asks, today=morning.day)
        how = str(Channel(entry.channel).label)
        if entry.time is not None and entry.day == morning.day:
            # Translators: channel and time, "Visit at 10:00"
            how = _("%(channel)s at %(time)s") % {"channel": how, "time": f"{entry.time:%H:%M}"}
        elif entry.day < morning.day:
            how = _("%(channel)s, due %(day)s") % {"channel": how, "day": day_words(entry.day, morning.day)}
        rows.append(
            Row(
                account=shown.account,
                tier=entry.tier,
                why=" · ".join(part for part in (why.words, why.more) if part),
                tone=why.tone,
                how=how,
                whom=shown.whom or "",
                url=settings.SITE_ADDRESS + reverse("contacts:follow_up", args=[entry.pk]),
            )
        )
    return rows


def _result_words(result: Result, day: dt.date) -> str:
    """ "Mon 12 Oct: 7 contacts in 2 h 10, 1 new order, 2 promises kept"; "" where nothing was done."""
    parts = []
    if result.contacts:
        words = ngettext("%(number)s contact in %(time)s", "%(number)s contacts in %(time)s", result.contacts)
        parts.append(words % {"number": number(result.contacts), "time": duration(result.minutes)})
    if result.orders:
        words = ngettext("%(number)s new order", "%(number)s new orders", result.orders)
        parts.append(words % {"number": number(result.orders)})
    if result.kept:
        words = ngettext("%(number)s promise kept", "%(number)s promises kept", result.kept)
        parts.append(words % {"number": number(result.kept)})
    if not parts:
        return ""
    return _("%(day)s: %(done)s") % {"day": day_words(result.day, day), "done": ", ".join(parts)}


def _team_words(morning: Morning) -> list[str]:
    """Two lines for who leads a team: what it did, what waits."""
    team = morning.team
    if team is None or not team.says_something:
        return []
    waits = ngettext("%(number)s contact is due", "%(number)s contacts are due", team.due) % {
        "number": number(team.due)
    }
    overdue = ngettext("%(number)s overdue", "%(number)s overdue", team.overdue) % {
        "number": number(team.overdue)
    }
    broken = ngettext("%(number)s promise overdue", "%(number)s promises overdue", team.overdue_promises) % {
        "number": number(team.overdue_promises)
    }
    done = _result_words(team.result, morning.day) or _("%(day)s: no contact was logged") % {
        "day": day_words(team.result.day, morning.day)
    }
    return [done, ", ".join((waits, overdue, broken))]
