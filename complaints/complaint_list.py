"""The list of complaints and questions, by the time they have left and not by their age (docs/domain.md, 6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.account_list import MINE, NOBODY, sees_widely
from accounts.models import Account
from accounts.querysets import seen_one_by_one
from accounts.searching import read_words
from complaints.complaint_filters import ANY_STATE, AT_RISK, BREACHED, FILTERS, PENDING, TEAM, people_of
from complaints.models import Complaint, Decision, Kind, State
from complaints.running_out import FIELDS, Clocks
from crm.lists.asking import Asked, address
from crm.lists.builtin import BuiltIn
from crm.lists.columns import Column, Order, Row, muted, words_of
from crm.lists.columns import Kind as Cell
from crm.lists.listing import Listing
from crm.lists.paging import LongPaginator
from crm.look import figures
from crm.look.templatetags.look import icon
from crm.look.templatetags.look import tier as tier_badge
from crm.team.models import Role
from crm.team.requests import Request

_NUMBER = re.compile(r"[RQ]-[0-9-]*", re.IGNORECASE)
"""Who types it wants this one, or those that begin so: nobody's words need be read."""
WORDS_SHOWN = 90
"""Letters of what the customer says under the account's name."""


# Columns ------------------------------------------------------------------------------------------------------------
def complaint_url(pk: int) -> str:
    """The complaint's page; the resolver, which takes longer than a cell, is asked once."""
    return f"{_before_the_number(get_script_prefix(), get_urlconf())}{pk}/"


@cache
def _before_the_number(prefix: str, urlconf: str | None) -> str:
    return reverse("complaint:page", args=[0]).removesuffix("0/")


def _account(row: Row, today: dt.date) -> str:
    """The link that opens the row, and what it is about."""
    said = row["subject"] or row["words"]
    return format_html(
        '<a class="row" href="{}">{}</a><small>{}</small>',
        complaint_url(row["pk"]),
        row["account__name"],
        Truncator(" ".join(said.split())).chars(WORDS_SHOWN),
    )


def _left(row: Row, today: dt.date) -> str:
    left = row["left"]
    return format_html("{}<small>{}</small>", left.html(), left.more(today))


_kinds = words_of(Kind.choices, "kind")
_states = words_of(State.choices, "state")
_outcomes = words_of(Complaint.Outcome.choices, "outcome")


def _kind(row: Row, today: dt.date) -> str:
    return _kind_mark(row["kind"], _kinds(row))


@cache
def _kind_mark(kind: str, words: str) -> SafeString:
    return format_html('<span class="with-mark">{}{}</span>', icon(kind, "s"), words)


def _state(row: Row, today: dt.date) -> str:
    return format_html("{}<small>{}</small>", _states(row), _waits(row) or _outcomes(row))


def _state_words(row: Row) -> str:
    waits = _waits(row)
    return f"{_states(row)}, {waits}" if waits else _states(row)


def _waits(row: Row) -> str:
    """That a second person is waited for, and the amount; "" where nobody is."""
    if row["pending"] is None:
        return ""
    return _("%(amount)s %(currency)s waits for a second person") % {
        "amount": figures.money(row["pending"]),
        "currency": figures.currency(),
    }


def _assignee(row: Row, today: dt.date) -> str:
    return conditional_escape(row["assignee__name"]) if row["assignee__name"] else muted(_("nobody"))


def _due(row: Row) -> str | None:
    due = row["due_at"]
    return f"{timezone.localtime(due):%Y-%m-%d %H:%M}" if due else None


