"""`python -m benchmarks.measure`: all that is measured in one generated database (DATABASE_URL), as JSON.

`make bench` calls it for each size. Each subject alternates with what it is compared with, round by round, and what it
wrote is taken back between rounds, so that every round finds the same.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Account, Purchase
from benchmarks import imported, levelled, pages, planned, tiers
from benchmarks.clock import Times
from contacts.models import Touchpoint

try:
    from benchmarks import in_pandas
except ModuleNotFoundError:  # requirements-bench.txt is not installed
    in_pandas = None  # type: ignore[assignment]

PARTS = ("retier", "pandas", "import", "planning", "pages")
_SETTINGS = ("server_version", "shared_buffers", "work_mem", "random_page_cost", "fsync", "max_wal_size")


def measure(parts: list[str], *, rounds: int, requests: int, rows: int, now: dt.datetime) -> dict[str, Any]:
    """Measure these parts. requests: of each page. rows: of the file that is imported."""
    today = timezone.localdate(now)
    found: dict[str, Any] = {"database": _database()}
    floor = Times()
    as_of = today - dt.timedelta(days=1)
    tiers.build_floor()
    tiers.floor(Times(), as_of)
    if "retier" in parts or "pandas" in parts:
        found |= _measure_tiers(parts, floor, as_of, rounds=rounds, now=now)
    if "import" in parts:
        found["import"] = _measure_import(rows, rounds=rounds, now=now, today=today)
    if "planning" in parts:
        found["planning"] = _measure_planning(floor, as_of, rounds=rounds, now=now, today=today)
    if "pages" in parts:
        _say("pages")
        _p, found["pages"] = pages.measure(requests)
    if floor.wall:
        found["floor"] = _seconds(floor)
    return found


def _measure_tiers(
    parts: list[str], floor: Times, as_of: dt.date, *, rounds: int, now: dt.datetime
) -> dict[str, Any]:
    run, frames = Times(), Times()
    wrote: dict[str, int] = {}
    differing = None
    tiers.keep_tiers()
    for round_ in range(rounds):
        tiers.floor(floor, as_of)
        # Pandas comes first: it must read the tiers that the run reads.
        frame = None
        if "pandas" in parts and in_pandas is not None and round_ < 2:
            frame = in_pandas.tier(frames, as_of)
        if "retier" in parts:
            wrote = tiers.retier(run, as_of, now)
            if frame is not None:
                differing = in_pandas.differing(frame, as_of)
            tiers.undo_run()
        _say(f"tiering, round {round_ + 1}")
    found: dict[str, Any] = {}
    if run.wall:
        found["retier"] = _seconds(run) | {"wrote": wrote}
    if frames.wall:
        found["pandas"] = _seconds(frames) | {"tiers or trails that differ": differing}
    return found


def _measure_import(rows: int, *, rounds: int, now: dt.datetime, today: dt.date) -> dict[str, Any]:
    own, copied, created = Times(), Times(), Times()
    new = imported.Rows(rows, today)
    few = max(1, rows // 10)
    stand = imported.stand()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "new purchases.csv"
        new.write_file(file)
        for round_ in range(rounds):
            imported.by_copy(copied, new)
            imported.undo(stand)
            imported.by_import(own, file, now=now, today=today)
            imported.undo(stand, facts_of=today)
            imported.by_bulk_create(created, new, few)
            imported.undo(stand)
            _say(f"import, round {round_ + 1}")
    return {
        "rows": rows,
        "import": _seconds(own),
        "copy": _seconds(copied),
        "bulk_create": _seconds(created) | {"rows": few},
    }


def _measure_planning(
    floor: Times, as_of: dt.date, *, rounds: int, now: dt.datetime, today: dt.date
) -> dict[str, Any]:
    first, again, thorough, tomorrow = Times(), Times(), Times(), Times()
    next_day = today + dt.timedelta(days=1)
    found: dict[str, Any] = {}
    planned.unplan()
    for round_ in range(rounds):
        tiers.floor(floor, as_of)
        found["first counts"] = planned.plan_all(first, today=today, now=now)
        planned.settle()
        found |= planned.state()
        tiers.floor(floor, as_of)
        found["nothing changed counts"] = planned.plan_all(again, today=today, now=now)
        planned.plan_all(thorough, today=today, now=now, thorough=True)
        found["next day counts"] = planned.plan_all(tomorrow, today=next_day, now=now + dt.timedelta(days=1))
        planned.unplan()
        _say(f"planning, round {round_ + 1}")
    planned.plan_all(Times(), today=today, now=now)
    planned.settle()
    return found | {
        "levelled": levelled.check(today),
        "first": _seconds(first),
        "nothing changed": _seconds(again),
        "nothing changed, every account looked at": _seconds(thorough),
        "next day": _seconds(tomorrow),
    }


def _seconds(times: Times) -> dict[str, Any]:
    return {
        "s": round(times.median(), 4),
        "processor s": round(times.median_processor(), 4),
        "rounds": [round(took, 4) for took in times.wall],
    }


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        settings = {}
        for name in _SETTINGS:
            cursor.execute(f"SHOW {name}")
            (settings[name],) = cursor.fetchone()
    return {
        "accounts": Account.objects.count(),
        "purchases": Purchase.objects.count(),
        "touchpoints": Touchpoint.objects.count(),
        "settings": settings,
    }


def _say(words: str) -> None:
    print(f"  {words}", flush=True)


def main() -> None:
    """Read the arguments and the clock."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure", description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=40, help="of each page")
    parser.add_argument("--rows", type=int, default=200_000, help="of the file that is imported")
    parser.add_argument("--out", type=Path, required=True, help="where the JSON goes")
    given = parser.parse_args()
    if connection.vendor != "postgresql":
        raise SystemExit("Ratios are measured on PostgreSQL; name a generated database in DATABASE_URL.")
    unknown = set(given.parts.split(",")) - set(PARTS)
    if unknown:
        raise SystemExit(f"There is no part {', '.join(sorted(unknown))}; parts: {', '.join(PARTS)}.")
    found = measure(
        given.parts.split(","),
        rounds=given.rounds,
        requests=given.requests,
        rows=given.rows,
        now=timezone.now(),
    )
    found["processors"] = os.cpu_count()
    given.out.write_text(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
