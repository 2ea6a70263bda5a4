"""A pass over all accounts leaves out what has not changed, and misses nothing that has."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from contacts.models import AgendaItem, ContactRule, FollowUp, PlannedAccount, PlanningPass, Touchpoint
from contacts.planning import Planned, plan
from contacts.planning.changed import digests_of_people, maybe_changed
from contacts.rules import cadences_in_force
from contacts.touchpoints import delete_touchpoint
from crm.team.calendars import ONE_DAY, calendars_of, fill_holidays
from crm.team.models import Absence, PublicHoliday, User
from tests.support.factories import AccountFactory, ContactRuleFactory, TouchpointFactory

TODAY = dt.date(2026, 10, 13)  # a Tuesday

pytestmark = pytest.mark.django_db


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), dt.UTC)


def run(day: dt.date = TODAY, **more) -> Planned:
    return plan(today=day, now=noon(day), **more)


def looked_at(day: dt.date = TODAY) -> set[int] | None:
    people = list(User.objects.filter(is_active=True))
    minutes = {one.pk: one.weekly_contact_minutes for one in people}
    digests = digests_of_people(calendars_of(people), minutes)
    return maybe_changed(in_force=cadences_in_force(day), people=digests, today=day)


@pytest.fixture
def company(cast) -> list[Account]:
    """Thirty accounts of two reps, under four rules, contacted at different times; planned once."""
    for priority, (tiers, channel, days) in enumerate(
        [("A", "visit", 50), ("AB", "phone", 30), ("C", "phone", 120), ("C", "email", 60)], start=1
    ):
        ContactRuleFactory(priority=priority, tiers=tiers, channel=channel, every_days=days, tolerance_days=5)
    accounts = [AccountFactory(owner=(cast.rita, cast.carl)[n % 2], tier="ABC"[n % 3]) for n in range(30)]
    for n, account in enumerate(accounts):
        if n % 4:
            TouchpointFactory(
                account=account, user=account.owner, day=TODAY - 3 * n * ONE_DAY, channel="phone"
            )
    # As if all that had been written long ago: planning trusts nothing that is younger than its last pass.
    Touchpoint.history.update(history_date=noon(TODAY) - 30 * ONE_DAY)
    run()
    return accounts


def test_nothing_is_looked_at_where_nothing_changed(company):
    assert looked_at() == set()
    assert run() == Planned(kept=AgendaItem.objects.open().count())


def test_what_is_left_out_costs_no_statements(company):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        run()
    few = len(queries)
    assert few <= 25
    account = AccountFactory(tier="A", owner=company[0].owner)
    run()
    assert AgendaItem.objects.filter(account=account).exists()


def test_time_alone_brings_what_the_horizon_reaches(company):
    far = PlannedAccount.objects.filter(due__isnull=False).order_by("due").first()
    assert far is not None and far.due is not None
    day = far.due - 42 * ONE_DAY
    assert far.account_id not in (looked_at(day - ONE_DAY) or ())
    assert far.account_id in (looked_at(day) or ())
    assert run(day).created


def test_a_new_owner_takes_the_follow_ups_along(cast, company):
    account = company[0]
    Account.objects.filter(pk=account.pk).update(owner=cast.carl)
    assert looked_at() == {account.pk}
    run()
    assert {one.assignee for one in FollowUp.objects.open().filter(account=account)} == {cast.carl}


def test_an_account_that_comes_back_is_looked_at(cast, company):
    account = company[0]
    Account.objects.filter(pk=account.pk).update(archived_at=noon(TODAY))
    assert run().withdrawn
    Account.objects.filter(pk=account.pk).update(archived_at=None)
    assert looked_at() == {account.pk}
    assert run().created


def _log(rng, accounts, day, cast):
    account = rng.choice(accounts)
    TouchpointFactory(
        account=account,
        user=cast.rita,
        day=day - rng.randrange(3) * ONE_DAY,
        channel=rng.choice(["visit", "phone", "email"]),
        outcome=rng.choice(["new_information", "not_reached"]),
    )


def _take_back(rng, accounts, day, cast):
    touchpoint = Touchpoint.objects.live().order_by("?").first()
    delete_touchpoint(touchpoint=touchpoint, actor=cast.rita, now=noon(day), today=day)


def _skip(rng, accounts, day, cast):
    follow_up = FollowUp.objects.open().order_by("pk").first()
    if follow_up is not None:
        FollowUp.objects.filter(pk=follow_up.pk).update(state="skipped", closed_at=noon(day))
        AgendaItem.objects.filter(follow_up=follow_up).update(state="skipped", closed_at=noon(day))


def _retier(rng, accounts, day, cast):
    Account.objects.filter(pk=rng.choice(accounts).pk).update(tier=rng.choice(["A", "B", "C", None]))


def _hand_over(rng, accounts, day, cast):
    Account.objects.filter(pk=rng.choice(accounts).pk).update(owner=rng.choice([cast.rita, cast.carl, None]))


def _archive(rng, accounts, day, cast):
    some = Account.objects.filter(pk=rng.choice(accounts).pk)
    some.update(archived_at=rng.choice([None, noon(day)]))


def _deactivate(rng, accounts, day, cast):
    User.objects.filter(pk=cast.carl.pk).update(is_active=rng.random() < 0.5)


def _go_away(rng, accounts, day, cast):
    Absence.objects.create(user=cast.rita, first_day=day, last_day=day + 3 * ONE_DAY)


def _have_a_holiday(rng, accounts, day, cast):
    PublicHoliday.objects.get_or_create(
        country=cast.rita.country, day=day + 4 * ONE_DAY, defaults={"name": "New"}
    )


def _change_a_rule(rng, accounts, day, cast):
    rule = rng.choice(list(ContactRule.objects.all()))
    rule.every_days = rng.randrange(20, 90)
    rule.enabled = rng.random() < 0.8
    rule.tiers = rng.choice(["A", "AB", "C", "ABC"])
    rule.save()


ACTS = [
    _log,
    _take_back,
    _skip,
    _retier,
    _hand_over,
    _archive,
    _deactivate,
    _go_away,
    _have_a_holiday,
    _change_a_rule,
]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_a_thorough_pass_finds_nothing_that_a_quick_one_missed(cast, company, seed):
    fill_holidays(years=[2026, 2027])
    rng = random.Random(seed)
    day = TODAY
    for _turn in range(8):
        for act in rng.sample(ACTS, rng.randrange(0, 3)):
            act(rng, company, day, cast)
        day += rng.choice([0, 1, 1, 3, 20]) * ONE_DAY
        # Rows that a test writes carry the machine's clock; what was there before the last pass is old.
        Touchpoint.history.filter(history_date__gt=noon(day)).update(history_date=noon(day))
        run(day)
        again = run(day, thorough=True)
        assert (again.created, again.moved, again.withdrawn) == (0, 0, 0)


def test_a_pass_that_was_cut_short_is_none(company, monkeypatch):
    before = PlanningPass.objects.get().started_at
    ContactRule.objects.filter(channel="phone").update(every_days=25)
    monkeypatch.setattr("contacts.planning.note_pass", _cut)
    with pytest.raises(KeyboardInterrupt):
        run(TODAY + ONE_DAY)
    monkeypatch.undo()
    assert PlanningPass.objects.get().started_at == before
    assert looked_at(TODAY + ONE_DAY) is None


def _cut(**_kwargs) -> None:
    raise KeyboardInterrupt
