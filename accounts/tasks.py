"""What the jobs do with accounts: recompute the facts that time alone changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts import facts
from crm.jobs.kinds import Work, job_kind
from crm.jobs.models import Job
from crm.jobs.running import enqueue


@job_kind("facts")
def refresh_facts(work: Work) -> dict[str, Any]:
    """Recompute phase and 12-month figures of the accounts named by `account_ids`, or of all."""
    return {"changed": facts.refresh_facts(today=work.today, account_ids=work.arguments.get("account_ids"))}


def ask_for_facts(*, reason: str, now: dt.datetime, account_ids: list[int] | None = None) -> Job:
    """Have the facts recomputed in the background; `reason` names what calls for it ("import:12")."""
    arguments = {} if account_ids is None else {"account_ids": account_ids}
    return enqueue(kind="facts", key=f"facts:{reason}", arguments=arguments, now=now, again=True)
