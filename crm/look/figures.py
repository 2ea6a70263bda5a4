"""Numbers, money, durations and days as people of the page's language write them."""

from __future__ import annotations

import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.numberformat import format as format_digits
from django.utils.translation import get_language, gettext, pgettext

MINUS = "\u2212"
NO_BREAK = "\u00a0"
NOTHING = "–"
SIGNS = {
    "EUR": "€",
    "PLN": "zł",
    "HUF": "Ft",
    "BGN": "лв.",
    "GBP": "£",
    "USD": "$",
    "CZK": "Kč",
    "RON": "lei",
}

Number = int | float | Decimal


def rounded(value: Number, decimals: int = 0) -> Decimal:
    """`value` with so many decimals, halves away from zero (floats are read as they print)."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(_step(decimals), rounding=ROUND_HALF_UP)


@lru_cache(maxsize=16)
def _step(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def number(value: Number, decimals: int = 0) -> str:
    """`value` grouped for the locale with a true minus sign; what rounds to zero has no sign."""
    return _grouped(rounded(value, decimals), decimals)


def _grouped(figure: Decimal, decimals: int) -> str:
    """A rounded figure in the letters of the page's language."""
    separator, grouping, between = _letters(get_language())
    if grouping == 3:  # as nearly everywhere, and Python does it ten times as fast
        text = f"{abs(figure):,.{decimals}f}".translate({ord(","): between, ord("."): separator})
    else:
        text = format_digits(
            abs(figure),
            separator,
            decimals,
            grouping=grouping,
            thousand_sep=between,
            force_grouping=True,
            use_l10n=True,
        )
    return MINUS + text if figure < 0 else text


@lru_cache(maxsize=64)  # a page writes a hundred figures, and a format is looked up in three modules
def _letters(_language: str | None) -> tuple[str, Any, str]:
    """The decimal separator, how many digits form a group, and what stands between groups."""
    return (
        get_format("DECIMAL_SEPARATOR"),
        get_format("NUMBER_GROUPING") or 3,
        get_format("THOUSAND_SEPARATOR") or NO_BREAK,
    )


def money(cents: int | None) -> str:
    """Integer cents as whole units of the base currency, without its sign. None gives an en dash."""
    return NOTHING if cents is None else number(Decimal(cents) / 100)


def money_exact(cents: int | None) -> str:
    """Integer cents as units with two decimals, without the currency's sign. None gives an en dash."""
    return NOTHING if cents is None else number(Decimal(cents) / 100, 2)


def percent(fraction: Number | None, decimals: int = 0) -> str:
    """A fraction (0.125) as a percentage ("13 %"). None gives an en dash."""
    return NOTHING if fraction is None else _percentage(_hundredths(fraction, decimals), decimals)


def signed_percent(fraction: Number | None, decimals: int = 0) -> str:
    """A change as a fraction, with its sign: "+4 %", "−38 %", "0 %". None gives an en dash."""
    if fraction is None:
        return NOTHING
    figure = _hundredths(fraction, decimals)
    text = _percentage(figure, decimals)
    return "+" + text if figure > 0 else text


def _hundredths(fraction: Number, decimals: int) -> Decimal:
    exact = fraction if isinstance(fraction, Decimal) else Decimal(str(fraction))
    return rounded(exact * 100, decimals)


def _percentage(figure: Decimal, decimals: int) -> str:
    # Translators: a percentage; \u00a0 before the sign where the language wants a space
    return pgettext("percentage", "%(number)s\u00a0%%") % {"number": _grouped(figure, decimals)}


def duration(minutes: int | None) -> str:
    """Minutes as "45 min", "2 h" or "2 h 40". None gives an en dash."""
    if minutes is None:
        return NOTHING
    sign, minutes = (MINUS if minutes < 0 else ""), abs(int(minutes))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return sign + gettext("%(minutes)d min") % {"minutes": rest}
    if not rest:
        return sign + gettext("%(hours)s h") % {"hours": number(hours)}
    return sign + gettext("%(hours)s h %(minutes)02d") % {"hours": number(hours), "minutes": rest}


def local_date(value: datetime.date | datetime.datetime) -> datetime.date:
    """The date of `value` in the current time zone."""
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


def day(value: datetime.date | datetime.datetime, today: datetime.date) -> str:
    """ "Tue 13 Oct", with the year where it is not the year of `today`."""
    value = local_date(value)
    return _day(value, value.year == local_date(today).year, get_language())


@lru_cache(maxsize=4096)  # a page names dozens of days, and most are named on every page
def _day(value: datetime.date, this_year: bool, _language: str | None) -> str:
    if this_year:
        # Translators: weekday, day, month in the letters of Django's date filter
        return date_format(value, pgettext("date format", "D j M"), use_l10n=False)
    # Translators: weekday, day, month, year in the letters of Django's date filter
    return date_format(value, pgettext("date format", "D j M Y"), use_l10n=False)


def month(value: datetime.date, *, short: bool = True) -> str:
    """ "Oct 26", or "Oct 2026" where `short` is false."""
    return _month(value, short, get_language())


@lru_cache(maxsize=1024)
def _month(value: datetime.date, short: bool, _language: str | None) -> str:
    # Translators: month and year in the letters of Django's date filter
    pattern = pgettext("date format", "M y") if short else pgettext("date format", "M Y")
    return date_format(value, pattern, use_l10n=False)


def month_name(value: datetime.date) -> str:
    """ "Oct", for a table whose columns say the year."""
    return _month_name(value, get_language())


@lru_cache(maxsize=1024)
def _month_name(value: datetime.date, _language: str | None) -> str:
    return date_format(value, pgettext("date format", "M"), use_l10n=False)


def initials(name: object) -> str:
    """First letters of the first and the last word of a name, or of what `get_full_name()` or `str()` gives."""
    full = name.get_full_name() if hasattr(name, "get_full_name") else ""
    words = [word.strip("\"'„”“().") for word in (full or str(name)).split()]
    words = [word for word in words if word]
    ends = words if len(words) < 2 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()


def currency() -> str:
    """The sign of the base currency; a code without a known sign stands for itself."""
    code = getattr(settings, "BASE_CURRENCY", "EUR")
    return SIGNS.get(code, code)
