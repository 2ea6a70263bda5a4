"""Ourselves as rows: teams, users, absences; what we sell; the contact rules."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from accounts.models import Product, ProductLine
from contacts.models import ContactRule
from crm.demo.company.bulk import bulk
from crm.demo.contacting import CONTACT_DAYS, Days
from crm.demo.customers import Customer
from crm.demo.people import PASSWORD, PLACES, WORKERS
from crm.demo.products import RANGES
from crm.demo.rules import RULES, TRIGGER_DAYS, TRIGGERS
from crm.team.calendars import country_calendar
from crm.team.models import Absence, Team, User


@dataclass
class Staff:
    """Our people as rows. reps: by country, in the order in which customers name them."""

    reps: dict[str, list[User]]
    leads: dict[str, User]
    agents: list[User]
    away: list[Absence]
    days: dict[str, Days]
    """The working days of each market."""

    def owner(self, customer: Customer) -> User | None:
        """Who owns the customer; None for nobody."""
        if customer.rep is None:
            return None
        country = customer.market.country
        return [*self.reps[country], self.leads[country]][customer.rep]

    def present(self, user: User, day: dt.date) -> User:
        """The user, or the substitute on a day of the user's absence."""
        for absence in self.away:
            if absence.user_id == user.pk and absence.first_day <= day <= absence.last_day:
                return absence.substitute or user
        return user


def write_staff(today: dt.date) -> Staff:
    teams = {
        place.key: Team.objects.create(name=place.name, country=place.country, time_zone=place.time_zone)
        for place in PLACES
    }
    password = make_password(PASSWORD)
    users = bulk(
        User(
            email=worker.address,
            password=password,
            name=worker.name,
            role=worker.role,
            team=teams[worker.team] if worker.team else None,
            sales_code=worker.sales_code,
            language=worker.language,
            time_zone=worker.time_zone,
            country=worker.country,
            weekly_contact_minutes=worker.weekly_contact_minutes,
        )
        for worker in WORKERS
    )
    reps: dict[str, list[User]] = defaultdict(list)
    leads: dict[str, User] = {}
    for worker, user in zip(WORKERS, users, strict=True):
        if worker.role == "rep" and worker.team:
            reps[worker.team].append(user)
        if worker.role == "manager" and worker.team:
            leads[worker.team] = user
            teams[worker.team].leads.add(user)
    days = {
        place.country: Days(
            country_calendar(place.country),
            first=today - dt.timedelta(days=4 * 365),
            last=today + dt.timedelta(days=120),
            today=today,
        )
        for place in PLACES
    }
    away = bulk(_absences(reps, days, today))
    agents = [user for user in users if user.is_agent]
    return Staff(dict(reps), leads, agents, away, days)


def _absences(reps: dict[str, list[User]], days: dict[str, Days], today: dt.date) -> Iterator[Absence]:
    """A week of a Polish rep that is over, one of a Bulgarian rep that comes."""
    monday = today - dt.timedelta(days=today.weekday())
    polish, bulgarian = reps["PL"], reps["BG"]
    yield Absence(
        user=polish[1],
        substitute=polish[0],
        first_day=monday - dt.timedelta(days=14),
        last_day=monday - dt.timedelta(days=10),
        reason="Holiday",
    )
    yield Absence(
        user=bulgarian[1],
        substitute=bulgarian[0],
        first_day=monday + dt.timedelta(days=14),
        last_day=monday + dt.timedelta(days=18),
        reason="Training at the works",
    )


def write_products() -> dict[str, Product]:
    lines = bulk(
        ProductLine(name=line.name, return_terms=line.returns, exchange_terms=line.exchange)
        for line in RANGES
    )
    products = bulk(
        Product(
            code=article.code,
            name=article.name,
            line=row,
            complexity=article.complexity,
            service_life_months=article.life,
        )
        for line, row in zip(RANGES, lines, strict=True)
        for article in line.articles
    )
    return {product.code: product for product in products}


def write_rules(today: dt.date) -> None:
    lines = {line.name: line for line in ProductLine.objects.all()}
    for priority, rule in enumerate(RULES, 1):
        fields = {key: value for key, value in rule.items() if key != "product_lines"}
        fields["phases"] = list(fields.get("phases", ()))
        row = ContactRule.objects.create(
            priority=priority, active_from=today - dt.timedelta(days=CONTACT_DAYS), **fields
        )
        row.product_lines.set(lines[name] for name in rule.get("product_lines", ()))
    ContactRule.objects.bulk_create(
        ContactRule(
            kind=ContactRule.Kind.TRIGGER,
            priority=priority,
            fires_from=today - dt.timedelta(days=TRIGGER_DAYS),
            **trigger,
        )
        for priority, trigger in enumerate(TRIGGERS, 1)
    )
