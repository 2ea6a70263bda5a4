"""Pins: who sets them, when they hold, and that they never overlap (docs/domain.md, 4.2, step 7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from segmentation.errors import NotAllowed, PinRefused
from segmentation.models import TierChange, TierPin
from segmentation.pins import KEPT, PROPOSED, apply_pins, pin_many, pin_tier
from tests.support.cast import Cast, make_cast
from tests.support.factories import AccountFactory
from tests.support.proposals import make_run, propose

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def pin(cast: Cast, today: dt.date, now: dt.datetime, planned: list[list[int]]) -> dict[str, Any]:
    """Mona pins Acme to A for ten days from today; planning is only recorded."""
    return {
        "account": cast.acme,
        "tier": "A",
        "first_day": today,
        "last_day": today + 9 * DAY,
        "reason": "They told us of the new mill.",
        "actor": cast.mona,
        "today": today,
        "now": now,
    }


def tier_of(account: Account) -> tuple[str | None, dt.date | None, bool]:
    return Account.objects.values_list("tier", "tier_since", "tier_provisional").get(pk=account.pk)


def test_a_pin_of_today_holds_at_once_and_the_contact_plan_follows(
    pin: dict[str, Any], cast: Cast, today: dt.date, now: dt.datetime, planned: list[list[int]]
) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="C", tier_since=today - DAY)
    made = pin_tier(**pin)
    change = TierChange.objects.get()
    assert (change.state, change.from_tier, change.to_tier, change.run) == ("pin", "C", "A", None)
    assert (change.pin, change.actor, change.note) == (made, cast.mona, "They told us of the new mill.")
    assert (change.applied_on, change.decided_at, change.from_since) == (today, now, today - DAY)
    assert tier_of(cast.acme) == ("A", today, False)
    assert planned == [[cast.acme.pk]]


def test_a_later_pin_waits_for_its_first_day_and_is_applied_once(
    pin: dict[str, Any], cast: Cast, today: dt.date, now: dt.datetime, planned: list[list[int]]
) -> None:
    pin_tier(**pin | {"first_day": today + DAY})
    assert tier_of(cast.acme)[0] is None and planned == []
    assert apply_pins(today=today, now=now) == 0
    assert apply_pins(today=today + DAY, now=now) == 1
    assert tier_of(cast.acme) == ("A", today + DAY, False)
    assert apply_pins(today=today + 2 * DAY, now=now) == 0
    assert TierChange.objects.count() == 1


def test_a_missed_first_day_is_made_up_for_but_not_after_the_last(
    pin: dict[str, Any], cast: Cast, today: dt.date, now: dt.datetime
) -> None:
    pin_tier(**pin | {"first_day": today + DAY})
    assert apply_pins(today=today + 10 * DAY, now=now) == 0
    assert apply_pins(today=today + 9 * DAY, now=now) == 1


def test_a_pin_to_the_tier_it_has_changes_nothing_but_makes_a_provisional_tier_firm(
    pin: dict[str, Any], cast: Cast, today: dt.date
) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="A", tier_since=today - DAY)
    pin_tier(**pin)
    assert not TierChange.objects.exists() and tier_of(cast.acme) == ("A", today - DAY, False)
    Account.objects.filter(pk=cast.brewery.pk).update(tier="B", tier_provisional=True)
    pin_tier(**pin | {"account": cast.brewery, "tier": "B"})
    assert TierChange.objects.get().from_tier is None and tier_of(cast.brewery) == ("B", today, False)


@pytest.mark.parametrize(("first", "last"), [(-3, 0), (9, 9), (2, 3), (-5, 20), (0, 9)])
def test_pins_of_one_account_never_overlap(
    pin: dict[str, Any], cast: Cast, today: dt.date, first: int, last: int
) -> None:
    pin_tier(**pin)
    other = {"first_day": today + first * DAY, "last_day": today + last * DAY}
    with pytest.raises(PinRefused, match="never overlap") as refused:
        pin_tier(**pin | other)
    assert refused.value.field == "first_day"
    # The database itself refuses too, for whoever does not ask the verb, and for another account not.
    row = {"tier": "B", "reason": "…", "actor": cast.ada} | other
    with pytest.raises(IntegrityError), transaction.atomic():
        TierPin.objects.create(account=cast.acme, **row)
    TierPin.objects.create(account=cast.brewery, **row)


def test_pins_may_touch_but_not_be_moved_onto_each_other(
    pin: dict[str, Any], cast: Cast, today: dt.date
) -> None:
    pin_tier(**pin)
    after = pin_tier(**pin | {"first_day": today + 10 * DAY, "last_day": today + 12 * DAY})
    TierPin.objects.filter(pk=after.pk).update(last_day=today + 20 * DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        TierPin.objects.filter(pk=after.pk).update(first_day=today + 9 * DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        TierPin.objects.filter(pk=after.pk).update(first_day=today - DAY)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tier": "D"}, "tier"),
        ({"reason": "  "}, "reason"),
        ({"last_day": dt.date(2026, 10, 12)}, "last_day"),
        ({"first_day": dt.date(2026, 1, 1), "last_day": dt.date(2026, 10, 12)}, "last_day"),
    ],
)
def test_what_is_wrong_with_a_pin_is_named(pin: dict[str, Any], change: dict[str, Any], field: str) -> None:
    with pytest.raises(PinRefused) as refused:
        pin_tier(**pin | change)
    assert refused.value.field == field and not TierPin.objects.exists()


@pytest.mark.parametrize("name", ["rita", "serge", "nora"])
def test_only_the_manager_of_the_owners_team_and_admins_pin(
    pin: dict[str, Any], cast: Cast, name: str
) -> None:
    with pytest.raises(NotAllowed):
        pin_tier(**pin | {"actor": cast.users[name]})
    pin_tier(**pin | {"actor": cast.ada})


@pytest.mark.django_db(transaction=True)
def test_of_two_overlapping_pins_at_once_one_is_refused(
    at_once: Callable[..., list[object]], planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    cast = make_cast()

    def pin() -> TierPin:
        return pin_tier(
            account=cast.acme, tier="A", first_day=today, last_day=today, reason="…", actor=cast.ada,
            today=today, now=now,
        )  # fmt: skip

    results = at_once(pin, pin)
    assert sorted(type(result).__name__ for result in results) == ["PinRefused", "TierPin"]
    assert TierPin.objects.count() == TierChange.objects.count() == 1


# Many ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def many(cast: Cast, today: dt.date, now: dt.datetime, planned: list[list[int]]) -> dict[str, Any]:
    """Mona pins what she is given until the end of the year."""
    return {
        "last_day": dt.date(2026, 12, 31),
        "reason": " A tender runs. ",
        "actor": cast.mona,
        "today": today,
        "now": now,
    }


@pytest.fixture
def proposals(cast: Cast) -> dict[str, TierChange]:
    run = make_run(as_of=dt.date(2026, 9, 30), review_until=dt.date(2026, 10, 22))
    return {
        "acme": propose(run, cast.acme, "A", "B"),
        "brewery": propose(run, cast.brewery, "B", None),
        "quarry": propose(run, cast.quarry, "B", "C"),
        "orphan": propose(run, cast.orphan, "B", "C"),
    }


@pytest.mark.parametrize(
    ("tier", "acme", "brewery"),
    [(KEPT, "A", "B"), (PROPOSED, "B", None), ("C", "C", "C")],
    ids=["kept", "proposed", "a letter"],
)
def test_many_are_pinned_together_and_what_cannot_be_is_named(
    many: dict[str, Any],
    proposals: dict[str, TierChange],
    cast: Cast,
    today: dt.date,
    planned: list[list[int]],
    tier: str,
    acme: str,
    brewery: str | None,
) -> None:
    found = pin_many(change_ids=[change.pk for change in proposals.values()], tier=tier, **many)
    pinned = {pin.account_id: pin for pin in TierPin.objects.all()}
    assert pinned[cast.acme.pk].tier == acme and tier_of(cast.acme)[0] == acme
    assert (pinned[cast.acme.pk].first_day, pinned[cast.acme.pk].last_day) == (today, dt.date(2026, 12, 31))
    assert pinned[cast.acme.pk].reason == "A tender runs." and pinned[cast.acme.pk].actor == cast.mona
    left = {change.account.code: words for change, words in found.left}
    assert "Only the manager" in left.pop(
        "ORPHAN"
    )  # seen, and not hers to decide; the quarry is not even seen
    if brewery is None:
        assert "choose A, B or C" in left.pop("BREW")
        assert len(pinned) == len(found.pinned) == 1
    else:
        assert pinned[cast.brewery.pk].tier == brewery and len(pinned) == 2
    assert not left
    proposals["acme"].refresh_from_db()
    proposals["quarry"].refresh_from_db()
    assert (proposals["acme"].state, proposals["quarry"].state) == ("overtaken", "proposed")
    moved = [account.pk for account in (cast.acme, cast.brewery) if account.tier != tier_of(account)[0]]
    assert planned == ([sorted(moved)] if moved else [])


def test_many_with_a_pin_already_leave_it_as_it_is(
    many: dict[str, Any], proposals: dict[str, TierChange], pin: dict[str, Any], cast: Cast
) -> None:
    pin_tier(**pin | {"first_day": pin["first_day"] + DAY})
    found = pin_many(change_ids=[proposals["acme"].pk, proposals["brewery"].pk], tier=KEPT, **many)
    assert [one.account for one in found.pinned] == [cast.brewery]
    assert "already; pins never overlap" in found.left[0][1]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"tier": "D"}, "tier"),
        ({"reason": "  "}, "reason"),
        ({"last_day": dt.date(2026, 10, 12)}, "last_day"),
    ],
)
def test_many_are_refused_together(
    many: dict[str, Any], proposals: dict[str, TierChange], given: dict[str, Any], field: str
) -> None:
    with pytest.raises(PinRefused) as refused:
        pin_many(**{"change_ids": [proposals["acme"].pk], "tier": KEPT} | many | given)
    assert refused.value.field == field and not TierPin.objects.exists()


def test_the_number_of_pins_does_not_matter_to_the_statements(
    many: dict[str, Any], cast: Cast, django_assert_num_queries: Any
) -> None:
    run = make_run(as_of=dt.date(2026, 9, 30), review_until=dt.date(2026, 10, 22))
    ids = [propose(run, AccountFactory(owner=cast.rita), "A", "B").pk for _ in range(31)]
    pin_many(change_ids=ids[:1], tier=KEPT, **many)
    with CaptureQueriesContext(connection) as one:
        pin_many(change_ids=ids[1:2], tier=PROPOSED, **many)
    with django_assert_num_queries(len(one)):
        pin_many(change_ids=ids[2:], tier=PROPOSED, **many)
    assert TierPin.objects.count() == 31