_PENDING = Subquery(
    Decision.objects.filter(complaint=OuterRef("pk"), approval=Decision.Approval.PENDING)
    .order_by()
    .values("amount_cents")[:1]
)
"""The cents that a decision wants to grant which waits for a second person; None where none waits. One at most does."""
COLUMNS = (
    Column(
        "left", gettext_lazy("Time left"), FIELDS, order=Order("due_at", nullable=True),
        value=lambda row: row["left"].sentence, html=_left, phone="plain",
    ),
    Column(
        "tier", gettext_lazy("Tier"), ("account__tier",),
        order=Order("account__tier", nullable=True, indexed=False),
        html=lambda row, today: tier_badge(row["account__tier"]), phone="lead",
    ),
    Column(
        "account", gettext_lazy("Account"), ("account__name", "subject", "words"),
        order=Order("account__search_key", indexed=False), html=_account, phone="name", fixed=True,
    ),
    Column("number", gettext_lazy("Number"), ("number",), phone="hidden"),
    Column("kind", gettext_lazy("Kind"), ("kind",), value=_kinds, html=_kind, phone="hidden"),
    Column(
        "category", gettext_lazy("Category"), ("category__name",),
        order=Order("category__position", indexed=False), phone="plain",
    ),
    Column(
        "state", gettext_lazy("State"), ("state", "outcome", "pending"), value=_state_words, html=_state,
        annotations={"pending": _PENDING}, phone="plain",
    ),
    Column(
        "assignee", gettext_lazy("Assigned to"), ("assignee__name",),
        order=Order("assignee__name", nullable=True, indexed=False), html=_assignee, phone="plain",
    ),
    Column(
        "claim", gettext_lazy("Claim"), ("claim_cents",), Cell.MONEY,
        order=Order("claim_cents", nullable=True, indexed=False, down_first=True),
    ),
    Column(
        "opened", gettext_lazy("Opened"), ("opened_on",), Cell.DAY,
        order=Order("opened_on", indexed=False, down_first=True), phone="hidden",
    ),
    Column(
        "closed", gettext_lazy("Closed"), ("closed_on",), Cell.DAY,
        # Never empty where it is of use; said otherwise, no index would serve it.
        order=Order("closed_on", down_first=True),
    ),
    Column("outcome", gettext_lazy("Decision"), ("outcome",), value=_outcomes),
    Column("granted", gettext_lazy("Granted"), ("granted_cents",), Cell.MONEY),
    Column(
        "resolution", gettext_lazy("Resolution"), ("resolution",),
        value=words_of(Complaint.Resolution.choices, "resolution"),
    ),
    Column("cause", gettext_lazy("Root cause"), ("root_cause__name",)),
    Column("solved", gettext_lazy("Solved?"), ("solved",), value=words_of(Complaint.Solved.choices, "solved")),
    Column("product", gettext_lazy("Product"), ("product__name",)),
    Column("batch", gettext_lazy("Batch"), ("batch",)),
    Column("purchase", gettext_lazy("Purchase"), ("purchase__number",)),
    Column("due", gettext_lazy("Due at"), ("due_at",), value=_due),
    Column("minutes", gettext_lazy("Working minutes left"), FIELDS, Cell.NUMBER, value=lambda row: row["left"].minutes),
    Column("said", gettext_lazy("What the customer says"), ("words",)),
    Column("owner", gettext_lazy("Owner of the account"), ("account__owner__name",)),
    Column("code", gettext_lazy("Account number"), ("account__code",)),
    Column("city", gettext_lazy("City"), ("account__city",)),
)  # fmt: skip
_TIMED = frozenset({"left", "minutes"})


ASSIGNEES = "assignees"
"""The menu of those whom the selected may be given to: read when somebody selects the first."""


def assignees_context(request: Request) -> dict[str, Any]:
    """Whom the selected ones may be given to, beside oneself."""
    return {"assignees": people_of(request).exclude(pk=request.user.pk).values_list("pk", "name")}


