"""What refers to a row, found through the models' metadata, moved to another row, and moved back.

So a floor above needs no import here: a table that gets a foreign key to Account or ContactPerson moves with it from
its first day. A row that the kept one has already (by a unique constraint) stays behind, with the archived row.

What was done is a list of steps, plain JSON: ["move", table.field, ids] and ["write", table, id, before, after].
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Exists, OuterRef, Q
from simple_history.models import HistoricalChanges

from accounts.models import Account, ContactPerson, Merge
from accounts.recording import chunks

Step = list[Any]
_WITH_DERIVED = {Account: (), ContactPerson: ("search_key",)}


@dataclass(frozen=True)
class Reference:
    """One foreign key to the model whose rows are merged."""

    model: type[models.Model]
    field: models.ForeignKey

    @property
    def label(self) -> str:
        """As it stands in a step: "accounts.purchase.account"."""
        return f"{self.model._meta.label_lower}.{self.field.name}"

    def rows(self, pk: int) -> models.QuerySet:
        """The rows that refer to `pk`."""
        return self.model._base_manager.filter(**{self.field.attname: pk}).order_by("pk")


def references(to: type[models.Model]) -> Iterator[Reference]:
    """Every foreign key to the model, those of many-to-many tables too; but no history and no record of merges.

    A row whose key the foreign key is (a note about that one row) belongs to it and never moves.
    """
    for relation in to._meta.get_fields(include_hidden=True):
        if (
            not relation.auto_created
            or relation.concrete
            or not (relation.one_to_many or relation.one_to_one)
        ):
            continue
        model: Any = relation.related_model
        if model is Merge or issubclass(model, HistoricalChanges) or hasattr(model, "m2m_history_id"):
            continue
        column: Any = relation.field  # type: ignore[union-attr]
        if column.primary_key:
            continue
        yield Reference(model, column)


def clashing(reference: Reference, *, source: int, target: int) -> models.QuerySet:
    """The rows of `source` that `target` has already, by a unique constraint that the foreign key is part of."""
    name, model = reference.field.name, reference.model
    clash = Q(pk__in=())
    theirs = model._base_manager.filter(**{reference.field.attname: target})
    for fields, condition in _unique_together(model):
        if name not in fields:
            continue
        same = theirs.filter(condition).filter(**{one: OuterRef(one) for one in fields if one != name})
        clash |= condition & Q(Exists(same))
    return reference.rows(source).filter(clash)


def _unique_together(model: type[models.Model]) -> Iterator[tuple[Sequence[str], Q]]:
    everything = Q(pk__isnull=False)
    for column in model._meta.concrete_fields:
        if column.unique and not column.primary_key:
            yield (column.name,), everything
    for together in model._meta.unique_together:
        yield together, everything
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            yield constraint.fields, constraint.condition or everything


@dataclass
class Recorder:
    """Writes, and remembers how to take it back. Inside the caller's transaction."""

    steps: list[Step] = field(default_factory=list)

    def move(
        self, reference: Reference, *, source: int, target: int, staying: Q | None = None
    ) -> Sequence[int]:
        """Let the rows refer to `target`, but for those that stay and those that clash; gives the ids that moved."""
        rows = reference.rows(source)
        if staying is not None:
            rows = rows.exclude(pk__in=reference.rows(source).filter(staying).values("pk"))
        rows = rows.exclude(pk__in=clashing(reference, source=source, target=target).values("pk"))
        ids = list(rows.values_list("pk", flat=True))
        for chunk in chunks(ids):
            reference.model._base_manager.filter(pk__in=chunk).update(**{reference.field.attname: target})
        if ids:
            self.steps.append(["move", reference.label, ids])
        return ids

    def write(self, row: models.Model, **values: Any) -> None:
        """Set and save the values (by attribute) of one row; only those that differ are written and remembered."""
        before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
        if not before:
            return
        _save(row, {name: values[name] for name in before})
        after = {name: getattr(row, name) for name in before}
        self.steps.append(["write", row._meta.label_lower, row.pk, _plain(row, before), _plain(row, after)])


@dataclass
class PutBack:
    """What an undo found: rows put back, and what stays because somebody has changed it since."""

    rows: int = 0
    left: int = 0
    moved: dict[str, list[int]] = field(default_factory=dict)
    """By the label of a reference, the ids that went back."""


def put_back(steps: Sequence[Step], *, source: int, target: int, history: Mapping[str, Any]) -> PutBack:
    """Take steps back, the last one first: rows that still refer to `target` go to `source`, values that still stand
    become what they were.

    history: attributes for django-simple-history (`_history_user`, `_history_date`). Raises IntegrityError where a
    row of the source has taken the place of one that would go back.
    """
    done = PutBack()
    for kind, *rest in reversed(steps):
        if kind == "move":
            _move_back(done, *rest, source=source, target=target)
        else:
            _write_back(done, *rest, history=history)
    return done


def _move_back(done: PutBack, label: str, ids: Sequence[int], *, source: int, target: int) -> None:
    table, _dot, name = label.rpartition(".")
    model = apps.get_model(table)
    column = model._meta.get_field(name).attname
    back: list[int] = []
    for chunk in chunks(ids):
        still = model._base_manager.filter(**{"pk__in": chunk, column: target})
        back += still.order_by("pk").values_list("pk", flat=True)
        still.update(**{column: source})
    done.rows += len(back)
    done.left += len(ids) - len(back)
    done.moved[label] = back


def _write_back(
    done: PutBack, table: str, pk: int, before: dict, after: dict, *, history: Mapping[str, Any]
) -> None:
    row = apps.get_model(table)._base_manager.select_for_update().filter(pk=pk).first()
    if row is None:
        done.left += 1
        return
    now = _plain(row, {name: getattr(row, name) for name in after})
    values = {
        name: row._meta.get_field(name).to_python(value)
        for name, value in before.items()
        if now[name] == after[name]
    }
    if len(values) < len(before):
        done.left += 1
    if values:
        for name, value in history.items():
            setattr(row, name, value)
        _save(row, values)
        done.rows += 1


def _save(row: models.Model, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    names = [row._meta.get_field(name).name for name in values]
    row.save(update_fields=[*names, *_WITH_DERIVED.get(type(row), ())])


def _plain(row: models.Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON gives them back: as the model's own fields read them, moments in UTC."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        value = row._meta.get_field(name).to_python(value)  # type: ignore[union-attr]
        found[name] = value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value
    return json.loads(json.dumps(found, cls=DjangoJSONEncoder))
