"""The list of touchpoints: what took place, with whom, and what it brought.

What a substitute logged stays visible to the substitute as an own entry, without the account (docs/domain.md, 1): such
a row shows, exports, filters and finds nothing that belongs to the account.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db.models import BooleanField, Case, F, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.account_list import MINE, account_url, of_tier, owners, sees_widely
from accounts.models import Account, Channel, Tier
from accounts.querysets import visible_ids
from accounts.searching import read_words
from contacts.models import Outcome, Touchpoint
from crm.lists.asking import Asked
from crm.lists.builtin import BuiltIn
from crm.lists.columns import Column, Kind, Order, Row, muted, words_of
from crm.lists.filters import Choice, Choices, Day, Filter, compares, equals
from crm.lists.listing import Listing
from crm.lists.paging import LongPaginator
from crm.lists.people import Person
from crm.look import figures
from crm.look.templatetags.look import icon
from crm.team.models import Role
from crm.team.requests import Request
from crm.team.visibility import standing

TEAM = "team"
NOTE_SHOWN = 140
"""Letters of a note on the page; an export has all of it."""
ICONS = {
    "video": "video",
    "visit": "visit",
    "phone": "phone",
    "email": "email",
    "letter": "letter",
    "event": "event",
}


# Filters ------------------------------------------------------------------------------------------------------------
def who_words(request: Request) -> Choices:
    """Me, and my teams where I lead some."""
    team = [(TEAM, gettext_lazy("My teams"))] if request.user.is_manager else []
    return [(MINE, gettext_lazy("Mine")), *team]


def by_whom(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Logged by oneself, by the teams one leads, or by somebody."""
    if value == MINE:
        return rows.filter(user=request.user)
    if value == TEAM:
        return rows.filter(user__team__in=standing(request.user, on=request.today).led_team_ids)
    return rows.filter(user=int(value))


