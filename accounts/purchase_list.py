"""The list of purchases: every invoice and order of the accounts one sees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.account_list import account_url, of_owner, of_tier, owner_words, owners, sees_widely
from accounts.models import Account, Purchase, PurchaseLine, Tier
from accounts.querysets import seen_one_by_one
from accounts.searching import read_words
from crm.lists.asking import Asked
from crm.lists.builtin import BuiltIn
from crm.lists.columns import Column, Kind, Order, Row, muted
from crm.lists.filters import Choice, Day, Filter, Flag, Text, compares, holds
from crm.lists.listing import Listing
from crm.lists.paging import LongPaginator, reached
from crm.lists.people import Person
from crm.look import figures
from crm.look.templatetags.look import tier as tier_badge
from crm.team.requests import Request
from crm.team.visibility import standing

OVERDUE, UNPAID, LATE, PAID = "overdue", "unpaid", "late", "paid"


# Filters ------------------------------------------------------------------------------------------------------------
def by_payment(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Overdue and unpaid as of today; late: paid after it was due."""
    match value:
        case "overdue":
            return rows.filter(paid_on__isnull=True, due_on__lt=request.today)
        case "unpaid":
            return rows.filter(paid_on__isnull=True)
        case "late":
            return rows.filter(paid_on__gt=F("due_on"))
        case _:
            return rows.filter(paid_on__isnull=False)


