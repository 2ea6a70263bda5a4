"""Imports of purchases that are killed, and imports that meet each other."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

import pytest

from tests.processes.conftest import PATIENCE, Database, Postgres, Running, Site, eventually

PURCHASES = 1200
NOTHING = (0, 0, 0, 0)
ALL = (400, 400, PURCHASES, 2 * PURCHASES)
KILLS = 50 if os.environ.get("OPIEKA_SERIES") == "full" else 2

# All that imports write, by what it says and not by ids, of which a killed import uses some up.
CONTENT = {
    "accounts": "SELECT a.code, a.name, a.city, a.search_key, a.spread, a.phase, a.sales_12m_cents, p.code"
    " FROM accounts_account a LEFT JOIN accounts_account p ON p.id = a.parent_id",
    "history": "SELECT code, name, city, history_type, history_change_reason FROM accounts_historicalaccount",
    "tags": "SELECT a.code, t.name FROM accounts_account_tags x JOIN accounts_account a ON a.id = x.account_id"
    " JOIN accounts_tag t ON t.id = x.tag_id",
    "persons": "SELECT a.code, p.name, p.email, p.is_main, p.search_key FROM accounts_contactperson p"
    " JOIN accounts_account a ON a.id = p.account_id",
    "persons' history": "SELECT name, email, is_main, history_type FROM accounts_historicalcontactperson",
    "products": "SELECT p.code, p.name, l.name, p.complexity FROM accounts_product p"
    " JOIN accounts_productline l ON l.id = p.line_id",
    "purchases": "SELECT a.code, p.number, p.ordered_on, p.amount, p.amount_cents, p.quarter, i.file_name"
    " FROM accounts_purchase p JOIN accounts_account a ON a.id = p.account_id"
    " LEFT JOIN accounts_import i ON i.id = p.imported_id",
    "lines": "SELECT p.number, l.position, q.code, l.description, l.amount FROM accounts_purchaseline l"
    " JOIN accounts_purchase p ON p.id = l.purchase_id LEFT JOIN accounts_product q ON q.id = l.product_id",
    "for undo": "SELECT i.file_name, r.target, COUNT(*), COUNT(r.before), COUNT(r.after) FROM accounts_importedrow r"
    " JOIN accounts_import i ON i.id = r.imported_id GROUP BY 1, 2",
}


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
    for _ in range(max(3, KILLS // 5)):
        process = importing(site, file)
        time.sleep(moments.uniform(0.5, 1.1) * whole)
        killed += process.process.poll() is None
        process.kill()
        assert written(site, "killed")[:4] in (NOTHING, ALL)
    assert killed, "no import was killed: all had ended"
    assert importing(site, file).process.wait(PATIENCE) == 0
    assert written(site, "killed")[:4] == ALL


def content(database: Database) -> dict[str, list[str]]:
    return {name: sorted(map(repr, database.rows(statement))) for name, statement in CONTENT.items()}


def test_killed_and_begun_again_it_ends_as_an_undisturbed_one(site: Site, tmp_path: Path) -> None:
    """Files of all kinds; nothing tells afterwards that they were killed KILLS times."""
    undisturbed = Site(
        site.database.copy(f"undisturbed_{os.getpid()}_{time.monotonic_ns()}", tmp_path), tmp_path, None
    )
    seed = os.environ.get("OPIEKA_SEED", "1")
    try:
        killed = site.run("-m", "tests.processes.killed_imports", str(tmp_path / "killed"), str(KILLS), seed)
        undisturbed.run("-m", "tests.processes.killed_imports", str(tmp_path / "whole"), "0", seed)
        print(killed)
        assert json.loads(killed)["interrupted"], "no import was killed: all had ended"
        expected = content(undisturbed.database)
        assert len(expected["purchases"]) > 3000
        found = content(site.database)
        assert [name for name in expected if found[name] != expected[name]] == []
    finally:
        undisturbed.database.drop()


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
