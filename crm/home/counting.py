"""Several numbers in one statement: the navigation stands on every page, and asks for one number behind each place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def count_together(rows: Mapping[str, QuerySet]) -> dict[str, int]:
    """How many rows each queryset has, by its name: one statement, none where there is nothing to count."""
    parts: dict[str, str] = {}
    params: list[Any] = []
    for name, each in rows.items():
        try:
            sql, values = each.order_by().values("pk").query.sql_with_params()
        except EmptyResultSet:  # `none()`, or a condition that nothing can meet
            continue
        parts[name] = f"(SELECT COUNT(*) FROM ({sql}) AS counted)"
        params += values
    found: dict[str, int] = dict.fromkeys(rows, 0)
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts.values())}", params)
            found.update(zip(parts, cursor.fetchone(), strict=True))
    return found
