"""Which accounts a pass over all of them must look at: those for which something may have changed since the last one.

What an account's plan depends on, and how a change of it shows (docs/domain.md, 5.2 and 5.3):

- its owner, and which rule governs each channel: asked of the database for all accounts, compared with what planning
  noted when it last looked (PlannedAccount);
- the rules' values, the owners' calendars and contact minutes: digests on the last complete pass (PlanningPass);
- an open item whose follow-up is closed or gone;
- what people did (contacts logged, corrected, taken back; items closed; wishes written, back-offs lifted): whatever
  they did since that pass began;
- a contact that is overdue or that a person booked, and another one near it: they may share one;
- time: a due day beyond the horizon is noted, and the day comes on which the horizon reaches it. A day once given is
  not changed by time.

A pass that was killed is no complete pass: the next one begins where the last complete one did.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, Greatest

from accounts.models import Account, ContactPerson
from contacts import rules
from contacts.cadence import HORIZON_DAYS
from contacts.models import (
    AgendaItem,
    BackOffLift,
    ContactRule,
    ContactWish,
    FollowUp,
    PlannedAccount,
    PlanningPass,
    Touchpoint,
    UnmetRule,
)
from contacts.planning.reading import plannable
from crm.team.calendars import ONE_DAY, WorkingCalendar

_KIND = (
    "2"  # part of every digest: raise it when planning itself changes, and everything is looked at once more
)
_LOADS = "loads"  # a key of PlanningPass.calendars, beside those of owners
_NEAR = dt.timedelta(days=14)  # more than five working days, whatever the calendar
_MARGIN = dt.timedelta(hours=36)  # people far east may have logged on what was no day of the company's yet


def digest_of_rules(in_force: Sequence[ContactRule]) -> str:
    """A digest of all that planning reads of the cadences in force, but of whom they match."""
    values = (
        (rule.pk, rule.channel, rule.every_days, rule.tolerance_days, rule.minutes) for rule in in_force
    )
    return _digest(chain([_KIND], values))


def digests_of_people(calendars: Mapping[int, WorkingCalendar], minutes: Mapping[int, int]) -> dict[str, str]:
    """Owner, as text, -> a digest of when the owner works and for how many contact minutes a week."""
    known: dict[tuple[WorkingCalendar, int], str] = {}  # most people of a country have the same one
    for owner_id, calendar in calendars.items():
        key = calendar, minutes[owner_id]
        if key not in known:
            days = (calendar.days_off, calendar.worked_weekend_days, calendar.weekdays, calendar.served)
            known[key] = _digest([minutes[owner_id], *(sorted(part) for part in days)])
    return {str(owner_id): known[calendar, minutes[owner_id]] for owner_id, calendar in calendars.items()}


def digest_of_load(load: Mapping[dt.date, int], today: dt.date) -> str:
    """A digest of the minutes of somebody's days, as of a day."""
    return _digest([today, *sorted(load.items())])


def noted_loads() -> dict[str, str]:
    """Owner, as text, -> the digest of the load of those whose weeks were overfull after the last pass."""
    last = PlanningPass.objects.first()
    loads: dict[str, str] = last.calendars.get(_LOADS, {}) if last is not None else {}
    return loads


def _digest(values: object) -> str:
    return hashlib.sha256(repr(list(values)).encode()).hexdigest()  # type: ignore[call-overload]


def maybe_changed(
    *, in_force: Sequence[ContactRule], people: Mapping[str, str], today: dt.date
) -> set[int] | None:
    """The ids of the accounts to look at, more than need be rather than fewer; None: all of them.

    people: of every owner, see `digests_of_people`.
    """
    last = PlanningPass.objects.first()
    if last is None or last.rules != digest_of_rules(in_force) or today < last.day:
        return None
    others = [int(owner) for owner, digest in people.items() if last.calendars.get(owner) != digest]
    if len(others) > len(people) // 2:
        return None
    found = set(_governed_otherwise(in_force, today))
    if others:
        found.update(plannable().filter(owner__in=others).values_list("pk", flat=True))
    since = last.started_at - _MARGIN
    found.update(Touchpoint.history.filter(history_date__gte=since).values_list("account_id", flat=True))
    found.update(AgendaItem.objects.filter(closed_at__gte=since).values_list("account_id", flat=True))
    left_alone = AgendaItem.objects.open().exclude(follow_up__state__in=FollowUp.OPEN)
    found.update(left_alone.values_list("account_id", flat=True))
    found.update(ContactWish.history.filter(history_date__gte=since).values_list("account_id", flat=True))
    found.update(BackOffLift.objects.filter(at__gte=since).values_list("account_id", flat=True))
    found.update(_with_wishes_of_other_persons(since))
    found.update(_might_share(today, since_yesterday=today > last.day))
    return found


def _with_wishes_of_other_persons(since: dt.datetime) -> QuerySet:
    """Accounts with wishes of a person there, whose persons were edited: another one may be the first to contact."""
    with_wishes = ContactWish.objects.filter(person__isnull=False).values("account_id")
    edited = ContactPerson.history.filter(history_date__gte=since, account_id__in=with_wishes)
    return edited.values_list("account_id", flat=True)


def _might_share(today: dt.date, *, since_yesterday: bool) -> QuerySet:
    """Accounts with a contact that is overdue, or that a person booked or moved, and another one near it.

    People book and move without planning being told, and what is overdue may take along what has come near meanwhile
    (since_yesterday: whether a day has passed).
    """
    set_ = Q(state=FollowUp.State.BOOKED) | Q(moved_by_hand=True)
    if since_yesterday:
        late = AgendaItem.objects.open().filter(follow_up=OuterRef("pk"), due__lt=today)
        set_ = set_ | Q(day__lt=today) | Q(Exists(late))
    near = AgendaItem.objects.open().filter(
        ~Q(follow_up=OuterRef("pk")),
        account=OuterRef("account"),
        due__lte=Greatest(OuterRef("day"), Value(today)) + Value(_NEAR),
    )
    return FollowUp.objects.open().filter(set_, Exists(near)).order_by().values_list("account_id", flat=True)


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
    people: Mapping[str, str],
    loads: Mapping[str, str],
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
            "calendars": {**people, _LOADS: dict(loads)},
        },
    )


def forget(unplannable: QuerySet[Account], account_ids: Collection[int] | None) -> None:
    """Drop the notes of accounts that are not planned any more: if they come back, they are looked at."""
    notes = PlannedAccount.objects.filter(account__in=unplannable.order_by().values("pk"))
    if account_ids is not None:
        notes = notes.filter(account__in=account_ids)
    notes.delete()
    unmet = UnmetRule.objects.filter(account__in=unplannable.order_by().values("pk"))
    if account_ids is not None:
        unmet = unmet.filter(account__in=account_ids)
    unmet.delete()
