"""Complaint policies: the one in force, and new versions. A version is never edited once it advised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from complaints.errors import BadInput, NotAllowed
from complaints.models import ComplaintPolicy
from crm.team.models import User


def policy_in_force() -> ComplaintPolicy:
    """The policy that advises. Makes version 1 with its defaults where there is none at all."""
    policy = ComplaintPolicy.objects.filter(in_force=True).first()
    if policy is None:
        policy, _made = ComplaintPolicy.objects.get_or_create(version=1, defaults={"in_force": True})
    return policy


@transaction.atomic
def make_policy(*, terms: Mapping[str, int], note: str, actor: User, now: dt.datetime) -> ComplaintPolicy:
    """Write a new version and put it in force; terms not named are as before. Amounts in cents.

    Where the one in force says the same already, that one is returned. Raises NotAllowed, and BadInput with the term.
    """
    if not actor.is_admin:
        raise NotAllowed(_("Policies are for admins."))
    present = policy_in_force()
    values = {name: getattr(present, name) for name in ComplaintPolicy.TERMS}
    unknown = sorted(set(terms) - set(values))
    if unknown:
        raise BadInput(_("%(name)s is no term of a policy.") % {"name": unknown[0]}, field=unknown[0])
    draft = ComplaintPolicy(**values | dict(terms), note=note, created_by=actor, created_at=now)
    try:
        draft.clean_fields(exclude=["version", "in_force", "created_by"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise BadInput(" ".join(messages), field=name) from None
    if all(getattr(draft, name) == value for name, value in values.items()):
        return present
    ComplaintPolicy.objects.filter(in_force=True).update(in_force=False)
    newest = ComplaintPolicy.objects.aggregate(newest=Max("version"))["newest"]
    draft.version, draft.in_force = newest + 1, True
    draft.save(force_insert=True)
    return draft
