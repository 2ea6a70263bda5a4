"""Planning with all that docs/domain.md, 5.2 and 5.3 ask of it: wishes, back-off, substitutes, sharing, levelling."""

from __future__ import annotations

import datetime as dt
import random
import uuid

import pytest

from accounts.models import Account
from contacts.models import (
    AgendaItem,
    BackOffLift,
    ContactRule,
    ContactWish,
    FollowUp,
    Outcome,
    Promise,
    Touchpoint,
    UnmetRule,
)
from contacts.planning import Planned, plan, reckon_account
from contacts.planning.levelling import weeks_of
from contacts.planning.overload import overfull_weeks
from contacts.planning.stored import read_loads
from contacts.reckoning import explain
from contacts.touchpoints import delete_touchpoint, log_contact
from crm.team.calendars import ONE_DAY, calendars_of, fill_holidays
from crm.team.models import Absence, User
from tests.support.factories import (
    AccountFactory,
    AgendaItemFactory,
    ContactPersonFactory,
    ContactRuleFactory,
    FollowUpFactory,
    TouchpointFactory,
)

TODAY = dt.date(2026, 10, 13)  # a Tuesday

pytestmark = pytest.mark.django_db


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), dt.UTC)


def run(day: dt.date = TODAY, **more) -> Planned:
    planned = plan(today=day, now=noon(day), **more)
    again = plan(today=day, now=noon(day) + dt.timedelta(minutes=1), thorough=True)
    assert (again.created, again.moved, again.withdrawn) == (0, 0, 0)  # twice is once
    return planned


def contacted(account: Account, days_ago: int, channel: str = "phone", **more):
    day = TODAY - days_ago * ONE_DAY
    return TouchpointFactory(account=account, user=account.owner, day=day, channel=channel, **more)


def item_of(account: Account, channel: str = "phone") -> AgendaItem:
    items = AgendaItem.objects.open().filter(account=account, source=channel)
    return items.select_related("rule", "follow_up__assignee").get()


def words(item: AgendaItem, viewer: User, **more) -> list[str]:
    return [line.words for line in explain(item, viewer=viewer, today=TODAY, **more)]


@pytest.fixture
def monthly(cast) -> ContactRule:
    return ContactRuleFactory(priority=1, channel="phone", every_days=30, tolerance_days=5, minutes=20)


# Back-off ----------------------------------------------------------------------------------------------------------
def test_contacts_that_bring_nothing_lengthen_the_interval_until_it_is_lifted(cast, monthly):
    for days_ago in (70, 50, 20):
        contacted(cast.acme, days_ago, outcome=Outcome.NOTHING)
    run()
    item = item_of(cast.acme)
    assert (item.due, item.interval_days) == (TODAY + 25 * ONE_DAY, 45)
    assert "45 days instead, since 3 contacts in a row brought nothing" in words(item, cast.rita)
    BackOffLift.objects.create(account=cast.acme, at=noon(TODAY), actor=cast.rita)
    run()
    assert item_of(cast.acme).due == TODAY + 10 * ONE_DAY


def test_an_unwelcome_contact_pauses_what_it_satisfies(cast, monthly):
    ContactRuleFactory(channel="visit", every_days=40)
    contacted(cast.acme, 35, "visit")
    contacted(cast.acme, 20, outcome=Outcome.UNWELCOME)
    run()
    assert item_of(cast.acme, "visit").due == TODAY + 5 * ONE_DAY  # a call does not pause the visits
    plans = {one.channel: one.reckoned for one in reckon_account(cast.acme, today=TODAY)}
    assert plans["phone"].due == TODAY + 70 * ONE_DAY
    assert [one.outcome for one in Touchpoint.objects.visible_to(cast.mona, on=TODAY).pausing(on=TODAY)] == [
        "unwelcome"
    ]
    BackOffLift.objects.create(account=cast.acme, at=noon(TODAY))
    assert not Touchpoint.objects.pausing(on=TODAY).exists()
    run()
    assert item_of(cast.acme, "phone").due == TODAY + 10 * ONE_DAY


# Wishes ------------------------------------------------------------------------------------------------------------
def test_a_fixed_slot_gives_day_and_time(cast, monthly):
    contacted(cast.acme, 27)  # due on the 16th
    ContactWish.objects.create(account=cast.acme, slot_week=0, slot_weekday=1, slot_time=dt.time(10))
    run()
    item = item_of(cast.acme)
    assert (item.follow_up.day, item.follow_up.time) == (dt.date(2026, 10, 19), dt.time(10))
    assert item.follow_up.state == "planned" and item.follow_up.placing == [
        {"day": "2026-10-19", "step": "slot"}
    ]
    assert "to the fixed time that they want" in words(item, cast.rita)
    ContactWish.objects.all().delete()
    run()
    assert (item_of(cast.acme).follow_up.time, item_of(cast.acme).follow_up.placing) != (dt.time(10), None)


