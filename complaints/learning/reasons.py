"""What customers complain of: by category, against product lines, tiers, regions and months; and the root causes."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from complaints.learning.scope import Scope

LINE, TIER, REGION, MONTH = "line", "tier", "region", "month"
_PATHS = {LINE: "product__line__name", TIER: "account__tier", REGION: "account__country"}
WAYS = (LINE, TIER, REGION, MONTH)


@dataclass(frozen=True)
class Crossed:
    """How often each category stands with each group: categories by their codes, both most frequent first.

    groups: names of product lines, tiers, codes of countries, or months as ISO 8601; "" is unknown.
    """

    categories: list[str]
    groups: list[str]
    counts: dict[tuple[str, str], int]
    """(group, category)."""
    by_group: Counter[str]
    by_category: Counter[str]

    @property
    def total(self) -> int:
        return sum(self.by_group.values())


def crossed(scope: Scope, way: str) -> Crossed:
    """The complaints of the period by category and one of WAYS. One statement.

    The tier and the country are the account's of today. Months stand in their order, those without a complaint as well.
    """
    rows = scope.complaints
    rows = rows.annotate(month=TruncMonth("opened_on")) if way == MONTH else rows
    counts: dict[tuple[str, str], int] = {}
    by_group: Counter[str] = Counter()
    by_category: Counter[str] = Counter()
    path = _PATHS.get(way, "month")
    for category, found, number in rows.values_list("category_id", path).annotate(number=Count("pk")):
        group = found.isoformat() if isinstance(found, dt.date) else found or ""
        counts[group, category] = number
        by_group[group] += number
        by_category[category] += number
    groups = sorted(by_group, key=lambda group: (not group, -by_group[group], group))
    if way == MONTH:
        groups = [month.isoformat() for month in scope.period.months]
    elif way == TIER:
        groups.sort(key=lambda group: (not group, group))
    categories = sorted(by_category, key=lambda code: (-by_category[code], code))
    return Crossed(categories, groups, counts, by_group, by_category)


@dataclass(frozen=True)
class Cause:
    """One root cause: how many complaints it was named for, and what was granted for them in cents."""

    code: str
    name: str
    number: int
    granted_cents: int
    most_in: str
    """The category that it was named for most often."""


def causes(scope: Scope) -> list[Cause]:
    """The root causes named for complaints of the period, the most frequent first. One statement."""
    rows = scope.complaints.filter(root_cause__isnull=False)
    names: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    granted: Counter[str] = Counter()
    categories: dict[str, Counter[str]] = defaultdict(Counter)
    for code, name, category, number, cents in rows.values_list(
        "root_cause_id", "root_cause__name", "category_id"
    ).annotate(number=Count("pk"), cents=Sum("granted_cents")):
        names[code] = name
        numbers[code] += number
        granted[code] += cents or 0
        categories[code][category] += number
    return [
        Cause(code, names[code], number, granted[code], categories[code].most_common(1)[0][0])
        for code, number in sorted(numbers.items(), key=lambda pair: (-pair[1], names[pair[0]]))
    ]
