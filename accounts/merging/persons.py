"""Two persons of one account become one, and two again (docs/domain.md, section 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.merging.accounts import KEPT, OTHER, CannotMerge, CannotUndo, claim
from accounts.merging.moving import PutBack, Recorder, put_back, references
from accounts.models import Acquaintance, ContactPerson, Merge
from accounts.recording import begin_history
from crm.team.models import User

CHOSEN = (
    "name",
    "position",
    "buying_role",
    "influence",
    "phone",
    "email",
    "preferred_channel",
    "preferred_times",
    "language",
    "birthday",
    "name_day",
    "consents_to_mail",
    "consents_to_calls",
    "consents_to_greetings",
    "consent_recorded_on",
    "left_on",
)
"""The attributes of a person for which somebody says whose value stays."""

# A consent is never given by a merge: it stays as the kept person's row has it, unless somebody chooses.
_NEVER_BY_ITSELF = frozenset(name for name in CHOSEN if name.startswith("consent")) | {"left_on"}


def objection(*, kept: ContactPerson, duplicate: ContactPerson) -> str:
    """Why the two cannot be merged, in words; "" where they can."""
    if kept.pk == duplicate.pk:
        return _("A person cannot be merged with themselves.")
    if kept.account_id != duplicate.account_id:
        return _("They are at two accounts. Merge the accounts first.")
    for person in (kept, duplicate):
        if person.merged_into_id is not None:
            return _("%(person)s was merged already.") % {"person": person.name}
    return ""


def suggested(*, kept: ContactPerson, duplicate: ContactPerson) -> dict[str, str]:
    """Whose value stays where nobody chose: the kept one's, but the other's where the kept one has none.

    Consents and the day of leaving are never taken over unasked.
    """
    return {
        name: OTHER
        if name not in _NEVER_BY_ITSELF and getattr(duplicate, name) and not getattr(kept, name)
        else KEPT
        for name in CHOSEN
    }


@transaction.atomic
def merge_persons(
    *,
    kept: ContactPerson,
    duplicate: ContactPerson,
    chosen: Mapping[str, str],
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> Merge:
    """Bring `duplicate` into `kept`: their contacts, promises and acquaintances; who is first to contact stays so.

    As `merge_accounts` otherwise. Raises CannotMerge, with words for the user.
    """
    rows = {
        row.pk: row
        for row in ContactPerson.objects.select_for_update()
        .filter(pk__in=[kept.pk, duplicate.pk])
        .order_by("pk")
    }
    kept, duplicate = rows[kept.pk], rows[duplicate.pk]
    if why_not := objection(kept=kept, duplicate=duplicate):
        raise CannotMerge(why_not)
    begin_history(ContactPerson, [kept.pk, duplicate.pk])
    record = Recorder()
    choice = {**suggested(kept=kept, duplicate=duplicate), **{k: v for k, v in chosen.items() if k in CHOSEN}}
    values: dict[str, Any] = {
        name: getattr(duplicate, name) for name, side in choice.items() if side == OTHER
    }
    for row in (kept, duplicate):
        row._history_user, row._history_date = actor, now  # type: ignore[attr-defined]
    _know_best(kept, duplicate, record)
    for reference in references(ContactPerson):
        record.move(reference, source=duplicate.pk, target=kept.pk)
    was_main = duplicate.is_main or kept.is_main
    record.write(duplicate, is_main=False, merged_into_id=kept.pk)
    left = values.get("left_on", kept.left_on) is not None
    record.write(kept, **values, is_main=was_main and not left)
    return Merge.objects.create(
        kept_account_id=kept.account_id,
        merged_account_id=kept.account_id,
        kept_person=kept,
        merged_person=duplicate,
        steps=record.steps,
        actor=actor,
        at=now,
    )


def undo_merge(*, merge: Merge, actor: User, today: dt.date, now: dt.datetime) -> PutBack:
    """Take a merge of persons back, as `accounts.merging.accounts.undo_merge` does. Raises CannotUndo."""
    try:
        with transaction.atomic():
            merge = claim(merge, actor=actor, now=now)
            merged = ContactPerson.objects.select_for_update().get(merges=merge)
            if merged.merged_into_id is None or merged.merged_into_id != merge.kept_person_id:
                raise CannotUndo(_("They were merged further since. Take that back first."))
            return put_back(
                merge.steps,
                source=merged.pk,
                target=merged.merged_into_id,
                history={"_history_user": actor, "_history_date": now},
            )
    except IntegrityError as error:
        raise CannotUndo(
            _("Not taken back: what was added since stands in the way. Both persons stay as they are.")
        ) from error


def _know_best(kept: ContactPerson, duplicate: ContactPerson, record: Recorder) -> None:
    """Who of us knows both knows the one as well as the better known of the two."""
    other = dict(Acquaintance.objects.filter(person=duplicate).values_list("user_id", "strength"))
    for known in Acquaintance.objects.filter(person=kept, user__in=other):
        record.write(known, strength=max(known.strength, other[known.user_id]))
