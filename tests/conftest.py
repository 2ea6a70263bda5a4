"""What every test may ask for."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.support.cast import Cast, make_cast


@pytest.fixture
def today() -> dt.date:
    """A Tuesday that is a working day in every country we keep."""
    return dt.date(2026, 10, 13)


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast: who they are is in tests/support/cast.py."""
    return make_cast()
