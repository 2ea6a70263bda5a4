"""What each customer of the example company bought: days, baskets, deliveries, payments. Pure."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import NamedTuple

from crm.demo.customers import Customer
from crm.demo.products import RANGES, Article

CENT = Decimal("0.01")
_DELIVERY_DAYS = {article.code: line.delivery_days for line in RANGES for article in line.articles}


class Line(NamedTuple):
    """One line of a purchase; `unit_price` in the base currency with two decimals."""

    article: Article
    quantity: int
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price


class Bought(NamedTuple):
    """One purchase; days that lie after today are None, as they would be in an ERP's export."""

    ordered: dt.date
    promised: dt.date | None
    delivered: dt.date | None
    due: dt.date | None
    paid: dt.date | None
    lines: tuple[Line, ...]

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def days_late(self) -> int:
        """By how many days the delivery missed its promise; 0 where it did not."""
        if not (self.promised and self.delivered):
            return 0
        return max(0, (self.delivered - self.promised).days)


def purchases_of(customer: Customer, *, today: dt.date) -> list[Bought]:
    """Everything the customer bought, in order of days; nothing for a prospect."""
    if not customer.buys:
        return []
    rng = customer.rng
    return [
        bought
        for day in order_days(customer)
        for bought in _buy(rng, customer, day, today)
        if bought.ordered < today
    ]


def order_days(customer: Customer) -> list[dt.date]:
    """The days on which the customer orders: Mondays to Fridays, in its season if it has one."""
    rng, at = customer.rng, 0.0
    days: list[dt.date] = []
    reach = (customer.last_day - customer.first_day).days
    steady = 0.28 if customer.kind.name in {"loyal", "systematic"} else 0.45
    while at <= reach:
        day = customer.first_day + dt.timedelta(days=round(at))
        day -= dt.timedelta(days=max(0, day.weekday() - 4))
        if (not customer.season or day.month in customer.season) and (not days or day > days[-1]):
            days.append(day)
        at += max(1.0, customer.gap * rng.lognormvariate(0, steady))
    return days


def _buy(rng: random.Random, customer: Customer, day: dt.date, today: dt.date) -> list[Bought]:
    """The purchase of a day, and now and then the credit note that follows it."""
    lines = _basket(rng, customer, _size(rng, customer, day), day)
    promised = _workday(
        day + dt.timedelta(days=max(_DELIVERY_DAYS[line.article.code] for line in lines) * 7 // 5)
    )
    late = rng.choice((1, 2, 2, 3, 4, 6, 9, 14)) if rng.random() < 0.07 else -rng.choice((0, 0, 0, 1))
    delivered = max(day, _workday(promised + dt.timedelta(days=late)))
    due = max(delivered, promised) + dt.timedelta(days=customer.pays_after)
    paid = _workday(due + dt.timedelta(days=_payment_delay(rng, customer)))
    bought = [
        Bought(
            ordered=day,
            promised=promised,
            delivered=delivered if delivered < today else None,
            due=due,
            paid=paid if paid < today else None,
            lines=lines,
        )
    ]
    if rng.random() < 0.018:
        back = delivered + dt.timedelta(days=rng.randint(4, 20))
        article, quantity, price = rng.choice(lines)
        taken = Line(article, -max(1, quantity // rng.choice((1, 2, 3))), price)
        bought.append(Bought(_workday(back), None, None, None, None, (taken,)))
    return bought


def _size(rng: random.Random, customer: Customer, day: dt.date) -> float:
    """What is to be spent on the day, before rounding to whole pieces."""
    span = max(1, (customer.last_day - customer.first_day).days)
    elapsed = (day - customer.first_day).days / span
    busy = 12 / len(customer.season) if customer.season else 1.0
    # Who grows or shrinks does so in the last third of the time.
    drift = (
        customer.growth ** (max(0.0, elapsed - 0.6) / 0.4) if _turns(customer) else customer.growth**elapsed
    )
    base = customer.yearly * customer.gap / 365 * busy * drift
    return max(35.0, base * rng.lognormvariate(-0.06, 0.38))


def _turns(customer: Customer) -> bool:
    return customer.kind.name in {"growing", "shrinking"}


def _basket(rng: random.Random, customer: Customer, size: float, day: dt.date) -> tuple[Line, ...]:
    """Two or three products that come to about `size`."""
    rest, lines, used = size, [], set()
    rise = 1.03 ** (day.year - 2024 + day.month / 12)
    for _ in range(rng.choice((1, 2, 2, 3, 3, 4))):
        fitting = [
            a
            for a in customer.favourites
            if a.code not in used and size / 40 <= a.price <= max(rest, 45) * 1.2
        ]
        if not fitting:
            break
        article = rng.choice(fitting)
        used.add(article.code)
        price = Decimal(article.price * customer.discount * rise).quantize(CENT)
        quantity = max(1, round(rest * rng.uniform(0.45, 1.0) / float(price)))
        lines.append(Line(article, min(quantity, 60), price))
        rest -= float(lines[-1].amount)
        if rest < size * 0.12:
            break
    if not lines:
        article = min(customer.favourites, key=lambda a: abs(a.price - size))
        price = Decimal(article.price * customer.discount * rise).quantize(CENT)
        lines.append(Line(article, max(1, min(60, round(size / float(price)))), price))
    return tuple(lines)


def _payment_delay(rng: random.Random, customer: Customer) -> int:
    """Days between the due date and the payment; negative where it was paid before."""
    if customer.kind.name == "late":
        return round(rng.triangular(3, 85, 24))
    if rng.random() < 0.05:
        return rng.randint(8, 25)
    return round(rng.triangular(-9, 3, -1))


def _workday(day: dt.date) -> dt.date:
    """The day itself, or the Monday after a weekend."""
    return day + dt.timedelta(days=(7 - day.weekday()) if day.weekday() > 4 else 0)
