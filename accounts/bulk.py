"""One act on many accounts: owner, account team, tags, archive; set-based, with history, and taken back by undo.

docs/domain.md, section 9. What counts is written by UPDATE and INSERT ... SELECT, whatever the number of accounts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import Account, AccountTeamMember, BulkAct, Tag
from accounts.recording import begin_history, chunks, write_history
from crm.look.figures import number
from crm.team.models import User
from crm.team.visibility import standing

Kind = BulkAct.Kind

MOST = 10_000
"""Accounts in one act: what is done to more is better done by an import."""
COLUMNS = {Kind.OWNER: "owner_id", Kind.ARCHIVE: "archived_at", Kind.RESTORE: "archived_at"}
"""The acts that write a column of the account; the others write a table beside it."""


class Refused(Exception):
    """The act cannot be done; the text says why, for the user."""


class CannotUndo(Exception):
    """The act is not this user's, or it was taken back already; the text is for the user."""


@dataclass(frozen=True)
class Done:
    """What an act did, in accounts."""

    act: BulkAct | None
    """None where nothing was different: there is nothing to undo."""
    changed: int
    same: int
    """They were so already."""
    kept_from: int
    """The actor may see them, but not change them."""


@dataclass(frozen=True)
class Undone:
    """What an undo did, in accounts."""

    restored: int
    left: int
    """Somebody has changed them since; they stay as they are."""


def owners_to_give(actor: User, *, on: dt.date) -> QuerySet[User]:
    """To whom the actor may give accounts: a manager to the teams they lead, an admin to everybody."""
    people = User.objects.filter(is_active=True).order_by("name", "pk")
    if actor.is_admin:
        return people
    if actor.is_manager:
        return people.filter(Q(team__in=standing(actor, on=on).led_team_ids) | Q(pk=actor.pk))
    return people.none()


def tag_named(name: str) -> Tag:
    """The tag of this name, whatever its case; made where there is none. Raises Refused for an empty or long name."""
    name = " ".join(name.split())
    longest = Tag._meta.get_field("name").max_length or 0
    if not name:
        raise Refused(_("Write the tag."))
    if len(name) > longest:
        raise Refused(_("A tag has at most %(letters)d letters.") % {"letters": longest})
    return Tag.objects.filter(name__iexact=name).first() or Tag.objects.create(name=name)


@transaction.atomic
def act_on_many(
    *, kind: str, value: Any, accounts: QuerySet[Account], actor: User, today: dt.date, now: dt.datetime
) -> Done:
    """Do one thing to those of the accounts that the actor may change.

    accounts: visible ones. value: the new owner's id or None; the id of the tag or colleague; None for the archive.
    Raises Refused: too many, none, or somebody whom the actor may not make an owner.
    """
    asked = list(accounts.order_by().values_list("pk", flat=True)[: MOST + 1])
    if len(asked) > MOST:
        raise Refused(
            _("At most %(number)s accounts at once. Narrow the list down.") % {"number": number(MOST)}
        )
    if not asked:
        raise Refused(_("Choose at least one account."))
    _check(kind, value, actor, today)
    allowed = Account.objects.editable_by(actor, on=today).filter(pk__in=asked)
    ids = list(allowed.select_for_update().order_by("pk").values_list("pk", flat=True))
    if kind in COLUMNS:
        written = now if kind == Kind.ARCHIVE else value if kind == Kind.OWNER else None
        before = write_column(COLUMNS[Kind(kind)], written, ids, actor=actor, now=now)
        value = now.astimezone(dt.UTC).isoformat() if kind == Kind.ARCHIVE else written
    else:
        before = {"": _beside(kind, value, ids)}
    changed = sorted(pk for some in before.values() for pk in some)
    act = None
    if changed:
        act = BulkAct.objects.create(kind=kind, value=value, before=before, actor=actor, at=now)
        if kind in COLUMNS:
            tell_planning(changed, today=today, now=now)
    return Done(act, len(changed), len(ids) - len(changed), len(asked) - len(ids))


@transaction.atomic
def undo_act(*, act: BulkAct, actor: User, today: dt.date, now: dt.datetime) -> Undone:
    """Take an act back where what it wrote still stands. Only who did it, or an admin, may. Raises CannotUndo."""
    if act.actor_id != actor.pk and not actor.is_admin:
        raise CannotUndo(_("This cannot be undone."))
    if not BulkAct.objects.filter(pk=act.pk, undone_at=None).update(undone_at=now):
        raise CannotUndo(_("This was taken back already."))
    restored: list[int] = []
    for old, ids in act.before.items():
        if act.kind in COLUMNS:
            restored += _column_back(act, old, ids, actor=actor, now=now)
        else:
            restored += _beside(_OPPOSITE[Kind(act.kind)], act.value, ids)
    if restored and act.kind in COLUMNS:
        tell_planning(sorted(restored), today=today, now=now)
    return Undone(len(restored), sum(map(len, act.before.values())) - len(restored))


