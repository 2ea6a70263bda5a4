"""The Jobs page: what admins read there, and what their buttons do (crm.jobs.views)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.jobs import running
from crm.jobs.kinds import known_kinds
from crm.jobs.locks import held
from crm.jobs.models import Job, JobEvent, Sign
from crm.jobs.running import lock_name
from crm.jobs.tasks import SWEEP
from tests.support.cast import Cast

NOW = dt.datetime(2026, 10, 13, 8, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, time_machine: Any) -> None:
    monkeypatch.setattr(running.current_app, "send_task", lambda *args, **kwargs: None)
    time_machine.move_to(NOW)


@pytest.fixture
def ada(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    Sign.objects.create(name=SWEEP, at=NOW - MINUTE)
    return client


def make(state: str, key: str = "planning:rule:7", kind: str = "planning", **values: Any) -> Job:
    given = {"queued_at": NOW - MINUTE, "not_before": NOW - MINUTE, **values}
    return Job.objects.create(kind=kind, key=key, state=state, **given)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def page(client: Client, **query: str) -> str:
    return text(client.get(reverse("jobs:list", query=query)))


def test_every_kind_has_a_name_and_a_sentence() -> None:
    assert {"facts", "planning", "tiering", "daily", "holidays"} <= {kind.name for kind in known_kinds()}
    for kind in known_kinds():
        assert str(kind.label), kind.name
        assert str(kind.about), kind.name


def test_nothing_yet(ada: Client) -> None:
    found = page(ada)
    assert "Nothing runs and nothing waits." in found
    assert "No job has ended yet" in found
    assert "every day at 03:00" in found
    assert 'hx-trigger="every 2s"' not in found


def test_what_runs_shows_how_far_it_is_and_how_long_it_takes(ada: Client, cast: Cast) -> None:
    job = make(
        "running", started_at=NOW - 2 * MINUTE, progress_done=500, progress_total=2000, started_by=cast.ada
    )
    with held(lock_name(job.pk)):
        found = page(ada)
    assert "Contact planning" in found
    assert "after a contact rule was changed (no. 7)" in found
    assert "of 2,000, about 6 min left" in found
    assert "started by Ada Example" in found
    assert "Its worker died" not in found
    assert 'hx-trigger="every 2s"' in found
    assert "Its worker died" in page(ada)


def test_what_waits_says_whether_in_line_or_pausing_and_why(ada: Client) -> None:
    make("queued", key="planning:rule:1")
    make(
        "queued",
        key="planning:rule:2",
        not_before=NOW + 2 * MINUTE,
        failures=2,
        error="OSError: [Errno 28] No space left on device",
        trouble="disk_full",
    )
    found = page(ada)
    assert "no. 1, since" in found
    assert "after 2 failures" in found
    assert "The disk is full" in found


def test_what_ran_says_what_came_of_it(ada: Client) -> None:
    make("done", started_at=NOW - MINUTE, finished_at=NOW, result={"created": 4, "kept": 30_000})
    make(
        "failed",
        kind="tiering",
        key="tiering:2026-09-30",
        arguments={"as_of": "2026-09-30"},
        error="There is a run as of 2026-12-31 already.",
        trouble="refused",
        finished_at=NOW,
    )
    make("done", kind="forgotten", key="of an older version", result={"odd": [1]}, finished_at=NOW)
    found = page(ada)
    assert "4 new, 30,000 as they were" in found
    assert "Tiering run, as of 30 September 2026" in found
    assert "There is a run as of 2026-12-31 already." in found
    assert "forgotten, of an older version" in found
    assert "4 new" not in page(ada, state="failed")
    assert "4 new" in page(ada, kind="planning")
    assert "No job like that has ended" in page(ada, kind="facts", state="stopped")
    assert "4 new" in page(ada, kind="nonsense", state="running", page="99")


def test_a_poll_brings_what_ran_only_when_something_has_changed(ada: Client) -> None:
    job = make("queued")
    url = reverse("jobs:now")
    assert 'id="jobs-past"' not in text(ada.get(url, {"seen": str(job.pk)}))
    Job.objects.filter(pk=job.pk).update(state="done", finished_at=NOW, result={"created": 4})
    found = text(ada.get(url, {"seen": str(job.pk)}))
    assert 'id="jobs-past"' in found
    assert "4 new" in found
    assert "every 2s" not in found


def test_a_long_line_is_cut_and_counted(ada: Client) -> None:
    for number in range(25):
        make("queued", key=f"planning:rule:{number}")
    assert "5 more wait behind these." in page(ada)


def test_one_job_tells_its_story(ada: Client, cast: Cast) -> None:
    error = "OperationalError: server closed the connection\n" + "x" * 5000
    job = make("failed", attempts=3, error=error, trouble="database_gone", finished_at=NOW)
    for what in ("asked", "begun", "begun", "failed", "begun", "given_up"):
        JobEvent.objects.create(job=job, what=what, at=NOW)
    JobEvent.objects.create(job=job, what="retried", at=NOW, actor=cast.ada)
    found = text(ada.get(reverse("jobs:job", args=[job.pk])))
    assert "The database could not be reached" in found
    assert "Technical text" in found
    assert "Begun again (attempt 2): the worker before had died" in found
    assert "Begun again (attempt 3)<" in found
    assert "Try again now" in found
    assert "Ada Example" in found


def post(client: Client, name: str, *args: Any, **data: str) -> str:
    return text(client.post(reverse(name, args=args), data, follow=True))


def test_starting_stopping_and_taking_it_back(ada: Client, cast: Cast) -> None:
    assert "Contact planning, all accounts, by hand: it waits in line." in post(ada, "jobs:start", "planning")
    job = Job.objects.get()
    assert job.started_by == cast.ada
    assert "is open already" in post(ada, "jobs:start", "planning")
    assert "Stopped: Contact planning" in post(ada, "jobs:stop", job.pk)
    assert "nothing done. It has ended already." in post(ada, "jobs:stop", job.pk)
    assert "Back in line: Contact planning" in post(ada, "jobs:put_back", job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_starting_what_there_is_no_need_of(ada: Client) -> None:
    assert "The last quarter has its run already" in post(ada, "jobs:start", "tiering")
    assert ada.post(reverse("jobs:start", args=["nonsense"])).status_code == 404


def test_trying_again_goes_back_to_where_it_was_asked(ada: Client) -> None:
    job = make("failed", finished_at=NOW)
    url = reverse("jobs:job", args=[job.pk])
    response = ada.post(reverse("jobs:retry", args=[job.pk]), {"next": url})
    assert response["Location"] == url
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED
    elsewhere = ada.post(reverse("jobs:stop", args=[job.pk]), {"next": "https://evil.example/"})
    assert elsewhere["Location"] == reverse("jobs:list")


def test_asking_a_running_one_to_stop(ada: Client) -> None:
    job = make("running", started_at=NOW)
    with held(lock_name(job.pk)):
        assert "was asked to stop" in post(ada, "jobs:stop", job.pk)
        assert "it stops at its next step" in page(ada)


def test_sweeping_by_hand(ada: Client) -> None:
    assert "Nothing was lost" in post(ada, "jobs:sweep")
    make("queued")
    assert "1 job was sent again." in post(ada, "jobs:sweep")
