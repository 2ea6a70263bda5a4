"""Today: the queue, the follow-up that is open beside it, logging it in place, putting it off (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
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
from contacts.brief import Brief, brief_of, map_url
from contacts.follow_ups import Act, reschedule, skip, snooze
from contacts.forms import LogForm, RescheduleForm, SkipForm, SnoozeForm, add_errors
from contacts.models import FollowUp, Outcome, Touchpoint
from contacts.touchpoints import log_contact
from contacts.undo import CannotUndo
from contacts.undo import undo as take_back
from contacts.views.returning import back_to, say_logged
from contacts.why import Why, why_now
from crm.look.figures import day as day_words
from crm.look.toast import toast
from crm.team.models import User
from crm.team.requests import Request

INVALID = 422
COMPLAINTS = "complaints"
WORKING_DAYS = 5


@dataclass(frozen=True)
class Row:
    """One row of the queue, ready to be written down: fifty of them are most of the page."""

    pk: int
    url: str
    tier: str | None
    account: str
    whom: str
    why: Why
    channel: str
    how: str
    """The channel's word."""
    time: dt.time | None
    stake_cents: int


# The list -----------------------------------------------------------------------------------------------------------
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
    context: dict[str, Any] = {"opened": opened, "query": _query(request)}
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
    shown = _filtered(request, everything)
    page = Paginator(shown.now, queue.PAGE).get_page(_page_number(request, shown, opened))
    loaded = queue.load([*page.object_list, *shown.coming])
    query = _query(request)
    rows = _rows(page.object_list, loaded, query, day)
    done = queue.done_today(user, today=day)
    return {
        "page": page,
        "rows": rows,
        "first": rows[0] if rows and not page.has_previous() else None,
        "coming": _by_day(_rows(shown.coming, loaded, query, day, coming=True), shown),
        "pills": _pills(request, everything),
        "filtered": shown is not everything,
        "done": done,
        "done_rows": [_done_row(logged) for logged in done.touchpoints],
        "to_do": len(everything.now),
        "all": len(everything.now) + done.contacts,
        "minutes_a_day": user.weekly_contact_minutes // WORKING_DAYS,
    }


