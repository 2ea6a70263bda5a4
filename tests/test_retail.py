"""The Online Retail file, end to end: real commands against a fresh database, and the figures that must come out.

make test-retail DATA=FILE runs it on SQLite and on the PostgreSQL server that POSTGRES_URL names, at the same time.
RETAIL_DATA names the file; without it there is nothing to test. What it prints are the figures it saw.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest

from tests.support.oracle import Bought, Customer, Thresholds, assess, export

DATA = os.environ.get("RETAIL_DATA", "")
ROOT = Path(__file__).parent.parent
THRESHOLDS = {"a_min_tenure_months": 6, "newcomer_months": 3}
CENT = Decimal("0.01")
MEMORY = 300  # MB

pytestmark = [
    pytest.mark.retail,
    pytest.mark.skipif(not DATA, reason="RETAIL_DATA names no file: make test-retail DATA=FILE"),
]

# Runs the command that its arguments are, and writes down what it took. A process of its own: the peak that the kernel
# reports for a child begins with what its parent held.
MEASURE = """
import json, resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[2:]).returncode
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
figures = {"s": time.monotonic() - began, "cpu": spent.ru_utime + spent.ru_stime, "MB": spent.ru_maxrss / 1024}
open(sys.argv[1], "w").write(json.dumps(figures))
sys.exit(code)
"""


@dataclass
class Installation:
    """A migrated database, and a folder for everything else."""

    name: str
    folder: Path
    url: str

    def run(self, *arguments: str) -> tuple[str, dict[str, float]]:
        """What a command printed, and the seconds, seconds of the processor and peak megabytes it took."""
        measured = self.folder / "measured.json"
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(measured), sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=os.environ
            | {"VAR_DIR": str(self.folder / "var"), "DATABASE_URL": self.url, "ENVIRONMENT": "development"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, json.loads(measured.read_text())

    def bring(self) -> tuple[dict[str, Any], dict[str, float]]:
        """Import the file."""
        out, took = self.run(
            "import_purchases",
            DATA,
            "--preset=online-retail",
            "--create-accounts",
            "--json",
            f"--rejected={self.folder / 'rejected.csv'}",
        )
        return json.loads(out), took

    def tier(self, as_of: dt.date) -> tuple[dict[str, Any], dict[str, float]]:
        """Make the run as of the day."""
        policy = self.folder / "policy.json"
        policy.write_text(json.dumps(THRESHOLDS))
        out, took = self.run("retier", f"--as-of={as_of}", f"--policy={policy}", "--json")
        return json.loads(out), took

    def rows(self) -> dict[str, str]:
        """A digest of each table's rows, ids included; of the runs of imports themselves none."""
        if self.url.startswith("sqlite"):
            database: Any = sqlite3.connect(self.url.removeprefix("sqlite:///"))
            listing = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        else:
            database = psycopg2.connect(self.url)
            listing = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        try:
            cursor = database.cursor()
            cursor.execute(listing)
            tables = sorted({name for (name,) in cursor.fetchall()} - {"accounts_import"})
            return {table: self._digest(cursor, table) for table in tables}
        finally:
            database.close()

    def _digest(self, cursor: Any, table: str) -> str:
        cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
        digest, count = hashlib.sha256(), 0
        while chunk := cursor.fetchmany(10_000):
            count += len(chunk)
            for row in chunk:
                digest.update(repr(row).encode())
        return f"{count} rows, {digest.hexdigest()}"


@dataclass
class FreshImport:
    """An installation into which the file was imported once, to be copied for each test, and what the import said."""

    installation: Installation
    summary: dict[str, Any]
    took: dict[str, float]


def administer(statement: str) -> None:
    """Have the PostgreSQL server make or drop a database."""
    server = psycopg2.connect(address_of("postgres"))
    server.autocommit = True
    try:
        server.cursor().execute(statement)
    finally:
        server.close()


