"""The example company's last four quarters: the real job through the real worker, and what managers decided.

Each step may be done again after a kill: a run that exists is not made again, a decision taken is not taken again.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Account
from contacts.models import AgendaItem, FollowUp, Reason
from contacts.planning import plan
from contacts.triggers import fire
from crm.demo import notes
from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.team.models import Role, Team, User
from segmentation.models import TierAssessment, TierChange, TieringRun, TierPin
from segmentation.pins import pin_tier
from segmentation.reasons import Known
from segmentation.review import decide_many
from segmentation.tasks import ask_for_tiering
from segmentation.windows import last_quarter_end

_STATE = TierChange.State
Wait = Callable[[Job], None]
"""Waits until the worker has done the job."""


def last_quarter_ends(today: dt.date, *, count: int = 4) -> list[dt.date]:
    """The ends of the last `count` quarters that are over, oldest first."""
    ends = [last_quarter_end(today)]
    while len(ends) < count:
        ends.append(last_quarter_end(ends[-1]))
    return ends[::-1]


def tier_quarters(*, made_on: dt.date, today: dt.date, wait: Wait, say: Callable[[str], None]) -> None:
    """Have the worker tier the four quarters before the company was made, then do a day's upkeep and planning.

    Between two quarters the managers decide most proposals; the rest is applied by the next run. The last run is left
    in review with most of its proposals open.
    """
    *past, last = ends = last_quarter_ends(made_on)
    for as_of in ends:
        run = TieringRun.objects.filter(as_of=as_of).first()
        if run is None:
            say(f"Tiering the quarter that ended on {as_of.isoformat()}")
            wait(ask_for_tiering(as_of=as_of, now=timezone.now()))
            run = TieringRun.objects.get(as_of=as_of)
        decide(run, share=0.75 if as_of in past else 0.14, today=today)
    put_in_the_past(past, last)
    _pin(today=today)
    say("Planning the contacts")
    plan_the_last_days(today)
    wait(enqueue(kind="daily", key=f"daily:{today.isoformat()}", arguments={}, now=timezone.now()))
    for job in Job.objects.filter(kind="planning", state__in=Job.OPEN_STATES).order_by("pk"):
        wait(job)


# What managers decide -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Decision:
    """What one manager thought of a proposal."""

    actor: User
    accept: bool
    reason: str
    note: str


def decide(run: TieringRun, *, share: float, today: dt.date) -> int:
    """Decide about `share` of the run's proposals, each by the manager of the account's team; returns how many.

    Which ones and why follows from account and quarter, so that doing it again decides no more.
    """
    leads = {team.pk: lead for team in Team.objects.prefetch_related("leads") for lead in team.leads.all()}
    proposals = TierChange.objects.filter(run=run, state=_STATE.PROPOSED).select_related("account__owner")
    evidence = {
        row.account_id: row
        for row in TierAssessment.objects.filter(run=run, account__in=proposals.values("account"))
    }
    taken: dict[Decision, list[int]] = defaultdict(list)
    for change in proposals.order_by("pk"):
        rng = random.Random(f"{change.account.code} {run.as_of}")
        owner = change.account.owner
        if owner is None or owner.team_id not in leads or rng.random() > share:
            continue
        decision = _think(rng, change, evidence[change.account_id], leads[owner.team_id])
        taken[decision].append(change.pk)
    for decision, ids in taken.items():
        decide_many(
            change_ids=ids,
            accept=decision.accept,
            reason=decision.reason,
            note=decision.note,
            actor=decision.actor,
            today=today,
            now=timezone.now(),
        )
    return sum(map(len, taken.values()))


def _think(rng: random.Random, change: TierChange, found: TierAssessment, actor: User) -> Decision:
    account = change.account
    accept = rng.random() < 0.8
    if (change.to_tier or "Z") < (change.from_tier or "Z"):
        reason = rng.choice((Known.GROWING_NEED, Known.GROWING_NEED, Known.WON_SHARE))
    elif account.seasonal:
        reason = Known.SEASONAL
    elif account.character == Account.Character.DIFFICULT:
        reason = rng.choice((Known.PAYMENT, Known.PRICE_DRIVEN))
    elif found.complaints:
        reason = Known.DELIVERY
    elif found.contact_minutes < 60 and change.from_tier == "A":
        reason = Known.NEGLECT
    else:
        reason = rng.choice(
            (Known.COMPETITOR_PRICES, Known.PRICE_DRIVEN, Known.PRICE_DRIVEN, Known.LOST_PERSON)
        )
    if not accept and rng.random() < 0.6:
        reason = Known.OTHER
    # One rival and number per reason, manager and quarter: decisions are taken in bulk, with one note for all.
    said = random.Random(f"{actor.pk} {reason} {found.run_id}")
    note = said.choice(notes.DECISION_NOTES[reason.value]).format(
        rival=said.choice(notes.RIVALS), n=said.randint(3, 9)
    )
    return Decision(actor, accept, reason.value, note)


def _pin(*, today: dt.date) -> None:
    """Two accounts are pinned: one a contract keeps at A, one a new manager wants to see at B."""
    if TierPin.objects.exists():
        return
    for tier, country, reason in (
        ("A", "PL", "Framework contract until the end of next year: full service whatever they order."),
        ("B", "HU", "New plant from spring on; keep in touch until it runs."),
    ):
        below = chr(ord(tier) + 1)
        account = (
            Account.objects.filter(tier=below, country=country, owner__isnull=False)
            .exclude(tier_changes__state=_STATE.PROPOSED)
            .order_by("-sales_12m_cents", "code")
            .first()
        )
        if account is None or account.owner is None:
            continue
        lead = User.objects.filter(role=Role.MANAGER, led_teams=account.owner.team_id).first()
        if lead is not None:
            pin_tier(
                account=account,
                tier=tier,
                first_day=today,
                last_day=today + dt.timedelta(days=200),
                reason=reason,
                actor=lead,
                today=today,
                now=timezone.now(),
            )


# The past -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def put_in_the_past(past: list[dt.date], last: dt.date) -> None:
    """Give the runs of past quarters, and what was decided on them, the days on which a company would have done it.

    All of it was made a minute ago: run on the first of the quarter, decided within the three weeks of the review.
    """
    for as_of in past:
        run = TieringRun.objects.get(as_of=as_of)
        began = _at(as_of + dt.timedelta(days=1), 2, 0)
        ended = as_of + dt.timedelta(days=1 + run.policy.review_days)
        took = run.completed_at - run.started_at
        run.started_at, run.completed_at, run.review_until = began, began + took, ended
        run.save(update_fields=["started_at", "completed_at", "review_until"])
        changes = list(TierChange.objects.filter(run=run).select_related("account"))
        for change in changes:
            change.proposed_at = began
            if change.state in {_STATE.ACCEPTED, _STATE.REJECTED, _STATE.OVERRIDDEN}:
                rng = random.Random(f"decided {change.account.code} {as_of}")
                day = began.date() + dt.timedelta(days=rng.randint(1, run.policy.review_days - 2))
                change.decided_at = _at(day, rng.randint(8, 15), rng.randint(0, 59))
            elif change.state in {_STATE.AUTOMATIC, _STATE.OVERTAKEN}:
                change.decided_at = _at(ended + dt.timedelta(days=1), 3, 0)
            elif change.decided_at is not None:
                change.decided_at = began
            if change.applied_on is not None and change.decided_at is not None:
                change.applied_on = change.decided_at.date()
        TierChange.objects.bulk_update(changes, ["proposed_at", "decided_at", "applied_on"], batch_size=500)
    applied = (
        TierChange.objects.filter(run__as_of__lte=last, applied_on__isnull=False)
        .values("account")
        .annotate(day=Max("applied_on"))
    )
    since = {row["account"]: row["day"] for row in applied}
    accounts = list(Account.objects.filter(pk__in=since, tier__isnull=False))
    for account in accounts:
        account.tier_since = since[account.pk]
    Account.objects.bulk_update(accounts, ["tier_since"], batch_size=500)


def plan_the_last_days(today: dt.date) -> None:
    """Plan anew as if planning had run on the last working days too: some of what is due then was left lying.

    Everything that is due would else stand on today, or on Monday where today is a Sunday. A fifth of the accounts is
    planned two working days before, a fifth one day before, the rest on the last working day up to today.
    """
    last = today - dt.timedelta(days=max(0, today.weekday() - 4))
    days = [last - dt.timedelta(days=step + (2 if last.weekday() < step else 0)) for step in (2, 1, 0)]
    with transaction.atomic():
        cadences = AgendaItem.objects.open().filter(reason=Reason.CADENCE)
        untouched = FollowUp.objects.filter(items__in=cadences, moved_by_hand=False, time__isnull=True)
        planned = list(untouched.values_list("pk", flat=True))
        cadences.filter(follow_up__in=planned).delete()
        FollowUp.objects.filter(pk__in=planned, items__isnull=True).delete()
    ids = list(Account.objects.order_by("code").values_list("pk", flat=True))
    for day, some in zip(days, (ids[0::5], ids[1::5], None), strict=True):
        fire(today=day, now=_at(day, 6, 0))
        plan(today=day, now=_at(day, 6, 0), account_ids=some)


def _at(day: dt.date, hour: int, minute: int) -> dt.datetime:
    """A moment by the company's clock."""
    return dt.datetime.combine(day, dt.time(hour, minute), timezone.get_default_timezone())
