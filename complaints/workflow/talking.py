"""What is said, and who works on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Channel
from complaints import clock
from complaints.errors import BadInput, NotAllowed
from complaints.models import Complaint, ComplaintCategory, ComplaintMessage, State
from complaints.workflow.states import go, held
from complaints.workflow.steps import customer_answered
from crm.look.figures import number
from crm.team.models import User

MessageKind = ComplaintMessage.Kind


def say(
    *,
    complaint: Complaint,
    kind: str,
    words: str,
    actor: User,
    today: dt.date,
    now: dt.datetime,
    uuid: UUID,
    channel: str = "",
) -> ComplaintMessage:
    """Write a message into the timeline. uuid: the form's own identity.

    The customer told something for the first time is the first response; an answer awaited ends the waiting.
    """
    with held(complaint, actor=actor, today=today) as found:
        if not words.strip():
            raise BadInput(_("Write something."), field="words")
        if kind not in MessageKind.values:
            raise BadInput(_("Choose who reads it."), field="kind")
        if channel and channel not in Channel.values:
            raise BadInput(_("Choose a channel."), field="channel")
        message, new = ComplaintMessage.objects.get_or_create(
            uuid=uuid,
            defaults={
                "complaint": found,
                "kind": kind,
                "channel": "" if kind == MessageKind.INTERNAL else channel,
                "words": words.strip(),
                "at": now,
                "author": actor,
            },
        )
        if new and kind == MessageKind.TOLD and found.state == State.NEW:
            go(found, State.ACKNOWLEDGED, actor, now, "")
        elif new and kind == MessageKind.HEARD and found.state == State.WAITING:
            customer_answered(complaint=found, actor=actor, today=today, now=now)
        return message


@transaction.atomic
def assign(
    *,
    complaints: Iterable[Complaint],
    assignee: User,
    actor: User,
    today: dt.date,
    now: dt.datetime | None = None,
) -> list[tuple[int, int | None]]:
    """Have somebody work on these; returns (complaint, assignee before) of those that changed, for undo.

    Each timeline says so. now: None for the moment of the call. Raises NotAllowed where one is not the actor's to see,
    or the assignee is away for good or will not see it.
    """
    complaints = list(complaints)
    ids = [one.pk for one in complaints]
    for user in (actor, assignee):
        seen = set(
            Complaint.objects.visible_to(user, on=today).filter(pk__in=ids).values_list("pk", flat=True)
        )
        hidden = [one.number for one in complaints if one.pk not in seen]
        if hidden or not user.is_active:
            raise NotAllowed(_unseen(user, hidden))
    changing = list(
        Complaint.objects.select_for_update(of=("self",))
        .filter(pk__in=ids)
        .exclude(assignee=assignee)
        .select_related("assignee")
        .order_by("pk")
    )
    before = [(one.pk, one.assignee_id) for one in changing]
    Complaint.objects.filter(pk__in=[one.pk for one in changing]).update(assignee=assignee)
    words = {"name": assignee.name}
    note_changes(
        {
            one.pk: _("Assigned to %(name)s, before to %(before)s.") % {**words, "before": one.assignee.name}
            if one.assignee
            else _("Assigned to %(name)s.") % words
            for one in changing
        },
        actor=actor,
        now=now,
    )
    clock.refresh(complaint_ids=[one.pk for one in changing])
    return before


def recategorise(
    *,
    complaint: Complaint,
    category: ComplaintCategory,
    actor: User,
    today: dt.date,
    now: dt.datetime | None = None,
) -> Complaint:
    """Another category of the same kind; the clock is reckoned anew by its level, and the timeline says so.

    now: None for the moment of the call.
    """
    with held(complaint, actor=actor, today=today) as found:
        if category.kind != found.kind or not category.active:
            raise BadInput(_("Choose a category that is in use."), field="category")
        if category.pk == found.category_id:
            return found
        words = _("Category %(name)s, before %(before)s.") % {
            "name": category.name,
            "before": found.category.name,
        }
        note_changes({found.pk: words}, actor=actor, now=now)
        found.category = category
        found.save(update_fields=["category"])
        clock.refresh(complaint_ids=[found.pk])
        found.refresh_from_db()
        return found


def note_changes(words: dict[int, str], *, actor: User, now: dt.datetime | None) -> None:
    """What changed without a step, as an internal note of each complaint."""
    at = now or timezone.now()
    ComplaintMessage.objects.bulk_create(
        ComplaintMessage(complaint_id=pk, kind=MessageKind.INTERNAL, words=said, at=at, author=actor)
        for pk, said in words.items()
    )


NAMED = 3
"""So many complaints are named in a sentence."""


def _unseen(user: User, numbers: list[str]) -> str:
    """Why nothing was given to somebody who does not see these."""
    if not user.is_active:
        return _("%(name)s does not work here any more.") % {"name": user.name}
    words = _("%(name)s does not see %(numbers)s: nothing was given.")
    more = len(numbers) - NAMED
    if more > 0:
        words = ngettext(
            "%(name)s does not see %(numbers)s and %(more)s more: nothing was given.",
            "%(name)s does not see %(numbers)s and %(more)s more: nothing was given.",
            more,
        )
    named = ", ".join(numbers[:NAMED])
    return words % {"name": user.name, "numbers": named, "more": number(more)}
