"""Everything random about the example company, drawn as values before a row is written. Pure."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import NamedTuple

from crm.demo import notes
from crm.demo.buying import Bought, purchases_of
from crm.demo.contacting import (
    CONTACT_DAYS,
    Complained,
    Contact,
    Days,
    Promised,
    believed_attention,
    complaint_words,
    complaints_of,
    contacts_of,
    promises_of,
    words,
)
from crm.demo.customers import Customer, draw_customers
from crm.demo.names.market import Human
from segmentation.windows import last_quarter_end

REPS = 3
"""In each market."""


class Step(NamedTuple):
    """A next step agreed in a contact (its place among the account's); with a time it is booked."""

    contact: int
    words: str
    channel: str
    day: dt.date
    time: dt.time | None


@dataclass
class Company:
    """What is drawn for all customers; the lists run parallel to `customers`."""

    customers: list[Customer]
    persons: list[list[Human]] = field(default_factory=list)
    purchases: list[list[Bought]] = field(default_factory=list)
    contacts: list[list[Contact]] = field(default_factory=list)
    promises: list[list[Promised]] = field(default_factory=list)
    complaints: list[list[Complained]] = field(default_factory=list)
    attention: list[str] = field(default_factory=list)
    premium: list[bool] = field(default_factory=list)
    steps: list[list[Step]] = field(default_factory=list)


def draw_company(days: dict[str, Days], *, today: dt.date, accounts: int, seed: int) -> Company:
    """Everything random, as values."""
    customers = draw_customers(
        count=accounts, today=today, last_quarter_end=last_quarter_end(today), reps=REPS, seed=seed
    )
    company = Company(customers)
    company.persons = [_humans(c) for c in customers]
    company.purchases = [purchases_of(c, today=today) for c in customers]
    company.attention = believed_attention(customers, company.purchases, today=today)
    first = today - dt.timedelta(days=CONTACT_DAYS)
    for place, customer in enumerate(customers):
        working, persons = days[customer.market.country], company.persons[place]
        attention = company.attention[place]
        premium = attention == "A" and customer.rng.random() < 0.09
        contacts = contacts_of(
            customer, persons, attention=attention, premium=premium, working=working, first=first
        )
        company.premium.append(premium)
        company.contacts.append(contacts)
        company.promises.append(promises_of(customer, persons, contacts, today=today, working=working))
        company.complaints.append(
            complaints_of(customer, persons, company.purchases[place], today=today, working=working)
        )
    company.steps = [[] for _ in customers]
    for country, working in days.items():
        for rep in range(REPS):
            _fill_desk(company, country, rep, working, random.Random(f"desk {seed} {country} {rep}"))
    return company


def _fill_desk(company: Company, country: str, rep: int, working: Days, rng: random.Random) -> None:
    """See that the rep's Today holds some of everything: promises due and overdue, appointments, a complaint."""
    today, now = working.today, working.on_or_after(working.today)

    def later(days: int) -> dt.date:
        return working.on_or_after(now + dt.timedelta(days=days))

    talked = [
        place
        for place, customer in enumerate(company.customers)
        if (customer.market.country, customer.rep) == (country, rep)
        and (contacts := company.contacts[place])
        and contacts[-1].outcome not in {"not_reached", "unwelcome"}
        and 4 <= (today - contacts[-1].day).days <= 24
    ]
    rng.shuffle(talked)
    promised = (working.back(1), now, now, later(1), later(rng.randint(2, 5)), later(rng.randint(4, 9)))
    for due, place in zip(promised, _taken(talked, min(len(promised), len(talked) // 2)), strict=False):
        customer, last = company.customers[place], company.contacts[place][-1]
        said = words(rng, rng.choice(notes.PROMISES), customer, company.persons[place][last.person], last.day)
        made = Promised(len(company.contacts[place]) - 1, said, due, "open", None)
        company.promises[place].append(made)
    agreed: tuple[tuple[dt.date, dt.time | None, str], ...] = (
        (now, dt.time(10, 30), "visit"),
        (now, dt.time(14, 0), rng.choice(("video", "phone"))),
        (working.back(1), None, "phone"),
        (later(1), dt.time(9, 0), "visit"),
        (later(rng.randint(2, 4)), dt.time(13, 15), "visit"),
        (later(rng.randint(3, 8)), dt.time(11, 0), "video"),
    )
    for (day, time, channel), place in zip(agreed, _taken(talked, len(agreed)), strict=False):
        said = words(
            rng, rng.choice(notes.NEXT_STEPS), company.customers[place], company.persons[place][0], day
        )
        company.steps[place].append(Step(len(company.contacts[place]) - 1, said, channel, day, time))
    for place in talked:
        customer, bought = company.customers[place], company.purchases[place]
        delivered = bought[-1].delivered if bought else None
        if delivered and (today - delivered).days <= 30 and not company.complaints[place]:
            category = rng.choice(("quality", "not_as_ordered", "lacks_feature"))
            opened = working.back(rng.randint(1, 4))
            text = complaint_words(rng, category, customer, company.persons[place][0], opened, bought[-1])
            at = len(bought) - 1
            company.complaints[place].append(Complained(category, text, max(opened, delivered), None, at))
            return


def _taken(places: list[int], count: int) -> list[int]:
    """The next `count` places, taken from the list."""
    taken, places[:] = places[:count], places[count:]
    return taken


def _humans(customer: Customer) -> list[Human]:
    """One to five persons; more at bigger customers."""
    rng = customer.rng
    many = 1 + (customer.yearly > 4_000) + (customer.yearly > 25_000) + (customer.yearly > 80_000)
    wanted = max(1, min(5, many + rng.choice((-1, 0, 0, 0, 1, 1, 2))))
    humans: dict[str, Human] = {}
    while len(humans) < wanted:
        human = customer.market.human(rng)
        humans.setdefault(human.name, human)
    return list(humans.values())
