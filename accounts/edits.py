"""Who changed what when, in words: the history rows of an account and its persons, each against the one before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Account, ContactPerson, Merge
from crm.look import figures
from crm.team.models import User

_UNSAID = {"created_at", "account"}
NEWEST = 200
"""So many edits of each kind are read; older ones stay in the database."""


@dataclass(frozen=True)
class FieldEdit:
    """One field, as a person would say it: empty stands as an en dash."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Edit:
    """One save. `who` is "" for imports and jobs; `person` is "" where the account itself was changed.

    words: of a merge and its undo, what was done; of other edits "". undo: the merge that can still be taken back.
    """

    at: dt.datetime
    who: str
    person: str
    person_id: int | None
    created: bool
    fields: tuple[FieldEdit, ...] = ()
    words: str = ""
    undo: Merge | None = None


@dataclass(frozen=True)
class Names:
    """What ids in history rows stand for, for one reader: accounts the reader may not see are not named."""

    users: Mapping[int, str] = field(default_factory=dict)
    accounts: Mapping[int, str] = field(default_factory=dict)


def edits_of(account: Account, *, reader: User, on: dt.date) -> list[Edit]:
    """The newest edits of the account and its persons, merges among them, newest first. Five queries."""
    of_account = list(account.history.select_related("history_user").order_by("-history_id")[:NEWEST])
    of_persons = list(
        ContactPerson.history.filter(account_id=account.pk)
        .select_related("history_user")
        .order_by("-history_id")[:NEWEST]
    )
    merges = list(
        Merge.objects.filter(Q(kept_account=account) | Q(merged_account=account))
        .select_related(
            "kept_account", "merged_account", "kept_person", "merged_person", "actor", "undone_by"
        )
        .defer("steps")
        .order_by("-at", "-pk")[:NEWEST]
    )
    named = {pk for merge in merges for pk in (merge.kept_account_id, merge.merged_account_id)}
    names = Names(
        users=dict(
            User.objects.filter(pk__in={row.owner_id for row in of_account}).values_list("pk", "name")
        ),
        accounts=dict(
            Account.objects.visible_to(reader, on=on)
            .filter(pk__in={row.parent_id for row in of_account} | named)
            .values_list("pk", "name")
        ),
    )
    found = [*_between(of_account, names), *_between(of_persons, names), *_merged(merges, account, names)]
    return sorted(found, key=lambda edit: edit.at, reverse=True)


def differences(before: Any, after: Any, names: Names | None = None) -> tuple[FieldEdit, ...]:
    """The fields in which two history rows of one thing differ, in the model's order."""
    names = names or Names()
    found = []
    for column in type(after).tracked_fields:
        if column.primary_key or column.name in _UNSAID:
            continue
        old, new = getattr(before, column.attname), getattr(after, column.attname)
        if old != new:
            found.append(
                FieldEdit(label_of(column), in_words(column, old, names), in_words(column, new, names))
            )
    return tuple(found)


def label_of(column: models.Field) -> str:
    """The name of a field as it begins a line."""
    label = str(column.verbose_name)
    return label[:1].upper() + label[1:]


def in_words(column: models.Field, value: Any, names: Names) -> str:
    """One stored value as a reader of the page would write it."""
    if value is None or value == "" or (column.name == "potential_cents" and not value):
        return figures.NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if column.choices:
        return str(dict(column.flatchoices).get(value, value))
    if column.name == "potential_cents":
        return f"{figures.money(value)} {figures.currency()}"
    if isinstance(value, dt.date):
        return figures.day(value, dt.date.min)  # with the year, whatever the year
    if isinstance(column, models.ForeignKey):
        known = names.accounts if column.name == "parent" else names.users
        return known.get(
            value, _("another account") if column.name == "parent" else _("somebody who is gone")
        )
    return str(value)


def _between(rows: Iterable[Any], names: Names) -> Iterable[Edit]:
    """Edits from history rows, newest first. The oldest row of a thing is one only where it says it was created."""
    later: dict[int, Any] = {}
    for row in rows:
        if (newer := later.get(row.id)) is not None:
            yield from _edit(row, newer, names)
        later[row.id] = row
    for row in later.values():
        if row.history_type == "+":
            yield _said(row, created=True)


def _merged(merges: Iterable[Merge], account: Account, names: Names) -> Iterable[Edit]:
    """Each merge, and after it its undo."""
    for merge in merges:
        words, back = _of_persons(merge) if merge.merged_person else _of_accounts(merge, account, names)
        whole = merge.kept_account_id == account.pk and (
            merge.merged_person is not None or merge.merged_account.merged_into_id == account.pk
        )
        undo = merge if merge.undone_at is None and whole else None
        yield Edit(merge.at, str(merge.actor or ""), "", None, created=False, words=words, undo=undo)
        if merge.undone_at:
            yield Edit(merge.undone_at, str(merge.undone_by or ""), "", None, created=False, words=back)


def _of_accounts(merge: Merge, account: Account, names: Names) -> tuple[str, str]:
    """What was done and undone, as the account says it. A duplicate is part of it; one set free may be hidden."""
    into = merge.merged_account_id == account.pk
    other = merge.kept_account if into else merge.merged_account
    named = other.pk in names.accounts or (not into and merge.undone_at is None)
    who = {"other": f"{other.code} {other.name}"}
    if not named:
        return _("Merged with another account"), _("Merge with another account taken back")
    words = _("Merged into No. %(other)s") if into else _("Merged with No. %(other)s")
    return words % who, _("Merge with No. %(other)s taken back") % who


def _of_persons(merge: Merge) -> tuple[str, str]:
    who = {"kept": str(merge.kept_person), "other": str(merge.merged_person)}
    return _("%(other)s merged with %(kept)s") % who, _("Merge of %(other)s and %(kept)s taken back") % who


def _edit(before: Any, after: Any, names: Names) -> Iterable[Edit]:
    if fields := differences(before, after, names):
        yield _said(after, fields=fields)


def _said(row: Any, *, created: bool = False, fields: tuple[FieldEdit, ...] = ()) -> Edit:
    is_person = isinstance(row, ContactPerson.history.model)
    return Edit(
        at=row.history_date,
        who=str(row.history_user or ""),
        person=row.name if is_person else "",
        person_id=row.id if is_person else None,
        created=created,
        fields=fields,
    )
