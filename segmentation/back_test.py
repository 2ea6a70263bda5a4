"""A policy tried on the past (docs/domain.md, 4.4): how steady its tiers would have been, and what they foretold.

For the ends of eight quarters, each followed by a quarter that is over, the ladder is climbed with purchases alone as
they are known today: each time from the tiers that the same way gave a quarter before, without pins and without what
managers decided. The quarter before the first gives the tiers to begin with and is not counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db import connection, transaction

from accounts.models import Purchase
from crm.team.models import User
from segmentation import policies
from segmentation.ladder import NO_TIERS, Tiers
from segmentation.models import BackTest, BackTestQuarter, TierPolicy
from segmentation.simulation import ladder_in
from segmentation.windows import last_quarter_end

QUARTERS = 8
DAY = dt.timedelta(days=1)
Way = BackTestQuarter.Way


def quarter_ends(today: dt.date) -> list[dt.date]:
    """The last days of the quarters that are over: the one to begin with, the eight counted, and the last of sales."""
    ends = [last_quarter_end(today)]
    while len(ends) < QUARTERS + 2:
        ends.append(last_quarter_end(ends[-1]))
    return ends[::-1]


def plain(policy: TierPolicy) -> TierPolicy:
    """The step `volume` of the policy alone: plain ABC by sales, with the same window and boundaries."""
    bare = TierPolicy(**{name: getattr(policy, name) for name in TierPolicy.THRESHOLDS})
    bare.band = bare.potential_weight = 0
    bare.a_min_active_quarters = bare.a_min_tenure_months = 0
    bare.newcomer_months = bare.b_min_active_quarters = 0
    bare.max_late_share = None
    return bare


def try_policy(
    *,
    policy: TierPolicy,
    today: dt.date,
    now: dt.datetime,
    started_by: User | None = None,
    report: Callable[[int, int | None], None] = lambda done, total: None,
) -> BackTest:
    """Try the policy beside the one in force and plain ABC, and keep what was found in the place of an earlier test.

    Nothing is written before the end but temporary tables of this connection. Quarters before the first purchase are
    left out.
    """
    present = policies.policy_in_force()
    ways = {Way.TESTED: policy, Way.IN_FORCE: present, Way.PLAIN: plain(policy)}
    thresholds = policies.thresholds_of(policy)
    if policies.thresholds_of(present) == thresholds:
        del ways[Way.IN_FORCE]
    ends = quarter_ends(today)
    first = (
        Purchase.objects.filter(amount_cents__gt=0)
        .order_by("ordered_on")
        .values_list("ordered_on", flat=True)
    )
    begun = first.first() or today
    found: list[BackTestQuarter] = []
    total = len(ways) * (QUARTERS + 1)
    with _scratch(ways):
        for number, (as_of, until) in enumerate(pairwise(ends)):
            if as_of < begun:
                continue
            _sum_sales(as_of + DAY, until)
            for place, (way, its_policy) in enumerate(ways.items()):
                report(number * len(ways) + place, total)
                step = _Step(way, number)
                counts = step.take(its_policy, as_of=as_of, today=today)
                if number:
                    found.append(BackTestQuarter(way=way, as_of=as_of, **counts))
    with transaction.atomic():
        BackTest.objects.filter(policy=policy).delete()
        made = BackTest.objects.create(
            policy=policy,
            against=present,
            until=ends[-1],
            made_at=now,
            started_by=started_by,
            thresholds=thresholds,
        )
        for row in found:
            row.back_test = made
        BackTestQuarter.objects.bulk_create(found)
    return made


def _run(text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, list(values))
        return cursor.fetchall() if cursor.description else []


def _new(table: str, select: str, values: Sequence[Any] = ()) -> None:
    """A temporary table of this connection, in the place of one that an earlier attempt may have left."""
    _run(f"DROP TABLE IF EXISTS {table}")
    _run(f"CREATE TEMPORARY TABLE {table} AS {select}", values)
    if connection.vendor == "postgresql":
        _run(f"ANALYZE {table}")


_SALES, _LADDER = "back_test_sales", "back_test_ladder"


class _scratch:  # used as a function
    """Nobody has a tier when it begins; nothing is left when it ends."""

    def __init__(self, ways: dict[Any, TierPolicy]) -> None:
        self.tables = [f"back_test_{way}_{side}" for way in ways for side in (0, 1)]

    def __enter__(self) -> None:
        for table in self.tables:
            _new(
                table,
                "SELECT a.id AS account_id, CAST(NULL AS varchar(1)) AS tier, CAST(NULL AS varchar(1)) AS before_tier"
                " FROM accounts_account a WHERE 1 = 0",
            )

    def __exit__(self, *error: object) -> None:
        if connection.needs_rollback:
            return  # they go with the transaction
        for table in (*self.tables, _SALES):
            _run(f"DROP TABLE IF EXISTS {table}")


def _sum_sales(first: dt.date, last: dt.date) -> None:
    """What each account bought from the first to the last day, in cents; returns reduce it."""
    date = connection.ops.adapt_datefield_value
    _new(
        _SALES,
        "SELECT account_id, CAST(SUM(amount_cents) AS bigint) AS cents FROM accounts_purchase"
        " WHERE ordered_on >= %s AND ordered_on <= %s GROUP BY account_id",
        [date(first), date(last)],
    )


@dataclass(frozen=True)
class _Step:
    """One quarter of one way. Its tiers, and those they had before their last change, stand in one of two tables."""

    way: str
    number: int

    @property
    def held(self) -> str:
        """Where the quarter before stands."""
        return f"back_test_{self.way}_{self.number % 2}"

    @property
    def kept(self) -> str:
        return f"back_test_{self.way}_{(self.number + 1) % 2}"

    def take(self, policy: TierPolicy, *, as_of: dt.date, today: dt.date) -> dict[str, int]:
        """Climb the ladder and count; gives the fields of a BackTestQuarter."""
        held = Tiers("held.tier", f"LEFT JOIN {self.held} held ON held.account_id = a.id")
        tiers = NO_TIERS if self.way == Way.PLAIN else held
        with ladder_in(_LADDER, policy, as_of, today, tiers):
            _new(
                self.kept,
                f"""
                SELECT f.account_id, f.tier,
                    CASE WHEN f.tier <> h.tier THEN h.tier ELSE h.before_tier END AS before_tier,
                    CASE WHEN f.tier <> h.tier THEN 1 ELSE 0 END AS flipped,
                    CASE WHEN f.tier <> h.tier AND f.tier = h.before_tier THEN 1 ELSE 0 END AS flipped_back
                FROM {_LADDER} f LEFT JOIN {self.held} h ON h.account_id = f.account_id
                WHERE f.tier IS NOT NULL
                """,
            )
        counts = _run(
            f"""
            SELECT COUNT(*) FILTER (WHERE tier = 'A'), COUNT(*) FILTER (WHERE tier = 'B'),
                COUNT(*) FILTER (WHERE tier = 'C'), COALESCE(SUM(flipped), 0), COALESCE(SUM(flipped_back), 0)
            FROM {self.kept}
            """
        )[0]
        sales = _run(
            f"""
            SELECT CAST(COALESCE(SUM(s.cents), 0) AS bigint),
                CAST(COALESCE(SUM(s.cents) FILTER (WHERE k.tier = 'A'), 0) AS bigint)
            FROM {_SALES} s LEFT JOIN {self.kept} k ON k.account_id = s.account_id
            """
        )[0]
        names = (
            "a_accounts",
            "b_accounts",
            "c_accounts",
            "flips",
            "flips_back",
            "sales_cents",
            "a_sales_cents",
        )
        return dict(zip(names, (*counts, *sales), strict=True))


# What was found, for the page ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Summary:
    """One way over all quarters. Shares are fractions; None where there is nothing to divide by."""

    way: str
    quarters: list[BackTestQuarter]

    @property
    def name(self) -> str:
        return str(Way(self.way).label)

    @property
    def flips(self) -> int:
        return sum(one.flips for one in self.quarters)

    @property
    def flips_back(self) -> int:
        return sum(one.flips_back for one in self.quarters)

    @property
    def flip_share(self) -> float | None:
        """Of all accounts with a tier, how many changed it in a quarter, on average."""
        return _share(self.flips, sum(tiered(one) for one in self.quarters))

    @property
    def a_share(self) -> float | None:
        """How much of the next quarters' sales tier A held."""
        return _share(
            sum(one.a_sales_cents for one in self.quarters), sum(one.sales_cents for one in self.quarters)
        )

    @property
    def a_accounts(self) -> float | None:
        """Which part of the accounts with a tier was A, on average."""
        return _share(sum(one.a_accounts for one in self.quarters), sum(tiered(one) for one in self.quarters))


def tiered(row: BackTestQuarter) -> int:
    """How many accounts had a tier."""
    return row.a_accounts + row.b_accounts + row.c_accounts


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def summaries(test: BackTest) -> list[Summary]:
    """The ways that were compared, this policy first. One query."""
    by_way: dict[str, list[BackTestQuarter]] = {}
    for row in test.quarters.order_by("as_of"):
        by_way.setdefault(row.way, []).append(row)
    return [Summary(way, by_way[way]) for way in Way.values if way in by_way]
