"""What Today says of complaints and questions: their time left, and the way to their page (settings.QUEUE_NOTES)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection

from django.db.models import QuerySet

from complaints.complaint_list import complaint_url
from complaints.models import Complaint
from complaints.running_out import FIELDS, Clocks, Stand
from contacts.queue_notes import Note, NoteSource
from contacts.triggers import SOURCE as OF_A_TRIGGER
from crm.team.models import User

_TONES = {Stand.BREACHED: "late", Stand.AT_RISK: "soon"}
_NAMED = re.compile(r"(?:complaint|trigger:\d+:complaint):(\d{1,17})(?=:|$)")
_ASKING = re.compile(r"complaint:\d+(:\d+)?")
"""`complaints.asking.source_of`: what the complaint itself asks for, no contact after it and no outreach."""


class TimeLeft(NoteSource):
    """Of each agenda item that a complaint or question asked for.

    Whoever asks whether it was solved, or tells another customer of a fault, is late by none of its clocks: for them
    only the way to it.
    """

    prefix = "complaint:"

    def notes(
        self, sources: Collection[str], *, user: User, today: dt.date, now: dt.datetime
    ) -> dict[str, Note]:
        """Three queries."""
        ids, rows = _named(sources, user, today)
        clocks, found = Clocks(now=now), {}
        for row in rows.values("pk", *FIELDS):
            left = clocks.of(row)
            found[row["pk"]] = Note(left.sentence, _TONES.get(left.stand, ""), complaint_url(row["pk"]))
        return {
            source: found[pk] if _ASKING.fullmatch(source) else Note("", url=complaint_url(pk))
            for source, pk in ids.items()
            if pk in found
        }

    def run_out_at(self, sources: Collection[str], *, user: User, today: dt.date) -> dict[str, dt.datetime]:
        """One query."""
        ids, rows = _named(sources, user, today)
        due = {pk: moment for pk, moment in rows.values_list("pk", "due_at") if moment is not None}
        return {source: due[pk] for source, pk in ids.items() if pk in due}


class AfterClosing(NoteSource):
    """The way to the complaint from what a trigger asked for once it was closed (`complaints.events`)."""

    prefix = OF_A_TRIGGER

    def notes(
        self, sources: Collection[str], *, user: User, today: dt.date, now: dt.datetime
    ) -> dict[str, Note]:
        """One query; none where they are triggers of other events."""
        closed = {source for source in sources if _NAMED.match(source)}
        if not closed:
            return {}
        ids, rows = _named(closed, user, today)
        seen = set(rows.values_list("pk", flat=True))
        return {source: Note("", url=complaint_url(pk)) for source, pk in ids.items() if pk in seen}


def _named(
    sources: Collection[str], user: User, today: dt.date
) -> tuple[dict[str, int], QuerySet[Complaint]]:
    """The complaint that each source names, and those of them that the user sees."""
    ids = {source: int(named[1]) for source in sources if (named := _NAMED.match(source))}
    return ids, Complaint.objects.visible_to(user, on=today).filter(pk__in=set(ids.values())).order_by()
