"""Who of us talked with whom, and what came of it: touchpoints, promises, complaints. Pure.

The intervals follow the contact rules (crm.demo.rules) as people follow rules: mostly, with some accounts let slip, so
that Today is a day's work and not a flood.
"""

from __future__ import annotations

import calendar
import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from crm.demo import notes
from crm.demo.buying import Bought
from crm.demo.customers import Customer
from crm.demo.names.market import Human
from crm.team.calendars import ONE_DAY, WorkingCalendar

CONTACT_DAYS = 548
"""Touchpoints go back eighteen months."""
MONTHS = tuple(calendar.month_name[1:])


class Attention(NamedTuple):
    """How an account is looked after. slip: the latest last contact, as a share of the interval."""

    visit: float | None
    phone: float | None
    email: float | None
    slip: float = 1.13


# What reps believe an account deserves; the tiers are computed by the product itself, and differ a little.
ATTENTION = {
    "A": Attention(visit=58, phone=27, email=70),
    "B": Attention(visit=None, phone=52, email=140),
    "C": Attention(visit=None, phone=None, email=170),
    "prospect": Attention(visit=None, phone=70, email=None),
    "premium": Attention(visit=58, phone=33, email=90, slip=1.0),
}
OUTCOMES = {
    "A": (
        ("new_order", 24),
        ("new_information", 33),
        ("relationship", 30),
        ("nothing", 12),
        ("unwelcome", 1),
    ),
    "B": (
        ("new_order", 15),
        ("new_information", 30),
        ("relationship", 24),
        ("nothing", 30),
        ("unwelcome", 1),
    ),
    "C": (("new_order", 6), ("new_information", 20), ("relationship", 22), ("nothing", 50), ("unwelcome", 2)),
    "prospect": (
        ("new_order", 0),
        ("new_information", 36),
        ("relationship", 18),
        ("nothing", 43),
        ("unwelcome", 3),
    ),
}
MINUTES = {"visit": (40, 90), "video": (20, 45), "phone": (4, 22), "email": (3, 8)}


@dataclass
class Contact:
    """One touchpoint to be. `by`: "rep", "agent" or "colleague"."""

    day: dt.date
    channel: str
    direction: str
    outcome: str
    minutes: int
    note: str
    person: int
    """The place of the person at the account."""
    by: str = "rep"


class Promised(NamedTuple):
    """One promise to be; `contact` is the place of the touchpoint it was made in."""

    contact: int
    words: str
    due: dt.date
    state: str
    closed: dt.date | None


class Complained(NamedTuple):
    """One complaint to be; `purchase` is the place among the account's purchases, None where it is about none."""

    category: str
    words: str
    opened: dt.date
    closed: dt.date | None
    purchase: int | None


def believed_attention(
    customers: list[Customer], purchases: list[list[Bought]], *, today: dt.date
) -> list[str]:
    """How each customer is looked after: the big steady ones most. A rep's belief, not a tier."""
    year_ago = today - dt.timedelta(days=365)
    sales = [sum(float(b.amount) for b in bought if b.ordered >= year_ago) for bought in purchases]
    total, before = sum(sales) or 1.0, 0.0
    attention = ["C"] * len(customers)
    for place in sorted(range(len(customers)), key=lambda n: -sales[n]):
        customer, bought = customers[place], purchases[place]
        if not customer.buys:
            attention[place] = "prospect"
        elif sales[place] <= 0:
            attention[place] = "C"
        elif before < 0.8 * total and bought[0].ordered < today - dt.timedelta(days=730):
            attention[place] = "A"
        elif before < 0.95 * total or bought[0].ordered > year_ago:
            attention[place] = "B"
        before += max(0.0, sales[place])
    return attention


