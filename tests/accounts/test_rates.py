"""Exchange rates: read from lines, saved all or none, corrected with history, by page and by command."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import ExchangeRate, Import
from accounts.rates import Given, RatesRefused, Saved, currencies, history_of, read_lines, save_rates
from tests.support.cast import Cast

DAY = dt.date(2026, 9, 30)


def rate(currency: str = "PLN", value: str = "0.2345", day: dt.date = DAY) -> Given:
    return Given(currency, day, Decimal(value))


# Reading ------------------------------------------------------------------------------------------------------------
def test_lines_with_point_comma_tab_and_header() -> None:
    text = (
        "\ufeffcurrency;day;rate\r\npln;2026-09-30;0,2345\n\nUSD\t01.10.2026\t0.90\nHUF;2026-09-30;0.0025;\n"
    )
    assert read_lines(text) == [
        rate(),
        rate("USD", "0.90", dt.date(2026, 10, 1)),
        rate("HUF", "0.0025"),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("PLN;2026-09-30", "2 columns"),
        ("ZLOTY;2026-09-30;1", "currency"),
        ("EUR;2026-09-30;1", "base currency"),
        ("PLN;2026-02-31;1", "day"),
        ("PLN;soon;1", "day"),
        ("PLN;2026-09-30;0", "above 0"),
        ("PLN;2026-09-30;-1", "rate"),
        ("PLN;2026-09-30;1,000.5", "rate"),
        ("PLN;2026-09-30;0.123456789", "rate"),
        ("PLN;2026-09-30;NaN", "rate"),
        ("USD;2026-09-30;0.95", "another rate"),
    ],
)
def test_a_bad_line_is_named(line: str, says: str) -> None:
    with pytest.raises(RatesRefused) as refused:
        read_lines(f"USD;2026-09-30;0.9\n{line}\n")
    (problem,) = refused.value.problems
    assert problem.startswith("Line 2: ")
    assert says in problem


def test_many_bad_lines_are_counted_and_none_is_no_file() -> None:
    with pytest.raises(RatesRefused) as refused:
        read_lines("x\n" * 50)
    assert refused.value.problems[-1] == "And 30 more lines."
    with pytest.raises(RatesRefused, match="no rate in it"):
        read_lines("currency;day;rate\n")


# Saving -------------------------------------------------------------------------------------------------------------
def test_new_corrected_and_as_they_were_with_who_did_it(cast: Cast) -> None:
    assert save_rates(rates=[rate(), rate("USD", "0.9")], actor=cast.ada) == Saved(2, 0, 0)
    assert save_rates(rates=[rate(value="0.24"), rate("USD", "0.90")], actor=None) == Saved(0, 1, 1)
    assert ExchangeRate.objects.get(currency="PLN").rate == Decimal("0.24")
    found = [(h.history_type, h.rate, h.history_user) for h in history_of("PLN")]
    assert found == [("~", Decimal("0.24"), None), ("+", Decimal("0.2345"), cast.ada)]
    assert history_of("USD").count() == 1


def test_the_latest_of_each_currency_and_whether_it_is_too_old(db: None) -> None:
    late = DAY + dt.timedelta(days=5)
    save_rates(rates=[rate(), rate(day=late, value="0.24"), rate("HUF")], actor=None)
    found = [(one.code, one.latest.day, one.stale) for one in currencies(today=DAY + dt.timedelta(days=11))]
    assert found == [("HUF", DAY, True), ("PLN", late, False)]


# The page -----------------------------------------------------------------------------------------------------------
@pytest.fixture
def ada(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_entering_correcting_removing_and_taking_it_back(ada: Client, cast: Cast) -> None:
    url = reverse("rates:list")
    assert "No rates yet" in text(ada.get(url))
    found = text(ada.post(url, {"currency": "pln", "day": "2026-09-30", "rate": "0,2345"}, follow=True))
    assert "0.23450000" in found
    assert "Ada Example" in found
    ada.post(url, {"currency": "PLN", "day": "2026-09-30", "rate": "0.25"})
    row = ExchangeRate.objects.get()
    assert row.rate == Decimal("0.25")
    response = ada.post(reverse("rates:remove", args=[row.pk]), follow=True)
    assert not ExchangeRate.objects.exists()
    assert history_of("PLN").first().history_user == cast.ada
    undo = reverse("rates:put_back", args=["PLN", "2026-09-30", "0.25000000"])
    assert undo in text(response)
    ada.post(undo)
    assert ExchangeRate.objects.get().rate == Decimal("0.25")
    assert "it stays" in text(ada.post(undo, follow=True))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"currency": "EUR"}, "base currency"),
        ({"rate": "much"}, "is no rate"),
        ({"day": "2026-02-31"}, "valid date"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(ada: Client, values: dict[str, str], says: str) -> None:
    given = {"currency": "PLN", "day": "2026-09-30", "rate": "1", **values}
    response = ada.post(reverse("rates:list"), given)
    assert response.status_code == 422
    assert says in text(response)
    assert not ExchangeRate.objects.exists()


def test_lines_are_saved_all_or_none(ada: Client) -> None:
    url = reverse("rates:lines")
    response = ada.post(url, {"lines": "PLN;2026-09-30;0,23\nPLN;2026-09-31;0,23"})
    assert response.status_code == 422
    assert "Line 2: day" in text(response)
    assert not ExchangeRate.objects.exists()
    assert "1 new" in text(ada.post(url, {"lines": "PLN;2026-09-30;0,23"}, follow=True))
    file = SimpleUploadedFile("rates.csv", b"PLN;2026-09-30;0,24\nUSD;2026-09-30;0.9\n")
    assert "1 new, 1 corrected" in text(ada.post(url, {"file": file}, follow=True))
    odd = SimpleUploadedFile("rates.csv", "PŁN".encode("cp1250"))
    assert "UTF-8" in text(ada.post(url, {"file": odd}))


def test_rows_rejected_for_want_of_a_rate_are_told(ada: Client, time_machine: Any) -> None:
    now = dt.datetime(2026, 10, 13, 9, tzinfo=dt.UTC)
    time_machine.move_to(now)
    for days, rows in ((1, 7), (60, 100)):
        at = now - dt.timedelta(days=days)
        Import.objects.create(
            kind="purchases",
            file_name="x.csv",
            sha256="",
            rows_rejected=rows,
            summary={"rejected_by_reason": {"no_rate": rows}},
            started_at=at,
            finished_at=at,
        )
    found = text(ada.get(reverse("rates:list")))
    assert "7 rows were rejected in the last 30 days" in found


# The command --------------------------------------------------------------------------------------------------------
def test_the_command_takes_a_file_or_nothing(db: None, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("PLN;2026-09-30;0,23\n")
    call_command("import_rates", str(file), "--json")
    assert json.loads(capsys.readouterr().out) == {"new": 1, "changed": 0, "unchanged": 0}
    file.write_text("USD;2026-09-30;0,9\nnonsense\n")
    with pytest.raises(CommandError, match="Line 2"):
        call_command("import_rates", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_rates", str(tmp_path / "none.csv"))
    assert ExchangeRate.objects.count() == 1


@pytest.mark.parametrize(("rate", "far"), [("4,25", True), ("0.1", True), ("0.25", False), ("0.4", False)])
def test_a_rate_far_from_the_one_before_is_asked_about(ada: Client, rate: str, far: bool) -> None:
    ada.post(reverse("rates:list"), {"currency": "PLN", "day": "2026-09-01", "rate": "0.23"})
    answer = ada.post(
        reverse("rates:list"), {"currency": "PLN", "day": "2026-10-01", "rate": rate}, follow=True
    )
    assert ("It was 0.23 on 2026-09-01: is it upside down?" in text(answer)) is far


def test_a_currency_keeps_its_capital_letters_in_a_message(ada: Client) -> None:
    answer = ada.post(reverse("rates:list"), {"currency": "EUR", "day": "2026-10-01", "rate": "1"})
    assert "EUR is the base currency" in text(answer)
