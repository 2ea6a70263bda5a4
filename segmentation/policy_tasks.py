"""The jobs of policies: putting one in force, simulating, testing it on the past."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.jobs.kinds import Work, job_kind
from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.jobs.wording import full_day
from crm.look.figures import number
from crm.team.models import User
from segmentation import back_test, policies, simulation
from segmentation.errors import PolicyError
from segmentation.models import TieringRun, TierPolicy

DAY = dt.timedelta(days=1)


def _about(key: str, arguments: dict[str, Any]) -> str:
    return _("version %(version)s") % {"version": arguments.get("version", key)}


def _ask(kind: str, policy: TierPolicy, *, now: dt.datetime, started_by: User | None, **more: Any) -> Job:
    key = ":".join([kind, str(policy.pk), *map(str, more.values())])
    arguments = {"policy": policy.pk, "version": policy.version, **more}
    return enqueue(kind=kind, key=key, arguments=arguments, now=now, started_by=started_by)


# Putting in force ---------------------------------------------------------------------------------------------------
def ask_for_policy(policy: TierPolicy, *, now: dt.datetime, started_by: User | None = None) -> Job:
    """Have the policy, whose day has come, put in force in the background."""
    return _ask("policy", policy, now=now, started_by=started_by)


def ask_for_due(*, today: dt.date, now: dt.datetime) -> int:
    """The same for every policy whose day has come; how many. Daily."""
    return len([ask_for_policy(policy, now=now) for policy in policies.due(today)])


@job_kind(
    "policy",
    refusals=(PolicyError,),
    label=gettext_lazy("Policy put in force"),
    about=gettext_lazy(
        "Puts a tier policy in force on its day and, where that was asked for, computes the tiers."
    ),
    subject=_about,
    result_words=lambda result: (
        _("in force; tiers asked for as of %(day)s") % {"day": full_day(result["as_of"])}
        if result.get("as_of")
        else _("in force")
    ),
)
def put_in_force(work: Work) -> dict[str, Any]:
    """Put the policy in force, or find that it is; then ask for the run, which is made once however often asked."""
    policy = TierPolicy.objects.filter(pk=work.arguments["policy"]).first()
    if policy is None:
        raise PolicyError(_("The draft was thrown away."))
    policies.begin_due(today=work.today)
    policy.refresh_from_db()
    if not policy.in_force and policy.ended_on is None:
        raise PolicyError(_("Version %(version)s waits for no day any more.") % {"version": policy.version})
    found: dict[str, Any] = {"version": policy.version}
    if policy.run_at_start and policy.in_force and policy.starts_on is not None:
        as_of = policy.starts_on - DAY
        if not TieringRun.objects.filter(as_of__gte=as_of).exists():
            found["as_of"] = as_of.isoformat()
            enqueue(
                kind="tiering",
                key=f"tiering:{as_of.isoformat()}",
                arguments={"as_of": as_of.isoformat()},
                now=work.now,
                started_by=work.started_by,
            )
    return found


# Simulating ---------------------------------------------------------------------------------------------------------
def ask_for_simulation(
    policy: TierPolicy, *, as_of: dt.date, now: dt.datetime, started_by: User | None = None
) -> Job:
    """Have the policy simulated as of the end of a day in the background."""
    return _ask("simulation", policy, now=now, started_by=started_by, as_of=as_of.isoformat())


@job_kind(
    "simulation",
    refusals=(PolicyError,),
    label=gettext_lazy("Policy simulated"),
    about=gettext_lazy("Reckons what a run with a policy would find; no tier and no plan changes."),
    subject=_about,
    result_words=lambda result: (
        ngettext(
            "%(accounts)s account would move", "%(accounts)s accounts would move", result.get("moves", 0)
        )
        % {"accounts": number(result.get("moves", 0))}
    ),
)
def simulate(work: Work) -> dict[str, Any]:
    """Reckon it; what is stored replaces what was, in one transaction."""
    policy = TierPolicy.objects.filter(pk=work.arguments["policy"]).first()
    if policy is None:
        raise PolicyError(_("The draft was thrown away."))
    work.report(0, None)
    made = simulation.simulate_policy(
        policy=policy,
        as_of=dt.date.fromisoformat(work.arguments["as_of"]),
        today=work.today,
        now=work.now,
    )
    return {"moves": simulation.Figures(made).moving}


# Testing on the past ------------------------------------------------------------------------------------------------
def ask_for_back_test(policy: TierPolicy, *, now: dt.datetime, started_by: User | None = None) -> Job:
    """Have the policy tried on the last eight quarters in the background."""
    return _ask("back_test", policy, now=now, started_by=started_by)


@job_kind(
    "back_test",
    refusals=(PolicyError,),
    label=gettext_lazy("Policy tested on the past"),
    about=gettext_lazy(
        "Computes the tiers of the last eight quarters with a policy, and sees what came after."
    ),
    subject=_about,
    result_words=lambda result: (
        ngettext(
            "%(quarters)s quarter looked at", "%(quarters)s quarters looked at", result.get("quarters", 0)
        )
        % {"quarters": number(result.get("quarters", 0))}
    ),
)
def try_back(work: Work) -> dict[str, Any]:
    """Try it from the beginning, however far an attempt before came: the result is stored at the end, all at once."""
    policy = TierPolicy.objects.filter(pk=work.arguments["policy"]).first()
    if policy is None:
        raise PolicyError(_("The draft was thrown away."))
    made = back_test.try_policy(
        policy=policy, today=work.today, now=work.now, started_by=work.started_by, report=work.report
    )
    return {"quarters": made.quarters.values("as_of").distinct().count()}
