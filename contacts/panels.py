"""What contacts shows on the account page: the timeline, the next contacts with their reckoning, the promises.

accounts.panels is the door. The account was found through `visible_to`; entries of accounts one no longer sees are
found from Today, by whom they belong to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.db.models import BooleanField, Q
from django.db.models.expressions import Combinable, RawSQL
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Channel
from accounts.panels import MAIN, SIDE, Block, Panel, how_many, of_account
from contacts.models import (
    AgendaItem,
    ContactRule,
    FollowUp,
    Invitation,
    Outcome,
    Promise,
    Reason,
    Touchpoint,
)
from contacts.planning.beyond import governing_facts, reckon_beyond
from contacts.querysets import TouchpointQuerySet, acts_on
from contacts.reckoning import Line, Names, explain, explain_plan, names_in
from contacts.rules import cadences_in_force, content
from contacts.slowing import YEAR, over_served, slowed_by
from contacts.why import Ask, Why, why_now
from crm.team.calendars import ONE_DAY
from crm.team.requests import Request

ON_A_PAGE = 50
LATEST = 5
CLOSED_PROMISES = 5
CLOSED = (Promise.State.KEPT, Promise.State.BROKEN)


class Timeline(Panel):
    """Every contact that took place, newest first; beside it what comes next and what was promised."""

    slug = "timeline"
    title = gettext_lazy("Timeline")
    template = "contacts/panels/timeline.html"

    def count(self, request: Request) -> Combinable | None:
        return how_many("contacts_touchpoint", "deleted_at IS NULL")

    def facts(self, request: Request) -> dict[str, Combinable]:
        return NextContacts().facts(request)

    def facts_follow(self, request: Request) -> Hashable:
        return NextContacts().facts_follow(request)

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        pages = Paginator(_touchpoints(account), ON_A_PAGE)
        pages.count = account.count_timeline  # type: ignore[attr-defined]  # counted for the tab already
        page = pages.get_page(request.GET.get("page"))
        entries = _entries(account, request, start=(page.number - 1) * ON_A_PAGE, number=ON_A_PAGE)
        side = [block.render(account, request, explained=True) for block in (NextContacts(), Promises())]
        return {"page": page, "touchpoints": entries, "side": side}


class Latest(Block):
    """The latest contacts, on the Overview."""

    slug = "latest-contacts"
    place = MAIN
    template = "contacts/panels/latest.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        return {"touchpoints": _entries(account, request, start=0, number=LATEST)}


@dataclass
class Entry:
    """One contact that took place, as the timeline shows it. correctable: whether the reader may correct it."""

    pk: int
    day: dt.date
    channel: str
    direction: str
    minutes: int
    outcome: str
    note: str
    user_id: int
    who: str
    correctable: bool
    persons: list[str] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)

    @property
    def channel_words(self) -> str:
        """What the symbol says to those who do not see it."""
        return str(Channel(self.channel).label)

    @property
    def outcome_words(self) -> str:
        """What came of it."""
        return str(Outcome(self.outcome).label)


def _touchpoints(account: Account) -> TouchpointQuerySet:
    """The account's contacts that nobody took back, newest first."""
    return Touchpoint.objects.live().filter(account=account).order_by("-at", "-pk")


_ON_THE_PAGE = (
    "SELECT id FROM contacts_touchpoint WHERE account_id = %s AND deleted_at IS NULL"
    " ORDER BY at DESC, id DESC LIMIT %s OFFSET %s"
)
"""As text: building a query inside a query took as long as all the rest of it."""


def _entries(account: Account, request: Request, *, start: int, number: int) -> list[Entry]:
    """So many of the account's contacts that nobody took back, newest first, with persons and promises.

    Two queries, of which the second is shared with the promises beside it.
    """
    user = request.user
    every = user.is_admin or user.is_manager  # of an account that is seen; TouchpointQuerySet.correctable_by
    rows = (
        Touchpoint.objects.filter(pk__in=RawSQL(_ON_THE_PAGE, [account.pk, number, start]))
        .order_by("-at", "-pk", "-persons__is_main", "persons__name", "persons__pk")
        .values_list(
            "pk",
            "day",
            "channel",
            "direction",
            "minutes",
            "outcome",
            "note",
            "user_id",
            "user__name",
            "persons__name",
        )
    )
    entries: dict[int, Entry] = {}
    columns: Any
    for *columns, person in rows:
        entry = entries.get(columns[0])
        if entry is None:
            entry = entries[columns[0]] = Entry(*(*columns, every or columns[7] == user.pk))
        if person is not None:
            entry.persons.append(person)
    shared = _shared(account)
    shared.names.update({entry.user_id: entry.who for entry in entries.values()})
    shared.touchpoints = list(entries)
    for promise in shared.promises:
        if promise.touchpoint_id in entries and promise.state != Promise.State.WITHDRAWN:
            entries[promise.touchpoint_id].promises.append(promise)
    return list(entries.values())