def within(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """In the last so many days."""
    return rows.filter(day__gt=request.today - dt.timedelta(days=int(value)))


FILTERS: tuple[Filter, ...] = (
    Person(
        "who", gettext_lazy("By"), by_whom,
        people=owners, words=who_words, anything=gettext_lazy("By anybody"),
    ),
    Choice(
        "channel", gettext_lazy("Channel"), equals("channel"),
        choices=Channel.choices, anything=gettext_lazy("Any channel"),
    ),
    Choice(
        "outcome", gettext_lazy("Outcome"), equals("outcome"),
        choices=Outcome.choices, anything=gettext_lazy("Any outcome"),
    ),
    Choice(
        "period", gettext_lazy("When"), within,
        choices=(
            ("7", gettext_lazy("Last 7 days")), ("30", gettext_lazy("Last 30 days")),
            ("90", gettext_lazy("Last 90 days")), ("365", gettext_lazy("Last 12 months")),
        ),
        anything=gettext_lazy("Any time"),
    ),
    Choice(
        "direction", gettext_lazy("Direction"), equals("direction"),
        choices=Touchpoint.Direction.choices, anything=gettext_lazy("Either direction"), rare=True,
    ),
    Choice(
        "tier", gettext_lazy("Tier"), of_tier,
        choices=Tier.choices, anything=gettext_lazy("Any tier"), rare=True,
    ),
    Day("from", gettext_lazy("From"), compares("day__gte"), rare=True),
    Day("until", gettext_lazy("Until"), compares("day__lte"), rare=True),
)  # fmt: skip


# Columns ------------------------------------------------------------------------------------------------------------
def _of_account(path: str) -> Any:
    """A value of the account, None where the user does not see it."""
    return lambda row: row[path] if row["seen"] else None


def _when(row: Row, today: dt.date) -> str:
    at = timezone.localtime(row["at"])
    return format_html("{}<small>{}</small>", figures.day(row["day"], today), f"{at:%H:%M}")


def _account(row: Row, today: dt.date) -> str:
    """The link that opens the row: the account's timeline; one's own entry where the account is not seen."""
    if not row["seen"]:
        url = reverse("contacts:touchpoint", args=[row["pk"]])
        return format_html('<a class="row" href="{}">{}</a>', url, muted(_("An account you no longer see")))
    url = f"{account_url(row['account'])}timeline/"
    return format_html('<a class="row" href="{}">{}</a>', url, row["account__name"])


_channel_words = words_of(Channel.choices, "channel")


def _channel(row: Row, today: dt.date) -> str:
    return format_html('<span class="with-mark">{}{}</span>', _mark(row["channel"]), _channel_words(row))


@cache
def _mark(channel: str) -> SafeString:
    return icon(ICONS.get(channel, "note"), "s")


def _note(row: Row, today: dt.date) -> str:
    note = row["note"]
    return conditional_escape(note if len(note) <= NOTE_SHOWN else f"{note[: NOTE_SHOWN - 1].rstrip()}…")


COLUMNS = (
    Column(
        "when", gettext_lazy("When"), ("day", "at"), Kind.DAY,
        order=Order("day", down_first=True), html=_when, phone="end",
    ),
    Column(
        "account", gettext_lazy("Account"), ("account__name", "account"),
        value=_of_account("account__name"), html=_account, phone="name", fixed=True,
    ),
    Column("who", gettext_lazy("By"), ("user__name",), phone="plain"),
    Column("channel", gettext_lazy("Channel"), ("channel",), value=_channel_words, html=_channel, phone="plain"),
    Column("outcome", gettext_lazy("Outcome"), ("outcome",), value=words_of(Outcome.choices, "outcome"), phone="plain"),
    Column(
        "minutes", gettext_lazy("Minutes"), ("minutes",), Kind.NUMBER,
        order=Order("minutes", indexed=False, down_first=True),
    ),
    Column("note", gettext_lazy("Note"), ("note",), html=_note, phone="plain"),
    Column("persons", gettext_lazy("Persons"), ("pk",), value=lambda row: ", ".join(row["persons"])),
    Column(
        "direction", gettext_lazy("Direction"), ("direction",),
        value=words_of(Touchpoint.Direction.choices, "direction"),
    ),
    Column("code", gettext_lazy("Account number"), ("account__code",), value=_of_account("account__code")),
    Column("tier", gettext_lazy("Tier"), ("account__tier",), value=_of_account("account__tier")),
    Column("city", gettext_lazy("City"), ("account__city",), value=_of_account("account__city")),
    Column(
        "logged", gettext_lazy("Logged on"), ("created_at",), Kind.DAY,
        value=lambda row: figures.local_date(row["created_at"]),
    ),
)  # fmt: skip


class TouchpointListing(Listing):
    """Touchpoints of the accounts one sees, and one's own."""

    slug = "touchpoints"
    title = gettext_lazy("Touchpoints")
    url_name = "contacts:touchpoints"
    columns = COLUMNS
    usual = ("when", "account", "who", "channel", "outcome", "minutes", "note")
    usual_sort = "-when"
    ties = ("-at", "-pk")
    filters = FILTERS
    always = ("seen",)
    icon = "history"
    nothing = gettext_lazy("No touchpoint matches")
    searched = gettext_lazy("notes and account names of the touchpoints")
    search_label = gettext_lazy("Search touchpoints")
    search_hint = gettext_lazy("Note, account …")
    empty_template = "contacts/touchpoints_empty.html"
    views = (
        BuiltIn("mine", gettext_lazy("Mine"), {"who": MINE}),
        BuiltIn("team", gettext_lazy("My teams, 7 days"), {"who": TEAM, "period": "7"}, frozenset({Role.MANAGER})),
        BuiltIn("visits", gettext_lazy("Visits"), {"channel": Channel.VISIT.value}),
        BuiltIn("unreached", gettext_lazy("Not reached"), {"outcome": Outcome.NOT_REACHED.value, "period": "30"}),
    )  # fmt: skip

    def visible(self, request: Request) -> QuerySet[Touchpoint]:
        """Touchpoints that nobody took back; `seen` tells whether the user sees the account as well."""
        return self._told(Touchpoint.objects.live().visible_to(request.user, on=request.today), request)

    @staticmethod
    def _told(rows: QuerySet[Touchpoint], request: Request) -> QuerySet[Touchpoint]:
        """Visible rows with `seen`."""
        user, on = request.user, request.today
        if standing(user, on=on).sees_all:
            return rows.annotate(seen=Value(True))
        # Somebody else's entry is only here because its account is seen.
        sees_it = [When(~Q(user=user), then=True), When(account__in=visible_ids(user, on=on), then=True)]
        return rows.annotate(seen=Case(*sees_it, default=False, output_field=BooleanField()))

    def counted(self, asked: Asked) -> Sequence[QuerySet[Any]]:
        """At one's accounts, and one's own elsewhere: each is counted by an index alone, both together by none."""
        user, on = asked.user, asked.today
        if standing(user, on=on).sees_all:
            return [asked.rows.values("day")]
        ids = visible_ids(user, on=on)
        live = Touchpoint.objects.live()
        elsewhere = live.filter(user=user).exclude(account__in=ids)
        return [asked.narrow(rows).values("day") for rows in (live.filter(account__in=ids), elsewhere)]

    def first_rows(self, asked: Asked, upto: int) -> QuerySet[Any]:
        """A portfolio asks the index of its accounts how far back the page reaches; the others walk the order's index.

        Own entries without their account only bring that day nearer, so it is enough to look at the accounts. The day
        is asked for by itself: the planner reads a day far better than a question for one.
        """
        user, on = asked.user, asked.today
        if standing(user, on=on).sees_all or sees_widely(asked.request) or asked.sort != "-when":
            return asked.rows
        live = Touchpoint.objects.live()
        at_accounts = live.filter(account__in=visible_ids(user, on=on))
        last = (
            asked.narrow(at_accounts).order_by("-day").values_list("day", flat=True)[upto - 1 : upto].first()
        )
        if last is None:
            return asked.rows
        parts = (at_accounts.filter(day__gte=last), live.filter(user=user, day__gte=last))
        ids = [part.order_by().values("pk") for part in parts]
        return asked.narrow(self._told(Touchpoint.objects.filter(pk__in=ids[0].union(ids[1])), asked.request))

    def search(self, rows: QuerySet[Any], words: str, request: Request) -> QuerySet[Any]:
        """Touchpoints with every word in the note or in the account's name, code or city."""
        visible = Account.objects.visible_to(request.user, on=request.today).order_by()
        every = Q()
        for typed, word in zip(words.split(), read_words(words).words, strict=False):
            every &= Q(note__icontains=typed) | Q(
                account__in=visible.filter(search_key__contains=word).values("pk")
            )
        return rows.filter(every)

    def attach(self, rows: Sequence[dict[str, Any]], columns: Sequence[Column], request: Request) -> None:
        """The persons, where they are shown and the account is seen."""
        if not any(column.name == "persons" for column in columns):
            return
        by_touchpoint: dict[int, list[str]] = {row["pk"]: [] for row in rows if row["seen"]}
        met = Touchpoint.persons.through.objects.filter(touchpoint__in=by_touchpoint).order_by(
            "contactperson__name"
        )
        for pk, name in met.values_list("touchpoint", F("contactperson__name")):
            by_touchpoint[pk].append(name)
        for row in rows:
            row["persons"] = by_touchpoint.get(row["pk"], [])

    def row_name(self, row: Row) -> str:
        """When it was."""
        return str(row["pk"])

    def count_words(self, paginator: LongPaginator) -> str:
        """ "214 touchpoints"."""
        words = ngettext("%(number)s touchpoint", "%(number)s touchpoints", paginator.count)
        return words % {"number": paginator.count_words}
