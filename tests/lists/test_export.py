"""Export of what is shown: the same rows, order and columns as on the page, typed, and nothing a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from accounts.models import Account
from crm.lists import exporting
from crm.lists.columns import Kind
from tests.support.cast import Cast

As = Callable[[str], Client]
CSV, XLSX = "/lists/accounts.csv", "/lists/accounts.xlsx"
FORMULAS = ["=1+1", "+48 600", "-2", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x";"y")']


def body(answer: Any) -> bytes:
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)


def lines(answer: Any) -> list[list[str]]:
    text = body(answer).decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def sheet(answer: Any) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(body(answer))).get_sheet_by_index(0).to_python()


@pytest.fixture
def figures(cast: Cast) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(
        tier="A", sales_12m_cents=123_456, potential_cents=1_000_000, last_purchase_on=dt.date(2026, 10, 1)
    )
    Account.objects.filter(pk=cast.brewery.pk).update(sales_12m_cents=-50)


def test_csv_has_the_rows_order_and_columns_of_the_page(as_user: As, figures: None) -> None:
    answer = as_user("mona").get(CSV, {"columns": "name,sales,bought,wallet,tier", "sort": "-sales"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="accounts-2026-10-13.csv"'
    assert lines(answer) == [
        ["Account", "Revenue, 12 months (EUR)", "Last purchase", "Share of wallet", "Tier"],
        ["Zakłady Acme S.A.", "1234.56", "2026-10-01", "0.1235", "A"],
        ["Sierota Sp. z o.o.", "0.00", "", "", ""],
        ["Browar Zamkowy", "-0.50", "", "", ""],
    ]


def test_xlsx_cells_have_their_types(as_user: As, figures: None) -> None:
    rows = sheet(as_user("mona").get(XLSX, {"columns": "name,sales,bought,wallet,orders", "tier": "A"}))
    assert rows == [
        ["Account", "Revenue, 12 months (EUR)", "Last purchase", "Share of wallet", "Orders, 12 months"],
        ["Zakłady Acme S.A.", 1234.56, dt.date(2026, 10, 1), 0.123456, 0.0],
    ]


@pytest.mark.parametrize("name", FORMULAS)
def test_nothing_is_a_formula(as_user: As, cast: Cast, name: str) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(name=name, city="https://example.com")
    client = as_user("rita")
    asked = {"columns": "name,city"}
    assert lines(client.get(CSV, asked))[1] == [f"'{name}", "https://example.com"]
    answer = body(client.get(XLSX, asked))
    cell = CalamineWorkbook.from_filelike(io.BytesIO(answer)).get_sheet_by_index(0).to_python()[1][0]
    assert cell.replace("_x000D_", "\r").strip() == name.strip()
    assert b"<f>" not in unzipped(answer)
    assert b"hyperlink" not in unzipped(answer)


def unzipped(answer: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(answer)) as book:
        return book.read("xl/worksheets/sheet1.xml")


def test_only_what_one_sees_is_exported(as_user: As, cast: Cast) -> None:
    for form in (CSV, XLSX):
        content = body(as_user("rita").get(form, {"q": "a"}))
        assert b"Browar" not in content
    assert [row[1] for row in lines(as_user("rita").get(CSV))] == ["Account", "Zakłady Acme S.A."]
    assert len(lines(as_user("carl").get(CSV, {"owner": str(cast.rita.pk)}))) == 2  # not his to filter by


def test_a_list_that_is_too_long_is_sent_back_with_a_word(
    as_user: As, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST", {"csv": 2, "xlsx": 2})
    client = as_user("ada")
    for form in (CSV, XLSX):
        answer = client.get(form, {"sort": "-sales"})
        assert answer["Location"] == "/accounts/?sort=-sales"
        assert "A file takes 2 rows" in client.get(answer["Location"]).content.decode()
    assert len(lines(client.get(CSV, {"q": "browar"}))) == 2


@pytest.mark.parametrize("path", ["/lists/accounts.pdf", "/lists/nothing.csv", "/lists/accounts/"])
def test_what_there_is_not(as_user: As, path: str) -> None:
    assert as_user("ada").get(path).status_code == 404


def test_a_long_list_takes_no_more_memory_and_statements_than_a_short_one(
    as_user: As, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 100)
    rows = [
        Account(code=f"N{n:05d}", name=f"Firma {n}", owner=cast.rita, tier="ABC"[n > 300])
        for n in range(2700)
    ]
    for row in rows:
        row.derive()
    Account.objects.bulk_create(rows)
    del rows
    client = as_user("rita")

    def cost(**asked: str) -> tuple[int, int]:
        tracemalloc.start()
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(CSV, asked)
            number = sum(piece.count(b"\r\n") for piece in answer.streaming_content)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert number > 300
        return most, len(queries)

    cost(tier="A")
    short, long = cost(tier="A"), cost()
    assert long[0] < 1.5 * short[0], (short, long)
    assert long[1] == short[1]


@pytest.mark.parametrize(
    ("kind", "worth", "text"),
    [
        (Kind.MONEY, -5, "-0.05"),
        (Kind.MONEY, 100_000_000_001, "1000000000.01"),
        (Kind.DAY, dt.date(2026, 1, 2), "2026-01-02"),
        (Kind.NUMBER, -3, "-3"),
        (Kind.YES, True, "yes"),
        (Kind.YES, False, ""),
        (Kind.TEXT, None, ""),
    ],
)
def test_cells_of_a_csv(kind: Kind, worth: Any, text: str) -> None:
    assert exporting.plain(kind, worth) == text
