"""`make load`: 300 people at once against the web server as production runs it, on this machine.

A generated company, gunicorn with gunicorn.conf.py and production's settings, PostgreSQL, visitors with a session each
(benchmarks.visitors). P is a signed-in page with 50 rows, asked through the same server with nobody else there.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from benchmarks.databases import ROOT, Databases, server
from benchmarks.report import Figure, keep, table


def main() -> None:
    """Read the arguments, measure, report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--accounts", type=int, default=120_000, help="400 for each of 300 reps")
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--pace", type=float, default=10, help="seconds between two pages of one person")
    parser.add_argument("--port", type=int, default=8169, help="of gunicorn")
    given = parser.parse_args()
    stamp = dt.datetime.now(tz=dt.UTC).strftime("%Y%m%d-%H%M%S")
    with ExitStack() as stack:
        address = stack.enter_context(server())
        folder = Path(stack.enter_context(TemporaryDirectory()))
        databases = Databases(address, folder)
        environment = stack.enter_context(databases.filled(given.accounts, planned=True))
        found = _measure(environment | {"PORT": str(given.port)}, folder, given)
    lines = list(figures(found))
    kind = f"load {given.accounts} {given.users}"
    before = keep(Path(settings.VAR_DIR) / "bench", stamp, {"load": found}, lines, kind=kind)
    print(
        f"\n{found['users']} people, a page every {given.pace:g} s each, {found['seconds']:.0f} s:"
        f" {found['all']['n']:,} pages, {found['per second']} a second; gunicorn with"
        f" {found['gunicorn']}; {os.cpu_count()} processors, of which server and database took"
        f" {found['server, processors']:.2f} and the visitors {found[_SHARE]:.2f}\n"
    )
    print(table(lines, before))
    for words, count in found["errors"].items():
        print(f"  {count} x {words}")


_SHARE = "client's share of one processor"


def figures(found: dict[str, Any]) -> list[Figure]:
    """The lines of the report. Every page's p95 must stay below 10 P."""
    p = found["P alone, ms"]
    lines = [
        Figure("P, through the server, alone", p, "ms"),
        Figure("errors", sum(found["errors"].values()), "", 0),
        Figure("pages opened late", found["opened late"], ""),
        Figure("all pages, p95", round(found["all"]["p95"] / p, 2), "P", 10),
    ]
    for name, spread in found["pages"].items():
        lines.append(Figure(f"{name}, p50", spread["p50"], "ms"))
        lines.append(Figure(f"{name}, p95", round(spread["p95"] / p, 2), "P", None if name == "P" else 10))
        lines.append(Figure(f"{name}, p99", round(spread["p99"] / p, 2), "P"))
    return lines


def _measure(environment: dict[str, str], folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    out = folder / "load.json"
    gunicorn = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "benchmarks.wsgi", "--config", "gunicorn.conf.py"],
        cwd=ROOT,
        env=environment,
    )
    try:
        _await(given.port)
        busy = _busy()
        visitors = [sys.executable, "-m", "benchmarks.visitors", "--port", given.port, "--users", given.users]
        began, own = time.monotonic(), _children()
        timing = ["--seconds", given.seconds, "--pace", given.pace, "--out", out]
        subprocess.run([str(part) for part in (*visitors, *timing)], cwd=ROOT, env=environment, check=True)
        took = time.monotonic() - began
        busy = _busy() - busy - (_children() - own)
    finally:
        gunicorn.terminate()
        gunicorn.wait(40)
    found = json.loads(out.read_text())
    found["server, processors"] = round(busy / took, 2)
    found["gunicorn"] = _workers(environment)
    return found


def _workers(environment: dict[str, str]) -> str:
    config: dict[str, Any] = {}
    exec(compile((ROOT / "gunicorn.conf.py").read_text(), "gunicorn.conf.py", "exec"), config)
    return f"{config['workers']} workers of {config['threads']} threads"


def _await(port: int) -> None:
    for _ in range(200):
        try:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/healthz", headers={"Host": "testserver"}
            )
            with urllib.request.urlopen(request, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit(f"gunicorn did not answer on port {port}.")


def _busy() -> float:
    """Processor seconds that this machine has spent on anybody since it started."""
    user, nice, system, *_rest = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
