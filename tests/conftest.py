"""What every test may ask for."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from tests.support.cast import Cast, make_cast
from tests.support.emptying import empty

# How long an example takes depends on what else the machine does, not on what is tested.
settings.register_profile("opieka", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("opieka")


def _empty_all(case: TransactionTestCase) -> None:
    for alias in case._databases_names(include_mirrors=False):
        empty(alias)


TransactionTestCase._fixture_teardown = _empty_all  # instead of `flush`: tests/support/emptying.py says why


@pytest.fixture
def today() -> dt.date:
    """A Tuesday that is a working day in every country we keep."""
    return dt.date(2026, 10, 13)


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast: who they are is in tests/support/cast.py."""
    return make_cast()
