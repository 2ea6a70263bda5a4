"""Persons and coverage on the account page: who there decides, who of us knows whom, and what hangs on one thread.

docs/domain.md, section 7: never depend on one person, theirs or ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Max, Prefetch, Q, When
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


class Coverage(Block):
    """Persons on the Overview, with what to do about a single thread."""

    slug = "coverage"
    template = "contacts/blocks/coverage.html"

    def load(self, account: Account, request: HttpRequest) -> dict[str, Any]:
        """Persons still there with their last contact and acquaintances, and the warnings. Two queries."""
        decides_first = Case(When(buying_role=ContactPerson.BuyingRole.DECIDES, then=0), default=1)
        persons = list(
            ContactPerson.objects.present()
            .filter(account=account)
            .annotate(last_contact_on=Max("touchpoints__day", filter=Q(touchpoints__deleted_at__isnull=True)))
            .prefetch_related(Prefetch("acquaintances", Acquaintance.objects.select_related("user")))
            .order_by("-is_main", decides_first, "name", "id")
        )
        return {
            "persons": persons[:SHOWN],
            "others": max(0, len(persons) - SHOWN),
            "threads": threads([_covered(person) for person in persons], tier=account.tier),
        }


def _covered(person: ContactPerson) -> Covered:
    known = list(person.acquaintances.all())
    return Covered(
        name=person.name,
        decides=person.buying_role == ContactPerson.BuyingRole.DECIDES,
        known_by=frozenset(each.user.name for each in known if each.strength >= Acquaintance.Strength.FAIRLY),
        met_by=frozenset(each.user.name for each in known),
    )
