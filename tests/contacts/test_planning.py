"""Planning: what is due becomes follow-ups, and stays as it is while it may (docs/domain.md, 5.2 and 5.3)."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import Counter

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from contacts import planning
from contacts.facts import refresh_last_contact
from contacts.models import AgendaItem, CadenceStart, ContactRule, FollowUp, Outcome, Touchpoint
from contacts.planning import Planned, next_due, plan, reckon_account
from contacts.planning.deciding import decide
from contacts.planning.reading import read_seats
from contacts.planning.writing import Written, write
from contacts.reckoning import explain, explain_plan
from contacts.rules import cadences_in_force
from crm.team.calendars import ONE_DAY, WorkingCalendar, country_calendar, fill_holidays
from crm.team.models import Absence, User
from tests.support.factories import (
    AccountFactory,
    AgendaItemFactory,
    ContactRuleFactory,
    TouchpointFactory,
    UserFactory,
)

TODAY = dt.date(2026, 10, 13)  # a Tuesday

pytestmark = pytest.mark.django_db


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), dt.UTC)


def run(day: dt.date = TODAY, **more) -> Planned:
    return plan(today=day, now=noon(day), **more)


def item_of(account: Account, channel: str = "phone") -> AgendaItem:
    items = AgendaItem.objects.open().filter(account=account, source=channel)
    return items.select_related("rule", "follow_up__assignee").get()


def day_of(account: Account, channel: str = "phone") -> dt.date:
    return item_of(account, channel).follow_up.day


def everything(**which) -> list[str]:
    """Every row that planning writes, to be compared before and after."""
    return [
        repr(row)
        for model in (AgendaItem, FollowUp, CadenceStart)
        for row in model.objects.filter(**which).order_by("pk").values()
    ]


def contacted(account: Account, days_ago: int, channel: str = "phone", today: dt.date = TODAY, **more):
    return TouchpointFactory(
        account=account, user=account.owner, day=today - days_ago * ONE_DAY, channel=channel, **more
    )


@pytest.fixture
def monthly(cast) -> ContactRule:
    return ContactRuleFactory(priority=1, channel="phone", every_days=30, tolerance_days=5, minutes=20)


@pytest.fixture
def portfolio(cast, monthly) -> list[Account]:
    """Sixty accounts of Rita: one last contacted on each of the last sixty days."""
    accounts = [AccountFactory(owner=cast.rita) for _ in range(60)]
    for days_ago, account in enumerate(accounts, start=1):
        contacted(account, days_ago)
    return accounts


# The row it writes --------------------------------------------------------------------------------------------------
def test_a_due_contact_becomes_an_item_with_a_follow_up(cast, monthly):
    contacted(cast.acme, 20, "visit")
    assert run().created == 3  # acme, brewery, quarry; nobody owns the orphan
    item = item_of(cast.acme)
    assert (item.reason, item.source, item.rule, item.minutes) == ("cadence", "phone", monthly, 20)
    assert (item.earliest, item.due, item.latest) == (
        dt.date(2026, 10, 18),
        dt.date(2026, 10, 23),
        dt.date(2026, 10, 28),
    )
    assert (item.interval_days, item.counted_from) == (30, dt.date(2026, 9, 23))
    follow_up = item.follow_up
    assert (follow_up.assignee, follow_up.day, follow_up.minutes) == (cast.rita, item.due, 20)
    assert (follow_up.state, follow_up.channel, follow_up.moved_by_hand) == ("planned", "phone", False)
    assert item.generation == follow_up.generation == int(noon(TODAY).timestamp())


def test_only_the_horizon_exists_as_rows(cast, monthly):
    monthly.every_days = 60
    monthly.save()
    inside, beyond = AccountFactory(owner=cast.rita), AccountFactory(owner=cast.rita)
    contacted(inside, 18)  # due in 42 days
    contacted(beyond, 17)
    run()
    assert day_of(inside) == TODAY + 42 * ONE_DAY
    assert not AgendaItem.objects.filter(account=beyond).exists()
    reckoned = next_due(beyond, today=TODAY)
    assert reckoned is not None and reckoned.item is None
    assert reckoned.reckoned.due == TODAY + 43 * ONE_DAY


# Planning twice -----------------------------------------------------------------------------------------------------
def test_planning_twice_changes_nothing(portfolio):
    first = run()
    before = everything()
    assert first.created == 63
    second = plan(today=TODAY, now=noon(TODAY) + dt.timedelta(hours=3))
    assert second == Planned(kept=63)
    assert everything() == before


def test_a_day_later_only_what_became_due_changes(cast, portfolio, monthly):
    monthly.every_days, monthly.tiers = 90, "B"
    monthly.save()
    Account.objects.filter(pk__in=[account.pk for account in portfolio]).update(tier="B")
    contacts = dict(Touchpoint.objects.values_list("account_id", "day"))
    known = run().created
    for step in range(1, 15):
        day = TODAY + step * ONE_DAY
        before = set(everything())
        horizon = day + 42 * ONE_DAY
        newly_due = [pk for pk, last in contacts.items() if last + 90 * ONE_DAY == horizon]
        planned = run(day)
        assert planned == Planned(created=len(newly_due), kept=known)
        assert before <= set(everything())
        known += planned.created
    assert known > 20


# Working days -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("country", ["HU", "BG", "PL"])
def test_nothing_is_planned_on_a_weekend_or_public_holiday(cast, portfolio, country):
    fill_holidays(years=[2026, 2027])
    User.objects.filter(pk=cast.rita.pk).update(country=country)
    calendar = country_calendar(country)
    for start in (dt.date(2026, 12, 5), dt.date(2026, 12, 24), dt.date(2027, 1, 1)):
        AgendaItem.objects.all().delete()
        FollowUp.objects.all().delete()
        run(start, thorough=True)
        days = FollowUp.objects.filter(assignee=cast.rita).values_list("day", flat=True)
        assert len(days) == 61
        assert all(calendar.is_working(day) for day in days)


def test_christmas_eve_2026_is_a_holiday_in_hungary_and_12_december_an_ordinary_saturday(cast, monthly):
    fill_holidays(years=[2026])
    User.objects.filter(pk=cast.rita.pk).update(country="HU")
    hungary = country_calendar("HU")
    assert not hungary.is_working(dt.date(2026, 12, 24))
    assert not hungary.is_working(dt.date(2026, 12, 12))
    start = dt.date(2026, 12, 1)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=dt.date(2026, 11, 24))  # due on the 24th
    run(start)
    assert item_of(cast.acme).due == dt.date(2026, 12, 24)
    assert day_of(cast.acme) == dt.date(2026, 12, 28)
    assert item_of(cast.acme).reckoning[-1] == {"step": "working_day", "day": "2026-12-28"}


def test_an_absence_moves_what_lies_in_it(cast, monthly):
    contacted(cast.acme, 20)
    run()
    assert day_of(cast.acme) == dt.date(2026, 10, 23)
    Absence.objects.create(user=cast.rita, first_day=dt.date(2026, 10, 22), last_day=dt.date(2026, 10, 26))
    assert run().moved >= 1
    assert day_of(cast.acme) == dt.date(2026, 10, 27)


# What a person did stays --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "touch",
    [
        {"moved_by_hand": True, "day": dt.date(2026, 10, 31)},  # a Saturday: a person may
        {"state": "booked", "day": dt.date(2026, 12, 18)},
        {"snoozed_until": dt.date(2026, 11, 2)},
    ],
)
def test_what_a_person_moved_booked_or_snoozed_keeps_its_day(cast, monthly, touch):
    contacted(cast.acme, 20)
    run()
    FollowUp.objects.filter(pk=item_of(cast.acme).follow_up_id).update(**touch)
    day = day_of(cast.acme)
    monthly.every_days, monthly.minutes = 60, 45
    monthly.save()
    run(TODAY + ONE_DAY)
    item = item_of(cast.acme)
    assert (item.follow_up.day, item.follow_up.minutes) == (day, 20)
    assert item.due == dt.date(2026, 11, 22)  # why it is there is told anew
    assert run(TODAY + ONE_DAY).moved == 0


def test_a_changed_rule_moves_what_nobody_touched(cast, monthly):
    contacted(cast.acme, 20)
    run()
    monthly.every_days = 40
    monthly.save()
    run()
    assert day_of(cast.acme) == dt.date(2026, 11, 2)
    visits = ContactRuleFactory(priority=0, channel="phone", every_days=25)
    run()
    assert item_of(cast.acme).rule == visits
    assert AgendaItem.objects.filter(account=cast.acme).count() == 1


def test_no_rule_any_more_takes_back_what_nobody_touched(cast, monthly):
    run()
    FollowUp.objects.filter(pk=item_of(cast.brewery).follow_up_id).update(moved_by_hand=True)
    monthly.enabled = False
    monthly.save()
    assert run() == Planned(kept=1, withdrawn=2)
    assert FollowUp.objects.get().account == cast.brewery
    assert run() == Planned(kept=1)


def test_what_a_person_changes_while_it_is_planned_stays(cast, monthly):
    contacted(cast.acme, 20)
    run()
    monthly.every_days = 40
    monthly.save()
    seats = read_seats([cast.rita.pk], [cast.acme.pk], cadences_in_force(TODAY), TODAY)
    decision = decide(seats, calendars={cast.rita.pk: WorkingCalendar()}, today=TODAY)
    assert len(decision.change) == 1
    follow_up = item_of(cast.acme).follow_up
    FollowUp.objects.filter(pk=follow_up.pk).update(moved_by_hand=True, day=dt.date(2026, 10, 15))
    assert write(decision, today=TODAY, now=noon(TODAY), generation=2) == Written()
    assert day_of(cast.acme) == dt.date(2026, 10, 15)


def test_a_follow_up_that_serves_another_item_too_stays(cast, monthly):
    run()
    item = item_of(cast.acme)
    AgendaItemFactory(account=cast.acme, follow_up=item.follow_up)
    monthly.enabled = False
    monthly.save()
    run()
    assert FollowUp.objects.filter(pk=item.follow_up_id, state="planned").exists()


# Overdue ------------------------------------------------------------------------------------------------------------
def test_an_open_follow_up_whose_day_has_passed_keeps_it(cast, monthly):
    contacted(cast.acme, 25)
    run()
    day = day_of(cast.acme)
    run(TODAY + 30 * ONE_DAY)
    assert day_of(cast.acme) == day < TODAY + 30 * ONE_DAY


# Owners -------------------------------------------------------------------------------------------------------------
def test_a_new_owner_takes_over_and_the_day_stays(cast, monthly):
    contacted(cast.acme, 20)
    contacted(cast.brewery, 20)
    run()
    moved, booked = item_of(cast.acme).follow_up, item_of(cast.brewery).follow_up
    FollowUp.objects.filter(pk=moved.pk).update(moved_by_hand=True, day=TODAY + 2 * ONE_DAY)
    FollowUp.objects.filter(pk=booked.pk).update(state="booked")
    Account.objects.filter(pk__in=[cast.acme.pk, cast.brewery.pk]).update(owner=cast.otto)
    run()
    assert item_of(cast.acme).follow_up.assignee == cast.otto
    assert day_of(cast.acme) == TODAY + 2 * ONE_DAY
    assert item_of(cast.brewery).follow_up.assignee == cast.carl  # booked by Carl, with the customer


def test_an_untouched_follow_up_moves_off_the_new_owners_holiday(cast, monthly):
    contacted(cast.acme, 20)
    run()
    Absence.objects.create(user=cast.otto, first_day=dt.date(2026, 10, 23), last_day=dt.date(2026, 10, 23))
    Account.objects.filter(pk=cast.acme.pk).update(owner=cast.otto)
    run()
    follow_up = item_of(cast.acme).follow_up
    assert (follow_up.assignee, follow_up.day) == (cast.otto, dt.date(2026, 10, 26))


@pytest.mark.parametrize(
    "change",
    [{"owner": None}, {"phase": "let_go"}, {"archived_at": noon(TODAY)}],
)
def test_without_an_owner_let_go_or_archived_there_is_no_follow_up(cast, monthly, change):
    run()
    Account.objects.filter(pk=cast.acme.pk).update(**change)
    assert run() == Planned(kept=2, withdrawn=1)
    assert not FollowUp.objects.filter(account=cast.acme).exists()
    assert reckon_account(Account.objects.get(pk=cast.acme.pk), today=TODAY) == []


def test_an_owner_who_has_left_gets_nothing(cast, monthly):
    run()
    User.objects.filter(pk=cast.rita.pk).update(is_active=False)
    assert run() == Planned(kept=2, withdrawn=1)


def test_what_was_booked_with_an_archived_account_is_cancelled_and_kept_as_history(cast, monthly):
    run()
    FollowUp.objects.filter(pk=item_of(cast.acme).follow_up_id).update(state="booked")
    Account.objects.filter(pk=cast.acme.pk).update(archived_at=noon(TODAY))
    run()
    assert FollowUp.objects.get(account=cast.acme).state == "cancelled"
    assert AgendaItem.objects.get(account=cast.acme).state == "withdrawn"


def test_a_cadence_of_an_account_without_an_owner_has_not_begun(cast, monthly):
    run()
    assert not CadenceStart.objects.filter(account=cast.orphan).exists()
    Account.objects.filter(pk=cast.orphan.pk).update(owner=cast.otto)
    later = TODAY + 200 * ONE_DAY
    run(later)
    assert CadenceStart.objects.get(account=cast.orphan).day == later
    assert day_of(cast.orphan) >= later


# What took place ----------------------------------------------------------------------------------------------------
def test_taking_a_contact_back_plans_anew(cast, monthly):
    contacted(cast.acme, 28)
    newer = contacted(cast.acme, 20)
    run()
    assert item_of(cast.acme).due == dt.date(2026, 10, 23)
    Touchpoint.objects.filter(pk=newer.pk).update(deleted_at=noon(TODAY))
    assert run(account_ids=[cast.acme.pk]).moved == 1
    assert item_of(cast.acme).due == day_of(cast.acme) == dt.date(2026, 10, 15)


def test_a_contact_beyond_the_horizon_takes_the_follow_up_back(cast, monthly):
    monthly.every_days = 90
    monthly.save()
    contacted(cast.acme, 80)
    run()
    contacted(cast.acme, 0, "visit")
    assert run(account_ids=[cast.acme.pk]).withdrawn == 1
    assert not FollowUp.objects.filter(account=cast.acme).exists()


def test_not_reached_thrice(cast, monthly):
    last = contacted(cast.acme, 40)
    run()
    assert day_of(cast.acme) == TODAY  # overdue
    day = TODAY
    for expected in (dt.date(2026, 10, 15), dt.date(2026, 10, 19), dt.date(2026, 11, 18)):
        FollowUp.objects.filter(account=cast.acme, state="planned").update(state="done", closed_at=noon(day))
        AgendaItem.objects.filter(account=cast.acme, state="open").update(state="done", closed_at=noon(day))
        TouchpointFactory(account=cast.acme, user=cast.rita, day=day, outcome=Outcome.NOT_REACHED)
        assert run(day, account_ids=[cast.acme.pk]).created == 1
        item = item_of(cast.acme)
        assert (item.due, item.follow_up.day, item.counted_from) == (expected, expected, last.day)
        day = expected


def test_a_turn_left_out_comes_back_an_interval_later(cast, monthly):
    contacted(cast.acme, 20)
    run()
    item = item_of(cast.acme)
    FollowUp.objects.filter(pk=item.follow_up_id).update(state="skipped", closed_at=noon(TODAY))
    AgendaItem.objects.filter(pk=item.pk).update(state="skipped", closed_at=noon(TODAY))
    assert run(account_ids=[cast.acme.pk]).created == 1
    assert item_of(cast.acme).due == dt.date(2026, 11, 22)
    assert run().kept == 3


def test_an_item_that_stands_without_a_follow_up_gets_one(cast, monthly):
    run()
    item = item_of(cast.acme)
    FollowUp.objects.filter(pk=item.follow_up_id).update(state="done", closed_at=noon(TODAY))
    assert run().created == 1
    assert item_of(cast.acme).pk == item.pk
    assert item_of(cast.acme).follow_up.state == "planned"


def test_what_happens_after_the_day_is_not_known_on_it(cast, monthly):
    contacted(cast.acme, 20)
    contacted(cast.acme, -1)
    run()
    assert item_of(cast.acme).due == dt.date(2026, 10, 23)


# Never contacted ----------------------------------------------------------------------------------------------------
def test_a_thousand_never_contacted_accounts_are_spread(cast, monthly):
    fill_holidays(years=[2026])
    owner = UserFactory(weekly_contact_minutes=6000)
    accounts = AccountFactory.build_batch(1000, owner=owner)
    for account in accounts:
        account.derive()
    Account.objects.bulk_create(accounts)
    run()
    days = Counter(FollowUp.objects.filter(assignee=owner).values_list("day", flat=True))
    working = country_calendar("PL").between(TODAY, TODAY + 29 * ONE_DAY)
    assert sum(days.values()) == 1000
    assert set(days) <= set(
        country_calendar("PL").between(TODAY, TODAY + 34 * ONE_DAY)
    )  # within the tolerance
    assert max(days.values()) <= 2 * 1000 / len(working)
    assert min(days[day] for day in working) > 0


def test_the_start_is_stored_once_and_stays(cast, monthly):
    run()
    due = item_of(cast.acme).due
    run(TODAY + 7 * ONE_DAY)
    assert set(CadenceStart.objects.values_list("day", flat=True)) == {TODAY}
    assert item_of(cast.acme).due == due


# Interrupted, and two at once ---------------------------------------------------------------------------------------
class Killed(BaseException):
    pass


def test_a_killed_run_leaves_whole_slices_and_the_next_does_the_rest(portfolio, monkeypatch):
    monkeypatch.setattr(planning, "SLICE", 10)

    def die(done: int, total: int | None) -> None:
        if done >= 30:
            raise Killed

    with pytest.raises(Killed):
        run(report=die)
    made = AgendaItem.objects.count()
    assert 30 <= made < 63
    assert not FollowUp.objects.filter(items__isnull=True).exists()
    planned = run()
    assert planned == Planned(created=63 - made, kept=made)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer; make test-all runs this"
)
def test_two_planners_at_once_do_the_work_once(portfolio, monkeypatch):
    monkeypatch.setattr(planning, "SLICE", 5)
    results: list[Planned] = []
    ready = threading.Barrier(2)

    def work() -> None:
        try:
            ready.wait()
            results.append(run())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.created for one in results) == 63
    assert sum(one.moved + one.withdrawn for one in results) == 0
    assert AgendaItem.objects.count() == FollowUp.objects.count() == 63


# One account --------------------------------------------------------------------------------------------------------
def test_planning_one_account_leaves_the_others_and_takes_few_queries(cast, portfolio):
    ContactRuleFactory(channel="visit", every_days=60, tiers="AB")
    ContactRuleFactory(channel="email", every_days=14)
    run()
    others = everything(account__in=portfolio)
    contacted(cast.acme, 0)
    with CaptureQueriesContext(connection) as queries:
        planned = run(account_ids=[cast.acme.pk])
    assert planned.moved == 2
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) < 18
    assert everything(account__in=portfolio) == others
    assert run().moved == 0


def test_queries_do_not_grow_with_the_portfolio(cast, monthly):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            run()
        return len(captured)

    run()
    few = queries()
    for _ in range(50):
        AccountFactory(owner=cast.rita)
    run()
    assert queries() == few


def test_a_reckoning_is_written_as_the_database_keeps_it(cast, monthly):
    """Else a thorough pass would have to read the JSON of every item to see that it is the same."""
    contacted(cast.acme, 25)
    contacted(cast.acme, 1, outcome=Outcome.NOT_REACHED)
    run()
    kept = AgendaItem.objects.annotate(text=Cast("reckoning", TextField()))
    for item in kept:
        assert item.reckoning and item.text == reckon_account(item.account, today=TODAY)[0].reckoned.reckoning
    assert kept.count() == 3


def test_a_reckoning_whose_keys_stand_in_another_order_is_the_same(cast, monthly):
    contacted(cast.acme, 25)
    run()
    for item in AgendaItem.objects.all():
        item.reckoning = [dict(reversed(step.items())) for step in item.reckoning]
        item.save()
    assert run(thorough=True) == Planned(kept=3)


@pytest.mark.parametrize("channel", ["letter", "phone"])
def test_contacts_of_other_channels_hide_nothing(cast, monthly, channel):
    """A visit answers for the call, not for the letter: each is counted from its own last contact."""
    ContactRuleFactory(priority=2, channel="letter", every_days=40)
    contacted(cast.acme, 30, "letter")
    contacted(cast.acme, 20, "phone")
    contacted(cast.acme, 15, "visit")
    contacted(cast.acme, 10, "material")
    run()
    assert item_of(cast.acme, channel).counted_from == TODAY - {"letter": 30, "phone": 15}[channel] * ONE_DAY


# In words -----------------------------------------------------------------------------------------------------------
def test_the_reckoning_in_words(cast, monthly):
    contacted(cast.acme, 55)
    run(dt.date(2026, 9, 28))
    lines = explain(item_of(cast.acme), viewer=cast.rita, today=TODAY)
    assert [(line.words, line.day) for line in lines] == [
        ("Last phone call that reached them, by you", dt.date(2026, 8, 19)),
        ("+ 30 days, rule 1: Every account", dt.date(2026, 9, 18)),
        ("to the first working day after it was planned", dt.date(2026, 9, 28)),
        ("Due, 15 days ago", dt.date(2026, 9, 28)),
    ]
    assert explain(item_of(cast.acme), viewer=cast.mona, today=TODAY)[0].words.endswith("by Rita Example")


def test_the_reckoning_says_what_a_person_did(cast, monthly):
    contacted(cast.acme, 25)
    contacted(cast.acme, 1, outcome=Outcome.NOT_REACHED)
    run()
    item = item_of(cast.acme)
    words = [line.words for line in explain(item, viewer=cast.rita, today=TODAY)]
    assert words[1:] == ["Phone call that reached nobody", "again after 2 working days", "Due in 1 day"]
    FollowUp.objects.filter(pk=item.follow_up_id).update(moved_by_hand=True, day=TODAY)
    words = [line.words for line in explain(item_of(cast.acme), viewer=cast.rita, today=TODAY)]
    assert words[-2:] == ["moved to this day by hand", "Due today"]


def test_the_account_page_reckons_what_is_beyond_the_horizon(cast, monthly):
    ContactRuleFactory(channel="visit", every_days=300)
    ContactRuleFactory(channel="letter", every_days=10)
    contacted(cast.acme, 1, "visit")
    run()
    plans = reckon_account(cast.acme, today=TODAY)
    assert [one.channel for one in plans] == ["visit", "phone", "letter"]
    assert plans[0].item is None
    assert plans[1].item == item_of(cast.acme)
    words = [line.words for line in explain_plan(plans[0], viewer=cast.rita, today=TODAY)]
    assert words[-2:] == ["to the next working day", "Due in 300 days"]  # 299 would be a Sunday
    assert next_due(cast.acme, today=TODAY).channel == "letter"


# Command and facts --------------------------------------------------------------------------------------------------
def test_the_command_says_what_it_did(cast, monthly, capsys):
    call_command("plan_contacts", "--as-of", "2026-10-13", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "as_of": "2026-10-13",
        "fired": 0,
        "asked": 0,
        "created": 3,
        "moved": 0,
        "kept": 0,
        "withdrawn": 0,
    }
    call_command("plan_contacts", "--as-of", "2026-10-13")
    assert "3 kept" in capsys.readouterr().out


def test_the_last_contact_of_an_account(cast):
    contacted(cast.acme, 9, "event")
    contacted(cast.acme, 5, "broadcast")
    contacted(cast.acme, 3, outcome=Outcome.NOT_REACHED)
    gone = contacted(cast.acme, 1)
    Account.objects.filter(pk=cast.brewery.pk).update(last_contact_on=TODAY)
    assert refresh_last_contact() == 2
    assert Account.objects.get(pk=cast.acme.pk).last_contact_on == gone.day
    assert Account.objects.get(pk=cast.brewery.pk).last_contact_on is None
    assert refresh_last_contact() == 0
    Touchpoint.objects.filter(pk=gone.pk).update(deleted_at=noon(TODAY))
    assert refresh_last_contact(account_ids=[cast.brewery.pk]) == 0
    assert refresh_last_contact(account_ids=[cast.acme.pk]) == 1
    assert Account.objects.get(pk=cast.acme.pk).last_contact_on == TODAY - 9 * ONE_DAY
