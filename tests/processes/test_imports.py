"""Imports of purchases that are killed, and imports that meet each other."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest

from tests.processes.conftest import PATIENCE, Postgres, Running, Site, eventually

PURCHASES = 1200
NOTHING = (0, 0, 0, 0)
ALL = (400, 400, PURCHASES, 2 * PURCHASES)


def write_file(folder: Path, name: str, *, cents: int) -> Path:
    """A file of PURCHASES purchases of two lines each, at accounts that do not exist yet."""
    rows = [
        f"NEW{n % 400},{name}-{n},2026-0{n % 9 + 1}-15,{cents}.{n % 100:02d},P{n % 50}"
        for n in range(PURCHASES)
        for _line in range(2)
    ]
    file = folder / f"{name}.csv"
    file.write_text("account,number,ordered,amount,product\n" + "\n".join(rows) + "\n")
    return file


def importing(site: Site, file: Path) -> Running:
    return site.start("manage.py", "import_purchases", str(file), "--create-accounts", "--json")


def written(site: Site, name: str) -> tuple[int, ...]:
    """New accounts, their history rows, purchases and lines of one file, and imports that stand; read at one moment."""
    new, number = "NEW%", f"{name}-%"
    (row,) = site.database.rows(
        "SELECT (SELECT COUNT(*) FROM accounts_account WHERE code LIKE %s),"
        " (SELECT COUNT(*) FROM accounts_historicalaccount WHERE code LIKE %s),"
        " (SELECT COUNT(*) FROM accounts_purchase WHERE number LIKE %s),"
        " (SELECT COUNT(*) FROM accounts_purchaseline l JOIN accounts_purchase p ON p.id = l.purchase_id"
        " WHERE p.number LIKE %s),"
        " (SELECT COUNT(*) FROM accounts_import)",
        [new, new, number, number],
    )
    return row


def test_killed_at_any_moment_it_leaves_nothing_half_written(site: Site) -> None:
    file = write_file(site.folder, "killed", cents=10)
    began = time.monotonic()
    site.run("manage.py", "import_purchases", str(file), "--create-accounts", "--dry-run")
    whole = time.monotonic() - began
    moments = random.Random(7)
    killed = 0
    for _ in range(10):
        process = importing(site, file)
        time.sleep(moments.uniform(0.5, 1.1) * whole)
        killed += process.process.poll() is None
        process.kill()
        assert written(site, "killed")[:4] in (NOTHING, ALL)
    assert killed, "no import was killed: all had ended"
    assert importing(site, file).process.wait(PATIENCE) == 0
    assert written(site, "killed")[:4] == ALL


def test_killed_while_it_writes_it_leaves_nothing(postgres_site: Site) -> None:
    """The last table it writes is held by the test, so that it is killed in the middle of its transaction for sure.

    SQLite has one lock for all tables: whoever waits for it has not begun to write.
    """
    site = postgres_site
    assert isinstance(site.database, Postgres)
    file = write_file(site.folder, "killed", cents=10)
    holder = site.database.connect(autocommit=False)
    try:
        holder.cursor().execute("LOCK TABLE accounts_purchaseline IN EXCLUSIVE MODE")
        process = importing(site, file)
        eventually(
            lambda: site.database.value(
                "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'accounts_purchaseline'::regclass"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            "the import waits for the table of lines",
        )
        process.kill()
    finally:
        holder.close()
    eventually(
        lambda: (
            not site.database.value(
                "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        ),
        "the server has noticed",
    )
    assert written(site, "killed") == (0, 0, 0, 0, 0)


@pytest.mark.parametrize("same", [True, False], ids=["same file", "two files"])
def test_imports_at_once_wait_for_each_other(site: Site, same: bool) -> None:
    names = ["one", "one", "one"] if same else ["one", "two", "three"]
    files = [write_file(site.folder, name, cents=20) for name in names]
    processes = [importing(site, file) for file in files]
    for process in processes:
        assert process.process.wait(3 * PATIENCE) == 0, process.said()
    for name in set(names):
        assert written(site, name)[:4] == ALL
    summaries = [json.loads(process.said()) for process in processes]
    assert sorted(summary["accounts_created"] for summary in summaries) == [0, 0, 400]
    created = sorted(summary["purchases_created"] for summary in summaries)
    assert created == ([0, 0, PURCHASES] if same else [PURCHASES] * 3)