def test_the_wishes_of_the_first_person_count_too(cast, monthly):
    contacted(cast.acme, 27)
    cast.acme.persons.update(is_main=False)
    person = ContactPersonFactory(account=cast.acme, is_main=True)
    ContactWish.objects.create(account=cast.acme, person=person, weekdays="4")
    ContactWish.objects.create(account=cast.acme, forbidden_channels=["phone"], preferred_channels=["video"])
    run()
    follow_up = item_of(cast.acme).follow_up
    assert (follow_up.channel, follow_up.day.isoweekday()) == ("video", 4)
    assert not UnmetRule.objects.exists()


def test_a_rule_that_wishes_make_impossible_is_listed_and_not_planned(cast, monthly):
    run()
    wish = ContactWish.objects.create(account=cast.acme, forbidden_channels=["phone"])
    run()
    unmet = UnmetRule.objects.get()
    assert (unmet.account, unmet.channel, unmet.rule, unmet.why) == (cast.acme, "phone", monthly, "forbidden")
    assert not AgendaItem.objects.filter(account=cast.acme).exists()
    wish.forbidden_channels, wish.weekdays = [], "7"
    wish.save()
    run()
    assert UnmetRule.objects.get().why == "no_day"
    wish.delete()
    run()
    assert not UnmetRule.objects.exists()
    assert item_of(cast.acme).follow_up.is_open


def test_no_more_contacts_than_they_want(cast, monthly):
    contacted(cast.acme, 20, "visit")
    contacted(cast.acme, 5, "email")
    ContactWish.objects.create(account=cast.acme, at_most=1, per_days=60)
    run()
    item = item_of(cast.acme)
    assert item.due == TODAY + 10 * ONE_DAY
    assert item.follow_up.day == dt.date(2026, 12, 7)  # sixty days after the e-mail
    assert UnmetRule.objects.get().why == "too_many"


# Absences ----------------------------------------------------------------------------------------------------------
def test_a_substitute_serves_what_cannot_wait_for_the_owner(cast, monthly):
    contacted(cast.acme, 27)  # due on the 16th, window until the 21st
    away = Absence.objects.create(
        user=cast.rita,
        first_day=dt.date(2026, 10, 14),
        last_day=dt.date(2026, 10, 30),
        substitute=cast.otto,
    )
    run()
    item = item_of(cast.acme)
    assert (item.follow_up.assignee, item.follow_up.day) == (cast.rita, dt.date(2026, 10, 16))
    assert item in AgendaItem.objects.filter(
        follow_up__in=FollowUp.objects.today_queue(cast.otto, dt.date(2026, 10, 16))
    )
    Absence.objects.filter(pk=away.pk).update(last_day=dt.date(2026, 10, 20))
    run()
    # He was not needed: the window holds a day of hers.
    assert item_of(cast.acme).follow_up.day == dt.date(2026, 10, 21)


# Sharing -----------------------------------------------------------------------------------------------------------
def test_what_is_due_together_is_one_contact_and_each_item_says_why(cast, monthly):
    ContactRuleFactory(channel="visit", every_days=35, tolerance_days=10, minutes=60)
    contacted(cast.acme, 27, "visit")
    promise = Promise.objects.create(
        account=cast.acme, made_by=cast.rita, words="Prices", made_on=TODAY, due_on=dt.date(2026, 10, 20)
    )
    alone = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=dt.date(2026, 10, 22), minutes=10)
    AgendaItemFactory(
        account=cast.acme,
        follow_up=alone,
        reason="promise_due",
        source=f"promise:{promise.pk}",
        earliest=TODAY,
        due=promise.due_on,
    )
    run()
    follow_up = FollowUp.objects.open().get(account=cast.acme)
    assert (follow_up.channel, follow_up.minutes, follow_up.day) == ("visit", 60, dt.date(2026, 10, 16))
    items = list(follow_up.items.select_related("rule", "follow_up__assignee").order_by("due"))
    assert [item.reason for item in items] == ["cadence", "promise_due", "cadence"]
    assert "in one contact with what is due first: Cadence" in words(items[2], cast.rita, lead=items[0])
    # The call alone is made: the visit is asked for again, by itself.
    touchpoint = log_contact(
        actor=cast.rita,
        account=cast.acme,
        uuid=uuid.uuid4(),
        now=noon(TODAY),
        today=TODAY,
        channel="phone",
        outcome=Outcome.NEW_INFORMATION,
        follow_up=follow_up,
        items_done=[],
    )
    assert {item.reason for item in AgendaItem.objects.open().filter(account=cast.acme)} == {
        "cadence",
        "promise_due",
    }
    assert Promise.objects.get().state == Promise.State.OPEN
    assert item_of(cast.acme, "visit").follow_up.is_open
    delete_touchpoint(touchpoint=touchpoint, actor=cast.rita, now=noon(TODAY), today=TODAY)
    assert FollowUp.objects.open().get(account=cast.acme).pk == follow_up.pk
    assert follow_up.items.open().count() == 3


