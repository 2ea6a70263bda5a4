"""Accounts that look like one: the same tax number, phone, e-mail, or name and city (docs/domain.md, section 9)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat, Length, Lower, NullIf, Replace, Right, StrIndex, Substr, Trim
from django.utils.translation import gettext_lazy as _

from accounts.models import Account

TAX, PHONE, EMAIL, NAME = "tax", "phone", "email", "name"
WORDS = {
    TAX: _("Tax number"),
    PHONE: _("Phone"),
    EMAIL: _("E-mail"),
    NAME: _("Name and city"),
}
_FEWEST_DIGITS = 7
_PHONE_DIGITS = 9
"""The last digits of a phone number: with and without +48 it is the same."""


def lookalikes(accounts: QuerySet[Account], kind: str) -> QuerySet:
    """Groups of those of the accounts that share this, as rows (shared, number, first, last): one statement.

    Sites share their company's tax number, phone and e-mail, so these speak only of accounts that are no site.
    """
    rows = accounts.filter(archived_at__isnull=True).order_by()
    no_site = rows.filter(parent__isnull=True)
    if kind == TAX:
        some = _by(no_site.exclude(tax_number=""), _bare("tax_number"), at_least=_FEWEST_DIGITS)
    elif kind == PHONE:
        some = _by(no_site.exclude(phone=""), _last_digits("phone"), at_least=_FEWEST_DIGITS)
    elif kind == EMAIL:
        some = _by(no_site.exclude(email=""), Lower("email"), at_least=3)
    else:
        some = _by(rows.exclude(city=""), _name_and_city(), at_least=3)
    return some.values_list("shared", "number", "first", "last").order_by("shared")


def like(account: Account, accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Those of the accounts that share something with the one; itself left out."""
    rows = accounts.filter(archived_at__isnull=True).exclude(pk=account.pk)
    same = Q(pk__in=())
    own = Account.objects.filter(pk=account.pk)
    keys = {
        "bare_tax": (_bare("tax_number"), account.tax_number, _FEWEST_DIGITS),
        "last_digits": (_last_digits("phone"), account.phone, _FEWEST_DIGITS),
        "small_email": (Lower("email"), account.email, 3),
        "name_and_city": (_name_and_city(), account.name, 3),
    }
    asked = {name: key for name, (key, said, _least) in keys.items() if said}
    if not asked:
        return rows.none()
    mine = own.annotate(**asked).values(*asked).get()
    for name in asked:
        if mine[name] and len(mine[name]) >= keys[name][2]:
            same |= Q(**{name: mine[name]})
    return rows.annotate(**asked).filter(same)


def _by(rows: QuerySet[Account], key: Combinable, *, at_least: int) -> Any:
    return (
        rows.annotate(shared=key, letters=Length(key))
        .filter(letters__gte=at_least)
        .values("shared")
        .annotate(number=Count("pk"), first=Min("pk"), last=Max("pk"))
        .filter(number__gt=1)
    )


def _bare(column: str) -> Combinable:
    """A column without what people put between its letters and digits."""
    found: Combinable = Lower(column)
    for between in " -./()+":
        found = Replace(found, Value(between), Value(""))
    return found


def _last_digits(column: str) -> Combinable:
    return Right(_bare(column), _PHONE_DIGITS)


def _name_and_city() -> Combinable:
    """The folded name, as it begins the search key, with the city; NULL where the code is not found behind it."""
    behind = NullIf(StrIndex(F("search_key"), Concat(Value(" "), Lower("code"))), Value(0))
    name = Trim(Substr(F("search_key"), 1, behind - 1))
    return Concat(name, Value(", "), Lower("city"))
