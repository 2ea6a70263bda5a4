"""What contacts has to say when two accounts become one (accounts.merging.parts is the door).

What people booked, moved or wrote goes with the customer. What planning made stays with the archived account, where
planning takes it back, and the kept account is planned anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.merging.moving import Recorder
from accounts.merging.parts import Part
from accounts.models import Account
from contacts import planning
from contacts.facts import refresh_last_contact
from contacts.models import (
    AgendaItem,
    CadenceStart,
    ContactWish,
    FollowUp,
    Reason,
    Touchpoint,
    UnmetRule,
)
from crm.team.models import User


class ContactsMerging(Part):
    """Follow-ups and agenda items; the last contact of both."""

    def begin(self, *, kept: Account, duplicate: Account) -> None:
        """The locks of planning, before any row is written."""
        planning.hold(account_ids=[kept.pk, duplicate.pk])

    def staying(self, *, kept: Account, duplicate: Account) -> Mapping[type[models.Model], Q]:
        """Cadence starts (each account spreads from its own), what is only a plan, and wishes where both have some."""
        only_planned = self._only_planned(duplicate).values("pk")
        cadence = Q(state=AgendaItem.State.OPEN, reason=Reason.CADENCE)
        both_wish = ContactWish.objects.filter(account=kept, person__isnull=True).exists()
        return {
            CadenceStart: Q(pk__isnull=False),
            UnmetRule: Q(pk__isnull=False),
            ContactWish: Q(person__isnull=True) if both_wish else Q(pk__in=()),
            FollowUp: Q(pk__in=only_planned),
            AgendaItem: cadence & (Q(follow_up__isnull=True) | Q(follow_up__in=only_planned)),
        }

    def before(self, *, kept: Account, duplicate: Account, record: Recorder, now: dt.datetime) -> None:
        """A cadence item that the kept account has too stays, and lets go of a follow-up that moves."""
        theirs = AgendaItem.objects.open().filter(
            account=kept, reason=Reason.CADENCE, source=OuterRef("source")
        )
        clashing = (
            AgendaItem.objects.open()
            .filter(Exists(theirs), account=duplicate, reason=Reason.CADENCE, follow_up__isnull=False)
            .exclude(follow_up__in=self._only_planned(duplicate).values("pk"))
        )
        for item in clashing.order_by("pk"):
            record.write(item, follow_up_id=None)

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
        """What the duplicate's owner had to do, the kept one's does: the other may not see the account any more."""
        if kept.owner_id is not None and duplicate.owner_id not in (None, kept.owner_id):
            for follow_up in FollowUp.objects.open().filter(account=kept, assignee=duplicate.owner_id):
                record.write(follow_up, assignee_id=kept.owner_id)
        refresh_last_contact(account_ids=[kept.pk, duplicate.pk])

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
        """Both last contacts anew."""
        refresh_last_contact(account_ids=[kept.pk, duplicate.pk])

    def _only_planned(self, account: Account) -> models.QuerySet[FollowUp]:
        """Open follow-ups that no person had a hand in and that serve cadences alone."""
        items = AgendaItem.objects.open().filter(follow_up=OuterRef("pk"))
        return FollowUp.objects.order_by().filter(
            Exists(items.filter(reason=Reason.CADENCE)),
            ~Exists(items.exclude(reason=Reason.CADENCE)),
            ~Exists(Touchpoint.objects.filter(follow_up=OuterRef("pk"))),
            account=account,
            state=FollowUp.State.PLANNED,
            moved_by_hand=False,
            handed_over_by__isnull=True,
            snoozed_until__isnull=True,
            time__isnull=True,
        )
