"""Account team and tags on the Overview, read with the account itself: no query of their own."""

from __future__ import annotations

from typing import Any

from django.db.models import Aggregate, CharField, OuterRef, Subquery
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from accounts.models import Account, AccountTeamMember
from accounts.panels import SIDE, Block

_BETWEEN = "\x1f"
"""Stands between names; nobody types it."""


class Joined(Aggregate):
    """All values of a group in one text, in any order, with _BETWEEN between them."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="GROUP_CONCAT(%(expressions)s, CHAR(31))", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="STRING_AGG(%(expressions)s, CHR(31))", **extra)


class Belonging(Block):
    """Who works on the account beside its owner, and its tags."""

    slug = "belonging"
    place = SIDE
    template = "accounts/blocks/belonging.html"

    def facts(self, request: HttpRequest) -> dict[str, Combinable]:
        """Names of both, joined."""
        seats: Any = AccountTeamMember.objects.filter(account=OuterRef("pk")).order_by().values("account")
        tags: Any = Account.tags.through.objects.filter(account=OuterRef("pk")).order_by().values("account")
        return {
            "accounts_team": Subquery(seats.annotate(names=Joined("user__name")).values("names")),
            "accounts_tags": Subquery(tags.annotate(names=Joined("tag__name")).values("names")),
        }

    def load(self, account: Account, request: HttpRequest) -> dict[str, Any]:
        """Both as lists, in order."""
        return {
            "colleagues": _split(account.accounts_team),  # type: ignore[attr-defined]
            "tags": _split(account.accounts_tags),  # type: ignore[attr-defined]
        }


def _split(names: str | None) -> list[str]:
    return sorted(names.split(_BETWEEN), key=str.casefold) if names else []
