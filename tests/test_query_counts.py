"""Every page asks the database as often for 300 rows as for 3 (docs/architecture.md, 5).

tests/query_counts.json holds the counts; `UPDATE_QUERY_COUNTS=1 make test` writes them anew, and the difference is read
in review like any other change.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.bulk import make_bulk
from tests.support.cast import Cast
from tests.support.matrix import ENTRIES, PAGES, make_stage

BASELINE = Path(__file__).parent / "query_counts.json"


def ask(client: Client, url: str) -> int:
    """The number of statements of one page, asked a second time so that caches of the process are warm."""
    assert client.get(url).status_code == 200, url
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return len(queries)


@pytest.mark.once
@pytest.mark.parametrize(("name", "person"), PAGES)
def test_counts_do_not_grow_with_rows(
    cast: Cast, today: dt.date, time_machine: Any, name: str, person: str
) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9, 0), tzinfo=dt.UTC))
    stage = make_stage(cast, today)
    client = Client()
    client.force_login(cast.users[person])
    url = ENTRIES[name].url(stage, name)
    make_bulk(cast, rows=3, today=today)
    few = ask(client, url)
    make_bulk(cast, rows=300, today=today, first=3)
    many = ask(client, url)
    assert many == few, f"{name}: {few} statements with few rows, {many} with many"
    page = f"{name} as {person}"
    known = json.loads(BASELINE.read_text())
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps({**known, page: few}, indent=2, sort_keys=True) + "\n")
    else:
        assert few == known.get(page), f"{page}: {few} statements, {known.get(page)} in {BASELINE.name}"
