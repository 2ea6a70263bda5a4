"""Telling what lies above that somebody's working days changed: contact planning follows at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string


def calendar_changed(*, user_ids: Iterable[int], today: dt.date, now: dt.datetime) -> None:
    """Call settings.CALENDAR_CHANGED once this is committed, where there is anybody whose calendar changed."""
    ids = sorted(set(user_ids))
    if not ids:
        return
    for path in settings.CALENDAR_CHANGED:
        transaction.on_commit(partial(import_string(path), user_ids=ids, today=today, now=now))
