"""What the tests of accounts may ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.accounts.importing import Importer
from tests.support.cast import Cast


@pytest.fixture
def bring(tmp_path: Path, settings: Settings) -> Importer:
    """Imports lines of text as a file of purchases."""
    settings.VAR_DIR = tmp_path / "var"
    folder = tmp_path / "files"
    folder.mkdir()
    return Importer(folder)


@pytest.fixture
def as_user(cast: Cast, today: dt.date, time_machine: Any) -> Callable[[str], Client]:
    """A client signed in as one of the cast, on the day of the tests."""
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))

    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(cast.users[name])
        return client

    return sign_in
