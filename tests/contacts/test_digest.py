"""The morning digest: to whom, when, what it says, at most once, and how it is switched off (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
import smtplib
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.digest import send_digests
from contacts.models import Digest, Promise
from contacts.morning import morning_of
from crm.team.models import Absence, User
from tests.support.cast import Cast
from tests.support.factories import AgendaItemFactory, FollowUpFactory, TouchpointFactory

DAY = dt.timedelta(days=1)


def at(day: dt.date, time: str, zone: str = "Europe/Warsaw") -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(time), ZoneInfo(zone))


@pytest.fixture
def due(cast: Cast, today: dt.date) -> None:
    """Rita has a call due today and one overdue; nobody else has anything to do, and Mona no mail."""
    User.objects.filter(pk=cast.mona.pk).update(digest_at=None)
    for account, day, words in [
        (cast.acme, today, "Ask about the pump"),
        (cast.acme, today - 3 * DAY, "Send prices"),
    ]:
        row = FollowUpFactory(account=account, assignee=cast.rita, day=day)
        AgendaItemFactory(account=account, follow_up=row, words=words, due=day)


def to() -> list[str]:
    return [address for message in mail.outbox for address in message.to]


# When and to whom -----------------------------------------------------------------------------------------------------
def test_it_comes_once_at_the_hour_on_a_working_day(cast: Cast, due: None, today: dt.date) -> None:
    assert send_digests(now=at(today, "06:50")) == 0
    assert send_digests(now=at(today, "07:00")) == 1
    assert send_digests(now=at(today, "07:10")) == 0
    assert send_digests(now=at(today + 4 * DAY, "07:00")) == 0  # a Saturday
    assert to() == ["rita@example.com"]
    Absence.objects.create(user=cast.rita, first_day=today + DAY, last_day=today + DAY)
    assert send_digests(now=at(today + DAY, "07:00")) == 0


@pytest.mark.parametrize("zone", ["Europe/Sofia", "Europe/Warsaw", "Europe/Budapest"])
@pytest.mark.parametrize("night", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_the_hour_is_local_also_when_the_clock_changes(
    cast: Cast, due: None, zone: str, night: dt.date
) -> None:
    """Even one who works on Sundays and asks for it in the small hours gets it once in such a night."""
    User.objects.filter(pk=cast.rita.pk).update(
        time_zone=zone, working_weekdays="1234567", digest_at=dt.time(3, 30)
    )
    FollowUpFactory(account=cast.acme, assignee=cast.rita, day=night)
    start = at(night, "00:00", zone).astimezone(dt.UTC)
    sent = [
        (start + step * dt.timedelta(minutes=10)).astimezone(ZoneInfo(zone))
        for step in range(6 * 11)
        if send_digests(now=start + step * dt.timedelta(minutes=10))
    ]
    assert len(sent) == 1
    assert sent[0].date() == night
    assert dt.time(3, 30) <= sent[0].time() <= dt.time(4, 0)


def test_a_day_that_asks_for_nothing_has_no_mail(cast: Cast, today: dt.date) -> None:
    TouchpointFactory(account=cast.acme, user=cast.carl, day=today - DAY)
    User.objects.filter(pk=cast.mona.pk).update(digest_at=None)
    assert send_digests(now=at(today, "07:00")) == 0
    assert not mail.outbox


class Away(EmailBackend):
    """A mail server that cannot be reached, says no to Rita, or breaks off."""

    trouble: str = ""

    def open(self) -> bool:
        if self.trouble == "away":
            raise ConnectionRefusedError("nobody there")
        return True

    def send_messages(self, messages: Any) -> int:
        if self.trouble == "refuses" and "rita@example.com" in messages[0].to:
            raise smtplib.SMTPRecipientsRefused({"rita@example.com": (450, b"later")})
        if self.trouble == "breaks":
            raise TimeoutError("no answer after DATA")
        return super().send_messages(messages)


def test_a_mail_server_that_is_away_is_tried_until_noon(
    cast: Cast, due: None, today: dt.date, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = "tests.contacts.test_digest.Away"
    FollowUpFactory(account=cast.brewery, assignee=cast.carl, day=today)
    monkeypatch.setattr(Away, "trouble", "away")
    assert send_digests(now=at(today, "07:00")) == 0
    assert not Digest.objects.exists()
    monkeypatch.setattr(Away, "trouble", "refuses")
    assert send_digests(now=at(today, "07:10")) == 1  # Carl's
    monkeypatch.setattr(Away, "trouble", "breaks")
    assert send_digests(now=at(today, "11:50")) == 0  # it may have arrived: not again
    monkeypatch.setattr(Away, "trouble", "")
    assert send_digests(now=at(today, "11:55")) == 0
    assert to() == ["carl@example.com"]
    Digest.objects.filter(user=cast.rita).delete()
    assert send_digests(now=at(today, "12:00")) == 0  # too late
    assert send_digests(now=at(today, "11:59")) == 1


# What it says ---------------------------------------------------------------------------------------------------------
def test_it_says_what_is_due_promised_and_done(cast: Cast, due: None, today: dt.date) -> None:
    Promise.objects.create(
        account=cast.acme,
        made_by=cast.rita,
        words="Send the price list",
        made_on=today - 9 * DAY,
        due_on=today - DAY,
    )
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - DAY, minutes=70, outcome="new_order")
    TouchpointFactory(account=cast.acme, user=cast.carl, day=today - DAY)
    send_digests(now=at(today, "07:00"))
    (message,) = mail.outbox
    assert message.subject == "Tue 13 Oct: 2 contacts due, 1 of them overdue, 1 promise to keep"
    html = str(message.alternatives[0][0])
    for text in (message.body, html):
        assert "Ask about the pump" in text
        assert "Phone, due Sat 10 Oct" in text
        assert "Send the price list" in text
        assert "Mon 12 Oct: 1 contact in 1 h 10, 1 new order" in text
        assert "http://localhost:8000/today/" in text
    assert 'style="' in html
    assert "prefers-color-scheme: dark" in html


def test_a_manager_has_the_teams_figures(cast: Cast, due: None, today: dt.date) -> None:
    FollowUpFactory(account=cast.quarry, assignee=cast.otto, day=today)  # another team's
    User.objects.filter(pk=cast.mona.pk).update(digest_at=dt.time(7))
    User.objects.filter(pk__in=[cast.rita.pk, cast.otto.pk, cast.nora.pk]).update(digest_at=None)
    send_digests(now=at(today, "07:00"))
    (message,) = mail.outbox
    assert message.to == ["mona@example.com"]
    assert (
        "Mon 12 Oct: no contact was logged\n2 contacts are due, 1 overdue, 0 promises overdue" in message.body
    )


def test_one_morning_asks_as_often_for_many_rows(cast: Cast, due: None, today: dt.date) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            morning_of(User.objects.get(pk=cast.rita.pk), day=today)
        return len(queries)

    few = statements()
    for _more in range(20):
        FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    assert statements() == few <= 12


# Switching it off -----------------------------------------------------------------------------------------------------
def test_the_mail_itself_switches_it_off_by_a_post_alone(cast: Cast, due: None, today: dt.date) -> None:
    send_digests(now=at(today, "07:00"))
    headers = mail.outbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = headers["List-Unsubscribe"].strip("<>").removeprefix("http://localhost:8000")
    mail_program = Client(enforce_csrf_checks=True)
    assert "Switch the morning mail off?" in mail_program.get(path).content.decode()
    assert User.objects.get(pk=cast.rita.pk).digest_at == dt.time(7)
    assert mail_program.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert User.objects.get(pk=cast.rita.pk).digest_at is None
    assert mail_program.post(path[:-3] + "x/").status_code == 404


def test_the_own_page_keeps_the_hour(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.rita)
    for given, kept in [("06:30", dt.time(6, 30)), ("soon", dt.time(6, 30)), ("", None)]:
        client.post(reverse("contacts:digest_at"), {"digest_at": given})
        assert User.objects.get(pk=cast.rita.pk).digest_at == kept
    assert "It is switched off." in client.get(reverse("home:me")).content.decode()
