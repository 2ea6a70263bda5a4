"""How pages of accounts write what they show; money, days and figures come from `{% load look %}`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django import template
from django.utils.formats import date_format
from django.utils.translation import pgettext

from crm.look import figures

register = template.Library()


@register.filter
def dialled(phone: str) -> str:
    """A phone number for a `tel:` link: its digits, and the plus if it begins with one."""
    number = "".join(letter for letter in phone if letter.isdecimal())
    return f"+{number}" if phone.strip().startswith("+") else number


@register.filter
def plain(quantity: Decimal | None) -> str:
    """A quantity with as many decimals as it has: 2, 0.5, 12.125; an en dash for None."""
    if quantity is None:
        return figures.NOTHING
    exact = quantity.normalize()
    return figures.number(exact, max(0, -int(exact.as_tuple().exponent)))


@register.filter
def month_and_day(text: str) -> str:
    """A name day (`03-19`) as "19 March"; what is none stays as it is."""
    try:
        day = dt.date.fromisoformat(f"2024-{text}")
    except ValueError:
        return text
    # Translators: day and month in the letters of Django's date filter
    return date_format(day, pgettext("date format", "j F"), use_l10n=False)
