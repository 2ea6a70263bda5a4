"""Days reckoned inside a statement, alike on both databases."""

from __future__ import annotations

from typing import Any

from django.db.models import DateField, Func


class MonthsAfter(Func):
    """The same day so many months later, the last of the month where it has no such day: MonthsAfter(day, months)."""

    output_field = DateField()
    arity = 2
    arg_joiner = " + make_interval(months => "
    template = "CAST(%(expressions)s) AS date)"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # SQLite runs over into the next month, so the lesser of that and the month's last day is taken.
        (day, of_day), (months, of_months) = map(compiler.compile, self.source_expressions)
        month = f"date({day}, 'start of month', '+' || {months} || ' months'"
        same = f"{month}, '+' || (strftime('%%d', {day}) - 1) || ' days')"
        last = f"{month}, '+1 month', '-1 day')"
        return f"MIN({same}, {last})", [*of_day, *of_months, *of_day, *of_day, *of_months]


class DaysAfter(Func):
    """So many days later, or earlier where the whole number is negative: DaysAfter(day, number)."""

    output_field = DateField()
    arity = 2
    template = "(%(expressions)s)"
    arg_joiner = " + "

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        (day, of_day), (number, of_number) = map(compiler.compile, self.source_expressions)
        return f"date({day}, ({number}) || ' days')", [*of_day, *of_number]


class QuarterStart(Func):
    """The first day of a calendar quarter, given as `accounts.models.quarter_number` counts them."""

    output_field = DateField()
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        ((quarter, of_quarter),) = map(compiler.compile, self.source_expressions)
        return f"make_date(({quarter}) / 4, ({quarter}) %% 4 * 3 + 1, 1)", [*of_quarter, *of_quarter]

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        ((quarter, of_quarter),) = map(compiler.compile, self.source_expressions)
        return (
            f"printf('%%04d-%%02d-01', ({quarter}) / 4, ({quarter}) %% 4 * 3 + 1)",
            [*of_quarter, *of_quarter],
        )
