"""Tier policies: the one in force, drafts, and when they take over. A version is never edited once used (4.2).

A draft is a version that is not in force, was not, and is not to be on any day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.jobs.models import Job
from crm.team.models import User
from segmentation.errors import PolicyError
from segmentation.locks import lock_tiers
from segmentation.models import TierPolicy

DAY = dt.timedelta(days=1)


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
        draft.created_at = timezone.now()
        draft.starts_on = timezone.localdate(draft.created_at, timezone.get_default_timezone())
        TierPolicy.objects.filter(in_force=True).update(in_force=False, ended_on=draft.starts_on)
        draft.version, draft.in_force, draft.note, draft.created_by = _next_version(), True, note, actor
        draft.save(force_insert=True)
        return draft


def _next_version() -> int:
    return (TierPolicy.objects.aggregate(newest=Max("version"))["newest"] or 0) + 1


def thresholds_of(policy: TierPolicy) -> dict[str, Any]:
    """Its thresholds as JSON: whole numbers, and shares as texts such as "0.8" without what follows."""
    found: dict[str, Any] = {}
    for name in TierPolicy.THRESHOLDS:
        value = getattr(policy, name)
        found[name] = format(value.normalize(), "f") if isinstance(value, Decimal) else value
    return found


def state_of(policy: TierPolicy) -> TierPolicy.State:
    """What has become of it. Asks whether a run used it, unless `run_count` is there."""
    if policy.in_force:
        return TierPolicy.State.IN_FORCE
    used = getattr(policy, "run_count", None)
    if policy.ended_on is not None or (policy.runs.exists() if used is None else used):
        return TierPolicy.State.PAST
    return TierPolicy.State.DRAFT if policy.starts_on is None else TierPolicy.State.SCHEDULED


# Drafts -------------------------------------------------------------------------------------------------------------
@transaction.atomic
def make_draft(*, like: TierPolicy, actor: User, now: dt.datetime) -> TierPolicy:
    """A new version with the thresholds of `like`, to be edited."""
    draft = draft_policy({}, like=like)
    draft.version, draft.created_by, draft.created_at = _next_version(), actor, now
    draft.save(force_insert=True)
    return draft


def edit_draft(*, policy: TierPolicy, thresholds: Mapping[str, Any], note: str) -> TierPolicy:
    """Give the draft these thresholds. Raises PolicyError as draft_policy does, and where it is no draft any more."""
    with transaction.atomic():
        stored = _locked(policy)
        _must_be(stored, TierPolicy.State.DRAFT, _("Version %(version)s is in use; it is never edited."))
        edited = draft_policy(thresholds, like=stored)
        for name in TierPolicy.THRESHOLDS:
            setattr(stored, name, getattr(edited, name))
        stored.note = note[:200]
        stored.save()
        return stored


def remove_draft(*, policy: TierPolicy) -> None:
    """Throw the draft away, with its simulation. Raises PolicyError where it is no draft any more."""
    with transaction.atomic():
        stored = _locked(policy)
        _must_be(stored, TierPolicy.State.DRAFT, _("Version %(version)s is in use; it stays."))
        stored.delete()


def _locked(policy: TierPolicy) -> TierPolicy:
    return TierPolicy.objects.select_for_update().get(pk=policy.pk)


def _must_be(policy: TierPolicy, state: TierPolicy.State, otherwise: str) -> None:
    if state_of(policy) != state:
        raise PolicyError(otherwise % {"version": policy.version})


# Putting in force ---------------------------------------------------------------------------------------------------
def schedule(*, policy: TierPolicy, starts_on: dt.date, run_at_start: bool, today: dt.date) -> TierPolicy:
    """Have the draft put in force on a day, today or later; whoever calls asks for the job where it is today.

    Raises PolicyError, naming the field, where it is no draft or the day is over.
    """
    with transaction.atomic():
        stored = _locked(policy)
        _must_be(
            stored, TierPolicy.State.DRAFT, _("Version %(version)s is no draft; make a new one like it.")
        )
        if starts_on < today:
            raise PolicyError(_("The day is over. A policy starts today or later."), field="starts_on")
        stored.starts_on, stored.run_at_start = starts_on, run_at_start
        stored.save(update_fields=["starts_on", "run_at_start"])
        return stored


def take_back(*, policy: TierPolicy) -> TierPolicy:
    """Make a draft again of what is to be put in force, or is in force and was used by no run yet.

    Where it is in force, the version before it is again. Raises PolicyError where a run used it, or is to be made with
    it now, where it is over, or the first.
    """
    with transaction.atomic():
        lock_tiers(alone=True)  # a run would read the policy in force meanwhile
        stored = _locked(policy)
        state = state_of(stored)
        if state == TierPolicy.State.IN_FORCE:
            before = _before(stored)
            TierPolicy.objects.filter(pk=stored.pk).update(in_force=False)
            TierPolicy.objects.filter(pk=before.pk).update(in_force=True, ended_on=None)
            stored.in_force = False
        elif state != TierPolicy.State.SCHEDULED:
            raise PolicyError(_("Version %(version)s waits for no day.") % {"version": stored.version})
        stored.starts_on, stored.run_at_start = None, False
        stored.save(update_fields=["starts_on", "run_at_start"])
        return stored


def may_take_back(policy: TierPolicy) -> bool:
    """Whether take_back would make a policy in force a draft again, as far as that can be told without locking."""
    try:
        _before(policy)
    except PolicyError:
        return False
    return policy.in_force


def _before(policy: TierPolicy) -> TierPolicy:
    """The version that the one in force took over from. Raises PolicyError where it cannot go back to it."""
    words = {"version": policy.version}
    if policy.runs.exists():
        raise PolicyError(_("A run used version %(version)s; make a new one like the one before.") % words)
    if policy.run_at_start and policy.starts_on is not None:
        key = f"tiering:{(policy.starts_on - DAY).isoformat()}"
        if Job.objects.filter(kind="tiering", key=key, state__in=Job.OPEN_STATES).exists():
            raise PolicyError(_("Tiers are being computed with version %(version)s.") % words)
    # Of several that began on one day the last came last.
    before = (
        TierPolicy.objects.filter(ended_on=policy.starts_on, ended_on__isnull=False)
        .exclude(pk=policy.pk)
        .order_by(F("starts_on").desc(nulls_last=True), "-version")
        .first()
    )
    if before is None:
        raise PolicyError(_("There is no version before version %(version)s.") % words)
    return before


def due(today: dt.date) -> models.QuerySet[TierPolicy]:
    """The versions whose day has come and that are not in force yet, in the order in which they begin."""
    return TierPolicy.objects.filter(
        starts_on__lte=today, in_force=False, ended_on=None, runs__isnull=True
    ).order_by("starts_on", "version")


def begin_due(*, today: dt.date) -> list[TierPolicy]:
    """Put in force what is due; of several the last stays in force. Gives those that began. Again changes nothing."""
    with transaction.atomic():
        begun = list(due(today).select_for_update(of=("self",)))
        for policy in begun:
            TierPolicy.objects.filter(in_force=True).update(in_force=False, ended_on=policy.starts_on)
            policy.in_force = True
            policy.save(update_fields=["in_force"])
        return begun


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