def contacts_of(
    customer: Customer,
    persons: list[Human],
    *,
    attention: str,
    premium: bool,
    working: Days,
    first: dt.date,
) -> list[Contact]:
    """Every contact with the customer, oldest first, none before `first` or on a day nobody works."""
    rng = customer.rng
    if attention == "C" and rng.random() < 0.3 and customer.kind.name != "lost":
        return []  # small customers nobody has called yet: the product will spread them over the interval
    wanted = ATTENTION["premium" if premium else attention]
    outcomes = OUTCOMES[attention]
    planned: dict[dt.date, str] = {}
    for channel, interval in (("visit", wanted.visit), ("phone", wanted.phone), ("email", wanted.email)):
        if interval is None:
            continue
        for offset in _offsets(rng, interval, wanted.slip):
            day = working.back(offset)
            near = (day + step * ONE_DAY for step in range(-6, 7))
            if day >= first and not any(other in planned for other in near):
                planned[day] = "video" if premium and channel == "phone" else channel
    made: list[Contact] = []
    for day in sorted(planned):
        made += _contact(rng, customer, persons, planned[day], day, outcomes, working, first)
    return made


def _offsets(rng: random.Random, interval: float, slip: float) -> Iterator[int]:
    """How many days ago contacts were made, from the latest on back."""
    at = rng.uniform(0.02, slip) * interval
    while at < CONTACT_DAYS:
        yield max(1, round(at))
        at += interval * rng.triangular(0.7, 1.7, 1.0)


def _contact(
    rng: random.Random,
    customer: Customer,
    persons: list[Human],
    channel: str,
    day: dt.date,
    outcomes: tuple[tuple[str, int], ...],
    working: Days,
    first: dt.date,
) -> Iterator[Contact]:
    """The contact of a day, and before a call now and then the attempt that reached nobody."""
    person = min(rng.choice((0, 0, 0, 1, 1, 2)), len(persons) - 1)
    if channel == "phone" and rng.random() < 0.16 and (earlier := working.before(day, 2)) >= first:
        note = words(rng, rng.choice(notes.DETAILS["not_reached"]), customer, persons[person], earlier)
        yield Contact(earlier, "phone", "out", "not_reached", rng.randint(1, 4), note, person)
    if channel in {"phone", "email"} and rng.random() < 0.11:
        note = words(rng, rng.choice(notes.INBOUND), customer, persons[person], day)
        outcome = "new_order" if rng.random() < 0.1 else "new_information"
        by = rng.choice(("agent", "agent", "rep"))
        yield Contact(day, channel, "in", outcome, rng.randint(3, 12), note, person, by)
        return
    (outcome,) = rng.choices([o for o, _ in outcomes], [w for _, w in outcomes])
    parts = [rng.choice(notes.OPENINGS[channel]), rng.choice(notes.DETAILS[outcome])]
    if rng.random() < (0.45 if channel == "visit" else 0.15):
        parts.append(rng.choice(notes.CLOSINGS))
    text = words(rng, " ".join(part for part in parts if part), customer, persons[person], day)
    low, high = MINUTES[channel]
    minutes = rng.randrange(low, high + 1, 5) if low >= 20 else rng.randint(low, high)
    by = "colleague" if rng.random() < 0.02 else "rep"
    yield Contact(day, channel, "out", outcome, minutes, text, person, by)


def promises_of(
    customer: Customer, persons: list[Human], contacts: list[Contact], *, today: dt.date, working: Days
) -> list[Promised]:
    """What was promised in some of the contacts, and whether it was kept."""
    rng, made = customer.rng, []
    for place, contact in enumerate(contacts):
        if contact.outcome in {"nothing", "not_reached", "unwelcome"} or rng.random() > 0.15:
            continue
        text = words(rng, rng.choice(notes.PROMISES), customer, persons[contact.person], contact.day)
        due = working.on_or_after(contact.day + dt.timedelta(days=rng.randint(2, 12)))
        state, closed = _end_of_promise(rng, contact.day, due, today, working)
        made.append(Promised(place, text, due, state, closed))
    return made


def _end_of_promise(
    rng: random.Random, made: dt.date, due: dt.date, today: dt.date, working: Days
) -> tuple[str, dt.date | None]:
    fate = rng.random()
    kept = working.back_to(made + (due - made) * rng.uniform(0.3, 1.0))
    if due >= today and (fate > 0.25 or kept >= today):
        return "open", None
    if due < today and (today - due).days <= 6 and fate > 0.8:
        return "open", None
    late = working.on_or_after(due + dt.timedelta(days=rng.randint(1, 6)))
    if due < today and fate < 0.08 and late < today:
        return "broken", late
    if due < today and fate < 0.13:
        return "renegotiated", kept
    return "kept", max(made, kept)


