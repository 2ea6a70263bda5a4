"""Which accounts a pass over all of them must look at: those for which something may have changed since the last one.

What an account's plan depends on, and how a change of it shows (docs/domain.md, 5.2 and 5.3):

- its owner, and which rule governs each channel: asked of the database for all accounts, compared with what planning
  noted when it last looked (PlannedAccount);
- the rules' values and the owners' calendars: digests on the last complete pass (PlanningPass);
- an open item whose follow-up is closed or gone;
- what people did (contacts logged, corrected, taken back; items closed): whatever they did since that pass began;
- time: a due day beyond the horizon is noted, and the day comes on which the horizon reaches it. A day once given is
  not changed by time.

A pass that was killed is no complete pass: the next one begins where the last complete one did.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat

from accounts.models import Account
from contacts import rules
from contacts.cadence import HORIZON_DAYS
from contacts.models import (
    AgendaItem,
    ContactRule,
    FollowUp,
    PlannedAccount,
    PlanningPass,
    Reason,
    Touchpoint,
)
from contacts.planning.reading import plannable
from crm.team.calendars import ONE_DAY, WorkingCalendar

_KIND = (
    "1"  # part of every digest: raise it when planning itself changes, and everything is looked at once more
)
_MARGIN = dt.timedelta(hours=36)  # people far east may have logged on what was no day of the company's yet


def digest_of_rules(in_force: Sequence[ContactRule]) -> str:
    """A digest of all that planning reads of the cadences in force, but of whom they match."""
    values = (
        (rule.pk, rule.channel, rule.every_days, rule.tolerance_days, rule.minutes) for rule in in_force
    )
    return _digest(chain([_KIND], values))


def digests_of_calendars(calendars: Mapping[int, WorkingCalendar]) -> dict[str, str]:
    """Owner, as text, -> a digest of the owner's calendar."""
    known: dict[WorkingCalendar, str] = {}  # most people of a country have the same one
    for calendar in calendars.values():
        if calendar not in known:
            known[calendar] = _digest([sorted(calendar.days_off), sorted(calendar.worked_weekend_days)])
    return {str(owner_id): known[calendar] for owner_id, calendar in calendars.items()}


def _digest(values: object) -> str:
    return hashlib.sha256(repr(list(values)).encode()).hexdigest()  # type: ignore[call-overload]


def maybe_changed(
    *, in_force: Sequence[ContactRule], calendars: Mapping[int, WorkingCalendar], today: dt.date
) -> set[int] | None:
    """The ids of the accounts to look at, more than need be rather than fewer; None: all of them.

    calendars: of every owner.
    """
    last = PlanningPass.objects.first()
    if last is None or last.rules != digest_of_rules(in_force) or today < last.day:
        return None
    now = digests_of_calendars(calendars)
    others = [int(owner) for owner, digest in now.items() if last.calendars.get(owner) != digest]
    if len(others) > len(now) // 2:
        return None
    found = set(_governed_otherwise(in_force, today))
    if others:
        found.update(plannable().filter(owner__in=others).values_list("pk", flat=True))
    since = last.started_at - _MARGIN
    found.update(Touchpoint.history.filter(history_date__gte=since).values_list("account_id", flat=True))
    found.update(AgendaItem.objects.filter(closed_at__gte=since).values_list("account_id", flat=True))
    left_alone = (
        AgendaItem.objects.open().filter(reason=Reason.CADENCE).exclude(follow_up__state__in=FollowUp.OPEN)
    )
    found.update(left_alone.values_list("account_id", flat=True))
    return found


def _governed_otherwise(in_force: Sequence[ContactRule], today: dt.date) -> QuerySet:
    """Accounts that another rule governs than was noted, or another user owns, or whose next due day has come near."""
    governing = rules.governing(in_force, today)
    note = [Cast(Coalesce(case, 0), CharField()) for case in governing.values()]
    joined = Concat(*_between(note, Value(","))) if len(note) > 1 else note[0] if note else Value("")
    return (
        plannable()
        .order_by()
        .annotate(rules_now=joined)
        .filter(
            Q(planned__isnull=True)
            | ~Q(planned__owner=F("owner_id"))
            | ~Q(planned__rules=F("rules_now"))
            | Q(planned__due__lte=today + HORIZON_DAYS * ONE_DAY)
        )
        .values_list("pk", flat=True)
    )


def _between(parts: Sequence, separator: Value) -> list:
    return list(chain.from_iterable((separator, part) for part in parts))[1:]


def note_pass(
    *,
    in_force: Sequence[ContactRule],
    calendars: Mapping[int, WorkingCalendar],
    today: dt.date,
    now: dt.datetime,
) -> None:
    """Note that every account has been looked at, as of `now`: the moment at which the pass began."""
    PlanningPass.objects.update_or_create(
        pk=1,
        defaults={
            "started_at": now,
            "day": today,
            "rules": digest_of_rules(in_force),
            "calendars": digests_of_calendars(calendars),
        },
    )


def forget(unplannable: QuerySet[Account], account_ids: Collection[int] | None) -> None:
    """Drop the notes of accounts that are not planned any more: if they come back, they are looked at."""
    notes = PlannedAccount.objects.filter(account__in=unplannable.order_by().values("pk"))
    if account_ids is not None:
        notes = notes.filter(account__in=account_ids)
    notes.delete()
