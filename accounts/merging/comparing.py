"""Two rows side by side before they become one: whose value stays, and what moves (the preview of a merge)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.edits import Names, in_words, label_of
from accounts.merging import accounts as of_accounts
from accounts.merging import persons as of_persons
from accounts.merging.accounts import BOTH, KEPT, OTHER
from accounts.merging.moving import references
from accounts.merging.parts import parts, staying_by_model
from accounts.models import Account, ContactPerson
from crm.team.models import User


@dataclass(frozen=True)
class Choice:
    """One field in which the two differ. `picked`: KEPT, OTHER or BOTH, as it stands or as was chosen."""

    name: str
    label: str
    kept: str
    other: str
    picked: str
    may_both: bool = False

    @property
    def is_kept(self) -> bool:
        return self.picked == KEPT

    @property
    def is_other(self) -> bool:
        return self.picked == OTHER

    @property
    def is_both(self) -> bool:
        return self.picked == BOTH


@dataclass(frozen=True)
class Moving:
    """How many rows of one kind move to the kept one."""

    label: str
    number: int


@dataclass(frozen=True)
class Comparison:
    """All that a preview shows."""

    choices: Sequence[Choice]
    moving: Sequence[Moving]
    notes: Sequence[str]
    objection: str
    """Why the two cannot be one; "" where they can."""


# Tables whose own name says nothing to a reader; None: it goes along unsaid.
_LABELS: Mapping[str, str | Promise | None] = {
    "accounts.account_tags.account": gettext_lazy("tags"),
    "accounts.accountteammember.account": gettext_lazy("colleagues on the account team"),
    "accounts.account.parent": gettext_lazy("sites"),
    "accounts.account.merged_into": gettext_lazy("earlier duplicates"),
    "accounts.contactperson.merged_into": gettext_lazy("earlier duplicates"),
    "accounts.acquaintance.person": gettext_lazy("acquaintances"),
    "contacts.touchpoint_persons.contactperson": gettext_lazy("touchpoints"),
    "contacts.agendaitem.account": None,
    "accounts.recentproductline.account": None,
}


def compare_accounts(
    *, kept: Account, duplicate: Account, chosen: Mapping[str, str], reader: User, on: dt.date
) -> Comparison:
    """What merging the duplicate into the kept account would do. A fixed number of queries."""
    names = Names(
        users=dict(
            User.objects.filter(pk__in=[pk for pk in (kept.owner_id, duplicate.owner_id) if pk]).values_list(
                "pk", "name"
            )
        ),
        accounts=dict(
            Account.objects.visible_to(reader, on=on)
            .filter(pk__in=[pk for pk in (kept.parent_id, duplicate.parent_id) if pk])
            .values_list("pk", "name")
        ),
    )
    suggested = of_accounts.suggested(kept=kept, duplicate=duplicate)
    staying = staying_by_model(kept=kept, duplicate=duplicate)
    notes = [
        _("The number %(kept)s stays; %(other)s leads to it.") % {"kept": kept.code, "other": duplicate.code}
    ]
    if twins := of_accounts.twins(kept=kept, duplicate=duplicate).count():
        notes.append(
            _("Purchases that both have, the same in number, day and amount: %(number)d. They count once.")
            % {"number": twins}
        )
    if longer := of_accounts.renumbered(kept=kept, duplicate=duplicate).count():
        notes.append(
            _(
                "Purchases whose number the other one uses for another purchase: %(number)d. They become “%(example)s”."
            )
            % {"number": longer, "example": of_accounts.own_number("…", duplicate.code)}
        )
    for part in parts():
        notes += part.notes(kept=kept, duplicate=duplicate)
    return Comparison(
        choices=_choices(kept, duplicate, of_accounts.CHOSEN, {**suggested, **chosen}, names),
        moving=_moving(duplicate, staying=staying),
        notes=notes,
        objection=of_accounts.objection(kept=kept, duplicate=duplicate),
    )


def compare_persons(
    *, kept: ContactPerson, duplicate: ContactPerson, chosen: Mapping[str, str]
) -> Comparison:
    """What merging the duplicate into the kept person would do."""
    suggested = of_persons.suggested(kept=kept, duplicate=duplicate)
    return Comparison(
        choices=_choices(kept, duplicate, of_persons.CHOSEN, {**suggested, **chosen}, Names()),
        moving=_moving(duplicate, staying={}),
        notes=[],
        objection=of_persons.objection(kept=kept, duplicate=duplicate),
    )


def _choices(
    kept: Any, other: Any, fields: Sequence[str], picked: Mapping[str, str], names: Names
) -> list[Choice]:
    found = []
    for name in fields:
        mine, theirs = getattr(kept, name), getattr(other, name)
        if mine == theirs:
            continue
        column: Any = kept._meta.get_field(name)
        found.append(
            Choice(
                name=name,
                label=label_of(column),
                kept=in_words(column, mine, names),
                other=in_words(column, theirs, names),
                picked=picked[name] if picked[name] in (KEPT, OTHER, BOTH) else KEPT,
                may_both=name == "notes" and bool(mine and theirs),
            )
        )
    return found


def _moving(duplicate: models.Model, *, staying: Mapping[type[models.Model], models.Q]) -> list[Moving]:
    """One query, with a number for each table that refers to the duplicate."""
    numbers: dict[str, Any] = {}
    labels: dict[str, str] = {}
    for place, reference in enumerate(references(type(duplicate))):
        label = _LABELS.get(reference.label, reference.model._meta.verbose_name_plural)
        if label is None:
            continue
        rows = reference.model._base_manager.filter(**{reference.field.name: OuterRef("pk")}).order_by()
        if (stays := staying.get(reference.model)) is not None:
            rows = rows.exclude(pk__in=reference.rows(duplicate.pk).filter(stays).order_by().values("pk"))
        counted = rows.values(reference.field.name).annotate(number=Count("pk")).values("number")
        numbers[f"moving_{place}"] = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
        labels[f"moving_{place}"] = str(label)
    row = type(duplicate)._base_manager.filter(pk=duplicate.pk).values(*[]).annotate(**numbers).get()
    together: dict[str, int] = {}
    for name, label in labels.items():
        if row[name]:
            together[label] = together.get(label, 0) + row[name]
    return [Moving(label, number) for label, number in together.items()]
