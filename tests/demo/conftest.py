"""A small example company on a fixed Tuesday."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from crm.demo.company import make_company

NOW = dt.datetime(2026, 10, 13, 7, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
ACCOUNTS = 60


@pytest.fixture
def make(db: None) -> Callable[..., dict[str, int]]:
    """Make the small company; keywords change what make_company is given."""

    def made(**changes: object) -> dict[str, int]:
        arguments = {"today": TODAY, "now": NOW, "accounts": ACCOUNTS} | changes
        return make_company(**arguments)  # type: ignore[arg-type]

    return made
