"""A worker killed in the middle of a back-test: started again it ends with the rows of one that nobody disturbed."""

from __future__ import annotations

import os
from typing import Any

from tests.processes.conftest import Site, eventually

FULL = os.environ.get("OPIEKA_SERIES") == "full"
MOMENTS = range(1, 27) if FULL else (2, 14, 25)
"""After how many of the 27 steps (three ways, nine quarters) the worker is killed."""

ASK = """
import django; django.setup()
from django.utils import timezone
from segmentation import policies
from segmentation.policy_tasks import ask_for_back_test
draft = policies.make_draft(like=policies.policy_in_force(), actor=None, now=timezone.now())
draft = policies.edit_draft(policy=draft, thresholds={"a_share": "0.7", "band": "0.03"}, note="")
print(ask_for_back_test(draft, now=timezone.now()).pk)
"""

UNDISTURBED = """
import django; django.setup()
from django.utils import timezone
from segmentation.back_test import try_policy
from segmentation.models import TierPolicy
now = timezone.now()
today = timezone.localdate(now, timezone.get_default_timezone())
try_policy(policy=TierPolicy.objects.get(version=2), today=today, now=now)
"""


def found(site: Site) -> list[tuple[Any, ...]]:
    """Everything that the back-test holds, but for ids and times."""
    return site.database.rows(
        "SELECT q.way, q.as_of, q.a_accounts, q.b_accounts, q.c_accounts, q.flips, q.flips_back, q.sales_cents,"
        " q.a_sales_cents FROM segmentation_backtestquarter q"
        " JOIN segmentation_backtest t ON t.id = q.back_test_id ORDER BY q.way, q.as_of"
    )


def test_killed_again_and_again_it_ends_with_the_rows_of_an_undisturbed_one(site: Site) -> None:
    job = int(site.run("-c", ASK))
    for killed, moment in enumerate(MOMENTS, 1):
        worker = site.worker(ready=False)

        def is_there(killed: int = killed, moment: int = moment) -> bool:
            (row,) = site.database.rows(
                "SELECT state, attempts, progress_done FROM jobs_job WHERE id = %s", [job]
            )
            state, attempts, done = row
            return state == "done" or (state == "running" and attempts == killed and done >= moment)

        eventually(is_there, f"step {moment} is reached; the job is {site.job(job)}")
        worker.kill()
        if site.is_done(job):
            break
        assert found(site) == [], "nothing is stored before the end"
    _state, attempts, _error = site.job(job)
    assert attempts > 1, "nobody was killed in the middle"
    site.worker()
    site.until_done(job)
    rows = found(site)
    assert len(rows) == 24 and any(row[5] for row in rows)  # three ways, eight quarters, and something moved
    assert site.database.value("SELECT COUNT(*) FROM segmentation_backtest") == 1
    site.run("-c", UNDISTURBED)
    assert found(site) == rows
    print(f"{attempts} attempts begun by killed workers")
