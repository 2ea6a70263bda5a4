"""A contact that waited on a device: sent by a script, once, with the moment it was written."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import FollowUp, Promise, Touchpoint
from contacts.planning import plan
from tests.support.cast import Cast
from tests.support.factories import ContactRuleFactory, FollowUpFactory, TouchpointFactory

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 10, 13, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def rita(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.rita)
    return client


@pytest.fixture
def call(cast: Cast, today: dt.date) -> FollowUp:
    """A call of Rita under a 30-day rule, 46 days after the last one."""
    ContactRuleFactory(every_days=30, minutes=20)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - 46 * DAY)
    plan(today=today, now=timezone.now(), account_ids=[cast.acme.pk])
    return FollowUp.objects.open().get(account=cast.acme)


def written(**given: Any) -> dict[str, Any]:
    """What the sender posts of a contact that was written an hour ago."""
    usual = {
        "uuid": str(uuid.uuid4()),
        "outcome": "new_information",
        "minutes": "20",
        "channel": "phone",
        "direction": "out",
        "day": "2026-10-13",
        "next": "plan",
        "next_channel": "phone",
        "written_at": "2026-10-13T08:00:00.000Z",
    }
    return usual | given


def send(client: Client, follow_up: FollowUp, sent: dict[str, Any]) -> Any:
    address = reverse("contacts:follow_up", args=[follow_up.pk])
    return client.post(address, sent, headers={"accept": "application/json"})


def logged() -> list[Touchpoint]:
    """What was logged in the test, in order."""
    return list(Touchpoint.objects.filter(day__gt="2026-09-30").order_by("pk"))


def test_sent_twice_it_is_logged_once_at_the_moment_it_was_written(rita: Client, call: FollowUp) -> None:
    sent = written()
    first, second = send(rita, call, sent), send(rita, call, sent)
    (made,) = logged()
    for answer in (first, second):
        assert (answer.status_code, answer.json()["result"]) == (200, "logged")
        assert answer.json()["touchpoint"] == made.pk
    assert (made.at, made.created_at, made.follow_up) == (NOW - dt.timedelta(hours=1), NOW, call)
    assert first.json()["next"] == reverse("contacts:today")


def test_another_device_was_quicker_then_it_counts_as_one_more(
    rita: Client, cast: Cast, call: FollowUp
) -> None:
    item = call.items.get()
    send(rita, call, written())
    answer = send(rita, call, written(items_done=[str(item.pk)], promises_kept=["1"]))
    assert answer.status_code == 200, answer.content
    assert [(t.follow_up_id, t.account_id) for t in logged()] == [
        (call.pk, cast.acme.pk),
        (None, cast.acme.pk),
    ]
    assert "one more contact" in str(list(get_messages(answer.wsgi_request))[-1])


def test_what_is_refused_is_said_by_field_and_logs_nothing(rita: Client, call: FollowUp) -> None:
    answer = send(rita, call, written(outcome="", promise_words="Send sizing"))
    assert answer.status_code == 422
    assert answer.json() == {"result": "refused", "errors": {"outcome": ["Pick what the contact brought."]}}
    answer = send(rita, call, written(promise_words="Send sizing"))
    assert answer.json()["errors"] == {"promise_due": ["By when was it promised?"]}
    assert logged() == []


def test_somebody_else_who_signed_in_cannot_send_it(rita: Client, cast: Cast, call: FollowUp) -> None:
    mona = Client()
    mona.force_login(cast.mona)
    sent = written(written_by=str(cast.rita.pk))
    assert send(mona, call, sent).status_code == 409
    assert logged() == []
    assert send(rita, call, sent).status_code == 200


def test_a_promise_for_a_day_that_has_passed_since_stays_a_promise(rita: Client, call: FollowUp) -> None:
    friday = written(
        day="2026-10-09",
        written_at="2026-10-09T14:00:00Z",
        promise_words="Send sizing",
        promise_due="2026-10-12",
    )
    assert send(rita, call, friday).status_code == 200
    (made,) = logged()
    assert (made.day, made.at) == (dt.date(2026, 10, 9), dt.datetime(2026, 10, 9, 14, tzinfo=dt.UTC))
    assert Promise.objects.get().due_on == dt.date(2026, 10, 12)


@pytest.mark.parametrize("clock_of_the_device", ["2026-10-15T08:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_clock_that_cannot_be_right_is_not_believed(
    rita: Client, call: FollowUp, clock_of_the_device: str
) -> None:
    day = "2026-10-15" if clock_of_the_device.startswith("2026") else "2026-10-13"
    assert send(rita, call, written(written_at=clock_of_the_device, day=day)).status_code == 200
    (made,) = logged()
    assert (made.day, made.at) == (dt.date(2026, 10, 13), NOW)


def test_a_form_without_a_script_is_answered_as_ever(rita: Client, call: FollowUp) -> None:
    address = reverse("contacts:follow_up", args=[call.pk])
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert rita.post(address, written(outcome=""), headers=browser).status_code == 422
    assert rita.post(address, written(), headers=browser).status_code == 302


def test_the_form_of_an_account_answers_the_same(rita: Client, cast: Cast) -> None:
    address = reverse("contacts:log", args=[cast.acme.pk])
    answer = rita.post(address, written(), headers={"accept": "application/json"})
    assert answer.json()["next"] == reverse("accounts:tab", args=[cast.acme.pk, "timeline"])
    assert rita.post(address, written(outcome=""), headers={"accept": "application/json"}).status_code == 422
    assert len(logged()) == 1


def test_pages_say_whose_they_are_and_which_may_be_kept(rita: Client, cast: Cast, today: dt.date) -> None:
    follow_up = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    kept = {
        address: (answer.headers.get("Opieka-User"), "Opieka-Keep" in answer.headers)
        for address in (
            "/today/",
            f"/today/{follow_up.pk}/",
            f"/accounts/{cast.acme.pk}/log/",
            "/offline/",
            "/me/",
            f"/accounts/{cast.acme.pk}/",
        )
        for answer in [rita.get(address)]
    }
    me = str(cast.rita.pk)
    assert list(kept.values()) == [(me, True)] * 4 + [(me, False)] * 2
    assert "Opieka-User" not in Client().get("/offline/").headers
    assert str(cast.rita) not in Client().get("/offline/").content.decode()


def test_who_is_signed_in(rita: Client, cast: Cast) -> None:
    assert rita.get("/offline/who/").json()["user"] == str(cast.rita.pk)
    assert Client().get("/offline/who/").json()["user"] is None


def test_the_script_knows_the_addresses(rita: Client) -> None:
    """static/js/device/store.js names them: a service worker has no page to read them from."""
    named = {
        "OFFLINE": "contacts:offline",
        "WHO": "contacts:who",
        "LOGIN": "account_login",
        "WORKER": "contacts:worker",
    }
    script = (Path(__file__).parents[2] / "static/js/device/store.js").read_text()
    for constant, name in named.items():
        assert f'{constant} = "{reverse(name)}"' in script
    assert "js/device/worker.js" in rita.get("/sw.js").content.decode()


def test_signing_out_makes_the_browser_forget_its_pages(rita: Client) -> None:
    answer = rita.post("/account/logout/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
