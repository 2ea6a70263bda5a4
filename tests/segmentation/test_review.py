"""Deciding tier changes (docs/domain.md, 4.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from crm.team.models import User
from segmentation import pins, review
from segmentation.errors import (
    AlreadyDecided,
    CannotUndo,
    NotAllowed,
    Overtaken,
    ReasonMissing,
    SegmentationError,
    WrongTier,
)
from segmentation.models import TierChange, TieringRun
from segmentation.policies import policy_in_force
from segmentation.rules import may_decide
from tests.support.cast import Cast, make_cast
from tests.support.factories import AccountFactory

pytestmark = pytest.mark.django_db

SINCE = dt.date(2026, 1, 2)
AS_OF = dt.date(2026, 9, 30)


def make_run(today: dt.date, now: dt.datetime, as_of: dt.date = AS_OF) -> TieringRun:
    return TieringRun.objects.create(
        as_of=as_of,
        policy=policy_in_force(),
        state="in_review",
        started_at=now,
        completed_at=now,
        review_until=today + dt.timedelta(days=9),
    )


def propose(run: TieringRun, account: Account, before: str, after: str | None) -> TierChange:
    Account.objects.filter(pk=account.pk).update(tier=before, tier_since=SINCE)
    return TierChange.objects.create(
        account=account,
        run=run,
        state="proposed",
        from_tier=before,
        to_tier=after,
        from_since=SINCE,
        proposed_at=run.completed_at,
    )


@pytest.fixture
def run(cast: Cast, today: dt.date, now: dt.datetime) -> TieringRun:
    return make_run(today, now)


@pytest.fixture
def change(run: TieringRun, cast: Cast) -> TierChange:
    return propose(run, cast.acme, "A", "B")


@pytest.fixture
def deciding(cast: Cast, today: dt.date, now: dt.datetime, planned: list[list[int]]) -> dict[str, Any]:
    """Mona decides, for a reason that needs no words. Planning is only recorded."""
    return {"reason": "delivery", "actor": cast.mona, "today": today, "now": now}


def tier_of(account: Account) -> tuple[str | None, dt.date | None, bool]:
    return Account.objects.values_list("tier", "tier_since", "tier_provisional").get(pk=account.pk)


def test_accepting_moves_the_account_and_its_contact_plan(
    change: TierChange, deciding: dict[str, Any], cast: Cast, today: dt.date, planned: list[list[int]]
) -> None:
    done = review.accept_change(change=change, note="  late twice ", **deciding)
    assert (done.state, done.reason, done.note) == ("accepted", "delivery", "late twice")
    assert (done.actor, done.decided_at, done.applied_on) == (cast.mona, deciding["now"], today)
    assert tier_of(cast.acme) == ("B", today, False)
    assert planned == [[cast.acme.pk]]
    assert done.run is not None and TieringRun.objects.get(pk=done.run.pk).state == "closed"


def test_rejecting_keeps_the_tier_and_plans_nothing(
    change: TierChange, deciding: dict[str, Any], cast: Cast, planned: list[list[int]]
) -> None:
    done = review.reject_change(change=change, **deciding)
    assert (done.state, done.to_tier, done.applied_on) == ("rejected", "B", None)
    assert tier_of(cast.acme) == ("A", SINCE, False) and planned == []


def test_overriding_gives_a_third_tier_and_keeps_the_finding(
    change: TierChange, deciding: dict[str, Any], cast: Cast, today: dt.date, planned: list[list[int]]
) -> None:
    done = review.override_change(change=change, tier="C", **deciding)
    assert (done.state, done.from_tier, done.to_tier, done.proposed_tier) == ("overridden", "A", "C", "B")
    assert tier_of(cast.acme) == ("C", today, False) and planned == [[cast.acme.pk]]


@pytest.mark.parametrize("tier", ["A", "B", "", "D"])
def test_overriding_to_what_is_or_is_proposed_is_refused(
    change: TierChange, deciding: dict[str, Any], tier: str
) -> None:
    with pytest.raises(WrongTier):
        review.override_change(change=change, tier=tier, **deciding)


def test_a_proposal_of_no_tier_can_be_accepted(
    run: TieringRun, deciding: dict[str, Any], cast: Cast, today: dt.date
) -> None:
    review.accept_change(change=propose(run, cast.acme, "C", None), **deciding)
    assert tier_of(cast.acme) == (None, None, False)


@pytest.mark.parametrize(("reason", "note"), [("", ""), ("because", ""), ("other", "  ")])
def test_a_reason_is_needed_and_other_needs_words(
    change: TierChange, deciding: dict[str, Any], reason: str, note: str
) -> None:
    with pytest.raises(ReasonMissing) as refused:
        review.accept_change(change=change, **deciding | {"reason": reason, "note": note})
    assert refused.value.field == ("note" if reason == "other" else "reason")
    change.refresh_from_db()
    assert change.state == "proposed"


@pytest.mark.parametrize(
    ("name", "account", "may"),
    [
        ("mona", "acme", True),
        ("mona", "brewery", True),
        ("mona", "quarry", False),
        ("mona", "orphan", False),
        ("nora", "acme", False),
        ("nora", "quarry", True),
        ("ada", "acme", True),
        ("ada", "orphan", True),
        ("rita", "acme", False),
        ("serge", "acme", False),
    ],
)
def test_the_manager_of_the_present_owners_team_decides(
    run: TieringRun, deciding: dict[str, Any], cast: Cast, name: str, account: str, may: bool
) -> None:
    change = propose(run, getattr(cast, account), "A", "B")
    user = cast.users[name]
    assert may_decide(user, change) is may
    if may:
        assert review.accept_change(change=change, **deciding | {"actor": user}).actor == user
        return
    with pytest.raises((NotAllowed, TierChange.DoesNotExist)):
        review.accept_change(change=change, **deciding | {"actor": user})
    change.refresh_from_db()
    assert change.state == "proposed"


def test_a_manager_who_only_sees_the_account_is_told_why_not(
    run: TieringRun, deciding: dict[str, Any], cast: Cast
) -> None:
    with pytest.raises(NotAllowed, match="admin"):
        review.accept_change(change=propose(run, cast.orphan, "A", "B"), **deciding)
    cast.quarry.team.add(cast.mona)
    cast.mona.__dict__.clear()
    mona = User.objects.get(email="mona@example.com")
    with pytest.raises(NotAllowed):
        review.accept_change(change=propose(run, cast.quarry, "A", "B"), **deciding | {"actor": mona})


def test_the_present_owner_counts_not_the_one_at_the_run(
    change: TierChange, deciding: dict[str, Any], cast: Cast
) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(owner=cast.otto)
    change.refresh_from_db()
    with pytest.raises(TierChange.DoesNotExist):
        review.accept_change(change=change, **deciding)
    review.accept_change(change=change, **deciding | {"actor": cast.nora})


def test_the_second_is_told_who_was_quicker(change: TierChange, deciding: dict[str, Any], cast: Cast) -> None:
    review.reject_change(change=change, **deciding)
    with pytest.raises(AlreadyDecided, match="Mona Example rejected"):
        review.accept_change(change=change, **deciding | {"actor": cast.ada})
    assert tier_of(cast.acme)[0] == "A"


def test_an_account_that_moved_on_overtakes_its_proposal_for_good(
    change: TierChange, deciding: dict[str, Any], cast: Cast, planned: list[list[int]]
) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="C")
    with pytest.raises(Overtaken):
        review.accept_change(change=change, **deciding)
    change.refresh_from_db()
    assert (change.state, change.applied_on, change.actor) == ("overtaken", None, None)
    assert tier_of(cast.acme)[0] == "C" and planned == []
    with pytest.raises(AlreadyDecided, match="overtaken"):
        review.accept_change(change=change, **deciding)


def test_many_are_decided_together_and_the_rest_is_named(
    run: TieringRun, deciding: dict[str, Any], cast: Cast, planned: list[list[int]], today: dt.date
) -> None:
    acme, brewery = propose(run, cast.acme, "A", "B"), propose(run, cast.brewery, "B", "C")
    orphan, quarry = propose(run, cast.orphan, "A", "B"), propose(run, cast.quarry, "A", "B")
    unseen_id = quarry.pk
    review.reject_change(change=brewery, **deciding | {"actor": cast.ada})
    done = review.decide_many(
        change_ids=[c.pk for c in (acme, brewery, orphan, quarry)], accept=True, **deciding
    )
    assert [c.pk for c in done.decided] == [acme.pk]
    left = {c.pk: why for c, why in done.left}
    assert left.keys() == {brewery.pk, orphan.pk} and "Ada Example rejected" in left[brewery.pk]
    assert tier_of(cast.acme) == ("B", today, False) and tier_of(cast.orphan)[0] == "A"
    assert TierChange.objects.get(pk=unseen_id).state == "proposed"
    assert planned == [[cast.acme.pk]]
    assert TierChange.objects.get(pk=acme.pk).reason == "delivery"


def test_many_are_written_by_as_many_statements_as_few(
    run: TieringRun, deciding: dict[str, Any], cast: Cast
) -> None:
    def statements(accounts: int) -> int:
        ids = [propose(run, AccountFactory(owner=cast.rita), "A", "BC"[n % 2]).pk for n in range(accounts)]
        with CaptureQueriesContext(connection) as asked:
            assert len(review.decide_many(change_ids=ids, accept=True, **deciding).decided) == accounts
        return len(asked)

    statements(2)  # asks once which teams Mona leads
    assert statements(2) == statements(40)


def test_undo_opens_the_proposal_again_and_restores_tier_and_day(
    change: TierChange, deciding: dict[str, Any], cast: Cast, planned: list[list[int]]
) -> None:
    review.override_change(change=change, tier="C", note="…", **deciding)
    del deciding["reason"]
    undone = review.undo_decision(change=change, **deciding)
    assert (undone.state, undone.to_tier, undone.proposed_tier) == ("proposed", "B", None)
    assert (undone.reason, undone.note, undone.actor, undone.decided_at) == ("", "", None, None)
    assert tier_of(cast.acme) == ("A", SINCE, False)
    assert planned == [[cast.acme.pk]] * 2
    assert undone.run is not None and TieringRun.objects.get(pk=undone.run.pk).state == "in_review"


def test_what_was_decided_and_taken_back_is_kept_for_ever(
    change: TierChange, deciding: dict[str, Any], cast: Cast
) -> None:
    review.accept_change(change=change, **deciding)
    review.undo_decision(change=change, actor=cast.ada, today=deciding["today"], now=deciding["now"])
    review.reject_change(change=change, **deciding | {"reason": "seasonal"})
    rows = (
        change.history.filter(history_type="~")
        .order_by("history_id")
        .values_list("state", "reason", "history_user__name")
    )
    assert list(rows) == [
        ("accepted", "delivery", "Mona Example"),
        ("proposed", "", "Ada Example"),
        ("rejected", "seasonal", "Mona Example"),
    ]


def test_undo_comes_too_late(
    change: TierChange, deciding: dict[str, Any], cast: Cast, today: dt.date
) -> None:
    review.accept_change(change=change, **deciding)
    deciding.pop("reason")
    with pytest.raises(TierChange.DoesNotExist):
        review.undo_decision(change=change, **deciding | {"actor": cast.nora})
    with pytest.raises(CannotUndo, match="review has ended"):
        review.undo_decision(change=change, **deciding | {"today": today + dt.timedelta(days=10)})
    Account.objects.filter(pk=cast.acme.pk).update(tier="C")
    with pytest.raises(CannotUndo, match="changed since"):
        review.undo_decision(change=change, **deciding)
    Account.objects.filter(pk=cast.acme.pk).update(tier="B")
    make_run(today, deciding["now"], as_of=AS_OF + dt.timedelta(days=1))
    with pytest.raises(CannotUndo, match="review has ended"):
        review.undo_decision(change=change, **deciding)


def test_an_open_or_automatic_change_has_nothing_to_undo(
    change: TierChange, deciding: dict[str, Any]
) -> None:
    deciding.pop("reason")
    with pytest.raises(CannotUndo, match="no decision"):
        review.undo_decision(change=change, **deciding)


def test_after_the_last_day_of_review_the_undecided_is_applied(
    change: TierChange, run: TieringRun, cast: Cast, now: dt.datetime
) -> None:
    gone = propose(run, cast.quarry, "C", None)
    assert review.apply_undecided(today=run.review_until, now=now) == 0
    day_after = run.review_until + dt.timedelta(days=1)
    moved = propose(run, cast.brewery, "A", "B")
    Account.objects.filter(pk=cast.brewery.pk).update(tier="C")
    assert review.apply_undecided(today=day_after, now=now) == 2
    assert tier_of(cast.acme) == ("B", day_after, False) and tier_of(cast.quarry) == (None, None, False)
    assert tier_of(cast.brewery)[0] == "C"
    for one, state, applied_on in (
        (change, "automatic", day_after),
        (gone, "automatic", day_after),
        (moved, "overtaken", None),
    ):
        one.refresh_from_db()
        assert (one.state, one.applied_on, one.decided_at) == (state, applied_on, now)
    run.refresh_from_db()
    assert run.state == "closed"
    assert review.apply_undecided(today=day_after, now=now) == 0


def test_a_pin_overtakes_the_open_proposal(
    change: TierChange, run: TieringRun, deciding: dict[str, Any], cast: Cast, today: dt.date
) -> None:
    pins.pin_tier(
        account=cast.acme, tier="A", first_day=today, last_day=today, reason="agreed", actor=cast.mona,
        today=today, now=deciding["now"],
    )  # fmt: skip
    change.refresh_from_db()
    run.refresh_from_db()
    assert change.state == "overtaken" and run.state == "closed"
    with pytest.raises(AlreadyDecided):
        review.accept_change(change=change, **deciding)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(
    at_once: Callable[..., list[object]], planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    cast = make_cast()
    for _ in range(5):
        TierChange.objects.all().delete()
        TieringRun.objects.all().delete()
        change = propose(make_run(today, now), cast.acme, "A", "B")

        def accept(change: TierChange = change) -> object:
            return review.accept_change(
                change=change, reason="delivery", actor=cast.mona, today=today, now=now
            )

        def reject(change: TierChange = change) -> object:
            return review.reject_change(
                change=change, reason="seasonal", actor=cast.ada, today=today, now=now
            )

        results = at_once(accept, reject)
        losers = [result for result in results if isinstance(result, SegmentationError)]
        winners = [result for result in results if isinstance(result, TierChange)]
        assert len(losers) == len(winners) == 1
        change.refresh_from_db()
        assert change.state == winners[0].state and isinstance(losers[0], AlreadyDecided)
        assert str(change.actor) in str(losers[0])
        assert tier_of(cast.acme)[0] == ("B" if change.state == "accepted" else "A")


@pytest.mark.django_db(transaction=True)
def test_many_and_the_end_of_the_review_at_once_decide_each_once(
    at_once: Callable[..., list[object]], planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    cast = make_cast()
    run = make_run(today, now)
    changes = [propose(run, account, "A", "B") for account in (cast.acme, cast.brewery)]
    TieringRun.objects.update(review_until=today - dt.timedelta(days=1))

    def reject() -> object:
        return review.decide_many(
            change_ids=[change.pk for change in changes],
            accept=False, reason="delivery", actor=cast.mona, today=today, now=now,
        )  # fmt: skip

    rejected, applied = at_once(reject, lambda: review.apply_undecided(today=today, now=now))
    assert isinstance(rejected, review.Decided)
    assert len(rejected.decided) + int(applied) == 2  # type: ignore[call-overload]
    for account in (cast.acme, cast.brewery):
        state = TierChange.objects.get(account=account).state
        assert tier_of(account)[0] == ("A" if state == "rejected" else "B")
