"""Evidence and ladder as one SQL text for both databases (docs/domain.md, 4.1 and 4.2).

The text is a chain of WITH steps: the evidence (purchases per account in one index-only pass, touchpoints, complaints,
joined), the ranking, then one step per rung of the ladder. Only a few words differ between the databases (`_WORDS`),
and in how many parts the evidence is gathered: on PostgreSQL each part of the accounts is one process's.

- Exact: whole cents and whole basis points. A share is never divided: the cents at which each boundary lies are
  reckoned once per run (`limits`), in a way that cannot overflow before the total itself does.
- Both databases would paste one rung into the next, and nested CASE grows exponentially. So a tier is a number, each
  rung is a least or greatest of the one before and what it allows, and there are two fences: OFFSET 0 on PostgreSQL,
  which is cheaper than materializing; SQLite must materialize. PostgreSQL's SUM(bigint) is numeric: each is cast back
  at once, or every later step pays for it. Its COUNT(DISTINCT) sorts every account's rows: a window has at most 21
  quarters (60 months), so they are counted as bits.
- Days and thresholds are named parameters, so the text is the same for every policy and every day.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import Account, quarter_number
from segmentation.models import TierPolicy
from segmentation.windows import window

BASIS_POINTS = 10_000

_WORDS = {
    "postgresql": {
        "days": "({later} - {earlier})",
        "month": "CAST(date_part('year', {day}) * 12 + date_part('month', {day}) AS integer)",
        "day_of_month": "CAST(date_part('day', {day}) AS integer)",
        "quarters": "bit_count(CAST(BIT_OR(1 << (quarter - %(first_quarter)s)) FILTER ({which}) AS bit(32)))",
        "least": "LEAST",
        "greatest": "GREATEST",
        "rung": "AS",
        "fence": "OFFSET 0",
    },
    "sqlite": {
        "days": "CAST(julianday({later}) - julianday({earlier}) AS integer)",
        "month": "(CAST(strftime('%%Y', {day}) AS integer) * 12 + CAST(strftime('%%m', {day}) AS integer))",
        "day_of_month": "CAST(strftime('%%d', {day}) AS integer)",
        "quarters": "COUNT(DISTINCT quarter) FILTER ({which})",
        "least": "MIN",
        "greatest": "MAX",
        "rung": "AS MATERIALIZED",
        "fence": "",
    },
}

# SQLite has one process anyway.
_PARTS = {"postgresql": 4, "sqlite": 1}


def basis_points(share: Decimal | int | float | str) -> int:
    """A fraction with at most four decimals as whole basis points."""
    return int(Decimal(str(share)) * BASIS_POINTS)


def parameters(policy: TierPolicy, as_of: dt.date, connection: BaseDatabaseWrapper) -> dict[str, Any]:
    """The named parameters of `ladder_sql`: the policy's thresholds and the days of the run."""
    days = window(as_of, policy.window_months)
    a, b, band = (basis_points(share) for share in (policy.a_share, policy.b_share, policy.band))
    date = connection.ops.adapt_datefield_value
    return {
        **_cuts(connection),
        "as_of": date(days.as_of),
        "end": date(days.end),
        "start": date(days.start),
        "previous_start": date(days.previous_start),
        "gap_start": date(days.gap_start),
        "end_month": days.end.year * 12 + days.end.month,
        "end_day_of_month": days.end.day,
        "first_quarter": quarter_number(days.start),
        "window_months": policy.window_months,
        "weight": basis_points(policy.potential_weight),
        "a_share": a,
        "b_share": b,
        # A boundary below nothing or above everything bounds nothing: the same as 0 and 1.
        "a_band_from": max(a - band, 0),
        "a_band_to": min(a + band, BASIS_POINTS),
        "b_band_from": max(b - band, 0),
        "b_band_to": min(b + band, BASIS_POINTS),
        "a_min_active_quarters": policy.a_min_active_quarters,
        "a_min_tenure_months": policy.a_min_tenure_months,
        "newcomer_months": policy.newcomer_months,
        "b_min_active_quarters": policy.b_min_active_quarters,
        "grace_days": policy.grace_days,
        # No share is above the whole: an empty threshold switches the rung off.
        "max_late_share": BASIS_POINTS
        if policy.max_late_share is None
        else basis_points(policy.max_late_share),
    }


