"""Texts become values, or a word about why not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.importing.reasons import BadValue
from accounts.importing.values import (
    DayOrder,
    NumberStyle,
    cents_of,
    day_of_serial,
    day_order_of,
    plain_code,
    read_day,
    read_number,
    style_of,
)

POINT, COMMA, UNKNOWN, MIXED = NumberStyle.POINT, NumberStyle.COMMA, NumberStyle.UNKNOWN, NumberStyle.MIXED


def number(text: str, style: NumberStyle = UNKNOWN) -> Decimal:
    return read_number(text, style, whole=14, places=6)


@pytest.mark.parametrize("style", list(NumberStyle))
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("-12", "-12"),
        ("+12", "12"),
        ("−12,5", "-12.5"),
        ("12.5", "12.5"),
        ("12,5", "12.5"),
        (".5", "0.5"),
        ("0,125", "0.125"),
        ("0.125", "0.125"),
        ("1234,567", "1234.567"),
        ("1234.567", "1234.567"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1 234,56", "1234.56"),
        ("1 234.56", "1234.56"),
        ("1\u00a0234\u00a0567", "1234567"),
        ("1\u202f234,5", "1234.5"),
        ("1'234.50", "1234.50"),
        ("12.50000000000", "12.5"),
        ("5-", "-5"),
        ("1.234,50-", "-1234.5"),
        ("(5)", "-5"),
        ("(1,234.50)", "-1234.5"),
        ("( 1 234,50 zł )", "-1234.5"),
        ("– 5", "-5"),
        ("€ 5", "5"),
        ("€5.50", "5.5"),
        ("-€5.50", "-5.5"),
        ("€ -5.50", "-5.5"),
        ("$1,234.50", "1234.5"),
        ("1 234,50 zł", "1234.5"),
        ("1\u00a0234,50\u00a0PLN", "1234.5"),
        ("PLN 12,50", "12.5"),
        ("12 345,60 лв.", "12345.6"),
        ("-12,50лв", "-12.5"),
        ("1 234 Ft", "1234"),
        ("1.234.567 Ft", "1234567"),
        ("5,00 EUR-", "-5"),
        ("12,-", "12"),
        ("12,– €", "12"),
        ("1.234.567,-- EUR", "1234567"),
        ("12.—", "12"),
    ],
)
def test_numbers_that_can_mean_only_one_thing(text: str, value: str, style: NumberStyle) -> None:
    assert number(text, style) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [("1.234", "1.234", "1234"), ("1,234", "1234", "1.234"), ("-1.234", "-1.234", "-1234")],
)
def test_what_may_be_two_numbers_is_decided_by_the_file(text: str, point: str, comma: str) -> None:
    assert number(text, POINT) == Decimal(point)
    assert number(text, COMMA) == Decimal(comma)
    with pytest.raises(BadValue, match=r"either of two numbers; write -?1234 or -?1\.2340"):
        number(text, MIXED)


def test_where_the_file_says_nothing_a_point_is_decimal_and_a_comma_is_not_guessed() -> None:
    assert number("1.234") == Decimal("1.234")
    with pytest.raises(BadValue, match="“1,234” may be either"):
        number("1,234")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1e5",
        "NaN",
        "Infinity",
        "1_000",
        "1 2",
        "12 34,5",
        "1,23,4",
        "1.2.3",
        "1,234,56",
        "--1",
        "--",
        "-5-",
        "-(5)",
        "(-5)",
        "5 apples",
        "5 zł zł",
        "10%",
        "€",
        "12,-5",
        "()",
        "zł -",
        "٣",
        ".",
        ",",
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(BadValue, match=r"is no number; write 1234\.50"):
        number(text)


def test_too_many_digits() -> None:
    assert number("9" * 14) == Decimal("9" * 14)
    with pytest.raises(BadValue, match="more than 14 digits before"):
        number("9" * 15)
    with pytest.raises(BadValue, match="more than 6 decimal places"):
        number("1.2345678")
    with pytest.raises(BadValue, match=r"“9{40}…” has (more than 14|too many) digits"):
        number("9" * 5000)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("5", UNKNOWN),
        ("1.234", UNKNOWN),
        ("1,234", UNKNOWN),
        ("x,5", UNKNOWN),
        ("1.5", POINT),
        ("1,5", COMMA),
        ("1,234.5", POINT),
        ("1.234,5", COMMA),
        ("1,234,567", POINT),
        ("0,123", COMMA),
    ],
)
def test_what_a_number_says_about_its_file(text: str, style: NumberStyle) -> None:
    assert style_of(text) is style


def test_styles_join() -> None:
    assert UNKNOWN.joined(POINT) is POINT.joined(UNKNOWN) is POINT.joined(POINT) is POINT
    assert POINT.joined(COMMA) is COMMA.joined(POINT) is MIXED.joined(COMMA) is POINT.joined(MIXED) is MIXED


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4), st.booleans())
def test_numbers_written_out_with_thousands_are_read_back(value: Decimal, comma: bool) -> None:
    text = f"{value:,f}"
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    assert number(text, COMMA if comma else POINT) == value
    assert number(text.replace("." if comma else ",", " ")) == value


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-28",
        "2026-2-28",
        "2026/02/28",
        "2026.02.28",
        "2026.02.28.",
        "2026. 02. 28.",
        "28.02.2026",
        "28.2.2026",
        "28.02.2026.",
        "2026-02-28 08:26",
        "2026-02-28 08:26:00",
        "2026-02-28T08:26:00.123Z",
        "2026-02-28T08:26:00+01:00",
        "28.02.2026 8:26",
        "28.02.2026 г.",
        "28.2.2026г.",
        "28.02.26",
        "28/02/2026",
        "28-02-2026",
        "28/2/26",
        "28/02/2026 8:26:00 AM",
        "20260228",
    ],
)
def test_days(text: str) -> None:
    assert read_day(text) == dt.date(2026, 2, 28)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-02-31", "no such day"),
        ("31.02.2026", "no such day"),
        ("2026-13-01", "no such day"),
        ("45292", "is no date; write 2026-02-28"),
        ("2026-02-28x", "is no date"),
        ("0026-02-28", "between 1900 and 2199"),
        ("٢٠٢٦-02-28", "is no date"),
    ],
)
def test_what_is_no_day(text: str, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        read_day(text)


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("01/02/2026", DayOrder.UNKNOWN, "2026-02-01"),
        ("01/02/2026", DayOrder.DAY_FIRST, "2026-02-01"),
        ("01/02/2026", DayOrder.MONTH_FIRST, "2026-01-02"),
        ("1-2-26", DayOrder.MONTH_FIRST, "2026-01-02"),
        ("26.02.01", DayOrder.YEAR_FIRST, "2026-02-01"),
        ("26/02/01", DayOrder.YEAR_FIRST, "2026-02-01"),
        ("01.02.2026", DayOrder.MONTH_FIRST, "2026-02-01"),
        ("2026-01-02", DayOrder.MONTH_FIRST, "2026-01-02"),
        ("25/12/2026", DayOrder.MIXED, "2026-12-25"),
        ("12/25/2026", DayOrder.MIXED, "2026-12-25"),
        ("05/05/2026", DayOrder.MIXED, "2026-05-05"),
        ("31/12/69", DayOrder.UNKNOWN, "2069-12-31"),
        ("31/12/70", DayOrder.UNKNOWN, "1970-12-31"),
    ],
)
def test_the_column_says_which_number_is_the_day(text: str, order: DayOrder, day: str) -> None:
    assert read_day(text, order).isoformat() == day


def test_where_the_column_contradicts_itself_a_date_that_may_be_two_is_refused() -> None:
    with pytest.raises(BadValue, match="“01/02/2026”: day and month cannot be told apart; write 2026-02-28"):
        read_day("01/02/2026", DayOrder.MIXED)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("13/02/2026", DayOrder.DAY_FIRST),
        ("02/13/2026", DayOrder.MONTH_FIRST),
        ("02-13-26", DayOrder.MONTH_FIRST),
        ("99/12/31", DayOrder.YEAR_FIRST),
        ("01/02/2026", DayOrder.UNKNOWN),
        ("01.02.26", DayOrder.DAY_FIRST),
        ("01.02.2026", None),
        ("2026-02-01", None),
        ("soon", None),
    ],
)
def test_what_a_date_says_about_its_column(text: str, order: DayOrder | None) -> None:
    assert day_order_of(text) is order


def test_orders_join() -> None:
    assert DayOrder.UNKNOWN.joined(DayOrder.MONTH_FIRST) is DayOrder.MONTH_FIRST
    assert DayOrder.MONTH_FIRST.joined(DayOrder.UNKNOWN) is DayOrder.MONTH_FIRST
    assert DayOrder.MONTH_FIRST.joined(DayOrder.DAY_FIRST) is DayOrder.MIXED


def test_days_that_a_workbook_counts() -> None:
    assert day_of_serial("46081") == dt.date(2026, 2, 28)
    assert [day_of_serial(text) for text in ("4608", "46081.5", "99999", "-4608", "x")] == [None] * 5


def test_codes_written_as_floats() -> None:
    assert plain_code(" 17850.0 ", as_float=True) == "17850"
    assert plain_code("00017.00", as_float=True) == "00017"
    assert plain_code("85123A", as_float=True) == "85123A"
    assert plain_code("17850.5", as_float=True) == "17850.5"
    assert plain_code("17850.0", as_float=False) == "17850.0"


def test_cents_are_rounded_half_away_from_zero_after_conversion() -> None:
    assert cents_of(Decimal("0.005"), Decimal(1)) == 1
    assert cents_of(Decimal("-0.005"), Decimal(1)) == -1
    assert cents_of(Decimal("0.02"), Decimal("0.25")) == 1  # 0.5 cents
    assert cents_of(Decimal("0.0049999999"), Decimal(1)) == 0
    with pytest.raises(BadValue, match="must stay below 100,000,000,000"):
        cents_of(Decimal(10) ** 11, Decimal(1))
