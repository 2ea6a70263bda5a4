"""Evidence and ladder in pandas (requirements-bench.txt), as a script beside the product would reckon them."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import numpy
import pandas
from django.db import connection

from benchmarks.clock import Times, timed
from segmentation.windows import window


def tier(times: Times, as_of: dt.date) -> Any:
    """Evidence and ladder of all accounts as a pandas script does it: read, group, rank, decide; nothing is written.

    Returns a frame with the tier and trail of every account. Default policy, no pins: as the generated company is.
    """
    with timed(times):
        return _tiers_in_pandas(as_of)


def differing(found: Any, as_of: dt.date) -> int:
    """How many accounts pandas gave another tier or another trail than the run as of that day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.account_id, s.tier, s.trail FROM segmentation_tierassessment s"
            " JOIN segmentation_tieringrun r ON r.id = s.run_id WHERE r.as_of = %s",
            [as_of],
        )
        assessed = {pk: (tier, trail) for pk, tier, trail in cursor.fetchall()}
    # pandas has NaN where there is no tier.
    mine = {
        pk: (tier if isinstance(tier, str) else None, trail if isinstance(trail, str) else "")
        for pk, tier, trail in zip(found.index, found.tier, found.trail, strict=True)
    }
    return sum(1 for pk, tier in assessed.items() if mine.get(pk) != tier) + len(set(mine) - set(assessed))


def _tiers_in_pandas(as_of: dt.date) -> Any:
    days = window(as_of, 12)
    end, start, before, gap = (
        pandas.Timestamp(day) for day in (days.end, days.start, days.previous_start, days.gap_start)
    )

    def read(statement: str, *parameters: object, dates: list[str] | None = None) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            names = [column.name for column in cursor.description]
            frame = pandas.DataFrame(cursor.fetchall(), columns=names)
        for name in dates or []:
            frame[name] = pandas.to_datetime(frame[name])
        return frame

    # A run applies what nobody decided before it reads the tiers.
    accounts = read(
        "SELECT a.id, a.code, a.seasonal, CASE WHEN c.id IS NOT NULL THEN c.to_tier"
        " WHEN NOT a.tier_provisional THEN a.tier END AS previous FROM accounts_account a"
        " LEFT JOIN segmentation_tierchange c ON c.account_id = a.id AND c.state = 'proposed'"
        " WHERE a.merged_into_id IS NULL ORDER BY a.id"
    ).set_index("id")
    bought = read(
        "SELECT account_id, ordered_on, amount_cents, quarter, due_on, paid_on FROM accounts_purchase"
        " WHERE ordered_on < %s",
        days.end,
        dates=["ordered_on", "due_on", "paid_on"],
    )
    talked = read(
        "SELECT account_id, minutes FROM contacts_touchpoint WHERE day >= %s AND day < %s"
        " AND channel <> 'broadcast' AND deleted_at IS NULL",
        days.start,
        days.end,
    )
    complained = read(
        "SELECT account_id FROM complaints_complaint WHERE opened_on >= %s AND opened_on < %s AND kind = 'complaint'",
        days.start,
        days.end,
    )

    in_window = bought[bought.ordered_on >= start]
    positive = bought[bought.amount_cents > 0]
    recent = positive[positive.ordered_on >= start]
    found = accounts.copy()
    found["revenue"] = in_window.groupby("account_id").amount_cents.sum()
    earlier = bought[(bought.ordered_on >= before) & (bought.ordered_on < start)]
    found["previous_revenue"] = earlier.groupby("account_id").amount_cents.sum()
    found["quarters"] = recent.groupby("account_id").quarter.nunique()
    found["orders"] = recent.groupby("account_id").size()
    found["minutes"] = talked.groupby("account_id").minutes.sum()
    found["complaints"] = complained.groupby("account_id").size()
    counts = ["revenue", "previous_revenue", "quarters", "orders", "minutes", "complaints"]
    found[counts] = found[counts].fillna(0).astype("int64")
    ever = positive.groupby("account_id").ordered_on.agg(["min", "max"])
    found["first"], found["last"] = ever["min"], ever["max"]
    of_gap = positive[positive.ordered_on >= gap].groupby("account_id").ordered_on
    found["gap_count"] = of_gap.nunique() - 1
    found["gap_days"] = (of_gap.max() - of_gap.min()).dt.days
    due = positive[(positive.due_on >= start) & (positive.due_on < end)]
    day = pandas.Timestamp(as_of)
    paid = due.paid_on.where(due.paid_on <= day, day)
    found["due_cents"] = due.groupby("account_id").amount_cents.sum()
    late = due[(paid - due.due_on).dt.days > 7]
    found["late_cents"] = late.groupby("account_id").amount_cents.sum()
    months = (days.end.year - found["first"].dt.year) * 12 + days.end.month - found["first"].dt.month
    found["tenure"] = months - (found["first"].dt.day > days.end.day)
    found["days_since"] = (day - found["last"]).dt.days

    customer = found["first"].notna()
    ranked = found[customer & (found.revenue > 0)].sort_values(["revenue", "code"], ascending=[False, True])
    total = int(ranked.revenue.sum())
    preceding = (ranked.revenue.cumsum() - ranked.revenue).reindex(found.index)
    steps = [
        (
            "volume",
            numpy.where(
                preceding * 100 < 80 * total, "A", numpy.where(preceding * 100 < 95 * total, "B", "C")
            ),
        )
    ]
    tier = steps[0][1]
    previous = found.previous.fillna("").to_numpy()
    near_a = (preceding * 100 >= 78 * total) & (preceding * 100 <= 82 * total)
    near_b = (preceding * 100 >= 93 * total) & (preceding * 100 <= 97 * total)
    stands = (near_a & numpy.isin(previous, ["A", "B"]) & numpy.isin(tier, ["A", "B"])) | (
        near_b & numpy.isin(previous, ["B", "C"]) & numpy.isin(tier, ["B", "C"])
    )
    tier = numpy.where(stands, previous, tier)
    steps.append(("band", tier))
    tier = numpy.where((tier == "A") & ((found.quarters < 3) | (found.tenure < 24)), "B", tier)
    steps.append(("systematic", tier))
    newcomer = (found.tenure < 12) & (found.revenue > 0)
    tier = numpy.where((tier == "C") & newcomer, "B", tier)
    steps.append(("newcomer", tier))
    tier = numpy.where((found.quarters < 2) & ~newcomer & ~found.seasonal, "C", tier)
    steps.append(("sporadic", tier))

    trail = pandas.Series("volume:", index=found.index) + steps[0][1]
    for (_name, was), (name, is_now) in pairwise(steps):
        trail = trail + numpy.where(is_now != was, f">{name}:" + pandas.Series(is_now, index=found.index), "")
    found["tier"] = numpy.where(customer, tier, None)
    found["trail"] = numpy.where(customer, trail, "")
    return found
