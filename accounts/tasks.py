"""What the jobs do with accounts: recompute the facts that time alone changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import facts, import_tasks  # noqa: F401 (registers the kinds that work on files)
from crm.jobs.kinds import Start, Work, job_kind
from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.jobs.wording import BY_HAND, reason_words
from crm.look.figures import number


@job_kind(
    "facts",
    label=gettext_lazy("Facts of accounts"),
    about=gettext_lazy(
        "Reckons phase, sales of 12 months and days of purchase anew, as they change with the day."
    ),
    subject=lambda key, arguments: reason_words(key.removeprefix("facts:")),
    result_words=lambda result: (
        ngettext("%(number)s account changed", "%(number)s accounts changed", result["changed"])
        % {"number": number(result["changed"])}
        if result.get("changed")
        else _("nothing changed")
    ),
    startable=lambda today: Start(f"facts:{BY_HAND}"),
)
def refresh_facts(work: Work) -> dict[str, Any]:
    """Recompute phase and 12-month figures of the accounts named by `account_ids`, or of all."""
    return {"changed": facts.refresh_facts(today=work.today, account_ids=work.arguments.get("account_ids"))}


def ask_for_facts(*, reason: str, now: dt.datetime, account_ids: list[int] | None = None) -> Job:
    """Have the facts recomputed in the background; `reason` names what calls for it ("import:12")."""
    arguments = {} if account_ids is None else {"account_ids": account_ids}
    return enqueue(kind="facts", key=f"facts:{reason}", arguments=arguments, now=now, again=True)
