"""What comes next in words, and who seems to be away (crm.jobs.timetable)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab

from crm.jobs import timetable
from crm.jobs.models import Job, Sign
from crm.jobs.tasks import SWEEP, leave_a_sign, sweep_jobs, work_job
from crm.jobs.timetable import entries, in_words, next_at, silence

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = dt.datetime(2026, 10, 13, 9, tzinfo=WARSAW)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (300, "every 5 min"),
        (dt.timedelta(hours=2), "every 2 h"),
        (crontab(minute="0", hour="3"), "every day at 03:00"),
        (
            crontab(minute="0", hour="2", day_of_month="1", month_of_year="1,4,7,10"),
            "on 1 January, April, July and October at 02:00",
        ),
        (crontab(minute="30", hour="7", day_of_week="1"), "every Monday at 07:30"),
        (crontab(minute="30", hour="7", day_of_week="0,5"), "every Friday and Sunday at 07:30"),
        (crontab(minute="5", hour="1", day_of_month="15"), "on day 15 of every month at 01:05"),
        (crontab(), "every minute"),
        (crontab(minute="*/15"), "4 times an hour"),
        (crontab(minute="7"), "every hour at minute 7"),
    ],
)
def test_when_is_said_in_words(when: Any, words: str) -> None:
    assert in_words(when) == words


@pytest.mark.parametrize(
    ("when", "due"),
    [
        (crontab(minute="0", hour="3"), "2026-10-14 03:00"),
        (crontab(minute="0", hour="12"), "2026-10-13 12:00"),
        (crontab(minute="0", hour="2", day_of_month="1", month_of_year="1,4,7,10"), "2027-01-01 02:00"),
        (crontab(minute="0", hour="6", day_of_week="0"), "2026-10-18 06:00"),
        (crontab(minute="*/30"), "2026-10-13 09:30"),
    ],
)
def test_next_is_by_the_clock_of_the_company(when: crontab, due: str) -> None:
    expected = dt.datetime.fromisoformat(due).replace(tzinfo=WARSAW)
    assert next_at(when, now=NOW.astimezone(dt.UTC), last_at=None) == expected


def test_an_interval_counts_from_the_last_time_and_is_never_past() -> None:
    assert next_at(300, now=NOW, last_at=NOW - MINUTE) == NOW + 4 * MINUTE
    assert next_at(300, now=NOW, last_at=NOW - 60 * MINUTE) == NOW


@pytest.mark.django_db
def test_every_entry_has_words_and_its_last_time() -> None:
    Sign.objects.create(name=SWEEP, at=NOW - MINUTE)
    day = Job.objects.create(
        kind="daily", key="daily:2026-10-13", state="failed", queued_at=NOW - 60 * MINUTE, not_before=NOW
    )
    found = {entry.label: entry for entry in entries(now=NOW)}
    assert found["Sweep"].last_at == NOW - MINUTE
    assert found["Sweep"].next_at == NOW + 4 * MINUTE
    assert found["Daily upkeep"].last == day
    assert found["Tiering run"].last is None
    assert found["Tiering run"].when == "on 1 January, April, July and October at 02:00"
    assert all(entry.next_at is not None and entry.next_at >= NOW for entry in found.values())


@pytest.mark.django_db
def test_a_task_of_the_schedule_leaves_a_sign_and_others_do_not() -> None:
    leave_a_sign(task=sweep_jobs)
    leave_a_sign(task=sweep_jobs)
    leave_a_sign(task=work_job)
    assert list(Sign.objects.values_list("name", flat=True)) == [SWEEP]


# Who is away --------------------------------------------------------------------------------------------------------
def heard(minutes: float) -> None:
    Sign.objects.update_or_create(name=SWEEP, defaults={"at": NOW - minutes * MINUTE})


def begun(minutes: float) -> None:
    at = NOW - minutes * MINUTE
    Job.objects.create(kind="facts", key="x", state="done", queued_at=at, not_before=at, started_at=at)


def said(*, waits: float | None = None, alive: int = 0) -> str:
    since = None if waits is None else NOW - waits * MINUTE
    found = silence(now=NOW, longest_waiting=since, alive=alive)
    if found is not None:
        assert found.remedy
    return found.what if found else ""


@pytest.mark.django_db
class TestSilence:
    def test_nobody_yet(self) -> None:
        assert said() == "No worker and no clock (beat) has been heard of yet."

    def test_all_is_well(self) -> None:
        heard(4)
        assert said() == ""
        assert said(waits=1) == ""

    def test_both_are_away_while_a_job_waits(self) -> None:
        heard(14)
        begun(13)
        assert said(waits=11) == "No worker has taken a job for 13 min."

    def test_both_are_away_and_nothing_waits(self) -> None:
        heard(30)
        assert "for 30 min" in said()
        assert said(alive=1) == ""

    def test_only_the_clock_is_away(self) -> None:
        heard(30)
        begun(2)
        assert said() == "The clock (beat) has not been heard of for 30 min; a worker is there."

    def test_all_are_busy(self) -> None:
        heard(2)
        assert said(waits=9, alive=2) == "All workers are busy: the first in line has waited 9 min."

    def test_the_worker_hears_another_broker(self) -> None:
        heard(2)
        assert said(waits=9).startswith("A job has waited 9 min")


def test_patience_is_longer_than_two_sweeps() -> None:
    assert dt.timedelta(minutes=10) < timetable.SILENT_AFTER
