"""The week by day, moves within it, and colleagues who are there at about the same time (docs/domain.md, 5.3, 5.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.colleagues import colleagues_near
from contacts.models import FollowUp
from contacts.week import daily_share, monday_of, read_week, week_name
from crm.team.calendars import WorkingCalendar
from crm.team.models import Absence, PublicHoliday, User
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, FollowUpFactory, TouchpointFactory

DAY = dt.timedelta(days=1)


@pytest.fixture
def monday(today: dt.date) -> dt.date:
    """Of the week of the tests; today is its Tuesday."""
    return today - DAY


@pytest.fixture
def rita(cast: Cast, today: dt.date, time_machine: Any) -> Client:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9, 0), tzinfo=dt.UTC))
    client = Client()
    client.force_login(cast.rita)
    return client


def put(cast: Cast, day: dt.date, **fields: Any) -> FollowUp:
    return FollowUpFactory(account=AccountFactory(owner=cast.rita), assignee=cast.rita, day=day, **fields)


def test_each_day_has_its_own_and_what_is_overdue_stands_beside(
    cast: Cast, today: dt.date, monday: dt.date
) -> None:
    overdue = put(cast, monday - 3 * DAY)
    snoozed = put(cast, monday, snoozed_until=today + 2 * DAY)
    timed = put(cast, today, time=dt.time(9), state="booked", minutes=40)
    untimed = put(cast, today, minutes=30)
    put(cast, today + 7 * DAY)
    FollowUpFactory(account=cast.brewery, assignee=cast.carl, day=today)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=monday, minutes=25)
    week = read_week(cast.rita, viewer=cast.rita, monday=monday, today=today)
    assert [card.pk for card in week.overdue.cards] == [overdue.pk]
    assert [[card.pk for card in each.cards] for each in week.days] == [
        [],
        [timed.pk, untimed.pk],
        [],
        [snoozed.pk],
        [],
    ]
    assert [each.taken for each in week.days] == [25, 70, 0, 15, 0]
    assert {each.share for each in week.days} == {daily_share(cast.rita)} == {240}


def test_days_off_say_why_and_a_worked_saturday_is_shown(cast: Cast, today: dt.date, monday: dt.date) -> None:
    cast.rita.working_weekdays = "1234"
    cast.rita.save()
    PublicHoliday.objects.create(country="PL", day=today, name="Day of the Cast")
    PublicHoliday.objects.create(country="PL", day=monday + 5 * DAY, name="Worked", works=True)
    Absence.objects.create(user=cast.rita, first_day=today + DAY, last_day=today + DAY, reason="Dentist")
    week = read_week(cast.rita, viewer=cast.rita, monday=monday, today=today)
    assert [each.off for each in week.days] == [
        "",
        "Day of the Cast",
        "Dentist",
        "",
        "Not a working day",
        "",
    ]
    assert [each.share for each in week.days] == [300, 0, 0, 300, 0, 300]


def test_what_somebody_is_away_for_is_read_by_who_keeps_the_absence(cast: Cast, today: dt.date) -> None:
    Absence.objects.create(
        user=cast.rita, first_day=today, last_day=today, substitute=cast.carl, reason="Operation"
    )

    def told(viewer: User) -> str:
        week = read_week(cast.rita, viewer=viewer, monday=monday_of("", today=today), today=today)
        return next(each.off for each in week.days if each.day == today)

    assert [told(cast.rita), told(cast.mona), told(cast.carl)] == ["Operation", "Operation", "Away"]


def test_a_step_leads_to_the_next_day_and_over_the_end_of_the_week(
    cast: Cast, today: dt.date, monday: dt.date
) -> None:
    put(cast, monday - DAY)
    for day in (today, monday + 4 * DAY):
        put(cast, day)
    week = read_week(cast.rita, viewer=cast.rita, monday=monday, today=today)
    steps = [
        (card.earlier, card.later)
        for column in (week.overdue, week.days[1], week.days[4])
        for card in column.cards
    ]
    assert steps == [(None, today), (None, today + DAY), (today + 2 * DAY, monday + 7 * DAY)]


@pytest.mark.parametrize("name", ["", "2026", "2026-W99", "x-Wy", "9999-W01", "2026-W42"])
def test_an_address_names_a_week_or_means_this_one(name: str, today: dt.date, monday: dt.date) -> None:
    assert monday_of(name, today=today) == monday
    assert week_name(monday) == "2026-W42"


def test_a_move_keeps_the_time_and_is_undone(rita: Client, cast: Cast, today: dt.date) -> None:
    booked = put(cast, today, time=dt.time(10), state="booked")
    url = reverse("contacts:move", args=[booked.pk]) + "?week=2026-W42"
    assert rita.get(url).status_code == 200
    saturday = today + 4 * DAY
    answer = rita.post(url, {"day": saturday.isoformat()}, HTTP_HX_REQUEST="true")
    said = answer.content.decode()
    assert 'id="week"' in said and "Sat 17 Oct is not a working day of Rita Example." in said
    booked.refresh_from_db()
    assert (booked.day, booked.time, booked.state) == (saturday, dt.time(10), "booked")
    undo = said.split('action="/today/undo/')[1].split('"')[0]
    back = rita.post(f"/today/undo/{undo}", {"next": "/today/week/?week=2026-W42"})
    assert back["Location"] == "/today/week/?week=2026-W42"
    booked.refresh_from_db()
    assert booked.day == today


def test_a_move_into_the_past_is_refused_in_place(rita: Client, cast: Cast, today: dt.date) -> None:
    url = reverse("contacts:move", args=[put(cast, today).pk])
    data = {"day": (today - DAY).isoformat()}
    assert "Pick a day from today on" in rita.post(url, data, HTTP_HX_REQUEST="true").content.decode()
    assert rita.post(url, data).status_code == 422


def test_a_manager_sees_the_weeks_of_the_team_and_nobody_elses(cast: Cast, rita: Client) -> None:
    mona = Client()
    mona.force_login(cast.mona)
    week = reverse("contacts:week")
    put(cast, dt.date(2026, 10, 13))
    assert "Zakład" in mona.get(week, {"who": cast.rita.pk}).content.decode()
    assert mona.get(week, {"who": cast.otto.pk}).status_code == 404
    assert rita.get(week, {"who": cast.carl.pk}).status_code == 404
    assert rita.get(week, {"who": "x"}).status_code == 404


def test_colleagues_within_two_working_days_are_found(cast: Cast, today: dt.date) -> None:
    """Tuesday: Friday is three days later and does not count, the Friday before is two working days away."""
    calendar = WorkingCalendar()
    TouchpointFactory(account=cast.acme, user=cast.serge, day=today - 4 * DAY)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today)
    FollowUpFactory(account=cast.acme, assignee=cast.carl, day=today + 3 * DAY)
    wanted = {1: (cast.acme.pk, today), 2: (cast.acme.pk, today + 2 * DAY), 3: (cast.brewery.pk, today)}
    near = colleagues_near(wanted, assignee_id=cast.rita.pk, calendar=calendar)
    assert {key: (one.name, one.made) for key, one in near.items()} == {
        1: ("Serge Example", True),
        2: ("Carl Example", False),
    }


def test_a_colleague_is_named_on_the_card_when_it_is_open_and_when_it_moves(
    rita: Client, cast: Cast, today: dt.date
) -> None:
    mine = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today)
    FollowUpFactory(account=cast.acme, assignee=cast.carl, day=today + DAY, channel="visit")
    assert "Carl Example too, Wed 14 Oct" in rita.get(reverse("contacts:week")).content.decode()
    words = "Carl Example has a contact (visit) planned on Wed 14 Oct."
    assert words in rita.get(reverse("contacts:follow_up", args=[mine.pk])).content.decode()
    data = {"day": (today + DAY).isoformat(), "time": "10:00", "channel": "phone"}
    answer = rita.post(reverse("contacts:reschedule", args=[mine.pk]), data, follow=True)
    assert words in answer.content.decode()
