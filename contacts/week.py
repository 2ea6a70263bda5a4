"""One week of one user's open follow-ups, day by day (docs/domain.md, 5.4). Reads only; a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Case, Count, FilteredRelation, Q, QuerySet, Sum, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from accounts.models import Channel
from contacts.colleagues import ColleagueContact, colleagues_near
from contacts.models import FollowUp, Touchpoint
from contacts.queue import WEIGHT, urgency
from contacts.why import Ask, Why, why_now
from crm.team.calendars import ONE_DAY, WorkingCalendar, calendar_of, days
from crm.team.models import Absence, PublicHoliday, User
from crm.team.visibility import led_team_ids, standing

WEEK = 7 * ONE_DAY
SHOWN = 60
"""Cards that stand in one column; of more there is only the number, Today has them all."""


@dataclass(frozen=True, slots=True)
class Card:
    """One open follow-up in the week. earlier, later: where a step to the left or right puts it, None: nowhere."""

    pk: int
    account_id: int
    account: str
    city: str
    tier: str | None
    channel: str
    time: dt.time | None
    minutes: int
    day: dt.date
    shown_on: dt.date
    """Its day, or the end of its snooze."""
    why: Why
    weight: float
    """How much it is worth doing: urgency x tier weight."""
    colleague: ColleagueContact | None = None
    earlier: dt.date | None = None
    later: dt.date | None = None

    @property
    def how(self) -> str:
        return str(Channel(self.channel).label)

    @property
    def is_snoozed(self) -> bool:
        return self.shown_on > self.day

    @property
    def is_visit(self) -> bool:
        return self.channel == Channel.VISIT


@dataclass
class Column:
    """What stands under one heading: the cards shown, how many more there are, and the minutes of all of them."""

    cards: list[Card] = field(default_factory=list)
    more: int = 0
    minutes: int = 0

    @property
    def number(self) -> int:
        return len(self.cards) + self.more


@dataclass
class WeekDay(Column):
    """One day. off: why it is not worked, "" for a working day. share: contact minutes that the day has room for."""

    day: dt.date = dt.date.min
    off: str = ""
    share: int = 0
    made: int = 0
    """Contacts that took place on it, with their minutes."""
    made_minutes: int = 0

    @property
    def taken(self) -> int:
        """Minutes made and still to be made."""
        return self.minutes + self.made_minutes

    @property
    def is_overfull(self) -> bool:
        return self.taken > self.share


@dataclass
class Week:
    """Monday to Friday, and those weekend days that are worked or on which something stands."""

    member: User
    monday: dt.date
    overdue: Column
    days: list[WeekDay]

    @property
    def number(self) -> int:
        return self.monday.isocalendar().week

    @property
    def previous(self) -> str:
        return week_name(self.monday - WEEK)

    @property
    def following(self) -> str:
        return week_name(self.monday + WEEK)

    @property
    def is_empty(self) -> bool:
        return not self.overdue.number and not any(each.number or each.made for each in self.days)


def week_name(day: dt.date) -> str:
    """The ISO week of a day as addresses write it: "2026-W48"."""
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02}"


def monday_of(name: str, *, today: dt.date) -> dt.date:
    """The Monday of a week written as "2026-W48"; of the week of `today` for whatever is not one."""
    year, _w, week = name.partition("-W")
    try:
        found = dt.date.fromisocalendar(int(year), int(week), 1)
    except ValueError:
        found = today
    if abs(found.year - today.year) > 5:  # nothing stands there, and dates end somewhere
        found = today
    return found - found.weekday() * ONE_DAY


def daily_share(user: User) -> int:
    """Contact minutes that one working day of the user has room for: the week's, shared among the days worked."""
    return user.weekly_contact_minutes // max(len(user.working_weekdays), 1)


def weeks_seen(viewer: User, *, on: dt.date) -> QuerySet[User]:
    """Whose weeks the viewer may look at and work on: as `FollowUpQuerySet.acted_on_by`."""
    everybody = User.objects.filter(is_active=True).order_by("name", "pk")
    view = standing(viewer, on=on)
    if viewer.is_admin:
        return everybody
    return everybody.filter(Q(pk__in=view.owner_ids) | Q(team__in=view.led_team_ids))


def read_week(member: User, *, viewer: User, monday: dt.date, today: dt.date) -> Week:
    """The member's week from `monday`, of accounts that the viewer sees today. Six queries, however full it is.

    What is overdue stands beside every week, so that it can be drawn into it. Days that have passed tell what was made.
    """
    sunday = monday + 6 * ONE_DAY
    calendar = calendar_of(member)
    cards = list(_cards(member, viewer, calendar, monday=monday, sunday=sunday, today=today))
    at = {card.pk: (card.account_id, max(card.shown_on, today)) for card in cards}
    colleagues = colleagues_near(at, assignee_id=member.pk, calendar=calendar)
    cards = [replace(card, colleague=colleagues.get(card.pk)) for card in cards]
    shown = {card.shown_on for card in cards if not _is_overdue(card, today)}
    reasons = reasons_off(member, calendar, monday, sunday, viewer=viewer)
    week = [
        WeekDay(day=day, off=reasons.get(day, ""), share=0 if day in reasons else daily_share(member))
        for day in days(monday, sunday)
        if day.weekday() < 5 or day not in reasons or day in shown
    ]
    for day, made, minutes in _made(member, monday, min(sunday, today)):
        for each in week:
            if each.day == day:
                each.made, each.made_minutes = made, minutes
    overdue = Column()
    _fill(overdue, (card for card in cards if _is_overdue(card, today)), week, today)
    for each in week:
        on_it = (card for card in cards if card.shown_on == each.day and not _is_overdue(card, today))
        _fill(each, on_it, week, today)
    return Week(member, monday, overdue, week)


