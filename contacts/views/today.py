"""Today: the queue, the follow-up that is open beside it, logging it in place (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.messages import ERROR
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Channel
from contacts import queue
from contacts.absences import StandIn, stands_in_for
from contacts.brief import Brief, brief_of, map_url
from contacts.forms import LogForm, RescheduleForm, SkipForm, SnoozeForm, add_errors
from contacts.invitations import standing_of
from contacts.models import FollowUp, Outcome, Touchpoint
from contacts.queue_html import Row, rows_html
from contacts.queue_notes import Note, notes_of
from contacts.same_city import same_city
from contacts.slowing import unwelcome_for
from contacts.touchpoints import log_contact
from contacts.undo import CannotUndo
from contacts.undo import undo as take_back
from contacts.unmet import unmet
from contacts.views import device
from contacts.views.returning import back_to, say_logged
from contacts.views.while_away import card
from contacts.why import why_now
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request

INVALID = 422
COMPLAINTS = "complaints"
FOR = "for-"
"""Before the id of a colleague for whom one stands in: only what is theirs."""
WORKING_DAYS = 5
TOLD = 5
"""So many unwelcome contacts stand above a manager's queue; the others are in the list of touchpoints."""


# The list -----------------------------------------------------------------------------------------------------------
@device.kept_on_device
@require_GET
def today(request: Request) -> HttpResponse:
    """The queue with nothing open: on a desk the script opens the first one beside it."""
    return _page(request)


