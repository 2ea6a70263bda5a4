"""What a policy would do before it is put in force (docs/domain.md, 4.4): counts, moves, and contact hours of reps.

It climbs the ladder of segmentation.tiering from the tiers that a run made today would read, once with the policy and
once with the one in force, into temporary tables. Kept are the figures and the accounts concerned, as rows of their
own (segmentation.policy_models): no tier, run, change or plan is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from accounts.models import Account, Tier
from contacts import forecast
from contacts.capacity import WEEKS, RepWeeks
from contacts.forecast import Considered
from contacts.rules import as_if
from contacts.workload import rep_weeks
from crm.team.models import User
from segmentation import policies
from segmentation.ladder import AS_A_RUN_FINDS_THEM, Tiers, ladder_sql, parameters
from segmentation.models import SimulatedAccount, Simulation, TierPolicy
from segmentation.tiering import tune

IN_A_REQUEST = 20_000
"""Up to so many accounts a simulation takes about a second, and no job is asked for it."""
NONE = ""
"""No tier, where it is a key of JSON."""
TIERS = (*Tier.values, NONE)
_FOUND = """account_id, revenue_cents, previous_revenue_cents, preceding_cents, ranked_cents, previous_tier, tier,
    trail"""
_DRAFT, _IN_FORCE = "simulated_draft", "simulated_in_force"


def is_quick() -> bool:
    """Whether the company is small enough to simulate while somebody waits."""
    return not Account.objects.order_by("pk")[IN_A_REQUEST : IN_A_REQUEST + 1].exists()


def simulate_policy(*, policy: TierPolicy, as_of: dt.date, today: dt.date, now: dt.datetime) -> Simulation:
    """Reckon what a run as of the end of `as_of` with the policy would find, were it made today, and keep it.

    Any day before today will do, older than the newest run's too. What was kept for the policy before is replaced.
    """
    present = policies.policy_in_force()
    with ladder_in(_DRAFT, policy, as_of, today), ladder_in(_IN_FORCE, present, as_of, today):
        found = {
            "tiers": {
                "draft": _tiers(_DRAFT),
                "in_force": _tiers(_IN_FORCE),
                "now": _tiers(_DRAFT, "previous_tier"),
            },
            "held": {"draft": _held(_DRAFT), "in_force": _held(_IN_FORCE)},
            "moves": {"draft": _moves(_DRAFT), "in_force": _moves(_IN_FORCE)},
        }
        with transaction.atomic():
            Simulation.objects.filter(policy=policy).delete()
            made = Simulation.objects.create(
                policy=policy,
                against=present,
                as_of=as_of,
                made_on=today,
                made_at=now,
                thresholds=policies.thresholds_of(policy),
                found=found,
            )
            _keep_accounts(made)
            made.found |= _hours(made, today)
            made.save(update_fields=["found"])
    return made


class Outline(NamedTuple):
    """What a run with a policy would find, as far as `manage.py retier --simulate` says it; nothing of it is kept."""

    tiers: dict[str, list[int]]
    """By tier, NONE for no tier: accounts, and their revenue in cents."""
    moves: list[list[Any]]
    """[tier before, tier after, accounts, revenue in cents] of each movement."""

    @property
    def assessed(self) -> int:
        return sum(accounts for accounts, _cents in self.tiers.values())

    @property
    def revenue_cents(self) -> int:
        return sum(cents for _accounts, cents in self.tiers.values())


def outline(*, policy: TierPolicy, as_of: dt.date, today: dt.date) -> Outline:
    """Reckon the same for a policy that need not be saved, and write nothing but a temporary table."""
    with ladder_in(_DRAFT, policy, as_of, today):
        return Outline(_tiers(_DRAFT), _moves(_DRAFT))


@contextmanager
def ladder_in(
    table: str, policy: TierPolicy, as_of: dt.date, today: dt.date, tiers: Tiers = AS_A_RUN_FINDS_THEM
) -> Iterator[None]:
    """A temporary table of this connection with one row per account, for as long as the block runs."""
    values = parameters(policy, as_of, connection) | {"today": connection.ops.adapt_datefield_value(today)}
    text = f"CREATE TEMPORARY TABLE {table} AS {ladder_sql(connection.vendor, tiers)} SELECT {_FOUND} FROM assessed"
    drop = f"DROP TABLE IF EXISTS {table}"
    with connection.cursor() as cursor:
        cursor.execute(drop)
        if connection.vendor == "postgresql":
            with transaction.atomic():
                tune()
                cursor.execute(text, values)
        else:  # outside of a transaction: SQLite has one writer, and nobody waits for a table of one's own
            cursor.execute(text, values)
    try:
        yield
    finally:
        if not connection.needs_rollback:  # else it goes with the transaction
            with connection.cursor() as cursor:
                cursor.execute(drop)


def _rows(text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, list(values))
        return cursor.fetchall()


def _tiers(table: str, column: str = "tier") -> dict[str, list[int]]:
    """By tier: how many accounts have it, and their revenue in cents."""
    rows = _rows(
        f"SELECT {column}, COUNT(*), CAST(SUM(revenue_cents) AS bigint) FROM {table} GROUP BY {column}"
    )
    found = {tier or NONE: [accounts, cents] for tier, accounts, cents in rows}
    return {tier: found.get(tier, [0, 0]) for tier in TIERS}


_IS_HELD = "{table}.trail LIKE '%%>band:%%' AND {table}.tier = {table}.previous_tier"


def _held(table: str) -> int:
    """How many accounts keep their tier because the band holds them."""
    return int(_rows(f"SELECT COUNT(*) FROM {table} WHERE {_IS_HELD.format(table=table)}")[0][0])


def _keep_accounts(made: Simulation) -> None:
    held = _IS_HELD.format(table="d")
    _execute(
        f"""
        INSERT INTO segmentation_simulatedaccount (simulation_id, account_id, previous_tier, tier, in_force_tier, held,
            trail, in_force_trail, revenue_cents, previous_revenue_cents, preceding_cents, ranked_cents)
        SELECT %s, d.account_id, d.previous_tier, d.tier, p.tier, COALESCE({held}, FALSE), d.trail, p.trail,
            d.revenue_cents, d.previous_revenue_cents, d.preceding_cents, d.ranked_cents
        FROM {_DRAFT} d JOIN {_IN_FORCE} p ON p.account_id = d.account_id
        WHERE d.tier IS DISTINCT FROM d.previous_tier OR p.tier IS DISTINCT FROM p.previous_tier OR {held}
        ORDER BY d.account_id
        """,
        [made.pk],
    )


def _execute(text: str, values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, list(values))


def moving(rows: QuerySet[SimulatedAccount], field: str = "tier") -> QuerySet[SimulatedAccount]:
    """Those of the rows whose tier would be another. field: "tier", or "in_force_tier" for the policy in force."""
    same = Q(previous_tier=F(field)) | Q(**{"previous_tier__isnull": True, f"{field}__isnull": True})
    return rows.exclude(same)


def _moves(table: str) -> list[list[Any]]:
    """[tier before, tier after, accounts, revenue in cents] of each movement; tiers in their order, none last."""
    rows = _rows(
        f"SELECT previous_tier, tier, COUNT(*), CAST(SUM(revenue_cents) AS bigint) FROM {table}"
        " WHERE tier IS DISTINCT FROM previous_tier GROUP BY previous_tier, tier"
    )
    found = [[before or NONE, after or NONE, accounts, cents] for before, after, accounts, cents in rows]
    return sorted(found, key=lambda move: (TIERS.index(move[0]), TIERS.index(move[1])))


# Hours --------------------------------------------------------------------------------------------------------------
def _as_if(cadences: Sequence[Considered], tier: str) -> list[Considered]:
    """The cadences as they speak of accounts that had the tier (NONE: none)."""
    lines = {one.ident: one.lines for one in cadences}
    return [Considered(rule, lines[rule.pk]) for rule in as_if([one.rule for one in cadences], tier)]


def _hours(made: Simulation, today: dt.date) -> dict[str, Any]:
    """What the contact rules in force ask for in the coming weeks: now, and with the tiers that each policy finds.

    The forecast of the contact rules (contacts.forecast), for all accounts as they are, and once for each tier for
    the accounts that would get it.
    """
    cadences = forecast.in_force(today)
    whole = forecast.forecast(cadences, today=today).before
    weeks = {"now": {owner: list(minutes) for owner, minutes in whole.minutes.items()}}
    contacts = {"now": dict.fromkeys(TIERS, 0)}
    for (tier, _channel), numbers in whole.contacts.items():
        contacts["now"][tier] += sum(numbers)
    for way, field in (("draft", "tier"), ("in_force", "in_force_tier")):
        weeks[way] = {owner: list(minutes) for owner, minutes in weeks["now"].items()}
        contacts[way] = dict(contacts["now"])
        movers = moving(made.accounts.all(), field)
        for tier in TIERS:
            those = movers.filter(**({field: tier} if tier else {f"{field}__isnull": True}))
            both = forecast.forecast(
                cadences, _as_if(cadences, tier), today=today, accounts=those.order_by().values("account")
            )
            for sign, side in ((-1, both.before), (1, both.after)):
                for owner, minutes in side.minutes.items():
                    of_owner = weeks[way].setdefault(owner, [0] * WEEKS)
                    for week, more in enumerate(minutes):
                        of_owner[week] += sign * more
                for (old, _channel), numbers in side.contacts.items():
                    contacts[way][old if sign < 0 else tier] += sign * sum(numbers)
    return {
        "weeks": {way: {str(owner): row for owner, row in rows.items()} for way, rows in weeks.items()},
        "contacts": contacts,
    }


# What was kept, for the page ----------------------------------------------------------------------------------------
class TierRow(NamedTuple):
    """One tier: accounts and their revenue in cents now, by the policy in force, and by the draft."""

    tier: str | None
    now: list[int]
    in_force: list[int]
    draft: list[int]

    @property
    def difference(self) -> int:
        """Accounts more than with the policy in force."""
        return self.draft[0] - self.in_force[0]


class Move(NamedTuple):
    """One movement: accounts and revenue in cents by the draft, and accounts by the policy in force."""

    before: str | None
    after: str | None
    accounts: int
    revenue_cents: int
    in_force: int

    @property
    def key(self) -> str:
        """As in addresses: "A-B", "none-C"."""
        return f"{self.before or 'none'}-{self.after or 'none'}"


class Figures:
    """What a simulation found, as its page shows it."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.found: dict[str, Any] = simulation.found

    @property
    def tiers(self) -> list[TierRow]:
        ways = self.found["tiers"]
        return [
            TierRow(tier or None, ways["now"][tier], ways["in_force"][tier], ways["draft"][tier])
            for tier in TIERS
        ]

    @property
    def moves(self) -> list[Move]:
        """Every movement that either policy makes."""
        draft = {(before, after): (n, cents) for before, after, n, cents in self.found["moves"]["draft"]}
        present = {(before, after): n for before, after, n, _cents in self.found["moves"]["in_force"]}
        pairs = sorted(
            draft.keys() | present.keys(), key=lambda one: (TIERS.index(one[0]), TIERS.index(one[1]))
        )
        return [
            Move(one[0] or None, one[1] or None, *draft.get(one, (0, 0)), present.get(one, 0))
            for one in pairs
        ]

    @property
    def moving(self) -> int:
        """How many accounts would get another tier."""
        return sum(n for _before, _after, n, _cents in self.found["moves"]["draft"])

    @property
    def moving_in_force(self) -> int:
        return sum(n for _before, _after, n, _cents in self.found["moves"]["in_force"])

    @property
    def held(self) -> int:
        """How many accounts the band holds."""
        return int(self.found["held"]["draft"])

    @property
    def held_in_force(self) -> int:
        return int(self.found["held"]["in_force"])

    def contacts(self, way: str) -> float:
        """Contacts a week, on average of the coming weeks. way: "now", "in_force" or "draft"."""
        return sum(self.found["contacts"][way].values()) / WEEKS

    def minutes(self, way: str) -> int:
        """Minutes a week that are asked of all reps together, on average of the coming weeks."""
        return round(sum(sum(row) for row in self.found["weeks"][way].values()) / WEEKS)

    def reps(self, *, way: str = "draft") -> list[RepWeeks]:
        """The reps whose weeks would differ from now, against their capacity as it is today; the fullest first."""
        now, then = self.found["weeks"]["now"], self.found["weeks"][way]
        owners = [owner for owner in then if then[owner] != now.get(owner, [0] * WEEKS)]
        before, after = forecast.Side(), forecast.Side()
        before.minutes = {int(owner): now.get(owner, [0] * WEEKS) for owner in owners}
        after.minutes = {int(owner): then[owner] for owner in owners}
        made_on = self.simulation.made_on
        found = forecast.Forecast(forecast.mondays(made_on), before, after)
        return rep_weeks(list(User.objects.filter(pk__in=[int(owner) for owner in owners])), found, made_on)
