"""How one file writes its numbers and days: what no single value tells, the whole column may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeVar

from accounts.importing.fields import FIELDS_OF, Columns
from accounts.importing.recognising import ReadingOptions, Recognised
from accounts.importing.values import (
    DayOrder,
    NumberStyle,
    day_of_serial,
    day_order_of,
    may_be_either,
    read_day,
    style_of,
)
from accounts.models.importing import ImportKind

Habit = TypeVar("Habit", NumberStyle, DayOrder)


@dataclass(frozen=True)
class Habits:
    """What the fields of a file have in common with each other, and each with itself. Found by a HabitFinder."""

    numbers: Mapping[str, NumberStyle] = field(default_factory=dict)
    """Field -> style; what its own column leaves open, the other columns decide."""
    days: Mapping[str, DayOrder] = field(default_factory=dict)
    """Field -> order, likewise."""

    serial_days: bool = False
    """A bare number may be a day, as workbooks count them."""
    dates_assumed: bool = False
    """A day stood there that may be read either way round, and no other told which."""
    number_assumed: str = ""
    """The first number such as 1.250, where no other told what its point is; "" for none."""

    def number(self, name: str) -> NumberStyle:
        """The style of a field's numbers."""
        return self.numbers.get(name, NumberStyle.UNKNOWN)

    def day(self, name: str) -> DayOrder:
        """The order of a field's days; UNKNOWN is read as day first."""
        return self.days.get(name, DayOrder.UNKNOWN)

    def read_day(self, name: str, text: str) -> dt.date:
        """A day as this field's column writes it. Raises BadValue."""
        if self.serial_days and (day := day_of_serial(text)):
            return day
        return read_day(text, self.day(name))

    @property
    def decimal(self) -> str:
        """For Recognised.decimal: point, comma, mixed or empty."""
        style = _joined(self.numbers.values(), NumberStyle.UNKNOWN)
        return "" if style is NumberStyle.UNKNOWN else style.value

    @property
    def dates(self) -> str:
        """For Recognised.dates: dmy, mdy, ymd, mixed or empty."""
        order = _joined(self.days.values(), DayOrder.UNKNOWN)
        return "" if order is DayOrder.UNKNOWN else order.value

    def say(self, recognised: Recognised) -> None:
        """Note it with what else was recognised of the file."""
        recognised.decimal, recognised.dates = self.decimal, self.dates
        recognised.dates_assumed = self.dates_assumed
        recognised.number_assumed = self.number_assumed


class HabitFinder:
    """Looks at every row of a file once, before its values are read."""

    def __init__(
        self,
        *,
        kind: ImportKind,
        columns: Columns,
        options: ReadingOptions | None = None,
        recognised: Recognised | None = None,
    ) -> None:
        """`recognised`, that of the table, says whether it is a workbook, and is told what was found."""
        self.options = options or ReadingOptions()
        self.recognised = recognised or Recognised()
        types = {spec.name: spec.type for spec in FIELDS_OF[kind]}
        numbers = [name for name in columns.places if types[name] in ("number", "integer")]
        days = [name for name in columns.places if types[name] == "day"]
        self.numbers = dict.fromkeys(numbers, NumberStyle.UNKNOWN)
        self.days = dict.fromkeys(days, DayOrder.UNKNOWN)
        # What was asked need not be looked for.
        self._numbers_at = [] if self.options.decimal else [(columns.places[name], name) for name in numbers]
        self._days_at = [] if self.options.dates else [(columns.places[name], name) for name in days]
        self._saw_open_day = False
        self._open_numbers: dict[str, str] = {}

    def note(self, values: list[str]) -> None:
        """Look at the fields of one row; it may be shorter than the header."""
        width = len(values)
        for place, name in self._numbers_at:
            if place < width:
                value = values[place]
                # Most numbers say nothing, or what the first ones said already.
                if "," in value or ("." in value and self.numbers[name] is not NumberStyle.POINT):
                    style = style_of(value.strip())
                    self.numbers[name] = self.numbers[name].joined(style)
                    if style is NumberStyle.UNKNOWN and may_be_either(value.strip()):
                        self._open_numbers.setdefault(name, value.strip())
        for place, name in self._days_at:
            if place < width and (value := values[place]) and value[4:5] not in ("-", "/", "."):
                order = day_order_of(value.strip())
                if order is not None:
                    self._saw_open_day = self._saw_open_day or order is DayOrder.UNKNOWN
                    self.days[name] = self.days[name].joined(order)

    def found(self) -> Habits:
        """What all rows together say."""
        if self.options.decimal:
            numbers = dict.fromkeys(self.numbers, NumberStyle(self.options.decimal))
        else:
            numbers = _settled(self.numbers, NumberStyle.UNKNOWN)
        if self.options.dates:
            days = dict.fromkeys(self.days, DayOrder(self.options.dates))
        else:
            days = _settled(self.days, DayOrder.UNKNOWN)
        habits = Habits(
            numbers=numbers,
            days=days,
            serial_days=self.recognised.format == "xlsx",
            dates_assumed=self._saw_open_day and DayOrder.UNKNOWN in days.values(),
            number_assumed=self._open_number(numbers),
        )
        habits.say(self.recognised)
        return habits

    def _open_number(self, settled: Mapping[str, NumberStyle]) -> str:
        """A number that may be either of two; in a workbook there is none, a number is a number there."""
        if self.recognised.format == "xlsx":
            return ""
        open_ones = (
            value for name, value in self._open_numbers.items() if settled[name] is NumberStyle.UNKNOWN
        )
        return next(open_ones, "")


def habits_of_rows(rows: Iterable[list[str]], options: ReadingOptions) -> Habits:
    """What rows say of which nobody knows yet which column holds what: texts that look like numbers and days."""
    numbers: dict[str, NumberStyle] = {}
    days: dict[str, DayOrder] = {}
    saw_open_day = False
    open_number = ""
    for row in rows:
        for place, cell in enumerate(row):
            text = cell.strip()
            if not text or len(text) > 40 or text.isalpha():
                continue
            name = str(place)
            if (order := day_order_of(text)) is not None:
                saw_open_day = saw_open_day or order is DayOrder.UNKNOWN
                days[name] = days.get(name, DayOrder.UNKNOWN).joined(order)
            elif (style := style_of(text)) is NumberStyle.UNKNOWN:
                open_number = open_number or (text if may_be_either(text) else "")
            else:
                numbers[name] = numbers.get(name, NumberStyle.UNKNOWN).joined(style)
    if options.decimal:
        numbers = {"": NumberStyle(options.decimal)}
    if options.dates:
        days = {"": DayOrder(options.dates)}
    undecided = all(order is DayOrder.UNKNOWN for order in days.values())
    return Habits(
        numbers=numbers,
        days=days,
        dates_assumed=saw_open_day and undecided,
        number_assumed="" if numbers else open_number,
    )


def _joined(habits: Iterable[Habit], unknown: Habit) -> Habit:
    return reduce(lambda one, other: one.joined(other), habits, unknown)


def _settled(habits: Mapping[str, Habit], unknown: Habit) -> dict[str, Habit]:
    """Each column as it says itself, or else as the others say."""
    common = _joined(habits.values(), unknown)
    return {name: common if habit is unknown else habit for name, habit in habits.items()}
