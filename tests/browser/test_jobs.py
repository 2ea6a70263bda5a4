"""The Jobs page in a browser: it follows what runs, its buttons act, and axe finds nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.jobs import running
from crm.jobs.locks import held
from crm.jobs.models import Job, JobEvent, Sign
from crm.jobs.running import lock_name
from crm.jobs.tasks import SWEEP
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast

LONG = "psycopg2.errors.DiskFull: could not extend file base/16384/2619: No space left on device " * 12


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.current_app, "send_task", lambda *args, **kwargs: None)


def make(state: str, key: str, kind: str = "planning", **values: object) -> Job:
    now = timezone.now()
    return Job.objects.create(
        kind=kind, key=key, state=state, queued_at=now, not_before=values.pop("not_before", now), **values
    )


@pytest.fixture
def jobs(cast: Cast, clock: None) -> Job:
    """One that runs, which is given; one in line, one that pauses, three that ended."""
    now = timezone.now()
    Sign.objects.create(name=SWEEP, at=now)
    runs = make(
        "running",
        "planning:tiering:2026-09-30",
        started_at=now - dt.timedelta(minutes=3),
        progress_done=2000,
        progress_total=5000,
        attempts=1,
    )
    make("queued", "facts:import:12", kind="facts", started_by=cast.ada)
    make(
        "queued",
        "planning:rule:4",
        not_before=now + dt.timedelta(minutes=8),
        failures=2,
        error=LONG,
        trouble="disk_full",
    )
    make("done", "planning:rule:5", finished_at=now, started_at=now, result={"created": 3}, attempts=1)
    make("stopped", "planning:rule:6", finished_at=now)
    failed = make("failed", "planning:rule:7", finished_at=now, error=LONG, trouble="other", attempts=5)
    for what in ("asked", "begun", "failed", "begun", "given_up"):
        JobEvent.objects.create(job=failed, what=what, at=now, words=LONG if what == "failed" else "")
    return runs


def test_it_follows_what_runs(jobs: Job, cast: Cast, signed_in: Callable[..., Page]) -> None:
    with held(lock_name(jobs.pk)):
        page = signed_in(cast.ada, "/jobs/")
        card = page.locator(".job-card").first
        expect(card).to_contain_text("2,000 of 5,000, about")
        Job.objects.filter(pk=jobs.pk).update(progress_done=4000)
        expect(card).to_contain_text("4,000 of 5,000")
    Job.objects.filter(pk=jobs.pk).update(state="done", finished_at=timezone.now(), result={"kept": 5000})
    expect(page.locator("#jobs-past tbody tr").first).to_contain_text("5,000 as they were")
    expect(page.locator("#jobs-now")).not_to_contain_text("of 5,000")
    Job.objects.filter(state="queued").update(state="done", finished_at=timezone.now())
    expect(page.locator("#jobs-now")).to_contain_text("Nothing runs and nothing waits.")
    expect(page.locator("#jobs-now[hx-get]")).to_have_count(0)


def test_stopping_undoing_and_trying_again(jobs: Job, cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = signed_in(cast.ada, "/jobs/")
    page.get_by_role("button", name="Stop: Facts of accounts, after import no. 12").click()
    expect(page.locator(".toast")).to_contain_text("Stopped: Facts of accounts")
    assert Job.objects.get(kind="facts").state == "stopped"
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Back in line")
    assert Job.objects.get(kind="facts").state == "queued"
    page.get_by_role("link", name="Contact planning, after a contact rule was changed (no. 7)").click()
    page.get_by_text("Technical text", exact=True).click()
    expect(page.locator(".technical")).to_contain_text("No space left on device")
    page.get_by_role("button", name="Try again now").click()
    expect(page.locator(".job-card")).to_contain_text("In line")
    expect(page.locator(".timeline")).to_contain_text("Started again by hand")


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)],
    ids=["light", "dark", "phone"],
)
def test_accessible(
    jobs: Job,
    cast: Cast,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
    scheme: str,
    size: dict[str, int],
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    signed_in(cast.ada, "/jobs/", size=size)
    page.get_by_text("Start something now").click()
    no_violations(page)
    no_sideways_scroll(page)
    page.get_by_role("link", name="Contact planning, after a contact rule was changed (no. 7)").click()
    page.get_by_text("Technical text", exact=True).click()
    page.get_by_text("For those who look closer").click()
    no_violations(page)
    no_sideways_scroll(page)
