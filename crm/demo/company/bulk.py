"""Writing many rows at once."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

_BATCH = 2000
_Row = TypeVar("_Row", bound=models.Model)


def bulk(rows: Iterable[_Row]) -> list[_Row]:
    """Write the rows, all of one model, and return them with their ids."""
    made = list(rows)
    if made:
        model: Any = type(made[0])
        model._default_manager.bulk_create(made, batch_size=_BATCH)
    return made


def moment(day: dt.date, minute: int, time_zone: str) -> dt.datetime:
    """The moment at which clocks of the time zone show so many minutes after midnight."""
    clock = dt.time(minute // 60, minute % 60)
    return dt.datetime.combine(day, clock, zoneinfo.ZoneInfo(time_zone))
