"""The account list, which is also where the search box of every page leads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape, format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Account, Tag, Tier, country_name
from accounts.querysets import seen_one_by_one
from crm.lists.asking import Asked, address
from crm.lists.builtin import BuiltIn
from crm.lists.columns import Column, Kind, Order, Row, muted, words_of
from crm.lists.filters import Choice, Choices, Filter, Flag, equals, holds
from crm.lists.listing import Listing
from crm.lists.paging import LongPaginator
from crm.lists.people import Person
from crm.look import figures
from crm.look.templatetags.look import icon
from crm.look.templatetags.look import tier as tier_badge
from crm.team.models import Country, Role, User
from crm.team.requests import Request
from crm.team.visibility import standing

NO_TIER, NOBODY, MINE, NEVER, ELSEWHERE = "none", "none", "mine", "never", "elsewhere"
QUIET_DAYS = (30, 60, 90, 180)


# Filters ------------------------------------------------------------------------------------------------------------
def owners_to_choose(user: User, *, on: dt.date) -> QuerySet[User]:
    """The owners by whom this user can filter; empty where all visible accounts are the user's own or the team's."""
    people = User.objects.filter(is_active=True).order_by("name", "id")
    if user.is_manager:
        return people.filter(Q(team__in=standing(user, on=on).led_team_ids) | Q(pk=user.pk))
    return people if user.is_admin or user.is_agent else people.none()


def owners(request: Request) -> QuerySet[User]:
    """As owners_to_choose, for this request."""
    return owners_to_choose(request.user, on=request.today)


def owner_words(request: Request) -> Choices:
    """Mine, and nobody where the user sees what nobody owns."""
    view = standing(request.user, on=request.today)
    nobody = [(NOBODY, gettext_lazy("Nobody"))] if view.sees_unowned or view.sees_all else []
    return [(MINE, gettext_lazy("Mine")), *nobody]


def by_owner(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """A user's id, "mine" (with the accounts of those the user stands in for), or "none"."""
    if value == MINE:
        return rows.filter(owner__in=standing(request.user, on=request.today).owner_ids)
    return rows.filter(owner=None if value == NOBODY else int(value))


