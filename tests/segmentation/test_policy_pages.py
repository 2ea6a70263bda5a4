"""The pages of policies: drafts, saving and simulating, who moves, putting in force, comparing, testing on the past."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from crm.jobs.models import Job
from crm.jobs.running import work
from segmentation import policies, simulation, tasks
from segmentation.errors import PolicyError
from segmentation.models import BackTest, Simulation, TieringRun, TierPolicy
from segmentation.policies import begin_due, edit_draft, make_draft, policy_in_force, schedule, state_of
from segmentation.policy_tasks import ask_for_due, ask_for_policy
from segmentation.tiering import run_tiering
from tests.segmentation.company import write
from tests.segmentation.test_ladder import loyal
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
State = TierPolicy.State


@pytest.fixture
def at_nine(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def ada(cast: Cast, at_nine: None) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def fields(policy: TierPolicy, **others: Any) -> dict[str, Any]:
    """What the form of the draft sends."""
    given = {name: "" if value is None else value for name, value in policies.thresholds_of(policy).items()}
    return given | {"note": policy.note} | others


def draft(cast: Cast, now: dt.datetime, **thresholds: Any) -> TierPolicy:
    made = make_draft(like=policy_in_force(), actor=cast.ada, now=now)
    return edit_draft(policy=made, thresholds=thresholds, note="")


# Verbs --------------------------------------------------------------------------------------------------------------
def test_a_draft_is_edited_until_it_is_to_begin(cast: Cast, now: dt.datetime, today: dt.date) -> None:
    made = draft(cast, now, a_share="0.7")
    assert made.version == 2 and state_of(made) == State.DRAFT and made.a_share == Decimal("0.7")
    schedule(policy=made, starts_on=today + DAY, run_at_start=False, today=today)
    for refused in (
        lambda: edit_draft(policy=made, thresholds={"band": 0}, note=""),
        lambda: policies.remove_draft(policy=made),
        lambda: schedule(policy=made, starts_on=today, run_at_start=False, today=today),
    ):
        with pytest.raises(PolicyError):
            refused()
    policies.take_back(policy=made)
    assert edit_draft(policy=made, thresholds={"band": 0}, note="open").note == "open"
    policies.remove_draft(policy=made)
    assert TierPolicy.objects.get() == policy_in_force()


def test_a_day_that_is_over_is_refused(cast: Cast, now: dt.datetime, today: dt.date) -> None:
    with pytest.raises(PolicyError) as refused:
        schedule(policy=draft(cast, now), starts_on=today - DAY, run_at_start=False, today=today)
    assert refused.value.field == "starts_on"


def test_it_begins_on_its_day_and_not_before(cast: Cast, now: dt.datetime, today: dt.date) -> None:
    first, later = policy_in_force(), draft(cast, now, band="0.03")
    schedule(policy=later, starts_on=today + 2 * DAY, run_at_start=False, today=today)
    assert begin_due(today=today + DAY) == [] and policy_in_force() == first
    assert begin_due(today=today + 2 * DAY) == [later] and policy_in_force() == later
    assert begin_due(today=today + 3 * DAY) == []
    first.refresh_from_db()
    assert (state_of(first), first.ended_on) == (State.PAST, today + 2 * DAY)


def test_of_two_that_are_due_the_later_stays_in_force(cast: Cast, now: dt.datetime, today: dt.date) -> None:
    late, soon = draft(cast, now, band="0.03"), draft(cast, now, band="0.04")
    schedule(policy=late, starts_on=today + 2 * DAY, run_at_start=False, today=today)
    schedule(policy=soon, starts_on=today + DAY, run_at_start=False, today=today)
    assert begin_due(today=today + 5 * DAY) == [soon, late] and policy_in_force() == late
    soon.refresh_from_db()
    assert state_of(soon) == State.PAST


def test_the_quarters_run_uses_what_is_due_although_no_job_has_begun_it(
    cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    write([loyal("x", 8000)], actor=cast.ada)
    later = draft(cast, now, band="0.03")
    schedule(policy=later, starts_on=today, run_at_start=False, today=today)
    assert run_tiering(as_of=today - DAY, today=today, now=now).policy == later


def test_the_daily_upkeep_asks_for_the_job_once(cast: Cast, now: dt.datetime, today: dt.date) -> None:
    later = draft(cast, now, band="0.03")
    schedule(policy=later, starts_on=today + DAY, run_at_start=True, today=today)
    assert ask_for_due(today=today, now=now) == 0
    for _time in (1, 2):
        assert ask_for_due(today=today + DAY, now=now) == 1
    assert "policies to begin" in tasks.DAILY
    job = Job.objects.get(kind="policy")
    for _time in (1, 2):  # worked off, and once more by a worker that did not see it done
        done = work(job_id=job.pk, clock=lambda: now + DAY)
        assert done is not None and done.state == Job.State.DONE
        Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, not_before=now)
    assert policy_in_force() == later
    assert Job.objects.get(kind="tiering").arguments == {"as_of": today.isoformat()}


def test_what_was_made_a_draft_again_is_not_begun_by_a_late_job(
    cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    first, later = policy_in_force(), draft(cast, now, band="0.03")
    schedule(policy=later, starts_on=today, run_at_start=False, today=today)
    job = ask_for_policy(later, now=now)
    policies.take_back(policy=later)
    done = work(job_id=job.pk, clock=lambda: now)
    assert done is not None and done.state == Job.State.FAILED and "version" in done.error.lower()
    assert policy_in_force() == first


# Taking back --------------------------------------------------------------------------------------------------------
def test_what_began_and_no_run_used_can_be_taken_back_and_begin_again(
    cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    first, later = policy_in_force(), draft(cast, now, band="0.03")
    assert not policies.may_take_back(first)
    for _time in (1, 2):
        schedule(policy=later, starts_on=today, run_at_start=False, today=today)
        job = ask_for_policy(later, now=now)
        work(job_id=job.pk, clock=lambda: now)
        assert policy_in_force() == later
        later.refresh_from_db()
        assert policies.may_take_back(later)
        later = policies.take_back(policy=later)
        first.refresh_from_db()
        assert policy_in_force() == first and first.ended_on is None
        assert state_of(later) == State.DRAFT and later.starts_on is None
        assert edit_draft(policy=later, thresholds={"band": "0.03"}, note="").band == Decimal("0.03")


def test_of_two_that_began_on_one_day_each_goes_back_to_the_one_before(
    cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    first, second, third = policy_in_force(), draft(cast, now, band="0.03"), draft(cast, now, band="0.04")
    for one in (second, third):
        schedule(policy=one, starts_on=today, run_at_start=False, today=today)
    assert begin_due(today=today) == [second, third]
    policies.take_back(policy=third)
    assert policy_in_force() == second
    policies.take_back(policy=second)
    assert policy_in_force() == first
    with pytest.raises(PolicyError, match="no version before"):
        policies.take_back(policy=first)


def test_what_a_run_used_or_is_about_to_use_stays_in_force(
    cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    write([loyal("x", 8000)], actor=cast.ada)
    policy_in_force()
    later = draft(cast, now, band="0.03")
    schedule(policy=later, starts_on=today, run_at_start=True, today=today)
    work(job_id=ask_for_policy(later, now=now).pk, clock=lambda: now)
    with pytest.raises(PolicyError, match="are being computed"):
        policies.take_back(policy=later)
    work(job_id=Job.objects.get(kind="tiering").pk, clock=lambda: now)
    assert TieringRun.objects.get().policy == later
    with pytest.raises(PolicyError, match="A run used version 2"):
        policies.take_back(policy=later)
    assert policy_in_force() == later


# Pages --------------------------------------------------------------------------------------------------------------
def test_putting_in_force_today_is_undone_from_the_page(
    ada: Client, cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    first, later = policy_in_force(), draft(cast, now, band="0.03")
    page = ada.post(
        reverse("policies:start", args=[later.pk]), {"starts_on": today.isoformat()}, follow=True
    ).content.decode()
    undo = reverse("policies:wait", args=[later.pk])
    assert "is being put in force" in page and undo in page
    work(job_id=Job.objects.get(kind="policy").pk, clock=lambda: now)
    page = ada.get(reverse("policies:policy", args=[later.pk])).content.decode()
    assert "No run used it yet" in page
    page = ada.post(undo, follow=True).content.decode()
    assert "Version 2 is a draft again." in page and policy_in_force() == first
    page = ada.get(reverse("policies:policy", args=[first.pk])).content.decode()
    assert "No run used it yet" not in page
    assert (
        "no version before"
        in ada.post(reverse("policies:wait", args=[first.pk]), follow=True).content.decode()
    )


def test_from_a_new_draft_to_the_run_it_foretold(
    ada: Client, cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    write([loyal("x", 7900, tier="A"), loyal("y", 1600, tier="A"), loyal("z", 500, tier="C")], actor=cast.ada)
    policy_in_force()
    response = ada.post(reverse("policies:new"))
    made = TierPolicy.objects.get(version=2)
    assert response["Location"] == reverse("policies:policy", args=[made.pk])
    page = ada.get(response["Location"]).content.decode()
    for name in TierPolicy.THRESHOLDS:
        assert f'name="{name}"' in page and f"{name} · in force" in page
    ada.post(reverse("policies:policy", args=[made.pk]), fields(made, a_share="0.7", note="Stricter"))
    found = Simulation.objects.get(policy=made)
    assert found.as_of == today - DAY and found.thresholds["a_share"] == "0.7"
    page = ada.get(reverse("policies:policy", args=[made.pk])).content.decode()
    assert "1 account would move" in page and "?move=A-B" in page
    moves = ada.get(reverse("policies:moves", args=[made.pk])).content.decode()
    assert reverse("accounts:detail", args=[Account.objects.get(code="y").pk]) in moves
    assert reverse("accounts:detail", args=[Account.objects.get(code="x").pk]) not in moves

    begin = {"starts_on": today.isoformat(), "run_at_start": "on"}
    for _time in (1, 2):
        ada.post(reverse("policies:start", args=[made.pk]), begin)
    job = Job.objects.get(kind="policy")
    work(job_id=job.pk, clock=lambda: now)
    assert policy_in_force() == made
    work(job_id=Job.objects.get(kind="tiering").pk, clock=lambda: now)
    run = TieringRun.objects.get()
    assert (run.policy, run.as_of) == (made, today - DAY)
    changes = {
        one.account.code: (one.from_tier, one.to_tier) for one in run.changes.select_related("account")
    }
    assert changes == {"y": ("A", "B")}
    # Used: never edited again.
    ada.post(reverse("policies:policy", args=[made.pk]), fields(made, a_share="0.6"))
    made.refresh_from_db()
    assert made.a_share == Decimal("0.7")
    assert "never edited" in ada.get(reverse("policies:policy", args=[made.pk])).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"a_share": "1.2"}, "a_share", "less than or equal to 1"),
        ({"a_share": "0.96"}, "b_share", "before A ends"),
        ({"band": "0.00001"}, "band", "4 decimal places"),
        ({"window_months": "0"}, "window_months", "greater than or equal to 1"),
        ({"grace_days": ""}, "grace_days", "required"),
    ],
)
def test_what_makes_no_policy_is_said_at_its_field(
    ada: Client, cast: Cast, now: dt.datetime, wrong: dict[str, str], field: str, words: str
) -> None:
    made = draft(cast, now)
    response = ada.post(reverse("policies:policy", args=[made.pk]), fields(made, **wrong))
    assert response.status_code == 200
    errors = response.context["form"].errors
    assert set(errors) == {field} and words in str(errors[field])
    assert not Simulation.objects.exists()
    assert policies.thresholds_of(TierPolicy.objects.get(pk=made.pk)) == policies.thresholds_of(
        policy_in_force()
    )


def test_a_day_that_has_not_ended_is_not_simulated(
    ada: Client, cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    made = draft(cast, now)
    url = reverse("policies:simulate", args=[made.pk])
    for as_of in (today.isoformat(), "31.02.", ""):
        page = ada.post(url, {"as_of": as_of}, follow=True).content.decode()
        assert "Not simulated" in page and not Simulation.objects.exists()
    ada.post(url, {"as_of": "2024-06-30"})
    assert Simulation.objects.get().as_of == dt.date(2024, 6, 30)


def test_a_large_company_is_simulated_by_a_job_asked_for_once(
    ada: Client, cast: Cast, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "IN_A_REQUEST", 2)
    made = draft(cast, now)
    for _time in (1, 2):
        ada.post(reverse("policies:simulate", args=[made.pk]), {"as_of": "2026-09-30"})
    job = Job.objects.get(kind="simulation")
    page = ada.get(reverse("policies:policy", args=[made.pk])).content.decode()
    assert "every 2s" in page and reverse("jobs:job", args=[job.pk]) in page
    done = work(job_id=job.pk, clock=lambda: now)
    assert done is not None and done.result == {"moves": 0} and Simulation.objects.get().policy == made


def test_the_list_of_moves_is_narrowed_paged_and_exported(
    ada: Client, cast: Cast, now: dt.datetime, today: dt.date
) -> None:
    write([loyal(f"{number:03}", 1000 + number) for number in range(120)], actor=cast.ada)
    made = draft(cast, now)
    simulation.simulate_policy(policy=made, as_of=dt.date(2026, 9, 30), today=today, now=now)
    url = reverse("policies:moves", args=[made.pk])
    assert len(ada.get(url).context["page"].object_list) == 50
    last = ada.get(url, {"page": 3}).context["page"]
    assert last.paginator.count == 120 and len(last.object_list) == 20
    to_a = ada.get(url, {"move": "none-A"}).context["page"]
    assert {row["tier"] for row in to_a.object_list} == {"A"} and 90 < to_a.paginator.count < 100
    assert ada.get(url, {"move": "held"}).context["page"].paginator.count == 0
    file = b"".join(ada.get(reverse("policies:moves_export", args=[made.pk, "csv"]))).decode("utf-8-sig")
    assert len(file.splitlines()) == 121 and "119,119,,,A,A,Volume,11.19,0.00" in file
    assert ada.get(reverse("policies:moves_export", args=[made.pk, "xlsx"])).status_code == 200
    assert ada.get(reverse("policies:moves_export", args=[made.pk, "pdf"])).status_code == 404


def test_versions_are_compared_field_by_field(ada: Client, cast: Cast, now: dt.datetime) -> None:
    first, second = policy_in_force(), draft(cast, now, a_share="0.7", max_late_share="0.3")
    groups = ada.get(reverse("policies:compare"), {"a": first.pk, "b": second.pk}).context["groups"]
    rows = {
        row["name"]: (row["value"], row["present"])
        for _title, part in groups
        for row in part
        if row["differs"]
    }
    assert rows == {"a_share": ("0.8", "0.7"), "max_late_share": ("–", "0.3")}
    assert {row["name"] for _title, part in groups for row in part} == set(TierPolicy.THRESHOLDS)
    listed = ada.get(reverse("policies:list")).context["rows"][0]
    assert [(name, was, becomes) for name, _label, was, becomes in listed["changes"]] == [
        ("a_share", "0.8", "0.7"),
        ("max_late_share", "–", "0.3"),
    ]


def test_the_back_test_is_asked_for_once_shown_and_exported(
    ada: Client, cast: Cast, now: dt.datetime
) -> None:
    write([loyal("x", 8000), loyal("y", 1500)], actor=cast.ada)
    made = draft(cast, now, band="0.05")
    url = reverse("policies:back_test", args=[made.pk])
    assert "Not tested yet" in ada.get(url).content.decode()
    for _time in (1, 2):
        ada.post(url)
    job = Job.objects.get(kind="back_test")
    assert "every 2s" in ada.get(url).content.decode()
    work(job_id=job.pk, clock=lambda: now)
    page = ada.get(url).content.decode()
    assert "Plain ABC" in page and 'id="prediction-t"' in page and 'id="stability-t"' in page
    assert BackTest.objects.get().quarters.count() == 24
    file = b"".join(ada.get(reverse("policies:back_test_export", args=[made.pk, "csv"]))).decode("utf-8-sig")
    assert len(file.splitlines()) == 25
