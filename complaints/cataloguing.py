"""Maintaining the categories and root causes of complaints (docs/domain.md, 6): codes stay, nothing is deleted."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from complaints.catalogues import OTHER, QUESTION
from complaints.errors import BadInput, NotAllowed
from complaints.models import Complaint, ComplaintCategory, RootCause
from crm.lists.catalogue import free_code, moved, number_in_order, one_line, problem_with
from crm.team.models import User

Kept = ComplaintCategory | RootCause
ALWAYS = frozenset({OTHER, QUESTION})
"""Categories that stay in use: something must always fit."""


def rows_of(model: type[Kept]) -> list[Any]:
    """All rows in their order, those out of use too. One query."""
    return list(model.objects.all())


def used(model: type[Kept]) -> dict[str, int]:
    """How many complaints and questions have each row, by its code. One query."""
    field = "category" if model is ComplaintCategory else "root_cause"
    rows = Complaint.objects.order_by().exclude(**{field: None}).values_list(field)
    return dict(rows.annotate(number=Count("pk")))


def stays(row: Kept) -> bool:
    """Whether it cannot be put out of use."""
    return isinstance(row, ComplaintCategory) and row.pk in ALWAYS


@transaction.atomic
def add(*, model: type[Kept], name: str, actor: User, **fields: Any) -> Any:
    """A new row, the last of its kind; its code comes from its name. Raises NotAllowed, and BadInput with the field.

    fields: the kind of a category, or whether a cause is a fault of the product.
    """
    order = _held(model, actor)
    name = _checked(name, order, model)
    longest = model._meta.pk.max_length or 0
    code = free_code(name, taken={one.pk for one in order}, longest=longest, otherwise="row")
    made = model(code=code, name=name, **fields)
    made.save(force_insert=True)
    number_in_order(_by_kind([*order, made]))
    return made


@transaction.atomic
def edit(*, row: Kept, name: str, actor: User, **fields: Any) -> Any:
    """Another name, in the past too, and other fields; the kind of a category stays. Raises as `add`."""
    order = _held(type(row), actor)
    stored = next(one for one in order if one.pk == row.pk)
    stored.name = _checked(name, [one for one in order if one.pk != row.pk], type(row))
    for field, value in fields.items():
        setattr(stored, field, value)
    stored.save()
    return stored


@transaction.atomic
def use(*, row: Kept, active: bool, actor: User) -> Any:
    """Put it in use or out of it. Raises NotAllowed, and BadInput for what must always be there."""
    stored = next(one for one in _held(type(row), actor) if one.pk == row.pk)
    if stays(stored) and not active:
        raise BadInput(
            _("“%(name)s” stays in use: something must always fit. Rename it where another word is better.")
            % {"name": stored}
        )
    stored.active = active
    stored.save(update_fields=["active"])
    return stored


@transaction.atomic
def move(*, row: Kept, to: int, actor: User) -> Any:
    """Give it the place `to` (1 first); categories stay with those of their kind. Raises NotAllowed."""
    order = _held(type(row), actor)
    stored = next(one for one in order if one.pk == row.pk)
    number_in_order(_by_kind(moved(order, stored, to=to)))
    return stored


def _by_kind(order: list[Any]) -> list[Any]:
    """Categories of one kind stay together, in the order they have; causes have no kind."""
    return sorted(order, key=lambda one: getattr(one, "kind", ""))


def _held(model: type[Kept], actor: User) -> list[Any]:
    """All rows in order, for the one admin who changes them now: read again once the locks are had."""
    if not actor.is_admin:
        raise NotAllowed(_("Categories and causes are for admins."))
    list(model.objects.select_for_update().order_by("pk"))
    return rows_of(model)


def _checked(name: str, others: list[Any], model: type[Kept]) -> str:
    name = one_line(name)
    problem = problem_with(name, others=others, longest=model._meta.get_field("name").max_length or 0)
    if problem:
        raise BadInput(problem, field="name")
    return name
