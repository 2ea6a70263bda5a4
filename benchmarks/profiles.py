"""What each account of the generated company is like: drawn before anything is written."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

PORTFOLIO = 400
"""Accounts of a rep."""
HISTORY_DAYS = 4 * 365
_PROSPECTS = 0.08
_SPREAD_OF_ORDERS = 1.0  # sigma of the lognormal number of orders
_PARETO = 1.16  # of the value of an order: 20 % of customers bring about 80 % of sales
_MOST_ORDERS = 40  # times the mean


@dataclass(slots=True)
class Profile:
    """What one account is like. Days count back from today."""

    first: int
    last: int
    """It bought between these two days; equal where it never did."""
    purchases: int
    touchpoints: int
    ticket: float
    """Of a usual order, in cents."""
    terms: int
    late: float
    """The share of its purchases that it pays late."""


def draw_profiles(accounts: int, purchases: int, touchpoints: int, seed: int) -> list[Profile]:
    """One profile per account, with as many purchases and touchpoints in all as asked for."""
    mean = math.exp(_SPREAD_OF_ORDERS**2 / 2) * (1 - _PROSPECTS) * 0.82  # 0.82: not all bought all the time
    bought, talked = purchases / accounts / mean, touchpoints / accounts
    profiles = []
    for place in range(accounts):
        rng = random.Random(f"{seed} {place}")
        fate, first, last = rng.random(), HISTORY_DAYS, 1
        if fate < 0.15:
            first = rng.randint(10, 365)
        elif fate < 0.40:
            first = rng.randint(365, HISTORY_DAYS)
        elif fate < 0.55:
            last = rng.randint(120, HISTORY_DAYS - 100)
        buys = rng.random() >= _PROSPECTS
        keenness = min(rng.lognormvariate(0, _SPREAD_OF_ORDERS), _MOST_ORDERS)
        share = (first - last) / HISTORY_DAYS
        ticket = 8_000 * min(rng.paretovariate(_PARETO), 3_000)
        profiles.append(
            Profile(
                first=first if buys else 0,
                last=last if buys else 0,
                purchases=max(1, round(bought * keenness * share)) if buys else 0,
                touchpoints=round(talked * min(rng.lognormvariate(-0.32, 0.8), 12)),
                ticket=ticket,
                terms=rng.choice((14, 14, 30, 30, 45)),
                late=rng.choice((0.02, 0.05, 0.05, 0.1, 0.6)),
            )
        )
    _fit(profiles, "purchases", purchases)
    _fit(profiles, "touchpoints", touchpoints)
    return profiles


def _fit(profiles: list[Profile], kind: str, wanted: int) -> None:
    """Bring the total to what is wanted, a little at each of the last accounts; the first rep's stay as drawn."""
    least = 1 if kind == "purchases" else 0
    ends = [
        profile
        for place, profile in enumerate(profiles)
        if (place >= PORTFOLIO or len(profiles) <= PORTFOLIO) and (kind != "purchases" or profile.purchases)
    ]
    missing = wanted - sum(getattr(profile, kind) for profile in profiles)
    while missing and ends:
        step = max(1, abs(missing) // len(ends)) * (1 if missing > 0 else -1)
        moved = False
        for profile in reversed(ends):
            if not missing:
                break
            many = max(least, getattr(profile, kind) + step)
            moved = moved or many != getattr(profile, kind)
            missing -= many - getattr(profile, kind)
            setattr(profile, kind, many)
            if abs(missing) < abs(step):
                step = missing
        if not moved:
            raise SystemExit(f"{wanted} {kind} are too few for {len(profiles)} accounts.")
