"""Pins: a manager's word that an account has a tier from a day until a day (docs/domain.md, 4.2, step 7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Account, Tier
from contacts import planning
from crm.team.models import User
from segmentation import proposals
from segmentation.errors import NotAllowed, PinRefused
from segmentation.locks import lock_tiers
from segmentation.models import TierChange, TierPin
from segmentation.rules import may_set_tier


def pin_tier(
    *,
    account: Account,
    tier: str,
    first_day: dt.date,
    last_day: dt.date,
    reason: str,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> TierPin:
    """Pin the account to the tier from first_day until last_day, both inclusive; at once where today is among them.

    An open proposal of a pinned account is overtaken, and its contact plan follows at once. Raises NotAllowed, and
    PinRefused where the pin overlaps another, is over already, is turned round, or has no tier or no reason.
    """
    if not may_set_tier(actor, account):
        raise NotAllowed(_not_allowed())
    if tier not in Tier.values:
        raise PinRefused(_("Choose A, B or C."), field="tier")
    _check(first_day, last_day, reason, today)
    with transaction.atomic():
        lock_tiers(alone=True)
        other = _overlapping([account.pk], first_day, last_day).get(account.pk)
        if other is not None:
            raise PinRefused(_overlaps(other), field="first_day")
        pin = TierPin.objects.create(
            account=account,
            tier=tier,
            first_day=first_day,
            last_day=last_day,
            reason=reason.strip(),
            actor=actor,
            created_at=now,
        )
        changed = _apply(TierPin.objects.filter(pk=pin.pk), today=today, now=now)
    if changed:
        planning.plan(today=today, now=now, account_ids=changed)
    return pin


KEPT, PROPOSED = "kept", "proposed"
"""What many are pinned to together: the tier each has, the one proposed for each; or a letter, the same for all."""


def pin_many(
    *,
    change_ids: Collection[int],
    tier: str,
    last_day: dt.date,
    reason: str,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> PinnedMany:
    """Pin the accounts of many changes from today until last_day, in one transaction and a handful of statements.

    tier: KEPT, PROPOSED, or a letter. Open proposals of those pinned are overtaken. What cannot be pinned is left and
    named with the cause; ids the actor may not see are passed over. Raises PinRefused as pin_tier does.
    """
    if tier not in (KEPT, PROPOSED, *Tier.values):
        raise PinRefused(_("Choose a tier."), field="tier")
    _check(today, last_day, reason, today)
    result = PinnedMany()
    with transaction.atomic():
        lock_tiers(alone=True)
        changes = list(
            TierChange.objects.visible_to(actor, on=today)
            .filter(pk__in=change_ids)
            .select_related("account__owner")
            .order_by("account", "-pk")
        )
        others = _overlapping([change.account_id for change in changes], today, last_day)
        made: dict[int, TierPin] = {}
        for change in changes:
            account = change.account
            to = {KEPT: change.from_tier, PROPOSED: change.to_tier}.get(tier, tier)
            if not may_set_tier(actor, account):
                result.left.append((change, _not_allowed()))
            elif account.pk in others:
                result.left.append((change, _overlaps(others[account.pk])))
            elif to is None:
                result.left.append((change, _("There is no tier to pin it to: choose A, B or C.")))
            elif account.pk not in made:
                made[account.pk] = TierPin(
                    account=account,
                    tier=to,
                    first_day=today,
                    last_day=last_day,
                    reason=reason.strip(),
                    actor=actor,
                    created_at=now,
                )
        result.pinned = TierPin.objects.bulk_create(made.values())
        changed = _apply(
            TierPin.objects.filter(pk__in=[pin.pk for pin in result.pinned]), today=today, now=now
        )
    if changed:
        planning.plan(today=today, now=now, account_ids=changed)
    return result


@dataclass
class PinnedMany:
    """What became of many pins asked for together."""

    pinned: list[TierPin] = field(default_factory=list)
    left: list[tuple[TierChange, str]] = field(default_factory=list)
    """Those that could not be pinned, each with a sentence that says why."""


def _check(first_day: dt.date, last_day: dt.date, reason: str, today: dt.date) -> None:
    if not reason.strip():
        raise PinRefused(_("Say why the tier is pinned."), field="reason")
    if last_day < first_day:
        raise PinRefused(_("The last day lies before the first."), field="last_day")
    if last_day < today:
        raise PinRefused(_("The last day is over already."), field="last_day")


def _not_allowed() -> str:
    return _("Only the manager of the owner's team, or an admin, may pin this account's tier.")


def _overlapping(account_ids: Collection[int], first_day: dt.date, last_day: dt.date) -> dict[int, TierPin]:
    """By account, a pin of any of these days."""
    pins = TierPin.objects.filter(account__in=account_ids, first_day__lte=last_day, last_day__gte=first_day)
    return {pin.account_id: pin for pin in pins}


def _overlaps(other: TierPin) -> str:
    words = {
        "tier": other.tier,
        "first": date_format(other.first_day),
        "last": date_format(other.last_day),
    }
    return (
        _("The account is pinned to %(tier)s from %(first)s until %(last)s already; pins never overlap.")
        % words
    )


def apply_pins(*, today: dt.date, now: dt.datetime) -> int:
    """Give every account pinned today its pinned tier; gives how many changed. Daily; again changes nothing."""
    with transaction.atomic():
        lock_tiers(alone=True)
        return len(_apply(TierPin.objects.all(), today=today, now=now))


def apply_pins_not_covering(day: dt.date, *, today: dt.date, now: dt.datetime) -> None:
    """What a run as of `day` does first: apply pins that began after it, so that it reads the tiers they gave.

    A pin that covers the run's day is applied by the run. The caller holds the lock on tiers, alone.
    """
    _apply(TierPin.objects.exclude(first_day__lte=day, last_day__gte=day), today=today, now=now)


def _apply(pins: models.QuerySet[TierPin], *, today: dt.date, now: dt.datetime) -> list[int]:
    """Apply those of the pins that cover today and are not in effect yet; gives the ids of the accounts changed."""
    in_effect = Q(account__tier__isnull=False, account__tier=F("tier"), account__tier_provisional=False)
    waiting = (
        pins.filter(first_day__lte=today, last_day__gte=today, account__merged_into__isnull=True)
        .exclude(in_effect)
        .select_related("account")
    )
    changes = [
        TierChange(
            account=pin.account,
            pin=pin,
            state=TierChange.State.PIN,
            from_tier=None if pin.account.tier_provisional else pin.account.tier,
            to_tier=pin.tier,
            from_since=pin.account.tier_since,
            note=pin.reason,
            actor_id=pin.actor_id,
            proposed_at=now,
            decided_at=now,
            applied_on=today,
        )
        for pin in waiting.order_by("account")
    ]
    TierChange.objects.bulk_create(changes)
    for tier in Tier.values:
        pinned = [change.account_id for change in changes if change.to_tier == tier]
        Account.objects.filter(pk__in=pinned).update(tier=tier, tier_since=today, tier_provisional=False)
    proposals.close_overtaken(today=today, now=now)
    proposals.close_finished_runs()
    return [change.account_id for change in changes]
