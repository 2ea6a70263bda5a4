"""Imports files one after another, each killed at random moments and begun again until it has ended.

    python -m tests.processes.killed_imports FOLDER KILLS SEED

KILLS 0: undisturbed. An attempt is a fork, so that a kill costs no start of Python. Prints what happened as JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import django

NOW = dt.datetime(2026, 10, 13, 7, 30, tzinfo=dt.UTC)
_MORE = 10  # moments, beyond those asked for
KINDS = ("accounts", "persons", "products", "purchases", "purchases")


def write_files(folder: Path) -> list[tuple[str, Path]]:
    """One file of each kind, and one that changes half of the purchases."""
    folder.mkdir(parents=True, exist_ok=True)
    accounts = ["code,name,city,parent,tags"]
    accounts += [
        f"X{n},Name {n},City {n % 7},{f'X{n - n % 10}' if n % 10 else ''},tag {n % 5}" for n in range(1500)
    ]
    accounts += [f"K{n:06d},Renamed {n},,," for n in range(500)]
    persons = ["account,name,email,is_main"]
    persons += [f"X{n},Person {n},person{n}@x.example,yes" for n in range(1500)]
    products = [
        "code,name,line,complexity",
        *(f"P{n},Product {n},Line {n % 9},{n % 5 + 1}" for n in range(1500)),
    ]
    header = "account,number,ordered,amount,product,description"

    def purchases(cents: str) -> list[str]:
        return [header] + [
            f"X{n % 1600},F{n},2026-0{n % 9 + 1}-15,{n}.{cents if n % 2 else '50'},P{n % 1700},Line {line}"
            for n in range(3000)
            for line in range(2)
        ]

    contents = [accounts, persons, products, purchases("25"), purchases("75")]
    found = []
    for place, (kind, lines) in enumerate(zip(KINDS, contents, strict=True)):
        file = folder / f"{place}-{kind}.csv"
        file.write_text("\n".join(lines) + "\n")
        found.append((kind, file))
    return found


def bring(kind: str, file: Path) -> None:
    """Import one file to its end."""
    from accounts.importing import import_file
    from accounts.models import ImportKind

    import_file(
        kind=ImportKind(kind),
        file=file,
        create_accounts=True,
        rejected=file.with_suffix(".rejected"),
        actor=None,
        now=NOW,
        today=NOW.date(),
    )


def attempt(kind: str, file: Path, *, killed_after: float | None) -> bool:
    """Import in a fork, which is killed after so many seconds; whether it came to its end before."""
    from django.db import connections

    connections.close_all()
    child = os.fork()
    if not child:
        try:
            bring(kind, file)
        finally:
            connections.close_all()
        os._exit(0)
    if killed_after is not None:
        time.sleep(killed_after)
        os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    if killed_after is None and status:
        raise SystemExit(f"{file} failed: {status}")
    return os.WIFEXITED(status) and not os.WEXITSTATUS(status)


def main(folder: Path, kills: int, seed: int) -> None:
    """All files, with so many kills among them."""
    dice = random.Random(seed)
    interrupted = done = 0
    files = write_files(folder)
    for place, (kind, file) in enumerate(files):
        share = kills * (place + 1) // len(files) - kills * place // len(files)
        lasts, hit, left = 0.4, 0, share
        # A quick machine may end before every moment asked for: then earlier ones, until one was before the end.
        while left > 0 or (share and not hit and left > -_MORE):
            left -= 1
            began = time.monotonic()
            if attempt(kind, file, killed_after=dice.uniform(0.02, 1.05) * lasts):
                done += 1
                lasts = (time.monotonic() - began) * (0.8 if left > 0 else 0.5)
            else:
                hit += 1
                lasts *= 1.2  # so that late moments are hit as well, however slow the machine is
        interrupted += hit
        attempt(kind, file, killed_after=None)
    print(json.dumps({"kills": kills, "interrupted": interrupted, "came to the end before": done}))


if __name__ == "__main__":
    django.setup()
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
