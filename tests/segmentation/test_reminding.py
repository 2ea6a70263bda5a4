"""Who decides is reminded a week and a day before the review ends, each once, and only while something waits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail

from crm.jobs.models import Job
from segmentation import reminding, review
from segmentation.models import TieringRun
from tests.support.cast import Cast
from tests.support.proposals import make_run, propose

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def run(cast: Cast, today: dt.date) -> TieringRun:
    """Two changes for Mona, one of an account without an owner, which an admin decides."""
    found = make_run(as_of=dt.date(2026, 9, 30), review_until=today + 9 * DAY)
    propose(found, cast.acme, "A", "B", revenue_cents=12_345_00)
    propose(found, cast.brewery, "B", "C", revenue_cents=100_00)
    propose(found, cast.orphan, "B", "C")
    return found


def asked() -> list[tuple[str, int]]:
    jobs = Job.objects.filter(kind=reminding.KIND).order_by("pk")
    return [(job.key.split(":")[2], job.arguments["user"]) for job in jobs]


def test_each_once_and_the_later_alone_where_both_are_due(
    cast: Cast, run: TieringRun, today: dt.date, now: dt.datetime
) -> None:
    assert reminding.remind(today=today, now=now) == 0
    whom = [("week", cast.mona.pk), ("week", cast.ada.pk)]
    assert reminding.remind(today=today + 3 * DAY, now=now) == 2, "the week's day was missed by one"
    assert sorted(asked()) == sorted(whom)
    Job.objects.update(state="done", finished_at=now)
    assert reminding.remind(today=today + 4 * DAY, now=now) == 0
    assert reminding.remind(today=today + 8 * DAY, now=now) == 2
    assert reminding.remind(today=today + 9 * DAY, now=now) == 0
    assert sorted(asked()) == sorted(whom + [("day", pk) for _week, pk in whom])


def test_the_mail_says_how_many_and_until_when(
    cast: Cast, run: TieringRun, today: dt.date, now: dt.datetime
) -> None:
    arguments = {"run": run.pk, "user": cast.mona.pk}
    assert reminding.send_reminder(arguments, today=today)
    (sent,) = mail.outbox
    assert sent.to == [cast.mona.email] and "2 tier changes wait for you until Thu 22 Oct" in sent.subject
    html: Any = sent.alternatives[0][0]  # type: ignore[attr-defined]
    assert "12,445" in sent.body and "/review/" in sent.body and "/review/" in html
    deciding: dict[str, Any] = {"reason": "delivery", "actor": cast.mona, "today": today, "now": now}
    review.decide_many(change_ids=list(run.changes.values_list("pk", flat=True)), accept=True, **deciding)
    assert not reminding.send_reminder(arguments, today=today), "all are decided"
    assert reminding.send_reminder(arguments | {"user": cast.ada.pk}, today=today)
    assert "1 tier change waits" in mail.outbox[-1].subject
    assert not reminding.send_reminder(arguments | {"user": cast.ada.pk}, today=today + 10 * DAY), (
        "it is over"
    )


@pytest.mark.usefixtures("run")
def test_whoever_has_something_to_decide_is_found_in_two_statements(
    cast: Cast, run: TieringRun, today: dt.date, django_assert_num_queries: Any
) -> None:
    propose(run, cast.quarry, "B", "C")
    with django_assert_num_queries(2):
        found = reminding.deciding(run)
    assert found == [cast.mona, cast.nora, cast.ada]
    # The same as asking each of them.
    everybody = cast.users.values()
    assert set(found) == {
        user for user in everybody if reminding.undecided_by(user, run, today=today).exists()
    }
    # A team whose manager is gone is an admin's; what nobody owns always is.
    cast.nora.is_active = False
    cast.nora.save()
    run.changes.filter(account=cast.orphan).update(
        state="rejected", actor=cast.ada, decided_at=run.completed_at
    )
    assert reminding.deciding(run) == [cast.mona, cast.ada]
    assert list(reminding.undecided_by(cast.ada, run, today=today).values_list("account", flat=True)) == [
        cast.quarry.pk
    ]
    run.changes.filter(account=cast.quarry).update(
        state="rejected", actor=cast.ada, decided_at=run.completed_at
    )
    assert reminding.deciding(run) == [cast.mona]
