"""What the tests of complaints may ask for."""

from tests.accounts.conftest import as_user  # noqa: F401
