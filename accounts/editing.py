"""Changing accounts and persons by hand: with history, told when somebody else was quicker, and taken back by undo.

docs/domain.md, section 9. A version is the id of the newest history row (0: none yet). Every verb is one transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from accounts.models import Account, Acquaintance, ContactPerson
from crm.team.models import User

Thing = TypeVar("Thing", Account, ContactPerson)

# What contact planning reads of an account: a change of these is told to settings.ACCOUNT_CHANGED.
PLANNED_BY = frozenset(
    {
        "owner_id",
        "archived_at",
        "strategy_goal",
        "service_level",
        "potential_cents",
        "expected_orders_per_year",
    }
)


class ChangedMeanwhile(Exception):
    """Somebody saved the same thing after this editor opened it. Nothing was written."""

    def __init__(self, *, version: int) -> None:
        super().__init__(version)
        self.version = version
        """The version that stands now."""


class CannotUndo(Exception):
    """The edit is not the newest any more, or there is nothing before it."""


@dataclass(frozen=True)
class Saved:
    """What a verb wrote: `version` undoes it; None where nothing was different."""

    pk: int
    version: int | None


def version_of(thing: Account | ContactPerson) -> int:
    """The id of the thing's newest history row; 0 where it has none (written by an import without history)."""
    newest = thing.history.order_by("-history_id").values_list("history_id", flat=True).first()
    return newest or 0


def tracked(thing: Account | ContactPerson) -> list[str]:
    """The attributes whose history is kept, as they stand on the model (`owner_id`, not `owner`)."""
    return [field.attname for field in type(thing).history.model.tracked_fields if not field.primary_key]


@transaction.atomic
def change_account(
    *, account: Account, values: Mapping[str, Any], seen: int, actor: User, today: dt.date, now: dt.datetime
) -> Saved:
    """Give the account the `values` (by attribute). Raises ChangedMeanwhile unless `seen` is still its version."""
    current = _unchanged_since(Account, account.pk, seen)
    changed = _differing(current, values)
    if not changed:
        return Saved(current.pk, None)
    _write(current, changed, actor, now)
    _tell_planning({current.pk}, changed, today=today, now=now)
    return Saved(current.pk, version_of(current))


@transaction.atomic
def add_account(*, values: Mapping[str, Any], actor: User, today: dt.date, now: dt.datetime) -> Saved:
    """Make a new account. Its owner is in the values; the phase stays prospect until it buys."""
    account = Account(**values)
    account._history_user, account._history_date = actor, now  # type: ignore[attr-defined]
    account.save()
    _tell_planning({account.pk}, {"owner_id": account.owner_id}, today=today, now=now)
    return Saved(account.pk, version_of(account))


def archive_account(*, account: Account, actor: User, today: dt.date, now: dt.datetime) -> Saved:
    """Put the account away: out of lists and planning, kept in every sum and history."""
    return change_account(
        account=account,
        values={"archived_at": now},
        seen=version_of(account),
        actor=actor,
        today=today,
        now=now,
    )


def restore_account(*, account: Account, actor: User, today: dt.date, now: dt.datetime) -> Saved:
    """Bring an archived account back."""
    return change_account(
        account=account,
        values={"archived_at": None},
        seen=version_of(account),
        actor=actor,
        today=today,
        now=now,
    )


@transaction.atomic
def change_person(
    *,
    person: ContactPerson,
    values: Mapping[str, Any],
    known: int | None,
    seen: int,
    actor: User,
    now: dt.datetime,
) -> Saved:
    """Give the person the `values` (by attribute), and keep how well the actor knows them (`known`, None: not at all).

    Raises ChangedMeanwhile unless `seen` is still its version.

    At most one person of an account is the first to contact (constraint one_main_person_per_account): who becomes it
    takes the place of who was. Somebody who has left is never it.
    """
    current = _unchanged_since(ContactPerson, person.pk, seen)
    _acquaint(current.pk, actor, known)
    changed = _differing(current, _consistent(values))
    if not changed:
        return Saved(current.pk, None)
    if changed.get("is_main"):
        _step_down(current.account_id, except_for=current.pk, actor=actor, now=now)
    _write(current, changed, actor, now)
    return Saved(current.pk, version_of(current))


