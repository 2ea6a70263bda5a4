"""A fixture for tests in which several threads write to the database at once; import it in the folder's conftest.py."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection, connections


@pytest.fixture
def separate_connections(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that several threads may write to, each over a connection of its own, as processes would.

    PostgreSQL's test database is one. SQLite's lives in memory, where another connection is told "locked" at once
    instead of waiting: so the test runs on a copy in a file.
    """
    if connection.vendor != "sqlite":
        yield
        return
    in_memory, name = connections["default"], connections.settings["default"]["NAME"]
    file = tmp_path / "test.sqlite3"
    in_memory.ensure_connection()
    with closing(sqlite3.connect(file)) as copy:
        in_memory.connection.backup(copy)
    del connections["default"]
    connections.settings["default"]["NAME"] = str(file)
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"]["NAME"] = name
        connections["default"] = in_memory
