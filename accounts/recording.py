"""History rows for many rows at once, in the words of django-simple-history: INSERT ... SELECT, no loop over rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, models

from crm.team.models import User

CHUNK = 1000
"""Ids in one statement."""


def chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The ids in pieces that one statement takes."""
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def begin_history(model: type[models.Model], ids: Sequence[int]) -> None:
    """A first row, as of their creation, for those that have none: so that the change that follows can be read.

    For models with `history` and `created_at`. Call it before the change is written.
    """
    history = _history_of(model)
    table = history._meta.db_table
    without = f"AND NOT EXISTS (SELECT 1 FROM {table} h WHERE h.id = t.id)"
    for chunk in chunks(ids):
        _insert(model, chunk, moment="t.created_at", moment_values=[], change="+", actor=None, extra=without)


def write_history(
    model: type[models.Model], ids: Sequence[int], *, actor: User | None, now: dt.datetime, note: str = ""
) -> None:
    """One row for each, as it is now: call it after the change was written. `note`: why, at most 100 letters."""
    at = [connection.ops.adapt_datetimefield_value(now)]
    for chunk in chunks(ids):
        _insert(model, chunk, moment="%s", moment_values=at, change="~", actor=actor, note=note)


def _insert(
    model: type[models.Model],
    ids: Sequence[int],
    *,
    moment: str,
    moment_values: list[Any],
    change: str,
    actor: User | None,
    note: str = "",
    extra: str = "",
) -> None:
    history = _history_of(model)
    columns = [field.column for field in history.tracked_fields]  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {history._meta.db_table} ({', '.join(columns)},"
            " history_date, history_type, history_user_id, history_change_reason)"
            f" SELECT {', '.join(f't.{name}' for name in columns)}, {moment}, %s, %s, %s"
            f" FROM {model._meta.db_table} t WHERE t.id IN ({', '.join(['%s'] * len(ids))}) {extra} ORDER BY t.id",
            [*moment_values, change, actor.pk if actor else None, note[:100] or None, *ids],
        )


def _history_of(model: type[models.Model]) -> type[models.Model]:
    return model.history.model  # type: ignore[attr-defined]
