"""Taking back what was done to follow-ups and promises: a signed token that carries what the rows were before.

Nothing is stored for it. The token also carries what the rows became, so that an undo which comes too late, after
somebody went on from there, says so and changes nothing. (A logged contact is taken back by
`contacts.touchpoints.delete_touchpoint`, which needs no token.)
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.core.signing import BadSignature, Signer
from django.db import models, transaction
from django.utils.translation import gettext as _

from contacts import agenda
from contacts.models import AgendaItem, FollowUp, Promise
from contacts.planning import hold, plan
from crm.team.models import User

_SIGNER_SALT = "contacts.undo"
_KINDS: dict[str, type[models.Model]] = {"f": FollowUp, "i": AgendaItem, "p": Promise}


class CannotUndo(Exception):
    """The token is not one of ours or not this user's, or the rows have changed since. The text is for the user."""


class Recorder:
    """Writes values to rows and remembers what they were: `record.write(row, state=..., day=...)`."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, int, dict[str, Any], dict[str, Any]]] = []

    def write(self, row: FollowUp | AgendaItem | Promise, **values: Any) -> None:
        """Set and save the values; only those that differ are remembered."""
        before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
        if not before:
            return
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(before))
        kind = next(letter for letter, model in _KINDS.items() if isinstance(row, model))
        self.changes.append((kind, row.pk, _plain(before), _plain({name: values[name] for name in before})))

    def made(self, row: FollowUp | AgendaItem, *, undone: str, now: dt.datetime) -> None:
        """Remember a row that was just made open: undoing puts it into the state `undone`, closed."""
        kind = next(letter for letter, model in _KINDS.items() if isinstance(row, model))
        names = ("state", "closed_at")
        before = _plain({"state": undone, "closed_at": now})
        self.changes.append((kind, row.pk, before, _plain({name: getattr(row, name) for name in names})))

    def token(self, *, actor: User) -> str:
        """What `undo` takes: only the actor can use it. Safe in an address."""
        return Signer(salt=_SIGNER_SALT).sign_object([actor.pk, self.changes], compress=True)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they come back out of JSON, moments in UTC as the database gives them."""
    utc = {n: v.astimezone(dt.UTC) if isinstance(v, dt.datetime) else v for n, v in values.items()}
    return json.loads(json.dumps(utc, cls=DjangoJSONEncoder))


def _now_of(row: models.Model, names: dict[str, Any]) -> dict[str, Any]:
    return _plain({name: getattr(row, name) for name in names})


def undo(*, token: str, actor: User, today: dt.date, now: dt.datetime) -> FollowUp | Promise:
    """Set the rows of the token back to what they were; returns the first of them.

    Raises CannotUndo, with words for the user.
    """
    try:
        actor_id, changes = Signer(salt=_SIGNER_SALT).unsign_object(token)
    except BadSignature as error:
        raise CannotUndo(_("This cannot be undone.")) from error
    if actor_id != actor.pk or not changes:
        raise CannotUndo(_("This cannot be undone."))
    with transaction.atomic():
        kind, pk, *_rest = changes[0]  # all rows of one act belong to one account
        accounts = _KINDS[kind]._base_manager.filter(pk=pk).values_list("account_id", flat=True)
        hold(account_ids=list(accounts))
        first: Any = None
        items: list[AgendaItem] = []
        for kind, pk, before, after in reversed(changes):
            row: Any = _KINDS[kind]._base_manager.select_for_update().filter(pk=pk).first()
            if row is None or _now_of(row, after) != after:
                raise CannotUndo(_("Somebody has changed this since; it stays as it is."))
            if kind == "i" and before.get("state") == AgendaItem.State.OPEN:
                items.append(row)
                continue
            for name, value in before.items():
                setattr(row, name, row._meta.get_field(name).to_python(value))
            row.save(update_fields=list(before))
            first = row
        opened = agenda.reopen(items)
        if len(opened) < len(items):
            raise CannotUndo(_("Somebody has changed this since; it stays as it is."))
    if items:  # else nothing is due that was not; planning would move what was just put back by hand
        plan(today=today, now=now, account_ids=[first.account_id])
    return first
