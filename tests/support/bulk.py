"""A lot of everything for one rep, written in a few statements: for query counts and for looking at full pages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from accounts.models import Account, ContactPerson, Purchase, quarter_number
from complaints.models import Complaint
from contacts.models import AgendaItem, ContactRule, FollowUp, Outcome, Reason, Touchpoint
from crm.jobs.models import Job, JobEvent
from segmentation.models import TierAssessment, TierChange, TieringRun, TierPolicy
from tests.support.cast import Cast
from tests.support.uploads import make_imports


def make_bulk(cast: Cast, *, rows: int, today: dt.date, first: int = 0) -> None:
    """`rows` accounts of Rita, each with all that hangs on one; `first` numbers them."""
    now = timezone.now()
    accounts = [
        Account(
            code=f"BULK{n:05d}",
            name=f"Przedsiębiorstwo Wielobranżowe „Próba {n}” Sp. z o.o.",
            owner=cast.rita,
            city="Łódź",
            country="PL",
            tier="ABC"[n % 3],
            tier_since=today - dt.timedelta(days=100),
            sales_12m_cents=100_000 * n,
            last_contact_on=today - dt.timedelta(days=40),
            open_complaints=1 if n % 7 == 0 else 0,
        )
        for n in range(first, first + rows)
    ]
    for account in accounts:
        account.derive()
    accounts = Account.objects.bulk_create(accounts)
    persons = [
        ContactPerson(account=a, name=f"Anna {a.code}", phone="+48 600 100 200", is_main=True)
        for a in accounts
    ]
    for person in persons:
        person.derive()
    ContactPerson.objects.bulk_create(persons)
    Purchase.objects.bulk_create(
        Purchase(
            account=a,
            number=f"{a.code}/{k}",
            ordered_on=(day := today - dt.timedelta(days=30 * k + 5)),
            due_on=day + dt.timedelta(days=14),
            currency="EUR",
            amount=Decimal(1000),
            amount_cents=100_000,
            quarter=quarter_number(day),
        )
        for a in accounts
        for k in range(3)
    )
    Touchpoint.objects.bulk_create(
        Touchpoint(
            account=a,
            user=cast.rita,
            at=now - dt.timedelta(days=40 + k),
            day=today - dt.timedelta(days=40 + k),
            channel="phone",
            minutes=15,
            outcome=Outcome.NEW_INFORMATION,
            note="Asked for the price list.",
        )
        for a in accounts
        for k in range(2)
    )
    Complaint.objects.bulk_create(
        Complaint(
            account=a,
            number=f"R-{a.code}",
            category_id="other",
            words="Late again.",
            opened_on=today,
            assignee=cast.rita,
            state=("new", "acknowledged", "in_progress", "decided")[n % 4],
            warn_at=now + dt.timedelta(hours=n % 9 - 5),
            due_at=now + dt.timedelta(hours=n % 9 - 3),
        )
        for n, a in enumerate(accounts)
        if a.open_complaints
    )
    rule = ContactRule.objects.create(priority=900 + first, tiers="ABC", channel="phone", every_days=30)
    follow_ups = FollowUp.objects.bulk_create(
        FollowUp(
            account=a, assignee=cast.rita, channel="phone", day=today - dt.timedelta(days=n % 5), minutes=15
        )
        for n, a in enumerate(accounts)
    )
    AgendaItem.objects.bulk_create(
        AgendaItem(
            account=f.account,
            follow_up=f,
            reason=Reason.CADENCE,
            source="phone",
            rule=rule,
            channel="phone",
            earliest=f.day - dt.timedelta(days=5),
            due=f.day,
            latest=f.day + dt.timedelta(days=5),
            interval_days=30,
            counted_from=today - dt.timedelta(days=40),
            reckoning=[],
        )
        for f in follow_ups
    )
    policy, _made = TierPolicy.objects.get_or_create(version=1, defaults={"in_force": True})
    run, _made = TieringRun.objects.get_or_create(
        as_of=dt.date(2026, 9, 30),
        defaults={
            "policy": policy,
            "state": TieringRun.State.IN_REVIEW,
            "started_at": now,
            "completed_at": now,
            "review_until": today + dt.timedelta(days=21),
        },
    )
    TierAssessment.objects.bulk_create(
        TierAssessment(
            run=run,
            account=a,
            revenue_cents=300_000,
            previous_revenue_cents=200_000,
            value_cents=300_000,
            preceding_cents=0,
            ranked_cents=300_000 * rows,
            active_quarters=2,
            orders=3,
            tenure_months=30,
            days_since_purchase=5,
            gap_days=60,
            gap_count=2,
            late_cents=0,
            due_cents=300_000,
            contact_minutes=30,
            complaints=0,
            previous_tier=a.tier,
            tier="B" if a.tier != "B" else "C",
            trail="volume:A>systematic:B",
        )
        for a in accounts
    )
    TierChange.objects.bulk_create(
        TierChange(
            account=a,
            run=run,
            state="proposed",
            from_tier=a.tier,
            to_tier="B" if a.tier != "B" else "C",
            proposed_tier="B" if a.tier != "B" else "C",
            proposed_at=now,
        )
        for a in accounts
    )
    jobs = Job.objects.bulk_create(
        Job(
            kind="planning",
            key=f"planning:rule:{n}:{state}",
            state=state,
            queued_at=now,
            not_before=now,
            started_at=now,
            finished_at=None if state == "queued" else now,
            started_by=cast.ada,
            error="OSError: the disk is full" if state == "failed" else "",
            trouble="disk_full" if state == "failed" else "",
            result={"created": n} if state == "done" else {},
        )
        for n in range(first, first + rows)
        for state in ("queued", "done", "failed")
    )
    JobEvent.objects.bulk_create(JobEvent(job=job, what="asked", at=now, actor=cast.ada) for job in jobs)
    make_imports(cast.ada, range(first, first + rows), now=now)
