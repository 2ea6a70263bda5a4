"""Persons and coverage on the account page: who there decides, who of us knows whom, and what hangs on one thread.

docs/domain.md, section 7: never depend on one person, theirs or ours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Max, Q, When
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import Account, Acquaintance, ContactPerson, Tier
from accounts.panels import Block

SHOWN = 12
"""More persons than these are a click away, on their own tab."""


@dataclass(frozen=True)
class Covered:
    """One person who is still at the account, and who of us knows them."""

    name: str
    decides: bool = False
    known_by: frozenset[str] = field(default_factory=frozenset)
    """Names of ours who know the person at least fairly."""
    met_by: frozenset[str] = field(default_factory=frozenset)
    """Names of ours who know the person at all."""


@dataclass(frozen=True)
class Thread:
    """One warning: a few words in bold and what is behind them."""

    strong: str
    text: str


def threads(persons: Sequence[Covered], *, tier: str | None) -> list[Thread]:
    """What an A or B account depends on too much; nothing for others. Pure; at most two warnings, the worst first."""
    if tier not in (Tier.A, Tier.B):
        return []
    if not persons:
        return [Thread(_("Nobody to talk to."), _("No person is recorded at this account."))]
    found = []
    known = [person for person in persons if person.known_by]
    ours = {name for person in known for name in person.known_by}
    if not known:
        found.append(
            Thread(_("Nobody is known well."), _("None of us knows anybody here more than a little."))
        )
    elif len(known) == 1:
        words = _("Only %(person)s knows us well.") % {"person": known[0].name}
        found.append(Thread(_("Hangs on one thread."), words))
    elif len(ours) == 1:
        words = _("Only %(user)s knows them well.") % {"user": next(iter(ours))}
        found.append(Thread(_("Hangs on one thread."), words))
    deciding = [person for person in persons if person.decides]
    if not deciding:
        found.append(Thread(_("Who decides?"), _("No decision maker is recorded.")))
    elif not any(person.met_by for person in deciding):
        words = _("%(person)s decides, and none of us knows them.") % {"person": deciding[0].name}
        found.append(Thread(_("The one who decides is a stranger."), words))
    return found


@dataclass
class Person:
    """One person as the Overview shows them. known: who of us knows them, and how well in words."""

    pk: int
    name: str
    position: str
    preferred_times: str
    buying_role: str
    phone: str
    email: str
    last_contact_on: dt.date | None
    known: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def role(self) -> str:
        """Their part in buying, "" where none is recorded."""
        return str(ContactPerson.BuyingRole(self.buying_role).label) if self.buying_role else ""

    @property
    def decides(self) -> bool:
        """Whether they have the last word."""
        return self.buying_role == ContactPerson.BuyingRole.DECIDES


class Coverage(Block):
    """Persons on the Overview, with what to do about a single thread."""

    slug = "coverage"
    template = "contacts/blocks/coverage.html"

    def load(self, account: Account, request: HttpRequest) -> dict[str, Any]:
        """Persons still there with their last contact and acquaintances, and the warnings. One query."""
        decides_first = Case(When(buying_role=ContactPerson.BuyingRole.DECIDES, then=0), default=1)
        columns = ("pk", "name", "position", "preferred_times", "buying_role", "phone", "email")
        rows = (
            ContactPerson.objects.present()
            .filter(account=account)
            .annotate(last=Max("touchpoints__day", filter=Q(touchpoints__deleted_at__isnull=True)))
            .order_by("-is_main", decides_first, "name", "pk", "acquaintances__pk")
            .values_list(*columns, "last", "acquaintances__user__name", "acquaintances__strength")
        )
        found: dict[int, Person] = {}
        for *values, name, strength in rows:  # one for each of us who knows the person, or one for nobody
            person = found.setdefault(values[0], Person(*values))
            if name is not None:
                person.known.append((name, strength, str(Acquaintance.Strength(strength).label)))
        persons = list(found.values())
        return {
            "persons": persons[:SHOWN],
            "others": max(0, len(persons) - SHOWN),
            "threads": threads([_covered(person) for person in persons], tier=account.tier),
        }


def _covered(person: Person) -> Covered:
    return Covered(
        name=person.name,
        decides=person.decides,
        known_by=frozenset(
            name for name, strength, _words in person.known if strength >= Acquaintance.Strength.FAIRLY
        ),
        met_by=frozenset(name for name, _strength, _words in person.known),
    )
