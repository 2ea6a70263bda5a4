"""Several at work on one review at the same moment, each over a connection of its own: nothing is lost, nobody wonders.

Whoever comes second is told; two orders are possible everywhere, and both must end well.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from accounts.models import Account
from crm.team.models import Role, User
from segmentation import pins, reasons, review, tiering
from segmentation.errors import AlreadyDecided, CannotUndo, Overtaken, PinRefused, SegmentationError
from segmentation.models import Reason, TierAssessment, TierChange, TieringRun
from segmentation.tiering import run_tiering
from tests.segmentation.company import write
from tests.segmentation.test_ladder import loyal
from tests.segmentation.test_review import make_run, propose, tier_of
from tests.support.cast import Cast, make_cast
from tests.support.factories import AccountFactory, PurchaseFactory

pytestmark = pytest.mark.django_db(transaction=True)
AtOnce = Callable[..., list[Any]]
ROUNDS = 3
"""Each race so often: which of the two comes first is the scheduler's to say."""
Q3, Q4 = dt.date(2026, 9, 30), dt.date(2026, 12, 31)
JAN_5 = dt.date(2027, 1, 5)
NOON = dt.datetime(2027, 1, 5, 11, tzinfo=dt.UTC)


@pytest.fixture
def cast(at_once: AtOnce) -> Cast:
    """Made where the threads will see it."""
    return make_cast()


def second_manager(cast: Cast) -> User:
    """A colleague who leads Mona's team as well."""
    anna = User.objects.create_user("anna@example.com", "x", name="Anna Example", role=Role.MANAGER)
    cast.north.leads.add(anna)
    return anna


def again() -> None:
    TierChange.history.all().delete()
    TierChange.objects.all().delete()
    TieringRun.objects.all().delete()


def refused(results: list[Any]) -> list[SegmentationError]:
    return [result for result in results if isinstance(result, SegmentationError)]