def write_column(
    column: str, value: Any, ids: Sequence[int], *, actor: User, now: dt.datetime, note: str = ""
) -> dict[str, list[int]]:
    """Give the accounts a new owner, or an end, with their history; what was before: {"<old value>": [ids]}.

    Those that have the value are left alone. Restoring writes None to all. Inside the caller's transaction.
    """
    before: dict[str, list[int]] = {}
    archived = column == "archived_at"
    for chunk in chunks(ids):
        rows = Account.objects.filter(pk__in=chunk).order_by("pk").values_list("pk", column)
        for pk, old in rows:
            if (old is None) != (value is None) if archived else old != value:
                before.setdefault(_plain(old), []).append(pk)
    changed = sorted(pk for some in before.values() for pk in some)
    _write(column, value, changed, actor=actor, now=now, note=note)
    return before


def tell_planning(ids: Collection[int], *, today: dt.date, now: dt.datetime) -> None:
    """Call settings.ACCOUNT_CHANGED once this is committed: contact planning lies above accounts."""
    for path in settings.ACCOUNT_CHANGED:
        transaction.on_commit(partial(import_string(path), account_ids=list(ids), today=today, now=now))


def put_column_back(
    column: str, before: dict[str, list[int]], *, written: Any, actor: User, now: dt.datetime
) -> list[int]:
    """Undo `write_column` where `written` still stands; gives the ids that went back."""
    back: list[int] = []
    for old, ids in before.items():
        still = [
            pk
            for chunk in chunks(ids)
            for pk in Account.objects.filter(
                **{"pk__in": chunk, column: written}, merged_into__isnull=True
            ).values_list("pk", flat=True)
        ]
        _write(column, _read(column, old), sorted(still), actor=actor, now=now)
        back += still
    return back


def _column_back(act: BulkAct, old: str, ids: list[int], *, actor: User, now: dt.datetime) -> list[int]:
    column = COLUMNS[Kind(act.kind)]
    written = _read(column, act.value or "")
    return put_column_back(column, {old: ids}, written=written, actor=actor, now=now)


def _write(
    column: str, value: Any, ids: Sequence[int], *, actor: User, now: dt.datetime, note: str = ""
) -> None:
    begin_history(Account, ids)
    for chunk in chunks(ids):
        Account.objects.filter(pk__in=chunk).update(**{column: value})
    write_history(Account, ids, actor=actor, now=now, note=note)


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    return "" if value is None else str(value)


def _read(column: str, text: Any) -> Any:
    if text in ("", None):
        return None
    if column == "archived_at":
        return dt.datetime.fromisoformat(text)
    # An owner who is gone meanwhile owns nothing.
    return User.objects.filter(pk=int(text)).values_list("pk", flat=True).first()


def _check(kind: str, value: Any, actor: User, today: dt.date) -> None:
    if kind == Kind.OWNER:
        if not owners_to_give(actor, on=today).exists():
            raise Refused(_("Managers and admins say who owns an account."))
        if value is not None and not owners_to_give(actor, on=today).filter(pk=value).exists():
            raise Refused(_("Choose an owner from the list."))
    elif kind == Kind.TEAM_ADD and not User.objects.filter(pk=value, is_active=True).exists():
        raise Refused(_("Choose a colleague from the list."))


def _beside(kind: str, value: Any, ids: Sequence[int]) -> list[int]:
    """Add or remove one tag or colleague; the ids of the accounts where that was different before."""
    return _BESIDE[Kind(kind)](value, ids)


def _add(table: Any, column: str, value: int, ids: Sequence[int]) -> list[int]:
    new: list[int] = []
    for chunk in chunks(ids):
        has = set(
            table.objects.filter(**{column: value, "account_id__in": chunk}).values_list(
                "account_id", flat=True
            )
        )
        new += [pk for pk in chunk if pk not in has]
    # ignore_conflicts: somebody may have added the same just now.
    table.objects.bulk_create(
        [table(**{"account_id": pk, column: value}) for pk in new], batch_size=1000, ignore_conflicts=True
    )
    return new


def _remove(table: Any, column: str, value: int, ids: Sequence[int]) -> list[int]:
    gone: list[int] = []
    for chunk in chunks(ids):
        rows = table.objects.filter(**{column: value, "account_id__in": chunk})
        gone += rows.order_by("account_id").values_list("account_id", flat=True)
        rows.delete()
    return gone


_TAGS = Account.tags.through
_BESIDE: dict[Kind, Callable[[int, Sequence[int]], list[int]]] = {
    Kind.TEAM_ADD: partial(_add, AccountTeamMember, "user_id"),
    Kind.TEAM_REMOVE: partial(_remove, AccountTeamMember, "user_id"),
    Kind.TAG_ADD: partial(_add, _TAGS, "tag_id"),
    Kind.TAG_REMOVE: partial(_remove, _TAGS, "tag_id"),
}
_OPPOSITE = {
    Kind.TEAM_ADD: Kind.TEAM_REMOVE,
    Kind.TEAM_REMOVE: Kind.TEAM_ADD,
    Kind.TAG_ADD: Kind.TAG_REMOVE,
    Kind.TAG_REMOVE: Kind.TAG_ADD,
}