_CLOSED_LAST = (
    "SELECT id FROM contacts_promise WHERE account_id = %s AND state IN (%s, %s)"
    " ORDER BY closed_on DESC, id DESC LIMIT %s"
)


class _Shared:
    """What several blocks of one page know of the account; kept with it for as long as the page is made."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.names: dict[int, str] = {}
        """Of users, by id."""
        self.touchpoints: list[int] = []
        """Ids of the contacts that are shown."""

    @cached_property
    def promises(self) -> list[Promise]:
        """Open ones, the latest that were closed, and those made in the contacts that are shown. One query."""
        rows = Promise.objects.filter(account=self.account)
        latest = RawSQL(_CLOSED_LAST, [self.account.pk, *CLOSED, CLOSED_PROMISES])
        wanted = Q(state=Promise.State.OPEN) | Q(pk__in=latest)
        if self.touchpoints:
            wanted |= Q(touchpoint__in=self.touchpoints)
        return list(rows.filter(wanted).select_related("made_by").order_by("pk"))


def _shared(account: Account) -> _Shared:
    found: _Shared | None = account.__dict__.get("_contacts_shared")
    if found is None:
        found = account.__dict__["_contacts_shared"] = _Shared(account)
    return found


def _in_force(request: Request) -> list[ContactRule]:
    """The cadences in force today, read once for a page."""
    found: list[ContactRule] | None = request.__dict__.get("_cadences_in_force")
    if found is None:
        found = request.__dict__["_cadences_in_force"] = cadences_in_force(request.today)
    return found


@dataclass(frozen=True)
class Next:
    """One contact to come. url: of its follow-up, "" where it is only reckoned, beyond the planned weeks."""

    channel: str
    label: str
    why: Why
    day: dt.date
    time: dt.time | None
    late: bool
    who: str
    minutes: int
    url: str
    lines: Sequence[Line]
    slowed: str = ""
    """What slows its cadence, in words; "" where it goes on as the rule says."""
    invited: str = ""
    """Whom the appointment was sent to; "" for nobody."""


class NextContacts(Block):
    """Open follow-ups, and beyond the planned weeks what the rules ask for, each with why this day."""

    slug = "next-contacts"
    place = SIDE
    template = "contacts/panels/next.html"

    def facts(self, request: Request) -> dict[str, Combinable]:
        """By which rules it is governed, and whether a contact is booked that has no agenda."""
        bare = of_account(
            "EXISTS (SELECT 1 FROM contacts_followup f WHERE f.account_id = accounts_account.id"
            f" AND f.state IN ({', '.join(repr(str(state)) for state in FollowUp.OPEN)}) AND NOT EXISTS"
            " (SELECT 1 FROM contacts_agendaitem i WHERE i.follow_up_id = f.id"
            f" AND i.state = '{AgendaItem.State.OPEN}'))",
            output_field=BooleanField(),
        )
        made = how_many(
            "contacts_touchpoint",
            f"deleted_at IS NULL AND direction = '{Touchpoint.Direction.OUT}' AND channel <> '{Channel.BROADCAST}'"
            f" AND outcome <> '{Outcome.NOT_REACHED}' AND day > %s",
            request.today - YEAR * ONE_DAY,
        )
        return {
            "contacts_bare": bare,
            "contacts_made_12m": made,
            **governing_facts(_in_force(request), today=request.today),
        }

    def facts_follow(self, request: Request) -> Hashable:
        """The rules in force, by all that they ask of an account."""
        return tuple(content(rule) for rule in _in_force(request))

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """Three queries: the agenda items and, where a cadence has none, what its reckoning needs."""
        user, today = request.user, request.today
        in_force = _in_force(request)
        items = _items(account, in_force)
        plans = reckon_beyond(account, in_force=in_force, items=items, today=today)
        asking = [item for item in items if item.state == AgendaItem.State.OPEN and _is_open(item.follow_up)]
        known = {user.pk: user.name, **_shared(account).names}
        if account.owner is not None:
            known[account.owner.pk] = account.owner.name
        chains = [*(item.reckoning for item in asking), *(plan.reckoned.steps for plan in plans)]
        names = names_in(chains, known)
        together: dict[int, list[AgendaItem]] = {}
        follow_ups: dict[int, FollowUp] = {}
        for item in asking:
            follow_up = item.follow_up
            assert follow_up is not None
            follow_ups[follow_up.pk] = follow_up
            together.setdefault(follow_up.pk, []).append(item)
        if account.contacts_bare:  # type: ignore[attr-defined]
            bare = FollowUp.objects.open().filter(account=account).exclude(pk__in=together)
            follow_ups |= {row.pk: row for row in bare.select_related("assignee", "invitation")}
        in_order = sorted(follow_ups.values(), key=lambda row: (row.day, row.time or dt.time.max, row.pk))
        planned = [self._planned(row, together.get(row.pk, []), request, names) for row in in_order]
        reckoned = [
            Next(
                channel=plan.channel,
                label=str(Channel(plan.channel).label),
                why=Why(_("by plan")),
                day=plan.reckoned.day,
                time=None,
                late=False,
                who="",
                minutes=plan.rule.minutes,
                url="",
                lines=explain_plan(plan, viewer=user, today=today, names=names),
                slowed=_slowed([plan.reckoned.steps], today),
            )
            for plan in plans
        ]
        contacts = sorted([*planned, *reckoned], key=lambda one: one.day)
        return {
            "contacts": contacts,
            "slowed": any(one.slowed for one in contacts),
            "over": over_served(*_asked(account, in_force)),
        }

    def _planned(self, row: FollowUp, items: list[AgendaItem], request: Request, names: Names) -> Next:
        user, today = request.user, request.today
        asks = [
            Ask(
                item.reason,
                item.words,
                item.due,
                item.interval_days,
                item.counted_from,
                never=any(step.get("step") == "start" for step in item.reckoning[:1]),
            )
            for item in items
        ]
        return Next(
            channel=row.channel,
            label=str(Channel(row.channel).label),
            why=why_now(asks, today=today, coming=row.day > today),
            day=row.day,
            time=row.time,
            late=row.day < today,
            who="" if row.assignee_id == user.pk else row.assignee.name,
            minutes=row.minutes,
            url=reverse("contacts:follow_up", args=[row.pk]),
            lines=[
                line
                for item in items
                for line in explain(item, viewer=user, today=today, names=names, lead=items[0])
            ],
            slowed=_slowed([item.reckoning for item in items], today),
            invited=_invited(row),
        )


def _slowed(chains: Iterable[Sequence[Mapping[str, Any]]], today: dt.date) -> str:
    """In words, what slows the cadences behind one contact."""
    found = (slowed_by(steps, today) for steps in chains)
    return "; ".join(dict.fromkeys(one.words(today) for one in found if one is not None))


def _asked(account: Account, in_force: list[ContactRule]) -> tuple[int, list[int]]:
    """Own contacts of 12 months that reached them, and the intervals of the cadences that govern the account."""
    facts = vars(account)
    governing = {facts.get(f"contacts_rule_{rule.channel}") for rule in in_force}
    intervals = [rule.every_days for rule in in_force if rule.pk in governing and rule.every_days]
    return facts["contacts_made_12m"], intervals


def _items(account: Account, in_force: list[ContactRule]) -> list[AgendaItem]:
    """The account's open agenda items, and the turns of cadences that were left out, by due day."""
    by_id = {rule.pk: rule for rule in in_force}
    left_out = Q(state=AgendaItem.State.SKIPPED, reason=Reason.CADENCE)
    items = list(
        AgendaItem.objects.filter(account=account)
        .filter(Q(state=AgendaItem.State.OPEN) | left_out)
        .select_related("follow_up__assignee", "follow_up__invitation")
        .order_by("due", "pk")
    )
    for item in items:
        if item.rule_id in by_id:
            item.rule = by_id[
                item.rule_id
            ]  # with its product lines; one that is not in force any more is asked for
    return items


def _is_open(follow_up: FollowUp | None) -> bool:
    return follow_up is not None and follow_up.is_open


def _invited(follow_up: FollowUp) -> str:
    """The address that awaits us, by an invitation that still stands."""
    invitation: Invitation | None = getattr(follow_up, "invitation", None)
    return invitation.email if invitation is not None and invitation.cancelled_at is None else ""


class Promises(Block):
    """What we told the customer we would do: open ones, then the latest that were kept or broken."""

    slug = "promises"
    place = SIDE
    template = "contacts/panels/promises.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        """One query, which the timeline shares."""
        user, today = request.user, request.today
        found = _shared(account).promises
        is_open = sorted(
            (promise for promise in found if promise.state == Promise.State.OPEN),
            key=lambda promise: (promise.due_on, promise.pk),
        )
        closed = sorted(
            (promise for promise in found if promise.state in CLOSED and promise.closed_on is not None),
            key=lambda promise: (promise.closed_on, promise.pk),
            reverse=True,
        )
        return {
            "open_promises": [(promise, acts_on(user, promise, account, on=today)) for promise in is_open],
            "closed_promises": closed[:CLOSED_PROMISES],
        }
