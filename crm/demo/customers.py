"""Who the example company's customers are: name, place, way of buying. Pure."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from crm.demo.names import MARKETS
from crm.demo.names.market import SEASONAL, City, Firm, Market, slug
from crm.demo.products import MACHINES, RANGES, Article

PURCHASE_MONTHS = 38
"""How far back purchases go: three years, and what the earliest of the four quarters needs for two years' tenure."""

SHARES_OF_MARKETS = {"PL": 0.38, "BG": 0.30, "HU": 0.32}


class Kind(NamedTuple):
    """A way of buying. yearly: median of a year's sales in units of the base currency, spread: sigma of its logarithm.

    gap: days between two purchases (from, to). growth: how many times as much is bought now as at the start.
    """

    name: str
    share: float
    yearly: float
    spread: float
    gap: tuple[float, float]
    growth: tuple[float, float] = (0.9, 1.25)


KINDS = (
    Kind("loyal", 0.07, 66_000, 0.95, (9, 26)),
    Kind("systematic", 0.19, 8_500, 1.0, (24, 58)),
    Kind("growing", 0.05, 12_000, 0.9, (20, 50), (1.8, 3.4)),
    Kind("shrinking", 0.05, 22_000, 0.9, (16, 45), (0.25, 0.5)),
    Kind("sporadic", 0.22, 1_300, 1.0, (110, 320)),
    Kind("new", 0.09, 4_500, 1.1, (18, 70)),
    Kind("lapsing", 0.06, 6_000, 1.0, (20, 50)),
    Kind("lost", 0.08, 6_500, 0.9, (25, 90)),
    Kind("seasonal", 0.05, 8_000, 0.9, (11, 24)),
    Kind("late", 0.05, 5_500, 0.9, (25, 60)),
    Kind("prospect", 0.09, 9_000, 1.0, (30, 60)),
)
_BY_NAME = {kind.name: kind for kind in KINDS}
_MONTHS_OF_SEASON = {
    "hotel": (3, 4, 5, 6, 7, 8),
    "spa": (4, 5, 6, 7, 8, 9),
    "fruit": (6, 7, 8, 9, 10),
    "sugar": (8, 9, 10, 11, 12),
    "ski": (10, 11, 12, 1, 2),
}


@dataclass
class Customer:
    """One account to be. `rep`: the owner's place among the market's reps, after the last the manager; None: nobody."""

    code: str
    market: Market
    firm: Firm
    city: City
    kind: Kind
    rep: int | None
    yearly: float
    gap: float
    growth: float
    discount: float
    pays_after: int
    """Days of credit."""
    first_day: dt.date
    """Purchases fall between first_day and last_day."""
    last_day: dt.date
    favourites: tuple[Article, ...]
    season: tuple[int, ...] = ()
    group: int | None = None
    """The place of the parent in the list of customers."""
    domain: str = ""
    rng: random.Random = field(default_factory=random.Random, repr=False)

    @property
    def buys(self) -> bool:
        return self.kind.name != "prospect"