GRUMBLING = 0.025
"""Of all customers these complain again and again."""


def complaints_of(
    customer: Customer, persons: list[Human], bought: list[Bought], *, today: dt.date, working: Days
) -> list[Complained]:
    """What the customer complained about in the last eighteen months: late deliveries above all."""
    rng, made = customer.rng, []
    likely = 0.04 if customer.kind.name in {"shrinking", "lapsing", "lost"} else 0.012
    if random.Random(f"grumbles {customer.code}").random() < GRUMBLING:
        likely = 0.5
    for place, purchase in enumerate(bought):
        known = purchase.delivered or purchase.ordered
        if (today - known).days > CONTACT_DAYS or not purchase.delivered:
            continue
        chance = 0.22 if purchase.days_late >= 4 else likely * 0.5
        if rng.random() > chance:
            continue
        category = (
            "late_delivery"
            if purchase.days_late >= 4
            else rng.choice(
                ("quality", "quality", "not_as_ordered", "promise_not_kept", "lacks_feature", "other")
            )
        )
        opened = working.on_or_after(known + dt.timedelta(days=rng.randint(0, 6)))
        if opened >= today:
            continue
        closed = working.on_or_after(opened + dt.timedelta(days=rng.randint(1, 16)))
        text = complaint_words(rng, category, customer, persons[0], opened, purchase)
        made.append(Complained(category, text, opened, closed if closed < today else None, place))
    return made


def complaint_words(
    rng: random.Random, category: str, customer: Customer, person: Human, opened: dt.date, about: Bought
) -> str:
    """What the customer says about the purchase."""
    return words(
        rng,
        rng.choice(_said(category, about)),
        customer,
        person,
        opened,
        late=about.days_late,
        article=about.lines[0].article.name,
    )


def _said(category: str, purchase: Bought) -> tuple[str, ...]:
    """What may be said of the purchase; goods do not hum or speak Modbus as machines do."""
    machine = purchase.lines[0].article.complexity >= 3 and purchase.lines[0].article.price > 300
    if category in {"quality", "lacks_feature"} and not machine:
        category += "_of_goods"
    return notes.COMPLAINTS[category]


def words(
    rng: random.Random,
    template: str,
    customer: Customer,
    person: Human,
    day: dt.date,
    *,
    late: int = 0,
    article: str | None = None,
) -> str:
    """The template with its slots filled: a month that comes, a product the customer buys, a competitor."""
    return template.format(
        who=person.first,
        product=(article or rng.choice(customer.favourites).name).split(",")[0],
        rival=rng.choice(notes.RIVALS),
        n=late or rng.randint(2, 6),
        month=MONTHS[(day.month - 1 + rng.randint(1, 5)) % 12],
        day=rng.choice(notes.WEEKDAYS),
    )


class Days:
    """The working days of one country around today, looked up instead of reckoned each time."""

    def __init__(self, calendar: WorkingCalendar, *, first: dt.date, last: dt.date, today: dt.date) -> None:
        self.today = today
        self.days = calendar.between(first, last)
        self._place: dict[dt.date, int] = {}
        place = 0
        for step in range((last - first).days + 1):
            day = first + step * ONE_DAY
            if place + 1 < len(self.days) and self.days[place + 1] <= day:
                place += 1
            self._place[day] = place

    def back_to(self, day: dt.date) -> dt.date:
        """The day itself if it is worked, or the last working day before."""
        return self.days[self._place[day]]

    def on_or_after(self, day: dt.date) -> dt.date:
        """The day itself if it is worked, or the first working day after."""
        at = self.days[self._place[day]]
        return at if at >= day else self.days[self._place[day] + 1]

    def back(self, days: int) -> dt.date:
        """About `days` (>= 1) days before today, on a working day; never today."""
        return self.back_to(self.today - days * ONE_DAY)

    def before(self, day: dt.date, working_days: int) -> dt.date:
        """So many working days before a working day."""
        return self.days[max(0, self._place[day] - working_days)]
