"""What contacts shows on the account page: the timeline, the next contacts with their reckoning, the promises.

accounts.panels is the door. The account was found through `visible_to`; entries of accounts one no longer sees are
found from Today, by whom they belong to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Prefetch
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account, Channel
from accounts.panels import MAIN, SIDE, Block, Panel, how_many
from contacts.models import AgendaItem, FollowUp, Promise, Touchpoint
from contacts.planning import reckon_account
from contacts.reckoning import Line, explain, explain_plan
from contacts.why import Ask, Why, why_now
from crm.team.requests import Request

ON_A_PAGE = 50
LATEST = 5
CLOSED_PROMISES = 5


class Timeline(Panel):
    """Every contact that took place, newest first; beside it what comes next and what was promised."""

    slug = "timeline"
    title = gettext_lazy("Timeline")
    template = "contacts/panels/timeline.html"

    def count(self, request: Request) -> Combinable | None:
        return how_many(Touchpoint.objects.live())

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        rows = _touchpoints(account, request)
        side = [block.render(account, request, explained=True) for block in (NextContacts(), Promises())]
        page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
        return {"page": page, "touchpoints": page.object_list, "side": side}


class Latest(Block):
    """The latest contacts, on the Overview."""

    slug = "latest-contacts"
    place = MAIN
    template = "contacts/panels/latest.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        return {"touchpoints": list(_touchpoints(account, request)[:LATEST])}


def _touchpoints(account: Account, request: Request) -> Any:
    """The account's contacts that nobody took back, each with `correctable`, whether the reader may."""
    user, today = request.user, request.today
    mine = Touchpoint.objects.correctable_by(user, on=today).order_by()
    return (
        Touchpoint.objects.live()
        .filter(account=account)
        .select_related("user")
        .prefetch_related("persons", Prefetch("promises", Promise.objects.order_by("pk")))
        .annotate(correctable=Exists(mine.filter(pk=OuterRef("pk"))))
        .order_by("-at", "-pk")
    )


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


class NextContacts(Block):
    """Open follow-ups, and beyond the planned weeks what the rules ask for, each with why this day."""

    slug = "next-contacts"
    place = SIDE
    template = "contacts/panels/next.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        user, today = request.user, request.today
        items = AgendaItem.objects.open().select_related("rule", "follow_up__assignee")
        planned = [
            self._planned(row, request)
            for row in FollowUp.objects.open()
            .filter(account=account)
            .select_related("assignee")
            .prefetch_related(Prefetch("items", items.prefetch_related("rule__product_lines")))
            .order_by("day", "time", "pk")
        ]
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
                lines=explain_plan(plan, viewer=user, today=today),
            )
            for plan in reckon_account(account, today=today)
            if plan.item is None
        ]
        return {"contacts": sorted([*planned, *reckoned], key=lambda one: one.day)}

    def _planned(self, row: FollowUp, request: Request) -> Next:
        user, today = request.user, request.today
        items = sorted(row.items.all(), key=lambda item: (item.due, item.pk))
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
            lines=[line for item in items for line in explain(item, viewer=user, today=today)],
        )


class Promises(Block):
    """What we told the customer we would do: open ones, then the latest that were kept or broken."""

    slug = "promises"
    place = SIDE
    template = "contacts/panels/promises.html"

    def load(self, account: Account, request: Request) -> dict[str, Any]:
        user, today = request.user, request.today
        mine = set(
            Promise.objects.acted_on_by(user, on=today)
            .open()
            .filter(account=account)
            .values_list("pk", flat=True)
        )
        rows = Promise.objects.filter(account=account).select_related("made_by", "person")
        closed = rows.filter(state__in=[Promise.State.KEPT, Promise.State.BROKEN])
        return {
            "open_promises": [(promise, promise.pk in mine) for promise in rows.open()],
            "closed_promises": list(closed.order_by("-closed_on", "-pk")[:CLOSED_PROMISES]),
        }
