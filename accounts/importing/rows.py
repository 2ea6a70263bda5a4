"""From one row of any kind to the values of its fields. Pure, but for the language in which labels are compared."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _

from accounts.folding import fold
from accounts.importing.fields import FIELDS_OF, Columns, FieldSpec
from accounts.importing.habits import Habits
from accounts.importing.mending import check_phone, may_be_left_out, mend
from accounts.importing.reasons import BadValue
from accounts.importing.synonyms import COUNTRIES, LANGUAGES, NO, YES
from accounts.importing.values import (
    check_code,
    check_length,
    has_short_year,
    plain_code,
    read_currency,
    read_day,
    read_number,
    shown,
)
from accounts.models.importing import ImportKind


class RowReader:
    """Reads rows of one file: `read(values)` gives field -> value.

    Only fields that have a column are there; None where the cell is empty. code, text, email, website, currency,
    month_day and choice are str (influence is int), day is a date, number a Decimal (money in whole units, not cents),
    integer an int, yes_no a bool, tags a tuple of str.
    """

    def __init__(self, *, kind: ImportKind, columns: Columns, habits: Habits) -> None:
        self.kind, self.columns, self.habits = kind, columns, habits
        self.fields = [
            (spec, columns.places[spec.name]) for spec in FIELDS_OF[kind] if spec.name in columns.places
        ]

    def read(self, values: list[str], notes: list[str] | None = None) -> dict[str, Any]:
        """The row. Raises BadValue that names every field of it that cannot be read.

        notes: gets what to tell of fields whose text cannot be kept, and of which the row is taken without, or with a
        part of it (`mending`); None: such a row raises, too.
        """
        check_width(values, self.columns.width)
        row: dict[str, Any] = {}
        problems: list[str] = []
        for spec, place in self.fields:
            text = values[place].strip()
            row[spec.name] = None
            try:
                if text:
                    row[spec.name] = self._value(spec, text)
                elif spec.required:
                    raise BadValue(_("there is none, and every row needs one"))
            except BadValue as problem:
                if notes is None or not may_be_left_out(self.kind, spec):
                    problems.append(f"{spec.name}: {problem}")
                    continue
                row[spec.name], words = mend(spec, text, problem)
                notes.append(f"{spec.name}: {words}")
        if problems:
            raise BadValue("; ".join(problems))
        return row

    def _value(self, spec: FieldSpec, text: str) -> Any:
        if spec.type == "number":
            style = self.habits.number(spec.name)
            return _within(spec, text, read_number(text, style, whole=spec.whole, places=spec.places))
        if spec.type == "integer":
            style = self.habits.number(spec.name)
            try:
                return int(_within(spec, text, read_number(text, style, whole=9, places=0)))
            except BadValue as problem:
                raise BadValue(_("%(problem)s; a whole number is needed") % {"problem": problem}) from problem
        if spec.type == "day":
            if spec.full_year and has_short_year(text):
                raise BadValue(_("%(value)s: write the year with four digits") % {"value": shown(text)})
            return self.habits.read_day(spec.name, text)
        if spec.type == "code":
            code = plain_code(text, as_float=spec.name in self.columns.codes_as_floats)
            return check_code(code, longest=spec.longest)
        value = _READERS[spec.type](spec, text)
        return check_phone(value) if spec.name == "phone" else value


def check_width(values: list[str], width: int) -> None:
    """Raise BadValue where a row has fewer fields than the header, or more that are not empty."""
    if len(values) != width and (len(values) < width or any(values[width:])):
        raise BadValue(
            _("the row has %(count)s fields, the header %(width)s; is a delimiter missing or not quoted?")
            % {"count": len(values), "width": width}
        )


def _within(spec: FieldSpec, text: str, number: Any) -> Any:
    if spec.least is not None and number < spec.least:
        raise BadValue(_("%(value)s is less than %(least)s") % {"value": shown(text), "least": spec.least})
    if spec.most is not None and number > spec.most:
        raise BadValue(_("%(value)s is more than %(most)s") % {"value": shown(text), "most": spec.most})
    return number


def _text(spec: FieldSpec, text: str) -> str:
    """Text of one line has single spaces; text of any length keeps its lines."""
    return check_length(" ".join(text.split()), longest=spec.longest) if spec.longest else text


def _email(spec: FieldSpec, text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise BadValue(
            _("%(value)s is no e-mail address; write name@company.example") % {"value": shown(text)}
        ) from error
    return check_length(text, longest=spec.longest)


def _website(spec: FieldSpec, text: str) -> str:
    address = text if "://" in text else f"https://{text}"
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError as error:
        raise BadValue(
            _("%(value)s is no web address; write https://company.example") % {"value": shown(text)}
        ) from error
    return check_length(address, longest=spec.longest)


def _currency(spec: FieldSpec, text: str) -> str:
    return read_currency(text)


def _choice(spec: FieldSpec, text: str) -> Any:
    asked = fold(text)
    for value, label in spec.choices:
        if asked in (fold(str(value)), fold(str(label))):
            return value
    more = {"country": COUNTRIES, "language": LANGUAGES}.get(spec.name, {})
    if asked in more:
        return more[asked]
    raise BadValue(
        _("%(value)s is not among: %(choices)s")
        % {"value": shown(text), "choices": _listed([str(value) for value, _label in spec.choices])}
    )


def _listed(values: list[str]) -> str:
    return ", ".join(values[:_LISTED]) + (", …" if len(values) > _LISTED else "")


def _yes_no(spec: FieldSpec, text: str) -> bool:
    asked = fold(text)
    if asked in YES:
        return True
    if asked in NO:
        return False
    raise BadValue(_("%(value)s is neither yes nor no") % {"value": shown(text)})


_LISTED = 12  # choices named in an error; there are more countries than anybody reads
_MONTH_DAY = re.compile(r"(?:--)?(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY_MONTH = re.compile(r"(\d{1,2})\. ?(\d{1,2})\.?", re.ASCII)


def _month_day(spec: FieldSpec, text: str) -> str:
    if match := _MONTH_DAY.fullmatch(text):
        month, day = int(match[1]), int(match[2])
    elif match := _DAY_MONTH.fullmatch(text):
        day, month = int(match[1]), int(match[2])
    else:
        whole = read_day(text)
        day, month = whole.day, whole.month
    try:
        dt.date(2024, month, day)  # a leap year: a name day may be 29 February
    except ValueError as error:
        raise BadValue(_("%(value)s: there is no such day") % {"value": shown(text)}) from error
    return f"{month:02d}-{day:02d}"


def _tags(spec: FieldSpec, text: str) -> tuple[str, ...]:
    names = (" ".join(name.split()) for name in re.split(r"[,;|\n]", text))
    return tuple(dict.fromkeys(check_length(name, longest=spec.longest) for name in names if name))


_READERS: dict[str, Callable[[FieldSpec, str], Any]] = {
    "text": _text,
    "email": _email,
    "website": _website,
    "currency": _currency,
    "choice": _choice,
    "yes_no": _yes_no,
    "month_day": _month_day,
    "tags": _tags,
}
