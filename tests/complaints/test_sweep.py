"""Who is told, when, and only once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints import sweep
from complaints.models import Complaint, ComplaintStep, Escalation
from crm.team.models import PublicHoliday, User
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory, ComplaintStepFactory

UTC = dt.UTC
MONDAY = dt.datetime(2026, 10, 12, 7, 0, tzinfo=UTC)  # 9:00 in Warsaw; the team works from 8 to 16

pytestmark = pytest.mark.django_db


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of October 2026, by Warsaw's summer clock."""
    return dt.datetime(2026, 10, day, hour, minute, tzinfo=UTC) - dt.timedelta(hours=2)


def swept(now: dt.datetime) -> list[tuple[str, str, int, User]]:
    """What a sweep adds: (kind, clock, day of the month, who was told)."""
    known = set(Escalation.objects.values_list("pk", flat=True))
    sweep.sweep(now=now)
    rows = Escalation.objects.exclude(pk__in=known).select_related("recipient").order_by("pk")
    return [(row.kind, row.clock, row.day.day, row.recipient) for row in rows]


@pytest.fixture
def complaint(cast: Cast) -> Complaint:
    """480 working minutes to respond, until Tuesday 9:00; 2,400 to resolve, until Monday 9:00; warned at 75 %."""
    return ComplaintFactory(account=cast.acme, assignee=cast.serge, opened_at=MONDAY)


def test_warned_at_three_quarters_and_told_to_the_lead_at_the_end(complaint: Complaint, cast: Cast) -> None:
    assert swept(at(12, 14, 59)) == []
    assert swept(at(12, 15)) == [("warning", "response", 12, cast.serge)]
    assert swept(at(12, 15, 5)) == []
    assert swept(at(13, 8, 59)) == []
    assert swept(at(13, 9)) == [("breach", "response", 13, cast.mona)]
    assert [(one.to, one.subject) for one in mail.outbox] == [
        (["serge@example.com"], "1 complaint runs out of time"),
        (["mona@example.com"], "1 complaint is out of time"),
    ]
    assert complaint.number in mail.outbox[1].body and cast.acme.name in mail.outbox[1].body


def test_again_on_each_working_day_never_at_night_or_on_a_holiday(complaint: Complaint, cast: Cast) -> None:
    PublicHoliday.objects.create(country="PL", day=dt.date(2026, 10, 15), name="x")
    told = []
    moment = at(13, 9, 2)
    while moment < at(20, 9):
        told += [(moment, row[1]) for row in swept(moment) if row[0] == "breach"]
        moment += dt.timedelta(minutes=15)
    # Wednesday, Friday; with the holiday the resolution is due on Tuesday 9:00.
    assert [one for one in told if one[1] == "response"] == [
        (at(13, 9, 2), "response"),
        (at(14, 8, 2), "response"),
        (at(16, 8, 2), "response"),
        (at(19, 8, 2), "response"),
        (at(20, 8, 2), "response"),
    ]
    assert [one for one in told if one[1] == "resolution"] == []
    assert swept(at(20, 9)) == [("breach", "resolution", 20, cast.mona)]


def test_late_it_tells_once_what_is_true_now(complaint: Complaint, cast: Cast) -> None:
    assert swept(at(22, 10)) == [
        ("breach", "resolution", 22, cast.mona),
        ("breach", "response", 22, cast.mona),
    ]
    assert swept(at(22, 10)) == []
    assert len(mail.outbox) == 1


def test_while_we_wait_for_the_customer_the_clock_stands(complaint: Complaint, cast: Cast) -> None:
    ComplaintStepFactory(complaint=complaint, from_state="new", to_state="waiting", at=at(12, 10))
    Complaint.objects.update(state="waiting")
    assert swept(at(30, 10)) == []
    ComplaintStepFactory(complaint=complaint, from_state="waiting", to_state="in_progress", at=at(30, 10))
    Complaint.objects.update(state="in_progress")
    assert swept(at(30, 10)) == []
    complaint.refresh_from_db()
    assert complaint.resolution_used == 60


def test_what_is_closed_tells_nobody(complaint: Complaint) -> None:
    ComplaintStepFactory(complaint=complaint, from_state="new", to_state="closed", at=at(12, 10))
    Complaint.objects.update(state="closed", closed_on=dt.date(2026, 10, 12))
    assert swept(at(30, 10)) == []


def test_where_nobody_leads_admins_are_told(cast: Cast) -> None:
    ComplaintFactory(account=cast.orphan, opened_at=MONDAY)
    cast.north.leads.clear()
    ComplaintFactory(account=cast.acme, opened_at=MONDAY, assignee=cast.rita)
    assert [row[3] for row in swept(at(13, 10))] == [cast.ada, cast.ada]


def test_who_has_left_is_not_warned(complaint: Complaint, cast: Cast) -> None:
    cast.serge.is_active = False
    cast.serge.save()
    assert swept(at(12, 15)) == [("warning", "response", 12, cast.rita)]


def test_who_no_longer_sees_it_gets_no_mail(complaint: Complaint, cast: Cast) -> None:
    Complaint.objects.update(assignee=cast.otto)
    assert swept(at(12, 15)) == [("warning", "response", 12, cast.otto)]
    assert mail.outbox == []


def test_a_mail_server_that_is_away_loses_nothing(
    complaint: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise ConnectionRefusedError("nobody there")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.open", refuse)
        assert len(swept(at(12, 15))) == 1
    assert mail.outbox == []
    assert swept(at(12, 15, 5)) == []
    assert len(mail.outbox) == 1
    sweep.sweep(now=at(12, 15, 10))
    assert len(mail.outbox) == 1


def many(cast: Cast, number: int) -> None:
    first = Complaint.objects.count()
    rows = Complaint.objects.bulk_create(
        Complaint(
            account=(cast.acme, cast.brewery, cast.quarry)[n % 3],
            number=f"M{first + n}",
            category_id="quality",
            words="x",
            opened_at=MONDAY,
            opened_on=MONDAY.date(),
        )
        for n in range(number)
    )
    ComplaintStep.objects.bulk_create(ComplaintStep(complaint=row, to_state="new", at=MONDAY) for row in rows)


def asked(now: dt.datetime) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        sweep.sweep(now=now)
    return len(caught)


def test_thousands_are_swept_in_as_many_queries_as_few(cast: Cast) -> None:
    many(cast, 3)
    sweep.sweep(now=at(13, 10))
    few = asked(at(13, 10, 5))
    many(cast, 3000)
    sweep.sweep(now=at(13, 10, 10))
    assert Escalation.objects.count() == 3003
    assert asked(at(13, 10, 15)) == few
