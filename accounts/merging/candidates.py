"""Accounts that look like one: the same tax number, phone, e-mail, or name and city (docs/domain.md, section 9)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import (
    Coalesce,
    Concat,
    Length,
    Lower,
    NullIf,
    Replace,
    Right,
    StrIndex,
    Substr,
    Trim,
)
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Dismissal
from crm.team.models import User

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


def lookalikes(accounts: QuerySet[Account], kind: str, *, dismissed: bool = False) -> QuerySet:
    """Groups of those of the accounts that share this, as rows (shared, number, first, last): one statement.

    Those that somebody dismissed are left out; with `dismissed` only those are given.
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
    looked_at = Dismissal.objects.filter(kind=kind, shared=OuterRef("shared")).values("number")
    some = some.annotate(dismissed=Coalesce(Subquery(looked_at), 0))
    some = some.filter(dismissed__gte=F("number")) if dismissed else some.filter(dismissed__lt=F("number"))
    return some.values_list("shared", "number", "first", "last").order_by("shared")


def dismiss(
    accounts: QuerySet[Account], kind: str, shared: str, *, actor: User, now: dt.datetime
) -> Dismissal | None:
    """Note that those of the accounts that share this are different customers; None where no two share it.

    Once more is harmless. kind: one of WORDS.
    """
    if (number := _how_many(accounts, kind, shared)) == 0:
        return None
    known, _new = Dismissal.objects.update_or_create(
        kind=kind, shared=shared, defaults={"number": number, "actor": actor, "at": now}
    )
    return known


def offer_again(
    accounts: QuerySet[Account], dismissal: Dismissal, *, actor: User, now: dt.datetime
) -> Dismissal | None:
    """Take a dismissal back; None where no two of the accounts share it. Once more is harmless."""
    if not _how_many(accounts, dismissal.kind, dismissal.shared):
        return None
    dismissal.number, dismissal.actor, dismissal.at = 0, actor, now
    dismissal.save()
    return dismissal


def _how_many(accounts: QuerySet[Account], kind: str, shared: str) -> int:
    """So many of the accounts share this, dismissed or not; 0 where it is fewer than two."""
    for dismissed in (False, True):
        for row in lookalikes(accounts, kind, dismissed=dismissed).filter(shared=shared):
            return int(row[1])
    return 0


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
