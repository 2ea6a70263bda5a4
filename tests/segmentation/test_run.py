"""The tiering run: who may start it, what it applies, what it proposes (docs/domain.md, 4.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from accounts.models import Account
from crm.team.models import User
from segmentation import pins, tiering
from segmentation.errors import TieringRefused
from segmentation.models import TierAssessment, TierChange, TieringRun, TierPin
from segmentation.policies import draft_policy, policy_in_force
from segmentation.tiering import missed_as_of, run_tiering
from segmentation.windows import last_quarter_end
from tests.segmentation.company import write
from tests.segmentation.test_ladder import QUARTERS, loyal
from tests.support.factories import AccountFactory, PurchaseFactory
from tests.support.oracle import Bought, Customer

pytestmark = pytest.mark.django_db

Q2, Q3 = dt.date(2026, 6, 30), dt.date(2026, 9, 30)
NOON = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
OCT_1 = dt.date(2026, 10, 1)


def states(run: TieringRun) -> dict[str, tuple[str, str | None, str | None]]:
    return {
        change.account.code: (change.state, change.from_tier, change.to_tier)
        for change in run.changes.select_related("account")
    }


def tier(code: str) -> tuple[str | None, dt.date | None, bool]:
    return Account.objects.values_list("tier", "tier_since", "tier_provisional").get(code=code)


def earlier_run(as_of: dt.date = Q2) -> TieringRun:
    """A completed run, so that the next is not the first."""
    return TieringRun.objects.create(
        as_of=as_of,
        policy=policy_in_force(),
        state="closed",
        started_at=NOON,
        completed_at=NOON,
        review_until=as_of,
    )


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_user("boss@example.com", "x", role="admin", name="Boss")


def test_the_first_run_applies_everything_at_once_and_is_closed(boss: User) -> None:
    write([loyal("x", 8000), loyal("y", 1500, tier="A"), Customer("o")], actor=boss)
    run = run_tiering(as_of=Q3, today=OCT_1, now=NOON, started_by=boss)
    assert run.state == "closed" and run.completed_at == NOON and run.started_by == boss
    assert run.review_until == OCT_1 + dt.timedelta(days=21)
    assert states(run) == {"x": ("applied", None, "A"), "y": ("applied", "A", "B")}
    assert (
        tier("x") == ("A", OCT_1, False)
        and tier("y") == ("B", OCT_1, False)
        and tier("o") == (None, None, False)
    )
    assert run.assessments.count() == 3


def test_later_runs_propose_and_leave_the_tier_until_somebody_decides(boss: User) -> None:
    write(
        [loyal("x", 8000, tier="B"), loyal("y", 1500, tier="B"), loyal("z", 500), Customer("o", tier="C")],
        actor=boss,
    )
    earlier_run()
    run = run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    assert run.state == "in_review"
    assert states(run) == {
        "x": ("proposed", "B", "A"),
        "z": ("applied", None, "C"),
        # Nothing it bought counts any more: that takes a tier away, and somebody should see it.
        "o": ("proposed", "C", None),
    }
    assert (tier("x")[0], tier("y")[0], tier("z")[0], tier("o")[0]) == ("B", "B", "C", "C")
    proposal = run.changes.get(account__code="x")
    assert proposal.decided_at is None and proposal.applied_on is None and proposal.proposed_at == NOON


def test_asked_again_the_run_is_given_and_nothing_done(boss: User) -> None:
    accounts = write([loyal("x", 8000), Customer("o")], actor=boss)
    run = run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    PurchaseFactory(account=accounts["o"], ordered_on=Q3)
    before = list(TierAssessment.objects.order_by("pk").values())
    again = run_tiering(
        as_of=Q3, today=OCT_1, now=NOON + dt.timedelta(hours=1), policy=draft_policy({"band": "0.5"})
    )
    assert again == run and again.completed_at == NOON and TieringRun.objects.count() == 1
    assert list(TierAssessment.objects.order_by("pk").values()) == before
    assert policy_in_force().version == 1


def test_a_day_that_has_not_ended_is_refused(boss: User) -> None:
    with pytest.raises(TieringRefused, match="2026-09-30"):
        run_tiering(as_of=Q3, today=Q3, now=NOON)
    assert not TieringRun.objects.exists()


def test_a_day_older_than_the_newest_run_is_refused_but_an_old_run_is_still_given(boss: User) -> None:
    old = run_tiering(as_of=Q2, today=OCT_1, now=NOON)
    run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    with pytest.raises(TieringRefused, match="simulated"):
        run_tiering(as_of=Q2 + dt.timedelta(days=1), today=OCT_1, now=NOON)
    assert run_tiering(as_of=Q2, today=OCT_1, now=NOON) == old
    assert TieringRun.objects.count() == 2


def test_a_newer_run_applies_what_is_undecided_first_and_reads_the_tiers_after_it(boss: User) -> None:
    write([loyal("x", 8000, tier="B"), loyal("y", 2000, tier="C")], actor=boss)
    earlier_run(Q2 - dt.timedelta(days=91))
    older = run_tiering(as_of=Q2, today=Q2 + dt.timedelta(days=1), now=NOON)
    assert states(older)["x"] == ("proposed", "B", "A")
    Account.objects.filter(code="y").update(tier="B")  # by another way than its proposal
    newer = run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    older.refresh_from_db()
    assert older.state == "closed"
    assert states(older) == {"x": ("automatic", "B", "A"), "y": ("overtaken", "C", "B")}
    assert older.changes.get(state="automatic").applied_on == OCT_1
    assert tier("x") == ("A", OCT_1, False)
    assert newer.assessments.get(account__code="x").previous_tier == "A"
    assert states(newer) == {} and newer.state == "closed"


def test_a_provisional_tier_counts_as_none(boss: User) -> None:
    # Volume says B; were it a real C, the band would keep it.
    write([loyal("x", 9400), loyal("y", 600), Customer("o")], actor=boss)
    Account.objects.filter(code__in=["y", "o"]).update(tier="C", tier_provisional=True, tier_since=Q3)
    earlier_run()
    run = run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    found = run.assessments.get(account__code="y")
    assert (found.previous_tier, found.trail) == (None, "volume:B")
    assert states(run) == {"x": ("applied", None, "A"), "y": ("applied", None, "B")}
    assert tier("y") == ("B", OCT_1, False)
    assert tier("o") == ("C", Q3, True)  # nothing bought by then: it waits on


def test_a_pin_is_applied_by_the_run_and_its_end_is_proposed(boss: User) -> None:
    pin = ("C", Q2, Q3)
    write([loyal("x", 8000, tier="A", pins=[pin]), loyal("y", 2000, tier="B")], actor=boss)
    earlier_run(Q2 - dt.timedelta(days=91))
    run = run_tiering(as_of=Q2, today=Q2 + dt.timedelta(days=1), now=NOON)
    change = run.changes.get()
    assert (change.state, change.from_tier, change.to_tier, change.note) == ("pin", "A", "C", "agreed")
    assert change.actor == boss and change.pin is not None and change.applied_on == Q2 + dt.timedelta(days=1)
    assert tier("x")[0] == "C" and run.state == "closed"
    assert not run_tiering(as_of=Q3, today=OCT_1, now=NOON).changes.exists()
    ended = run_tiering(as_of=Q3 + dt.timedelta(days=1), today=OCT_1 + dt.timedelta(days=1), now=NOON)
    assert states(ended)["x"] == ("proposed", "C", "A")


def test_a_pin_that_began_after_the_runs_day_is_never_argued_with(boss: User) -> None:
    write([loyal("x", 8000, tier="B"), loyal("y", 2000, tier="B")], actor=boss)
    TierPin.objects.create(
        account=Account.objects.get(code="x"),
        tier="C",
        first_day=OCT_1,
        last_day=OCT_1,
        reason="…",
        actor=boss,
    )
    earlier_run()
    run = run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    assert states(run) == {"x": ("overtaken", "C", "A")}
    assert tier("x")[0] == "C" and run.state == "closed"
    assert TierChange.objects.get(run=None).state == "pin"


def test_the_first_run_does_not_argue_with_todays_pins_either(boss: User) -> None:
    write([loyal("x", 8000), loyal("y", 2000)], actor=boss)
    TierPin.objects.create(
        account=Account.objects.get(code="x"),
        tier="C",
        first_day=OCT_1,
        last_day=OCT_1,
        reason="…",
        actor=boss,
    )
    run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    assert tier("x")[0] == "C" and tier("y")[0] == "B"


def test_the_whole_run_takes_a_handful_of_statements(boss: User, django_assert_max_num_queries) -> None:
    write([loyal(f"x{n}", 1000 + n, tier="ABC"[n % 3]) for n in range(60)], actor=boss)
    earlier_run()
    with django_assert_max_num_queries(30):
        run = run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    assert run.assessments.count() == 60 and run.changes.count() > 10


def test_broken_off_it_leaves_nothing(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    write([loyal("x", 8000, tier="B"), loyal("z", 500)], actor=boss)
    earlier_run()

    def fall(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tiering.proposals, "close_finished_runs", fall)
    with pytest.raises(KeyboardInterrupt):
        run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    assert TieringRun.objects.count() == 1 and not TierChange.objects.exists() and tier("z")[0] is None


def test_which_run_is_missing(db: None) -> None:
    assert missed_as_of(OCT_1) is None  # nothing was ever bought
    PurchaseFactory(ordered_on=dt.date(2020, 1, 1))
    assert missed_as_of(OCT_1) == Q3
    assert missed_as_of(dt.date(2026, 12, 31)) == Q3
    assert missed_as_of(dt.date(2027, 1, 1)) == dt.date(2026, 12, 31)
    earlier_run(Q2)
    assert missed_as_of(OCT_1) == Q3
    earlier_run(Q3 + dt.timedelta(days=3))
    assert missed_as_of(dt.date(2026, 12, 31)) is None


@pytest.mark.parametrize(
    ("today", "end"),
    [
        ((2026, 1, 1), (2025, 12, 31)),
        ((2026, 3, 31), (2025, 12, 31)),
        ((2026, 4, 1), (2026, 3, 31)),
        ((2026, 9, 30), (2026, 6, 30)),
        ((2026, 12, 31), (2026, 9, 30)),
    ],
)
def test_the_last_quarters_end(today: tuple[int, int, int], end: tuple[int, int, int]) -> None:
    assert last_quarter_end(dt.date(*today)) == dt.date(*end)


def test_the_order_of_rows_does_not_matter(boss: User) -> None:
    company = [loyal(f"k{n}", 500) for n in range(7)] + [Customer("n", [Bought(QUARTERS[0], 70)])]
    write(reversed(company), actor=boss)
    first = run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    found = {
        a.account.code: (a.preceding_cents, a.trail) for a in first.assessments.select_related("account")
    }
    assert [found[f"k{n}"][0] for n in range(7)] == [500 * n for n in range(7)]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_make_one(at_once: Callable[..., list[TieringRun]]) -> None:
    boss = User.objects.create_user("boss@example.com", "x", role="admin", name="Boss")
    write([loyal("x", 8000), loyal("y", 2000)], actor=boss)

    def start() -> TieringRun:
        return run_tiering(as_of=Q3, today=OCT_1, now=NOON)

    one, other = at_once(start, start)
    assert one == other and TieringRun.objects.count() == 1
    assert TierAssessment.objects.count() == 2 and TierChange.objects.count() == 2


def test_daily_pins_and_the_run_agree_whichever_comes_first(boss: User) -> None:
    write([loyal("x", 8000, tier="B"), loyal("y", 2000, tier="B")], actor=boss)
    x = Account.objects.get(code="x")
    TierPin.objects.create(account=x, tier="C", first_day=OCT_1, last_day=OCT_1, reason="…", actor=boss)
    earlier_run()
    pins.apply_pins(today=OCT_1, now=NOON)
    run = run_tiering(as_of=Q3, today=OCT_1, now=NOON)
    assert states(run) == {"x": ("overtaken", "C", "A")}  # as where the run came first


def test_an_unsaved_policy_becomes_a_version_in_force_with_the_run(boss: User) -> None:
    account = AccountFactory()
    PurchaseFactory(account=account, ordered_on=dt.date(2026, 9, 1))
    assert policy_in_force().version == 1
    run = run_tiering(
        as_of=Q3, today=OCT_1, now=NOON, policy=draft_policy({"a_min_tenure_months": 0}), started_by=boss
    )
    assert run.policy.version == 2 and run.policy.created_by == boss and policy_in_force() == run.policy
