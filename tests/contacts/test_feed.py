"""The calendar feed: who reads what through which address, and what other programs make of it (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.feed import make_feed
from contacts.models import CalendarFeed, FollowUp
from crm.team.middleware import RequestLog
from crm.team.models import Absence
from tests.support.calendars import calendar_server, events_in
from tests.support.cast import Cast
from tests.support.factories import AgendaItemFactory, ContactPersonFactory, FollowUpFactory

DAY = dt.timedelta(days=1)
WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC), tick=False)


def address(cast: Cast) -> str:
    """The address of Rita's calendar, made anew."""
    return reverse("contacts:calendar_feed", args=[make_feed(user=cast.rita, now=timezone.now())])


def fetched(cast: Cast) -> dict[str, Any]:
    """What a calendar program without any cookie reads at Rita's address, by the id of the follow-up."""
    answer = Client().get(address(cast))
    assert answer.status_code == 200
    return {
        uid.split("@")[0].removeprefix("follow-up-"): event
        for uid, event in events_in(answer.content).items()
    }


def one(found: dict[str, Any], follow_up: FollowUp) -> Any:
    return found[str(follow_up.pk)]


# The address ----------------------------------------------------------------------------------------------------------
def test_the_secret_is_kept_nowhere_and_a_new_one_revokes_it(cast: Cast) -> None:
    first, second = address(cast), address(cast)
    secret = second.removeprefix("/calendar/").removesuffix(".ics")
    assert len(secret) == 43  # 256 bits
    assert secret not in str(CalendarFeed.objects.values().get())
    assert Client().get(first).status_code == 404
    answer = Client().get(second)
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Content-Type"].startswith("text/calendar")
    cast.rita.is_active = False
    cast.rita.save()
    assert Client().get(second).status_code == 404


def test_the_own_page_shows_it_once_and_switches_it_off(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.rita)
    page = client.post(reverse("contacts:feed_make"), follow=True)
    shown = page.context["feed_address"]
    assert shown in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert client.get(reverse("home:me")).context["feed_address"] == ""
    path = shown[shown.index("/calendar/") :]
    assert Client().get(path).status_code == 200
    assert CalendarFeed.objects.get().read_at is not None
    client.post(reverse("contacts:feed_off"))
    assert Client().get(path).status_code == 404


def test_the_log_does_not_tell_the_secret(rf: Any, cast: Cast) -> None:
    path = address(cast)
    assert path not in RequestLog.format_request(rf.get(path))
    assert "/calendar/….ics" in RequestLog.format_request(rf.get(path))


def test_what_has_not_changed_is_not_sent_again(cast: Cast, today: dt.date) -> None:
    call = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today + DAY)
    url = address(cast)
    etag = Client().get(url)["ETag"]
    again = Client().get(url, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    call.day = today + 2 * DAY
    call.save()
    assert Client().get(url, headers={"If-None-Match": etag}).status_code == 200


# What stands in it ----------------------------------------------------------------------------------------------------
def test_an_appointment_is_told_in_full(cast: Cast, today: dt.date) -> None:
    cast.acme.address, cast.acme.postal_code = "Długa 5", "30-001"
    cast.acme.save()
    ContactPersonFactory(account=cast.acme, name="Anna Nowak", phone="+48 12 345 67 89", is_main=True)
    visit = FollowUpFactory(
        account=cast.acme,
        assignee=cast.rita,
        channel="visit",
        day=today + DAY,
        time=dt.time(10, 30),
        minutes=45,
        state="booked",
    )
    AgendaItemFactory(account=cast.acme, follow_up=visit, words="Show the new pump", due=today + DAY)
    event = one(fetched(cast), visit)
    assert event.summary.value == "Visit: Zakłady Acme S.A., Kraków"
    assert event.location.value == "Długa 5, 30-001 Kraków, Poland"
    assert (event.status.value, event.transp.value) == ("CONFIRMED", "OPAQUE")
    assert event.dtstart.value == dt.datetime.combine(visit.day, visit.time, WARSAW)
    assert event.dtend.value - event.dtstart.value == dt.timedelta(minutes=45)
    lines = event.description.value.splitlines()
    assert lines[:2] == ["Show the new pump", "Anna Nowak, +48 12 345 67 89"]
    assert lines[-1].endswith(f"/today/{visit.pk}/")


def test_without_a_time_they_take_the_day_or_follow_each_other(cast: Cast, today: dt.date) -> None:
    day = today + DAY
    first = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=day, minutes=20)
    booked = FollowUpFactory(
        account=cast.acme, assignee=cast.rita, day=day, time=dt.time(8, 30), minutes=60, state="booked"
    )
    second = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=day, minutes=30)
    event = one(fetched(cast), first)
    assert (event.dtstart.value, event.dtend.value, event.status.value) == (day, day + DAY, "TENTATIVE")
    client = Client()
    client.force_login(cast.rita)
    url = address(cast)
    client.post(reverse("contacts:feed_entries"), {"all_day": "no"})
    found = events_in(Client().get(url).content)
    times = {
        pk: event.dtstart.value.astimezone(WARSAW).strftime("%H:%M")
        for uid, event in found.items()
        for pk in [int(uid.split("@")[0].rsplit("-", 1)[1])]
    }
    # 8:20 to 8:50 would run into the appointment.
    assert times == {first.pk: "08:00", booked.pk: "08:30", second.pk: "09:30"}


