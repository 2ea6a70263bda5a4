"""What beat asks for and when (docs/operating.md), and what the jobs of the apps do."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from celery import current_app
from celery.schedules import crontab, schedule
from django.conf import settings

from accounts.models import Account
from accounts.tasks import ask_for_facts
from contacts.tasks import ask_for_planning
from crm.celery import SWEEP_EVERY, app
from crm.jobs import running
from crm.jobs.kinds import kind_named
from crm.jobs.models import Job
from crm.team.models import PublicHoliday
from crm.team.tasks import fill_holidays
from segmentation import tasks
from segmentation.models import TieringRun
from tests.support.factories import AccountFactory, PurchaseFactory

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = dt.datetime(2026, 10, 13, 3, tzinfo=WARSAW)
AS_OF = dt.date(2026, 9, 30)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.current_app, "send_task", lambda *args, **kwargs: None)


def entry(task: str) -> dict[str, Any]:
    (found,) = [one for one in app.conf.beat_schedule.values() if one["task"] == task]
    return dict(found)


def next_due(when: crontab, after: dt.datetime) -> dt.datetime:
    """When the entry falls due next, by the company's clock."""
    with time_machine.travel(after, tick=False):
        remaining = when.remaining_estimate(after)
    return (after.astimezone(dt.UTC) + remaining).astimezone(
        WARSAW
    )  # elapsed time, over changes of the clock


def work_off(kind: str, now: dt.datetime = NOW) -> Job:
    """Work off the one queued job of this kind."""
    job = Job.objects.get(kind=kind, state=Job.State.QUEUED)
    done = running.work(job_id=job.pk, clock=lambda: now)
    assert done is not None
    return done


# When ---------------------------------------------------------------------------------------------------------------
def test_every_entry_names_a_task_that_exists() -> None:
    app.loader.import_default_modules()
    for one in app.conf.beat_schedule.values():
        assert one["task"] in current_app.tasks
    assert {"work_job", "sweep_jobs"} <= {name.rsplit(".", 1)[-1] for name in current_app.tasks}


def test_the_clock_is_that_of_the_company() -> None:
    assert app.conf.timezone == settings.CELERY_TIMEZONE == "Europe/Warsaw"


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-09-30 12:00", "2026-10-01 02:00"),
        ("2026-10-01 02:01", "2027-01-01 02:00"),
        ("2027-01-02 00:00", "2027-04-01 02:00"),
        ("2027-05-20 00:00", "2027-07-01 02:00"),
    ],
)
def test_tiering_is_at_two_on_the_first_of_each_quarter(after: str, due: str) -> None:
    when = entry("segmentation.tasks.tier_quarter")["schedule"]
    assert next_due(when, moment(after)) == moment(due)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=WARSAW)


@pytest.mark.parametrize("day", [dt.date(2026, 10, 13), dt.date(2027, 1, 1), dt.date(2026, 12, 6)])
def test_the_upkeep_is_at_three_every_day(day: dt.date) -> None:
    when = entry("segmentation.tasks.start_daily")["schedule"]
    assert next_due(when, dt.datetime.combine(day, dt.time(1), WARSAW)) == dt.datetime.combine(
        day, dt.time(3), WARSAW
    )


def test_the_sweep_is_every_five_minutes_and_does_not_pile_up() -> None:
    sweep = entry("crm.jobs.tasks.sweep_jobs")
    assert sweep["schedule"] == SWEEP_EVERY == 300
    assert sweep["options"]["expires"] < SWEEP_EVERY
    assert schedule(SWEEP_EVERY).run_every == dt.timedelta(minutes=5)


# What ---------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "as_of"),
    [
        # By the company's clock: in UTC it is still September.
        (dt.datetime(2026, 9, 30, 23, 30, tzinfo=dt.UTC), "2026-09-30"),
        (dt.datetime(2026, 9, 30, 21, 30, tzinfo=dt.UTC), "2026-06-30"),
        (dt.datetime(2027, 1, 1, 2, tzinfo=WARSAW), "2026-12-31"),
        (dt.datetime(2027, 2, 9, 2, tzinfo=WARSAW), "2026-12-31"),
    ],
)
def test_the_quarter_that_ended_last_is_asked_for(now: dt.datetime, as_of: str) -> None:
    with time_machine.travel(now, tick=False):
        tasks.tier_quarter()
    job = Job.objects.get()
    assert (job.kind, job.key, job.arguments) == ("tiering", f"tiering:{as_of}", {"as_of": as_of})