def ordered_within(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Ordered in the last so many days."""
    return rows.filter(ordered_on__gt=request.today - dt.timedelta(days=int(value)))


def with_product(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Purchases with a product whose code begins so."""
    lines = PurchaseLine.objects.filter(product__code__gte=value, product__code__lt=value + "\U0010ffff")
    return rows.filter(pk__in=lines.order_by().values("purchase"))


def amount_at_least(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Purchases of so many units of the base currency or more."""
    try:
        cents = int(Decimal(value.replace(" ", "").replace(",", ".")) * 100)
    except (InvalidOperation, ValueError, OverflowError):
        return rows
    return rows.filter(amount_cents__gte=min(max(cents, -(10**17)), 10**17))


FILTERS: tuple[Filter, ...] = (
    Choice(
        "payment", gettext_lazy("Payment"), by_payment,
        choices=(
            (OVERDUE, gettext_lazy("Overdue")), (UNPAID, gettext_lazy("Unpaid")),
            (LATE, gettext_lazy("Paid late")), (PAID, gettext_lazy("Paid")),
        ),
        anything=gettext_lazy("Any payment"),
    ),
    Choice(
        "period", gettext_lazy("Ordered"), ordered_within,
        choices=(
            ("30", gettext_lazy("Last 30 days")), ("90", gettext_lazy("Last 90 days")),
            ("365", gettext_lazy("Last 12 months")), ("730", gettext_lazy("Last 24 months")),
        ),
        anything=gettext_lazy("Any time"),
    ),
    Person(
        "owner", gettext_lazy("Owner"), of_owner,
        people=owners, words=owner_words, anything=gettext_lazy("Any owner"), alone=False,
    ),
    Choice(
        "tier", gettext_lazy("Tier"), of_tier, choices=Tier.choices, anything=gettext_lazy("Any tier"),
    ),
    Day("from", gettext_lazy("Ordered from"), compares("ordered_on__gte"), rare=True),
    Day("until", gettext_lazy("Ordered until"), compares("ordered_on__lte"), rare=True),
    Text("product", gettext_lazy("Product code begins with"), with_product, rare=True),
    Text("amount", gettext_lazy("Amount at least"), amount_at_least, rare=True),
    Flag("returns", gettext_lazy("Returns and credit notes"), holds(amount_cents__lt=0), rare=True),
)  # fmt: skip


# Columns ------------------------------------------------------------------------------------------------------------
def _number(row: Row, today: dt.date) -> str:
    url = f"{account_url(row['account'])}purchases/{row['pk']}/"
    return format_html('<a class="row" href="{}">{}</a>', url, row["number"])


def _account(row: Row, today: dt.date) -> str:
    return format_html('<a href="{}">{}</a>', account_url(row["account"]), row["account__name"])


def _due(row: Row, today: dt.date) -> str:
    due, paid = row["due_on"], row["paid_on"]
    if due is None:
        return figures.NOTHING
    words = figures.day(due, today)
    if paid is None and due < today:
        days = (today - due).days
        late = ngettext("%(days)s day late", "%(days)s days late", days) % {"days": figures.number(days)}
        return format_html('{}<small class="late">{}</small>', words, late)
    return words


def _paid(row: Row, today: dt.date) -> str:
    return figures.day(row["paid_on"], today) if row["paid_on"] else muted(_("not yet"))


def _days_late(row: Row) -> int | None:
    due, paid = row["due_on"], row["paid_on"]
    return (paid - due).days if due is not None and paid is not None and paid > due else None


def _in_currency(row: Row) -> str:
    return f"{figures.number(row['amount'], 2)} {row['currency']}"


COLUMNS = (
    Column(
        "number", gettext_lazy("Number"), ("number", "account"),
        order=Order("number"), html=_number, phone="name", fixed=True,
    ),
    Column("account", gettext_lazy("Account"), ("account__name", "account"), html=_account, phone="plain"),
    Column("ordered", gettext_lazy("Ordered"), ("ordered_on",), Kind.DAY, order=Order("ordered_on", down_first=True)),
    Column(
        "amount", gettext_lazy("Amount"), ("amount_cents",), Kind.MONEY,
        order=Order("amount_cents", indexed=False, down_first=True), phone="end",
    ),
    Column(
        "due", gettext_lazy("Due"), ("due_on", "paid_on"), Kind.DAY,
        order=Order("due_on", nullable=True, indexed=False), html=_due,
    ),
    Column(
        "paid", gettext_lazy("Paid"), ("paid_on",), Kind.DAY,
        order=Order("paid_on", nullable=True, indexed=False, down_first=True), html=_paid, phone="hidden",
    ),
    Column("late", gettext_lazy("Days paid late"), ("due_on", "paid_on"), Kind.NUMBER, value=_days_late),
    Column("promised", gettext_lazy("Delivery promised"), ("promised_on",), Kind.DAY),
    Column("delivered", gettext_lazy("Delivered"), ("delivered_on",), Kind.DAY),
    Column("currency", gettext_lazy("In its currency"), ("amount", "currency"), value=_in_currency),
    Column("code", gettext_lazy("Account number"), ("account__code",)),
    Column(
        "tier", gettext_lazy("Tier"), ("account__tier",), html=lambda row, today: tier_badge(row["account__tier"]),
    ),
    Column("owner", gettext_lazy("Owner"), ("account__owner__name",)),
    Column("city", gettext_lazy("City"), ("account__city",)),
    Column("file", gettext_lazy("Imported from"), ("imported__file_name",)),
)  # fmt: skip


class PurchaseListing(Listing):
    """Purchases of the accounts one sees."""

    slug = "purchases"
    title = gettext_lazy("Purchases")
    url_name = "accounts:purchases"
    columns = COLUMNS
    usual = ("number", "account", "ordered", "due", "paid", "amount")
    usual_sort = "-ordered"
    filters = FILTERS
    icon = "cart"
    nothing = gettext_lazy("No purchase matches")
    searched = gettext_lazy("purchase numbers, account names and account numbers")
    search_label = gettext_lazy("Search purchases")
    search_hint = gettext_lazy("Number, account …")
    empty_template = "accounts/purchases_empty.html"
    views = (
        BuiltIn("overdue", gettext_lazy("Overdue"), {"payment": OVERDUE}),
        BuiltIn("month", gettext_lazy("Last 30 days"), {"period": "30"}),
        BuiltIn("returns", gettext_lazy("Returns"), {"returns": "1"}),
    )

    def visible(self, request: Request) -> QuerySet[Purchase]:
        """Purchases of the accounts one sees."""
        return Purchase.objects.visible_to(request.user, on=request.today)

    def search(self, rows: QuerySet[Any], words: str, request: Request) -> QuerySet[Any]:
        """Purchases whose number begins so, and those of accounts with these words in name, code or city."""
        asked = read_words(words)
        accounts = Account.objects.order_by()
        for word in asked.words:
            accounts = accounts.filter(search_key__contains=word)
        found = Q(account__in=accounts.values("pk"))
        if asked.purchase_number:
            found |= Q(pk__in=Purchase.objects.numbered(asked.purchase_number).order_by().values("pk"))
        return rows.filter(found)

    def counted(self, asked: Asked) -> Sequence[QuerySet[Any]]:
        """By the day, which the index of the accounts has."""
        return [asked.rows.values("ordered_on")]

    def first_rows(self, asked: Asked, upto: int) -> QuerySet[Any]:
        """Wide views walk the index of the order; a portfolio asks that of its accounts how far the page reaches."""
        if sees_widely(asked.request):
            column = "accounts_purchase.account_id"
            return asked.narrow(Purchase.objects.filter(seen_one_by_one(column, asked.user, on=asked.today)))
        if asked.sort == "-ordered" and not standing(asked.user, on=asked.today).sees_all:
            return asked.rows.filter(ordered_on__gte=reached(asked.rows, "ordered_on", upto))
        return asked.rows

    def row_name(self, row: Row) -> str:
        """Its number."""
        return row["number"]

    def count_words(self, paginator: LongPaginator) -> str:
        """ "214 purchases"."""
        words = ngettext("%(number)s purchase", "%(number)s purchases", paginator.count)
        return words % {"number": paginator.count_words}
