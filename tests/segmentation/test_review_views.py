"""Saved views of the review, and its export as a workbook with typed cells."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from crm.lists.models import ListView
from segmentation.models import TieringRun
from tests.support.cast import Cast
from tests.support.factories import AccountFactory
from tests.support.proposals import make_run, propose

LIST = "/review/"
SAVE = "/lists/changes/views/"


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def run(cast: Cast) -> TieringRun:
    run = make_run(as_of=dt.date(2026, 9, 30), review_until=dt.date(2026, 10, 22))
    propose(run, cast.acme, "A", "B", revenue_cents=900_000, complaints=1)
    propose(run, cast.brewery, "B", "C", revenue_cents=-1234)
    return run


def client_of(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(cast.users[name])
    return client


def names(response: Any) -> list[str]:
    return [row.change.account for row in response.context["rows"]]


def current(response: Any) -> list[str]:
    return [str(view["name"]) for view in response.context["views"] if view["current"]]


def test_a_view_of_the_review_is_saved_and_opened(cast: Cast, run: TieringRun) -> None:
    mona = client_of(cast, "mona")
    assert current(mona.get(LIST)) == ["To decide"]
    assert current(mona.get(LIST, {"view": "falling"}, follow=True)) == ["A to B"]
    saved = mona.post(
        f"{SAVE}?show=undecided&move=AB&sort=account", {"name": "Falling, by name"}, follow=True
    )
    view = ListView.objects.get(name="Falling, by name")
    assert view.state == {"move": "AB", "sort": "account"}
    assert names(saved) == ["Zakłady Acme S.A."]
    assert current(saved) == ["Falling, by name"]
    # It stays the view of every link of the page; changed, it says so.
    changed = mona.get(f"{saved.context['review'].list_url(move='')}")
    assert len(names(changed)) == 2
    assert [view["changed"] for view in changed.context["views"] if view["current"]] == [True]
    assert names(mona.get(LIST, {"view": view.key}, follow=True)) == ["Zakłady Acme S.A."]


@pytest.mark.parametrize("name", ["rita", "serge"])
def test_views_of_the_review_are_for_those_who_review(cast: Cast, run: TieringRun, name: str) -> None:
    client = client_of(cast, name)
    assert client.post(SAVE, {"name": "Hers"}).status_code == 404
    assert client.get("/lists/changes.csv").status_code == 404


def test_the_workbook_has_typed_cells_and_no_formula(cast: Cast, run: TieringRun) -> None:
    evil = AccountFactory(name='=HYPERLINK("http://x")', code="@X", owner=cast.rita)
    propose(run, evil, "A", "B", revenue_cents=5)
    answer = client_of(cast, "mona").get(reverse("segmentation:export"), {"form": "xlsx"})
    assert answer["Content-Disposition"] == 'attachment; filename="tier-changes-2026-09-30.xlsx"'
    book = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content)))
    head, *rows = book.get_sheet_by_index(0).to_python()
    by_code = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert by_code["ACME"]["Revenue"] == 9000.0
    assert by_code["BREW"]["Revenue"] == -12.34
    assert by_code["ACME"]["Complaints"] == 1.0
    assert by_code["@X"]["Account"] == '=HYPERLINK("http://x")'
