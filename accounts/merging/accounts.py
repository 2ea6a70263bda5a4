"""Two accounts become one, and two again (docs/domain.md, section 9; docs/adr/008-merging-duplicates.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.facts import refresh_facts
from accounts.merging.moving import PutBack, Recorder, Reference, put_back, references
from accounts.merging.parts import parts, staying_by_model
from accounts.models import Account, ContactPerson, Merge, Purchase
from accounts.recording import begin_history, write_history
from crm.team.models import User

KEPT, OTHER, BOTH = "kept", "other", "both"

CHOSEN = (
    "name",
    "tax_number",
    "country",
    "city",
    "postal_code",
    "address",
    "phone",
    "email",
    "website",
    "language",
    "owner_id",
    "parent_id",
    "strategy_goal",
    "service_level",
    "character",
    "seasonal",
    "potential_cents",
    "expected_orders_per_year",
    "notes",
)
"""The attributes of an account for which a person says whose value stays. The code is none: the kept one's stays."""

# What of the moved rows has a history of its own edits, which an undo of an edit reads.
_WITH_HISTORY = (Account, ContactPerson)


class CannotMerge(Exception):
    """These two cannot be one; the text says why, for the user."""


class CannotUndo(Exception):
    """The merge cannot be taken back any more; the text says why, for the user."""


def own_number(number: str, code: str) -> str:
    """The number of a purchase of a duplicate that the kept account uses for another one: "FV/1 (K7)"."""
    return f"{number} ({code})"


def twins(*, kept: Account, duplicate: Account) -> Any:
    """Purchases of the duplicate that the kept one has too: same number, day, currency and amount.

    They are one purchase that came twice; they stay with the archived account, so that nothing counts twice.
    """
    theirs = Purchase.objects.order_by().filter(account=kept, number=OuterRef("number"))
    same = theirs.filter(
        ordered_on=OuterRef("ordered_on"), currency=OuterRef("currency"), amount=OuterRef("amount")
    )
    return Purchase.objects.filter(Exists(same), account=duplicate)


def renumbered(*, kept: Account, duplicate: Account) -> Any:
    """Purchases of the duplicate whose number the kept one uses for another purchase: they move with a longer one."""
    theirs = Purchase.objects.order_by().filter(account=kept, number=OuterRef("number"))
    return Purchase.objects.filter(Exists(theirs), account=duplicate).exclude(
        pk__in=twins(kept=kept, duplicate=duplicate).order_by().values("pk")
    )


def objection(*, kept: Account, duplicate: Account) -> str:
    """Why the two cannot be merged, in words; "" where they can."""
    if kept.pk == duplicate.pk:
        return _("An account cannot be merged with itself.")
    if duplicate.merged_into_id is not None:
        return _("%(account)s was merged already.") % {"account": duplicate.name}
    if kept.merged_into_id is not None:
        return _("%(account)s was merged into another account; merge with that one.") % {"account": kept.name}
    if kept.archived_at is not None:
        return _("%(account)s is archived. Bring it back first, or keep the other one.") % {
            "account": kept.name
        }
    if duplicate.pk in _above(kept.pk)[1:]:
        return _("%(account)s is a site of a site of the other one. Keep the one that stands above.") % {
            "account": kept.name
        }
    longest = Purchase._meta.get_field("number").max_length or 0
    for number in renumbered(kept=kept, duplicate=duplicate).values_list("number", flat=True):
        if len(own_number(number, duplicate.code)) > longest:
            return _(
                "Both have a purchase number %(number)s, for different purchases, too long to be told apart."
            ) % {"number": number}
    return ""


def suggested(*, kept: Account, duplicate: Account) -> dict[str, str]:
    """Whose value stays where nobody chose: the kept one's, but the other's where the kept one has none."""
    found = {}
    for name in CHOSEN:
        mine, theirs = getattr(kept, name), getattr(duplicate, name)
        found[name] = OTHER if theirs and not mine else KEPT
    if kept.notes and duplicate.notes and kept.notes.strip() != duplicate.notes.strip():
        found["notes"] = BOTH
    if kept.parent_id == duplicate.pk:
        found["parent_id"] = OTHER
    return found


