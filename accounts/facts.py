"""What an account bought, as plain facts on its row (docs/architecture.md, "Facts on the account").

The daily job refreshes the facts of all accounts, because they change with the day; an import those it touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.models import Account, quarter_number
from crm.jobs.bulk import among
from crm.team.calendars import months_before

# Thresholds of docs/domain.md, section 7 ("Lapsing and lost"), in days since the last purchase.
LAPSING_GAPS, LAPSING_DAYS = 2, 60
LOST_GAPS, LOST_DAYS = 4, 180
LOST_ANYWAY_DAYS = 365

_ADVISORY_LOCK = 7_240_118_002


def refresh_facts(*, today: dt.date, account_ids: Collection[int] | None = None) -> int:
    """Reckon first and last purchase, sales and orders of 12 months, mean gap and phase anew; return rows changed.

    account_ids: None for all accounts. Only purchases ordered up to and including `today` count. Sales, in cents of
    the base currency, are all amounts of the 12 months, returns included; everything else looks at positive purchases.
    mean_gap_days is that of docs/domain.md, 4.1, as of `today`; None below three days of purchase in 24 months.

    The phase (docs/domain.md, section 7): a prospect never bought; lapsing is who stayed away longer than 2 mean gaps
    and 60 days; lost longer than 4 mean gaps and 180 days, or longer than 365 days. Without a mean gap only the last
    counts. A seasonal account is compared with the same quarter of the year before instead: it is lapsing once a
    calendar quarter in which it bought a year earlier has ended without a purchase in it or after it, and lost once
    the same quarter has ended so a second time. "Let go" is set by hand and stays.

    Beside it, which product lines were bought in the 12 months (RecentProductLine).

    Rows that stay as they are are not written, and no history is: facts have none.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Two refreshings at once would lock the same accounts in different order.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        some = ""
        if account_ids is not None:
            some = "IN (SELECT id FROM facts_account)"
            _name(cursor, account_ids)
        changed = _refresh(cursor, today, some)
        _refresh_product_lines(cursor, today, some)
        if account_ids is not None:
            cursor.execute("DROP TABLE facts_account")
    return changed


def _name(cursor: CursorWrapper, account_ids: Collection[int]) -> None:
    """Put the accounts into a temporary table: any number costs one pass, and the planner knows how many they are."""
    cursor.execute("DROP TABLE IF EXISTS facts_account")
    condition, ids = among("id", account_ids)
    cursor.execute(
        f"CREATE TEMPORARY TABLE facts_account AS SELECT id FROM accounts_account WHERE {condition}", [ids]
    )
    if connection.vendor == "postgresql":
        cursor.execute("ANALYZE facts_account")


def _refresh(cursor: CursorWrapper, today: dt.date, some: str) -> int:
    """`some`: SQL that narrows an account's id down, or empty."""
    end = today + dt.timedelta(days=1)

    def day(value: dt.date) -> Any:
        return connection.ops.adapt_datefield_value(value)

    quarter = quarter_number(today)
    parameters: dict[str, Any] = {
        "today": day(today),
        "end": day(end),
        "year_ago": day(months_before(end, 12)),
        "two_years_ago": day(months_before(end, 24)),
        "lapsing_before": day(today - dt.timedelta(days=LAPSING_DAYS)),
        "lost_before": day(today - dt.timedelta(days=LOST_DAYS)),
        "lost_anyway_before": day(today - dt.timedelta(days=LOST_ANYWAY_DAYS)),
        "missed_once": quarter - 5,
        "missed_twice": quarter - 9,
    }
    cursor.execute(
        _statement(purchases=some and f"AND p.account_id {some}", accounts=some and f"WHERE a.id {some}"),
        parameters,
    )
    return cursor.rowcount


def _refresh_product_lines(cursor: CursorWrapper, today: dt.date, some: str) -> None:
    """Bring RecentProductLine to what stands in the purchases, writing only what differs.

    What stands already is left out before ON CONFLICT, which locks, and so writes, every row that it finds; and before
    the first row is written, in a table of its own: planned while the target is known to be empty, a statement that
    looks into what it fills reads anew, for each row, all that it has written (docs/architecture.md, "Traps that were
    measured").
    """
    end = today + dt.timedelta(days=1)
    parameters = [
        connection.ops.adapt_datefield_value(months_before(end, 12)),
        connection.ops.adapt_datefield_value(end),
    ]
    cursor.execute("DROP TABLE IF EXISTS recent_found")
    cursor.execute("DROP TABLE IF EXISTS recent_changed")
    cursor.execute(
        "CREATE TEMPORARY TABLE recent_found AS"
        " SELECT p.account_id, product.line_id, product.complexity, MAX(p.ordered_on) AS last_ordered_on"
        " FROM accounts_purchase p JOIN accounts_purchaseline l ON l.purchase_id = p.id"
        " JOIN accounts_product product ON product.id = l.product_id"
        f" WHERE p.ordered_on >= %s AND p.ordered_on < %s AND l.amount > 0{some and f' AND p.account_id {some}'}"
        " GROUP BY p.account_id, product.line_id, product.complexity",
        parameters,
    )
    recent = "accounts_recentproductline"
    key = f"f.account_id = {recent}.account_id AND f.line_id = {recent}.line_id AND f.complexity = {recent}.complexity"
    cursor.execute(
        f"DELETE FROM {recent} WHERE NOT EXISTS (SELECT 1 FROM recent_found f WHERE {key})"
        f"{some and f' AND {recent}.account_id {some}'}"
    )
    cursor.execute(
        "CREATE TEMPORARY TABLE recent_changed AS SELECT * FROM recent_found f WHERE NOT EXISTS"
        f" (SELECT 1 FROM {recent} WHERE {key} AND f.last_ordered_on = {recent}.last_ordered_on)"
    )
    cursor.execute(
        f"INSERT INTO {recent} (account_id, line_id, complexity, last_ordered_on)"
        " SELECT account_id, line_id, complexity, last_ordered_on FROM recent_changed WHERE TRUE"
        " ON CONFLICT (account_id, line_id, complexity) DO UPDATE SET last_ordered_on = excluded.last_ordered_on"
    )
    cursor.execute("DROP TABLE recent_changed")
    cursor.execute("DROP TABLE recent_found")


