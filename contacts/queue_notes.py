"""The door by which an app says more of what it put on the queue: how much time is left, and where it stands.

`settings.QUEUE_NOTES` names the sources; each knows the agenda items whose `source` begins with its prefix.

    class Complaints(NoteSource):
        prefix = "complaint:"

        def notes(self, sources, *, user, today, now):
            return {"complaint:17": Note("over by 3 h", "danger", "/complaints/17/")}
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import ClassVar, NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from crm.team.models import User


class Note(NamedTuple):
    """What is said of one agenda item, "" for nothing. tone: "", "soon" or "late"; url: where the thing itself is, ""
    for nowhere.
    """

    words: str
    tone: str = ""
    url: str = ""


class NoteSource:
    """What one app knows of its agenda items."""

    prefix: ClassVar[str]
    """How the `source` of its items begins."""

    def notes(
        self, sources: Collection[str], *, user: User, today: dt.date, now: dt.datetime
    ) -> Mapping[str, Note]:
        """By source, for those that the user may see. A fixed number of queries; called only where there are any."""
        raise NotImplementedError

    def run_out_at(
        self, sources: Collection[str], *, user: User, today: dt.date
    ) -> Mapping[str, dt.datetime]:
        """By source, when its time runs out; nothing of those whose clock stands. At most one query."""
        return {}


@lru_cache(maxsize=8)
def _known(paths: tuple[str, ...]) -> tuple[NoteSource, ...]:
    return tuple(import_string(path)() for path in paths)


def notes_of(sources: Collection[str], *, user: User, today: dt.date, now: dt.datetime) -> dict[str, Note]:
    """The notes of all sources together."""
    found: dict[str, Note] = {}
    for each, own in _own(sources):
        found |= each.notes(own, user=user, today=today, now=now)
    return found


def run_out_at(sources: Collection[str], *, user: User, today: dt.date) -> dict[str, dt.datetime]:
    """When the time of each source runs out, for those where any does."""
    found: dict[str, dt.datetime] = {}
    for each, own in _own(sources):
        found |= each.run_out_at(own, user=user, today=today)
    return found


def _own(sources: Collection[str]) -> Iterator[tuple[NoteSource, set[str]]]:
    """Who knows any of the sources, with those."""
    for each in _known(tuple(settings.QUEUE_NOTES)):
        own = {source for source in sources if source.startswith(each.prefix)}
        if own:
            yield each, own
