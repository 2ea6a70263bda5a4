"""What complaints has to say when two accounts become one (accounts.merging.parts is the door)."""

from __future__ import annotations

import datetime as dt

from accounts.merging.moving import Recorder
from accounts.merging.parts import Part
from accounts.models import Account
from complaints.facts import refresh_open_complaints
from crm.team.models import User


class ComplaintsMerging(Part):
    """The number of open complaints of both."""

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
        """Count anew."""
        refresh_open_complaints(account_ids=[kept.pk, duplicate.pk])

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
        """Count anew."""
        refresh_open_complaints(account_ids=[kept.pk, duplicate.pk])
