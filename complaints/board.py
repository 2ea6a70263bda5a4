"""The board: open complaints by state, in each those with the least time left first (docs/domain.md, 6).

Only some of each column are read, the rest is a number that leads to the list. A card goes to another column where the
workflow does that in a single step; what needs a form is done on the complaint's page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import workflow
from complaints.complaint_filters import CATEGORY, CLOCK, FRESH, KIND, OWNER, TIER, WHO
from complaints.complaint_list import ComplaintListing, complaint_url
from complaints.errors import WrongState
from complaints.models import Complaint, ComplaintStep, Decision, Kind, State
from complaints.running_out import FIELDS, Clocks, TimeLeft
from crm.lists.asking import Asked, address
from crm.team.models import User

CARDS = 20
"""As many cards of a column are shown."""
WORDS = 90

COLUMNS: tuple[tuple[str, str | Promise, tuple[State, ...]], ...] = (
    ("new", gettext_lazy("New"), (State.REOPENED, State.NEW)),
    ("acknowledged", State.ACKNOWLEDGED.label, (State.ACKNOWLEDGED,)),
    ("in_progress", State.IN_PROGRESS.label, (State.IN_PROGRESS,)),
    ("waiting", State.WAITING.label, (State.WAITING,)),
    ("decided", State.DECIDED.label, (State.DECIDED,)),
    ("resolved", State.RESOLVED.label, (State.RESOLVED,)),
)
"""Key, words and states. What is opened again stands with the new ones: somebody has to take it up."""
COLUMN_OF = {state.value: key for key, _words, states in COLUMNS for state in states}
_PLACES = [key for key, _words, _states in COLUMNS]

Verb = Callable[..., Complaint]
SINGLE: dict[str, tuple[str | Promise, str, Verb, str]] = {
    # Act: its words, the column it leads to ("" off the board), the verb, its symbol.
    "acknowledge": (gettext_lazy("Acknowledge"), "acknowledged", workflow.acknowledge, "check"),
    "start": (gettext_lazy("Start work"), "in_progress", workflow.start, "right"),
    "wait": (gettext_lazy("Wait for the customer"), "waiting", workflow.wait_for_customer, "snooze"),
    "answered": (gettext_lazy("The customer answered"), "in_progress", workflow.customer_answered, "mail"),
    "close": (gettext_lazy("Close"), "", workflow.close, "lock"),
}
"""The acts that need nothing but the act."""
BY_FORM = {"decided": "decide", "resolved": "resolve"}
"""Columns that a form leads to, with the act."""


_FILTERS = (WHO, CLOCK, CATEGORY, KIND, TIER, OWNER)
_NARROWS = {each.name for each in _FILTERS}


class BoardListing(ComplaintListing):
    """The same complaints as columns: its filters and views are kept for themselves, since no state is chosen."""

    slug = "complaint-board"
    title = gettext_lazy("Complaints")
    url_name = "complaints:board"
    filters = _FILTERS
    exports = False
    views = tuple(view for view in ComplaintListing.views if set(view.state) <= _NARROWS)


@dataclass(frozen=True)
class Card:
    """One complaint on the board. earlier, later: the columns beside it that a single step leads to, "" for none."""

    pk: int
    number: str
    url: str
    account: str
    tier: str | None
    kind: str
    category: str
    said: str
    assignee: str
    state: str
    reopened: bool
    pending: bool
    left: TimeLeft
    earlier: str
    later: str
    steps: str
    """The columns that a single step leads to, by their keys, parted by blanks."""
    forms: str
    """The columns that a form on its page leads to."""
    more: str
    """What explains the time left."""

    @property
    def move_url(self) -> str:
        """Where it is moved, without the board's filters."""
        return move_url(self.pk)


@dataclass(frozen=True)
class BoardColumn:
    """One column. number: of all that are in it; list_url: where they are listed."""

    key: str
    title: str
    cards: Sequence[Card]
    number: int
    list_url: str

    @property
    def more(self) -> bool:
        """Whether some are not shown."""
        return self.number > len(self.cards)


# Where a card may go -------------------------------------------------------------------------------------------------
def acts_on(state: str) -> list[str]:
    """The acts of SINGLE that are open in a state."""
    return [act for act in SINGLE if state in workflow.FROM[act]]


def targets(state: str) -> dict[str, str]:
    """The columns that a single step leads to from a state, with the act."""
    return {SINGLE[act][1]: act for act in acts_on(state) if SINGLE[act][1]}


def forms(state: str, kind: str) -> list[str]:
    """The columns that a form on the complaint's page leads to from a state."""
    found = [column for column, act in BY_FORM.items() if state in workflow.FROM[act]]
    if kind == Kind.QUESTION:
        return [column for column in found if column != "decided"]
    return [column for column in found if column != "resolved" or state == State.DECIDED]


