"""A portfolio goes to one or several colleagues: accounts, future contacts, and the reminders of promises.

docs/domain.md, section 9. The share of each receiver is dealt out evenly, by tier and then by sales. A promise goes
with its account: the new owner is reminded of it and may call it kept; who made it stays on it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts import bulk
from accounts.models import Account
from accounts.recording import chunks
from contacts import planning
from contacts.models import FollowUp, HandOver, Promise
from contacts.of_a_quarter import WEEKS_OF_A_QUARTER, minutes_of_a_quarter
from crm.team.calendars import calendars_of
from crm.team.models import User

NO_TIER = "none"


class Refused(Exception):
    """The portfolio cannot be handed over so; the text says why, for the user."""


class CannotUndo(Exception):
    """The hand-over is not this user's to take back, or was taken back already; the text is for the user."""


@dataclass
class Share:
    """What one receiver gets, and has. Minutes are those that the rules ask for in a quarter."""

    receiver: User
    account_ids: list[int] = field(default_factory=list)
    tiers: Counter[str] = field(default_factory=Counter)
    minutes: int = 0
    minutes_now: int = 0
    """Of the accounts that the receiver has already."""
    follow_ups: int = 0
    booked: int = 0
    promises: int = 0

    @property
    def capacity(self) -> int:
        """Contact minutes of a quarter, holidays and absences aside."""
        return self.receiver.weekly_contact_minutes * WEEKS_OF_A_QUARTER

    @property
    def minutes_after(self) -> int:
        return self.minutes_now + self.minutes

    @property
    def is_too_much(self) -> bool:
        """Whether the receiver would have more than the hours of a quarter."""
        return self.minutes_after > self.capacity


@dataclass(frozen=True)
class HandedOver:
    """What was done."""

    hand_over: HandOver
    accounts: int
    follow_ups: int
    booked: int
    """Of them, appointments with a day agreed: the customer should hear of the new face."""


@dataclass(frozen=True)
class TakenBack:
    """What an undo did, in accounts."""

    restored: int
    left: int


def givers(actor: User, *, today: dt.date) -> QuerySet[User]:
    """Whose portfolio the actor may hand over: a manager those of the teams they lead, an admin everybody's."""
    people = User.objects.filter(owned_accounts__archived_at__isnull=True, owned_accounts__isnull=False)
    if actor.is_manager:
        people = people.filter(Q(team__leads=actor) | Q(pk=actor.pk))
    elif not actor.is_admin:
        people = people.none()
    return people.distinct().order_by("is_active", "name", "pk")


def portfolio(giver: User, actor: User, *, today: dt.date, tiers: Collection[str] = ()) -> QuerySet[Account]:
    """The giver's accounts that the actor may change, none archived; of the tiers named (NO_TIER: none), or of all."""
    rows = Account.objects.editable_by(actor, on=today).filter(owner=giver, archived_at__isnull=True)
    if tiers:
        rows = rows.filter(
            Q(tier__in=[one for one in tiers if one != NO_TIER])
            | (Q(tier__isnull=True) if NO_TIER in tiers else Q(pk__in=()))
        )
    return rows


def deal(account_ids: Sequence[int], receivers: int) -> list[list[int]]:
    """Accounts in order of weight dealt to `receivers` hands, to and fro, so that all get alike. Pure."""
    hands: list[list[int]] = [[] for _hand in range(receivers)]
    for place, pk in enumerate(account_ids):
        round_, seat = divmod(place, receivers)
        hands[seat if round_ % 2 == 0 else receivers - 1 - seat].append(pk)
    return hands


def preview(
    accounts: QuerySet[Account], receivers: Sequence[User], *, giver: User, today: dt.date
) -> list[Share]:
    """What each receiver would get, and whether they have the hours. A fixed number of queries."""
    rows = _weighed(accounts)
    shares = [
        Share(receiver, ids)
        for receiver, ids in zip(receivers, deal([pk for pk, _tier in rows], len(receivers)), strict=True)
    ]
    tiers = dict(rows)
    theirs = Account.objects.active().filter(owner__in=receivers)
    asked = minutes_of_a_quarter(accounts, today)
    has = dict(theirs.values_list("pk", "owner_id"))
    now: Counter[int] = Counter()
    for pk, minutes in minutes_of_a_quarter(theirs, today).items():
        now[has[pk]] += minutes
    open_ones: dict[int, Counter[str]] = {}
    waiting = FollowUp.objects.open().filter(account__in=accounts.order_by().values("pk"), assignee=giver)
    for pk, state in waiting.values_list("account_id", "state"):
        open_ones.setdefault(pk, Counter())[state] += 1
    promised = Counter(
        Promise.objects.open()
        .filter(account__in=accounts.order_by().values("pk"))
        .order_by()
        .values_list("account_id", flat=True)
    )
    for share in shares:
        share.tiers = Counter(tiers[pk] or NO_TIER for pk in share.account_ids)
        share.minutes = sum(asked.get(pk, 0) for pk in share.account_ids)
        share.minutes_now = now[share.receiver.pk]
        share.follow_ups = sum(sum(open_ones.get(pk, Counter()).values()) for pk in share.account_ids)
        share.booked = sum(open_ones.get(pk, Counter())[FollowUp.State.BOOKED] for pk in share.account_ids)
        share.promises = sum(promised[pk] for pk in share.account_ids)
    return shares


