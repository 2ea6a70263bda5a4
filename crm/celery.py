"""The worker and the clock of the jobs: what runs when (docs/operating.md).

The schedule says only when something is asked for. What must not be lost is a row (crm.jobs), not a message.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

SWEEP_EVERY = 300  # seconds
LOOK_EVERY = 300  # seconds

app = Celery("opieka")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["crm.team", "crm.jobs", "accounts", "contacts", "complaints", "segmentation"])

# Hours are those of the company's time zone (TIME_ZONE). Beat keeps in its file when it last asked for each of these,
# and asks at once for what fell due while it was away.
app.conf.beat_schedule = {
    "tier the quarter that has ended": {
        "task": "segmentation.tasks.tier_quarter",
        "schedule": crontab(minute="0", hour="2", day_of_month="1", month_of_year="1,4,7,10"),
    },
    "daily upkeep": {
        "task": "segmentation.tasks.start_daily",
        "schedule": crontab(minute="0", hour="3"),
    },
    "look for delivered files": {
        "task": "accounts.tasks.look_into_folders",
        "schedule": LOOK_EVERY,
        "options": {"expires": LOOK_EVERY - 10},
    },
    "remove old import files": {
        "task": "accounts.tasks.start_import_upkeep",
        "schedule": crontab(minute="30", hour="3"),
    },
    "remove attachments that no complaint has": {
        "task": "complaints.tasks.sweep_attachments",
        "schedule": crontab(minute="40", hour="3"),
    },
    "morning digests and called-off appointments": {
        "task": "contacts.tasks.send_what_is_due",
        "schedule": crontab(minute="*/10"),
        # Late, the next one does the same.
        "options": {"expires": 500},
    },
    "complaints that run out of time": {
        "task": "complaints.tasks.sweep_complaints",
        "schedule": crontab(minute="*/5"),
        # Late, the next one does the same.
        "options": {"expires": 290},
    },
    "bring lost jobs back": {
        "task": "crm.jobs.tasks.sweep_jobs",
        "schedule": SWEEP_EVERY,
        # A worker that was away must not find one of these for every five minutes it was.
        "options": {"expires": SWEEP_EVERY - 10},
    },
}


@worker_ready.connect
def ask_for_what_was_lost(sender: Any, **_: Any) -> None:
    """A worker that starts may follow one that was killed: bring its jobs back now, not at the next sweep.

    What it had fetched but not begun is lost without being late, so here every waiting job is sent again.
    The holidays come along because a new installation has none, and planning needs them on its first day.
    """
    sender.app.send_task("crm.jobs.tasks.sweep_jobs", kwargs={"late": 0})
    sender.app.send_task("crm.team.tasks.fill_holidays")
