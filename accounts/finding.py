"""Finding accounts by what somebody typed, quickly among 400 and among 200,000 (docs/domain.md, section 9).

`accounts.searching` reads what was typed; here it becomes a condition. A portfolio is read account by account. Among
all accounts PostgreSQL has two good ways, and which one is better depends on how many have the word: the few that have
a rare one come from the trigram index; of many that have a common one the first fifty come soonest along the order of
the list. Its planner cannot tell (it guesses how often a word occurs), so one small statement counts before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import RawSQL

from accounts.searching import Words

FEWEST_LETTERS = 3
"""A shorter word is looked for at the beginning of words only: inside them it stands nearly everywhere."""
FEW = 5000
"""So many accounts that have a word are few."""


class Term(Protocol):
    """One thing that was typed."""

    def condition(self) -> Q:
        """Whether an account has it, asked account by account."""

    def ids(self) -> tuple[str, list[Any]]:
        """The ids of all accounts that have it, as a SELECT for PostgreSQL with its parameters; some more than once."""


@dataclass(frozen=True)
class Word:
    """A word in the key of the account, of a duplicate that was merged into it, or of a person there."""

    letters: str

    def condition(self) -> Q:
        """In the key of the account, of a duplicate that became part of it, or of a person."""
        in_key = self.in_key()
        # Few are merged: read once, from the index on merged_into (IS NOT NULL would read all accounts on SQLite).
        former = _rows_of("Account").order_by().filter(in_key, merged_into__gt=0).values("merged_into")
        in_account = in_key | Q(pk__in=former)
        persons = _rows_of("ContactPerson").order_by().filter(in_key)
        if connection.vendor == "postgresql":
            return in_account | Q(Exists(persons.filter(account=OuterRef("pk"))))
        return in_account | Q(
            pk__in=persons.values("account")
        )  # SQLite reads the persons once, not once per account

    def in_key(self) -> Q:
        """In a column `search_key`."""
        if len(self.letters) >= FEWEST_LETTERS:
            return Q(search_key__contains=self.letters)
        return Q(search_key__startswith=self.letters) | Q(search_key__contains=f" {self.letters}")

    def patterns(self) -> list[str]:
        """For LIKE on a column `search_key`, which has the word where one of them fits."""
        bare = self.letters.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        return [f"{bare}%", f"% {bare}%"] if len(self.letters) < FEWEST_LETTERS else [f"%{bare}%"]

    def ids(self) -> tuple[str, list[Any]]:
        """From the trigram indexes, which know where words begin."""
        patterns = self.patterns()
        has_it = " OR ".join(["search_key LIKE %s"] * len(patterns))
        sql = (
            f"SELECT id FROM accounts_account WHERE {has_it}"
            f" UNION ALL SELECT merged_into_id FROM accounts_account WHERE merged_into_id > 0 AND ({has_it})"
            f" UNION ALL SELECT account_id FROM accounts_contactperson WHERE {has_it}"
        )
        return sql, patterns * 3


@dataclass(frozen=True)
class PurchaseNumber:
    """The beginning of the number of a purchase, as it was written."""

    start: str

    def condition(self) -> Q:
        """On any purchase of the account."""
        purchases = _rows_of("Purchase").order_by().numbered(self.start)
        if connection.vendor == "postgresql":
            return Q(Exists(purchases.filter(account=OuterRef("pk"))))
        return Q(pk__in=purchases.values("account"))

    def ids(self) -> tuple[str, list[Any]]:
        """From the index on numbers."""
        sql = "SELECT account_id FROM accounts_purchase WHERE number >= %s AND number < %s"
        return sql, [self.start, self.start + "\U0010ffff"]


def found_by(asked: Words, *, among_all: bool) -> Q:
    """The condition on Account that it has every word, or every number and all that stands beside it, or the purchase.

    among_all: no filter has made the accounts few; on PostgreSQL that takes one statement here, which counts.
    """
    groups: list[list[Term]] = [[Word(word) for word in asked.words]]
    groups += [[Word(number), *(Word(word) for word in asked.beside_numbers)] for number in asked.numbers]
    if asked.purchase_number:
        groups.append([PurchaseNumber(asked.purchase_number)])
    every = Q()
    for group in groups:
        has_all = Q()
        for term in group:
            has_all &= term.condition()
        every |= has_all
    if among_all and connection.vendor == "postgresql":
        rarest = _rarest(groups)
        if rarest is not None:
            parts = [term.ids() for term in rarest]
            sql = " UNION ALL ".join(part for part, _params in parts)
            among = Q(pk__in=RawSQL(sql, [param for _part, params in parts for param in params]))
            # The rarest term of each group is found already; the others are asked of the few.
            return among if all(len(group) == 1 for group in groups) else among & every
    return every


def _rarest(groups: Sequence[Sequence[Term]]) -> list[Term] | None:
    """Of each group the term that fewest accounts have; None where in some group all are common. One statement."""
    terms = list(dict.fromkeys(term for group in groups for term in group))
    counts, params = [], []
    for term in terms:
        sql, values = term.ids()
        counts.append(f"(SELECT COUNT(*) FROM ({sql} LIMIT {FEW + 1}) AS counted)")
        params += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", params)
        found = dict(zip(terms, cursor.fetchone(), strict=True))
    rarest = [min(group, key=lambda term: found[term]) for group in groups]
    return rarest if all(found[term] <= FEW for term in rarest) else None


def _rows_of(model: str) -> Any:
    """The rows of another model of this app, which is defined after the querysets that ask."""
    return apps.get_model("accounts", model)._default_manager
