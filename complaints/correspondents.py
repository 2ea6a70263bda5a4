"""Who a letter is from, and what it is about, among what the user may see (docs/domain.md, section 6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from accounts.finding import FEWEST_LETTERS, Word
from accounts.folding import digits, fold
from accounts.models import Account, ContactPerson, Purchase
from accounts.searching import read_words
from complaints.letters import Letter, addresses_in
from crm.team.models import User

MOST_ACCOUNTS = 8
_MOST_NUMBERS = 400
_PIECE = re.compile(r"[^\s,;:!?()\[\]{}<>\"'„”“’|]{1,64}")


@dataclass(frozen=True)
class Correspondent:
    """Whom a letter is from: one account, or several among which a person chooses, or none."""

    accounts: Sequence[Account] = ()
    person: ContactPerson | None = None
    purchase: Purchase | None = None

    @property
    def account(self) -> Account | None:
        """The one it can only be; None where nobody knows, or several could be."""
        return self.accounts[0] if len(self.accounts) == 1 else None


def correspondent_of(letter: Letter, *, user: User, today: dt.date) -> Correspondent:
    """Whom the letter is from: a person or account with the sender's address, else with one that stands in it, else
    the account whose purchase it names. At most five queries; nothing that the user may not see is found.
    """
    addresses = addresses_in(letter)
    persons = _persons(addresses, user=user, today=today)
    accounts = _accounts(addresses, user=user, today=today)
    for address in addresses:
        here = [person for person in persons if person.email.lower() == address]
        found = {person.account_id: person.account for person in here}
        found |= {account.pk: account for account in accounts if account.email.lower() == address}
        if found:
            person = here[0] if len(here) == 1 and len(found) == 1 else None
            several = list(found.values())[:MOST_ACCOUNTS]
            alone = len(several) == 1
            return Correspondent(
                several, person, purchase_in(letter.all_words, account=several[0]) if alone else None
            )
    rows = Purchase.objects.visible_to(user, on=today).filter(account__archived_at__isnull=True)
    rows = rows.filter(number__in=_numbers_in(letter.all_words)).select_related("account__owner")
    named = list(rows.order_by("-ordered_on", "-pk")[:50])
    several = list({purchase.account_id: purchase.account for purchase in named}.values())[:MOST_ACCOUNTS]
    return Correspondent(several, None, named[0] if len(several) == 1 else None)


def _persons(addresses: Sequence[str], *, user: User, today: dt.date) -> list[ContactPerson]:
    if not addresses:
        return []
    rows = (
        ContactPerson.objects.visible_to(user, on=today).present().filter(account__archived_at__isnull=True)
    )
    return list(rows.filter(_has_address(addresses)).select_related("account__owner").order_by("pk")[:100])


def _accounts(addresses: Sequence[str], *, user: User, today: dt.date) -> list[Account]:
    if not addresses:
        return []
    rows = Account.objects.visible_to(user, on=today).active()
    return list(rows.filter(_has_address(addresses)).select_related("owner").order_by("pk")[:100])


def _has_address(addresses: Sequence[str]) -> Q:
    """The key has an index for parts of words, the address has none; the address itself decides."""
    has = Q()
    for address in addresses:
        has |= Q(search_key__contains=fold(address), email__iexact=address)
    return has


def purchase_in(text: str, *, account: Account) -> Purchase | None:
    """The newest purchase of the account whose number stands in the text; None where none does. One query."""
    numbers = _numbers_in(text)
    if not numbers:
        return None
    return account.purchases.filter(number__in=numbers).order_by("-ordered_on", "-pk").first()


def _numbers_in(text: str) -> list[str]:
    """What may be the number of a purchase: words with a figure in them, and two words in a row ("FV 12/2026")."""
    words = [word.strip(".-–/#*_") for word in _PIECE.findall(text[:40_000])]
    found: dict[str, None] = {}
    for at, word in enumerate(words):
        for number in (word, f"{words[at - 1]} {word}" if at else word):
            if 3 <= len(number) <= 64 and any(letter.isdigit() for letter in word):
                found[number] = None
    return list(found)[:_MOST_NUMBERS]


def caller(words: str, *, account: Account) -> ContactPerson | None:
    """Who is likely to be speaking: the only person there, else the one who has what was searched for, if it is one.

    What the account is called, or its tax number, found the account and nobody there; a phone number or an address
    may be both the account's and the person's. At most two queries.
    """
    present = list(account.persons.present()[:2])
    if len(present) < 2:
        return present[0] if present else None
    asked = read_words(words)
    called = fold(f"{account.name} {account.code} {account.city} {digits(account.tax_number)}")
    has = Q()
    for word in asked.numbers or asked.words:
        if len(word) < FEWEST_LETTERS or word in called:
            return None
        has &= Word(word).in_key()
    found = list(account.persons.present().filter(has)[:2]) if has else []
    return found[0] if len(found) == 1 else None
