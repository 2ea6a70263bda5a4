"""`make bench`: generate a company, measure it, and say how far the figures are from their goals.

On a PostgreSQL server of its own where its programs are installed, else on that of DATABASE_URL, whose role must be
allowed to make databases. Ratios carry over to other machines; seconds do not.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from benchmarks.databases import Databases, python, server
from benchmarks.measure import PARTS
from benchmarks.report import figures, keep, table


def main() -> None:
    """Read the arguments, measure, report; exits with 1 where a goal is missed and --strict asks for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--purchases", type=int, help="default: 25 for an account")
    parser.add_argument("--touchpoints", type=int, help="default: 10 for an account")
    parser.add_argument(
        "--small", type=int, default=10_000, help="accounts of the company that pages are compared with"
    )
    parser.add_argument(
        "--full", action="store_true", help="also 50,000 and 1,000,000 accounts (half an hour)"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=40, help="of each page")
    parser.add_argument("--rows", type=int, default=200_000, help="of the file that is imported")
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a goal is missed")
    given = parser.parse_args()
    began = time.monotonic()
    stamp = dt.datetime.now(tz=dt.UTC).strftime("%Y%m%d-%H%M%S")
    sizes: dict[str, dict[str, Any]] = {}
    with server() as address, tempfile.TemporaryDirectory() as folder:
        databases = Databases(address, Path(folder))
        per_account = (
            (given.purchases or 25 * given.accounts) / given.accounts,
            (given.touchpoints or 10 * given.accounts) / given.accounts,
        )
        sizes["full"] = _measure(databases, "full", given.accounts, per_account, given.parts, given)
        if "pages" in given.parts and given.small < given.accounts:
            sizes["small"] = _measure(databases, "small", given.small, per_account, "pages", given)
        if given.full:
            for name, accounts in (("50,000", 50_000), ("1,000,000", 1_000_000)):
                sizes[name] = _measure(databases, name, accounts, per_account, "retier", given)
    found = list(figures(sizes))
    kind = f"bench {given.accounts}"
    before = keep(Path(settings.VAR_DIR) / "bench", stamp, {"sizes": sizes}, found, kind=kind)
    database = sizes["full"]["database"]
    print()
    print(
        f"{database['accounts']:,} accounts, {database['purchases']:,} purchases,"
        f" {database['touchpoints']:,} touchpoints; PostgreSQL "
        + ", ".join(f"{name} {value}" for name, value in database["settings"].items())
        + f"; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end"
    )
    for rule in sizes["full"].get("planning", {}).get("rules", []):
        print(f"  contact rule: {rule}")
    print()
    print(table(found, before))
    print(f"\n{time.monotonic() - began:.0f} s; figures in {Path(settings.VAR_DIR) / 'bench' / stamp}.json")
    if given.strict and any(one.verdict == "MISSED" for one in found):
        sys.exit(1)


def _measure(
    databases: Databases,
    name: str,
    accounts: int,
    per_account: tuple[float, float],
    parts: str,
    given: argparse.Namespace,
) -> dict[str, Any]:
    """Fill a database, measure these parts there, drop it; returns what was found."""
    print(f"{name}: {accounts:,} accounts", flush=True)
    purchases, touchpoints = (round(accounts * each) for each in per_account)
    out = databases.folder / f"{accounts}.json"
    planned = "pages" in parts and "planning" not in parts
    with databases.filled(
        accounts, purchases=purchases, touchpoints=touchpoints, planned=planned, bare=parts == "retier"
    ) as environment:
        asked = [
            "--parts",
            parts,
            "--rounds",
            given.rounds,
            "--requests",
            given.requests,
            "--rows",
            given.rows,
        ]
        python(environment, "-m", "benchmarks.measure", *asked, "--out", out)
    return json.loads(out.read_text())


if __name__ == "__main__":
    main()