def _rows(
    entries: Iterable[queue.Entry],
    loaded: dict[int, queue.Shown],
    query: str,
    day: dt.date,
    *,
    coming: bool = False,
) -> list[Row]:
    words = {channel.value: str(channel.label) for channel in Channel}
    # One address is like another but for the number in it.
    before, after = reverse("contacts:follow_up", args=[0]).rsplit("0", 1)
    return [
        Row(
            pk=entry.pk,
            url=f"{before}{entry.pk}{after}{query}",
            tier=entry.tier,
            account=loaded[entry.pk].account,
            whom=loaded[entry.pk].whom or "",
            why=why_now(entry.asks, today=day, coming=coming),
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


def _filtered(request: Request, everything: queue.Queue) -> queue.Queue:
    only = request.GET.get("only", "")
    if only == COMPLAINTS:
        return everything.only(complaints=True)
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


def _query(request: Request) -> str:
    """What rows and answers keep of the address: the filter and the page."""
    kept = request.GET.copy()
    for name in set(kept) - {"only", "page"}:
        del kept[name]
    return f"?{kept.urlencode()}" if kept else ""


# The open follow-up -------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def follow_up(request: Request, pk: int) -> HttpResponse:
    """One follow-up, open beside the queue; POST logs the contact and opens the next one."""
    opened = _visible(request, pk)
    if request.method != "POST":
        return _page(request, opened=opened)
    brief = brief_of(opened, user=request.user, today=request.today)
    form = _log_form(request, opened, brief, request.POST)
    before = _filtered(request, queue.todays_queue(request.user, today=request.today))
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
            say_logged(request, touchpoint, first=more if again else "")
            return redirect(_next_url(request, opened, before))
    return _page(request, opened=opened, form=form, status=INVALID)


def _visible(request: Request, pk: int) -> FollowUp:
    """A follow-up whose account the user sees, or 404."""
    rows = FollowUp.objects.visible_to(request.user, on=request.today)
    opened = get_object_or_404(rows.select_related("account__owner", "assignee", "person"), pk=pk)
    if opened.assignee_id == request.user.pk:
        opened.assignee = request.user  # whose calendar the queue beside it asks for too
    return opened


def _opened(request: Request, opened: FollowUp, form: LogForm | None) -> dict[str, Any]:
    brief = brief_of(opened, user=request.user, today=request.today)
    return {
        "brief": brief,
        "map_url": map_url(opened.account),
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
        initial={
            "minutes": opened.minutes,
            "channel": opened.channel,
            "direction": Touchpoint.Direction.OUT,
            "persons": [brief.person.pk] if brief.person else [],
            "next_channel": opened.channel,
        },
    )


def _next_url(request: Request, dealt_with: FollowUp, before: queue.Queue) -> str:
    """Where to go on: the next of the queue as it stood, that is still there; Today where none is left.

    From a follow-up that never stood on the user's own Today one returns to the account.
    """
    user = _as_new(request.user)
    left = _filtered(request, queue.todays_queue(user, today=request.today))
    following = before.following(dealt_with.pk, among={entry.pk for entry in left.now})
    if following is not None:
        return reverse("contacts:follow_up", args=[following]) + _query(request)
    if dealt_with.assignee_id != user.pk and not left.now:
        return dealt_with.account.get_absolute_url()
    return reverse("contacts:today")


def _as_new(user: User) -> User:
    """The user without the number of open follow-ups read before the act."""
    user.__dict__.pop("_open_today", None)
    return user


# Putting off --------------------------------------------------------------------------------------------------------
def _act_page(
    request: Request, opened: FollowUp, form: forms.Form, act: str, *, status: int = 200
) -> HttpResponse:
    """The plain page of a dialog: for who has no script, and for what was refused."""
    brief = brief_of(opened, user=request.user, today=request.today)
    context = {"follow_up": opened, "form": form, "act": act, "brief": brief, "query": _query(request)}
    return render(request, "contacts/put_off.html", context, status=status)


def _put_off(
    request: Request, pk: int, act: str, form_class: type[forms.Form], do: Any, words: Any
) -> HttpResponse:
    rows = FollowUp.objects.acted_on_by(request.user, on=request.today)
    opened = get_object_or_404(rows.select_related("account__owner", "assignee", "person"), pk=pk)
    if request.method != "POST":
        form = (
            RescheduleForm.of(opened, today=request.today) if form_class is RescheduleForm else form_class()
        )
        return _act_page(request, opened, form, act)
    form = form_class(request.POST)
    before = _filtered(request, queue.todays_queue(request.user, today=request.today))
    if form.is_valid():
        try:
            done: Act = do(
                follow_up=opened,
                actor=request.user,
                today=request.today,
                now=request.now,
                **form.cleaned_data,
            )
        except ValidationError as refused:
            add_errors(form, refused)
        else:
            said = words(form.cleaned_data, opened)
            text = f"{said} {done.warning}" if done.warning else said
            toast(request, text, reverse("contacts:undo", args=[done.undo]))
            return redirect(_next_url(request, opened, before))
    return _act_page(request, opened, form, act, status=INVALID)


@require_http_methods(["GET", "HEAD", "POST"])
def follow_up_snooze(request: Request, pk: int) -> HttpResponse:
    """Keep a follow-up off Today until a day."""

    def words(given: dict[str, Any], opened: FollowUp) -> str:
        return _("%(account)s: snoozed until %(day)s.") % {
            "day": _day(given["until"], request),
            "account": opened.account.name,
        }

    return _put_off(request, pk, "snooze", SnoozeForm, snooze, words)


@require_http_methods(["GET", "HEAD", "POST"])
def follow_up_reschedule(request: Request, pk: int) -> HttpResponse:
    """Put a follow-up on another day, or book it at a time."""

    def words(given: dict[str, Any], opened: FollowUp) -> str:
        said = _("%(account)s: booked for %(day)s.") if given["time"] else _("%(account)s: moved to %(day)s.")
        return said % {"day": _day(given["day"], request), "account": opened.account.name}

    return _put_off(request, pk, "reschedule", RescheduleForm, reschedule, words)


@require_http_methods(["GET", "HEAD", "POST"])
def follow_up_skip(request: Request, pk: int) -> HttpResponse:
    """Leave a contact out, with a reason."""

    def words(given: dict[str, Any], opened: FollowUp) -> str:
        return _("%(account)s: skipped.") % {"account": opened.account.name}

    return _put_off(request, pk, "skip", SkipForm, skip, words)


def _day(day: dt.date, request: Request) -> str:
    return day_words(day, request.today)


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
    if isinstance(row, FollowUp) and came_from.startswith(reverse("contacts:today")):
        return redirect("contacts:follow_up", row.pk)
    return redirect(came_from)
