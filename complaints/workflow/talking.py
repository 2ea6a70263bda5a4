"""What is said, and who works on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Channel
from complaints import clock
from complaints.errors import BadInput, NotAllowed
from complaints.models import Complaint, ComplaintCategory, ComplaintMessage, State
from complaints.workflow.states import go, held
from complaints.workflow.steps import customer_answered
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
    *, complaints: Iterable[Complaint], assignee: User, actor: User, today: dt.date
) -> list[tuple[int, int | None]]:
    """Have somebody work on these; returns (complaint, assignee before) of those that changed, for undo.

    Raises NotAllowed where one is not the actor's to see, or the assignee is away for good or will not see it.
    """
    ids = [one.pk for one in complaints]
    for user in (actor, assignee):
        seen = Complaint.objects.visible_to(user, on=today).filter(pk__in=ids).count()
        if seen != len(set(ids)) or not user.is_active:
            raise NotAllowed(_("%(name)s does not see all of these.") % {"name": user.name})
    changing = Complaint.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    before = [(one.pk, one.assignee_id) for one in changing if one.assignee_id != assignee.pk]
    Complaint.objects.filter(pk__in=[pk for pk, _who in before]).update(assignee=assignee)
    clock.refresh(complaint_ids=[pk for pk, _who in before])
    return before


def recategorise(
    *, complaint: Complaint, category: ComplaintCategory, actor: User, today: dt.date
) -> Complaint:
    """Another category of the same kind; the clock is reckoned anew by its level."""
    with held(complaint, actor=actor, today=today) as found:
        if category.kind != found.kind or not category.active:
            raise BadInput(_("Choose a category that is in use."), field="category")
        found.category = category
        found.save(update_fields=["category"])
        clock.refresh(complaint_ids=[found.pk])
        found.refresh_from_db()
        return found
