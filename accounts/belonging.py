"""Account team and tags on the Overview, read with the account itself: no query of their own."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import TextField
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from accounts.models import Account
from accounts.panels import SIDE, Block, of_account

_BETWEEN = "\x1f"
"""Stands between names; nobody types it."""


def _joined(column: str) -> str:
    """All values of a group in one text, in any order, with _BETWEEN between them."""
    if connection.vendor == "postgresql":
        return f"STRING_AGG({column}, CHR(31))"
    return f"GROUP_CONCAT({column}, CHAR(31))"


class Belonging(Block):
    """Who works on the account beside its owner, and its tags."""

    slug = "belonging"
    place = SIDE
    template = "accounts/blocks/belonging.html"

    def facts(self, request: HttpRequest) -> dict[str, Combinable]:
        """Names of both, joined."""
        return {
            "accounts_team": of_account(
                f"SELECT {_joined('u.name')} FROM accounts_accountteammember s JOIN team_user u ON u.id = s.user_id"
                " WHERE s.account_id = accounts_account.id",
                output_field=TextField(),
            ),
            "accounts_tags": of_account(
                f"SELECT {_joined('t.name')} FROM accounts_account_tags w JOIN accounts_tag t ON t.id = w.tag_id"
                " WHERE w.account_id = accounts_account.id",
                output_field=TextField(),
            ),
        }

    def load(self, account: Account, request: HttpRequest) -> dict[str, Any]:
        """Both as lists, in order."""
        return {
            "colleagues": _split(account.accounts_team),  # type: ignore[attr-defined]
            "tags": _split(account.accounts_tags),  # type: ignore[attr-defined]
        }


def _split(names: str | None) -> list[str]:
    return sorted(names.split(_BETWEEN), key=str.casefold) if names else []
