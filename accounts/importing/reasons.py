"""Why a file is refused as a whole, and why a row is rejected."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportRefused(Exception):
    """The file cannot be taken. The text says where, why and what would help; nothing was written."""


class BadValue(ValueError):
    """The text of one field cannot be read. The text says why and what would be right."""


class Reason(models.TextChoices):
    """Why a row was rejected, in short; the reject file says it with the values."""

    NO_ACCOUNT = "no_account", _("no account code")
    NO_NUMBER = "no_number", _("no purchase number")
    BAD_LINE = "bad_line", _("a value that cannot be read")
    SAME_PURCHASE = "same_purchase", _("another line of the purchase was rejected")
    UNKNOWN_ACCOUNT = "unknown_account", _("unknown account")
    TWO_CURRENCIES = "two_currencies", _("two currencies in one purchase")
    NO_RATE = "no_rate", _("no exchange rate for the day")
    TOO_LARGE = "too_large", _("an amount with too many digits")
    TWICE = "twice", _("stands in the file already")
    UNKNOWN_PARENT = "unknown_parent", _("unknown parent account")
