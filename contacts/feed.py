"""The calendar feed: a user's open follow-ups as a calendar that other programs subscribe to (docs/domain.md, 5.4).

An address with a secret of 256 bits opens it, and nothing else; only the secret's SHA-256 is kept. What stands in it
is what the user may see on the day of each follow-up: a substitute's calendar holds the colleague's contacts of the
days of the absence. Contacts that were made are not in it; what is overdue stays on its day, for two weeks.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import DateField, F, Prefetch, Q, Value
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Event, vDuration

from accounts.models import Account, Channel, ContactPerson
from accounts.querysets import visible_ids
from contacts import ical
from contacts.brief import address_of
from contacts.follow_ups import FURTHEST
from contacts.models import AgendaItem, CalendarFeed, FollowUp
from contacts.why import Ask, why_now
from crm.team.calendars import ONE_DAY
from crm.team.models import User
from crm.team.visibility import spells

OVERDUE_DAYS = 14
FETCH_EVERY = dt.timedelta(hours=1)
NOTED_EVERY = dt.timedelta(hours=1)
"""How exactly it is noted when a calendar last came by."""
SECRET_BYTES = 32


# The address --------------------------------------------------------------------------------------------------------
def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def make_feed(*, user: User, now: dt.datetime) -> str:
    """Give the user a new secret, which is returned and kept nowhere; one that there was opens nothing any more."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    CalendarFeed.objects.update_or_create(
        user=user, defaults={"digest": _digest(secret), "created_at": now, "read_at": None}
    )
    return secret


def switch_off(*, user: User) -> None:
    """Take the address away: subscribed calendars get nothing any more."""
    CalendarFeed.objects.filter(user=user).delete()


def feed_of(secret: str) -> CalendarFeed | None:
    """The feed that the secret opens; None where it opens none, or the user is not active any more."""
    rows = CalendarFeed.objects.select_related("user").filter(user__is_active=True)
    return rows.filter(digest=_digest(secret)).first()


def note_reading(feed: CalendarFeed, *, now: dt.datetime) -> None:
    """Remember that a calendar fetched it, to the hour."""
    if feed.read_at is None or now - feed.read_at >= NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(read_at=now)


# What stands in it --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Entry:
    """One follow-up as the calendar says it. start: None for the whole day."""

    pk: int
    day: dt.date
    start: dt.datetime | None
    minutes: int
    booked: bool
    created_at: dt.datetime
    summary: str
    description: str
    location: str
    url: str


def entries(feed: CalendarFeed, *, now: dt.datetime) -> list[Entry]:
    """What stands in the feed, by day, in the current language. At most five queries, however much it is."""
    user = feed.user
    today = timezone.localdate(now, ZoneInfo(user.time_zone))
    rows = list(_rows(user, today))
    begins = {} if feed.all_day else _one_after_another(rows, user)
    found = []
    for row in rows:
        start = begins.get(row.pk)
        if row.time is not None:
            start = ical.begins(row.day, row.time, row.assignee.time_zone)
        found.append(
            Entry(
                pk=row.pk,
                day=row.shown_on,  # type: ignore[attr-defined]
                start=start,
                minutes=row.minutes,
                booked=row.state == FollowUp.State.BOOKED,
                created_at=row.created_at,
                summary=_summary(row),
                description=_description(row, user),
                location=address_of(row.account) if row.channel == Channel.VISIT else "",
                url=_url(row),
            )
        )
    return found


def _rows(user: User, today: dt.date) -> Iterable[FollowUp]:
    """The user's open follow-ups, each only if the user does it and sees its account on its day (today, if overdue)."""
    last = today + (FURTHEST + 1) * ONE_DAY
    mine = Q(pk__in=())
    for spell in spells(user, first=today, last=last):
        theirs = Q(on__range=(spell.first, spell.last), assignee__in=spell.standing.owner_ids)
        if not spell.standing.sees_all:
            theirs &= Q(account__in=visible_ids(user, on=spell.first))
        mine |= theirs
    persons = ContactPerson.objects.present()
    asks = AgendaItem.objects.open().order_by("due", "pk")
    return (
        FollowUp.objects.open()
        .annotate(shown_on=Greatest(F("day"), Coalesce(F("snoozed_until"), F("day"))))
        .annotate(on=Greatest(F("shown_on"), Value(today, output_field=DateField())))
        .filter(mine, shown_on__gte=today - OVERDUE_DAYS * ONE_DAY)
        .select_related("account", "person", "assignee")
        .prefetch_related(
            Prefetch("items", asks, to_attr="asks"), Prefetch("account__persons", persons, to_attr="present")
        )
        .order_by("shown_on", "pk")
    )


