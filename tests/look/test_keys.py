"""The list of keys says what the keys of the page do (templates/components/keys.html)."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.cast import Cast


@pytest.mark.parametrize(
    ("url", "said", "unsaid"),
    [
        ("/today/", ["<kbd>X</kbd></dt><dd>skip"], ["pick the reason", "select the row"]),
        ("/review/", ["pick the reason", "select the row"], ["pick the outcome"]),
        ("/accounts/", ["select the row"], ["pick the outcome", "pick the reason"]),
        ("/me/", ["pick the outcome", "pick the reason", "select the row"], []),
    ],
)
def test_keys_of_the_page(cast: Cast, client: Client, url: str, said: list[str], unsaid: list[str]) -> None:
    client.force_login(cast.mona)
    keys = client.get(url).content.decode().split('id="keys"')[1]
    assert all(words in keys for words in said) and not any(words in keys for words in unsaid)