def address_of(database: str) -> str:
    """The address of a database on the server that POSTGRES_URL names."""
    server = os.environ.get("POSTGRES_URL")
    assert server, "POSTGRES_URL is not set: run `make test-retail`, which finds the server."
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def fresh_import(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FreshImport]:
    """The file in a database that held nothing."""
    folder = tmp_path_factory.mktemp("fresh")
    name = f"opieka_retail_{os.getpid()}"
    if request.param == "PostgreSQL":
        administer(f"DROP DATABASE IF EXISTS {name}")
        administer(f"CREATE DATABASE {name}")
        made = Installation("PostgreSQL", folder, address_of(name))
    else:
        made = Installation("SQLite", folder, f"sqlite:///{folder / 'retail.sqlite3'}")
    try:
        made.run("migrate", "-v0")
        yield FreshImport(made, *made.bring())
    finally:
        if request.param == "PostgreSQL":
            administer(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def site(fresh_import: FreshImport, tmp_path: Path) -> Iterator[Installation]:
    """The installation right after the import, as a copy for one test; a copy of a database has all of its rows."""
    origin = fresh_import.installation
    if origin.name == "PostgreSQL":
        source_name = urlsplit(origin.url).path.removeprefix("/")
        name = f"{source_name}_copy"
        administer(f"CREATE DATABASE {name} TEMPLATE {source_name}")
        try:
            yield Installation(origin.name, tmp_path, address_of(name))
        finally:
            administer(f"DROP DATABASE {name} WITH (FORCE)")
    else:
        file = tmp_path / "retail.sqlite3"
        opened = sqlite3.connect(origin.url.removeprefix("sqlite:///")), sqlite3.connect(file)
        with closing(opened[0]) as original, closing(opened[1]) as copy:
            original.backup(copy)
        yield Installation(origin.name, tmp_path, f"sqlite:///{file}")


def source() -> Iterator[tuple[int, dict[str, str]]]:
    """(physical line, row) of the file, read without anything of ours."""
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, row


@cache
def customers() -> list[Customer]:
    """What the file says, as the oracle wants it."""
    amounts: dict[tuple[str, str], Decimal] = {}
    days: dict[tuple[str, str], dt.date] = {}
    for _line, row in source():
        if row["CustomerID"]:
            key = row["CustomerID"].removesuffix(".0"), row["InvoiceNo"]
            day = dt.datetime.fromisoformat(row["InvoiceDate"]).date()
            days[key] = min(days.get(key, day), day)
            amounts[key] = amounts.get(key, Decimal(0)) + Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
    found: dict[str, Customer] = {}
    for (code, number), amount in amounts.items():
        cents = int(amount.quantize(CENT, rounding=ROUND_HALF_UP) * 100)
        found.setdefault(code, Customer(code)).purchases.append(Bought(days[code, number], cents))
    return list(found.values())


def expected_export(as_of: dt.date) -> str:
    """What `export_assessments` must print, byte by byte, on whatever database."""
    return export(assess(customers(), Thresholds(**THRESHOLDS), as_of))


def say(site: Installation, what: str, took: dict[str, float] | None = None) -> None:
    """One line of the closing note."""
    measured = (
        f" ({took['s']:.1f} s, processor {took['cpu']:.1f} s, peak {took['MB']:.0f} MB)" if took else ""
    )
    print(f"\n{site.name}: {what}{measured}", end="", flush=True)


def test_import_twice_and_the_third_quarter(fresh_import: FreshImport, site: Installation) -> None:
    summary, took = fresh_import.summary, fresh_import.took
    assert (summary["rows_read"], summary["rows_taken"], summary["rows_rejected"]) == (
        541_909,
        406_829,
        135_080,
    )
    assert summary["rejected_by_reason"] == {"no_account": 135_080}
    assert (summary["accounts_created"], summary["purchases_created"]) == (4372, 22_190)
    assert summary["total"] == "8300065.81"
    assert took["MB"] < MEMORY
    say(
        site,
        "541,909 rows read, 406,829 taken, 135,080 rejected for want of an account code; 4,372 accounts, 22,190 "
        "purchases, 8,300,065.81",
        took,
    )

    with (fresh_import.installation.folder / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.reader(file))[1:]
    wanted = [
        [str(line), "account: there is no account code", *row.values()]
        for line, row in source()
        if not row["CustomerID"]
    ]
    assert len(listed) == 135_080
    assert listed == wanted
    say(site, f"rejected file lists {len(listed):,} rows, each with its line and content as in the source")

    before = site.rows()
    again, took = site.bring()
    assert (again["purchases_created"], again["purchases_changed"]) == (0, 0)
    assert (again["purchases_unchanged"], again["accounts_created"], again["products_created"]) == (
        22_190,
        0,
        0,
    )
    assert site.rows() == before
    assert took["MB"] < MEMORY
    digest = hashlib.sha256(repr(before).encode()).hexdigest()[:16]
    say(
        site,
        f"imported again: 22,190 unchanged, all rows of {len(before)} tables as before ({digest}...)",
        took,
    )

    as_of = dt.date(2011, 9, 30)
    run, took = site.tier(as_of)
    assert run["tiers"] == {"A": 689, "B": 1628, "C": 1299, "none": 756}
    assert (run["assessed"], run["revenue_cents"]) == (4372, 585_054_810)
    say(site, f"as of {as_of}: {run['tiers']}, revenue {run['revenue_cents'] / 100:,.2f}", took)
    _compare_export(site, as_of)


def test_the_fourth_quarter_on_a_fresh_import(site: Installation) -> None:
    as_of = dt.date(2011, 11, 30)
    run, took = site.tier(as_of)
    assert run["tiers"] == {"A": 896, "B": 2071, "C": 1330, "none": 75}
    say(site, f"as of {as_of}, fresh import: {run['tiers']}, revenue {run['revenue_cents'] / 100:,.2f}", took)
    _compare_export(site, as_of)


def _compare_export(site: Installation, as_of: dt.date) -> None:
    """The export equals the oracle's text byte by byte; hence it is the same on both databases."""
    text, took = site.run("export_assessments", f"--as-of={as_of}")
    assert text == expected_export(as_of)
    (trail,) = (line.rpartition(",")[2] for line in text.splitlines() if line.startswith("17850,"))
    assert trail == "volume:A>systematic:B>sporadic:C"
    digest = hashlib.sha256(text.encode()).hexdigest()
    say(
        site,
        f"export as of {as_of} equals the oracle: {len(text.splitlines()) - 1:,} rows, sha256 {digest}",
        took,
    )
    say(site, f"account 17850: {trail}")
