"""Reasons of decisions: the catalogue, and the verbs by which an admin maintains it (docs/domain.md, 4.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.lists.catalogue import free_code, moved, number_in_order, one_line, problem_with
from segmentation.errors import ReasonMissing, ReasonRefused
from segmentation.models import Reason, TierChange

BOTH, FELL, ROSE = "both", "fell", "rose"


class Known(StrEnum):
    """Codes that the code itself speaks of: what hints point at. "Other" needs a note, and is always in use."""

    COMPETITOR_PRICES = "competitor_prices"
    DELIVERY = "delivery"
    PERSONALITY = "personality"
    LOST_PERSON = "lost_person"
    NEGLECT = "neglect"
    PRICE_DRIVEN = "price_driven"
    PAYMENT = "payment"
    SEASONAL = "seasonal"
    GROWING_NEED = "growing_need"
    WON_SHARE = "won_share"
    OTHER = "other"


FIRST = (
    (Known.COMPETITOR_PRICES, gettext_noop("Competitor cut prices"), FELL),
    (Known.DELIVERY, gettext_noop("Delivery problems"), FELL),
    (Known.PERSONALITY, gettext_noop("Personality conflict"), FELL),
    (Known.LOST_PERSON, gettext_noop("Lost key person"), FELL),
    (Known.NEGLECT, gettext_noop("We neglected them"), FELL),
    (Known.PRICE_DRIVEN, gettext_noop("Price driven"), BOTH),
    (Known.PAYMENT, gettext_noop("Payment trouble"), BOTH),
    (Known.SEASONAL, gettext_noop("Seasonal"), BOTH),
    (Known.GROWING_NEED, gettext_noop("Growing need"), ROSE),
    (Known.WON_SHARE, gettext_noop("Won share"), ROSE),
    (Known.OTHER, gettext_noop("Other"), BOTH),
)
"""(code, name, direction) of a new installation, in order; an admin changes it from there."""


def fill(reason: Any) -> None:
    """Fill the catalogue where it is empty. The model is given: a migration has that of its time."""
    if not reason.objects.exists():
        reason.objects.bulk_create(
            reason(code=str(code), name=name, position=place, offered=offered)
            for place, (code, name, offered) in enumerate(FIRST, 1)
        )


def way(before: str | None, after: str | None) -> str:
    """Whether a change leads up (ROSE) or down (FELL); no tier is the lowest. Pure."""
    return FELL if (before or "Z") < (after or "Z") else ROSE


# Reading ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Catalogue:
    """All reasons in their order, those out of use too."""

    reasons: list[Reason]

    def name(self, code: str) -> str:
        """In words; "" for no reason."""
        return self.names.get(code, code)

    @property
    def names(self) -> dict[str, str]:
        """The words of each reason by its code."""
        return {reason.code: str(reason) for reason in self.reasons}

    @property
    def in_use(self) -> list[Reason]:
        """Those that can be given."""
        return [reason for reason in self.reasons if reason.active]

    def offered(self, way: str) -> tuple[list[Reason], list[Reason]]:
        """Those in use that are offered for a direction, and the others in use: a rejection may need one of them."""
        in_use = self.in_use
        return (
            [reason for reason in in_use if reason.offered in (BOTH, way)],
            [reason for reason in in_use if reason.offered not in (BOTH, way)],
        )


def catalogue() -> Catalogue:
    """The catalogue as it is. One query."""
    return Catalogue(list(Reason.objects.order_by("position", "code")))


def given() -> dict[str, int]:
    """How many decisions that stand gave each reason, by code, in all runs. One query, of an index alone."""
    rows = TierChange.objects.exclude(reason="").order_by().values_list("reason")
    return dict(rows.annotate(number=Count("pk")))


def check(code: str, note: str) -> None:
    """Raise ReasonMissing where no such reason is in use, or where "other" has no note."""
    reason = Reason.objects.filter(code=code, active=True).first() if code else None
    if reason is None:
        raise ReasonMissing(_("Choose why it happened."))
    if code == Known.OTHER and not note.strip():
        raise ReasonMissing(needs_words(str(reason)), field="note")


def needs_words(name: str) -> str:
    """What is said where "other" stands alone. name: what it is called by now."""
    return _("“%(reason)s” needs a few words.") % {"reason": name}


# Maintaining --------------------------------------------------------------------------------------------------------
@transaction.atomic
def add_reason(*, name: str, offered: str) -> Reason:
    """A new reason, before "other" where that is the last; its code comes from its name. Raises ReasonRefused."""
    order = _in_order()
    name = _checked(name, offered, order)
    code = free_code(name, taken={one.code for one in order}, longest=20, otherwise="reason")
    made = Reason(code=code, name=name, offered=offered)
    place = len(order) - 1 if order and order[-1].code == Known.OTHER else len(order)
    made.position = place + 1
    made.save(force_insert=True)
    number_in_order([*order[:place], made, *order[place:]])
    return made


@transaction.atomic
def edit_reason(*, reason: Reason, name: str, offered: str) -> Reason:
    """Give it a name and a direction, in the past too: decisions hold the code. Raises ReasonRefused."""
    order = _in_order()
    stored = _stored(reason, order)
    name = _checked(name, offered, [one for one in order if one.code != stored.code])
    if stored.code == Known.OTHER and offered != BOTH:
        raise ReasonRefused(
            _("“%(reason)s” stays offered for both: something must always fit.") % {"reason": stored},
            field="offered",
        )
    stored.name, stored.offered = name, offered
    stored.save(update_fields=["name", "offered"])
    return stored


@transaction.atomic
def use_reason(*, reason: Reason, active: bool) -> Reason:
    """Put it in use or out of it. Raises ReasonRefused for "other", which must always be there."""
    stored = _stored(reason, _in_order())
    if stored.code == Known.OTHER and not active:
        raise ReasonRefused(
            _("“%(reason)s” stays in use: something must always fit. Rename it where another word is better.")
            % {"reason": stored}
        )
    stored.active = active
    stored.save(update_fields=["active"])
    return stored


@transaction.atomic
def move_reason(*, reason: Reason, to: int) -> Reason:
    """Give it the place `to` (1 first; beyond the ends: first or last). Positions stay 1, 2, 3 without gaps."""
    order = _in_order()
    stored = _stored(reason, order)
    number_in_order(moved(order, stored, to=to))
    return stored


def _in_order() -> list[Reason]:
    """All of them, for whoever maintains them alone: two at once would leave a gap, or a name twice.

    "Other" is always there, and whoever has its lock reads afterwards: a statement that had to wait for rows gives
    them without those that were added meanwhile.
    """
    list(Reason.objects.select_for_update().filter(pk=Known.OTHER))
    return list(Reason.objects.order_by("position", "code"))


def _stored(reason: Reason, order: Iterable[Reason]) -> Reason:
    return next(one for one in order if one.pk == reason.pk)


def _checked(name: str, offered: str, others: Iterable[Reason]) -> str:
    """The name without blanks around and twice inside."""
    name = one_line(name)
    longest = Reason._meta.get_field("name").max_length or 0
    problem = problem_with(name, others=others, longest=longest)
    if problem:
        raise ReasonRefused(problem, field="name")
    if offered not in Reason.Offered.values:
        raise ReasonRefused(_("Choose for which changes it is offered."), field="offered")
    return name
