"""Reads of the accounts app. Every page, list, count, search and export starts with `visible_to`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.finding import FEWEST_LETTERS, Word, found_by
from accounts.searching import read_words
from crm.team.models import Role, User
from crm.team.visibility import standing

if TYPE_CHECKING:
    from accounts.models import Account, ContactPerson, Purchase  # noqa: F401


def _rows_of(model: str) -> Any:
    """The rows of another model of this app, which is defined after these querysets."""
    return apps.get_model("accounts", model)._default_manager


def visible_ids(user: User, *, on: dt.date) -> RawSQL:
    """The ids of the accounts the user may see on the day, for `account__in`; not for those who see all.

    `id IN (owned UNION ALL team)`: OR across tables would cost the index on owner. As text, because every list and
    every count of a page asks for it, and building it from querysets took longer than the database needs to answer.
    """
    view = standing(user, on=on)
    owners, teams = sorted(view.owner_ids), sorted(view.led_team_ids)
    parts = [
        f"SELECT id FROM accounts_account WHERE owner_id IN ({_marks(owners)})",
        "SELECT account_id FROM accounts_accountteammember WHERE user_id = %s",
    ]
    params = [*owners, view.user_id]
    if teams:
        parts.append(
            "SELECT a.id FROM accounts_account a JOIN team_user u ON u.id = a.owner_id"
            f" WHERE u.team_id IN ({_marks(teams)})"
        )
        params += teams
    if view.sees_unowned:
        parts.append("SELECT id FROM accounts_account WHERE owner_id IS NULL")
    return RawSQL(" UNION ALL ".join(parts), params)


def visible_through(user: User, *, on: dt.date, path: str = "account") -> Q:
    """The accounts of `visible_ids` as a condition on the account that `path` leads to; empty for those who see all.

    For statements that begin with few rows and join their accounts anyway, such as the changes of one run: with
    `visible_ids` the database would first gather everything that a manager sees.
    """
    view = standing(user, on=on)
    if view.sees_all:
        return Q()
    member_of = _rows_of("AccountTeamMember").filter(user=view.user_id).order_by().values("account")
    seen = Q(**{f"{path}__owner__in": sorted(view.owner_ids)}) | Q(**{f"{path}__in": member_of})
    if view.led_team_ids:
        seen |= Q(**{f"{path}__owner__team__in": sorted(view.led_team_ids)})
    if view.sees_unowned:
        seen |= Q(**{f"{path}__owner__isnull": True})
    return seen


def who_see(account: Account) -> QuerySet[User]:
    """The active users who may see the account whoever is away: `visible_ids` the other way round.

    Who only stands in for somebody on some days is left out: it would be gone from them on the next.
    """
    grounds = Q(role__in=(Role.AGENT, Role.ADMIN)) | Q(team_memberships__account=account)
    if account.owner is None:
        grounds |= Q(role=Role.MANAGER)
    else:
        grounds |= Q(pk=account.owner.pk)
        if account.owner.team_id is not None:
            grounds |= Q(role=Role.MANAGER, led_teams=account.owner.team_id)
    ids = User.objects.filter(grounds).order_by().values("pk")
    return User.objects.filter(is_active=True, pk__in=ids).order_by("name", "pk")


def may_edit(user: User, account: Account, *, on: dt.date) -> bool:
    """`AccountQuerySet.editable_by` for an account that was found through `visible_to`. No query."""
    if account.merged_into_id is not None:
        return False
    return not user.is_agent or account.owner_id in standing(user, on=on).owner_ids


def seen_one_by_one(column: str, user: User, *, on: dt.date) -> RawSQL:
    """The same as a test of each row, for `filter()`: `column` holds the account's id.

    For who sees many accounts, in a list that an index already has in its order: IS TRUE keeps PostgreSQL from making a
    join of it and sorting everything that is visible, where walking the index finds a page within its first rows.
    """
    ids = visible_ids(user, on=on)
    return RawSQL(f"({column} IN ({ids.sql})) IS TRUE", ids.params, output_field=models.BooleanField())


def _marks(ids: list[int]) -> str:
    return ", ".join(["%s"] * len(ids))


class AccountQuerySet(models.QuerySet["Account"]):
    """Reads of accounts that chain."""

    is_narrow = False
    """Whether it holds a portfolio, some hundred accounts: `search` then goes another way."""

    def _clone(self) -> Self:
        copy: Self = super()._clone()  # type: ignore[misc]
        copy.is_narrow = self.is_narrow
        return copy

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """The accounts the user may see on the day (docs/domain.md, section 1)."""
        view = standing(user, on=on)
        if view.sees_all:
            return self
        found = self.filter(pk__in=visible_ids(user, on=on))
        found.is_narrow = not view.sees_unowned  # of a manager's accounts there may be thousands
        return found

    def editable_by(self, user: User, *, on: dt.date) -> Self:
        """The accounts whose data the user may change: all that are visible, but for service agents none but their own.

        A service agent reads and logs (docs/domain.md, section 1); owning an account counts for every role. A duplicate
        that was merged into another account is nobody's to change.
        """
        visible = self.visible_to(user, on=on).filter(merged_into__isnull=True)
        if user.is_agent:
            return visible.filter(owner__in=standing(user, on=on).owner_ids)
        return visible

    def active(self) -> Self:
        """Accounts that are not archived."""
        return self.filter(archived_at__isnull=True)

    def search(self, words: str) -> Self:
        """Accounts where every word is found in the name, code, city, e-mail, tax number or phone, or a person there.

        Case, diacritics and quotation marks do not matter. Numbers are compared by their digits, however they are
        grouped (`600 100 201`, `+48 600-100-201`, `701-00-12-345`); the number of a purchase finds its account.
        A word of one or two letters is looked for where words begin. What finds a duplicate finds the account that it
        was merged into. On PostgreSQL, for those who see more than a
        portfolio, it asks the database once by itself (accounts.finding).
        """
        asked = read_words(words)
        if not asked.words:
            return self
        return self.filter(found_by(asked, among_all=not self.is_narrow))

    def with_person_found(self, words: str) -> Self:
        """Each account with what tells why it was found, or None.

        `person_found` and `person_found_phone`: who there has one of the words; `former_code`: the number of a
        duplicate merged into it that has one.
        """
        asked = read_words(words)
        words_of_key = [Word(word) for word in (*asked.words, *asked.numbers)]
        former, former_has = _any_in_key(words_of_key)
        person, person_has = _any_in_key(word for word in words_of_key if len(word.letters) >= FEWEST_LETTERS)
        # As text: built as querysets the three took longer than the rest of the list.
        at_account = f"FROM accounts_contactperson p WHERE p.account_id = accounts_account.id AND ({person})"
        first = "ORDER BY p.is_main DESC, p.name, p.id LIMIT 1"
        merged_here = f"FROM accounts_account f WHERE f.merged_into_id = accounts_account.id AND ({former})"
        text = models.TextField()
        return self.annotate(
            former_code=RawSQL(f"SELECT f.code {merged_here} ORDER BY f.code LIMIT 1", former_has, text),
            person_found=RawSQL(f"SELECT p.name {at_account} {first}", person_has, text),
            person_found_phone=RawSQL(f"SELECT p.phone {at_account} {first}", person_has, text),
        )


def _any_in_key(words: Iterable[Word]) -> tuple[str, list[str]]:
    """Whether a column `search_key` has one of the words, with its parameters."""
    patterns = [pattern for word in words for pattern in word.patterns()]
    condition = " OR ".join([r"search_key LIKE %s ESCAPE '\'"] * len(patterns))
    return condition or "1 = 0", patterns


class ContactPersonQuerySet(models.QuerySet["ContactPerson"]):
    """Reads of contact persons that chain."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """The persons at accounts the user may see on the day."""
        if standing(user, on=on).sees_all:
            return self
        return self.filter(account__in=visible_ids(user, on=on))

    def present(self) -> Self:
        """Persons who have not left, without those merged into another."""
        return self.filter(left_on__isnull=True, merged_into__isnull=True)


class PurchaseQuerySet(models.QuerySet["Purchase"]):
    """Reads of purchases that chain."""

    def visible_to(self, user: User, *, on: dt.date) -> Self:
        """The purchases of accounts the user may see on the day."""
        if standing(user, on=on).sees_all:
            return self
        return self.filter(account__in=visible_ids(user, on=on))

    def numbered(self, start: str) -> Self:
        """Purchases whose number begins with `start`, in the letters it was written in.

        A range, because both databases answer it from the index on the number, which LIKE on SQLite would not use.
        """
        return self.filter(number__gte=start, number__lt=start + "\U0010ffff")
