"""Two people edit the same thing: what each changed, brought together so that nothing is lost. No query in `merge`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.edits import FieldEdit, Names, differences, in_words, label_of
from accounts.models import Account, ContactPerson


@dataclass(frozen=True)
class Merged:
    """What a form shows after a conflict: each side's changes, mine where both changed the same field."""

    values: dict[str, Any]
    both: tuple[str, ...]
    """Attributes that both sides changed, to different values."""


def merge(*, mine: Mapping[str, Any], base: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merged:
    """Bring together what I entered and what was saved meanwhile, both having started from `base`."""
    values, both = {}, []
    for name, value in mine.items():
        mine_changed = value != base[name]
        values[name] = value if mine_changed else theirs[name]
        if mine_changed and theirs[name] != base[name] and theirs[name] != value:
            both.append(name)
    return Merged(values, tuple(both))


@dataclass(frozen=True)
class Conflict:
    """What to tell the second of two editors."""

    merged: Merged
    who: str
    """Who saved meanwhile, "" for an import."""
    theirs: tuple[FieldEdit, ...]
    both: tuple[FieldEdit, ...]
    """Fields both changed: `before` is what they wrote, `after` what I wrote."""


def conflict(
    thing: Account | ContactPerson, *, mine: Mapping[str, Any], seen: int, version: int, names: Names
) -> Conflict:
    """Compare what I entered on version `seen` with what stands as `version`. Two queries."""
    rows = thing.history.select_related("history_user").order_by("history_id")
    latest = rows.get(history_id=version)
    base = rows.filter(history_id__lte=seen).last() or rows.first()
    merged = merge(
        mine=mine,
        base={name: getattr(base, name) for name in mine},
        theirs={name: getattr(latest, name) for name in mine},
    )
    columns = {column.attname: column for column in type(latest).tracked_fields}
    return Conflict(
        merged=merged,
        who=str(latest.history_user or ""),
        theirs=differences(base, latest, names),
        both=tuple(
            FieldEdit(
                label_of(columns[name]),
                in_words(columns[name], getattr(latest, name), names),
                in_words(columns[name], mine[name], names),
            )
            for name in merged.both
        ),
    )
