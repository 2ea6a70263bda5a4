"""Rows of any kind become typed values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from accounts.importing.fields import FIELDS_OF, field_names, find_columns
from accounts.importing.habits import Habits
from accounts.importing.reasons import BadValue, ImportRefused
from accounts.importing.rows import RowReader
from accounts.importing.values import DayOrder, NumberStyle
from accounts.models import Account, ContactPerson, ImportKind, Product


def value(kind: ImportKind, field: str, text: str, habits: Habits | None = None) -> Any:
    """One field's value, in a row whose required fields are there."""
    header = [*(spec.name for spec in FIELDS_OF[kind] if spec.required and spec.name != field), field]
    columns = find_columns(kind=kind, header=header)
    reader = RowReader(kind=kind, columns=columns, habits=habits or Habits())
    return reader.read([*("x" for _name in header[1:]), text])[field]


@pytest.mark.parametrize(
    ("kind", "field", "text", "expected"),
    [
        (ImportKind.ACCOUNTS, "code", " 0017 ", "0017"),
        (ImportKind.ACCOUNTS, "name", "Bosko \n  Meble", "Bosko Meble"),
        (ImportKind.ACCOUNTS, "notes", "two\nlines", "two\nlines"),
        (ImportKind.ACCOUNTS, "country", "pl", "PL"),
        (ImportKind.ACCOUNTS, "country", "Węgry", "HU"),
        (ImportKind.ACCOUNTS, "country", "България", "BG"),
        (ImportKind.ACCOUNTS, "country", "United Kingdom", "GB"),
        (ImportKind.ACCOUNTS, "country", "Czechy", "CZ"),
        (ImportKind.ACCOUNTS, "country", "Japan", "JP"),
        (ImportKind.ACCOUNTS, "language", "magyar", "hu"),
        (ImportKind.ACCOUNTS, "strategy_goal", "Sell more", "sell_more"),
        (ImportKind.ACCOUNTS, "service_level", "PREMIUM", "premium"),
        (ImportKind.ACCOUNTS, "seasonal", "Tak", True),
        (ImportKind.ACCOUNTS, "seasonal", "не", False),
        (ImportKind.ACCOUNTS, "seasonal", "0", False),
        (ImportKind.ACCOUNTS, "seasonal", "", None),
        (ImportKind.ACCOUNTS, "potential", "12 500,50 zł", Decimal("12500.50")),
        (ImportKind.ACCOUNTS, "expected_orders_per_year", "12,0", 12),
        (ImportKind.ACCOUNTS, "website", "bosko.example", "https://bosko.example"),
        (ImportKind.ACCOUNTS, "website", "http://bosko.example/a", "http://bosko.example/a"),
        (ImportKind.ACCOUNTS, "tags", "fair 2026; VIP,,fair  2026", ("fair 2026", "VIP")),
        (ImportKind.PERSONS, "influence", "3", 3),
        (ImportKind.PERSONS, "influence", "Some influence", 2),
        (ImportKind.PERSONS, "buying_role", "Decision maker", "decides"),
        (ImportKind.PERSONS, "preferred_channel", "phone", "phone"),
        (ImportKind.PERSONS, "birthday", "02.03.1980", dt.date(1980, 3, 2)),
        (ImportKind.PERSONS, "name_day", "26.07.", "07-26"),
        (ImportKind.PERSONS, "name_day", "07-26", "07-26"),
        (ImportKind.PERSONS, "name_day", "29.2", "02-29"),
        (ImportKind.PERSONS, "name_day", "2026-07-26", "07-26"),
        (ImportKind.PERSONS, "email", "anna@bosko.example", "anna@bosko.example"),
        (ImportKind.PRODUCTS, "service_life_months", "60", 60),
    ],
)
def test_texts_become_values(kind: ImportKind, field: str, text: str, expected: Any) -> None:
    assert value(kind, field, text) == expected


def test_the_habits_of_the_file_count() -> None:
    habits = Habits(
        numbers={"potential": NumberStyle.COMMA}, days={"left_on": DayOrder.MONTH_FIRST}, serial_days=True
    )
    assert value(ImportKind.ACCOUNTS, "potential", "1.234", habits) == 1234
    assert value(ImportKind.PERSONS, "left_on", "01/02/2026", habits) == dt.date(2026, 1, 2)
    assert value(ImportKind.PERSONS, "left_on", "46032", habits) == dt.date(2026, 1, 10)
    with pytest.raises(BadValue, match="is no date"):
        value(ImportKind.PERSONS, "left_on", "46032")


def test_all_problems_of_a_row_are_named() -> None:
    columns = find_columns(kind=ImportKind.PRODUCTS, header=["code", "complexity", "service_life_months"])
    reader = RowReader(kind=ImportKind.PRODUCTS, columns=columns, habits=Habits())
    with pytest.raises(
        BadValue, match=r"code: there is none.*; complexity: “x” is no number.*; service_life_months"
    ):
        reader.read(["", "x", "-1"])
    with pytest.raises(BadValue, match="the row has 2 fields, the header 3"):
        reader.read(["P", "1"])
    assert reader.read(["P", "", "", ""]) == {"code": "P", "complexity": None, "service_life_months": None}


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (ImportKind.ACCOUNTS, "code, name"),
        (ImportKind.PERSONS, "account, name"),
        (ImportKind.PRODUCTS, "code"),
        (ImportKind.PURCHASES, "account, number, ordered, amount"),
    ],
)
def test_what_each_kind_needs(kind: ImportKind, missing: str) -> None:
    with pytest.raises(ImportRefused, match=rf"Line 4 has no column for {missing}\. Its columns: a, b\."):
        find_columns(kind=kind, header=["a", "b"], header_line=4)


@pytest.mark.parametrize(
    ("kind", "model", "others"),
    [
        (ImportKind.ACCOUNTS, Account, {"potential": "potential_cents"}),
        (ImportKind.PERSONS, ContactPerson, {}),
        (ImportKind.PRODUCTS, Product, {}),
    ],
)
def test_fields_fit_their_model(kind: ImportKind, model: Any, others: dict[str, str]) -> None:
    specs = {spec.name: spec for spec in FIELDS_OF[kind]}
    assert tuple(specs) == field_names(kind)
    for name, spec in specs.items():
        field = model._meta.get_field(others.get(name, name))
        if spec.type in ("text", "code", "email", "website") and not field.is_relation and field.max_length:
            assert spec.longest == field.max_length, name
        if spec.type == "choice":
            assert [choice for choice, _label in spec.choices] == [
                choice for choice, _label in field.flatchoices
            ]
