"""What stands beside an open follow-up: agenda, grounds, wishes, last contacts, warnings (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from accounts.alerts import alerts_of
from accounts.models import Account, Channel, ContactPerson, Purchase
from contacts import agenda
from contacts.cadence import SATISFIES
from contacts.colleagues import colleagues_near
from contacts.models import AgendaItem, ContactWish, FollowUp, Outcome, Promise, Reason, Touchpoint
from contacts.querysets import may_act_on
from contacts.queue_notes import Note, notes_of
from contacts.reckoning import Line, explain, names_in
from contacts.why import REASON_ICONS, Ask, days_of
from contacts.wishes import Caution, cautions, sentence, wishes_of
from crm.look.figures import currency, money
from crm.look.figures import day as day_words
from crm.team.calendars import ONE_DAY, WorkingCalendar, calendar_of
from crm.team.models import User

LAST_CONTACTS = 5


@dataclass(frozen=True)
class AgendaLine:
    """One line of the agenda. promise_id: of the promise behind it, None for other reasons."""

    icon: str
    words: str
    small: str
    day: dt.date
    late: bool
    promise_id: int | None = None
    url: str = ""
    """Where the thing itself is that asks for the contact."""


@dataclass(frozen=True)
class Worked:
    """One box of the agenda while logging. satisfied_by: the channels that deal with it, None: any does."""

    pk: int
    words: str
    satisfied_by: tuple[str, ...] | None
    promise_id: int | None


@dataclass(frozen=True)
class Entry:
    """One line of components/timeline.html."""

    icon: str
    title: str
    text: str
    day: dt.date
    who: str
    url: str = ""


@dataclass(frozen=True)
class Warning:
    """One banner: what to know before one calls."""

    tone: str
    icon: str
    strong: str
    text: str
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class Brief:
    """Everything the open pane says about a follow-up, ready to be written down."""

    items: Sequence[AgendaItem]
    agenda: Sequence[AgendaLine]
    points: Sequence[str]
    reckonings: Sequence[Sequence[Line]]
    last: Sequence[Entry]
    persons: Sequence[ContactPerson]
    person: ContactPerson | None
    warnings: Sequence[Warning]
    by_plan: str
    picks: Sequence[tuple[str, dt.date]]
    promises: Sequence[tuple[int, str, bool]]
    """Those on the agenda: id, words, and whether the day has come by which it was promised."""
    may_act: bool
    cautions: Sequence[Caution]
    worked_off: Sequence[Worked]
    """The agenda to be ticked off item by item; empty where it has only one."""

    @property
    def late(self) -> bool:
        return any(line.late for line in self.agenda)


def brief_of(follow_up: FollowUp, *, user: User, today: dt.date, now: dt.datetime) -> Brief:
    """Read what belongs to one follow-up, whose account the user sees. A fixed number of queries."""
    account = follow_up.account
    items = list(
        follow_up.items.select_related("rule", "follow_up__assignee")
        .prefetch_related("rule__product_lines")
        .order_by("due", "pk")
    )
    if follow_up.is_open:
        items = [item for item in items if item.state == AgendaItem.State.OPEN]
    persons = list(account.persons.present())
    person = next((one for one in persons if one.pk == follow_up.person_id), persons[0] if persons else None)
    calendar = calendar_of(follow_up.assignee)
    promises = list(Promise.objects.filter(account=account).open())
    made_on = {promise.pk: promise.made_on for promise in promises}
    due_on = {promise.pk: promise.due_on for promise in promises}
    notes = notes_of([item.source for item in items], user=user, today=today, now=now)
    lines = [_agenda_line(item, made_on, today, notes) for item in items]
    latest = _latest(account)
    known = {user.pk: user.name, **{row.user_id: row.user.name for row in latest}}
    names = names_in([item.reckoning for item in items], known)
    on_agenda = {line.promise_id for line in lines}
    wishes = wishes_of(account.pk, person.pk if person is not None else None)
    return Brief(
        items=items,
        agenda=lines,
        points=[*_points(items), *(_promise_point(p, today) for p in promises if p.pk not in on_agenda)],
        reckonings=[
            chain
            for item in items
            if (chain := explain(item, viewer=user, today=today, names=names, lead=items[0]))
        ],
        last=[_entry(row, user) for row in latest],
        persons=persons,
        person=person,
        warnings=[
            *(
                Warning(one.tone, one.icon, one.strong, one.text, one.url, one.action)
                for one in alerts_of(account, user=user, today=today, now=now)
            ),
            *_unpaid(account, today=today),
            *_wishes(wishes, person),
            *_colleague(follow_up, calendar, today),
        ],
        by_plan=_by_plan(items, calendar=calendar, today=today),
        picks=_picks(calendar, today),
        promises=[
            (line.promise_id, line.words, due_on[line.promise_id] <= today)
            for line in lines
            if line.promise_id in due_on
        ],
        may_act=may_act_on(user, follow_up, on=today),
        cautions=cautions(wishes),
        worked_off=_worked_off(items, lines),
    )


def _worked_off(items: Sequence[AgendaItem], lines: Sequence[AgendaLine]) -> list[Worked]:
    if len(items) < 2:
        return []
    return [
        Worked(item.pk, line.words, _satisfied_by(item), line.promise_id)
        for item, line in zip(items, lines, strict=True)
    ]


def _satisfied_by(item: AgendaItem) -> tuple[str, ...] | None:
    """The channels on which a contact stands for the cadence item (5.2); None for other reasons."""
    if item.reason != Reason.CADENCE:
        return None
    return tuple(channel for channel, stands_for in SATISFIES.items() if item.channel in stands_for)


def _agenda_line(
    item: AgendaItem, made_on: dict[int, dt.date], today: dt.date, notes: Mapping[str, Note]
) -> AgendaLine:
    promise_id = agenda.promise_id_of(item.source)
    words, small = item.words or str(Reason(item.reason).label), ""
    if item.reason == Reason.CADENCE:
        words = str(CADENCE_WORDS[Channel(item.channel)])
        if item.interval_days and item.counted_from:
            # Translators: under "Regular call": how long ago the last one was, "46 of 30 days"
            small = _("%(days)s since the last one") % {
                "days": days_of(Ask(item.reason, "", item.due, item.interval_days, item.counted_from), today)
            }
            if any(step.get("step") == "start" for step in item.reckoning[:1]):
                small = _("nobody there was reached yet")
    elif promise_id in made_on:
        small = pgettext("promise", "promised on %(day)s") % {"day": day_words(made_on[promise_id], today)}
    note = notes.get(item.source, Note(""))
    late = item.due < today or note.tone == "late"
    icon = REASON_ICONS[item.reason]
    return AgendaLine(icon, words, small or note.words, item.due, late, promise_id, note.url)


CADENCE_WORDS = {
    Channel.VISIT: gettext_lazy("Regular visit"),
    Channel.VIDEO: gettext_lazy("Regular video call"),
    Channel.PHONE: gettext_lazy("Regular call"),
    Channel.EMAIL: gettext_lazy("Regular e-mail"),
    Channel.LETTER: gettext_lazy("Regular letter"),
    Channel.EVENT: gettext_lazy("Regular event"),
    Channel.MATERIAL: gettext_lazy("Regular material"),
    Channel.BROADCAST: gettext_lazy("Regular broadcast"),
}


def _points(items: Sequence[AgendaItem]) -> list[str]:
    """The talking points of the rules behind the agenda, one line each."""
    texts = [item.rule.talking_points for item in items if item.rule is not None]
    return list(
        dict.fromkeys(line.strip(" -–•\t") for text in texts for line in text.splitlines() if line.strip())
    )


def _promise_point(promise: Promise, today: dt.date) -> str:
    return _("Promised by %(day)s: %(words)s") % {
        "day": day_words(promise.due_on, today),
        "words": promise.words,
    }


def _wishes(wishes: Sequence[ContactWish], person: ContactPerson | None) -> list[Warning]:
    """What the account and the person ask of our contacts, and how the person likes them, in one line."""
    said = [
        # Translators: what one person at the account asks of our contacts: "Anna Nowak: Every Friday"
        _("%(name)s: %(wish)s") % {"name": person.name, "wish": sentence(wish)}
        if person is not None and wish.person_id == person.pk
        else sentence(wish)
        for wish in sorted(wishes, key=lambda wish: wish.person_id is not None)
    ]
    if person is not None and person.preferred_times:
        said.append(person.preferred_times.rstrip("."))
    if person is not None and person.preferred_channel:
        said.append(_("prefers: %(channel)s") % {"channel": person.get_preferred_channel_display()})
    if not said:
        return []
    return [Warning("", "info", _("Wishes:"), _("%(wishes)s.") % {"wishes": "; ".join(dict.fromkeys(said))})]


def _latest(account: Account) -> list[Touchpoint]:
    """The latest contacts that took place, with who made them. One query."""
    rows = Touchpoint.objects.live().filter(account=account).select_related("user").order_by("-at", "-pk")
    return list(rows[:LAST_CONTACTS])


def _entry(touchpoint: Touchpoint, viewer: User) -> Entry:
    """What was said, what came of it, and by whom if by another."""
    return Entry(
        icon=touchpoint.channel,
        title=touchpoint.note.strip() or str(Outcome(touchpoint.outcome).label),
        text=_small(touchpoint, viewer),
        day=touchpoint.day,
        who="",
    )


def _small(touchpoint: Touchpoint, viewer: User) -> str:
    """The second line of a contact: its outcome unless that is the first, and who made it unless the viewer did."""
    outcome = str(Outcome(touchpoint.outcome).label) if touchpoint.note.strip() else ""
    if touchpoint.user_id == viewer.pk:
        return outcome
    # Translators: who made a contact: "by Anna Nowak"
    by = pgettext("contact", "by %(name)s") % {"name": touchpoint.user.name}
    return f"{outcome}, {by}" if outcome else by


def _unpaid(account: Account, *, today: dt.date) -> list[Warning]:
    """Payments that are late."""
    found = []
    late = Purchase.objects.filter(
        account=account, due_on__lt=today, paid_on__isnull=True, amount_cents__gt=0
    ).aggregate(number=Count("pk"), cents=Sum("amount_cents"))
    if late["number"]:
        words = ngettext(
            "%(count)d invoice is not paid in time:",
            "%(count)d invoices are not paid in time:",
            late["number"],
        )
        found.append(
            Warning(
                "warn",
                "clock",
                words % {"count": late["number"]},
                _("%(amount)s %(currency)s overdue.")
                % {"amount": money(late["cents"]), "currency": currency()},
            )
        )
    return found


def _colleague(follow_up: FollowUp, calendar: WorkingCalendar, today: dt.date) -> list[Warning]:
    """That one of us is, or was, in contact with them at about the same time. One query; none once it is closed."""
    if not follow_up.is_open:
        return []
    wanted = {follow_up.pk: (follow_up.account_id, max(follow_up.day, today))}
    near = colleagues_near(wanted, assignee_id=follow_up.assignee_id, calendar=calendar)
    agree = _("Agree who speaks to them about what.")
    return [Warning("warn", "people", f"{one.words(today)}.", agree) for one in near.values()]


def _by_plan(items: Sequence[AgendaItem], *, calendar: WorkingCalendar, today: dt.date) -> str:
    """What comes next by plan if they are reached today, in words; "" where no cadence asks."""
    for item in items:
        if item.reason == Reason.CADENCE and item.interval_days:
            day = calendar.on_or_after(today + item.interval_days * ONE_DAY)
            return _("By plan: %(channel)s on %(day)s") % {
                "channel": str(Channel(item.channel).label).lower(),
                "day": day_words(day, today),
            }
    return ""


def _picks(calendar: WorkingCalendar, today: dt.date) -> list[tuple[str, dt.date]]:
    """Working days a contact is often put off to."""
    monday = today + (7 - today.weekday()) * ONE_DAY
    wanted = [
        (_("Next working day"), today + ONE_DAY),
        (_("In three days"), today + 3 * ONE_DAY),
        (_("Next week"), monday),
        (_("In two weeks"), today + 14 * ONE_DAY),
        (_("In a month"), today + 30 * ONE_DAY),
    ]
    picks: dict[dt.date, str] = {}
    for words, day in wanted:
        picks.setdefault(calendar.on_or_after(day), words)
    return [(words, day) for day, words in picks.items()]


def address_of(account: Account) -> str:
    """Where the account is, in one line; "" without an address."""
    if not (account.address or account.city):
        return ""
    town = f"{account.postal_code} {account.city}".strip()
    return ", ".join(part for part in (account.address, town, account.get_country_display()) if part)


def map_url(account: Account) -> str:
    """Where the account is, on a map; "" without an address."""
    place = address_of(account)
    return "https://www.openstreetmap.org/search?" + urlencode({"query": place}) if place else ""
