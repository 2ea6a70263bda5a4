"""Tier policies: the one in force, and new versions. A version is never edited once a run used it (4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.team.models import User
from segmentation.errors import PolicyError
from segmentation.models import TierPolicy


def policy_in_force() -> TierPolicy:
    """The policy that runs use. Makes version 1 with the thresholds of docs/domain.md where there is none at all."""
    policy = TierPolicy.objects.filter(in_force=True).first()
    if policy is None:
        policy, _made = TierPolicy.objects.get_or_create(version=1, defaults={"in_force": True})
    return policy


def draft_policy(thresholds: Mapping[str, Any], *, like: TierPolicy | None = None) -> TierPolicy:
    """An unsaved policy with these thresholds; those not named are as in `like` (default: the one in force).

    Shares and weights are fractions of 1 with at most four decimals. max_late_share may be None: payment does not
    count. Raises PolicyError, naming the threshold, where one is unknown or no policy could have it.
    """
    like = like or TierPolicy.objects.filter(in_force=True).first() or TierPolicy()
    policy = TierPolicy(**{name: getattr(like, name) for name in TierPolicy.THRESHOLDS})
    for name, value in thresholds.items():
        if name not in TierPolicy.THRESHOLDS:
            raise PolicyError(
                _("%(name)s is no threshold. There are: %(names)s.")
                % {"name": name, "names": ", ".join(TierPolicy.THRESHOLDS)},
                field=str(name),
            )
        setattr(policy, name, _number(name, value))
    try:
        policy.clean_fields(exclude=["version", "in_force", "note", "created_by"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise PolicyError(f"{name}: {' '.join(messages)}", field=name) from None
    if policy.b_share < policy.a_share:
        raise PolicyError(
            _("b_share: B ends at %(b)s, before A ends (%(a)s).")
            % {"b": policy.b_share, "a": policy.a_share},
            field="b_share",
        )
    return policy


def make_policy(
    *,
    thresholds: Mapping[str, Any],
    actor: User | None,
    note: str = "",
    like: TierPolicy | None = None,
) -> TierPolicy:
    """Write a new version and put it in force; where the one in force says the same already, that one is returned.

    Raises PolicyError as draft_policy does. actor: None for a command.
    """
    with transaction.atomic():
        draft = draft_policy(thresholds, like=like)
        present = policy_in_force()
        if all(getattr(present, name) == getattr(draft, name) for name in TierPolicy.THRESHOLDS):
            return present
        TierPolicy.objects.filter(in_force=True).update(in_force=False)
        newest = TierPolicy.objects.aggregate(newest=Max("version"))["newest"]
        draft.version, draft.in_force, draft.note, draft.created_by = newest + 1, True, note, actor
        draft.created_at = timezone.now()
        draft.save(force_insert=True)
        return draft


def _number(name: str, value: Any) -> Any:
    """What JSON or a form gave, as the threshold's own type; a boolean or a fraction of a month is nothing like it."""
    field = TierPolicy._meta.get_field(name)
    if value is None and field.null:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise PolicyError(_("%(name)s: a number, please.") % {"name": name}, field=name)
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite():
        raise PolicyError(_("%(name)s: a number, please.") % {"name": name}, field=name)
    if isinstance(field, models.DecimalField):
        return number
    if number != int(number):
        raise PolicyError(_("%(name)s: a whole number, please.") % {"name": name}, field=name)
    return int(number)
