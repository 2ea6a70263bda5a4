"""Finding who is calling, from every page: complaints, accounts, persons, purchases by what is in hand
(docs/domain.md, 9).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.finding import Word
from accounts.models import Account, ContactPerson, Purchase
from accounts.searching import Words, read_words
from complaints.finding import find_complaints
from complaints.models import Complaint
from crm.team.models import User

ACCOUNTS, PERSONS, PURCHASES, COMPLAINTS = 8, 6, 6, 6
FEWEST_LETTERS = 2
"""One letter begins too much to find somebody by."""
LOOKED_THROUGH = 300
"""Of persons who have a common word, so many are looked at: enough to show six, and no more than a moment's work."""


@dataclass(frozen=True)
class Found:
    """What was found, the likeliest first; `more` where the list of accounts holds more than these."""

    words: str
    complaints: Sequence[Complaint] = ()
    accounts: Sequence[Account] = ()
    persons: Sequence[Mapping[str, Any]] = ()
    purchases: Sequence[Mapping[str, Any]] = ()
    more: bool = False
    is_short: bool = False
    """Too little was typed to look for."""

    @property
    def nothing(self) -> bool:
        """Whether nothing was found, although something was looked for."""
        found = self.complaints or self.accounts or self.persons or self.purchases
        return not (self.is_short or found)


def find(words: str, *, user: User, today: dt.date) -> Found:
    """What the user may see of all that has the words: at most four queries, and one for the number of a complaint.

    Complaints by the beginning of their number, closed ones too; accounts that are not archived, by sales; persons who
    are still there; purchases by the beginning of their number.
    """
    asked = read_words(words)
    if sum(map(len, asked.words)) < FEWEST_LETTERS:
        return Found(words, is_short=True)
    accounts = list(
        Account.objects.visible_to(user, on=today)
        .active()
        .search(words)
        .with_person_found(words)
        .order_by("-sales_12m_cents", "code")
        .only("code", "name", "city", "tier", "phone")[: ACCOUNTS + 1]
    )
    return Found(
        words,
        find_complaints(words, user=user, today=today, most=COMPLAINTS),
        accounts[:ACCOUNTS],
        _persons(asked, user=user, today=today),
        _purchases(asked, user=user, today=today),
        more=len(accounts) > ACCOUNTS,
    )


def _persons(asked: Words, *, user: User, today: dt.date) -> Sequence[Mapping[str, Any]]:
    """Persons who have every word themselves, or the number and what stands beside it."""
    has = Q()
    for word in asked.words:
        has &= Word(word).in_key()
    for number in asked.numbers:
        with_number = Word(number).in_key()
        for word in asked.beside_numbers:
            with_number &= Word(word).in_key()
        has |= with_number
    some = ContactPerson.objects.visible_to(user, on=today).present().filter(has).order_by()[:LOOKED_THROUGH]
    rows = ContactPerson.objects.filter(pk__in=some.values("pk"), account__archived_at__isnull=True)
    return list(
        rows.order_by("-account__sales_12m_cents", "-is_main", "name", "pk").values(
            "name", "position", "phone", "account_id", "account__name", "account__tier"
        )[:PERSONS]
    )


def _purchases(asked: Words, *, user: User, today: dt.date) -> Sequence[Mapping[str, Any]]:
    """Purchases whose number begins with what was typed; no query where it cannot be a number."""
    if not asked.purchase_number:
        return []
    rows = Purchase.objects.visible_to(user, on=today).numbered(asked.purchase_number)
    return list(
        rows.order_by("number").values(
            "pk", "number", "ordered_on", "amount_cents", "account_id", "account__name", "account__tier"
        )[:PURCHASES]
    )
