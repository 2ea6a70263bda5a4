"""The mail with an invitation, a new time or a cancellation: words, and the calendar entry that programs read."""

from __future__ import annotations

import datetime as dt
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from icalendar import Event, vCalAddress

from accounts.models import Channel, ContactPerson
from contacts import ical
from contacts.brief import address_of
from contacts.invitations import CANCEL, REQUEST
from contacts.models import FollowUp
from crm.look.figures import duration
from crm.look.mail import add_html
from crm.team.models import User

WITH = {
    Channel.VISIT: gettext_lazy("Visit by %(name)s"),
    Channel.VIDEO: gettext_lazy("Video call with %(name)s"),
    Channel.PHONE: gettext_lazy("Phone call with %(name)s"),
}


def send_invitation(arguments: dict[str, Any], *, now: dt.datetime) -> bool:
    """Send the mail that `contacts.invitations` asked for; False where there is nothing to send any more.

    Sent twice it does no harm: a calendar tells by UID and SEQUENCE that it knows it. Raises OSError where the mail
    server does not take it.
    """
    rows = FollowUp.objects.select_related("account", "assignee", "invitation")
    follow_up = rows.filter(pk=arguments["follow_up"]).first()
    if follow_up is None:
        return False
    if arguments["method"] == REQUEST and follow_up.invitation.sequence > arguments["sequence"]:
        return False  # the next mail says what holds now
    start = ical.begins(
        dt.date.fromisoformat(arguments["day"]),
        dt.time.fromisoformat(arguments["time"]),
        follow_up.assignee.time_zone,
    )
    if start + dt.timedelta(minutes=arguments["minutes"]) < now:
        return False
    person = ContactPerson.objects.filter(pk=arguments["person"]).first()
    with translation.override(_language(follow_up, person)):
        invitation_mail(follow_up, person, start, arguments, now=now).send()
    return True


def _language(follow_up: FollowUp, person: ContactPerson | None) -> str:
    """The customer's language, once there are words in it."""
    wanted = (person.language if person else "") or follow_up.account.language
    return wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def invitation_mail(
    follow_up: FollowUp,
    person: ContactPerson | None,
    start: dt.datetime,
    arguments: dict[str, Any],
    *,
    now: dt.datetime,
) -> EmailMultiAlternatives:
    """The mail, in the current language: text, HTML, and the calendar entry both as a part and as a file.

    It says nothing that is ours alone: no agenda, no reasons.
    """
    rep = follow_up.assignee
    method: str = arguments["method"]
    title = str(WITH[Channel(follow_up.channel)]) % {"name": rep.name}
    # Translators: weekday, day, month, year in the letters of Django's date filter
    day = date_format(start, pgettext("date format", "l j F Y"), use_l10n=False)
    context = {
        "person": person,
        "rep": rep,
        "title": title,
        "off": method == CANCEL,
        "again": arguments["sequence"] > 0,
        "day": day,
        "time": f"{start:%H:%M}",
        "zone": rep.time_zone.replace("_", " "),
        "length": duration(arguments["minutes"]),
        "place": address_of(follow_up.account) if follow_up.channel == Channel.VISIT else "",
    }
    if method == CANCEL:
        subject = _("Called off: %(title)s, %(day)s")
    elif arguments["sequence"]:
        subject = _("New time: %(title)s, %(day)s")
    else:
        subject = _("%(title)s, %(day)s")
    mail = EmailMultiAlternatives(
        subject=" ".join((subject % {"title": title, "day": day}).split()),
        body=render_to_string("contacts/mail/invitation.txt", context).strip() + "\n",
        from_email=formataddr((rep.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[arguments["email"]],
        reply_to=[formataddr((rep.name, rep.email))],
    )
    add_html(mail, "contacts/mail/invitation.html", context)
    entry = _entry(follow_up, person, start, arguments, title=title, place=context["place"], now=now)
    mail.attach_alternative(entry.decode(), f"text/calendar; method={method}; charset=utf-8")
    mail.attach("invite.ics", entry, "application/ics")
    return mail


def _entry(
    follow_up: FollowUp,
    person: ContactPerson | None,
    start: dt.datetime,
    arguments: dict[str, Any],
    *,
    title: str,
    place: str,
    now: dt.datetime,
) -> bytes:
    rep = follow_up.assignee
    calendar = ical.new_calendar()
    calendar.add("method", arguments["method"])
    event = Event()
    event.add("uid", ical.uid("appointment", follow_up.pk))
    event.add("sequence", arguments["sequence"])
    event.add("dtstamp", now.astimezone(dt.UTC))
    ical.put_at(event, start, arguments["minutes"])
    event.add("summary", title)
    if place:
        event.add("location", place)
    if words := _reach(rep):
        event.add("description", words)
    event.add("status", "CANCELLED" if arguments["method"] == CANCEL else "CONFIRMED")
    event.add("organizer", _address(rep.email, rep.name))
    attendee = _address(arguments["email"], person.name if person else "")
    attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"})
    event.add("attendee", attendee)
    calendar.add_component(event)
    return ical.written(calendar)


def _reach(rep: User) -> str:
    """How the customer reaches us if something comes up."""
    return ", ".join(part for part in (rep.name, rep.phone, rep.email) if part)


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    if name:
        address.params["CN"] = name
    return address
