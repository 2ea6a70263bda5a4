"""Deciding tier changes: accept, reject, override, one or many, undo, the end of the review (docs/domain.md, 4.4).

Every decision locks the proposal, so that of two who decide at once the second is told who was quicker. The account's
contact plan follows after the decision is written: planning reads it in its own transactions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Account, Tier
from contacts import planning
from crm.team.models import User
from segmentation import actions, proposals, reasons
from segmentation.actions import Action
from segmentation.errors import AlreadyDecided, CannotUndo, NotAllowed, Overtaken, WrongTier
from segmentation.locks import lock_tiers
from segmentation.models import TierChange, TieringRun, TierPin
from segmentation.rules import may_decide

_STATE = TierChange.State
_BY_HAND = (_STATE.ACCEPTED, _STATE.REJECTED, _STATE.OVERRIDDEN)


@dataclass
class Decided:
    """What became of many proposals decided together."""

    decided: list[TierChange] = field(default_factory=list)
    left: list[tuple[TierChange, str]] = field(default_factory=list)
    """Those that could not be decided, each with a sentence that says why: overtaken, already decided, not allowed."""


def accept_change(
    *,
    change: TierChange,
    reason: str,
    note: str = "",
    action: Action | None = None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> TierChange:
    """Give the account the tier that the run found. reason: the code of one in use; "other" needs a note.

    action: what is to be done about it; taking the decision back withdraws it while nobody has touched it.
    Raises ActionRefused, ReasonMissing, NotAllowed, AlreadyDecided, Overtaken (the proposal is then closed), and
    TierChange.DoesNotExist where the actor may not see the account.
    """
    return _decide(change, _Decision(_STATE.ACCEPTED, None, reason, note, actor, today, now, action))


def reject_change(
    *,
    change: TierChange,
    reason: str,
    note: str = "",
    action: Action | None = None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> TierChange:
    """Let the account keep its tier. Arguments and errors as for accept_change."""
    return _decide(change, _Decision(_STATE.REJECTED, None, reason, note, actor, today, now, action))


def override_change(
    *,
    change: TierChange,
    tier: str,
    reason: str,
    note: str = "",
    action: Action | None = None,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> TierChange:
    """Give the account a third tier, neither its own nor the one proposed; the finding moves to proposed_tier.

    Raises WrongTier for those two, else as accept_change.
    """
    if tier not in Tier.values:
        raise WrongTier(_("Choose A, B or C."))
    if tier == change.to_tier:
        raise WrongTier(_("%(tier)s is what is proposed: accept it.") % {"tier": tier})
    if tier == change.from_tier:
        raise WrongTier(_("The account has %(tier)s already: reject the change.") % {"tier": tier})
    return _decide(change, _Decision(_STATE.OVERRIDDEN, tier, reason, note, actor, today, now, action))


def decide_many(
    *,
    change_ids: Collection[int],
    accept: bool,
    reason: str,
    note: str = "",
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> Decided:
    """Accept or reject many proposals with one reason, in one transaction and a handful of statements.

    Those that cannot be decided are left and named with the cause; ids the actor may not see are passed over. Raises
    ReasonMissing.
    """
    reasons.check(reason, note)
    state = _STATE.ACCEPTED if accept else _STATE.REJECTED
    decision = _Decision(state, None, reason, note, actor, today, now)
    result = Decided()
    with transaction.atomic():
        lock_tiers(alone=False)
        changes = _locked(change_ids, actor, today)
        pinned = _pinned([change.account_id for change in changes], today)
        for change in changes:
            if not may_decide(actor, change):
                result.left.append((change, _not_allowed()))
            elif change.state != _STATE.PROPOSED:
                result.left.append((change, already_decided(change)))
            elif _is_overtaken(change, pinned):
                change.state, change.decided_at = _STATE.OVERTAKEN, now
                result.left.append((change, _overtaken(change, pinned)))
            else:
                _write_decision(change, decision)
                result.decided.append(change)
        _save(changes, actor, now)
        moved = [change for change in result.decided if change.applied_on is not None]
        for tier in (*Tier.values, None):
            _set_tier([change.account_id for change in moved if change.to_tier == tier], tier, today)
        proposals.close_finished_runs()
    if moved:
        planning.plan(today=today, now=now, account_ids=[change.account_id for change in moved])
    return result


def undo_decision(*, change: TierChange, actor: User, today: dt.date, now: dt.datetime) -> TierChange:
    """Take a decision made by hand back: the proposal is open again, the account has the tier it had, since it had it.

    Raises CannotUndo once the review has ended, a newer run exists, or the tier has moved on; NotAllowed;
    TierChange.DoesNotExist where the actor may not see the account. What was logged meanwhile stays.
    """
    with transaction.atomic():
        planning.hold(account_ids=[change.account_id])
        lock_tiers(alone=False)
        change = _the_one(change, actor, today)
        if not may_decide(actor, change):
            raise NotAllowed(_not_allowed())
        if change.state not in _BY_HAND:
            raise CannotUndo(_("There is no decision to take back."))
        run = change.run
        if run is None or today > run.review_until or TieringRun.objects.filter(as_of__gt=run.as_of).exists():
            raise CannotUndo(_("The review has ended; the decision stands."))
        applied = change.applied_on is not None
        expected = change.to_tier if applied else change.from_tier
        pinned = _pinned([change.account_id], today)
        if change.account.tier != expected or change.account.tier_provisional or pinned:
            raise CannotUndo(_("The account's tier has changed since; the decision stands."))
        if change.state == _STATE.OVERRIDDEN:
            change.to_tier, change.proposed_tier = change.proposed_tier, None
        change.state = _STATE.PROPOSED
        change.reason = change.note = ""
        change.actor = change.decided_at = change.applied_on = None
        _save([change], actor, now)
        if applied:
            Account.objects.filter(pk=change.account_id).update(
                tier=change.from_tier, tier_since=change.from_since, tier_provisional=False
            )
        TieringRun.objects.filter(pk=run.pk).update(state=TieringRun.State.IN_REVIEW)
        actions.take_back(change, now=now)
    if applied:
        planning.plan(today=today, now=now, account_ids=[change.account_id])
    return change


def apply_undecided(*, today: dt.date, now: dt.datetime) -> int:
    """Apply as proposed what nobody decided by the last day of its review, and close those runs. Daily.

    Returns how many accounts changed, whose contacts the caller plans; doing it again changes nothing.
    """
    with transaction.atomic():
        lock_tiers(alone=True)
        ended = TieringRun.objects.filter(state=TieringRun.State.IN_REVIEW, review_until__lt=today)
        return proposals.apply_open(today=today, now=now, runs=list(ended.values_list("pk", flat=True)))


def already_decided(change: TierChange) -> str:
    """Who decided the change, when and how, in a sentence."""
    if change.state == _STATE.OVERTAKEN:
        return _("This proposal was overtaken: the account's tier changed in another way.")
    if change.actor is None or change.decided_at is None:
        return _("The review has ended; the change was applied as proposed.")
    words = {
        _STATE.ACCEPTED: _("%(user)s accepted this change on %(time)s."),
        _STATE.REJECTED: _("%(user)s rejected this change on %(time)s."),
        _STATE.OVERRIDDEN: _("%(user)s overrode this change on %(time)s."),
    }
    sentence = words.get(_STATE(change.state), _("%(user)s pinned the tier on %(time)s."))
    # Translators: day, month, year, hour and minute in the letters of Django's date filter
    letters = pgettext("date format", "j M Y, H:i")
    time = date_format(timezone.localtime(change.decided_at), letters, use_l10n=False)
    return sentence % {"user": change.actor, "time": time}


@dataclass(frozen=True)
class _Decision:
    """What somebody decides about a proposal, or about many alike. tier: what an override sets, else not looked at."""

    state: TierChange.State
    tier: str | None
    reason: str
    note: str
    actor: User
    today: dt.date
    now: dt.datetime
    action: Action | None = None
    """What is to be done about it, asked for in the same transaction."""


def _decide(change: TierChange, decision: _Decision) -> TierChange:
    actor, today, now = decision.actor, decision.today, decision.now
    reasons.check(decision.reason, decision.note)
    with transaction.atomic():
        if decision.action is not None:
            planning.hold(account_ids=[change.account_id])
        lock_tiers(alone=False)
        change = _the_one(change, actor, today)
        if not may_decide(actor, change):
            raise NotAllowed(_not_allowed())
        if change.state != _STATE.PROPOSED:
            raise AlreadyDecided(already_decided(change))
        pinned = _pinned([change.account_id], today)
        overtaken = _is_overtaken(change, pinned)
        if overtaken:
            change.state, change.decided_at = _STATE.OVERTAKEN, now
        else:
            _write_decision(change, decision)
        _save([change], actor, now)
        if change.applied_on is not None:
            _set_tier([change.account_id], change.to_tier, today)
        if decision.action is not None and not overtaken:
            actions.ask_for(decision.action, change=change, today=today, now=now)
        proposals.close_finished_runs()
    # Only now, so that the closing of what was overtaken is kept.
    if overtaken:
        raise Overtaken(_overtaken(change, pinned))
    if change.applied_on is not None:
        planning.plan(today=today, now=now, account_ids=[change.account_id])
    return change


def _locked(change_ids: Collection[int], actor: User, today: dt.date) -> list[TierChange]:
    """Those of the changes that the actor may see, as they are now, locked with their accounts until the end.

    Locked first and read afterwards: a statement that had to wait for a row gives what it joined as it was before.
    """
    visible = TierChange.objects.visible_to(actor, on=today).filter(pk__in=change_ids).order_by("pk")
    locking = visible.select_related("account").select_for_update(of=("self", "account"), no_key=True)
    locked = [change.pk for change in locking]
    return list(
        TierChange.objects.filter(pk__in=locked)
        .select_related("account__owner", "actor", "run")
        .order_by("pk")
    )


def _the_one(change: TierChange, actor: User, today: dt.date) -> TierChange:
    """As _locked, for one. Raises TierChange.DoesNotExist."""
    found = _locked([change.pk], actor, today)
    if not found:
        raise TierChange.DoesNotExist("No such tier change for this user.")
    return found[0]


def _pinned(account_ids: Collection[int], today: dt.date) -> set[int]:
    pins = TierPin.objects.filter(account__in=account_ids, first_day__lte=today, last_day__gte=today)
    return set(pins.values_list("account_id", flat=True))


def _is_overtaken(change: TierChange, pinned: Collection[int]) -> bool:
    account = change.account
    return account.tier != change.from_tier or account.tier_provisional or account.pk in pinned


def _write_decision(change: TierChange, decision: _Decision) -> None:
    """Set the decision on the change; nothing is saved."""
    if decision.state == _STATE.OVERRIDDEN:
        change.proposed_tier, change.to_tier = change.to_tier, decision.tier
    change.state, change.reason, change.note = decision.state, decision.reason, decision.note.strip()
    change.actor, change.decided_at = decision.actor, decision.now
    change.applied_on = None if decision.state == _STATE.REJECTED else decision.today


def _save(changes: list[TierChange], actor: User, now: dt.datetime) -> None:
    """Write the changes and one history row each: what people decide is kept even when it is taken back."""
    fields = ["state", "reason", "note", "actor", "decided_at", "applied_on", "to_tier", "proposed_tier"]
    TierChange.objects.bulk_update(changes, fields)
    TierChange.history.bulk_history_create(changes, update=True, default_user=actor, default_date=now)


def _set_tier(account_ids: Collection[int], tier: str | None, today: dt.date) -> None:
    if account_ids:
        Account.objects.filter(pk__in=account_ids).update(
            tier=tier, tier_since=today if tier else None, tier_provisional=False
        )


def _not_allowed() -> str:
    return _("Only the manager of the owner's team, or an admin, decides on this account's tier.")


def _overtaken(change: TierChange, pinned: Collection[int]) -> str:
    if change.account_id in pinned:
        return _("The account's tier is pinned; the proposal was closed.")
    return _("The account is no longer in the tier it would leave; the proposal was closed.")
