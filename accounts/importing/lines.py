"""From one row to one line of a purchase."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from django.utils.translation import gettext as _

from accounts.importing.fields import Columns
from accounts.importing.habits import Habits
from accounts.importing.reading import Table
from accounts.importing.reasons import BadValue
from accounts.importing.rows import check_width
from accounts.importing.values import (
    EXACT,
    check_code,
    check_length,
    plain_code,
    read_currency,
    read_day,
    read_number,
)

LONGEST_CODE = 64
LONGEST_DESCRIPTION = 300

DAYS = ("ordered", "promised", "delivered", "due", "paid")
Days = tuple[dt.date | None, ...]
"""One day for each of DAYS."""

# Field -> digits before, and decimal places after the separator that can be kept.
_DIGITS = {"amount": (14, 6), "quantity": (12, 4), "unit_price": (14, 6)}
NUMBERS = tuple(_DIGITS)

T = TypeVar("T")


@dataclass(slots=True)
class Line:
    """One row that could be read. `amount` is exact; currency is the base currency where the row names none."""

    days: Days
    currency: str
    amount: Decimal
    product: str
    description: str
    quantity: Decimal | None
    unit_price: Decimal | None
    owner: str

    @property
    def ordered(self) -> dt.date:
        """The day it was ordered, which every line has."""
        day = self.days[0]
        assert day is not None
        return day


class LineReader:
    """Reads rows of one file; knows where its fields stand and how it writes numbers and days."""

    def __init__(self, *, table: Table, columns: Columns, habits: Habits, base_currency: str) -> None:
        self.table, self.habits, self.base_currency = table, habits, base_currency
        self.places = dict(columns.places)
        self.width = columns.width
        self.product_is_float = "product" in columns.codes_as_floats
        # Rows are many: what the file does not have is not asked for in each of them.
        self.day_fields = [(at, name) for at, name in enumerate(DAYS) if name in self.places]

    def read(self, text: str) -> Line:
        """The line. Raises BadValue that names every field of it that cannot be read."""
        values = self.table.fields(text)
        check_width(values, self.width)
        problems: list[str] = []
        days: list[dt.date | None] = [None] * len(DAYS)
        for at, name in self.day_fields:
            days[at] = self._day(values, name, problems)
        if not values[self.places["ordered"]].strip():
            problems.append(_("ordered: there is no date; write 2026-02-28 or 28.02.2026"))
        quantity, unit_price = (
            self._number(values, "quantity", problems),
            self._number(values, "unit_price", problems),
        )
        line = Line(
            days=tuple(days),
            currency=self._read(values, "currency", read_currency, problems) or self.base_currency,
            amount=self._amount(values, quantity, unit_price, problems),
            product=self._read(values, "product", self._product, problems) or "",
            description=self._read(values, "description", _description, problems) or "",
            quantity=quantity,
            unit_price=unit_price,
            owner=self._read(values, "owner", str, problems) or "",
        )
        if problems:
            raise BadValue("; ".join(problems))
        return line

    def _read(
        self, values: list[str], name: str, reader: Callable[[str], T], problems: list[str]
    ) -> T | None:
        """The value of a field; None where it is empty, or cannot be read, which is noted among the problems."""
        place = self.places.get(name)
        if place is None or not (text := values[place].strip()):
            return None
        try:
            return reader(text)
        except BadValue as problem:
            problems.append(f"{name}: {problem}")
            return None

    def _day(self, values: list[str], name: str, problems: list[str]) -> dt.date | None:
        if not (text := values[self.places[name]].strip()):
            return None
        try:
            return read_day(text, self.habits.day(name))
        except BadValue as problem:
            problems.append(f"{name}: {problem}")
            return None

    def _number(self, values: list[str], name: str, problems: list[str]) -> Decimal | None:
        place = self.places.get(name)
        if place is None or not (text := values[place].strip()):
            return None
        whole, decimals = _DIGITS[name]
        try:
            return read_number(text, self.habits.number(name), whole=whole, places=decimals)
        except BadValue as problem:
            problems.append(f"{name}: {problem}")
            return None

    def _amount(
        self, values: list[str], quantity: Decimal | None, unit_price: Decimal | None, problems: list[str]
    ) -> Decimal:
        """The amount as the row gives it; else quantity times unit price."""
        before = len(problems)
        amount = self._number(values, "amount", problems)
        if amount is not None:
            return amount
        if quantity is not None and unit_price is not None:
            return EXACT.multiply(quantity, unit_price)
        named = [name for name in ("quantity", "unit_price") if name in self.places]
        if len(problems) == before and (
            len(named) < 2 or not all(values[self.places[name]].strip() for name in named)
        ):
            problems.append(_("amount: there is none, nor both quantity and unit_price"))
        return Decimal(0)

    def _product(self, text: str) -> str:
        return check_code(plain_code(text, as_float=self.product_is_float), longest=LONGEST_CODE)


def _description(text: str) -> str:
    return check_length(text, longest=LONGEST_DESCRIPTION)


def check_key(account: str, number: str) -> str:
    """What is wrong with the account code or the number of a purchase; empty if nothing."""
    problems = []
    for name, code in (("account", account), ("number", number)):
        try:
            check_code(code, longest=LONGEST_CODE)
        except BadValue as problem:
            problems.append(f"{name}: {problem}")
    return "; ".join(problems)