@transaction.atomic
def merge_accounts(
    *,
    kept: Account,
    duplicate: Account,
    chosen: Mapping[str, str],
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> Merge:
    """Bring `duplicate` into `kept`: everything that refers to it moves, it is archived and leads to the kept one.

    chosen: by attribute of CHOSEN whose value stays, KEPT, OTHER or (notes) BOTH; what is not named is as suggested.
    The caller has found both through `editable_by`. Raises CannotMerge, with words for the user.
    """
    for part in parts():
        part.begin(kept=kept, duplicate=duplicate)
    rows = {
        row.pk: row
        for row in Account.objects.select_for_update().filter(pk__in=[kept.pk, duplicate.pk]).order_by("pk")
    }
    kept, duplicate = rows[kept.pk], rows[duplicate.pk]
    if why_not := objection(kept=kept, duplicate=duplicate):
        raise CannotMerge(why_not)
    begin_history(Account, [kept.pk, duplicate.pk])
    record = Recorder()
    values = _values(kept, duplicate, chosen)
    _prepare(kept, duplicate, record, actor, now)
    for part in parts():
        part.before(kept=kept, duplicate=duplicate, record=record, now=now)
    staying = staying_by_model(kept=kept, duplicate=duplicate)
    for reference in references(Account):
        rows_of_it = staying.get(reference.model)
        if reference.model in _WITH_HISTORY:
            begin_history(reference.model, list(reference.rows(duplicate.pk).values_list("pk", flat=True)))
        if reference.field.name == "merged_into" or reference.model is not Account:
            ids = record.move(reference, source=duplicate.pk, target=kept.pk, staying=rows_of_it)
            _note_history(reference, ids, actor, now)
        else:  # sites of the duplicate become sites of the kept one, but nothing becomes a site of itself
            _move_sites(reference, kept, duplicate, record, actor, now)
    for row in (kept, duplicate):
        row._history_user, row._history_date = actor, now  # type: ignore[attr-defined]
    record.write(kept, **values)
    record.write(duplicate, archived_at=duplicate.archived_at or now, merged_into_id=kept.pk)
    _settle(kept, duplicate, today=today, now=now)
    for part in parts():
        part.merged(kept=kept, duplicate=duplicate, record=record, actor=actor, today=today, now=now)
    return Merge.objects.create(
        kept_account=kept, merged_account=duplicate, steps=record.steps, actor=actor, at=now
    )


def undo_merge(*, merge: Merge, actor: User, today: dt.date, now: dt.datetime) -> PutBack:
    """Take a merge of accounts back: what moved goes back, what was changed becomes what it was, unless changed since.

    Raises CannotUndo, with words for the user; nothing is changed then.
    """
    try:
        with transaction.atomic():
            return _undo(merge, actor=actor, today=today, now=now)
    except IntegrityError as error:
        raise CannotUndo(
            _("Not taken back: what was added since stands in the way. Both accounts stay as they are.")
        ) from error


def _undo(merge: Merge, *, actor: User, today: dt.date, now: dt.datetime) -> PutBack:
    kept, duplicate = merge.kept_account, merge.merged_account
    for part in parts():
        part.begin(kept=kept, duplicate=duplicate)
    merge = claim(merge, actor=actor, now=now)
    rows = {
        row.pk: row
        for row in Account.objects.select_for_update().filter(pk__in=[kept.pk, duplicate.pk]).order_by("pk")
    }
    kept, duplicate = rows[kept.pk], rows[duplicate.pk]
    if duplicate.merged_into_id != kept.pk:
        raise CannotUndo(
            _("%(account)s was merged further since. Take that back first.") % {"account": kept.name}
        )
    done = put_back(
        merge.steps,
        source=duplicate.pk,
        target=kept.pk,
        history={"_history_user": actor, "_history_date": now},
    )
    for reference in references(Account):
        _note_history(reference, done.moved.get(reference.label, ()), actor, now)
    kept.refresh_from_db()
    duplicate.refresh_from_db()
    _settle(kept, duplicate, today=today, now=now)
    for part in parts():
        part.parted(kept=kept, duplicate=duplicate, merged_at=merge.at, actor=actor, today=today, now=now)
    return done


def claim(merge: Merge, *, actor: User, now: dt.datetime) -> Merge:
    """The merge, marked as undone by this transaction. Raises CannotUndo where somebody was quicker."""
    if not Merge.objects.filter(pk=merge.pk, undone_at=None).update(undone_at=now, undone_by=actor):
        raise CannotUndo(_("This merge was taken back already."))
    return Merge.objects.get(pk=merge.pk)


def _values(kept: Account, duplicate: Account, chosen: Mapping[str, str]) -> dict[str, Any]:
    """By attribute what the kept account shall have. Whatever is chosen, it is no site of itself."""
    choice = {**suggested(kept=kept, duplicate=duplicate), **{k: v for k, v in chosen.items() if k in CHOSEN}}
    values = {name: getattr(duplicate, name) for name, side in choice.items() if side == OTHER}
    if choice["notes"] == BOTH:
        values["notes"] = "\n\n".join(part for part in (kept.notes.strip(), duplicate.notes.strip()) if part)
    parent = values.get("parent_id", kept.parent_id)
    if parent == duplicate.pk:
        parent = duplicate.parent_id
    if parent is not None and kept.pk in (parent, *_above(parent)):
        parent = kept.parent_id if kept.parent_id != duplicate.pk else None
    values["parent_id"] = parent
    return values


def _above(pk: int) -> list[int]:
    """The ids of the account's parent, its parent, and so on."""
    found: list[int] = []
    above = Account.objects.filter(pk=pk).values_list("parent_id", flat=True).first()
    while above is not None and above not in found:
        found.append(above)
        above = Account.objects.filter(pk=above).values_list("parent_id", flat=True).first()
    return found


def _prepare(kept: Account, duplicate: Account, record: Recorder, actor: User, now: dt.datetime) -> None:
    """What must be different before rows can move: one first person, no two purchases of one number."""
    first = ContactPerson.objects.filter(account=duplicate, is_main=True).first()
    if first is not None and ContactPerson.objects.filter(account=kept, is_main=True).exists():
        begin_history(ContactPerson, [first.pk])
        first._history_user, first._history_date = actor, now  # type: ignore[attr-defined]
        record.write(first, is_main=False)
    for purchase in renumbered(kept=kept, duplicate=duplicate):
        record.write(purchase, number=own_number(purchase.number, duplicate.code))
    _follow_twins(kept, duplicate, record)


def _follow_twins(kept: Account, duplicate: Account, record: Recorder) -> None:
    """What hangs on a purchase that came twice (a complaint) hangs on the kept account's one from now on."""
    same = Purchase.objects.filter(
        account=kept,
        number__in=twins(kept=kept, duplicate=duplicate).order_by().values("number"),
    )
    by_number = dict(same.values_list("number", "pk"))
    for reference in references(Purchase):
        if reference.field.null:  # what cannot be without it (its lines) stays with it
            of_twins = reference.model._base_manager.filter(
                **{
                    f"{reference.field.name}__in": twins(kept=kept, duplicate=duplicate)
                    .order_by()
                    .values("pk")
                }
            ).annotate(twin_number=F(f"{reference.field.name}__number"))
            for row in of_twins.order_by("pk"):
                record.write(row, **{reference.field.attname: by_number[row.twin_number]})


def _move_sites(
    reference: Reference,
    kept: Account,
    duplicate: Account,
    record: Recorder,
    actor: User,
    now: dt.datetime,
) -> None:
    for site in reference.rows(duplicate.pk).exclude(pk=kept.pk):
        site._history_user, site._history_date = actor, now
        record.write(site, **{reference.field.attname: kept.pk})


def _note_history(reference: Reference, ids: Any, actor: User, now: dt.datetime) -> None:
    if ids and reference.model in _WITH_HISTORY:
        write_history(reference.model, ids, actor=actor, now=now)


def _settle(kept: Account, duplicate: Account, *, today: dt.date, now: dt.datetime) -> None:
    """Facts of both, and on commit their contact plans (settings.ACCOUNT_CHANGED)."""
    ids = sorted([kept.pk, duplicate.pk])
    refresh_facts(today=today, account_ids=ids)
    for path in settings.ACCOUNT_CHANGED:
        transaction.on_commit(partial(import_string(path), account_ids=ids, today=today, now=now))
