"""From the text of one field to its value. Pure functions; what cannot be read raises BadValue."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import Enum
from functools import lru_cache

from django.utils.translation import gettext as _

from accounts.importing.reasons import BadValue

# Wide enough that no product or sum of admissible numbers is ever rounded.
EXACT = Context(prec=120)
LARGEST_CENTS = 10**13
"""One purchase is smaller than this: sums over all accounts times 10,000 must stay within 64 bits."""

_SHOWN = 40  # characters of a bad value that a message repeats


def shown(text: str) -> str:
    """A value as messages quote it: shortened, with line ends visible."""
    quoted = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "“" + quoted.replace("\r", "␍").replace("\n", "␊") + "”"


# Codes and texts ----------------------------------------------------------------------------------------------------
_FLOAT_CODE = re.compile(r"([0-9]+)\.0+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CURRENCY = re.compile(r"[A-Z]{3}")


def plain_code(text: str, *, as_float: bool) -> str:
    """A code without the spaces around it; where the source writes codes as floats, `17850.0` is `17850`."""
    code = text.strip()
    if as_float and (match := _FLOAT_CODE.fullmatch(code)):
        return match[1]
    return code


def check_code(code: str, *, longest: int) -> str:
    """The code itself. Raises BadValue where it is too long or holds tabs, line ends or the like."""
    if _CONTROL.search(code):
        raise BadValue(_("%(value)s holds a line end or another control character") % {"value": shown(code)})
    return check_length(code, longest=longest)


def check_length(text: str, *, longest: int) -> str:
    """The text itself. Raises BadValue where it has more than `longest` characters."""
    if len(text) > longest:
        raise BadValue(
            _("%(value)s has %(count)s characters; at most %(longest)s can be kept")
            % {"value": shown(text), "count": len(text), "longest": longest}
        )
    return text


def read_currency(text: str) -> str:
    """An ISO 4217 code in capital letters. Raises BadValue."""
    currency = text.upper()
    if not _CURRENCY.fullmatch(currency):
        raise BadValue(_("%(value)s is no currency code; write EUR or the like") % {"value": shown(text)})
    return currency


# Days ---------------------------------------------------------------------------------------------------------------
class DayOrder(Enum):
    """In which order dates like 01/02/2026 name day, month and year; UNKNOWN is read as day first."""

    UNKNOWN = "unknown"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    YEAR_FIRST = "ymd"
    MIXED = "mixed"

    def joined(self, other: DayOrder) -> DayOrder:
        """What both say together."""
        if other is DayOrder.UNKNOWN or self is other:
            return self
        return other if self is DayOrder.UNKNOWN else DayOrder.MIXED


# Points are written by those who put the day first (Polish, Bulgarian, German habit). 01/02/2026 and 01-02-2026 mean
# two different days in two countries: the column tells which. The time of day is read over: purchases have days.
_TIME = r"(?: ?г\.?)?(?:[ T]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?)?"
_YEAR_FIRST = re.compile(r"(\d{4})([-/.]) ?(\d{1,2})\2 ?(\d{1,2})\.?" + _TIME, re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.]) ?(\d{1,2})\2 ?(\d{4}|\d{2})\.?" + _TIME, re.ASCII)
_COMPACT = re.compile(r"((?:19|20|21)\d\d)(\d\d)(\d\d)", re.ASCII)


@lru_cache(maxsize=65536)
def day_order_of(text: str) -> DayOrder | None:
    """What one date says about the order of its column: UNKNOWN where it fits several, None where it needs none.

    13/02/2026 is day first, 02/13/2026 month first, 99/12/31 year first; 2026-02-28 and 28.02.2026 need no order.
    """
    match = _YEAR_LAST.fullmatch(text)
    if not match:
        return None
    first, second, short = int(match[1]), int(match[3]), len(match[4]) == 2
    if first > 31:
        return DayOrder.YEAR_FIRST
    if match[2] == ".":
        return DayOrder.DAY_FIRST if short else None
    if first > 12:
        return DayOrder.DAY_FIRST
    return DayOrder.MONTH_FIRST if second > 12 else DayOrder.UNKNOWN


def has_short_year(text: str) -> bool:
    """Whether a date has a year of two digits."""
    match = _YEAR_LAST.fullmatch(text)
    return match is not None and len(match[4]) == 2


@lru_cache(maxsize=65536)
def read_day(text: str, order: DayOrder = DayOrder.UNKNOWN) -> dt.date:
    """A date as ISO writes it (2026-02-28), with points or slashes, 20260228, or 28.02.2026; a time is dropped.

    `order` is what the whole column says, and decides what 01/02/2026 is; where it says nothing, the day comes first.
    Years of two digits are those from 1970 to 2069. Raises BadValue where it is none, where the column contradicts
    itself and the date may be two, or before 1900 or after 2199.
    """
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
    elif match := _YEAR_LAST.fullmatch(text):
        year, month, day = _ordered(text, match, order)
    elif match := _COMPACT.fullmatch(text):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    else:
        raise BadValue(_("%(value)s is no date; write 2026-02-28 or 28.02.2026") % {"value": shown(text)})
    if not 1900 <= year <= 2199:
        raise BadValue(_("%(value)s: the year must lie between 1900 and 2199") % {"value": shown(text)})
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise BadValue(_("%(value)s: there is no such day") % {"value": shown(text)}) from error


def day_of_serial(text: str) -> dt.date | None:
    """The day that a workbook counts as this number (1 March 1900 is 61); None where it is none from 1955 to 2119.

    Such a cell lost the format that made it a date. Workbooks that count from 1904 are not told apart.
    """
    if len(text) == 5 and text.isascii() and text.isdigit() and 20_000 <= int(text) <= 80_000:
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(text))
    return None


def _ordered(text: str, match: re.Match[str], order: DayOrder) -> tuple[int, int, int]:
    """Year, month and day of a date whose year, if it has four digits, stands last."""
    first, second, third = int(match[1]), int(match[3]), int(match[4])
    if order is DayOrder.YEAR_FIRST and len(match[4]) == 2:
        return _century(first), second, third
    year = third if len(match[4]) == 4 else _century(third)
    if match[2] == ".":
        return year, second, first
    if order is DayOrder.MIXED:
        if first <= 12 and second <= 12 and first != second:
            raise BadValue(
                _("%(value)s: day and month cannot be told apart; write 2026-02-28 or 28.02.2026")
                % {"value": shown(text)}
            )
        order = DayOrder.MONTH_FIRST if second > 12 else DayOrder.DAY_FIRST
    return (year, first, second) if order is DayOrder.MONTH_FIRST else (year, second, first)


def _century(year: int) -> int:
    return year + (2000 if year < 70 else 1900)


# Numbers ------------------------------------------------------------------------------------------------------------
class NumberStyle(Enum):
    """What the numbers of a file say about its decimal separator."""

    UNKNOWN = "unknown"
    POINT = "point"
    COMMA = "comma"
    MIXED = "mixed"

    def joined(self, other: NumberStyle) -> NumberStyle:
        """What both say together."""
        if other is NumberStyle.UNKNOWN or self is other:
            return self
        return other if self is NumberStyle.UNKNOWN else NumberStyle.MIXED


_SIMPLE = re.compile(r"-?[0-9]+(?:\.[0-9]{1,2})?")
_SPACES = (
    " \u00a0\u202f\u2009'’"  # plain, hard, narrow hard and thin spaces, apostrophes: used between thousands
)
_GROUPED = re.compile(rf"[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+(?=[.,]|$)")
_DIGITS = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"([0-9]*)([.,])([0-9]+)")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*(?:(?!\1)[.,][0-9]+)?")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")


# Before or behind a number; a code of three capital letters may be any currency.
_MONEY = r"(?:zł|ZŁ|zl|лв\.?|ЛВ\.?|Ft\.?|FT|Kč|Eur|euro|[€$£¥₴]|[A-Z]{3})"
_WITH_MONEY = re.compile(rf"([-+]?)\s*(?:{_MONEY}\s*)?([-+]?[0-9.,][^A-Za-z]*?)\s*(?:{_MONEY})?\s*([-+]?)")
_NO_CENTS = re.compile(r"(?<=[0-9])[.,]\s?--?$")  # 12,- and 12.--, for 12.00
_DASHES = str.maketrans("−–—‒", "----")


def _unsigned(text: str) -> tuple[str, str]:
    """The sign (`-` or empty) and the digits, without currency and spaces between thousands. Raises BadValue.

    Negative is -5, 5- and (5), the minus before or behind the currency.
    """
    number, sign = text.translate(_DASHES), ""
    if number[:1] == "(" and number[-1:] == ")":
        number, sign = number[1:-1].strip(), "-"
    if not (number[:1].isdigit() and number[-1:].isdigit()):
        match = _WITH_MONEY.fullmatch(number)
        if match:
            signs = [match[1], match[3]]
            number = match[2]
            if number[:1] in ("-", "+"):
                signs.append(number[0])
                number = number[1:].lstrip()
            if match[3] == "-" and number[-1:] in (".", ","):  # 12,- is no negative number
                number, signs = number[:-1], signs[:1] + signs[2:]
            number = _NO_CENTS.sub("", number)
            signs = [one for one in (sign, *signs) if one]
            sign = signs[0].replace("+", "") if len(signs) == 1 else ""
            if len(signs) > 1:
                number = ""
    if match := _GROUPED.match(number):
        number = re.sub(rf"[{_SPACES}]", "", match.group()) + number[match.end() :]
    if not (_DIGITS.fullmatch(number) or _DECIMAL.fullmatch(number) or _THOUSANDS.fullmatch(number)):
        raise BadValue(_("%(value)s is no number; write 1234.50") % {"value": shown(text)})
    return sign, number


@lru_cache(maxsize=4096)
def style_of(text: str) -> NumberStyle:
    """What one number says about the decimal separator of its file; UNKNOWN where it fits both or is no number.

    12.5 and 1,234.56 and 1,234,567 have a decimal point, 12,5 and 1.234,56 a decimal comma; 1234, 1.234 and 1,234
    say nothing.
    """
    try:
        _sign, number = _unsigned(text)
    except BadValue:
        return NumberStyle.UNKNOWN
    separators = [letter for letter in number if letter in ".,"]
    if not separators or _AMBIGUOUS.fullmatch(number):
        return NumberStyle.UNKNOWN
    decimal = separators[-1]
    if len(separators) > 1 and separators[0] == separators[-1]:  # 1,234,567: only thousands are written twice
        decimal = "." if decimal == "," else ","
    return NumberStyle.POINT if decimal == "." else NumberStyle.COMMA


def may_be_either(text: str) -> bool:
    """Whether the point of a number, 1.250, may part decimals or thousands. A comma is refused where nothing tells."""
    return "." in text and _AMBIGUOUS.fullmatch(text.lstrip("+-")) is not None


@lru_cache(maxsize=65536)
def read_number(text: str, style: NumberStyle, *, whole: int, places: int) -> Decimal:
    """A number, exactly. `style` is what the whole file says, and decides what 1.234 and 1,234 are.

    Where the file says nothing, a point is the decimal point, and 1,234 is rejected, because it may be either.
    Raises BadValue also where there are more than `whole` digits before or `places` digits after the separator.
    """
    if _SIMPLE.fullmatch(text):
        value = Decimal(text)
    else:
        value = _read_separated(text, style)
    if value and value.adjusted() >= whole:
        raise BadValue(
            _("%(value)s has more than %(count)s digits before the decimal separator")
            % {"value": shown(text), "count": whole}
        )
    kept = value.quantize(Decimal(1).scaleb(-places), context=EXACT)
    if kept != value:
        raise BadValue(
            _("%(value)s has more than %(count)s decimal places") % {"value": shown(text), "count": places}
        )
    return value


def _read_separated(text: str, style: NumberStyle) -> Decimal:
    if len(text) > 60:
        raise BadValue(_("%(value)s has too many digits") % {"value": shown(text)})
    sign, number = _unsigned(text)
    own = style_of(text)
    if own is NumberStyle.UNKNOWN and not number.isdigit():
        own = style
        if style is NumberStyle.UNKNOWN and "." in number:
            own = NumberStyle.POINT
    if own is NumberStyle.COMMA:
        number = number.replace(".", "").replace(",", ".")
    elif own is NumberStyle.POINT:
        number = number.replace(",", "")
    elif not number.isdigit():
        raise BadValue(
            _("%(value)s may be either of two numbers; write %(large)s or %(small)s")
            % {
                "value": shown(text),
                "large": sign + re.sub("[.,]", "", number),
                "small": sign + number.replace(",", ".") + "0",
            }
        )
    return Decimal(sign + number)


def cents_of(amount: Decimal, rate: Decimal) -> int:
    """An amount at a rate, in whole cents of the base currency, halves away from zero (docs/domain.md, 4.1).

    Raises BadValue where it is too large to be summed up.
    """
    converted = EXACT.multiply(amount, rate)
    cents = int(EXACT.scaleb(converted, 2).to_integral_value(rounding=ROUND_HALF_UP))
    if abs(cents) >= LARGEST_CENTS:
        raise BadValue(
            _("the purchase sums up to %(amount)s; it must stay below %(limit)s in the base currency")
            % {"amount": f"{amount:,f}", "limit": f"{LARGEST_CENTS // 100:,}"}
        )
    return cents
