"""The door to the queue for many accounts at once: what `contacts.agenda` does for one, in a few statements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Account
from contacts.agenda import withdraw
from contacts.models import AgendaItem, FollowUp, Reason
from contacts.planning import hold
from crm.jobs.bulk import Among
from crm.team.calendars import calendars_of
from crm.team.models import User

_ROWS = 1000  # of one statement


def _items(account_ids: Collection[int], reason: Reason, source: str) -> QuerySet[AgendaItem]:
    return AgendaItem.objects.filter(Among(F("account_id"), account_ids), reason=reason, source=source)


@transaction.atomic
def request_contacts(
    *,
    account_ids: Collection[int],
    reason: Reason,
    source: str,
    words: str,
    channel: str,
    minutes: int,
    due: dt.date,
    over_days: int = 1,
    today: dt.date,
    now: dt.datetime,
) -> list[int]:
    """Ask the owner of each account for a contact, as `contacts.agenda.request_contact`; returns who was new.

    due: the first day. over_days: an owner's contacts are spread evenly over so many working days from then on, in the
    order of account_ids, so that a hundred of them do not lie on one day.
    The ids of the accounts of which an item was opened now, all with `created_at=now`. Left out are those of which one
    stands already (open, done or skipped), archived ones, and those without an owner who is still here. As many
    statements however many accounts there are, but for one per thousand that are written.
    """
    ids = list(dict.fromkeys(account_ids))
    hold(account_ids=ids)
    owners = dict(
        Account.objects.active()
        .filter(Among(F("id"), ids), owner__is_active=True)
        .order_by()
        .values_list("pk", "owner_id")
    )
    standing = _items(ids, reason, source).exclude(state=AgendaItem.State.WITHDRAWN)
    asked = set(standing.order_by().values_list("account_id", flat=True))
    wanted = [pk for pk in ids if pk in owners and pk not in asked]
    if not wanted:
        return []
    of_owner: dict[int, list[int]] = defaultdict(list)
    for pk in wanted:
        of_owner[owners[pk]].append(pk)
    calendars = calendars_of(User.objects.filter(pk__in=list(of_owner)))
    days: dict[int, dt.date] = {}
    for owner, theirs in of_owner.items():
        first = calendars[owner].on_or_after(max(due, today))
        spread = [first, *(calendars[owner].add(first, ahead) for ahead in range(1, over_days))]
        days |= {pk: spread[at * len(spread) // len(theirs)] for at, pk in enumerate(theirs)}
    follow_ups = FollowUp.objects.bulk_create(
        (
            FollowUp(
                account_id=pk,
                assignee_id=owners[pk],
                channel=channel,
                day=days[pk],
                minutes=minutes,
                created_at=now,
            )
            for pk in wanted
        ),
        batch_size=_ROWS,
    )
    AgendaItem.objects.bulk_create(
        (
            AgendaItem(
                account_id=one.account_id,
                follow_up=one,
                reason=reason,
                source=source,
                words=words,
                channel=channel,
                minutes=minutes,
                earliest=min(due, one.day),
                due=one.day,
                latest=one.day,
                created_at=now,
            )
            for one in follow_ups
        ),
        batch_size=_ROWS,
    )
    return wanted


@transaction.atomic
def withdraw_contacts(
    *, account_ids: Collection[int], reason: Reason, source: str, created_at: dt.datetime, now: dt.datetime
) -> int:
    """Take back what one `request_contacts` of that moment asked for; how many were withdrawn.

    What a person has booked, moved, snoozed, handed over or closed since stays.
    """
    hold(account_ids=sorted(set(account_ids)))
    untouched: Sequence[AgendaItem] = list(
        _items(account_ids, reason, source)
        .filter(
            state=AgendaItem.State.OPEN,
            created_at=created_at,
            follow_up__state=FollowUp.State.PLANNED,
            follow_up__moved_by_hand=False,
            follow_up__snoozed_until__isnull=True,
            follow_up__handed_over_by__isnull=True,
        )
        .only("pk", "follow_up_id")
    )
    withdraw(untouched, at=now)
    return len(untouched)
