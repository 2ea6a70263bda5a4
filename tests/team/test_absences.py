"""Absences: who enters whose, what is refused, what is warned of, undo, and that planning follows (5.3)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from contacts.absences import work_in
from contacts.models import FollowUp
from contacts.planning import plan
from crm.team.absences import enter_absence, warnings
from crm.team.models import Absence, PublicHoliday, Team, User
from crm.team.work_in_absences import Work
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactRuleFactory, FollowUpFactory, TouchpointFactory
from tests.team.conftest import said, text, undo_url

LIST = "/absences/"
NOV_2, NOV_13 = dt.date(2026, 11, 2), dt.date(2026, 11, 13)


def days(first: str = "2026-11-02", last: str = "2026-11-13", **more: Any) -> dict[str, Any]:
    return {"first_day": first, "last_day": last, **more}


def absence_of(user: User, first: dt.date = NOV_2, last: dt.date = NOV_13, **more: Any) -> Absence:
    return Absence.objects.create(user=user, first_day=first, last_day=last, **more)


# Entering, changing, taking back ------------------------------------------------------------------------------------
def test_entering_changing_deleting_and_undoing_each(
    cast: Cast, client_of: Any, told: Any, django_capture_on_commit_callbacks: Any
) -> None:
    rita = client_of(cast.rita)
    with django_capture_on_commit_callbacks(execute=True):
        answer = rita.post(LIST, days(substitute=cast.carl.pk, reason="Dolomites"))
    assert "Rita Example is away Mon 2 Nov – Fri 13 Nov" in said(answer)
    absence = Absence.objects.get()
    assert (absence.user, absence.substitute, absence.reason) == (cast.rita, cast.carl, "Dolomites")
    assert told == [[cast.rita.pk]]
    page = reverse("absences:absence", args=[absence.pk])
    changed = rita.post(page, days(last="2026-11-06", substitute=""))
    absence.refresh_from_db()
    assert (absence.last_day, absence.substitute, absence.reason) == (dt.date(2026, 11, 6), None, "")
    rita.post(undo_url(changed))
    absence.refresh_from_db()
    assert (absence.last_day, absence.substitute, absence.reason) == (NOV_13, cast.carl, "Dolomites")
    deleted = rita.post(reverse("absences:delete", args=[absence.pk]))
    assert not Absence.objects.exists()
    rita.post(undo_url(deleted))
    assert Absence.objects.get().reason == "Dolomites"
    assert "changed this since" in said(rita.post(undo_url(changed)))
    rita.post(undo_url(answer))
    assert not Absence.objects.exists()


def test_one_day_needs_one_date(cast: Cast, client_of: Any) -> None:
    client_of(cast.rita).post(LIST, {"first_day": "2026-11-02"})
    absence = Absence.objects.get()
    assert absence.first_day == absence.last_day == NOV_2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (days(last="2026-11-01"), "lies before the first"),
        (days(last="2027-11-13"), "at most 366 days"),
        (days(first="2062-11-02", last="2062-11-13"), "is the year right?"),
        (days(first="2026-11-20", last="2026-12-01"), "is entered already"),
        (days(first="soon"), "Enter a valid date"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    cast: Cast, client_of: Any, given: dict[str, Any], says: str
) -> None:
    absence_of(cast.rita, dt.date(2026, 11, 25), dt.date(2026, 12, 4))
    answer = client_of(cast.rita).post(LIST, given)
    assert answer.status_code == 422
    assert says in text(answer)
    assert Absence.objects.count() == 1


def test_nobody_undoes_for_another_and_no_two_at_once(cast: Cast, client_of: Any) -> None:
    rita = client_of(cast.rita)
    entered = rita.post(LIST, days())
    assert "cannot be undone" in said(client_of(cast.ada).post(undo_url(entered)))
    gone = rita.post(reverse("absences:delete", args=[Absence.objects.get().pk]))
    absence_of(cast.rita)
    assert "entered already" in said(rita.post(undo_url(gone)))
    assert Absence.objects.count() == 1


# Who sees and keeps what --------------------------------------------------------------------------------------------
def test_a_rep_sees_the_days_of_the_team_and_no_reasons(cast: Cast, client_of: Any) -> None:
    absence_of(cast.carl, reason="Knee surgery")
    absence_of(cast.otto, reason="Fishing")
    page = text(client_of(cast.rita).get(LIST))
    assert "Carl Example" in page
    assert "Mon 2 Nov – Fri 13 Nov" in page
    assert "Knee surgery" not in page
    assert "Otto" not in page.replace("Otto Example</option>", "")
    assert "Change: Carl" not in page


def test_who_is_named_as_substitute_sees_it_across_teams(cast: Cast, client_of: Any) -> None:
    absence_of(cast.rita, substitute=cast.otto, reason="Dolomites")
    page = text(client_of(cast.otto).get(LIST))
    assert "Mon 2 Nov – Fri 13 Nov" in page
    assert "Dolomites" not in page


def test_leads_enter_for_their_members_and_for_nobody_else(cast: Cast, client_of: Any) -> None:
    mona = client_of(cast.mona)
    mona.post(LIST, days(user=cast.rita.pk))
    assert Absence.objects.get().user == cast.rita
    assert mona.post(LIST, days(user=cast.otto.pk)).status_code == 422
    # A rep has no such field: the absence is the rep's own, whatever is sent.
    client_of(cast.carl).post(LIST, days(user=cast.rita.pk))
    assert set(Absence.objects.values_list("user", flat=True)) == {cast.rita.pk, cast.carl.pk}


def test_leads_of_two_teams_and_admins_choose_one(cast: Cast, client_of: Any) -> None:
    cast.south.leads.add(cast.mona)
    absence_of(cast.otto)
    mona = client_of(cast.mona)
    south = Team.objects.get(name="South").pk
    assert "Otto Example <small>Mon" not in text(mona.get(f"{LIST}?team={cast.north.pk}"))
    for client in (mona, client_of(cast.ada)):
        assert "Change: Otto Example" in text(client.get(f"{LIST}?team={south}"))


# Warnings -----------------------------------------------------------------------------------------------------------
def test_warnings_name_what_to_mend(cast: Cast, today: dt.date) -> None:
    alone = absence_of(cast.rita, NOV_2, dt.date(2026, 11, 15))
    assert "Two weeks or more without a substitute" in warnings(alone, [], today=today)[0]
    alone.last_day -= dt.timedelta(days=1)
    assert warnings(alone, [], today=today) == []
    away = absence_of(cast.carl, dt.date(2026, 11, 10), dt.date(2026, 11, 20))
    assert warnings(alone, [away], today=today) == [
        "Carl Example of the same team is away, too: Tue 10 Nov – Sat 14 Nov."
    ]
    alone.substitute = cast.carl
    assert warnings(alone, [away], today=today) == [
        "Carl Example, who substitutes, is away as well: Tue 10 Nov – Sat 14 Nov."
    ]
    other_team = absence_of(cast.otto)
    assert warnings(away, [other_team], today=today) == []


@given(st.integers(-30, 30), st.integers(0, 12), st.integers(0, 12))
def test_two_of_a_team_are_warned_of_exactly_where_they_share_a_day(apart: int, one: int, other: int) -> None:
    team = Team(pk=1, name="North")
    first, second = User(pk=1, name="R", team=team), User(pk=2, name="C", team=team)
    day = dt.timedelta(days=1)
    mine = Absence(user=first, first_day=NOV_2, last_day=NOV_2 + one * day)
    start = NOV_2 + apart * day
    theirs = Absence(user=second, first_day=start, last_day=start + other * day)
    mine_days = {NOV_2 + n * day for n in range(one + 1)}
    shared = any(start + n * day in mine_days for n in range(other + 1))
    assert bool(warnings(mine, [theirs], today=NOV_2)) == shared
    assert bool(warnings(theirs, [mine], today=NOV_2)) == shared


# What falls into it -------------------------------------------------------------------------------------------------
def test_what_falls_into_it_is_counted_before_and_after_planning_moved_it(
    cast: Cast, client_of: Any, today: dt.date
) -> None:
    ContactRuleFactory(every_days=30, minutes=20)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=dt.date(2026, 10, 5))
    plan(today=today, now=timezone.now(), account_ids=[cast.acme.pk])
    assert FollowUp.objects.open().get(account=cast.acme).day == dt.date(2026, 11, 4)
    other = AccountFactory(owner=cast.rita)  # with Acme it would share the appointment
    FollowUpFactory(account=other, assignee=cast.rita, day=NOV_13, state="booked")
    absence = absence_of(cast.rita)
    later = absence_of(cast.rita, dt.date(2026, 12, 1), dt.date(2026, 12, 1))
    assert work_in([later, absence], today=today) == [Work(), Work(planned=1, fixed=1)]
    plan(today=today, now=timezone.now(), account_ids=[cast.acme.pk])
    assert work_in([absence], today=today) == [Work(planned=1, fixed=1)]
    asked = reverse("absences:preview")
    rita = client_of(cast.rita)
    found = text(rita.get(asked, days(absence=absence.pk)))
    assert "2 follow-ups fall into it. 1 moves to Mon 16 Nov or later. 1 was booked" in found
    found = text(rita.get(asked, days(absence=absence.pk, substitute=cast.carl.pk)))
    assert "2 follow-ups fall into it. Carl Example takes over." in found
    assert "lies before" in text(rita.get(asked, days(last="2026-11-01")))
    assert text(rita.get(asked)) == ""


def test_planning_follows_at_once(
    cast: Cast, today: dt.date, django_capture_on_commit_callbacks: Any
) -> None:
    ContactRuleFactory(every_days=30)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=dt.date(2026, 10, 5))
    plan(today=today, now=timezone.now(), account_ids=[cast.acme.pk])
    with django_capture_on_commit_callbacks(execute=True):
        enter_absence(
            user=cast.rita,
            first_day=NOV_2,
            last_day=NOV_13,
            substitute=None,
            reason="",
            actor=cast.rita,
            today=today,
            now=timezone.now(),
        )
    assert FollowUp.objects.open().get(account=cast.acme).day == dt.date(2026, 11, 16)


def test_planning_hears_of_those_the_absent_would_stand_in_for(
    cast: Cast, client_of: Any, told: Any, django_capture_on_commit_callbacks: Any
) -> None:
    absence_of(cast.carl, substitute=cast.rita)
    absence_of(cast.otto, dt.date(2026, 12, 1), dt.date(2026, 12, 1), substitute=cast.rita)
    with django_capture_on_commit_callbacks(execute=True):
        client_of(cast.rita).post(LIST, days())
    assert told == [sorted([cast.rita.pk, cast.carl.pk])]


# The calendar -------------------------------------------------------------------------------------------------------
def test_the_weeks_show_absences_and_holidays(cast: Cast, client_of: Any) -> None:
    PublicHoliday.objects.create(country="PL", day=dt.date(2026, 11, 11), name="Independence Day")
    absence_of(cast.rita, substitute=cast.carl)
    calendar = client_of(cast.rita).get(LIST).context["calendar"]
    line = next(line for line in calendar.lines if line.person == cast.rita)
    assert calendar.mondays[0] == dt.date(2026, 10, 12)
    assert line.weeks[3].days == ["away"] * 5 + ["off"] * 2
    assert line.weeks[3].words == ["away Mon 2 Nov – Sun 8 Nov, Carl Example stands in"]
    assert line.weeks[4].days == ["away", "away", "holiday", "away", "away", "off", "off"]
    assert [holiday.name for holiday in calendar.holidays] == ["Independence Day"]