def test_two_managers_decide_the_same_change(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    """One accepts, the other overrides: one decision stands with one line of history more, its account moves once."""
    anna = second_manager(cast)
    for _ in range(ROUNDS):
        again()
        planned.clear()
        change = propose(make_run(today, now), cast.acme, "A", "B")
        given: dict[str, Any] = {"change": change, "today": today, "now": now}

        def accept(given: dict[str, Any] = given) -> TierChange:
            return review.accept_change(reason="delivery", note="Twice late", actor=cast.mona, **given)

        def override(given: dict[str, Any] = given) -> TierChange:
            return review.override_change(tier="C", reason="payment", note="Never pays", actor=anna, **given)

        results = at_once(accept, override)
        (loser,) = refused(results)
        assert isinstance(loser, AlreadyDecided)
        change.refresh_from_db()
        expected = {
            "accepted": (cast.mona, "delivery", "Twice late", "B"),
            "overridden": (anna, "payment", "Never pays", "C"),
        }[change.state]
        assert (change.actor, change.reason, change.note, change.to_tier) == expected
        assert str(change.actor) in str(loser)
        assert tier_of(cast.acme) == (expected[3], today, False)
        assert change.history.count() == 2 and planned == [[cast.acme.pk]]


def test_two_managers_decide_overlapping_selections(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    """Asked for in opposite orders, which must not lock them out of each other: each change has one decision."""
    anna = second_manager(cast)
    accounts = [AccountFactory(owner=cast.rita) for _ in range(12)]
    for _ in range(ROUNDS):
        again()
        run = make_run(today, now)
        ids = [propose(run, account, "A", "B").pk for account in accounts]

        def decide(chosen: list[int], actor: User, accept: bool) -> Callable[[], review.Decided]:
            return lambda: review.decide_many(
                change_ids=chosen, accept=accept, reason="delivery", actor=actor, today=today, now=now
            )

        found = at_once(decide(ids[:9], cast.mona, True), decide(ids[:2:-1], anna, False))
        assert not refused(found)
        decided = [change.pk for each in found for change in each.decided]
        assert sorted(decided) == ids  # nothing twice, nothing lost
        assert all("this change on" in words for each in found for _change, words in each.left)
        for change in TierChange.objects.select_related("account"):
            assert change.actor == (cast.mona if change.state == "accepted" else anna)
            assert change.account.tier == ("B" if change.state == "accepted" else "A")
        run.refresh_from_db()
        assert run.state == "closed"


def test_a_decision_races_with_the_end_of_the_review(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    for _ in range(ROUNDS):
        again()
        run = make_run(today, now)
        change = propose(run, cast.acme, "A", "B")
        TieringRun.objects.update(review_until=today - dt.timedelta(days=1))

        def reject(change: TierChange = change) -> TierChange:
            return review.reject_change(
                change=change, reason="seasonal", actor=cast.mona, today=today, now=now
            )

        decided, applied = at_once(reject, lambda: review.apply_undecided(today=today, now=now))
        change.refresh_from_db()
        run.refresh_from_db()
        assert run.state == "closed"
        if isinstance(decided, AlreadyDecided):
            assert "applied as proposed" in str(decided) and applied == 1
            assert (change.state, change.actor, tier_of(cast.acme)[0]) == ("automatic", None, "B")
        else:
            assert applied == 0
            assert (change.state, change.actor, tier_of(cast.acme)[0]) == ("rejected", cast.mona, "A")


def test_taking_back_races_with_the_end_of_the_review(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    """On its last day the decision may be taken back, and the day after applies what is open: no tier in between."""
    after = today + dt.timedelta(days=1)
    for _ in range(ROUNDS):
        again()
        run = make_run(today, now)
        TieringRun.objects.update(review_until=today)
        change = propose(run, cast.acme, "A", "B")
        review.reject_change(change=change, reason="seasonal", actor=cast.mona, today=today, now=now)

        def undo(change: TierChange = change) -> TierChange:
            return review.undo_decision(change=change, actor=cast.mona, today=today, now=now)

        undone, applied = at_once(undo, lambda: review.apply_undecided(today=after, now=now))
        assert isinstance(undone, TierChange)
        change.refresh_from_db()
        run.refresh_from_db()
        if applied:
            assert (change.state, run.state, tier_of(cast.acme)[0]) == ("automatic", "closed", "B")
        else:  # the end came first and found nothing open; the next day's applies it
            assert (change.state, run.state, tier_of(cast.acme)[0]) == ("proposed", "in_review", "A")
            assert review.apply_undecided(today=after, now=now) == 1


def test_the_last_two_decisions_close_the_run(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    """Each must see the other's decision, or the run stays open with nothing left to decide."""
    for _ in range(3 * ROUNDS):
        again()
        run = make_run(today, now)
        first, second = (propose(run, account, "A", "B") for account in (cast.acme, cast.quarry))

        def accept(change: TierChange) -> Callable[[], TierChange]:
            return lambda: review.accept_change(
                change=change, reason="delivery", actor=cast.ada, today=today, now=now
            )

        assert not refused(at_once(accept(first), accept(second)))
        run.refresh_from_db()
        assert run.state == "closed"


def test_the_last_decision_taken_back_while_another_closes_the_run(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    """A run is closed exactly where nothing is open in it."""
    for _ in range(2 * ROUNDS):
        again()
        run = make_run(today, now)
        first, second = (propose(run, account, "A", "B") for account in (cast.acme, cast.quarry))
        given: dict[str, Any] = {"actor": cast.ada, "today": today, "now": now}
        review.accept_change(change=first, reason="delivery", **given)
        results = at_once(
            lambda change=second, given=given: review.accept_change(
                change=change, reason="delivery", **given
            ),
            lambda change=first, given=given: review.undo_decision(change=change, **given),
        )
        assert not refused(results)
        run.refresh_from_db()
        first.refresh_from_db()
        assert (first.state, run.state, tier_of(cast.acme)[0]) == ("proposed", "in_review", "A")


def test_a_pin_and_a_decision(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    """The pin wins in both orders: a decision before it moved the account first, one after it is told."""
    for _ in range(ROUNDS):
        again()
        pins.TierPin.objects.all().delete()
        run = make_run(today, now)
        change = propose(run, cast.acme, "A", "B")

        def accept(change: TierChange = change) -> TierChange:
            return review.accept_change(
                change=change, reason="delivery", actor=cast.mona, today=today, now=now
            )

        def pin() -> object:
            return pins.pin_tier(
                account=cast.acme, tier="A", first_day=today, last_day=today, reason="agreed",
                actor=cast.ada, today=today, now=now,
            )  # fmt: skip

        accepted, pinned = at_once(accept, pin)
        assert not isinstance(pinned, PinRefused)
        change.refresh_from_db()
        run.refresh_from_db()
        assert tier_of(cast.acme)[0] == "A" and run.state == "closed"
        if isinstance(accepted, TierChange):
            assert change.state == "accepted"
            assert list(cast.acme.tier_changes.order_by("pk").values_list("state", flat=True)) == [
                "accepted",
                "pin",
            ]
        else:
            assert isinstance(accepted, AlreadyDecided | Overtaken) and change.state == "overtaken"


@pytest.mark.usefixtures("restored_reasons")
def test_a_reason_put_out_of_use_while_it_is_given(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], today: dt.date, now: dt.datetime
) -> None:
    """It is given or it is not; the catalogue has it in both cases, so that every decision has its words."""
    change = propose(make_run(today, now), cast.acme, "A", "B")
    delivery = Reason.objects.get(pk="delivery")
    results = at_once(
        lambda: review.accept_change(change=change, reason="delivery", actor=cast.mona, today=today, now=now),
        lambda: reasons.use_reason(reason=delivery, active=False),
    )
    change.refresh_from_db()
    assert change.state == ("proposed" if refused(results) else "accepted")
    assert reasons.catalogue().name("delivery") == "Delivery problems"


@pytest.mark.usefixtures("restored_reasons")
def test_two_admins_order_the_reasons_and_add_the_same_one(at_once: AtOnce) -> None:
    payment, seasonal = (Reason.objects.get(pk=code) for code in ("payment", "seasonal"))
    results = at_once(
        lambda: reasons.move_reason(reason=payment, to=1),
        lambda: reasons.move_reason(reason=seasonal, to=1),
        lambda: reasons.add_reason(name="Moved abroad", offered="both"),
        lambda: reasons.add_reason(name="moved abroad", offered="both"),
    )
    assert len(refused(results)) == 1 and "already" in str(refused(results)[0])
    rows = list(Reason.objects.order_by("position").values_list("position", "code"))
    assert [position for position, _code in rows] == list(range(1, 13))
    assert {code for _position, code in rows[:2]} == {"payment", "seasonal"}


# A newer run --------------------------------------------------------------------------------------------------------
@pytest.fixture
def reviewed(at_once: AtOnce, cast: Cast) -> TieringRun:
    """Q3 in review: x, y and z are to move; then they buy as never before, so that Q4 finds something else."""
    write([loyal("x", 8000, tier="B"), loyal("y", 1500, tier="A"), loyal("z", 500, tier="A")], actor=cast.ada)
    Account.objects.filter(code__in=["x", "y", "z"]).update(owner=cast.rita)
    TieringRun.objects.create(
        as_of=dt.date(2026, 6, 30), policy=make_run(Q3, NOON, dt.date(2025, 12, 31)).policy, state="closed",
        started_at=NOON, completed_at=NOON, review_until=Q3,
    )  # fmt: skip
    TieringRun.objects.filter(as_of=dt.date(2025, 12, 31)).update(state="closed")
    run = run_tiering(as_of=Q3, today=dt.date(2026, 12, 20), now=NOON)
    assert run.state == "in_review" and run.changes.filter(state="proposed").count() >= 2
    return run


def frozen(run: TieringRun) -> list[dict[str, Any]]:
    return list(TierAssessment.objects.filter(run=run).order_by("pk").values())


def test_a_new_run_starts_while_one_is_in_review(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], reviewed: TieringRun
) -> None:
    """What is open is applied first, what an account has left behind is overtaken, and the evidence does not move."""
    evidence = frozen(reviewed)
    proposals = list(reviewed.changes.filter(state="proposed").order_by("pk"))
    moved_on = proposals[0]
    Account.objects.filter(pk=moved_on.account_id).update(tier="C")  # by another way
    PurchaseFactory(account=moved_on.account, ordered_on=dt.date(2026, 9, 1), amount_cents=99_000_000)
    run = run_tiering(as_of=Q4, today=JAN_5, now=NOON)
    reviewed.refresh_from_db()
    assert reviewed.state == "closed"
    for change in proposals:
        change.refresh_from_db()
        assert change.state == ("overtaken" if change == moved_on else "automatic")
        found = TierAssessment.objects.get(run=run, account=change.account_id)
        assert found.previous_tier == ("C" if change == moved_on else change.to_tier)
    assert frozen(reviewed) == evidence  # though what it was reckoned from has changed
    with pytest.raises(AlreadyDecided):
        review.reject_change(change=proposals[1], reason="seasonal", actor=cast.mona, today=JAN_5, now=NOON)


def test_a_decision_races_with_a_new_run(
    at_once: AtOnce, cast: Cast, planned: list[list[int]], reviewed: TieringRun
) -> None:
    """The run reads the tier before or after the decision, never in between; it never has two open for one account."""
    change = reviewed.changes.filter(state="proposed").order_by("pk").last()
    assert change is not None
    evidence = frozen(reviewed)
    decided, run = at_once(
        lambda: review.reject_change(
            change=change, reason="seasonal", actor=cast.mona, today=JAN_5, now=NOON
        ),
        lambda: run_tiering(as_of=Q4, today=JAN_5, now=NOON),
    )
    assert isinstance(run, TieringRun)
    change.refresh_from_db()
    found = TierAssessment.objects.get(run=run, account=change.account_id)
    if isinstance(decided, TierChange):
        assert (change.state, found.previous_tier) == ("rejected", change.from_tier)
        with pytest.raises(CannotUndo, match="review has ended"):
            review.undo_decision(change=change, actor=cast.mona, today=JAN_5, now=NOON)
    else:
        assert isinstance(decided, AlreadyDecided)
        assert (change.state, found.previous_tier) == ("automatic", change.to_tier)
    reviewed.refresh_from_db()
    assert reviewed.state == "closed" and frozen(reviewed) == evidence
    open_ones = list(TierChange.objects.open().values_list("account", flat=True))
    assert len(open_ones) == len(set(open_ones))
    assert set(TierChange.objects.open().values_list("run", flat=True)) <= {run.pk}


def test_whoever_decides_waits_for_the_run_and_is_told(
    at_once: AtOnce,
    cast: Cast,
    planned: list[list[int]],
    reviewed: TieringRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The order that the race seldom takes: the decision is made while the run is at work, before its commit."""

    at_work, asked = threading.Event(), threading.Event()
    assess = tiering._assess

    def slow(run: TieringRun) -> None:
        at_work.set()
        asked.wait(1)  # the decision is waiting for the lock by now, or for the one writer of SQLite
        assess(run)

    monkeypatch.setattr(tiering, "_assess", slow)
    change = reviewed.changes.filter(state="proposed").order_by("pk").first()
    assert change is not None

    def reject() -> TierChange:
        at_work.wait(10)
        connections["default"].ensure_connection()
        return review.reject_change(change=change, reason="seasonal", actor=cast.mona, today=JAN_5, now=NOON)

    decided, run = at_once(reject, lambda: run_tiering(as_of=Q4, today=JAN_5, now=NOON))
    assert isinstance(run, TieringRun) and isinstance(decided, AlreadyDecided)
    assert "applied as proposed" in str(decided)
    change.refresh_from_db()
    assert change.state == "automatic" and tier_of(change.account)[0] in ("A", "B", "C")