def test_a_booked_contact_gains_what_is_due_and_stays_as_it_is(cast, monthly):
    booked = FollowUpFactory(
        account=cast.acme, assignee=cast.rita, day=dt.date(2026, 10, 15), time=dt.time(9), state="booked"
    )
    contacted(cast.acme, 27)
    before = FollowUp.objects.filter(pk=booked.pk).values("day", "time", "channel", "minutes", "state").get()
    run()
    assert item_of(cast.acme).follow_up == booked
    assert FollowUp.objects.filter(pk=booked.pk).values(*before).get() == before


def test_an_item_without_a_follow_up_gets_one(cast):
    """As `request_contact` may leave it, or a follow-up that somebody closed."""
    item = AgendaItemFactory(
        account=cast.acme,
        follow_up=None,
        reason="after_purchase",
        due=dt.date(2026, 10, 17),
        latest=dt.date(2026, 10, 18),
    )
    run()
    item.refresh_from_db()
    assert item.follow_up is not None
    assert (item.follow_up.assignee, item.follow_up.day) == (cast.rita, dt.date(2026, 10, 19))


# Levelling ---------------------------------------------------------------------------------------------------------
def overfull(user: User, day: dt.date) -> list[dt.date]:
    weeks = weeks_of(calendars_of([user])[user.pk], user.weekly_contact_minutes, day)
    return overfull_weeks(read_loads([user.pk], day)[user.pk], weeks)


def test_what_does_not_fit_waits_and_says_so(cast, monthly):
    User.objects.filter(pk=cast.rita.pk).update(weekly_contact_minutes=100)  # five calls
    cast.rita.refresh_from_db()
    Account.objects.filter(owner=cast.rita).update(owner=None)
    accounts = [AccountFactory(owner=cast.rita, tier="AABBCCC"[n]) for n in range(7)]
    for account in accounts:
        contacted(account, 24)  # all due on Monday the 19th, until Saturday
    ContactRule.objects.update(tolerance_days=0)
    run()
    assert overfull(cast.rita, TODAY) == []
    waiting = [one for one in accounts if item_of(one).follow_up.day > dt.date(2026, 10, 25)]
    assert len(waiting) == 2 and {one.tier for one in waiting} == {"C"}
    assert "put off to a week with room" in words(item_of(waiting[0]), cast.rita)
    # One A more, planned alone after a log: another C gives way.
    late = AccountFactory(owner=cast.rita, tier="A")
    contacted(late, 24)
    plan(today=TODAY, now=noon(TODAY), account_ids=[late.pk])
    assert item_of(late).follow_up.day == dt.date(2026, 10, 19)
    assert overfull(cast.rita, TODAY) == []
    run()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_asked_for_no_week_is_overfull_while_there_is_room(cast, seed):
    fill_holidays(years=[2026, 2027], countries=["PL"])
    rng = random.Random(seed)
    User.objects.filter(pk=cast.rita.pk).update(weekly_contact_minutes=240)
    cast.rita.refresh_from_db()
    for channel, days, minutes in (("visit", 60, 60), ("phone", 30, 15), ("email", 20, 10)):
        ContactRuleFactory(channel=channel, every_days=days, minutes=minutes, tolerance_days=rng.randrange(8))
    accounts = [AccountFactory(owner=cast.rita, tier=rng.choice(["A", "B", "C", None])) for _ in range(25)]
    for account in accounts:
        for _contact in range(rng.randrange(3)):
            contacted(
                account,
                rng.randrange(60),
                rng.choice(["visit", "phone"]),
                outcome=rng.choice([Outcome.NOTHING, Outcome.NEW_ORDER, Outcome.NOT_REACHED]),
            )
        if rng.random() < 0.3:
            ContactWish.objects.create(
                account=account,
                forbidden_channels=rng.sample(["visit", "phone", "email"], rng.randrange(2)),
                weekdays=rng.choice(["", "2", "135"]),
                **rng.choice([{}, {"slot_week": 1, "slot_weekday": 2}, {"at_most": 1, "per_days": 25}]),
            )
    first = TODAY + 5 * ONE_DAY
    Absence.objects.create(
        user=cast.rita, first_day=first, last_day=first + 6 * ONE_DAY, substitute=cast.otto
    )
    day = TODAY
    for _turn in range(4):
        run(day)
        calendar = calendars_of([cast.rita])[cast.rita.pk]
        # No item is lost: each stands in exactly one open follow-up; none is forbidden or on a day that nobody works.
        asking = AgendaItem.objects.open().filter(account__owner=cast.rita).select_related("follow_up")
        assert all(item.follow_up is not None and item.follow_up.is_open for item in asking)
        assert not FollowUp.objects.open().exclude(items__state="open").exists()
        for follow_up in FollowUp.objects.open().filter(assignee=cast.rita, day__gte=day):
            assert calendar.is_working(follow_up.day) or follow_up.day in calendar.served
            wish = ContactWish.objects.filter(account=follow_up.account_id).first()
            assert wish is None or follow_up.channel not in wish.forbidden_channels
        for item in asking:
            assert item.follow_up.day >= item.earliest or item.follow_up.day < day
        day += rng.choice([1, 2, 6]) * ONE_DAY