@transaction.atomic
def add_person(
    *, account: Account, values: Mapping[str, Any], known: int | None, actor: User, now: dt.datetime
) -> Saved:
    """Make a new person at the account, whom the actor knows as well as `known` says (None: not at all)."""
    person = ContactPerson(account=account, **_consistent(values))
    if person.is_main:
        _step_down(account.pk, except_for=None, actor=actor, now=now)
    person._history_user, person._history_date = actor, now  # type: ignore[attr-defined]
    person.save()
    _acquaint(person.pk, actor, known)
    return Saved(person.pk, version_of(person))


@transaction.atomic
def undo_account_edit(
    *, account: Account, version: int, actor: User, today: dt.date, now: dt.datetime
) -> None:
    """Bring back what stood before the edit `version`. Raises CannotUndo where something was saved since."""
    current = Account.objects.select_for_update().get(pk=account.pk)
    before = _before(current, version)
    changed = _differing(current, {name: getattr(before, name) for name in tracked(current)})
    _write(current, changed, actor, now)
    _tell_planning({current.pk}, changed, today=today, now=now)


@transaction.atomic
def undo_person_edit(*, person: ContactPerson, version: int, actor: User, now: dt.datetime) -> None:
    """Bring back what stood before the edit `version`, and whom it took the first place from. Raises CannotUndo."""
    current = ContactPerson.objects.select_for_update().get(pk=person.pk)
    before = _before(current, version)
    edit = current.history.get(history_id=version)
    restored = {name: getattr(before, name) for name in tracked(current)}
    if restored["is_main"] and not current.is_main:
        _step_down(current.account_id, except_for=current.pk, actor=actor, now=now)
    _write(current, _differing(current, restored), actor, now)
    # Rows of one edit carry the same moment: whoever lost the first place with it gets it back.
    together = ContactPerson.history.filter(account_id=current.account_id, history_date=edit.history_date)
    for other in ContactPerson.objects.filter(
        account=current.account_id, pk__in=together.exclude(id=current.pk).values("id"), left_on=None
    ):
        _write(other, {"is_main": True}, actor, now)


def _unchanged_since(model: type[Thing], pk: int, seen: int) -> Thing:
    """The row, locked, with a first history row where it had none, so that the edit that follows can be undone."""
    current = model._default_manager.select_for_update().get(pk=pk)
    if (version := version_of(current)) != seen:
        raise ChangedMeanwhile(version=version)
    if not version:
        model.history.bulk_history_create([current], default_date=current.created_at)
    return current


def _before(current: Account | ContactPerson, version: int) -> Any:
    if version_of(current) != version:
        raise CannotUndo
    before = current.history.filter(history_id__lt=version).order_by("-history_id").first()
    if before is None:
        raise CannotUndo
    return before


def _differing(current: Account | ContactPerson, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if getattr(current, name) != value}


def _consistent(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "is_main": False} if values.get("left_on") else dict(values)


def _write(thing: Account | ContactPerson, changed: Mapping[str, Any], actor: User, now: dt.datetime) -> None:
    for name, value in changed.items():
        setattr(thing, name, value)
    thing._history_user, thing._history_date = actor, now  # type: ignore[union-attr]
    # Only what changed: facts that jobs write meanwhile (tier, sales) must not be set back.
    derived = {"search_key"} if isinstance(thing, ContactPerson) else set()
    thing.save(update_fields={*changed, *derived})


def _step_down(account_id: int, *, except_for: int | None, actor: User, now: dt.datetime) -> None:
    for other in ContactPerson.objects.filter(account=account_id, is_main=True).exclude(pk=except_for or 0):
        _write(other, {"is_main": False}, actor, now)


def _acquaint(person_id: int, user: User, strength: int | None) -> None:
    if strength is None:
        Acquaintance.objects.filter(person=person_id, user=user).delete()
    else:
        Acquaintance.objects.update_or_create(person_id=person_id, user=user, defaults={"strength": strength})


def _tell_planning(
    account_ids: set[int], changed: Mapping[str, Any], *, today: dt.date, now: dt.datetime
) -> None:
    """Call settings.ACCOUNT_CHANGED once this is committed: contact planning lies above accounts."""
    if not PLANNED_BY.isdisjoint(changed):
        for path in settings.ACCOUNT_CHANGED:
            told = partial(import_string(path), account_ids=sorted(account_ids), today=today, now=now)
            transaction.on_commit(told)
