"""What is too old to be of use on the Jobs page goes away, in the daily upkeep."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from crm.jobs.models import Job, JobEvent

KEPT = dt.timedelta(days=90)
"""How long done and stopped jobs are kept."""
FAILED_KEPT = dt.timedelta(days=365)


def clear_old_jobs(*, now: dt.datetime) -> int:
    """Delete done and stopped jobs older than KEPT and failed ones older than FAILED_KEPT; return how many."""
    State = Job.State
    old = Q(state__in=[State.DONE, State.STOPPED], finished_at__lt=now - KEPT) | Q(
        state=State.FAILED, finished_at__lt=now - FAILED_KEPT
    )
    with transaction.atomic():
        ids = list(Job.objects.filter(old).order_by("pk").values_list("pk", flat=True))
        JobEvent.objects.filter(job_id__in=ids).delete()
        gone, _by_model = Job.objects.filter(old, pk__in=ids).delete()
    return gone
