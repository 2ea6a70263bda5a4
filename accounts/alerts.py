"""The door by which an app says what everybody must know who is about to contact an account (docs/architecture.md, 1).

`settings.ACCOUNT_ALERTS` names the sources in order. Their banners stand wherever somebody contacts the account: on its
page, at an open follow-up, on the log form, on the brief before a visit.

    class OpenComplaints(AlertSource):
        def alerts(self, account, *, user, today, now):
            return [Alert("danger", "complaint", strong, text, url, action)] if account.open_complaints else []

The account was found through `AccountQuerySet.visible_to` before any of this is called.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import Account
from crm.team.models import User


@dataclass(frozen=True)
class Alert:
    """One banner (components/banner.html). tone: "", "ok", "warn" or "danger"; url and action: where more is said."""

    tone: str
    icon: str
    strong: str
    text: str
    url: str = ""
    action: str = ""


class AlertSource:
    """What one app has to say. A fixed number of queries; none where a fact on the account says there is nothing."""

    def alerts(self, account: Account, *, user: User, today: dt.date, now: dt.datetime) -> Sequence[Alert]:
        """The banners for an account that the user sees, the gravest first."""
        raise NotImplementedError


@lru_cache(maxsize=8)
def _sources(paths: tuple[str, ...]) -> tuple[AlertSource, ...]:
    return tuple(import_string(path)() for path in paths)


def alerts_of(account: Account, *, user: User, today: dt.date, now: dt.datetime) -> list[Alert]:
    """All banners, in the order of settings.ACCOUNT_ALERTS."""
    sources = _sources(tuple(settings.ACCOUNT_ALERTS))
    return [alert for each in sources for alert in each.alerts(account, user=user, today=today, now=now)]
