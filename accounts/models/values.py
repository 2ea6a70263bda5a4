"""Values that several models of this app and of those above share."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from crm.team.models import Country


class CodePointCharField(models.CharField):
    """Text that both databases order by Unicode code point, as SPEC's orders by account code ask.

    SQLite does so by itself (BINARY); PostgreSQL needs the collation "C".
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


class Tier(models.TextChoices):
    """How much service time an account has earned; None on an account without a tier."""

    A = "A", "A"
    B = "B", "B"
    C = "C", "C"


class Channel(models.TextChoices):
    """How a contact is made."""

    VISIT = "visit", _("Visit")
    VIDEO = "video", _("Video")
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    LETTER = "letter", _("Letter")
    EVENT = "event", _("Event")
    MATERIAL = "material", _("Material")
    BROADCAST = "broadcast", _("Broadcast")


def country_choices() -> list[tuple[str, str]]:
    """(ISO 3166 code, name) of every country that a customer may be in; those where we work come first."""
    ours = [(str(code), str(name)) for code, name in Country.choices]
    known = set(Country.values)
    return ours + [(code, name) for code, name in countries if code not in known]


def country_name(code: str) -> str:
    """The name of a country; the code itself, or nothing, where it is none."""
    return str(Country(code).label) if code in Country.values else countries.name(code) or code


def spread_number(code: str) -> int:
    """A stable number in 0 .. 2**31 - 1 from the account code (SHA-256), the same on every machine."""
    return int.from_bytes(hashlib.sha256(code.encode()).digest()[:4], "big") >> 1


def quarter_number(day: dt.date) -> int:
    """Calendar quarters in one running count: year * 4 + 0..3, so that distinct quarters can be counted."""
    return day.year * 4 + (day.month - 1) // 3