@pytest.mark.django_db
def test_a_run_is_made_and_planning_asked_for() -> None:
    PurchaseFactory(ordered_on=dt.date(2026, 9, 1))
    tasks.ask_for_tiering(as_of=AS_OF, now=NOW)
    done = work_off("tiering")
    run = TieringRun.objects.get()
    assert done.state == Job.State.DONE
    assert done.result == {"run": run.pk, "as_of": "2026-09-30", "assessed": 1, "proposed": 0}
    assert Job.objects.get(kind="planning").key == "planning:tiering:2026-09-30"


@pytest.mark.django_db
def test_an_attempt_that_died_after_its_run_is_completed_with_the_run_there_is() -> None:
    PurchaseFactory(ordered_on=dt.date(2026, 9, 1))
    tasks.ask_for_tiering(as_of=AS_OF, now=NOW)
    work_off("tiering")
    Job.objects.filter(kind="planning").delete()
    Job.objects.filter(kind="tiering").update(state=Job.State.QUEUED)
    work_off("tiering")
    assert TieringRun.objects.count() == 1
    assert Job.objects.filter(kind="planning").count() == 1


@pytest.mark.django_db
def test_a_run_that_must_not_be_made_is_refused_for_good_and_says_why() -> None:
    tasks.ask_for_tiering(as_of=dt.date(2026, 12, 31), now=NOW)
    done = work_off("tiering")
    assert done.state == Job.State.FAILED
    assert "2026" in done.error


@pytest.mark.django_db
def test_the_upkeep_does_every_step_and_finds_the_missed_run() -> None:
    account = AccountFactory()
    PurchaseFactory(account=account, ordered_on=dt.date(2026, 9, 1))
    with time_machine.travel(NOW, tick=False):
        tasks.start_daily()
        tasks.start_daily()
    done = work_off("daily")
    assert done.key == "daily:2026-10-13"
    assert set(done.result) == set(tasks.DAILY)
    assert done.result["missed run"] == "tiering:2026-09-30"
    assert PublicHoliday.objects.filter(day__year=2027).exists()
    assert Account.objects.get().phase == "customer"
    assert set(Job.objects.filter(state=Job.State.QUEUED).values_list("kind", flat=True)) == {
        "tiering",
        "triggers",
        "planning",
    }


@pytest.mark.django_db
def test_nothing_is_missed_without_purchases() -> None:
    with time_machine.travel(NOW, tick=False):
        tasks.start_daily()
    assert work_off("daily").result["missed run"] is None


@pytest.mark.django_db
def test_a_step_that_fails_keeps_no_other_from_running(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(work: Any) -> None:
        raise ArithmeticError("no facts today")

    monkeypatch.setitem(tasks.DAILY, "accounts with new facts", fail)
    with time_machine.travel(NOW, tick=False):
        tasks.start_daily()
    with pytest.raises(ArithmeticError):
        work_off("daily")
    daily = Job.objects.get(kind="daily")
    assert (daily.state, daily.error) == (Job.State.QUEUED, "ArithmeticError: no facts today")
    assert PublicHoliday.objects.exists()
    assert Job.objects.filter(kind="planning").exists()


@pytest.mark.django_db
def test_planning_and_facts_take_all_accounts_or_those_named() -> None:
    account = AccountFactory()
    PurchaseFactory(account=account, ordered_on=dt.date(2026, 9, 1))
    ask_for_facts(reason="test", now=NOW, account_ids=[account.pk])
    assert work_off("facts").result == {"changed": 1}
    ask_for_planning(reason="test", now=NOW)
    assert work_off("planning").state == Job.State.DONE
    assert kind_named("planning").refusals == ()


@pytest.mark.django_db
def test_holidays_of_two_years_are_filled() -> None:
    with time_machine.travel(NOW, tick=False):
        fill_holidays()
    years = set(PublicHoliday.objects.values_list("day__year", flat=True))
    assert years == {2026, 2027}
