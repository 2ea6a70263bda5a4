"""Inviting the customer's person: what is sent, again, called off; who is not invited (contacts.invitations)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import ContactPerson
from contacts.follow_ups import reschedule, skip
from contacts.invitations import Refused, call_off_forgotten, invite, standing_of
from contacts.models import FollowUp, Invitation
from crm.jobs import running
from crm.jobs.models import Job
from tests.support.calendars import events_in
from tests.support.cast import Cast
from tests.support.factories import ContactPersonFactory, FollowUpFactory

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.current_app, "send_task", lambda *args, **kwargs: None)


@pytest.fixture
def now(today: dt.date) -> dt.datetime:
    return dt.datetime.combine(today, dt.time(10), ZoneInfo("Europe/Warsaw"))


@pytest.fixture
def anna(cast: Cast) -> ContactPerson:
    return ContactPersonFactory(account=cast.acme, name="Anna Nowak", email="anna@acme.example", is_main=True)


@pytest.fixture
def visit(cast: Cast, today: dt.date, anna: ContactPerson) -> FollowUp:
    return FollowUpFactory(
        account=cast.acme,
        assignee=cast.rita,
        channel="visit",
        day=today + DAY,
        time=dt.time(9, 30),
        minutes=45,
        state="booked",
    )


def work_off(now: dt.datetime) -> list[tuple[str, Any]]:
    """Do what waits; the method and the event of each mail that went out by it."""
    before = len(mail.outbox)
    for job in Job.objects.filter(kind="invitation", state="queued").order_by("pk"):
        running.work(job_id=job.pk, clock=lambda: now)
    found = []
    for message in mail.outbox[before:]:
        text = next(content for content, kind in message.alternatives if kind.startswith("text/calendar"))
        (event,) = events_in(str(text).encode()).values()
        found.append((str(text).split("METHOD:")[1].split("\r\n")[0], event))
    return found


def test_the_person_gets_mail_and_calendar_entry(cast: Cast, visit: FollowUp, now: dt.datetime) -> None:
    invite(follow_up=visit, actor=cast.rita, now=now)
    assert not mail.outbox  # a job sends it
    ((method, event),) = work_off(now)
    (message,) = mail.outbox
    assert (message.to, message.reply_to) == (["anna@acme.example"], ["Rita Example <rita@example.com>"])
    assert message.subject == "Visit by Rita Example, Wednesday 14 October 2026"
    assert "Wednesday 14 October 2026, 09:30 (Europe/Warsaw time), 45 min" in message.body
    assert (method, event.sequence.value, event.status.value) == ("REQUEST", "0", "CONFIRMED")
    assert event.dtstart.value == dt.datetime.combine(visit.day, visit.time, ZoneInfo("Europe/Warsaw"))
    assert event.organizer.value == "mailto:rita@example.com"
    assert event.attendee.value == "mailto:anna@acme.example"
    assert event.attendee.params["PARTSTAT"] == ["NEEDS-ACTION"]
    invite(follow_up=visit, actor=cast.rita, now=now)  # a second click
    assert not work_off(now)


def test_a_new_time_is_offered_and_supersedes(
    cast: Cast, visit: FollowUp, anna: ContactPerson, today: dt.date, now: dt.datetime
) -> None:
    invite(follow_up=visit, actor=cast.rita, now=now)
    ((_method, first),) = work_off(now)
    reschedule(follow_up=visit, day=today + 2 * DAY, time=dt.time(11), actor=cast.rita, today=today, now=now)
    visit = FollowUp.objects.get(pk=visit.pk)
    standing = standing_of(visit, anna, now=now)
    assert standing is not None and standing.differs and standing.may_invite
    invite(follow_up=visit, actor=cast.rita, now=now)
    ((method, event),) = work_off(now)
    assert (method, event.sequence.value, event.uid.value) == ("REQUEST", "1", first.uid.value)
    assert mail.outbox[-1].subject.startswith("New time: ")


def test_somebody_else_in_her_place(cast: Cast, visit: FollowUp, now: dt.datetime) -> None:
    invite(follow_up=visit, actor=cast.rita, now=now)
    work_off(now)
    visit.person = ContactPersonFactory(account=cast.acme, name="Jan Kowal", email="jan@acme.example")
    visit.save()
    invite(follow_up=visit, actor=cast.rita, now=now)
    sent = [(method, event.attendee.value) for method, event in work_off(now)]
    assert sent == [("CANCEL", "mailto:anna@acme.example"), ("REQUEST", "mailto:jan@acme.example")]


def test_a_skipped_one_is_called_off_once_an_undo_is_late(
    cast: Cast, visit: FollowUp, today: dt.date, now: dt.datetime
) -> None:
    invite(follow_up=visit, actor=cast.rita, now=now)
    work_off(now)
    skip(follow_up=visit, reason="They moved away", actor=cast.rita, today=today, now=now)
    assert call_off_forgotten(today=today, now=now + 5 * MINUTE) == 0
    later = now + 10 * MINUTE
    assert call_off_forgotten(today=today, now=later) == 1
    assert call_off_forgotten(today=today, now=later) == 0
    ((method, event),) = work_off(later)
    assert (method, event.sequence.value, event.status.value) == ("CANCEL", "1", "CANCELLED")
    assert mail.outbox[-1].subject.startswith("Called off: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"consents_to_mail": False, "consent_recorded_on": dt.date(2026, 1, 5)}, "does not want e-mail"),
        ({"email": ""}, "has no e-mail address"),
        ({"left_on": dt.date(2026, 1, 5)}, "Nobody is known there"),
    ],
)
def test_who_is_not_invited(
    cast: Cast, visit: FollowUp, anna: ContactPerson, now: dt.datetime, change: dict[str, Any], words: str
) -> None:
    ContactPerson.objects.filter(pk=anna.pk).update(**change)
    with pytest.raises(Refused, match=words):
        invite(follow_up=visit, actor=cast.rita, now=now)
    assert not Invitation.objects.exists()


def test_what_cannot_be_sent(cast: Cast, visit: FollowUp, today: dt.date, now: dt.datetime) -> None:
    for change in ({"time": None}, {"channel": "email"}, {"day": today, "time": dt.time(10)}):
        values = {"time": dt.time(9, 30), "channel": "visit", "day": today + DAY, **change}
        FollowUp.objects.filter(pk=visit.pk).update(**values)
        with pytest.raises(Refused):
            invite(follow_up=visit, actor=cast.rita, now=now)


def test_a_mail_server_that_is_away_makes_the_job_wait(
    cast: Cast, visit: FollowUp, now: dt.datetime, settings: Any
) -> None:
    invite(follow_up=visit, actor=cast.rita, now=now)
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(OSError):
        work_off(now)
    settings.EMAIL_BACKEND = backend
    assert len(work_off(now + MINUTE)) == 1


def test_buttons_on_the_follow_up(cast: Cast, visit: FollowUp, now: dt.datetime, time_machine: Any) -> None:
    time_machine.move_to(now)
    client = Client()
    client.force_login(cast.rita)
    page = reverse("contacts:follow_up", args=[visit.pk])
    assert "Invite Anna Nowak" in client.get(page).content.decode()
    after = client.post(reverse("contacts:invite", args=[visit.pk]), follow=True).content.decode()
    assert "anna@acme.example was invited on Tue 13 Oct, for Wed 14 Oct, 09:30." in after
    assert "Invite Anna Nowak" not in after
    account = client.get(reverse("accounts:tab", args=[cast.acme.pk, "timeline"])).content.decode()
    assert "anna@acme.example is invited" in account
    FollowUp.objects.filter(pk=visit.pk).update(time=None, state="planned")
    assert "Tell them it is off" in client.get(page).content.decode()
    client.post(reverse("contacts:call_off", args=[visit.pk]))
    assert "was told on Tue 13 Oct that the appointment is off" in client.get(page).content.decode()