def of_owner(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """As by_owner, for rows that hang on an account. A row may be seen without its account: only visible ones count."""
    visible = Account.objects.visible_to(request.user, on=request.today).order_by()
    return rows.filter(account__in=by_owner(visible, value, request).values("pk"))


def of_tier(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Rows that hang on a visible account of a tier."""
    visible = Account.objects.visible_to(request.user, on=request.today).order_by()
    return rows.filter(account__in=visible.filter(tier=value).values("pk"))


def quiet_for(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Accounts without a contact for so many days, or ever."""
    if value == NEVER:
        return rows.filter(last_contact_on__isnull=True)
    day = request.today - dt.timedelta(days=int(value))
    return rows.filter(Q(last_contact_on__lt=day) | Q(last_contact_on__isnull=True))


def by_country(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Accounts in one of the countries where we work, or in none of them."""
    if value == ELSEWHERE:
        return rows.exclude(country__in=[*Country.values, ""])
    return rows.filter(country=value)


def tag_choices(request: Request) -> Choices:
    """Every tag there is."""
    return [(str(pk), name) for pk, name in Tag.objects.values_list("pk", "name")]


def by_tag(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Accounts with a tag."""
    return rows.filter(pk__in=Account.tags.through.objects.filter(tag=int(value)).values("account"))


FILTERS: tuple[Filter, ...] = (
    Choice(
        "tier", gettext_lazy("Tier"), equals("tier", empty=NO_TIER),
        choices=(*Tier.choices, (NO_TIER, gettext_lazy("No tier"))), anything=gettext_lazy("Any tier"),
    ),
    Choice(
        "phase", gettext_lazy("Phase"), equals("phase"),
        choices=Account.Phase.choices, anything=gettext_lazy("Any phase"),
    ),
    Choice(
        "country", gettext_lazy("Country"), by_country,
        choices=(*Country.choices, (ELSEWHERE, gettext_lazy("Elsewhere"))), anything=gettext_lazy("Any country"),
    ),
    Person(
        "owner", gettext_lazy("Owner"), by_owner,
        people=owners, words=owner_words, anything=gettext_lazy("Any owner"), alone=False,
    ),
    Choice(
        "quiet", gettext_lazy("Without contact"), quiet_for,
        choices=(
            *((str(days), f"{days}+") for days in QUIET_DAYS),
            (NEVER, gettext_lazy("never")),
        ),
        anything=gettext_lazy("Any contact"), rare=True,
    ),
    Choice(
        "goal", gettext_lazy("Strategy goal"), equals("strategy_goal"),
        choices=Account.Goal.choices, anything=gettext_lazy("Any goal"), rare=True,
    ),
    Choice(
        "level", gettext_lazy("Service level"), equals("service_level"),
        choices=Account.ServiceLevel.choices, anything=gettext_lazy("Any service level"), rare=True,
    ),
    Choice(
        "tag", gettext_lazy("Tag"), by_tag,
        choices=tag_choices, anything=gettext_lazy("Any tag"), rare=True, hidden_under=1,
    ),
    Flag("complaints", gettext_lazy("With open complaints"), holds(open_complaints__gt=0), rare=True),
    # A duplicate is found through the account that it was merged into.
    Flag(
        "archived", gettext_lazy("Archived"), holds(archived_at__isnull=False, merged_into__isnull=True),
        rare=True,
    ),
)  # fmt: skip


def sees_widely(request: Request) -> bool:
    """Whether the user sees, not everything, but the accounts of whole teams."""
    view = standing(request.user, on=request.today)
    return bool(view.led_team_ids) and not view.sees_all


# Columns ------------------------------------------------------------------------------------------------------------
def account_url(pk: int) -> str:
    """The account's page; the resolver, which takes longer than a cell, is asked once."""
    return f"{_accounts_url(get_script_prefix(), get_urlconf())}{pk}/"


@cache
def _accounts_url(prefix: str, urlconf: str | None) -> str:
    return reverse("accounts:list")


def _name(row: Row, today: dt.date) -> str:
    notes = [conditional_escape(row["city"])] if row["city"] else []
    if row["phase"] in (Account.Phase.LAPSING, Account.Phase.LOST, Account.Phase.LET_GO):
        notes.append(format_html('<span class="soon">{}</span>', Account.Phase(row["phase"]).label.lower()))
    if row["open_complaints"]:
        words = ngettext("%(number)d open complaint", "%(number)d open complaints", row["open_complaints"])
        notes.append(format_html('<span class="late">{}</span>', words % {"number": row["open_complaints"]}))
    if former := row.get("former_code"):
        notes.append(conditional_escape(_("formerly %(code)s") % {"code": former}))
    person = ""
    if found := row.get("person_found"):
        phone = row.get("person_found_phone")
        person = format_html(
            '<small class="found">{}{}</small>', icon("user", "s"), f"{found}, {phone}" if phone else found
        )
    return format_html(
        '<a class="row" href="{}">{}</a><small>{}</small>{}',
        account_url(row["pk"]),
        row["name"],
        format_html(" · ".join("{}" for _note in notes), *notes) if notes else "",
        person,
    )


def _owner(row: Row, today: dt.date) -> str:
    return row["owner__name"] or muted(_("nobody"))


def _contacted(row: Row, today: dt.date) -> str:
    day = row["last_contact_on"]
    return figures.day(day, today) if day else muted(_("never"))


def _share_of_wallet(row: Row) -> float | None:
    return row["sales_12m_cents"] / row["potential_cents"] if row["potential_cents"] else None


COLUMNS = (
    Column(
        "tier", gettext_lazy("Tier"), ("tier",),
        order=Order("tier", nullable=True), html=lambda row, today: tier_badge(row["tier"]), phone="lead",
    ),
    Column(
        "name", gettext_lazy("Account"), ("name", "city", "phase", "open_complaints"),
        order=Order("search_key"), html=_name, phone="name", fixed=True,
    ),
    Column("code", gettext_lazy("Number"), ("code",), order=Order("code"), phone="hidden"),
    Column("owner", gettext_lazy("Owner"), ("owner__name",), html=_owner, phone="plain"),
    Column(
        "sales", gettext_lazy("Revenue, 12 months"), ("sales_12m_cents",), Kind.MONEY,
        order=Order("sales_12m_cents", down_first=True), phone="end",
    ),
    Column(
        "bought", gettext_lazy("Last purchase"), ("last_purchase_on",), Kind.DAY,
        order=Order("last_purchase_on", nullable=True, indexed=False, down_first=True), phone="hidden",
    ),
    Column(
        "contacted", gettext_lazy("Last contact"), ("last_contact_on",), Kind.DAY,
        order=Order("last_contact_on", nullable=True, indexed=False, down_first=True), html=_contacted,
    ),
    Column("city", gettext_lazy("City"), ("city",), order=Order("city", indexed=False)),
    Column(
        "country", gettext_lazy("Country"), ("country",), value=lambda row: country_name(row["country"]),
        order=Order("country", indexed=False),
    ),
    Column(
        "phase", gettext_lazy("Phase"), ("phase",), value=words_of(Account.Phase.choices, "phase"),
        order=Order("phase", indexed=False),
    ),
    Column(
        "goal", gettext_lazy("Strategy goal"), ("strategy_goal",),
        value=words_of(Account.Goal.choices, "strategy_goal"), order=Order("strategy_goal", indexed=False),
    ),
    Column(
        "level", gettext_lazy("Service level"), ("service_level",),
        value=words_of(Account.ServiceLevel.choices, "service_level"), order=Order("service_level", indexed=False),
    ),
    Column(
        "character", gettext_lazy("Character"), ("character",),
        value=words_of(Account.Character.choices, "character"),
    ),
    Column(
        "potential", gettext_lazy("Potential, a year"), ("potential_cents",), Kind.MONEY,
        value=lambda row: row["potential_cents"] or None,
        order=Order("potential_cents", indexed=False, down_first=True),
    ),
    Column(
        "wallet", gettext_lazy("Share of wallet"), ("sales_12m_cents", "potential_cents"), Kind.PERCENT,
        value=_share_of_wallet,
    ),
    Column(
        "orders", gettext_lazy("Orders, 12 months"), ("orders_12m",), Kind.NUMBER,
        order=Order("orders_12m", indexed=False, down_first=True),
    ),
    Column(
        "first", gettext_lazy("First purchase"), ("first_purchase_on",), Kind.DAY,
        order=Order("first_purchase_on", nullable=True, indexed=False),
    ),
    Column(
        "gap", gettext_lazy("Days between purchases"), ("mean_gap_days",), Kind.NUMBER,
        value=lambda row: None if row["mean_gap_days"] is None else round(row["mean_gap_days"]),
        order=Order("mean_gap_days", nullable=True, indexed=False),
    ),
    Column(
        "complaints", gettext_lazy("Open complaints"), ("open_complaints",), Kind.NUMBER,
        order=Order("open_complaints", indexed=False, down_first=True),
    ),
    Column(
        "since", gettext_lazy("Tier since"), ("tier_since",), Kind.DAY,
        order=Order("tier_since", nullable=True, indexed=False, down_first=True),
    ),
    Column("tags", gettext_lazy("Tags"), ("pk",), value=lambda row: ", ".join(row["tags"])),
    Column("parent", gettext_lazy("Parent account"), ("parent__name",)),
    Column("phone", gettext_lazy("Phone"), ("phone",)),
    Column("email", gettext_lazy("E-mail"), ("email",)),
    Column("tax", gettext_lazy("Tax number"), ("tax_number",)),
    Column(
        "created", gettext_lazy("Recorded on"), ("created_at",), Kind.DAY,
        value=lambda row: figures.local_date(row["created_at"]),
        order=Order("created_at", indexed=False, down_first=True),
    ),
)  # fmt: skip


class AccountListing(Listing):
    """Accounts the user may see."""

    slug = "accounts"
    title = gettext_lazy("Accounts")
    url_name = "accounts:list"
    columns = COLUMNS
    usual = ("tier", "name", "code", "owner", "sales", "bought", "contacted")
    usual_sort = "name"
    ties = ("code",)
    filters = FILTERS
    always = ("code", "name")
    icon = "accounts"
    nothing = gettext_lazy("No account matches")
    search_label = gettext_lazy("Search accounts and persons")
    search_hint = gettext_lazy("Name, number, phone …")
    searched = gettext_lazy(
        "names, numbers, cities, phones, e-mails, tax and purchase numbers of the accounts"
    )
    template = "accounts/list.html"
    empty_template = "accounts/list_empty.html"
    bulk_template = "accounts/list_bulk.html"
    views = (
        BuiltIn("mine", gettext_lazy("Mine"), {"owner": MINE}),
        BuiltIn(
            "unowned", gettext_lazy("No owner"), {"owner": NOBODY},
            frozenset({Role.MANAGER, Role.ADMIN, Role.AGENT}),
        ),
        BuiltIn("quiet", gettext_lazy("A, 60 days quiet"), {"tier": "A", "quiet": "60"}),
        BuiltIn("lapsing", gettext_lazy("Lapsing"), {"phase": Account.Phase.LAPSING.value}),
        BuiltIn("archived", gettext_lazy("Archived"), {"archived": "1"}),
    )  # fmt: skip

    def visible(self, request: Request) -> QuerySet[Account]:
        """Accounts the user may see."""
        return Account.objects.visible_to(request.user, on=request.today)

    def may_select(self, user: User) -> bool:
        """Service agents read accounts and do not change them."""
        return not user.is_agent

    def usually(self, rows: QuerySet[Any], filters: Mapping[str, str]) -> QuerySet[Any]:
        """Archived ones are put away."""
        return rows if "archived" in filters else rows.active()  # type: ignore[attr-defined]

    def search(self, rows: QuerySet[Any], words: str, request: Request) -> QuerySet[Any]:
        """By everything that docs/domain.md, 9 names."""
        return rows.search(words)  # type: ignore[attr-defined]

    def found_by(self, rows: QuerySet[Any], words: str) -> tuple[QuerySet[Any], Sequence[str]]:
        """With the person that was found, or the number of the duplicate."""
        shown = ("person_found", "person_found_phone", "former_code")
        return rows.with_person_found(words), shown  # type: ignore[attr-defined]

    def first_rows(self, asked: Asked, upto: int) -> QuerySet[Any]:
        """Who leads teams sees so many that an index walks to the page sooner than all are sorted."""
        if not sees_widely(asked.request):
            return asked.rows
        column = "accounts_account.id"
        return asked.narrow(Account.objects.filter(seen_one_by_one(column, asked.user, on=asked.today)))

    def attach(self, rows: Sequence[dict[str, Any]], columns: Sequence[Column], request: Request) -> None:
        """The tags, where they are shown."""
        if not any(column.name == "tags" for column in columns):
            return
        by_account: dict[int, list[str]] = {row["pk"]: [] for row in rows}
        worn = Account.tags.through.objects.filter(account__in=by_account).order_by("tag__name")
        for pk, name in worn.values_list("account", F("tag__name")):
            by_account[pk].append(name)
        for row in rows:
            row["tags"] = by_account[row["pk"]]

    def row_name(self, row: Row) -> str:
        """The account's name."""
        return row["name"]

    def count_words(self, paginator: LongPaginator) -> str:
        """ "214 accounts"."""
        words = ngettext("%(number)s account", "%(number)s accounts", paginator.count)
        return words % {"number": paginator.count_words}

    def context(self, request: Request) -> dict[str, Any]:
        """Who may add one."""
        return {
            "may_add": not request.user.is_agent,
            "elsewhere": [
                (_("Look among archived ones"), address(self.url, {"q": request.GET["q"], "archived": "1"}))
            ]
            if request.GET.get("q") and not request.GET.get("archived")
            else [],
        }
