"""What the tests of lists may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from crm.lists.listing import listings
from tests.accounts.conftest import as_user  # noqa: F401


@pytest.fixture
def every_list() -> list[Any]:
    """All lists of the product that this floor shows itself."""
    return [listing for listing in listings().values() if listing.exports]
