"""The floor F and the tiering run, over one PostgreSQL database."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from benchmarks.clock import Times, timed
from benchmarks.loading import run, vacuum
from segmentation.models import TieringRun
from segmentation.tiering import run_tiering
from segmentation.windows import window

# The plan that F is defined by: an index-only scan, account first, grouped as it comes, in one process.
_SERIAL = (
    "SET LOCAL enable_hashagg = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off;"
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
)
FLOOR_INDEX = """
    CREATE TABLE bench_floor AS SELECT account_id, ordered_on AS purchase_date, amount_cents AS amount
        FROM accounts_purchase ORDER BY id;
    CREATE INDEX bench_floor_index ON bench_floor (account_id, purchase_date) INCLUDE (amount);
"""
_FLOOR = """
    SELECT COUNT(*), SUM(bought) FROM (
        SELECT account_id, SUM(amount) AS bought FROM bench_floor
        WHERE purchase_date >= %s AND purchase_date < %s GROUP BY account_id
    ) AS accounts
"""


def build_floor() -> None:
    """A table with nothing but what F reads, and F's own index: a wider one makes F dearer, and ratios nicer."""
    run("DROP TABLE IF EXISTS bench_floor")
    run(FLOOR_INDEX)
    vacuum("bench_floor")


def floor(times: Times, as_of: dt.date) -> None:
    """F: one sum of 12 months per account over a covering index, grouped in its order, in one process."""
    days = window(as_of, 12)
    with transaction.atomic():
        run(_SERIAL)
        with timed(times), connection.cursor() as cursor:
            cursor.execute(_FLOOR, [days.start, days.end])
            cursor.fetchall()


def retier(times: Times, as_of: dt.date, now: dt.datetime) -> dict[str, int]:
    """The whole run of a quarter after the one there is, as the job makes it; returns what it wrote."""
    with timed(times):
        made = run_tiering(as_of=as_of, today=as_of + dt.timedelta(days=1), now=now)
    return {
        "assessments": made.assessments.count(),
        "changes": made.changes.count(),
        "undecided ones applied": _applied_undecided(made),
    }


def _applied_undecided(made: TieringRun) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM segmentation_tierchange WHERE state = 'automatic' AND run_id <> %s",
            [made.pk],
        )
        return cursor.fetchone()[0]


_KEPT = (
    "CREATE TABLE bench_tiers AS SELECT id, tier, tier_since, tier_provisional FROM accounts_account",
    "CREATE TABLE bench_changes AS SELECT * FROM segmentation_tierchange",
    "CREATE TABLE bench_runs AS SELECT * FROM segmentation_tieringrun",
)
_UNDONE = (
    "DELETE FROM segmentation_tierassessment WHERE run_id NOT IN (SELECT id FROM bench_runs)",
    "TRUNCATE segmentation_tierchange CASCADE",
    "INSERT INTO segmentation_tierchange SELECT * FROM bench_changes ORDER BY id",
    "DELETE FROM segmentation_tieringrun WHERE id NOT IN (SELECT id FROM bench_runs)",
    "UPDATE segmentation_tieringrun r SET state = b.state FROM bench_runs b WHERE b.id = r.id",
    "UPDATE accounts_account a SET tier = b.tier, tier_since = b.tier_since, tier_provisional = b.tier_provisional"
    " FROM bench_tiers b WHERE a.id = b.id AND (a.tier IS DISTINCT FROM b.tier"
    " OR a.tier_since IS DISTINCT FROM b.tier_since OR a.tier_provisional <> b.tier_provisional)",
)


def keep_tiers() -> None:
    """Remember runs, changes and tiers as they stand, for `undo_run`."""
    for name in ("tiers", "changes", "runs"):
        run(f"DROP TABLE IF EXISTS bench_{name}")
    for statement in _KEPT:
        run(statement)


def undo_run() -> None:
    """Take the measured run back, so that the next one finds the same, and no more dead rows than the last."""
    with transaction.atomic():
        for statement in _UNDONE:
            run(statement)
    # Undoing moves the accounts concerned to the end of the table, where they would leave each other no room.
    run("CLUSTER accounts_account USING accounts_account_pkey")
    vacuum("accounts_account")
    vacuum("segmentation_tierassessment", "segmentation_tierchange", "segmentation_tieringrun")
