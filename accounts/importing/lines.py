"""From one row to one line of a purchase. Rows are many: what a text means is reckoned once and remembered."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.importing.fields import Columns
from accounts.importing.habits import Habits
from accounts.importing.reasons import BadValue
from accounts.importing.rows import check_width
from accounts.importing.values import (
    check_code,
    check_length,
    plain_code,
    read_currency,
    read_number,
)

LONGEST_CODE = 64
LONGEST_DESCRIPTION = 300

DAYS = ("ordered", "promised", "delivered", "due", "paid")
Days = tuple[str | None, ...]
"""One day for each of DAYS, as ISO writes it: years have four digits, so that the order of texts is that of days."""

PLACES = 10
"""Amounts are reckoned in whole 10^-10 units: quantities have 4 places, unit prices 6."""
_KEPT_PLACES = 6

# Field -> digits before, and decimal places after the separator that can be kept.
_DIGITS = {"amount": (14, 6), "quantity": (12, 4), "unit_price": (14, 6)}

# (days, currency, amount in 10^-10, product, description, quantity, unit price, amount as kept, owner); numbers as
# texts of SQL. A plain tuple: an object for each of some million lines costs more than all its reading.
Line = tuple[Days, str, int, str, str, str | None, str | None, str, str]

_MANY = 60_000  # texts remembered for one field
_SIMPLE = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,2})?")


class _Known(dict[str, Any]):
    """Text of a field -> its value; asks `read` for those it does not know yet. What raises is not kept."""

    def __init__(self, read: Callable[[str], Any], empty: Any) -> None:
        super().__init__()
        self.read, self.empty = read, empty

    def __missing__(self, text: str) -> Any:
        stripped = text.strip()
        value = self.read(stripped) if stripped else self.empty
        if len(self) >= _MANY:
            self.clear()
        self[text] = value
        return value


class LineReader:
    """Reads rows of one file; knows where its fields stand and how it writes numbers and days."""

    def __init__(self, *, columns: Columns, habits: Habits, base_currency: str) -> None:
        self.width = columns.width
        self.columns, self.habits, self.base_currency = columns, habits, base_currency
        product_is_float = "product" in columns.codes_as_floats

        def product(text: str) -> str:
            return check_code(plain_code(text, as_float=product_is_float), longest=LONGEST_CODE)

        def description(text: str) -> str:
            return check_length(text, longest=LONGEST_DESCRIPTION)

        self.known: dict[str, _Known] = {
            **{name: _Known(self._day_of(name), None) for name in DAYS},
            "currency": _Known(read_currency, base_currency),
            "product": _Known(product, ""),
            "description": _Known(description, ""),
            **{name: _Known(self._number_of(name), (None, None)) for name in _DIGITS},
            "owner": _Known(str, ""),
        }
        # A field without a column reads the empty text that is put behind every row.
        self.at = {name: columns.places.get(name, -1) for name in self.known}
        self._lookups = tuple((self.known[name], self.at[name]) for name in self.known)

    def read(self, values: list[str]) -> Line:
        """The line. Raises BadValue that names every field of it that cannot be read."""
        if len(values) != self.width:
            check_width(values, self.width)
            del values[self.width :]
        values.append("")
        try:
            (
                ordered,
                promised,
                delivered,
                due,
                paid,
                currency,
                product,
                description,
                (amount, amount_text),
                (quantity, quantity_text),
                (unit_price, price_text),
                owner,
            ) = [known[values[place]] for known, place in self._lookups]
        except BadValue:
            raise BadValue(self._problems(values)) from None
        if ordered is None:
            raise BadValue(self._problems(values))
        if amount is None:
            if quantity is None or unit_price is None:
                raise BadValue(self._problems(values))
            amount = quantity * unit_price
            amount_text = kept(amount)
        else:
            amount *= 10_000
        days = (ordered, promised, delivered, due, paid)
        return days, currency, amount, product, description, quantity_text, price_text, amount_text, owner

    def _problems(self, values: list[str]) -> str:
        """What is wrong with the row, all of it."""
        problems: list[str] = []
        found: dict[str, Any] = {}
        for name in (
            *DAYS,
            "quantity",
            "unit_price",
            "currency",
            "amount",
            "product",
            "description",
            "owner",
        ):
            try:
                found[name] = self.known[name][values[self.at[name]]]
            except BadValue as problem:
                problems.append(f"{name}: {problem}")
            if name == DAYS[-1] and found.get("ordered", "") is None:
                problems.append(_("ordered: there is no date; write 2026-02-28 or 28.02.2026"))
        if found.get("amount") == (None, None) and (
            found.get("quantity") == (None, None) or found.get("unit_price") == (None, None)
        ):
            problems.append(_("amount: there is none, nor both quantity and unit_price"))
        return "; ".join(problems)

    def _day_of(self, name: str) -> Callable[[str], str]:
        return lambda text: self.habits.read_day(name, text).isoformat()

    def _number_of(self, name: str) -> Callable[[str], tuple[int, str]]:
        """A number as a whole of its smallest unit, and as SQL writes it."""
        whole, places = _DIGITS[name]
        style = self.habits.number(name)

        def read(text: str) -> tuple[int, str]:
            if _SIMPLE.fullmatch(text):  # means the same in every style
                before, _point, after = text.partition(".")
                return int(before + after) * 10 ** (places - len(after)), text
            number: Decimal = read_number(text, style, whole=whole, places=places)
            return int(number.scaleb(places)), format(number, "f")

        return read


def kept(amount: int) -> str:
    """An amount in 10^-10 as the database keeps it, with six places, halves to even; the purchase is summed before."""
    units, rest = divmod(amount, 10 ** (PLACES - _KEPT_PLACES))
    if rest > 5000 or (rest == 5000 and units & 1):
        units += 1
    sign = "-" if units < 0 else ""
    whole, decimals = divmod(abs(units), 10**_KEPT_PLACES)
    return f"{sign}{whole}.{decimals:06d}"


def check_key(account: str, number: str) -> str:
    """What is wrong with the account code or the number of a purchase; empty if nothing."""
    if (
        len(account) <= LONGEST_CODE
        and len(number) <= LONGEST_CODE
        and account.isprintable()
        and number.isprintable()
    ):
        return ""
    problems = []
    for name, code in (("account", account), ("number", number)):
        try:
            check_code(code, longest=LONGEST_CODE)
        except BadValue as problem:
            problems.append(f"{name}: {problem}")
    return "; ".join(problems)
