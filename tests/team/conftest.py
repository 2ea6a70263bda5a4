"""The day, and what planning hears."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from crm.look.toast import undo_address
from crm.team.models import User

TOLD: list[list[int]] = []


def planning_stub(*, user_ids: list[int], **_clock: Any) -> None:
    """Stands for contact planning in settings.CALENDAR_CHANGED."""
    TOLD.append(list(user_ids))


@pytest.fixture
def told(settings: Any) -> list[list[int]]:
    """The users of whose calendars planning was told, call by call."""
    TOLD.clear()
    settings.CALENDAR_CHANGED = (f"{__name__}.planning_stub",)
    return TOLD


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A client that somebody is signed in with."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def said(response: Any) -> str:
    """The newest toast, which the answer added."""
    return [str(message) for message in get_messages(response.wsgi_request)][-1]


def undo_url(response: Any) -> str:
    """The undo address in the newest toast."""
    return undo_address([message.extra_tags for message in get_messages(response.wsgi_request)][-1])


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())
