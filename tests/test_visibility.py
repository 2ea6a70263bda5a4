"""Who sees which account (docs/domain.md, section 1)."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Account, AccountTeamMember, ContactPerson
from accounts.querysets import visible_through
from crm.team.models import Absence
from tests.support.cast import Cast
from tests.support.factories import ContactPersonFactory

EVERYTHING = {"ACME", "BREW", "QUARRY", "ORPHAN"}


def seen(cast: Cast, name: str, on: dt.date) -> set[str]:
    user = cast.users[name]
    user.__dict__.pop("_standing", None)  # as at the start of a request
    return set(Account.objects.visible_to(user, on=on).values_list("code", flat=True))


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("rita", {"ACME"}),
        ("carl", {"BREW"}),
        ("otto", {"QUARRY"}),
        ("mona", {"ACME", "BREW", "ORPHAN"}),
        ("nora", {"QUARRY", "ORPHAN"}),
        ("serge", EVERYTHING),
        ("ada", EVERYTHING),
    ],
)
def test_each_role_sees_its_accounts(cast: Cast, today: dt.date, name: str, codes: set[str]) -> None:
    assert seen(cast, name, today) == codes


@pytest.mark.parametrize("name", ["rita", "carl", "otto", "mona", "nora", "serge", "ada"])
def test_the_condition_on_a_joined_account_says_the_same(cast: Cast, today: dt.date, name: str) -> None:
    AccountTeamMember.objects.create(account=cast.quarry, user=cast.carl)
    AccountTeamMember.objects.create(account=cast.acme, user=cast.nora)
    Absence.objects.create(user=cast.otto, first_day=today, last_day=today, substitute=cast.rita)
    for account in Account.objects.all():
        ContactPersonFactory(account=account)
    for day in (today, today + dt.timedelta(days=1)):
        expected = seen(cast, name, day)
        condition = visible_through(cast.users[name], on=day)
        rows = ContactPerson.objects.filter(condition).values_list("account__code", flat=True)
        assert sorted(rows) == sorted(expected)


def test_a_seat_on_the_account_team_shows_the_account(cast: Cast, today: dt.date) -> None:
    AccountTeamMember.objects.create(account=cast.quarry, user=cast.rita)
    assert seen(cast, "rita", today) == {"ACME", "QUARRY"}


def test_a_substitute_sees_the_accounts_on_the_days_of_the_absence_only(cast: Cast, today: dt.date) -> None:
    Absence.objects.create(
        user=cast.carl, first_day=today, last_day=today + dt.timedelta(days=2), substitute=cast.rita
    )
    assert seen(cast, "rita", today - dt.timedelta(days=1)) == {"ACME"}
    assert seen(cast, "rita", today) == {"ACME", "BREW"}
    assert seen(cast, "rita", today + dt.timedelta(days=2)) == {"ACME", "BREW"}
    assert seen(cast, "rita", today + dt.timedelta(days=3)) == {"ACME"}


def test_a_substitution_is_not_passed_on(cast: Cast, today: dt.date) -> None:
    Absence.objects.create(user=cast.carl, first_day=today, last_day=today, substitute=cast.rita)
    Absence.objects.create(user=cast.rita, first_day=today, last_day=today, substitute=cast.otto)
    assert seen(cast, "otto", today) == {"QUARRY", "ACME"}


def test_a_service_agent_reads_everything_and_edits_nothing(cast: Cast, today: dt.date) -> None:
    assert not Account.objects.editable_by(cast.serge, on=today).exists()
    assert Account.objects.editable_by(cast.mona, on=today).count() == 3