class ComplaintListing(Listing):
    """Complaints and questions of the accounts one sees; those that are closed where they are asked for."""

    slug = "complaints"
    title = gettext_lazy("Complaints")
    everything = gettext_lazy("All open")
    url_name = "complaints:list"
    columns = COLUMNS
    usual = ("left", "tier", "account", "number", "kind", "category", "state", "assignee", "claim", "opened")
    usual_sort = "left"
    ties = ("pk",)
    filters = FILTERS
    always = ("number", "account__name")
    icon = "complaint"
    nothing = gettext_lazy("No complaint matches")
    searched = gettext_lazy("numbers, accounts, batches and what customers say")
    search_label = gettext_lazy("Search complaints and questions")
    search_hint = gettext_lazy("Number, account, words …")
    template = "complaints/list.html"
    empty_template = "complaints/list_empty.html"
    bulk_template = "complaints/list_bulk.html"
    views: ClassVar[Sequence[BuiltIn]] = (
        BuiltIn("mine", gettext_lazy("Mine"), {"who": MINE}),
        BuiltIn("team", gettext_lazy("My teams'"), {"who": TEAM}, frozenset({Role.MANAGER})),
        BuiltIn(
            "unassigned", gettext_lazy("Nobody's"), {"who": NOBODY},
            frozenset({Role.MANAGER, Role.ADMIN, Role.AGENT}),
        ),
        BuiltIn("risk", gettext_lazy("At risk"), {"clock": AT_RISK}),
        BuiltIn("over", gettext_lazy("Over time"), {"clock": BREACHED}),
        BuiltIn("waiting", gettext_lazy("Waiting for customer"), {"state": State.WAITING.value}),
        BuiltIn("second", gettext_lazy("Second person"), {"decision": PENDING}),
        BuiltIn("questions", gettext_lazy("Questions"), {"kind": Kind.QUESTION.value}),
        BuiltIn(
            "closed", gettext_lazy("Closed"),
            {
                "state": State.CLOSED.value, "sort": "-closed",
                "columns": "left,tier,account,number,category,outcome,granted,cause,solved,closed",
            },
        ),
    )  # fmt: skip

    def visible(self, request: Request) -> QuerySet[Complaint]:
        """Those of accounts the user may see."""
        return Complaint.objects.visible_to(request.user, on=request.today)

    def usually(self, rows: QuerySet[Any], filters: Mapping[str, str]) -> QuerySet[Any]:
        """The closed ones are put away. Said of the day as well as of the state: that is what indexes know."""
        if filters.get("state") == State.CLOSED:
            return rows.filter(closed_on__isnull=False)
        if filters.get("state") == ANY_STATE:
            return rows
        return rows.open()  # type: ignore[attr-defined]

    def search(self, rows: QuerySet[Any], words: str, request: Request) -> QuerySet[Any]:
        """Those with every word in the number, the subject, the customer's words, the batch or the account's key."""
        if _NUMBER.fullmatch(words):
            return rows.filter(number__startswith=words.upper())
        visible = Account.objects.visible_to(request.user, on=request.today).order_by()
        every = Q()
        for typed, word in zip(words.split(), read_words(words).words, strict=False):
            accounts = visible.filter(search_key__contains=word).values("pk")
            every &= (
                Q(number__icontains=typed)
                | Q(subject__icontains=typed)
                | Q(words__icontains=typed)
                | Q(batch__icontains=typed)
                | Q(account__in=accounts)
            )
        return rows.filter(every)

    def first_rows(self, asked: Asked, upto: int) -> QuerySet[Any]:
        """Who leads teams sees so many that an index walks to the page sooner than all are sorted."""
        if not sees_widely(asked.request):
            return asked.rows
        column = "complaints_complaint.account_id"
        return asked.narrow(Complaint.objects.filter(seen_one_by_one(column, asked.user, on=asked.today)))

    def attach(self, rows: Sequence[dict[str, Any]], columns: Sequence[Column], request: Request) -> None:
        """What is left, where it is shown."""
        if _TIMED.isdisjoint(column.name for column in columns):
            return
        clocks = Clocks(now=request.now)
        for row in rows:
            row["left"] = clocks.of(row)

    def row_name(self, row: Row) -> str:
        """Its number and the account."""
        return f"{row['number']}, {row['account__name']}"

    def count_words(self, paginator: LongPaginator) -> str:
        """ "214 complaints and questions"."""
        words = ngettext(
            "%(number)s complaint or question", "%(number)s complaints and questions", paginator.count
        )
        return words % {"number": paginator.count_words}

    def context(self, request: Request) -> dict[str, Any]:
        """Whom the selected ones may be given to, and where else to look."""
        words = request.GET.get("q", "")
        closed = {"q": words, "state": State.CLOSED.value}
        elsewhere = [(_("Look among closed ones"), address(self.url, closed))]
        return {
            **(assignees_context(request) if request.GET.get("menu") == ASSIGNEES else {}),
            "elsewhere": elsewhere if words and request.GET.get("state") != State.CLOSED else [],
        }
