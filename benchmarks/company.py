"""A company of any size, for measuring: `python -m benchmarks.company --accounts 200000`.

Fills an empty, migrated database. Skewed as real sales are: lognormal numbers of orders, Pareto order values; four
years of history, newcomers, customers lost, some without purchases, returns, late payers. Every account draws from
its own source, and the first rep owns the first 400: that portfolio is the same in a small company and a large one.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import time
from collections.abc import Callable

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.facts import refresh_facts
from accounts.models import Account, ContactPerson, Import, Purchase, PurchaseLine
from benchmarks import rows
from benchmarks.loading import run, vacuum, without_indexes
from benchmarks.profiles import PORTFOLIO, draw_profiles
from contacts.facts import refresh_last_contact
from contacts.models import Touchpoint
from contacts.planning import plan
from crm.demo.company.staff import write_products, write_rules
from crm.demo.people import PASSWORD
from crm.team.calendars import fill_holidays
from crm.team.models import Team, User
from segmentation.tiering import run_tiering
from segmentation.windows import last_quarter_end

TEAM = 20
"""Reps of a team."""
SEED = 20


def make_company(
    *,
    today: dt.date,
    now: dt.datetime,
    accounts: int,
    purchases: int,
    touchpoints: int,
    lines: int = 1,
    planned: bool = True,
    bare: bool = False,
    seed: int = SEED,
    say: Callable[[str], object] = lambda words: None,
) -> None:
    """Write the company into an empty database. lines: of every purchase, 0 or more. planned: plan contacts, too.
    bare: only what a tiering run reads and writes, which takes a third of the time; nobody can work there.

    There are as many purchases and touchpoints as asked for. Everybody's password is that of the example company.
    """
    began = time.monotonic()

    def done(what: str) -> None:
        say(f"{time.monotonic() - began:6.1f} s  {what}")

    fill_holidays(years=range(today.year - 1, today.year + 2))
    reps = _write_staff(max(1, accounts // PORTFOLIO))
    write_products()
    write_rules(today)
    imported = Import.objects.create(
        kind=Import.Kind.PURCHASES, file_name="benchmarks.company", started_at=now, finished_at=now
    )
    profiles = draw_profiles(accounts, purchases, touchpoints, seed)
    with without_indexes(Account._meta.db_table, ContactPerson._meta.db_table):
        rows.write_accounts(profiles, reps, today, seed)
        done(f"{accounts:,} accounts")
        if not bare:
            persons = rows.write_persons(accounts, seed)
            done(f"{persons:,} persons")
    with without_indexes(Purchase._meta.db_table, PurchaseLine._meta.db_table):
        rows.write_purchases(profiles, today, seed, imported.pk)
        done(f"{purchases:,} purchases")
        if not bare:
            rows.write_lines(lines)
            done(f"{purchases * lines:,} lines; indexes to come")
    done("indexes of purchases")
    with without_indexes(Touchpoint._meta.db_table, Touchpoint.persons.through._meta.db_table):
        rows.write_touchpoints(profiles, reps, today, seed)
        if not bare:
            run(rows.MET)
        done(f"{touchpoints:,} touchpoints; indexes to come")
    done("indexes of touchpoints")
    rows.write_complaints(accounts, reps, today, seed)
    if not bare:
        run(rows.HISTORY.format(columns=", ".join(f.column for f in Account.history.model.tracked_fields)))
        run(rows.ACQUAINTANCES)
        rows.write_promises(accounts, reps, today, now, seed)
    vacuum()
    done("complaints; vacuumed" if bare else "complaints, history, acquaintances, promises; vacuumed")
    if not bare:
        refresh_facts(today=today)
        refresh_last_contact()
        done("facts")
    before = last_quarter_end(last_quarter_end(today))
    _tier(before, before + dt.timedelta(days=1), now)
    vacuum("accounts_account", full=True)
    _tier(last_quarter_end(today), today, now)
    done("tiers: the run before the last, and the last")
    if planned and not bare:
        plan(today=today, now=now)
        done("planned")
    vacuum("accounts_account", full=True)
    vacuum()
    done("vacuumed")


def _tier(as_of: dt.date, day: dt.date, now: dt.datetime) -> None:
    at = now - dt.timedelta(days=(timezone.localdate(now) - day).days)
    run_tiering(as_of=as_of, today=day, now=at)


# Who works there ----------------------------------------------------------------------------------------------------
def _write_staff(count: int) -> list[User]:
    """Reps in teams of twenty, each with a manager; an admin; service agents. Returns the reps."""
    password = make_password(PASSWORD)
    teams = Team.objects.bulk_create(Team(name=f"Team {n + 1}") for n in range(math.ceil(count / TEAM)))
    managers = User.objects.bulk_create(
        User(
            email=f"manager{n + 1}@bench.example",
            name=f"Manager {n + 1}",
            role="manager",
            team=team,
            password=password,
        )
        for n, team in enumerate(teams)
    )
    for team, manager in zip(teams, managers, strict=True):
        team.leads.add(manager)
    User.objects.create(email="admin@bench.example", name="Admin", role="admin", password=password)
    User.objects.bulk_create(
        User(email=f"agent{n + 1}@bench.example", name=f"Agent {n + 1}", role="agent", password=password)
        for n in range(3)
    )
    return User.objects.bulk_create(
        User(
            email=f"rep{n + 1}@bench.example",
            name=f"Rep {n + 1}",
            role="rep",
            team=teams[n // TEAM],
            sales_code=f"R{n + 1:03d}",
            password=password,
        )
        for n in range(count)
    )


def main() -> None:
    """Read the arguments and the clock."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.company", description=__doc__)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--purchases", type=int, help="default: 25 for an account")
    parser.add_argument("--touchpoints", type=int, help="default: 10 for an account")
    parser.add_argument("--lines", type=int, default=1, help="of every purchase")
    parser.add_argument("--no-plan", action="store_true", help="do not plan contacts")
    parser.add_argument("--bare", action="store_true", help="only what a tiering run reads")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    if Account.objects.exists() or User.objects.exists():
        raise SystemExit("This database is not empty; name a new one in DATABASE_URL and migrate it.")
    now = timezone.now()
    make_company(
        today=timezone.localdate(now),
        now=now,
        accounts=given.accounts,
        purchases=given.purchases or 25 * given.accounts,
        touchpoints=given.touchpoints or 10 * given.accounts,
        lines=given.lines,
        planned=not given.no_plan,
        bare=given.bare,
        seed=given.seed,
        say=lambda words: print(words, flush=True),
    )


if __name__ == "__main__":
    main()