def test_only_open_ones_that_are_mine_and_that_i_see(cast: Cast, today: dt.date) -> None:
    mine = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    overdue = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today - 3 * DAY)
    snoozed = FollowUpFactory(
        account=cast.acme, assignee=cast.rita, day=today - 30 * DAY, snoozed_until=today + 5 * DAY
    )
    FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today - 30 * DAY)
    FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today, state="done", closed_at=timezone.now())
    FollowUpFactory(account=cast.acme, assignee=cast.carl, day=today)
    FollowUpFactory(account=cast.quarry, assignee=cast.rita, day=today)  # another's account, not hers to see
    found = fetched(cast)
    assert set(found) == {str(mine.pk), str(overdue.pk), str(snoozed.pk)}
    assert one(found, snoozed).dtstart.value == today + 5 * DAY


def test_a_substitute_has_the_days_of_the_absence_only(cast: Cast, today: dt.date) -> None:
    Absence.objects.create(
        user=cast.carl, first_day=today + 2 * DAY, last_day=today + 4 * DAY, substitute=cast.rita
    )
    rows = {
        after: FollowUpFactory(account=cast.brewery, assignee=cast.carl, day=today + after * DAY)
        for after in (1, 2, 4, 5)
    }
    found = fetched(cast)
    assert set(found) == {str(rows[2].pk), str(rows[4].pk)}
    assert "For Carl Example, who is away." in one(found, rows[2]).description.value


# Other programs -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("zone", ["Europe/Sofia", "Europe/Warsaw", "Europe/Budapest"])
@pytest.mark.parametrize("night", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_a_calendar_server_shows_the_nights_of_the_clock_change(
    cast: Cast, zone: str, night: dt.date, tmp_path: Path, time_machine: Any
) -> None:
    """A moment is the same moment for a parser and a server that had no part in writing it, before, in and after."""
    time_machine.move_to(dt.datetime.combine(night - 3 * DAY, dt.time(9), tzinfo=dt.UTC), tick=False)
    cast.rita.time_zone = zone
    cast.rita.save()
    moments = {}
    for after, time in [(-1, "23:50"), (0, "01:50"), (0, "02:30"), (0, "03:30"), (0, "04:10"), (1, "10:00")]:
        day, at = night + after * DAY, dt.time.fromisoformat(time)
        row = FollowUpFactory(
            account=cast.acme, assignee=cast.rita, day=day, time=at, minutes=45, state="booked"
        )
        moments[row.pk] = dt.datetime.combine(day, at, ZoneInfo(zone)).astimezone(dt.UTC)
    whole_day = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=night)
    with calendar_server(tmp_path) as server:
        server.put(Client().get(address(cast)).content)
        for pk, moment in moments.items():
            found = server.between(moment + dt.timedelta(minutes=10), moment + dt.timedelta(minutes=12))
            event = next(event for uid, event in found.items() if uid.startswith(f"follow-up-{pk}@"))
            begin, end = (value.astimezone(dt.UTC) for value in (event.dtstart.value, event.dtend.value))
            assert (begin, end - begin) == (moment, dt.timedelta(minutes=45))
        noon = dt.datetime.combine(night, dt.time(12), ZoneInfo(zone))
        (event,) = server.between(noon, noon + dt.timedelta(minutes=1)).values()
        assert event.uid.value.startswith(f"follow-up-{whole_day.pk}@")
        assert (event.dtstart.value, event.dtend.value) == (night, night + DAY)