def _days_between(later: str, earlier: str) -> str:
    """SQL: whole days from one date to another, the only word for which the databases have no common one."""
    if connection.vendor == "postgresql":
        return f"({later} - {earlier})"
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


_WRITTEN = (
    "first_purchase_on",
    "last_purchase_on",
    "sales_12m_cents",
    "orders_12m",
    "mean_gap_days",
    "phase",
)


def _statement(*, purchases: str, accounts: str) -> str:
    """The one statement. `purchases` and `accounts` narrow it down to some accounts, or are empty.

    Gaps are compared in whole numbers: days > 2 * (last - first) / (n - 1) as days * (n - 1) > 2 * (last - first).
    """
    phase = Account.Phase
    today = "CAST(%(today)s AS DATE)" if connection.vendor == "postgresql" else "%(today)s"
    away = _days_between(today, "b.last_on")
    span = _days_between("b.last_on", "b.first_in_24")
    # WITH stands inside: SQLite's driver counts the rows of a statement that begins with UPDATE alone.
    return f"""
UPDATE accounts_account
SET {", ".join(f"{name} = f.{name}" for name in _WRITTEN)}
FROM (
WITH bought AS MATERIALIZED (
    SELECT p.account_id,
        MIN(p.ordered_on) FILTER (WHERE p.amount_cents > 0) AS first_on,
        MAX(p.ordered_on) FILTER (WHERE p.amount_cents > 0) AS last_on,
        MAX(p.quarter) FILTER (WHERE p.amount_cents > 0) AS last_quarter,
        CAST(SUM(p.amount_cents) FILTER (WHERE p.ordered_on >= %(year_ago)s) AS BIGINT) AS sales,
        COUNT(*) FILTER (WHERE p.amount_cents > 0 AND p.ordered_on >= %(year_ago)s) AS orders,
        MIN(p.ordered_on) FILTER (WHERE p.amount_cents > 0 AND p.ordered_on >= %(two_years_ago)s) AS first_in_24,
        COUNT(DISTINCT p.ordered_on) FILTER (WHERE p.amount_cents > 0 AND p.ordered_on >= %(two_years_ago)s) AS days
    FROM accounts_purchase p
    WHERE p.ordered_on < %(end)s {purchases}
    GROUP BY p.account_id
),
season AS MATERIALIZED (
    -- The first quarter of the last year of purchases: the one whose absence shows first.
    SELECT p.account_id, MIN(p.quarter) AS first_quarter
    FROM accounts_account a
    JOIN bought b ON b.account_id = a.id
    JOIN accounts_purchase p ON p.account_id = a.id
    WHERE a.seasonal AND p.amount_cents > 0 AND p.ordered_on < %(end)s AND p.quarter > b.last_quarter - 4
    GROUP BY p.account_id
)
    SELECT a.id,
        b.first_on AS first_purchase_on,
        b.last_on AS last_purchase_on,
        COALESCE(b.sales, 0) AS sales_12m_cents,
        COALESCE(b.orders, 0) AS orders_12m,
        CASE WHEN b.days >= 3 THEN CAST({span} AS DOUBLE PRECISION) / (b.days - 1) END AS mean_gap_days,
        CASE
            WHEN a.phase = '{phase.LET_GO}' THEN '{phase.LET_GO}'
            WHEN b.last_on IS NULL THEN '{phase.PROSPECT}'
            WHEN a.seasonal AND s.first_quarter <= %(missed_twice)s THEN '{phase.LOST}'
            WHEN a.seasonal AND s.first_quarter <= %(missed_once)s THEN '{phase.LAPSING}'
            WHEN a.seasonal THEN '{phase.CUSTOMER}'
            WHEN b.last_on < %(lost_anyway_before)s THEN '{phase.LOST}'
            WHEN b.days < 3 THEN '{phase.CUSTOMER}'
            WHEN b.last_on < %(lost_before)s AND {away} * (b.days - 1) > {LOST_GAPS} * {span}
                THEN '{phase.LOST}'
            WHEN b.last_on < %(lapsing_before)s AND {away} * (b.days - 1) > {LAPSING_GAPS} * {span}
                THEN '{phase.LAPSING}'
            ELSE '{phase.CUSTOMER}'
        END AS phase
    FROM accounts_account a
    LEFT JOIN bought b ON b.account_id = a.id
    LEFT JOIN season s ON s.account_id = a.id
    {accounts}
) f
WHERE f.id = accounts_account.id AND (
    {" OR ".join(_differs(f"accounts_account.{name}", f"f.{name}") for name in _WRITTEN)}
)
"""


def _differs(left: str, right: str) -> str:
    """SQL: one is not the other; NULL counts as a value."""
    return f"({left} <> {right} OR ({left} IS NULL) <> ({right} IS NULL))"
