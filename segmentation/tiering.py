"""The tiering run: evidence, ladder, assessments, changes and tiers of all accounts in one transaction (4.3).

Killed at any moment it leaves nothing, and whoever starts it next completes it. All accounts go through a handful of
statements; the ladder itself is in segmentation.ladder.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Purchase
from crm.team.models import User
from segmentation import pins, policies, proposals
from segmentation.errors import TieringRefused
from segmentation.ladder import ladder_sql, parameters
from segmentation.locks import lock_tiers
from segmentation.models import TieringRun, TierPolicy
from segmentation.windows import last_quarter_end

_EVIDENCE = """account_id, revenue_cents, previous_revenue_cents, value_cents, preceding_cents, ranked_cents,
    active_quarters, orders, tenure_months, days_since_purchase, gap_days, gap_count, late_cents, due_cents,
    contact_minutes, complaints, previous_tier, tier, trail"""


def missed_as_of(today: dt.date) -> dt.date | None:
    """The day as of which a run is missing: the last quarter's end; None where there is no need of one (4.3)."""
    as_of = last_quarter_end(today)
    if TieringRun.objects.filter(as_of__gte=as_of).exists() or not Purchase.objects.exists():
        return None
    return as_of


def run_tiering(
    *,
    as_of: dt.date,
    today: dt.date,
    now: dt.datetime,
    policy: TierPolicy | None = None,
    started_by: User | None = None,
) -> TieringRun:
    """Make the run as of the end of `as_of` with `policy` (default: the one in force), or give the one there is.

    A new run's completed_at is `now`. started_by: None for the schedule. Waits while another run is at work, and
    raises TieringRefused where the day has not ended or a newer run exists. An unsaved policy (policies.draft_policy)
    becomes a version in force with the run, or not at all.
    """
    with transaction.atomic():
        lock_tiers(alone=True)
        made = TieringRun.objects.filter(as_of=as_of).first()
        if made is not None:
            return made
        _refuse(as_of=as_of, today=today)
        policies.begin_due(today=today)
        if policy is None:
            policy = policies.policy_in_force()
        elif policy.pk is None:
            policy = policies.make_policy(thresholds={}, like=policy, actor=started_by)
        is_first = not TieringRun.objects.exists()
        proposals.apply_open(today=today, now=now)
        pins.apply_pins_not_covering(as_of, today=today, now=now)
        run = TieringRun.objects.create(
            as_of=as_of,
            policy=policy,
            state=TieringRun.State.IN_REVIEW,
            started_at=now,
            completed_at=now,
            review_until=today + dt.timedelta(days=policy.review_days),
            started_by=started_by,
        )
        tune()
        _assess(run)
        _change(run, is_first=is_first, today=today, now=now)
        proposals.close_finished_runs()
        run.refresh_from_db()
        return run


def _refuse(*, as_of: dt.date, today: dt.date) -> None:
    if as_of >= today:
        raise TieringRefused(
            _("A run as of %(day)s can be made from the day after it on; today is %(today)s.")
            % {"day": as_of, "today": today}
        )
    newer = TieringRun.objects.filter(as_of__gt=as_of).order_by("-as_of").first()
    if newer is not None:
        raise TieringRefused(
            _("There is a run as of %(newer)s already; an older day (%(day)s) can only be simulated.")
            % {"newer": newer.as_of, "day": as_of}
        )


def tune() -> None:
    """For a transaction that climbs the ladder: keep PostgreSQL on the plan that streams the covering indexes.

    Left alone it takes two to three times as long.

    Hashing and compiling cost more than they save. Each part of the ladder goes to a process as a whole: offered a
    parallel scan, the planner would rather share out one part's accounts and sum its purchases once in every process.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL enable_hashagg = off; SET LOCAL jit = off; SET LOCAL work_mem = '128MB';"
                "SET LOCAL max_parallel_workers_per_gather = 3;"
                "SET LOCAL min_parallel_table_scan_size = '1TB'; SET LOCAL min_parallel_index_scan_size = '1TB'"
            )


def _assess(run: TieringRun) -> None:
    """Write one assessment per account, in the order of the account's id.

    By way of a temporary table on PostgreSQL: it runs what fills a new table in several processes, an INSERT in one.
    """
    ladder = ladder_sql(connection.vendor)
    insert = f"INSERT INTO segmentation_tierassessment ({_EVIDENCE}, run_id)\n"
    values = parameters(run.policy, run.as_of, connection) | {"run": run.pk}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE TEMPORARY TABLE tiering_found AS {ladder}"
                f" SELECT {_EVIDENCE} FROM assessed ORDER BY account_id",
                values,
            )
            cursor.execute(f"{insert} SELECT {_EVIDENCE}, %(run)s FROM tiering_found", values)
            cursor.execute("DROP TABLE tiering_found")
        else:
            cursor.execute(
                f"{insert} {ladder} SELECT {_EVIDENCE}, %(run)s FROM assessed ORDER BY account_id", values
            )


def _change(run: TieringRun, *, is_first: bool, today: dt.date, now: dt.datetime) -> None:
    """Write a change for every account whose tier the run finds different, and apply those that need no decision.

    A provisional tier counts as none: it stays where the run finds none, too. An account pinned today by a pin that
    does not reach back to the run's day keeps the pin's tier: the finding is overtaken before anybody sees it.
    These rows get no history row: until a person decides, the row itself says all that ever happened to it.
    """
    with connection.cursor() as cursor:
        values = {
            "run": run.pk,
            "first": is_first,
            "as_of": connection.ops.adapt_datefield_value(run.as_of),
            "today": connection.ops.adapt_datefield_value(today),
            "now": connection.ops.adapt_datetimefield_value(now),
        }
        cursor.execute(
            """
            INSERT INTO segmentation_tierchange (account_id, run_id, pin_id, state, from_tier, to_tier, from_since,
                reason, note, actor_id, revenue_cents, complaints, proposed_at, decided_at, applied_on)
            SELECT account_id, run_id, pin_id, state, previous_tier, tier, tier_since,
                '', note, actor_id, revenue_cents, complaints, %(now)s,
                CASE WHEN state <> 'proposed' THEN %(now)s END,
                CASE WHEN state IN ('applied', 'pin') THEN %(today)s END
            FROM (
                SELECT s.account_id, s.run_id, s.previous_tier, s.tier, s.revenue_cents, s.complaints, a.tier_since,
                    pin.id AS pin_id, COALESCE(pin.reason, '') AS note, pin.actor_id,
                    CASE
                        WHEN present.id <> COALESCE(pin.id, 0) THEN 'overtaken'
                        WHEN pin.id IS NOT NULL THEN 'pin'
                        WHEN %(first)s OR s.previous_tier IS NULL THEN 'applied'
                        ELSE 'proposed' END AS state
                FROM segmentation_tierassessment s
                JOIN accounts_account a ON a.id = s.account_id
                LEFT JOIN segmentation_tierpin pin ON pin.account_id = s.account_id
                    AND pin.first_day <= %(as_of)s AND pin.last_day >= %(as_of)s
                LEFT JOIN segmentation_tierpin present ON present.account_id = s.account_id
                    AND present.first_day <= %(today)s AND present.last_day >= %(today)s
                WHERE s.run_id = %(run)s AND s.tier IS DISTINCT FROM s.previous_tier
            ) AS found
            ORDER BY account_id
            """,
            values,
        )
    proposals.move_accounts(run.pk, ["applied", "pin"], today=today)
