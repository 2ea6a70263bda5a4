"""What the jobs do with contacts: plan them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import planning
from crm.jobs.kinds import Start, Work, job_kind
from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.jobs.wording import BY_HAND, reason_words
from crm.look.figures import number
from crm.team.models import User

SUNDAY = 6


def _planned(result: dict[str, Any]) -> str:
    """ "120 new, 4 moved, 30,000 as they were"."""
    words = (
        ("created", _("%(number)s new")),
        ("moved", _("%(number)s moved")),
        ("withdrawn", _("%(number)s withdrawn")),
        ("kept", _("%(number)s as they were")),
    )
    return ", ".join(
        text % {"number": number(result[name])} for name, text in words if result.get(name)
    ) or _("nothing to plan")


@job_kind(
    "planning",
    label=gettext_lazy("Contact planning"),
    about=gettext_lazy(
        "Gives every account its next contacts, by the rules; what stands and may stay, stays."
    ),
    subject=lambda key, arguments: reason_words(key.removeprefix("planning:")),
    result_words=_planned,
    startable=lambda today: Start(f"planning:{BY_HAND}"),
)
def plan(work: Work) -> dict[str, Any]:
    """Plan the follow-ups of the accounts named by `account_ids`, or of all."""
    return asdict(
        planning.plan(
            today=work.today,
            now=work.now,
            account_ids=work.arguments.get("account_ids"),
            # Once a week nothing is left out, whatever was noted: what slipped past the notes lasts a week at most.
            thorough=work.today.weekday() == SUNDAY,
            report=work.report,
        )
    )


AT_ONCE = 200
"""As many accounts are planned while somebody waits; more are a job."""


def plan_changed(*, account_ids: Sequence[int], today: dt.date, now: dt.datetime) -> None:
    """Plan accounts that somebody changed (settings.ACCOUNT_CHANGED): few at once, many in the background."""
    if len(account_ids) <= AT_ONCE:
        planning.plan(today=today, now=now, account_ids=account_ids)
    else:
        ask_for_planning(reason=f"changed:{now:%Y-%m-%dT%H:%M:%S.%f}", now=now, account_ids=list(account_ids))


def ask_for_planning(
    *,
    reason: str,
    now: dt.datetime,
    account_ids: list[int] | None = None,
    started_by: User | None = None,
) -> Job:
    """Have contacts planned in the background; `reason` names what calls for it ("tiering:2026-09-30").

    One that runs already for the same reason is done once more: it may have read what was there before.
    """
    arguments = {} if account_ids is None else {"account_ids": account_ids}
    return enqueue(
        kind="planning",
        key=f"planning:{reason}",
        arguments=arguments,
        now=now,
        started_by=started_by,
        again=True,
    )
