"""Taking back a change of one row: a signed text that carries what the row was before, and what it became.

Nothing is stored for it, and only who did it can use it. What became of the row is compared first, so that an undo
which comes too late, after somebody went on from there, says so and changes nothing.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext as _

from crm.team.models import User

Values = dict[str, Any]


class CannotUndo(Exception):
    """The token is not one of ours or not this user's, or the row has changed since. The text is for the user."""


def token(*, kind: str, actor: User, before: Values | None, after: Values | None) -> str:
    """What `read` takes; None stands for a row that was not there, or is not there any more."""
    return Signer(salt=f"team.undo.{kind}").sign_object(
        [actor.pk, plain(before), plain(after)], compress=True
    )


def read(*, kind: str, actor: User, token: str) -> tuple[Values | None, Values | None]:
    """What the row was before and what it became, as `plain` gives them. Raises CannotUndo."""
    try:
        actor_id, before, after = Signer(salt=f"team.undo.{kind}").unsign_object(token)
    except BadSignature as error:
        raise CannotUndo(_("This cannot be undone.")) from error
    if actor_id != actor.pk:
        raise CannotUndo(_("This cannot be undone."))
    return before, after


def plain(values: Values | None) -> Values | None:
    """The values as they come back out of JSON: days as ISO texts."""
    return values and json.loads(json.dumps(values, cls=DjangoJSONEncoder))


def changed_since() -> CannotUndo:
    """The refusal where the row is not what it became."""
    return CannotUndo(_("Somebody has changed this since; it stays as it is."))