def draw_customers(
    *, count: int, today: dt.date, last_quarter_end: dt.date, reps: int, seed: int
) -> list[Customer]:
    """`count` customers of the three markets, the same ones for the same arguments."""
    rng = random.Random(f"opieka {seed}")
    kinds = _kinds(rng, count)
    markets = [
        country for country, share in SHARES_OF_MARKETS.items() for _ in range(math.ceil(count * share))
    ]
    rng.shuffle(markets)
    names = {country: _names(rng, market) for country, market in MARKETS.items()}
    groups = {country: iter(market.groups) for country, market in MARKETS.items()}
    long_names = {country: iter(market.long_names) for country, market in MARKETS.items()}
    customers: list[Customer] = []
    fresh = iter(_days_after(last_quarter_end, today, max(3, count // 85)))
    for place in range(count):
        market = MARKETS[markets[place]]
        customer = _draw(
            random.Random(f"{seed} {place}"), place, market, next(names[market.country]), kinds[place], today
        )
        if kinds[place].name == "new" and (day := next(fresh, None)):
            customer.first_day = day
        fate = rng.random()
        customer.rep = None if fate < 0.013 else reps if fate < 0.024 else rng.randrange(reps)
        if place % 97 == 11 and (name := next(long_names[market.country], None)):
            customer.firm = Firm(name[0], customer.firm.trade)
            customer.city = next(city for city in market.cities if city.name == name[1])
        customers.append(customer)
    _form_groups(rng, customers, groups, max(1, count // 90))
    domains: set[str] = set()
    for customer in customers:
        customer.domain = next(name for name in _domains(customer) if name not in domains)
        domains.add(customer.domain)
    return customers


def _kinds(rng: random.Random, count: int) -> list[Kind]:
    """Each kind as often as its share says."""
    kinds = [kind for kind in KINDS for _ in range(round(kind.share * count))]
    kinds += [_BY_NAME["sporadic"]] * (count - len(kinds))
    kinds = kinds[:count]
    rng.shuffle(kinds)
    return kinds


def _names(rng: random.Random, market: Market) -> Iterator[tuple[Firm, City]]:
    """Firms of a market without end, no name twice, whatever the legal form."""
    known: set[str] = set()
    for tries in itertools.count():
        city = rng.choice(market.cities)
        firm = market.firm(rng, city)
        plain = next(
            (firm.name.removesuffix(f" {f}") for f in market.forms if firm.name.endswith(f" {f}")), firm.name
        )
        if plain in known and tries % 8 == 7:
            plain = f"{plain} – {city.name}"
            firm = Firm(f"{firm.name} – {city.name}", firm.trade)
        if plain not in known:
            known.add(plain)
            yield firm, city


def _draw(
    rng: random.Random, place: int, market: Market, name: tuple[Firm, City], kind: Kind, today: dt.date
) -> Customer:
    """One customer; every random number comes from its own source, so that one more customer changes no other."""
    firm, city = name
    season = _MONTHS_OF_SEASON.get(firm.trade, ())
    if kind.name == "seasonal" and not season:
        season = _MONTHS_OF_SEASON[rng.choice(sorted(_MONTHS_OF_SEASON))]
    gap = rng.uniform(*kind.gap)
    yearly = min(kind.yearly * rng.lognormvariate(0, kind.spread), 520_000)
    start = today - dt.timedelta(days=round(PURCHASE_MONTHS * 30.44))
    first, last = _span(rng, kind, gap, start, today)
    return Customer(
        code=f"{market.country}{10001 + place}",
        market=market,
        firm=firm,
        city=city,
        kind=kind,
        rep=None,
        yearly=yearly,
        gap=gap,
        growth=rng.uniform(*kind.growth),
        discount=1 - rng.choice((0, 0.03, 0.05, 0.08, 0.12)) * (yearly > 5_000),
        pays_after=rng.choice((14, 14, 30, 30, 30, 45)),
        first_day=first,
        last_day=last,
        favourites=_favourites(rng, yearly * gap / 365),
        season=season if kind.name == "seasonal" else (),
        rng=rng,
    )


def _span(
    rng: random.Random, kind: Kind, gap: float, start: dt.date, today: dt.date
) -> tuple[dt.date, dt.date]:
    """Between which days a customer of the kind buys."""
    reach = (today - start).days
    first, last = 0.0, float(reach - 1)
    if kind.name == "new":
        first = reach - rng.uniform(20, 365)
    elif kind.name == "growing":
        first = rng.choice((0.0, rng.uniform(0, 600)))
    elif kind.name == "lapsing":
        # Past twice its usual gap and 60 days, not yet four times it and 180.
        last = reach - rng.uniform(max(2.2 * gap, 66), max(3.6 * gap, 140))
        first = rng.uniform(0, reach - 600)
    elif kind.name == "lost":
        last = reach - rng.uniform(max(4.3 * gap, 190), 560)
        first = rng.uniform(0, last - 240)
    elif rng.random() < 0.4:
        first = rng.uniform(0, reach - 380)
    return start + dt.timedelta(days=round(first)), start + dt.timedelta(days=round(last))


def _favourites(rng: random.Random, basket: float) -> tuple[Article, ...]:
    """What the customer buys: machines seldom and only where a basket can hold one, the rest again and again."""
    lines = rng.sample(RANGES, k=rng.choice((2, 3, 3, 4, 5)))
    articles = [
        article
        for line in lines
        for article in rng.sample(line.articles, k=min(len(line.articles), rng.randint(2, 4)))
        if article.price <= basket * 2 or line.name not in MACHINES
    ]
    if not any(article.price <= max(basket, 60) for article in articles):
        articles += rng.sample(RANGES[3].articles, k=3) + rng.sample(RANGES[5].articles, k=2)
    return tuple(articles)


def _form_groups(
    rng: random.Random, customers: list[Customer], names: dict[str, Iterator[str]], count: int
) -> None:
    """Make some customers parents and others their sites; a group has one owner and one market."""
    for place, head in enumerate(customers):
        if count == 0:
            return
        if head.kind.name not in {"loyal", "systematic"} or not (
            name := next(names[head.market.country], None)
        ):
            continue
        head.firm = Firm(name, head.firm.trade)
        sites = [c for c in customers[place + 1 : place + 60] if c.market is head.market and c.group is None][
            : rng.randint(2, 5)
        ]
        taken = {head.city.name}
        for site in sites:
            if site.city.name in taken:
                continue
            taken.add(site.city.name)
            site.group, site.rep = place, head.rep
            short = name.rsplit(" ", 1)[0] if name.endswith(("S.A.", "АД", "ЕАД", "Zrt.", "Kft.")) else name
            site.firm = Firm(head.market.site.format(group=short, city=site.city.name), head.firm.trade)
        count -= 1


def _domains(customer: Customer) -> Iterator[str]:
    """Internet names the customer could have, best first; example is reserved for examples."""
    words = [word for word in slug(customer.firm.name).split("-") if word not in _NOT_IN_DOMAINS]
    yield "-".join(words[:2])[:40] + ".example"
    yield "-".join(words[:3])[:50] + ".example"
    yield f"{'-'.join(words[:2])[:40]}-{slug(customer.city.name)}.example"
    yield f"{'-'.join(words[:2])[:40]}-{customer.code.lower()}.example"


_NOT_IN_DOMAINS = frozenset(
    ("sp", "z", "o", "k", "j", "s", "a", "ood", "eood", "ad", "ead", "et", "kft", "zrt", "bt", "p", "h", "u", "i", "es")
)  # fmt: skip


def _days_after(first: dt.date, today: dt.date, count: int) -> list[dt.date]:
    """Up to `count` days between two days, neither included, evenly spread."""
    room = (today - first).days - 2
    return (
        [first + dt.timedelta(days=1 + round(room * (n + 0.5) / count)) for n in range(count)]
        if room > 0
        else []
    )


def is_seasonal_trade(customer: Customer) -> bool:
    """Whether the trade lives by a season, whatever the customer's purchases say."""
    return customer.firm.trade in SEASONAL
