"""The clock against a reckoning that walks from minute to minute, and which level and hours it goes by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import clock
from complaints.clock import Level, Step, reckon
from complaints.models import Complaint, ComplaintCategory, ServiceLevel
from complaints.working_hours import Hours, WorkingTime
from crm.team.calendars import WorkingCalendar
from crm.team.models import PublicHoliday
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory, ComplaintStepFactory, QuestionFactory

UTC = dt.UTC
MINUTE = dt.timedelta(minutes=1)
STATES = ("new", "acknowledged", "in_progress", "waiting", "decided", "resolved", "closed", "reopened")
# Some that change their clocks by an hour, one by half of it, one at midnight, one never, one of +5:45.
ZONES = (
    "Europe/Warsaw",
    "Europe/Sofia",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Africa/Cairo",
    "Asia/Tokyo",
    "Asia/Kathmandu",
)
# Around the days on which clocks are changed, and around New Year.
MOMENTS = [
    dt.datetime(2026, 3, 28, tzinfo=UTC),
    dt.datetime(2026, 10, 24, tzinfo=UTC),
    dt.datetime(2026, 3, 7, tzinfo=UTC),
    dt.datetime(2026, 4, 4, tzinfo=UTC),
    dt.datetime(2026, 4, 23, tzinfo=UTC),
    dt.datetime(2026, 12, 31, tzinfo=UTC),
    dt.datetime(2026, 6, 1, tzinfo=UTC),
]


class Walking:
    """The same questions, answered minute by minute."""

    def __init__(self, hours: Hours) -> None:
        self.hours, self.zone = hours, ZoneInfo(hours.time_zone)

    def works(self, minute: dt.datetime) -> bool:
        local = minute.astimezone(self.zone)
        return (
            self.hours.calendar.is_working(local.date())
            and self.hours.opens_at <= local.time() < self.hours.closes_at
        )

    def between(self, start: dt.datetime, end: dt.datetime) -> int:
        minute, last, worked = floor(start), floor(end), 0
        while minute < last:
            worked += self.works(minute)
            minute += MINUTE
        return worked

    def after(self, start: dt.datetime, minutes: int) -> dt.datetime:
        minute = floor(start)
        while minutes > 0:
            minutes -= self.works(minute)
            minute += MINUTE
        return minute

    def clocks(self, opened_at: dt.datetime, steps: Sequence[Step], level: Level) -> dict[str, object]:
        """What `reckon` says, by one walk from the opening on."""
        warn = -(-3 * level.resolution // 4)
        history = [Step("new", opened_at), *steps]
        ends_at = floor(history[-1].at)
        minute, used = floor(opened_at), 0
        warned = due = None
        while True:
            state = [step.to_state for step in history if floor(step.at) <= minute][-1]
            runs = state not in {"waiting", "resolved", "closed"}
            if warned is None and used >= warn and (runs or minute > floor(opened_at)):
                warned = minute
            if due is None and used >= level.resolution and (runs or minute > floor(opened_at)):
                due = minute
            if minute == ends_at:
                used_then = used
            if minute >= ends_at and (not runs or due is not None):
                break
            used += runs and self.works(minute)
            minute += MINUTE
        standing = history[-1].to_state in {"waiting", "resolved", "closed"}
        responded = next((step.at for step in steps if step.to_state != "new"), None)
        return {
            "resolution_used": used_then,
            "resolution_warn_at": None if standing else warned,
            "resolution_due_at": None if standing else due,
            "resolution_over": used_then - level.resolution
            if history[-1].to_state in {"resolved", "closed"}
            else None,
            "responded_at": responded,
            "response_due_at": self.after(opened_at, level.response),
            "response_over": self.between(opened_at, responded) - level.response if responded else None,
        }


def floor(moment: dt.datetime) -> dt.datetime:
    return moment.replace(second=0, microsecond=0)


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    opens = draw(st.integers(0, 23 * 60))
    closes = draw(st.integers(opens + 30, 23 * 60 + 59))
    first = draw(st.sampled_from(MOMENTS)).date()
    off = draw(st.sets(st.integers(-2, 6), max_size=4))
    weekdays = draw(st.sets(st.integers(0, 6), min_size=3))
    worked = draw(st.sets(st.integers(-2, 6), max_size=2)) - off
    day = dt.timedelta(days=1)
    return Hours(
        WorkingCalendar(
            days_off=frozenset(first + n * day for n in off),
            worked_weekend_days=frozenset(first + n * day for n in worked),
            weekdays=frozenset(weekdays),
        ),
        draw(st.sampled_from(ZONES)),
        dt.time(*divmod(opens, 60)),
        dt.time(*divmod(closes, 60)),
    )


@st.composite
def moments(draw: st.DrawFn) -> dt.datetime:
    begin = draw(st.sampled_from(MOMENTS))
    return begin + dt.timedelta(seconds=draw(st.integers(0, 3 * 86_400)))


@settings(max_examples=150)
@given(hours(), moments(), st.integers(0, 5 * 1440), st.integers(0, 900))
def test_working_minutes_to_the_minute(hours: Hours, start: dt.datetime, later: int, minutes: int) -> None:
    quick, slow = WorkingTime(hours), Walking(hours)
    end = start + later * MINUTE
    assert quick.between(start, end) == slow.between(start, end)
    assert quick.between(end, start) == 0
    assert quick.after(start, minutes) == slow.after(start, minutes)
    assert quick.is_working(start) == slow.works(floor(start))


@settings(max_examples=150)
@given(
    hours(),
    moments(),
    st.lists(st.tuples(st.sampled_from(STATES[1:]), st.integers(0, 2000)), max_size=6),
    st.integers(1, 900),
    st.integers(0, 900),
)
def test_the_clock_to_the_minute(
    hours: Hours,
    opened_at: dt.datetime,
    turns: list[tuple[str, int]],
    response: int,
    more: int,
) -> None:
    steps, at = [], opened_at
    for state, minutes in turns:
        at += minutes * MINUTE
        steps.append(Step(state, at))
    level = Level(response, response + more)
    said = reckon(
        opened_at=opened_at, steps=[Step("new", opened_at), *steps], level=level, time=WorkingTime(hours)
    )
    walked = Walking(hours).clocks(opened_at, steps, level)
    assert {name: getattr(said, name) for name in walked} == walked


def test_asked_about_earlier_days_later_on() -> None:
    hours = Hours(WorkingCalendar(), "Europe/Warsaw", dt.time(8), dt.time(16))
    one = WorkingTime(hours)
    at = [dt.datetime(year, 5, 4, 7, tzinfo=UTC) for year in (2026, 2020, 2031, 2019)]
    assert [one.between(moment, moment + 26 * 60 * MINUTE) for moment in at] == [
        Walking(hours).between(moment, moment + 26 * 60 * MINUTE) for moment in at
    ]


def test_a_calendar_without_a_working_day_is_refused() -> None:
    never = Hours(WorkingCalendar(weekdays=frozenset()), "Europe/Warsaw", dt.time(8), dt.time(16))
    with pytest.raises(ValueError, match="No working minute"):
        WorkingTime(never).after(dt.datetime(2026, 1, 1, tzinfo=UTC), 1)


# On rows --------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_most_specific_level_wins() -> None:
    ServiceLevel.objects.all().delete()
    assert clock.Levels().of(tier="A", category="quality") == clock.FALLBACK
    quality = ComplaintCategory.objects.get(pk="quality")
    for number, (tier, category) in enumerate([("", None), ("A", None), ("", quality), ("A", quality)], 1):
        ServiceLevel.objects.create(
            tier=tier, category=category, response_minutes=number, resolution_minutes=number
        )
        assert clock.Levels().of(tier="A", category="quality").response == number
    assert clock.Levels().of(tier=None, category="quality").response == 3
    assert clock.Levels().of(tier="A", category="other").response == 2
    assert clock.Levels().of(tier="B", category="other").response == 1


@pytest.mark.django_db
def test_the_team_of_the_owner_tells_the_hours(cast: Cast) -> None:
    cast.north.time_zone, cast.north.opens_at = "Europe/Sofia", dt.time(9)
    cast.north.save()
    PublicHoliday.objects.create(country="PL", day=dt.date(2026, 10, 13), name="x")
    one = ComplaintFactory(account=cast.acme, assignee=cast.serge)  # Monday 7:00 UTC, 10:00 in Sofia
    of_nobody = ComplaintFactory(account=cast.orphan)  # 9:00 in Warsaw
    clock.refresh()
    one.refresh_from_db()
    of_nobody.refresh_from_db()
    # 480 minutes: six hours on Monday, two on Wednesday; in Warsaw seven, and one.
    assert one.response_due_at == dt.datetime(2026, 10, 14, 8, tzinfo=UTC)
    assert of_nobody.response_due_at == dt.datetime(2026, 10, 14, 7, tzinfo=UTC)


@pytest.mark.django_db
def test_changed_calendar_tier_and_level_reckon_anew(cast: Cast) -> None:
    one = ComplaintFactory(account=cast.acme)
    clock.refresh()
    assert_due(one, dt.datetime(2026, 10, 13, 7, tzinfo=UTC))
    PublicHoliday.objects.create(country="PL", day=dt.date(2026, 10, 13), name="x")
    clock.refresh()
    assert_due(one, dt.datetime(2026, 10, 14, 7, tzinfo=UTC))
    cast.acme.tier = "A"
    cast.acme.save()
    clock.refresh_accounts(account_ids=[cast.acme.pk])
    assert_due(one, dt.datetime(2026, 10, 12, 9, tzinfo=UTC))
    ServiceLevel.objects.filter(tier="A", category=None).update(response_minutes=60)
    clock.refresh()
    assert_due(one, dt.datetime(2026, 10, 12, 8, tzinfo=UTC))


def assert_due(complaint: Complaint, at: dt.datetime) -> None:
    complaint.refresh_from_db()
    assert complaint.due_at == complaint.response_due_at == at


@pytest.mark.django_db
def test_a_question_is_due_when_it_was_to_be_answered(cast: Cast) -> None:
    by = dt.datetime(2026, 10, 12, 12, 30, tzinfo=UTC)
    asked = QuestionFactory(account=cast.acme, answer_by=by)
    ComplaintStepFactory(complaint=asked, to_state="acknowledged", at=asked.opened_at + MINUTE)
    Complaint.objects.filter(pk=asked.pk).update(state="acknowledged")
    clock.refresh()
    asked.refresh_from_db()
    assert (asked.due_at, asked.resolution_allowed) == (by, 330)


@pytest.mark.django_db
def test_reckoning_many_asks_as_often_as_few(cast: Cast, django_assert_num_queries) -> None:
    ComplaintFactory(account=cast.acme)
    clock.refresh()
    with django_assert_num_queries(5):
        clock.refresh()
    for _n in range(20):
        ComplaintFactory(account=cast.brewery)
    clock.refresh()
    with django_assert_num_queries(5):
        clock.refresh()
