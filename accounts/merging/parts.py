"""The door by which upper floors take part in merging accounts (docs/architecture.md, "Where a lower floor needs").

Everything that refers to an account moves by itself (`accounts.merging.moving`). What must stay with the archived
account, and what has to be reckoned anew, is said by the app that owns it, in a class that `settings.ACCOUNT_MERGING`
names. All of it runs inside the one transaction of the merge, or of its undo.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.module_loading import import_string

from accounts.merging.moving import Recorder
from accounts.models import Account, RecentProductLine
from crm.team.models import User


class Part:
    """What one app has to say. The defaults say nothing."""

    def begin(self, *, kept: Account, duplicate: Account) -> None:
        """First in the transaction: take the locks that the app's own writers take."""

    def staying(self, *, kept: Account, duplicate: Account) -> Mapping[type[models.Model], Q]:
        """By model, the rows of the duplicate that stay with it; what is not named moves. A pure read."""
        return {}

    def before(self, *, kept: Account, duplicate: Account, record: Recorder, now: dt.datetime) -> None:
        """Write what has to be different before the rows move."""

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
        """After the rows moved: facts of the app on both accounts; what `record` writes is taken back by the undo."""

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
        """After a merge was undone that was done at `merged_at`: facts of the app on both accounts."""

    def notes(self, *, kept: Account, duplicate: Account) -> list[str]:
        """What somebody who looks at the preview should know, in whole sentences."""
        return []


@lru_cache(maxsize=8)
def _made(paths: tuple[str, ...]) -> tuple[Part, ...]:
    return tuple(import_string(path)() for path in paths)


def parts() -> tuple[Part, ...]:
    """The parts of all apps, in order."""
    return _made(tuple(settings.ACCOUNT_MERGING))


def staying_by_model(*, kept: Account, duplicate: Account) -> dict[type[models.Model], Q]:
    """What all parts together leave with the duplicate."""
    found: dict[type[models.Model], Q] = {RecentProductLine: Q(pk__isnull=False)}  # a fact, reckoned anew
    for part in parts():
        for model, rows in part.staying(kept=kept, duplicate=duplicate).items():
            found[model] = found[model] | rows if model in found else rows
    return found