def act_towards(complaint: Complaint, column: str) -> str:
    """The act that brings a complaint into a column. Raises WrongState, in words, where no single step does."""
    state = complaint.state
    act = targets(state).get(column)
    if act is not None:
        return act
    words = {key: str(title) for key, title, _states in COLUMNS}
    if column not in words:
        raise WrongState(_("There is no such column."))
    if column in forms(state, complaint.kind):
        raise WrongState(
            _("%(number)s: this needs more to be said. Do it on its page.") % {"number": complaint.number}
        )
    if column == COLUMN_OF.get(state):
        raise WrongState(_("%(number)s stands there already.") % {"number": complaint.number})
    if column == "resolved":
        why = _("It must be decided before it is resolved.")
    elif column == "decided":
        why = _("A question is answered, not decided.") if complaint.kind == Kind.QUESTION else ""
    elif column == "new":
        why = _("Nothing becomes new again.")
    elif state == State.RESOLVED:
        why = _("It is resolved: close it, or open it again on its page.")
    elif state == State.WAITING:
        why = _("Say first that the customer answered.")
    else:
        why = _("It has come further already.")
    return _refuse(complaint, words[column], why)


def _refuse(complaint: Complaint, column: str, why: str) -> str:
    words = _("%(number)s cannot go from “%(state)s” to “%(column)s”.") % {
        "number": complaint.number,
        "state": complaint.get_state_display(),
        "column": column,
    }
    raise WrongState(f"{words} {why}".strip())


def take(
    act: str, *, complaint: Complaint, actor: User, today: dt.date, now: dt.datetime
) -> tuple[Complaint, ComplaintStep | None]:
    """Do an act of SINGLE; the complaint as it stands then, and the step that was made. Raises ComplaintError."""
    done = SINGLE[act][2](complaint=complaint, actor=actor, today=today, now=now)
    return done, done.steps.order_by("-pk").first()


# Reading ------------------------------------------------------------------------------------------------------------
def read_board(asked: Asked) -> list[BoardColumn]:
    """All columns, of the rows asked for. As many queries however many complaints there are."""
    rows = asked.rows.order_by()
    numbers: dict[str, int] = {}
    for state, number in rows.values_list("state").annotate(number=Count("pk")):
        numbers[COLUMN_OF[state]] = numbers.get(COLUMN_OF[state], 0) + number
    cards: dict[str, list[Card]] = {key: [] for key in _PLACES}
    clocks = Clocks(now=asked.request.now)
    found = Complaint.objects.filter(pk__in=_first_ids(asked)).order_by(
        F("due_at").asc(nulls_last=True), "pk"
    )
    read = list(found.values(*_READ))
    waits = Decision.objects.filter(
        approval=Decision.Approval.PENDING, complaint__in=[row["pk"] for row in read]
    )
    pending = set(waits.order_by().values_list("complaint", flat=True))
    for row in read:
        column = cards[COLUMN_OF[row["state"]]]
        if len(column) < CARDS:
            column.append(_card(row, clocks, pending, asked.today))
    return [
        BoardColumn(key, str(title), cards[key], numbers.get(key, 0), _list_url(asked, key, states))
        for key, title, states in COLUMNS
    ]


_READ = (
    "pk",
    "number",
    "kind",
    "subject",
    "words",
    "account__name",
    "account__tier",
    "category__name",
    "assignee__name",
    *FIELDS,
)


def _first_ids(asked: Asked) -> list[int]:
    """Of each state the ids with the least time left. One statement: each part of it is a walk along an index.

    As text, since the ORM cannot put limited parts together on SQLite.
    """
    parts: list[str] = []
    params: list[Any] = []
    shown = asked.listing.first_rows(asked, CARDS)
    for state in COLUMN_OF:
        part = shown.filter(state=state).order_by(F("due_at").asc(nulls_last=True), "pk").values("pk")[:CARDS]
        try:
            sql, values = part.query.sql_with_params()
        except EmptyResultSet:  # a condition that nothing can meet
            continue
        parts.append(f"SELECT * FROM ({sql}) part_{state}")
        params += values
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return [pk for (pk,) in cursor.fetchall()]


def _card(row: dict[str, Any], clocks: Clocks, pending: set[int], today: dt.date) -> Card:
    state, kind, left = row["state"], row["kind"], clocks.of(row)
    single, at = targets(state), _PLACES.index(COLUMN_OF[state])
    beside = [key for key in single if _PLACES.index(key) > at]
    before = [key for key in single if _PLACES.index(key) < at]
    said = row["subject"] or row["words"]
    return Card(
        pk=row["pk"],
        number=row["number"],
        url=complaint_url(row["pk"]),
        account=row["account__name"],
        tier=row["account__tier"],
        kind=kind,
        category=row["category__name"],
        said=Truncator(" ".join(said.split())).chars(WORDS),
        assignee=row["assignee__name"] or "",
        state=state,
        reopened=state == State.REOPENED,
        pending=row["pk"] in pending,
        left=left,
        earlier=before[-1] if before else "",
        later=beside[0] if beside else "",
        steps=" ".join(single),
        forms=" ".join(forms(state, kind)),
        more=left.more(today),
    )


def move_url(pk: int) -> str:
    """Where a card is moved; the resolver is asked once."""
    before, after = _around_the_number(get_script_prefix(), get_urlconf())
    return f"{before}{pk}{after}"


@cache
def _around_the_number(prefix: str, urlconf: str | None) -> tuple[str, str]:
    before, after = reverse("complaints:move", args=[0]).rsplit("0", 1)
    return before, after


def _list_url(asked: Asked, key: str, states: Sequence[State]) -> str:
    """The list of one column, narrowed as the board is."""
    state = FRESH if len(states) > 1 else states[0].value
    parameters = {"state": state, **asked.filters, **({"q": asked.words} if asked.words else {})}
    return address(ComplaintListing().url, parameters)