def reasons_off(
    member: User, calendar: WorkingCalendar, first: dt.date, last: dt.date, *, viewer: User
) -> dict[dt.date, str]:
    """Why the member does not work on the days from `first` to `last` that are off, by day. Two queries.

    What somebody is away for is read by who keeps the absence (docs/domain.md, section 1); others read that they are.
    """
    absences = Absence.objects.filter(user=member).touching(first, last)
    kept = Absence.objects.kept_by(viewer, led=led_team_ids(viewer)).values("pk")
    told = Case(When(pk__in=kept, then="reason"), default=Value(""))
    public = PublicHoliday.objects.filter(country=member.country, day__range=(first, last), works=False)
    reasons = {}
    holidays = dict(public.values_list("day", "name"))
    away = list(absences.values_list("first_day", "last_day", told))
    for day in days(first, last):
        if calendar.is_working(day):
            continue
        absent = [reason or _("Away") for start, end, reason in away if start <= day <= end]
        reasons[day] = holidays.get(day) or next(iter(absent), None) or _("Not a working day")
    return reasons


def minutes_by_day(member: User, *, viewer: User, first: dt.date, last: dt.date, today: dt.date) -> dict:
    """Minutes of the member's open follow-ups by the day on which they come, from `first` to `last`. One query."""
    rows = _open(member, viewer, today).filter(shown_on__range=(first, last)).order_by()
    return dict(rows.values_list("shown_on").annotate(Sum("minutes")))


def _open(member: User, viewer: User, today: dt.date) -> QuerySet[Any]:
    rows = FollowUp.objects.visible_to(viewer, on=today).open().filter(assignee=member)
    return rows.with_shown_on()


def _cards(
    member: User,
    viewer: User,
    calendar: WorkingCalendar,
    *,
    monday: dt.date,
    sunday: dt.date,
    today: dt.date,
) -> Iterable[Card]:
    """The overdue ones and those of the week, each with the reason that leads. One query."""
    rows = (
        _open(member, viewer, today)
        .filter(Q(day__lt=today, shown_on__lte=today) | Q(shown_on__range=(max(monday, today), sunday)))
        .alias(asks=FilteredRelation("items", condition=Q(items__state="open")))
        .order_by("pk", "asks__due", "asks__pk")
        .values_list(
            "pk",
            "account_id",
            "account__name",
            "account__city",
            "account__tier",
            "channel",
            "time",
            "minutes",
            "day",
            "shown_on",
            "asks__reason",
            "asks__words",
            "asks__due",
            "asks__interval_days",
            "asks__counted_from",
            KeyTextTransform("step", KeyTextTransform(0, "asks__reckoning")),
        )
    )
    heads: dict[int, Any] = {}
    asks: dict[int, list[Ask]] = {}
    for row in rows:
        head, (reason, words, due, interval, counted_from, opening) = row[:10], row[10:]
        heads[head[0]] = head
        if reason is not None:
            ask = Ask(reason, words, due, interval, counted_from, never=opening == "start")
            asks.setdefault(head[0], []).append(ask)
    since: dict[dt.date, int] = {}

    def overdue(due: dt.date) -> int:
        if due not in since:
            since[due] = calendar.count(due, today)
        return since[due]

    for pk, head in heads.items():
        own = asks.get(pk, [])
        ranked = sorted(own, key=lambda ask: -urgency(ask, today=today, overdue=overdue))
        most = urgency(ranked[0], today=today, overdue=overdue) if ranked else 1.0
        why = why_now(ranked[:1], today=today, coming=head[9] > today)
        yield Card(*(*head, why, most * WEIGHT[head[4]]))


def _made(member: User, first: dt.date, last: dt.date) -> Iterable[tuple[dt.date, int, int]]:
    """(day, contacts made, minutes) of the days that have begun. One query."""
    rows = Touchpoint.objects.live().filter(user=member, day__range=(first, last)).order_by()
    return rows.values_list("day").annotate(Count("pk"), Sum("minutes"))


def _is_overdue(card: Card, today: dt.date) -> bool:
    return card.day < today and card.shown_on <= today


def _fill(column: Column, cards: Iterable[Card], week: list[WeekDay], today: dt.date) -> None:
    """Put the cards in order, appointments first, and say where a step leads from there."""
    ordered = sorted(cards, key=lambda card: (card.time or dt.time.max, -card.weight, card.pk))
    here = column.day if isinstance(column, WeekDay) else None
    earlier = later = None
    if here is None:
        later = next((each.day for each in week if each.day >= today), None)
    else:
        shown = [each.day for each in week]
        before = [day for day in shown if today <= day < here]
        after = [day for day in shown if day > here]
        earlier = before[-1] if before else None
        if not before and here - ONE_DAY >= today:
            earlier = here - 3 * ONE_DAY  # the Friday before
            earlier = max(earlier, today)
        later = after[0] if after else week[0].day + WEEK
    column.cards = [replace(card, earlier=earlier, later=later) for card in ordered[:SHOWN]]
    column.more = max(len(ordered) - SHOWN, 0)
    column.minutes = sum(card.minutes for card in ordered)
