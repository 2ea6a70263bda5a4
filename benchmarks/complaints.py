"""List, board and sweep with very many open complaints: `python -m benchmarks.complaints --open 50000 --explain`.

Fills the empty, migrated database of DATABASE_URL, PostgreSQL or SQLite, with accounts, complaints and their steps,
then takes times: each page as a rep, a manager and a service agent, in this process and through all middleware, and the
sweep as the schedule runs it. Deterministic, but for the moment at which it is run.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

ACCOUNTS = 20_000
A_REP = 400
"""Accounts of a rep."""
A_TEAM = 10
"""Reps of a team."""
PURCHASES = 10
"""Of each account."""
ROUNDS = 15
STATES = (
    ("new", ()),
    ("acknowledged", ("acknowledged",)),
    ("in_progress", ("acknowledged", "in_progress")),
    ("in_progress", ("acknowledged", "in_progress")),
    ("waiting", ("acknowledged", "waiting")),
    ("decided", ("acknowledged", "in_progress", "decided")),
    ("resolved", ("acknowledged", "in_progress", "decided", "resolved")),
)
PAGES = (
    ("list", "/complaints/?view=all"),
    ("list, second page", "/complaints/?view=all&page=2"),
    ("list, mine", "/complaints/?view=mine"),
    ("list, over time", "/complaints/?view=over"),
    ("list, at risk", "/complaints/?view=risk"),
    ("list, second person", "/complaints/?view=second"),
    ("list, tier A", "/complaints/?tier=A"),
    ("list, closed", "/complaints/?view=closed"),
    ("list, searched", "/complaints/?q=machine"),
    ("list, found by number", "/complaints/?q=R-0004711"),
    ("board", "/complaints/board/?view=all"),
    ("board, mine", "/complaints/board/?view=mine"),
    ("board, tier A", "/complaints/board/?tier=A"),
    ("learning, reasons", "/complaints/learning/?months=24"),
    ("learning, time", "/complaints/learning/time/?months=24"),
    ("learning, open", "/complaints/learning/open/"),
    ("learning, repeaters", "/complaints/learning/repeaters/?months=24"),
    ("learning, costs", "/complaints/learning/costs/?months=24"),
    ("learning, again", "/complaints/learning/again/?months=24"),
)


def fill(*, number: int, now: dt.datetime, seed: int) -> None:
    """Accounts, `number` open complaints, half as many closed ones, with their steps."""
    from django.contrib.auth.hashers import make_password

    from accounts.models import Account
    from complaints import catalogues
    from complaints.models import Complaint, ComplaintStep
    from crm.demo.people import PASSWORD
    from crm.team.calendars import fill_holidays
    from crm.team.models import Team, User

    rng = random.Random(seed)
    fill_holidays(years=range(now.year - 1, now.year + 2))
    password = make_password(PASSWORD)
    reps_wanted = ACCOUNTS // A_REP
    teams = [Team.objects.create(name=f"Team {n}") for n in range(1, reps_wanted // A_TEAM + 1)]

    def user(name: str, role: str, team: Team | None = None) -> User:
        return User.objects.create(
            email=f"{name}@bench.example", name=name.title(), role=role, team=team, password=password
        )

    reps = [user(f"rep{n}", "rep", teams[n // A_TEAM]) for n in range(reps_wanted)]
    for n, team in enumerate(teams):
        team.leads.add(user(f"manager{n}", "manager", team))
    agents = [user(f"agent{n}", "agent") for n in range(10)]
    user("admin", "admin")
    accounts = [
        Account(
            code=f"K{n:06d}",
            name=f"Company {n} of {rng.choice(('Łódź', 'Plovdiv', 'Győr'))}",
            owner=reps[n // A_REP],
            tier=rng.choice("AABBBBBCCCC"),
            country="PL",
        )
        for n in range(ACCOUNTS)
    ]
    for account in accounts:
        account.derive()
    accounts = Account.objects.bulk_create(accounts, batch_size=2000)
    products = _sell(accounts, today=now.date(), rng=random.Random(seed + 1))
    categories = [*catalogues.OF_COMPLAINTS, catalogues.QUESTION]
    rows, histories = [], []
    for n in range(number + number // 2):
        is_open = n < number
        back = rng.randint(1, 60 * 24 * 12) if is_open else rng.randint(60 * 24 * 30, 60 * 24 * 600)
        at = now - dt.timedelta(minutes=back)
        state, steps = (
            rng.choice(STATES) if is_open else ("closed", ("acknowledged", "decided", "resolved", "closed"))
        )
        category = rng.choice(categories)
        account = rng.choice(accounts)
        times = sorted(rng.randint(1, back) for _step in steps)
        rows.append(
            Complaint(
                account=account,
                number=f"R-{n:07d}",
                kind="question" if category == catalogues.QUESTION else "complaint",
                category_id=category,
                subject="About the next delivery" if category == catalogues.QUESTION else "",
                words=f"The {rng.choice(('pump', 'valve', 'machine'))} leaks since the last delivery, number {n}.",
                claim_cents=rng.randint(1, 500) * 1000,
                product=products[n % len(products)],
                outcome="" if is_open else "accepted",
                granted_cents=None if is_open else 50_000,
                opened_at=at,
                opened_on=at.date(),
                closed_on=None if is_open else (at + dt.timedelta(minutes=times[-1])).date(),
                state=state,
                assignee=rng.choice(agents) if rng.random() < 0.6 else account.owner,
            )
        )
        histories.append(
            [("new", at), *zip(steps, [at + dt.timedelta(minutes=t) for t in times], strict=True)]
        )
    rows = Complaint.objects.bulk_create(rows, batch_size=2000)
    ComplaintStep.objects.bulk_create(
        (
            ComplaintStep(complaint=row, from_state=before, to_state=to, at=at)
            for row, steps in zip(rows, histories, strict=True)
            for (before, _was), (to, at) in zip([("", None), *steps], steps, strict=False)
        ),
        batch_size=2000,
    )


def _sell(accounts: list[Any], *, today: dt.date, rng: random.Random) -> list[Any]:
    """Products of eight lines, and for each account some purchases of one line each within two years."""
    from accounts.models import Product, ProductLine, Purchase, PurchaseLine, quarter_number

    lines = [ProductLine.objects.create(name=f"Line {n}") for n in range(8)]
    products = Product.objects.bulk_create(Product(code=f"P{n}", line=lines[n % 8]) for n in range(200))
    rows = []
    for number in range(len(accounts) * PURCHASES):
        day = today - dt.timedelta(days=rng.randint(0, 730))
        cents = rng.randint(1_000, 500_000)
        rows.append(
            Purchase(
                account=accounts[number // PURCHASES],
                number=f"N{number}",
                ordered_on=day,
                currency="EUR",
                amount=cents / 100,
                amount_cents=cents,
                quarter=quarter_number(day),
            )
        )
    rows = Purchase.objects.bulk_create(rows, batch_size=5_000)
    PurchaseLine.objects.bulk_create(
        (
            PurchaseLine(
                purchase=row, position=1, product=rng.choice(products), quantity=1, amount=row.amount
            )
            for row in rows
        ),
        batch_size=5_000,
    )
    return products


def vacuum() -> None:
    """What a database in use has done long ago."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def timed(do: Callable[[], Any]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def measure_pages(explain: bool) -> Iterator[str]:
    """A line for each page and person: median and worst milliseconds, statements, milliseconds in the database."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from crm.team.models import User

    for role in ("rep0", "manager0", "agent0"):
        client = Client()
        client.force_login(User.objects.get(email=f"{role}@bench.example"))
        for name, url in PAGES:
            answer = client.get(url, secure=True)
            assert answer.status_code == 200, (url, answer.status_code)
            client.get(url, secure=True)
            took = sorted(
                timed(lambda client=client, url=url: client.get(url, secure=True)) for _ in range(ROUNDS)
            )
            with CaptureQueriesContext(connection) as asked:
                client.get(url, secure=True)
            database = sum(float(one["time"]) for one in asked)
            yield (
                f"{name:24} {role:9} {took[len(took) // 2] * 1000:7.1f} ms  worst {took[-1] * 1000:7.1f}"
                f"  {len(asked):2} statements, {database * 1000:6.1f} ms in the database"
            )
            if explain:
                slowest = max(asked, key=lambda one: float(one["time"]))
                if float(slowest["time"]) > 0.01:
                    yield f"    {float(slowest['time']) * 1000:.1f} ms: {slowest['sql'][:3000]}"


def measure_sweep(now: dt.datetime) -> Iterator[str]:
    """The first sweep, which writes what is reckoned and tells whom; the next one, that finds nothing new."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from complaints import clock, sweep
    from complaints.models import Complaint

    Complaint.objects.open().update(resolution_allowed=None)
    for name, do in (
        ("reckon and write all", lambda: clock.refresh()),
        ("reckon all, nothing new", lambda: clock.refresh()),
        ("sweep, first", lambda: sweep.sweep(now=now)),
        ("sweep, nothing new", lambda: sweep.sweep(now=now)),
        ("sweep, five minutes later", lambda: sweep.sweep(now=now + dt.timedelta(minutes=5))),
    ):
        with CaptureQueriesContext(connection) as asked:
            took = timed(do)
        yield f"{name:28} {took:6.2f} s, {len(asked)} statements"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--explain", action="store_true", help="the statements that take longer than 10 ms")
    parser.add_argument("--no-fill", action="store_true", help="the database is filled already")
    options = parser.parse_args()

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    # A working hour, whenever this is run: the sweep tells nobody at night.
    now = dt.datetime.now(dt.UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    while now.weekday() > 4:
        now -= dt.timedelta(days=1)
    say = lambda words: (print(words), sys.stdout.flush())  # noqa: E731
    if not options.no_fill:
        say(f"filled in {timed(lambda: fill(number=options.open, now=now, seed=options.seed)):.1f} s")
        vacuum()
    for line in measure_sweep(now):
        say(line)
    vacuum()
    for line in measure_pages(options.explain):
        say(line)


if __name__ == "__main__":
    main()