def _page(
    request: Request,
    *,
    opened: FollowUp | None = None,
    form: LogForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page; for htmx, which asks for the open pane only, that alone."""
    context: dict[str, Any] = {"opened": opened, "query": kept_query(request)}
    if opened is not None:
        context |= _opened(request, opened, form)
    if opened is not None and request.htmx and not request.htmx.history_restore_request:
        answer = render(request, "contacts/opened_alone.html", context, status=status)
    else:
        answer = render(request, "contacts/today.html", context | _list(request, opened), status=status)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _list(request: Request, opened: FollowUp | None) -> dict[str, Any]:
    user, day = request.user, request.today
    everything = queue.todays_queue(user, today=day)
    shown = filtered(request, everything)
    page = Paginator(shown.now, queue.PAGE).get_page(_page_number(request, shown, opened))
    loaded = queue.load([*page.object_list, *shown.coming])
    query = kept_query(request)
    asks = [ask.source for entry in (*page.object_list, *shown.coming) for ask in entry.asks[:1]]
    notes = notes_of(asks, user=user, today=day, now=request.now)
    rows = _rows(page.object_list, loaded, query, day, notes=notes)
    done = queue.done_today(user, today=day)
    stand_ins = stands_in_for(user, on=day)
    open_pk = opened.pk if opened is not None else None
    return {
        "stand_ins": [_stand_in(request, each, everything) for each in stand_ins],
        "while_away": card(user, today=day),
        "page": page,
        "rows": rows,
        "rows_html": rows_html(rows, opened=open_pk),
        "first": rows[0] if rows and not page.has_previous() else None,
        "coming": [
            (coming, len(group), rows_html(group, opened=open_pk))
            for coming, group in _by_day(
                _rows(shown.coming, loaded, query, day, coming=True, notes=notes), shown
            )
        ],
        "pills": _pills(request, everything),
        "filtered": shown is not everything,
        "done": done,
        "done_rows": [_done_row(logged) for logged in done.touchpoints],
        "to_do": len(everything.now),
        "all": len(everything.now) + done.contacts,
        "told": _told(user, day),
        "minutes_a_day": user.weekly_contact_minutes // WORKING_DAYS,
    }


def _told(user: User, day: dt.date) -> dict[str, Any]:
    """What one is told above the queue: rules that cannot be met, and for managers contacts that were not wanted."""
    unwelcome = unwelcome_for(user, today=day, limit=TOLD + 1) if user.is_manager else []
    return {
        "unmet_rules": unmet(user, today=day).count(),
        "unwelcome": unwelcome[:TOLD],
        "more_unwelcome": len(unwelcome) > TOLD,
    }


def _rows(
    entries: Iterable[queue.Entry],
    loaded: dict[int, queue.Shown],
    query: str,
    day: dt.date,
    *,
    coming: bool = False,
    notes: Mapping[str, Note],
) -> list[Row]:
    words = {channel: str(label) for channel, label in Channel.choices}
    # One address is like another but for the number in it.
    before, after = reverse("contacts:follow_up", args=[0]).rsplit("0", 1)
    return [
        Row(
            pk=entry.pk,
            url=f"{before}{entry.pk}{after}{query}",
            tier=entry.tier,
            account=loaded[entry.pk].account,
            whom=loaded[entry.pk].whom or "",
            why=why_now(entry.asks, today=day, coming=coming, notes=notes),
            channel=entry.channel,
            how=words[entry.channel],
            time=entry.time,
            stake_cents=entry.sales_cents,
        )
        for entry in entries
        if entry.pk in loaded
    ]


def _done_row(logged: queue.Logged) -> dict[str, Any]:
    """What was done, in words; nothing of an account that the user does not see any more."""
    return {
        "logged": logged,
        "outcome": Outcome(logged.outcome).label,
        "how": Channel(logged.channel).label,
        "url": reverse("contacts:touchpoint", args=[logged.pk]),
    }


def _by_day(rows: Sequence[Row], shown: queue.Queue) -> list[tuple[dt.date, list[Row]]]:
    """The coming rows under their days."""
    days = {entry.pk: entry.shown_on for entry in shown.coming}
    groups: dict[dt.date, list[Row]] = {}
    for row in rows:
        groups.setdefault(days[row.pk], []).append(row)
    return list(groups.items())


def _stand_in(request: Request, colleague: StandIn, everything: queue.Queue) -> dict[str, Any]:
    """For whom one stands in, until when, and the way to what is theirs."""
    only = f"{FOR}{colleague.user_id}"
    return {
        "name": colleague.name,
        "until": colleague.last_day,
        "number": len(everything.only(owner_id=colleague.user_id).now),
        "url": f"{reverse('contacts:today')}?only={only}",
        "current": request.GET.get("only") == only,
    }


def filtered(request: Request, everything: queue.Queue) -> queue.Queue:
    only = request.GET.get("only", "")
    if only == COMPLAINTS:
        return everything.only(complaints=True)
    if (owner := only.removeprefix(FOR)) != only and owner.isascii() and owner.isdigit():
        return everything.only(owner_id=int(owner))
    return everything.only(channel=only) if only in Channel.values else everything


def _pills(request: Request, everything: queue.Queue) -> list[dict[str, Any]]:
    """The filters: all, each channel that is asked for, complaints."""
    only = request.GET.get("only", "")
    here = reverse("contacts:today")
    counts = {channel: sum(entry.channel == channel for entry in everything.now) for channel in Channel}
    complaints = sum(entry.is_complaint for entry in everything.now)
    pills = [{"label": _("All"), "url": here, "icon": "", "number": len(everything.now), "current": not only}]
    pills += [
        {
            "label": channel.label,
            "url": f"{here}?only={channel.value}",
            "icon": channel.value,
            "number": number,
            "current": only == channel.value,
        }
        for channel, number in counts.items()
        if number or only == channel.value
    ]
    if complaints or only == COMPLAINTS:
        pills.append(
            {
                "label": _("Complaints"),
                "url": f"{here}?only={COMPLAINTS}",
                "icon": "complaint",
                "number": complaints,
                "current": only == COMPLAINTS,
            }
        )
    return pills


def _page_number(request: Request, shown: queue.Queue, opened: FollowUp | None) -> str | int:
    """The page asked for, or the one on which the open follow-up stands."""
    if "page" in request.GET:
        return request.GET["page"]
    ids = [entry.pk for entry in shown.now]
    return ids.index(opened.pk) // queue.PAGE + 1 if opened is not None and opened.pk in ids else 1


def kept_query(request: Request) -> str:
    """What rows and answers keep of the address: the filter and the page."""
    kept = request.GET.copy()
    for name in set(kept) - {"only", "page"}:
        del kept[name]
    return f"?{kept.urlencode()}" if kept else ""


# The open follow-up -------------------------------------------------------------------------------------------------
@device.kept_on_device
@require_http_methods(["GET", "HEAD", "POST"])
def follow_up(request: Request, pk: int) -> HttpResponse:
    """One follow-up, open beside the queue; POST logs the contact and opens the next one."""
    opened = _visible(request, pk)
    if request.method != "POST":
        return _page(request, opened=opened)
    if (stop := device.of_somebody_else(request)) is not None:
        return stop
    brief = brief_of(opened, user=request.user, today=request.today, now=request.now)
    form = _log_form(request, opened, brief, request.POST)
    before = filtered(request, queue.todays_queue(request.user, today=request.today))
    if form.is_valid():
        try:
            touchpoint = log_contact(
                actor=request.user,
                account=opened.account,
                follow_up=opened,
                now=request.now,
                today=request.today,
                **form.log_values(),
            )
        except ValidationError as refused:
            add_errors(form, refused)
        else:
            again = touchpoint.follow_up_id is None  # it was dealt with in another tab, or by somebody else
            more = _("The follow-up was dealt with before; this counts as one more contact.")
            say_logged(request, touchpoint, first=more if again else "", last=form.against_wishes())
            return device.logged(request, touchpoint, to=next_url(request, opened, before))
    if device.asks_for_json(request):
        return device.refused(form)
    return _page(request, opened=opened, form=form, status=INVALID)


def _visible(request: Request, pk: int) -> FollowUp:
    """A follow-up whose account the user sees, or 404."""
    rows = FollowUp.objects.visible_to(request.user, on=request.today)
    opened = get_object_or_404(
        rows.select_related("account__owner", "assignee", "person", "invitation", "handed_over_by"), pk=pk
    )
    if opened.assignee_id == request.user.pk:
        opened.assignee = request.user  # whose calendar the queue beside it asks for too
    return opened


def _opened(request: Request, opened: FollowUp, form: LogForm | None) -> dict[str, Any]:
    brief = brief_of(opened, user=request.user, today=request.today, now=request.now)
    visits = brief.may_act and opened.is_open and opened.channel == Channel.VISIT
    return {
        "brief": brief,
        "neighbours": same_city(opened, viewer=request.user, today=request.today) if visits else [],
        "visit_day": max(opened.day, request.today),
        "map_url": map_url(opened.account),
        "invitation": standing_of(opened, brief.person, now=request.now),
        "form": form or _log_form(request, opened, brief),
        "snooze_form": SnoozeForm(auto_id="snooze_%s"),
        "reschedule_form": RescheduleForm.of(opened, today=request.today, auto_id="reschedule_%s"),
        "skip_form": SkipForm(auto_id="skip_%s"),
    }


def _log_form(request: Request, opened: FollowUp, brief: Brief, data: Any = None) -> LogForm:
    return LogForm(
        data,
        account=opened.account,
        today=request.today,
        persons=brief.persons,
        by_plan=brief.by_plan,
        promises=brief.promises,
        worked_off=brief.worked_off,
        cautions=brief.cautions,
        initial={
            "minutes": opened.minutes,
            "channel": opened.channel,
            "direction": Touchpoint.Direction.OUT,
            "persons": [brief.person.pk] if brief.person else [],
            "next_channel": opened.channel,
        },
    )


def next_url(request: Request, dealt_with: FollowUp, before: queue.Queue) -> str:
    """Where to go on: the next of the queue as it stood, that is still there; Today where none is left.

    From a follow-up that never stood on the user's own Today one returns to the account.
    """
    user = _as_new(request.user)
    left = filtered(request, queue.todays_queue(user, today=request.today))
    following = before.following(dealt_with.pk, among={entry.pk for entry in left.now})
    if following is not None:
        return reverse("contacts:follow_up", args=[following]) + kept_query(request)
    if dealt_with.assignee_id != user.pk and not left.now:
        return dealt_with.account.get_absolute_url()
    return reverse("contacts:today")


def _as_new(user: User) -> User:
    """The user without the number of open follow-ups read before the act."""
    user.__dict__.pop("_open_today", None)
    return user


@require_POST
def undo(request: Request, token: str) -> HttpResponse:
    """Take back a snooze, a new day, a skip, or what was said about a promise."""
    try:
        row = take_back(token=token, actor=request.user, today=request.today, now=request.now)
    except CannotUndo as refused:
        toast(request, str(refused), level=ERROR)
        return redirect(back_to(request, reverse("contacts:today")))
    toast(request, _("Undone."))
    came_from = back_to(request, reverse("contacts:today"))
    if came_from.startswith((reverse("contacts:week"), reverse("contacts:day"))):
        return redirect(came_from)
    if isinstance(row, FollowUp) and came_from.startswith(reverse("contacts:today")):
        return redirect("contacts:follow_up", row.pk)
    return redirect(came_from)
