"""What tiers have to say when two accounts become one (accounts.merging.parts is the door; docs/adr/008).

Runs, changes and pins are the record of what was found and decided about the account they name: they stay with the
archived one. It has no tier from then on, and no run looks at it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.merging.moving import Recorder
from accounts.merging.parts import Part
from accounts.models import Account
from crm.team.models import User
from segmentation import proposals
from segmentation.locks import lock_tiers
from segmentation.models import SimulatedAccount, TierAssessment, TierChange, TierPin


class TiersMerging(Part):
    """The history of tiers stays; the kept account takes a tier over only where it has none."""

    def begin(self, *, kept: Account, duplicate: Account) -> None:
        """Beside other decisions, but not beside a run."""
        lock_tiers(alone=False)

    def staying(self, *, kept: Account, duplicate: Account) -> Mapping[type[models.Model], Q]:
        """All of it."""
        everything = Q(pk__isnull=False)
        return dict.fromkeys((TierAssessment, TierChange, TierPin, SimulatedAccount), everything)

    def merged(
        self,
        *,
        kept: Account,
        duplicate: Account,
        record: Recorder,
        actor: User,
        today: dt.date,
        now: dt.datetime,
    ) -> None:
        """End the duplicate's tier; give it to the kept account where that has none of its own."""
        TierChange.objects.filter(account=duplicate, state=TierChange.State.PROPOSED).update(
            state=TierChange.State.OVERTAKEN, decided_at=now
        )
        if duplicate.tier is not None:
            taken_over = duplicate.tier if not duplicate.tier_provisional else None
            note = _("Merged into %(code)s") % {"code": kept.code}
            _change(duplicate, None, since=None, note=note, actor=actor, today=today, now=now)
            if taken_over and (kept.tier is None or kept.tier_provisional):
                note = _("Merged with %(code)s") % {"code": duplicate.code}
                _change(kept, taken_over, since=today, note=note, actor=actor, today=today, now=now)
        proposals.close_overtaken(today=today, now=now, account_ids=[kept.pk])
        proposals.close_finished_runs()

    def parted(
        self,
        *,
        kept: Account,
        duplicate: Account,
        merged_at: dt.datetime,
        actor: User,
        today: dt.date,
        now: dt.datetime,
    ) -> None:
        """Both have the tiers again that the merge changed, where nothing has changed them since."""
        for account in (kept, duplicate):
            change = TierChange.objects.filter(
                account=account, run=None, state=TierChange.State.APPLIED, proposed_at=merged_at
            ).first()
            if change is None or account.tier != change.to_tier or account.tier_provisional:
                continue
            if change.to_tier is not None and account.tier_since != change.applied_on:
                continue
            note = _("Merge taken back")
            _change(
                account,
                change.from_tier,
                since=change.from_since if change.from_tier else None,
                note=note,
                actor=actor,
                today=today,
                now=now,
            )

    def notes(self, *, kept: Account, duplicate: Account) -> list[str]:
        """What becomes of tier, proposal and pins."""
        found = []
        if kept.tier is None and duplicate.tier is not None and not duplicate.tier_provisional:
            found.append(
                _("%(account)s takes over tier %(tier)s until the next run.")
                % {"account": kept.name, "tier": duplicate.tier}
            )
        elif kept.tier != duplicate.tier and kept.tier is not None:
            found.append(
                _("%(account)s stays tier %(tier)s until the next run looks at both together.")
                % {"account": kept.name, "tier": kept.tier}
            )
        if TierChange.objects.filter(account=duplicate, state=TierChange.State.PROPOSED).exists():
            found.append(
                _("The open proposal of a tier change for %(account)s closes.") % {"account": duplicate.name}
            )
        for pin in TierPin.objects.filter(account=duplicate).order_by("-last_day")[:1]:
            found.append(
                _(
                    "The pin of %(account)s to %(tier)s, until %(day)s, stays behind. Pin again if it still holds."
                )
                % {"account": duplicate.name, "tier": pin.tier, "day": date_format(pin.last_day)}
            )
        return found


def _change(
    account: Account,
    tier: str | None,
    *,
    since: dt.date | None,
    note: str,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> None:
    TierChange.objects.create(
        account=account,
        state=TierChange.State.APPLIED,
        from_tier=None if account.tier_provisional else account.tier,
        to_tier=tier,
        from_since=account.tier_since,
        note=note,
        actor=actor,
        proposed_at=now,
        decided_at=now,
        applied_on=today,
    )
    account.tier, account.tier_since, account.tier_provisional = tier, since, False
    Account.objects.filter(pk=account.pk).update(tier=tier, tier_since=since, tier_provisional=False)
