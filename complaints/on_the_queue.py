"""What Today says of complaints and questions: their time left, and the way to their page (settings.QUEUE_NOTES)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import QuerySet

from complaints.complaint_list import complaint_url
from complaints.models import Complaint
from complaints.running_out import FIELDS, Clocks, Stand
from contacts.queue_notes import Note, NoteSource
from crm.team.models import User

_TONES = {Stand.BREACHED: "late", Stand.AT_RISK: "soon"}


class TimeLeft(NoteSource):
    """Of each agenda item that a complaint or question asked for (`complaints.asking.source_of`)."""

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
        return {source: found[pk] for source, pk in ids.items() if pk in found}

    def run_out_at(self, sources: Collection[str], *, user: User, today: dt.date) -> dict[str, dt.datetime]:
        """One query."""
        ids, rows = _named(sources, user, today)
        due = {pk: moment for pk, moment in rows.values_list("pk", "due_at") if moment is not None}
        return {source: due[pk] for source, pk in ids.items() if pk in due}


def _named(
    sources: Collection[str], user: User, today: dt.date
) -> tuple[dict[str, int], QuerySet[Complaint]]:
    """The complaint that each source names, and those of them that the user sees."""
    ids = {source: pk for source in sources if (pk := _id_of(source)) is not None}
    return ids, Complaint.objects.visible_to(user, on=today).filter(pk__in=set(ids.values())).order_by()


def _id_of(source: str) -> int | None:
    """The complaint that a source names; None for another text."""
    number = source.split(":")[1] if ":" in source else ""
    return int(number) if number.isdigit() and len(number) < 18 else None