def _one_after_another(rows: Sequence[FollowUp], user: User) -> dict[int, dt.datetime]:
    """When those without a time begin, by id: from the beginning of the user's working day, around what has a time.

    What finds no place before midnight has none, and takes the whole day.
    """
    found: dict[int, dt.datetime] = {}
    days: dict[dt.date, list[FollowUp]] = {}
    for row in rows:
        days.setdefault(row.shown_on, []).append(row)  # type: ignore[attr-defined]
    for day, of_day in days.items():
        taken = []
        for row in of_day:
            if row.time is not None:
                begin = ical.begins(row.day, row.time, row.assignee.time_zone)
                taken.append((begin.astimezone(dt.UTC), dt.timedelta(minutes=row.minutes)))
        taken.sort()
        zone = ZoneInfo(user.time_zone)
        free = ical.begins(day, user.works_from, user.time_zone).astimezone(dt.UTC)
        for row in of_day:
            if row.time is not None:
                continue
            length = dt.timedelta(minutes=row.minutes)
            for begin, minutes in taken:
                if begin < free + length and free < begin + minutes:
                    free = begin + minutes
            if (free + length).astimezone(zone).date() != day:
                break
            found[row.pk] = free.astimezone(zone)
            free += length
    return found


def _summary(row: FollowUp) -> str:
    place = ", ".join(part for part in (row.account.name, row.account.city) if part)
    # Translators: a calendar entry, "Visit: Acme, Kraków"
    return _("%(channel)s: %(place)s") % {"channel": row.get_channel_display(), "place": place}


def _url(row: FollowUp) -> str:
    return settings.SITE_ADDRESS + reverse("contacts:follow_up", args=[row.pk])


def _description(row: FollowUp, user: User) -> str:
    """Why, the agenda, whom to call, and where to log it."""
    asks = [
        Ask(
            item.reason,
            item.words,
            item.due,
            item.interval_days,
            item.counted_from,
            never=any(step.get("step") == "start" for step in item.reckoning[:1]),
        )
        for item in row.asks  # type: ignore[attr-defined]
    ]
    day = row.shown_on  # type: ignore[attr-defined]
    why = why_now(asks, today=day, coming=True)  # as of its day, so that it reads the same tomorrow
    lines = [" · ".join(part for part in (why.words, why.more) if part)]
    said = " ".join(lines)
    lines += [f"– {ask.words}" for ask in asks if ask.words and ask.words not in said]
    lines += _whom(row, row.account)
    if row.assignee_id != user.pk:
        lines.append(_("For %(name)s, who is away.") % {"name": row.assignee.name})
    return "\n".join([*lines, _url(row)])


def _whom(row: FollowUp, account: Account) -> list[str]:
    present: list[ContactPerson] = account.present  # type: ignore[attr-defined]
    person = next((one for one in present if one.pk == row.person_id), present[0] if present else None)
    known = (person.name if person else "", (person.phone if person else "") or account.phone)
    words = ", ".join(part for part in known if part)
    return [words] if words else []


# As a calendar ------------------------------------------------------------------------------------------------------
def etag(found: Sequence[Entry], feed: CalendarFeed) -> str:
    """What tells one state of the feed from another, for the header; weak, since the moment of writing is not in it."""
    facts = repr((feed.user.name, feed.user.time_zone, feed.user.language, found))
    return f'W/"{hashlib.sha256(facts.encode()).hexdigest()[:32]}"'


def as_calendar(found: Sequence[Entry], feed: CalendarFeed, *, now: dt.datetime) -> bytes:
    """The entries as iCalendar. UIDs are the same in every feed and at every time."""
    calendar = ical.new_calendar()
    name = _("Contacts: %(name)s") % {"name": feed.user.name}
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", feed.user.time_zone)
    calendar.add("refresh-interval", vDuration(FETCH_EVERY), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(FETCH_EVERY))
    for entry in found:
        event = Event()
        event.add("uid", ical.uid("follow-up", entry.pk))
        event.add("dtstamp", now.astimezone(dt.UTC))
        event.add("created", entry.created_at.astimezone(dt.UTC))
        if entry.start is None:
            ical.put_on(event, entry.day)
        else:
            ical.put_at(event, entry.start, entry.minutes)
        event.add("summary", entry.summary)
        event.add("description", entry.description)
        if entry.location:
            event.add("location", entry.location)
        event.add("url", entry.url)
        event.add("status", "CONFIRMED" if entry.booked else "TENTATIVE")
        # Only what was agreed with the customer makes one busy.
        event.add("transp", "OPAQUE" if entry.booked else "TRANSPARENT")
        calendar.add_component(event)
    return ical.written(calendar)
