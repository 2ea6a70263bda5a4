"""Hints at the cause of a change, each with its figures (docs/domain.md, 4.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ContactPerson
from complaints.models import Complaint
from contacts.models import Promise
from segmentation.hints import hints
from segmentation.models import TierAssessment, TieringRun
from segmentation.policies import policy_in_force
from tests.support.cast import Cast
from tests.support.factories import FollowUpFactory

pytestmark = pytest.mark.django_db
AS_OF = dt.date(2026, 9, 30)
INSIDE = dt.date(2026, 5, 5)


@pytest.fixture
def found(cast: Cast, now: dt.datetime) -> TierAssessment:
    run = TieringRun(as_of=AS_OF, policy=policy_in_force())
    numbers = dict.fromkeys(
        ("revenue_cents", "previous_revenue_cents", "value_cents", "active_quarters", "orders", "complaints"),
        0,
    )
    return TierAssessment(run=run, account=cast.acme, contact_minutes=300, **numbers)


def told(
    assessment: TierAssessment, previous: TierAssessment | None = None
) -> list[tuple[str, str, Any, str]]:
    return [
        (hint.words.replace("\u00a0", " "), hint.small.replace("\u00a0", " "), hint.day, hint.cause)
        for hint in hints(assessment, previous)
    ]


def test_an_uneventful_year_gives_no_hint(found: TierAssessment) -> None:
    assert told(found) == []


def test_complaints_of_the_window(found: TierAssessment, cast: Cast) -> None:
    for number, (day, category) in enumerate(
        [
            (INSIDE, "late_delivery"),
            (AS_OF, "late_delivery"),
            (INSIDE, "quality"),
            (AS_OF + dt.timedelta(days=1), "quality"),
            (dt.date(2025, 9, 30), "quality"),
        ]
    ):
        Complaint.objects.create(
            account=cast.acme, number=f"C-{number}", category_id=category, words="…", opened_on=day
        )
    assert told(found) == [("3 complaints", "Late delivery 2, Quality below promise", AS_OF, "delivery")]


def test_promises_not_kept(found: TierAssessment, cast: Cast) -> None:
    for state, due in (("broken", INSIDE), ("open", INSIDE), ("open", AS_OF), ("kept", INSIDE)):
        Promise.objects.create(
            account=cast.acme, made_by=cast.rita, words=f"{state} offer", made_on=due, due_on=due, state=state
        )
    assert told(found) == [("2 promises not kept", "open offer", INSIDE, "neglect")]


def test_late_payments_and_a_longer_gap(found: TierAssessment) -> None:
    found.late_cents, found.due_cents = 620_000, 1_000_000
    found.days_since_purchase, found.gap_days, found.gap_count = 94, 63, 3
    assert told(found) == [
        ("62 % of what was due was paid late or not at all", "6,200 of 10,000 €", "", "payment"),
        ("94 days without a purchase", "21 days apart on average", "", ""),
    ]
    found.days_since_purchase, found.late_cents = 42, 0
    assert told(found) == []


def test_a_changed_owner_and_a_person_who_left(found: TierAssessment, cast: Cast) -> None:
    cast.acme.owner = cast.carl
    cast.acme.save()
    cast.acme.name = "Acme"
    cast.acme.save()
    made, moved, renamed = cast.acme.history.order_by("history_id")
    for row, day in ((made, dt.date(2025, 1, 1)), (moved, INSIDE), (renamed, AS_OF)):
        cast.acme.history.filter(pk=row.pk).update(
            history_date=dt.datetime.combine(day, dt.time(10), tzinfo=dt.UTC)
        )
    ContactPerson.objects.create(account=cast.acme, name="Bogdan", position="Head of buying", left_on=INSIDE)
    ContactPerson.objects.create(account=cast.acme, name="Ewa", left_on=AS_OF + dt.timedelta(days=1))
    assert told(found) == [
        ("The owner changed", "Rita Example, then Carl Example", INSIDE, "personality"),
        ("Bogdan left", "Head of buying", INSIDE, "lost_person"),
    ]
    cast.acme.history.filter(pk=moved.pk).update(history_date=dt.datetime(2025, 2, 1, tzinfo=dt.UTC))
    assert [words for words, *_rest in told(found)] == ["Bogdan left"]


def test_neglect_by_contacts_made_and_by_minutes(found: TierAssessment, cast: Cast, now: dt.datetime) -> None:
    for state in ("done", "planned", "skipped", "cancelled"):
        closed_at = None if state == "planned" else now
        FollowUpFactory(account=cast.acme, assignee=cast.rita, day=INSIDE, state=state, closed_at=closed_at)
    previous = TierAssessment(contact_minutes=610)
    assert told(found, previous) == [
        ("Contacts made: 1 of 3 planned", "", "", "neglect"),
        ("Less contact: 5 h, 10 h 10 in the run before", "", "", "neglect"),
    ]
    assert len(told(found, TierAssessment(contact_minutes=375))) == 1  # four fifths: not clearly less


def test_a_seasonal_customer(found: TierAssessment, cast: Cast) -> None:
    cast.acme.seasonal = True
    assert told(found) == [("Marked as seasonal", "it is exempt from “sporadic”", "", "seasonal")]


def test_hints_take_six_queries_at_most(found: TierAssessment, cast: Cast) -> None:
    test_a_changed_owner_and_a_person_who_left(found, cast)
    with CaptureQueriesContext(connection) as asked:
        hints(found, TierAssessment(contact_minutes=610))
    assert len(asked) <= 6