def _cuts(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Where the accounts are cut into parts, by id: cut_0 below all, the last above all, whatever comes meanwhile."""
    parts = _PARTS[connection.vendor]
    highest = Account.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    inner = {f"cut_{part}": highest * part // parts for part in range(parts)}
    return inner | {f"cut_{parts}": models.BigIntegerField.MAX_BIGINT}


class Tiers(NamedTuple):
    """Which tier each account starts from, and which is pinned, as SQL beside `accounts_account a`."""

    present: str
    joins: str = ""
    pinned: str = "CAST(NULL AS varchar(1))"


_PIN = """LEFT JOIN segmentation_tierpin pin
        ON pin.account_id = a.id AND pin.first_day <= %(as_of)s AND pin.last_day >= %(as_of)s"""

AS_THEY_ARE = Tiers("CASE WHEN NOT a.tier_provisional THEN a.tier END", _PIN, "pin.tier")
"""The tiers that accounts have. A provisional one counts as none."""

AS_A_RUN_FINDS_THEM = Tiers(
    """CASE
            WHEN today_pin.id IS NOT NULL
                AND NOT (today_pin.first_day <= %(as_of)s AND today_pin.last_day >= %(as_of)s) THEN today_pin.tier
            WHEN a.tier_provisional THEN NULL
            WHEN today_pin.id IS NULL AND undecided.id IS NOT NULL THEN undecided.to_tier
            ELSE a.tier END""",
    f"""{_PIN}
    LEFT JOIN segmentation_tierpin today_pin
        ON today_pin.account_id = a.id AND today_pin.first_day <= %(today)s AND today_pin.last_day >= %(today)s
    LEFT JOIN segmentation_tierchange undecided
        ON undecided.account_id = a.id AND undecided.state = 'proposed' AND undecided.from_tier = a.tier""",
    "pin.tier",
)
"""The tiers after what a run made %(today)s does first: applying open proposals, and pins begun after its day."""

NO_TIERS = Tiers("CAST(NULL AS varchar(1))")
"""Nobody has a tier yet, and pins are left out."""


def ladder_sql(vendor: str, tiers: Tiers = AS_THEY_ARE) -> str:
    """WITH steps whose last, `assessed`, has one row per account: its evidence, tiers before and after, and trail.

    vendor: "postgresql" or "sqlite". Follow it with a SELECT; give `parameters` to its execution.
    """
    words = _WORDS[vendor]

    def days(later: str, earlier: str) -> str:
        return words["days"].format(later=later, earlier=earlier)

    parts = [
        _PART.format(
            present=tiers.present,
            pinned=tiers.pinned,
            joins=tiers.joins,
            after=f"%(cut_{part})s",
            until=f"%(cut_{part + 1})s",
            paid_after_days=days("CASE WHEN paid_on <= %(as_of)s THEN paid_on ELSE %(as_of)s END", "due_on"),
            days_since=days("%(as_of)s", "b.last_on"),
            gap=days("b.last_on", "b.gap_first_on"),
            first_month=words["month"].format(day="b.first_on"),
            first_day_of_month=words["day_of_month"].format(day="b.first_on"),
            active_quarters=words["quarters"].format(
                which="WHERE ordered_on >= %(start)s AND amount_cents > 0"
            ),
        )
        for part in range(_PARTS[vendor])
    ]
    return _TEXT.format(
        evidence="    UNION ALL".join(parts),
        least=words["least"],
        greatest=words["greatest"],
        rung=words["rung"],
        fence=words["fence"],
        a_limit=_at_least("total", "%(a_share)s"),
        b_limit=_at_least("total", "%(b_share)s"),
        a_band_from=_at_least("total", "%(a_band_from)s"),
        a_band_to=_at_most("total", "%(a_band_to)s"),
        b_band_from=_at_least("total", "%(b_band_from)s"),
        b_band_to=_at_most("total", "%(b_band_to)s"),
        allowed_late=_at_most("due_cents", "%(max_late_share)s"),
    )


def _at_most(cents: str, share: str) -> str:
    """The most whole cents that do not exceed `share` basis points of `cents` (>= 0); splitting avoids overflow."""
    return (
        f"({share} * ({cents} / {BASIS_POINTS})"
        f" + {share} * ({cents} - {cents} / {BASIS_POINTS} * {BASIS_POINTS}) / {BASIS_POINTS})"
    )


def _at_least(cents: str, share: str) -> str:
    """The fewest whole cents that are not below `share` basis points of `cents` (>= 0)."""
    return (
        f"({share} * ({cents} / {BASIS_POINTS})"
        f" + ({share} * ({cents} - {cents} / {BASIS_POINTS} * {BASIS_POINTS}) + {BASIS_POINTS - 1})"
        f" / {BASIS_POINTS})"
    )


# The evidence of the accounts of one part. Filters begin with what fails for most rows: the day.
_PART = """
    SELECT a.id AS account_id, a.code, a.seasonal,
        {present} AS previous_tier,
        CASE {present} WHEN 'A' THEN 1 WHEN 'B' THEN 2 WHEN 'C' THEN 3 END AS previous,
        {pinned} AS pinned_tier,
        COALESCE(b.revenue_cents, 0) AS revenue_cents,
        COALESCE(b.previous_revenue_cents, 0) AS previous_revenue_cents,
        -- Twelve times what the potential of the window leaves above the revenue; times the weight, in twelfths
        -- of basis points, it is what the potential adds.
        CASE WHEN a.potential_cents * %(window_months)s > 12 * COALESCE(b.revenue_cents, 0)
            THEN a.potential_cents * %(window_months)s - 12 * COALESCE(b.revenue_cents, 0) ELSE 0 END AS room,
        b.first_on IS NOT NULL AS is_customer,
        COALESCE(b.active_quarters, 0) AS active_quarters,
        COALESCE(b.orders, 0) AS orders,
        CASE WHEN b.first_on IS NOT NULL THEN %(end_month)s - {first_month}
            - CASE WHEN %(end_day_of_month)s < {first_day_of_month} THEN 1 ELSE 0 END END AS tenure_months,
        CASE WHEN b.first_on IS NOT NULL THEN {days_since} END AS days_since_purchase,
        CASE WHEN b.gap_n >= 3 THEN {gap} END AS gap_days,
        CASE WHEN b.gap_n >= 3 THEN b.gap_n - 1 END AS gap_count,
        b.due_cents,
        CASE WHEN b.due_cents IS NOT NULL THEN COALESCE(b.late_cents, 0) END AS late_cents,
        COALESCE(contacted.minutes, 0) AS contact_minutes,
        COALESCE(complained.complaints, 0) AS complaints
    FROM accounts_account a
    LEFT JOIN (
        SELECT account_id,
            CAST(COALESCE(SUM(amount_cents) FILTER (WHERE ordered_on >= %(start)s), 0) AS bigint)
                AS revenue_cents,
            CAST(COALESCE(SUM(amount_cents) FILTER (
                WHERE ordered_on < %(start)s AND ordered_on >= %(previous_start)s), 0) AS bigint)
                AS previous_revenue_cents,
            {active_quarters} AS active_quarters,
            COUNT(*) FILTER (WHERE ordered_on >= %(start)s AND amount_cents > 0) AS orders,
            MIN(ordered_on) FILTER (WHERE amount_cents > 0) AS first_on,
            MAX(ordered_on) FILTER (WHERE amount_cents > 0) AS last_on,
            MIN(ordered_on) FILTER (WHERE ordered_on >= %(gap_start)s AND amount_cents > 0) AS gap_first_on,
            COUNT(DISTINCT ordered_on) FILTER (WHERE ordered_on >= %(gap_start)s AND amount_cents > 0) AS gap_n,
            CAST(SUM(amount_cents) FILTER (
                WHERE due_on >= %(start)s AND due_on < %(end)s AND amount_cents > 0) AS bigint) AS due_cents,
            CAST(SUM(amount_cents) FILTER (
                WHERE due_on >= %(start)s AND due_on < %(end)s AND amount_cents > 0
                    AND {paid_after_days} > %(grace_days)s) AS bigint) AS late_cents
        FROM accounts_purchase
        WHERE account_id > {after} AND account_id <= {until} AND ordered_on < %(end)s
        GROUP BY account_id
    ) b ON b.account_id = a.id
    LEFT JOIN (
        SELECT account_id, SUM(minutes) AS minutes
        FROM contacts_touchpoint
        WHERE account_id > {after} AND account_id <= {until}
            AND day >= %(start)s AND day < %(end)s AND channel <> 'broadcast' AND deleted_at IS NULL
        GROUP BY account_id
    ) contacted ON contacted.account_id = a.id
    LEFT JOIN (
        SELECT account_id, COUNT(*) AS complaints
        FROM complaints_complaint
        WHERE account_id > {after} AND account_id <= {until}
            AND opened_on >= %(start)s AND opened_on < %(end)s AND kind = 'complaint'
        GROUP BY account_id
    ) complained ON complained.account_id = a.id
    {joins}
    WHERE a.id > {after} AND a.id <= {until}
        AND a.merged_into_id IS NULL  -- a duplicate is no account of its own any more
"""

_TEXT = """
WITH evidence AS ({evidence}),
weighted AS (
    SELECT evidence.*,
        -- What the potential adds: whole cents, and what is left over, in 120,000ths of a cent.
        %(weight)s * (room / 120000) + %(weight)s * (room - room / 120000 * 120000) / 120000 AS added,
        %(weight)s * (room - room / 120000 * 120000)
            - %(weight)s * (room - room / 120000 * 120000) / 120000 * 120000 AS left_over
    FROM evidence
),
valued AS MATERIALIZED (
    SELECT account_id, code, seasonal, previous_tier, previous, pinned_tier, revenue_cents,
        previous_revenue_cents, is_customer, active_quarters, orders, tenure_months, days_since_purchase, gap_days,
        gap_count, due_cents, late_cents, contact_minutes, complaints,
        -- Halves away from zero: up where the sum is not negative, down where it is.
        revenue_cents + added + CASE
            WHEN left_over > 60000 OR (left_over = 60000 AND revenue_cents + added >= 0) THEN 1 ELSE 0 END
            AS value_cents
    FROM weighted
),
limits AS MATERIALIZED (
    SELECT total,
        {a_limit} AS a_limit, {b_limit} AS b_limit,
        {a_band_from} AS a_band_from, {a_band_to} AS a_band_to,
        {b_band_from} AS b_band_from, {b_band_to} AS b_band_to
    FROM (
        SELECT CAST(COALESCE(SUM(value_cents), 0) AS bigint) AS total
        FROM valued WHERE is_customer AND value_cents > 0
    ) AS whole
),
ranked AS (
    -- Accounts that are not ranked come last and add nothing.
    SELECT ranking.*,
        CASE WHEN ranked_value IS NOT NULL THEN CAST(COALESCE(SUM(ranked_value) OVER (
            ORDER BY ranked_value DESC NULLS LAST, code
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bigint) END AS preceding_cents
    FROM (
        SELECT valued.*, CASE WHEN is_customer AND value_cents > 0 THEN value_cents END AS ranked_value
        FROM valued
    ) AS ranking
),
-- From here on a tier is a number until the end: 1 is A, 2 is B, 3 is C.
volume AS (
    SELECT ranked.*, limits.*,
        CASE WHEN preceding_cents < a_limit THEN 1 WHEN preceding_cents < b_limit THEN 2 ELSE 3 END AS tier_1
    FROM ranked CROSS JOIN limits
),
band {rung} (
    SELECT account_id, code, pinned_tier, revenue_cents, previous_revenue_cents, value_cents, preceding_cents,
        CASE WHEN preceding_cents IS NOT NULL THEN total END AS ranked_cents, is_customer, active_quarters, orders,
        tenure_months, days_since_purchase, gap_days, gap_count, late_cents, due_cents, contact_minutes, complaints,
        previous_tier, tier_1,
        -- Neighbours are told by their sum: A and B make 3, B and C make 5; A and C, or twice the same, make neither.
        CASE
            WHEN tier_1 + previous = 3 AND tier_1 <> previous
                AND preceding_cents BETWEEN a_band_from AND a_band_to THEN previous
            WHEN tier_1 + previous = 5 AND preceding_cents BETWEEN b_band_from AND b_band_to THEN previous
            ELSE tier_1 END AS tier_2,
        -- What each rung allows: at best, at worst, at best, and how far down.
        CASE WHEN active_quarters < %(a_min_active_quarters)s OR tenure_months < %(a_min_tenure_months)s
            THEN 2 ELSE 1 END AS systematic_best,
        CASE WHEN revenue_cents > 0 AND tenure_months < %(newcomer_months)s THEN 2 ELSE 3 END AS newcomer_worst,
        CASE WHEN active_quarters < %(b_min_active_quarters)s AND NOT seasonal
                AND NOT (revenue_cents > 0 AND tenure_months < %(newcomer_months)s)
            THEN 3 ELSE 1 END AS sporadic_best,
        CASE WHEN late_cents > {allowed_late} THEN 1 ELSE 0 END AS payment_down
    FROM volume {fence}
),
rungs {rung} (
    -- Each tier stands once in the next, so that what a database pastes together grows by one rung only.
    SELECT band.*,
        {greatest}(tier_2, systematic_best) AS tier_3,
        {least}({greatest}(tier_2, systematic_best), newcomer_worst) AS tier_4,
        {greatest}({least}({greatest}(tier_2, systematic_best), newcomer_worst), sporadic_best) AS tier_5,
        {least}({greatest}({least}({greatest}(tier_2, systematic_best), newcomer_worst), sporadic_best)
            + payment_down, 3) AS tier_6
    FROM band {fence}
),
assessed AS (
    SELECT account_id, code, revenue_cents, previous_revenue_cents, value_cents, preceding_cents, ranked_cents,
        active_quarters, orders, tenure_months, days_since_purchase, gap_days, gap_count, late_cents, due_cents,
        contact_minutes, complaints, previous_tier,
        COALESCE(pinned_tier, CASE WHEN is_customer THEN
            CASE tier_6 WHEN 1 THEN 'A' WHEN 2 THEN 'B' ELSE 'C' END END) AS tier,
        CASE WHEN is_customer THEN
            CASE tier_1 WHEN 1 THEN 'volume:A' WHEN 2 THEN 'volume:B' ELSE 'volume:C' END
            || CASE WHEN tier_2 <> tier_1
                THEN CASE tier_2 WHEN 1 THEN '>band:A' WHEN 2 THEN '>band:B' ELSE '>band:C' END ELSE '' END
            || CASE WHEN tier_3 <> tier_2 THEN '>systematic:B' ELSE '' END
            || CASE WHEN tier_4 <> tier_3 THEN '>newcomer:B' ELSE '' END
            || CASE WHEN tier_5 <> tier_4 THEN '>sporadic:C' ELSE '' END
            || CASE WHEN tier_6 <> tier_5
                THEN CASE tier_6 WHEN 2 THEN '>payment:B' ELSE '>payment:C' END ELSE '' END
            || CASE WHEN pinned_tier IS NOT NULL THEN '>' ELSE '' END
            ELSE '' END
        || CASE WHEN pinned_tier IS NOT NULL THEN 'pin:' || pinned_tier ELSE '' END AS trail
    FROM rungs
)
"""
