"""What every test may ask for."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator

import pytest
from django.middleware import csrf
from django.test import TransactionTestCase
from factory.django import DjangoModelFactory
from hypothesis import HealthCheck, settings

from segmentation import reasons
from segmentation.models import Reason
from tests.support import factories
from tests.support.cast import Cast, make_cast
from tests.support.emptying import empty

# How long an example takes depends on what else the machine does, not on what is tested.
_KEPT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time, so that a change is judged by what it changes; `make soak` draws new ones, and more.
settings.register_profile("opieka", _KEPT, derandomize=True)
settings.register_profile("soak", _KEPT, max_examples=500)
settings.load_profile("soak" if os.environ.get("OPIEKA_SERIES") == "full" else "opieka")


# Tokens of forms are drawn of letters that make no word: one had a name in it that must not be on a page.
csrf.CSRF_ALLOWED_CHARS = "jqxzJQXZ"


def _empty_all(case: TransactionTestCase) -> None:
    for alias in case._databases_names(include_mirrors=False):
        empty(alias)


TransactionTestCase._fixture_teardown = _empty_all  # instead of `flush`: tests/support/emptying.py says why


@pytest.fixture(autouse=True)
def _counted_from_one() -> None:
    """Every test counts its rows from one: codes decide on which day planning spreads what, and must not be luck."""
    for one in vars(factories).values():
        if isinstance(one, type) and issubclass(one, DjangoModelFactory) and one is not DjangoModelFactory:
            one.reset_sequence(1, force=True)


@pytest.fixture
def today() -> dt.date:
    """A Tuesday that is a working day in every country we keep."""
    return dt.date(2026, 10, 13)


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast: who they are is in tests/support/cast.py."""
    return make_cast()


@pytest.fixture
def restored_reasons(transactional_db: None) -> Iterator[None]:
    """For a test that commits changes to the catalogue of reasons, which is left from test to test."""
    yield
    Reason.objects.all().delete()
    reasons.fill(Reason)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what asks no database, or of it the same whichever it is: it was tried on SQLite.

    A file or a test that is named on the command line is never left out.
    """
    all_of_them = config.args_source is not pytest.Config.ArgsSource.ARGS
    if not all_of_them or not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return
    pure = [item for item in items if not _asks_a_database(item)]
    if pure:
        config.hook.pytest_deselected(items=pure)
        items[:] = [item for item in items if _asks_a_database(item)]


def _asks_a_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("once") is not None:
        return False
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or any(
        name in fixtures for name in ("db", "transactional_db", "live_server")
    )