def _weighed(accounts: QuerySet[Account]) -> list[tuple[int, str | None]]:
    """Ids and tiers, A first, then by sales: the order in which they are dealt."""
    rows = accounts.order_by("code").values_list("pk", "tier", "sales_12m_cents")
    return [(pk, tier) for pk, tier, _sales in sorted(rows, key=lambda row: (row[1] or "Z", -row[2]))]


@transaction.atomic
def hand_over(
    *,
    giver: User,
    receivers: Sequence[User],
    tiers: Collection[str],
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> HandedOver:
    """Give the giver's accounts (of these tiers; of all where none is named) to the receivers, as `preview` deals them.

    Open follow-ups of the giver go along and keep their day where the new owner works on it; booked ones keep it in
    any case. Planning follows on commit. Raises Refused, with words for the user.
    """
    if not givers(actor, today=today).filter(pk=giver.pk).exists():
        raise Refused(_("Nothing of theirs is yours to hand over."))
    allowed = set(bulk.owners_to_give(actor, on=today).values_list("pk", flat=True))
    if not receivers or not {one.pk for one in receivers} <= allowed - {giver.pk}:
        raise Refused(_("Choose at least one colleague who takes them over."))
    rows = [pk for pk, _tier in _weighed(portfolio(giver, actor, today=today, tiers=tiers))]
    if not rows:
        raise Refused(_("No account is left to hand over."))
    if len(rows) > bulk.MOST:
        raise Refused(_("These are too many at once. Choose tiers."))
    planning.hold(account_ids=rows)
    shares: dict[int, list[int]] = {}
    calendars = calendars_of(receivers)
    moved: list[list[Any]] = []
    booked = 0
    for receiver, ids in zip(receivers, deal(rows, len(receivers)), strict=True):
        note = _("Handed over from %(name)s") % {"name": giver.name}
        before = bulk.write_column("owner_id", receiver.pk, ids, actor=actor, now=now, note=note)
        shares[receiver.pk] = sorted(pk for some in before.values() for pk in some)
        for chunk in chunks(ids):
            for follow_up in (
                FollowUp.objects.open()
                .select_for_update()
                .filter(account__in=chunk, assignee=giver)
                .order_by("pk")
            ):
                day = follow_up.day
                if follow_up.state == FollowUp.State.BOOKED:
                    booked += 1
                elif day >= today:
                    day = calendars[receiver.pk].on_or_after(day)
                moved.append([follow_up.pk, receiver.pk, follow_up.day.isoformat(), day.isoformat()])
    _give(moved)
    done = HandOver.objects.create(
        giver=giver,
        actor=actor,
        at=now,
        shares={str(pk): ids for pk, ids in shares.items()},
        follow_ups=moved,
    )
    bulk.tell_planning(rows, today=today, now=now)
    return HandedOver(done, sum(map(len, shares.values())), len(moved), booked)


def _give(moved: Sequence[Sequence[Any]]) -> None:
    """Write assignee and day of follow-ups: one statement for each pair of receiver and new day."""
    together: dict[tuple[Any, Any], list[Any]] = {}
    for pk, receiver, before, after in moved:
        together.setdefault((receiver, after if after != before else None), []).append(pk)
    for (receiver, day), ids in together.items():
        values = {"assignee_id": receiver} | ({"day": day} if day else {})
        for start in range(0, len(ids), 1000):
            FollowUp.objects.filter(pk__in=ids[start : start + 1000]).update(**values)


@transaction.atomic
def undo_hand_over(*, done: HandOver, actor: User, today: dt.date, now: dt.datetime) -> TakenBack:
    """Give back what still stands as it was handed over; the actor of it, or an admin, may. Raises CannotUndo."""
    if done.actor_id != actor.pk and not actor.is_admin:
        raise CannotUndo(_("This cannot be undone."))
    planning.hold(account_ids=[pk for ids in done.shares.values() for pk in ids])
    if not HandOver.objects.filter(pk=done.pk, undone_at=None).update(undone_at=now):
        raise CannotUndo(_("This was taken back already."))
    back: list[int] = []
    for receiver_id, ids in done.shares.items():
        back += bulk.put_column_back(
            "owner_id", {str(done.giver_id): ids}, written=int(receiver_id), actor=actor, now=now
        )
    returned = set(back)
    for receiver_id in done.shares:
        rows = [row for row in done.follow_ups if row[1] == int(receiver_id)]
        days = {row[0]: (row[2], row[3]) for row in rows}
        still = FollowUp.objects.open().filter(pk__in=list(days), assignee=receiver_id, account__in=returned)
        for follow_up in still:
            before, after = days[follow_up.pk]
            follow_up.assignee_id = done.giver_id
            if follow_up.day.isoformat() == after:
                follow_up.day = dt.date.fromisoformat(before)
            follow_up.save(update_fields=["assignee", "day"])
    bulk.tell_planning(sorted(back), today=today, now=now)
    return TakenBack(len(back), sum(map(len, done.shares.values())) - len(back))


# The briefing ---------------------------------------------------------------------------------------------------------
def parts_for(done: HandOver, user: User) -> dict[int, list[int]]:
    """By receiver, the account ids whose briefing the user may read: receivers their own, who did it and admins all."""
    shares: Mapping[int, list[int]] = {int(pk): ids for pk, ids in done.shares.items()}
    if user.is_admin or done.actor_id == user.pk:
        return dict(shares)
    return {pk: ids for pk, ids in shares.items() if pk == user.pk}
