"""Many rows given other values at once (crm.jobs.bulk.rewrite)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from complaints.models import Complaint
from crm.jobs import bulk
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory

DUE = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)
COLUMNS = ("due_at", "resolution_used", "batch")


@pytest.fixture
def three(cast: Cast) -> list[Complaint]:
    return ComplaintFactory.create_batch(3, account=cast.acme, due_at=DUE, batch="old", step=False)


def stored() -> list[tuple]:
    return list(Complaint.objects.order_by("pk").values_list(*COLUMNS))


def test_a_thousand_with_each_statement(three: list[Complaint], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_REWRITTEN", 2)
    later = DUE + dt.timedelta(minutes=1)
    given = [(later, 5, "it's 100 %"), (None, 6, ""), (None, 7, "new")]
    with CaptureQueriesContext(connection) as asked:
        rows = ((one.pk, *values) for one, values in zip(three, given, strict=True))
        assert bulk.rewrite(Complaint, COLUMNS, rows) == 3
    assert len(asked) == 2 and stored() == given


def test_nothing_but_empty_values(three: list[Complaint]) -> None:
    assert bulk.rewrite(Complaint, COLUMNS, [(one.pk, None, 0, "") for one in three]) == 3
    assert stored() == [(None, 0, "")] * 3
    assert bulk.rewrite(Complaint, COLUMNS, []) == 0


def test_what_changed_meanwhile_is_left_alone(three: list[Complaint]) -> None:
    Complaint.objects.filter(pk=three[1].pk).update(state="waiting")
    rows = [(one.pk, "new", None, 1, "x") for one in three]
    assert bulk.rewrite(Complaint, COLUMNS, rows, only_where=("state",)) == 2
    assert stored() == [(None, 1, "x"), (DUE, 0, "old"), (None, 1, "x")]
