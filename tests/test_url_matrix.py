"""Every address x everybody of the cast: who gets in, who gets 404. An address that is not listed fails.

Each entry names its address for Rita's account `acme` (or what hangs on it) and who may have it. The others of the cast
get 404; somebody who is not signed in is sent to the sign-in page, unless the entry is public.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.support.cast import Cast
from tests.support.matrix import ENTRIES, Entry, Stage, make_stage

EVERYBODY = ("rita", "carl", "mona", "otto", "nora", "serge", "ada")


def all_names(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """The names of all addresses, with their namespaces; the back office counts as one."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            if namespace == "admin:":
                yield "admin:index"
            else:
                yield from all_names(pattern.url_patterns, namespace)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name or pattern.pattern}"


def test_every_address_is_listed() -> None:
    names = set(all_names(get_resolver().url_patterns))
    assert names - set(ENTRIES) == set(), "add these to tests/support/matrix.py"
    assert set(ENTRIES) - names == set(), "these addresses are gone: take them out of tests/support/matrix.py"


@pytest.fixture
def stage(cast: Cast, today: dt.date, time_machine: Any) -> Stage:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9, 0), tzinfo=dt.UTC))
    return make_stage(cast, today)


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_who_gets_what(stage: Stage, name: str) -> None:
    entry: Entry = ENTRIES[name]
    url = entry.url(stage, name)
    found = {}
    for person in EVERYBODY:
        client = Client()
        client.force_login(stage.cast.users[person])
        response = client.generic(entry.method, url, **entry.content(stage))
        found[person] = response.status_code
    expected = {person: entry.status_for(person) for person in EVERYBODY}
    assert found == expected, f"{entry.method} {url}"


@pytest.mark.once
@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_signed_out(stage: Stage, name: str) -> None:
    entry = ENTRIES[name]
    url = entry.url(stage, name)
    response = Client().generic(entry.method, url, **entry.content(stage))
    if entry.public:
        assert response.status_code == entry.public
    else:
        assert response.status_code == 302
        assert response["Location"].startswith((reverse("account_login"), "/admin/login/"))
