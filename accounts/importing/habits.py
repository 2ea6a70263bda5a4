"""How one file writes its numbers and days: what no single value tells, the whole column may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeVar

from accounts.importing.fields import FIELDS_OF, Columns
from accounts.importing.recognising import ReadingOptions
from accounts.importing.values import DayOrder, NumberStyle, day_order_of, style_of
from accounts.models.importing import ImportKind

Habit = TypeVar("Habit", NumberStyle, DayOrder)


@dataclass(frozen=True)
class Habits:
    """What the fields of a file have in common with each other, and each with itself. Found by a HabitFinder."""

    numbers: Mapping[str, NumberStyle] = field(default_factory=dict)
    """Field -> style; what its own column leaves open, the other columns decide."""
    days: Mapping[str, DayOrder] = field(default_factory=dict)
    """Field -> order, likewise."""

    def number(self, name: str) -> NumberStyle:
        """The style of a field's numbers."""
        return self.numbers.get(name, NumberStyle.UNKNOWN)

    def day(self, name: str) -> DayOrder:
        """The order of a field's days; UNKNOWN is read as day first."""
        return self.days.get(name, DayOrder.UNKNOWN)

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


class HabitFinder:
    """Looks at every row of a file once, before its values are read."""

    def __init__(self, *, kind: ImportKind, columns: Columns, options: ReadingOptions | None = None) -> None:
        self.options = options or ReadingOptions()
        types = {spec.name: spec.type for spec in FIELDS_OF[kind]}
        numbers = [name for name in columns.places if types[name] in ("number", "integer")]
        days = [name for name in columns.places if types[name] == "day"]
        self.numbers = dict.fromkeys(numbers, NumberStyle.UNKNOWN)
        self.days = dict.fromkeys(days, DayOrder.UNKNOWN)
        # What was asked need not be looked for.
        self._numbers_at = [] if self.options.decimal else [(columns.places[name], name) for name in numbers]
        self._days_at = [] if self.options.dates else [(columns.places[name], name) for name in days]
        self.saw_open_day = False
        """A day stood there that may be read either way round."""

    def note(self, values: list[str]) -> None:
        """Look at the fields of one row; it may be shorter than the header."""
        width = len(values)
        for place, name in self._numbers_at:
            if place < width:
                value = values[place]
                # Most numbers say nothing, or what the first ones said already.
                if "," in value or ("." in value and self.numbers[name] is not NumberStyle.POINT):
                    self.numbers[name] = self.numbers[name].joined(style_of(value.strip()))
        for place, name in self._days_at:
            if place < width and (value := values[place]) and value[4:5] not in ("-", "/", "."):
                order = day_order_of(value.strip())
                if order is not None:
                    self.saw_open_day = self.saw_open_day or order is DayOrder.UNKNOWN
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
        return Habits(numbers=numbers, days=days)


def _joined(habits: Iterable[Habit], unknown: Habit) -> Habit:
    return reduce(lambda one, other: one.joined(other), habits, unknown)


def _settled(habits: Mapping[str, Habit], unknown: Habit) -> dict[str, Habit]:
    """Each column as it says itself, or else as the others say."""
    common = _joined(habits.values(), unknown)
    return {name: common if habit is unknown else habit for name, habit in habits.items()}
