"""manage.py demo as far as no process is started; with processes: tests/processes/test_demo.py."""

from __future__ import annotations

import socket
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account
from crm.demo.company import finish, record_of
from tests.demo.conftest import ACCOUNTS
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folder(settings: object, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path  # type: ignore[attr-defined]


def test_it_leaves_other_peoples_data_alone(cast: Cast) -> None:
    with pytest.raises(CommandError, match="did not make"):
        call_command("demo", no_serve=True)
    assert Account.objects.count() == 4


def test_reset_does_not_touch_other_peoples_data_either(cast: Cast) -> None:
    with pytest.raises(CommandError, match="did not make"):
        call_command("demo", no_serve=True, reset=True, yes=True)
    assert Account.objects.count() == 4


def test_it_does_not_run_in_production(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="production"):
        call_command("demo", no_serve=True)


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(CommandError, match=f"PORT={port} is not a port"):
        call_command("demo")


def test_a_port_that_is_taken_names_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"Port {port} cannot be used .*make demo PORT=\d+"):
            call_command("demo", port=str(port))
    assert not Account.objects.exists(), "told before anything is made"


def test_a_second_start_makes_nothing_anew(make: Callable[..., object]) -> None:
    make()
    finish(record_of())
    before = list(Account.objects.order_by("pk").values_list("pk", "code"))
    call_command("demo", no_serve=True, stdout=StringIO())
    assert list(Account.objects.order_by("pk").values_list("pk", "code")) == before
    assert len(before) == ACCOUNTS


def test_reset_asks_first(make: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    make()
    monkeypatch.setattr("builtins.input", lambda question: "n")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("demo", no_serve=True, reset=True)
    assert Account.objects.count() == ACCOUNTS
