"""The list of contact persons at the accounts one sees, with when each was last in touch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils.html import conditional_escape, format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.account_list import account_url, of_owner, of_tier, owner_words, owners, sees_widely
from accounts.models import Account, Channel, ContactPerson, Tier
from accounts.querysets import seen_one_by_one
from accounts.searching import read_words
from contacts.models import Touchpoint
from crm.lists.asking import Asked
from crm.lists.builtin import BuiltIn
from crm.lists.columns import Column, Kind, Order, Row, muted, words_of
from crm.lists.filters import Choice, Filter, Flag, equals, holds
from crm.lists.listing import Listing
from crm.lists.paging import LongPaginator
from crm.lists.people import Person
from crm.look import figures
from crm.look.templatetags.look import icon
from crm.look.templatetags.look import tier as tier_badge
from crm.team.models import Language
from crm.team.requests import Request


# Filters ------------------------------------------------------------------------------------------------------------
def without(rows: QuerySet[Any], value: str, request: Request) -> QuerySet[Any]:
    """Persons who lack a consent, or a way to be reached."""
    match value:
        case "phone" | "email":
            return rows.filter(**{value: ""})
        case "reach":
            return rows.filter(phone="", email="")
        case "any":
            return rows.filter(consents_to_mail=False, consents_to_calls=False, consents_to_greetings=False)
        case _:
            return rows.filter(**{f"consents_to_{value}": False})


FILTERS: tuple[Filter, ...] = (
    Choice(
        "role", gettext_lazy("Role in buying"), equals("buying_role"),
        choices=ContactPerson.BuyingRole.choices, anything=gettext_lazy("Any role"),
    ),
    Person(
        "owner", gettext_lazy("Owner"), of_owner,
        people=owners, words=owner_words, anything=gettext_lazy("Any owner"), alone=False,
    ),
    Choice(
        "tier", gettext_lazy("Tier"), of_tier, choices=Tier.choices, anything=gettext_lazy("Any tier"),
    ),
    Choice(
        "without", gettext_lazy("Without"), without,
        choices=(
            ("mail", gettext_lazy("no consent to e-mail")),
            ("calls", gettext_lazy("no consent to calls")),
            ("greetings", gettext_lazy("no consent to greetings")),
            ("any", gettext_lazy("no consent at all")),
            ("phone", gettext_lazy("no phone")),
            ("email", gettext_lazy("no e-mail")),
            ("reach", gettext_lazy("neither phone nor e-mail")),
        ),
        anything=gettext_lazy("Consents and reach"),
    ),
    Choice(
        "channel", gettext_lazy("Preferred channel"), equals("preferred_channel"),
        choices=Channel.choices, anything=gettext_lazy("Any channel"), rare=True,
    ),
    Choice(
        "language", gettext_lazy("Language"), equals("language"),
        choices=Language.choices, anything=gettext_lazy("Any language"), rare=True,
    ),
    Flag("main", gettext_lazy("First to contact"), holds(is_main=True), rare=True),
    Flag("left", gettext_lazy("Have left"), holds(left_on__isnull=False), rare=True),
)  # fmt: skip


# Columns ------------------------------------------------------------------------------------------------------------
def _name(row: Row, today: dt.date) -> str:
    notes = []
    if row["is_main"]:
        notes.append(conditional_escape(_("first to contact")))
    if row["left_on"]:
        left = _("left on %(day)s") % {"day": figures.day(row["left_on"], today)}
        notes.append(format_html('<span class="late">{}</span>', left))
    url = f"{account_url(row['account'])}persons/"
    note = format_html(" · ".join("{}" for _note in notes), *notes) if notes else ""
    return format_html('<a class="row" href="{}">{}</a><small>{}</small>', url, row["name"], note)


def _account(row: Row, today: dt.date) -> str:
    return format_html('<a href="{}">{}</a>', account_url(row["account"]), row["account__name"])


_mark = cache(icon)


def _phone(row: Row, today: dt.date) -> str:
    if not row["phone"]:
        return ""
    number = "".join(sign for sign in row["phone"] if sign.isdigit() or sign == "+")
    return format_html('<a class="reach" href="tel:{}">{}{}</a>', number, _mark("phone", "s"), row["phone"])


def _email(row: Row, today: dt.date) -> str:
    if not row["email"]:
        return ""
    return format_html('<a class="reach" href="mailto:{0}">{1}{0}</a>', row["email"], _mark("mail", "s"))


def _met(row: Row, today: dt.date) -> str:
    return figures.day(row["last_met"], today) if row["last_met"] else muted(_("never"))


def _consents(row: Row) -> str:
    given = (
        (row["consents_to_mail"], _("e-mail")),
        (row["consents_to_calls"], _("calls")),
        (row["consents_to_greetings"], _("greetings")),
    )
    return ", ".join(words for yes, words in given if yes)


LAST_MET = Subquery(
    Touchpoint.objects.live()
    .filter(persons=OuterRef("pk"))
    .order_by()
    .values("persons")
    .annotate(last=Max("day"))
    .values("last")
)
"""The day of the last contact in which the person took part."""

COLUMNS = (
    Column(
        "name", gettext_lazy("Person"), ("name", "is_main", "left_on", "account"),
        order=Order("search_key"), html=_name, phone="name", fixed=True,
    ),
    Column("account", gettext_lazy("Account"), ("account__name", "account"), html=_account, phone="plain"),
    Column("position", gettext_lazy("Position"), ("position",), phone="plain"),
    Column(
        "role", gettext_lazy("Role in buying"), ("buying_role",),
        value=words_of(ContactPerson.BuyingRole.choices, "buying_role"),
    ),
    Column("phone", gettext_lazy("Phone"), ("phone",), html=_phone, phone="plain"),
    Column("email", gettext_lazy("E-mail"), ("email",), html=_email, phone="plain"),
    Column(
        "met", gettext_lazy("Last contact"), ("last_met",), Kind.DAY, html=_met,
        order=Order("last_met", nullable=True, indexed=False, down_first=True), annotations={"last_met": LAST_MET},
    ),
    Column(
        "influence", gettext_lazy("Influence"), ("influence",),
        value=words_of(ContactPerson.Influence.choices, "influence"),
        order=Order("influence", nullable=True, indexed=False, down_first=True),
    ),
    Column(
        "channel", gettext_lazy("Preferred channel"), ("preferred_channel",),
        value=words_of(Channel.choices, "preferred_channel"),
    ),
    Column("times", gettext_lazy("Wishes"), ("preferred_times",)),
    Column("language", gettext_lazy("Language"), ("language",), value=words_of(Language.choices, "language")),
    Column(
        "consents", gettext_lazy("Consents to"), ("consents_to_mail", "consents_to_calls", "consents_to_greetings"),
        value=_consents,
    ),
    Column("birthday", gettext_lazy("Birthday"), ("birthday",), Kind.DAY),
    Column("nameday", gettext_lazy("Name day"), ("name_day",)),
    Column("main", gettext_lazy("First to contact"), ("is_main",), Kind.YES),
    Column(
        "left", gettext_lazy("Left on"), ("left_on",), Kind.DAY, order=Order("left_on", nullable=True, indexed=False),
    ),
    Column("code", gettext_lazy("Account number"), ("account__code",)),
    Column("tier", gettext_lazy("Tier"), ("account__tier",), html=lambda row, today: tier_badge(row["account__tier"])),
    Column("owner", gettext_lazy("Owner"), ("account__owner__name",)),
    Column("city", gettext_lazy("City"), ("account__city",)),
)  # fmt: skip


class PersonListing(Listing):
    """Contact persons at the accounts one sees."""

    slug = "persons"
    title = gettext_lazy("Persons")
    url_name = "contacts:persons"
    columns = COLUMNS
    usual = ("name", "account", "position", "role", "phone", "email", "met")
    usual_sort = "name"
    ties = ("pk",)
    filters = FILTERS
    icon = "people"
    nothing = gettext_lazy("No person matches")
    searched = gettext_lazy("names, phones and e-mails of the persons, and names of the accounts,")
    search_label = gettext_lazy("Search persons")
    search_hint = gettext_lazy("Name, phone, account …")
    empty_template = "contacts/persons_empty.html"
    views = (
        BuiltIn("mine", gettext_lazy("At my accounts"), {"owner": "mine"}),
        BuiltIn(
            "deciding", gettext_lazy("Decision makers"), {"role": ContactPerson.BuyingRole.DECIDES.value}
        ),
        BuiltIn("silent", gettext_lazy("Without any consent"), {"without": "any"}),
        BuiltIn("left", gettext_lazy("Have left"), {"left": "1"}),
    )

    def visible(self, request: Request) -> QuerySet[ContactPerson]:
        """Persons at the accounts one sees; one merged into another is that other."""
        return ContactPerson.objects.visible_to(request.user, on=request.today).filter(
            merged_into__isnull=True
        )

    def usually(self, rows: QuerySet[Any], filters: Mapping[str, str]) -> QuerySet[Any]:
        """Who left, and whose account is archived, is left out."""
        rows = rows.filter(account__archived_at__isnull=True)
        return rows if "left" in filters else rows.filter(left_on__isnull=True)

    def search(self, rows: QuerySet[Any], words: str, request: Request) -> QuerySet[Any]:
        """Persons who have every word in name, e-mail, phone, or their account's name, code or city."""
        asked = read_words(words)
        accounts = Account.objects.order_by()
        every = Q()
        for word in asked.words:
            at_accounts = accounts.filter(search_key__contains=word).values("pk")
            every &= Q(search_key__contains=word) | Q(account__in=at_accounts)
        for number in asked.numbers:
            every |= Q(search_key__contains=number)
        return rows.filter(every)

    def first_rows(self, asked: Asked, upto: int) -> QuerySet[Any]:
        """As for accounts: wide views walk the index of the order."""
        if not sees_widely(asked.request):
            return asked.rows
        column = "accounts_contactperson.account_id"
        seen = ContactPerson.objects.filter(seen_one_by_one(column, asked.user, on=asked.today))
        return asked.narrow(seen.filter(merged_into__isnull=True))

    def row_name(self, row: Row) -> str:
        """The person's name."""
        return row["name"]

    def count_words(self, paginator: LongPaginator) -> str:
        """ "214 persons"."""
        words = ngettext("%(number)s person", "%(number)s persons", paginator.count)
        return words % {"number": paginator.count_words}
