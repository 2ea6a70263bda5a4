"""Sums of a queryset that its own language cannot say: it stands inside a statement as a table; and shares of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def over(rows: QuerySet, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a statement in which `{rows}` stands once, for the columns of `rows.values_list(...)`; [] for none.

    values: for the placeholders after it.
    """
    try:
        inner, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # a condition that nothing can meet
        return []
    with connection.cursor() as cursor:
        cursor.execute(text.replace("{rows}", f"({inner})"), [*parameters, *values])
        return cursor.fetchall()


def share(part: int | None, whole: int | None) -> float | None:
    """The part as a fraction; None where there is no whole."""
    return (part or 0) / whole if whole and whole > 0 else None


@dataclass(frozen=True)
class Spread:
    """How a measure is spread over a group: how many have it, how many of them are marked, the middle, the ninth tenth.

    median, ninetieth: a value that there is, the lower of two where the middle lies between.
    """

    number: int
    marked: int
    median: int
    ninetieth: int


def spreads(rows: QuerySet, keys: Sequence[str]) -> dict[str, dict[str, Spread]]:
    """The spread of `measured` by each of the keys, and under the key "" and the group "" that of all. One statement.

    rows: with annotations `measured` (an integer), `marked` (0 or 1) and a column named as each of the keys. Groups are
    texts: a date as ISO 8601, "" for None.
    """
    found = over(
        rows.values_list(*keys, "measured", "marked"),
        f"WITH found AS {_MATERIALIZED[connection.vendor]} {{rows}} "
        + " UNION ALL ".join(
            _SPREAD.format(name=key, group=f"COALESCE(CAST({key} AS text), '')") for key in keys
        )
        + " UNION ALL "
        + _SPREAD.format(name="", group="''"),
    )
    by_key: dict[str, dict[str, Spread]] = {key: {} for key in (*keys, "")}
    for key, group, *figures in found:
        by_key[key][group] = Spread(*map(int, figures))
    return by_key


_MATERIALIZED = {"postgresql": "MATERIALIZED", "sqlite": ""}
# By places and not by percentile_disc, which SQLite lacks: both databases answer alike.
_SPREAD = """
    SELECT '{name}', grouped, MAX(number), SUM(marked),
        MAX(measured) FILTER (WHERE place = (number + 1) / 2),
        MAX(measured) FILTER (WHERE place = (number * 9 + 9) / 10)
    FROM (
        SELECT {group} AS grouped, measured, marked, COUNT(*) OVER (PARTITION BY {group}) AS number,
            ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY measured) AS place
        FROM found
    ) AS placed
    GROUP BY grouped
"""
