"""Taking an import back: what it created goes, what it changed goes back, unless it has been used since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from accounts.facts import refresh_facts
from accounts.importing.aftermath import tell_imported, tell_planning, tidy_up
from accounts.importing.reasons import ImportRefused
from accounts.importing.staging import drop, write_alone
from accounts.importing.undo_finding import MODELS, Finder, Kept
from accounts.importing.undo_order import cannot_be_undone, later_imports
from accounts.importing.undo_writing import Writer
from accounts.models import Import
from crm.team.models import User


@dataclass(frozen=True)
class Undone:
    """What came of taking an import back; of a dry run, what would."""

    dry_run: bool
    removed: dict[str, int] = field(default_factory=dict)
    """`ImportedRow.Target` -> rows that the import had created and that are gone."""
    restored: dict[str, int] = field(default_factory=dict)
    """Target -> rows that are again as they were before the import."""
    kept: list[Kept] = field(default_factory=list)
    """What stays because it has been used or changed since, by reason."""
    first: list[Import] = field(default_factory=list)
    """Where all of it stays: the imports to take back before, the latest first."""

    @property
    def all_stays(self) -> bool:
        """Whether it would take nothing back, because all of it has been used or changed since."""
        return bool(self.kept) and not (self.removed or self.restored)

    @property
    def nothing(self) -> bool:
        """Whether there was nothing to take back: undone before, or it had changed nothing."""
        return not (self.removed or self.restored or self.kept)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dry_run": self.dry_run,
            "removed": self.removed,
            "restored": self.restored,
            "kept": [
                {
                    "target": kept.target,
                    "reason": kept.reason,
                    "count": kept.count,
                    "examples": list(kept.examples),
                }
                for kept in self.kept
            ],
        }


def undo_import(
    *, imported: Import, actor: User | None, now: dt.datetime, today: dt.date, dry_run: bool = False
) -> Undone:
    """Take back what an import wrote, in one transaction: all of it that has not been used since.

    What it created goes, unless somebody edited it or anything refers to it that came later: a contact, a complaint,
    another import's purchase, a tier computed. What jobs made by themselves of it goes along. What it changed goes
    back to what it was, unless one of the changed fields was changed again; a purchase that a later import changed
    stays, and that import is to be taken back first. Facts are reckoned anew, planning is told.

    Where all of it would stay it raises ImportRefused, with nothing written; a dry run says so by `all_stays`. A second
    time nothing is left to take back. To have it again, import the file again. dry_run: find the same and
    write nothing. actor: who asked, None for the command line.
    """
    with write_alone(), connection.cursor() as cursor:
        current = Import.objects.select_for_update().get(pk=imported.pk)
        if current.undone_at is not None:
            return Undone(dry_run=dry_run)
        _drop()
        finder = Finder(cursor, current, lock=not dry_run)
        finder.find()
        undone = Undone(
            dry_run=dry_run,
            removed=finder.counts("gone"),
            restored=finder.counts("back"),
            kept=finder.kept,
        )
        if undone.all_stays:
            undone.first.extend(later_imports(current))
            if not dry_run:
                raise ImportRefused(cannot_be_undone(undone.kept, undone.first))
        cursor.execute("SELECT id FROM back_account")
        changed = [account_id for (account_id,) in cursor.fetchall()]
        if not dry_run:
            touched = _touched(cursor)
            note = _("Import of %(file)s undone") % {"file": current.file_name}
            Writer(cursor, current, actor=actor, now=now, note=note).write()
            current.undone_at, current.undone_by = now, actor
            current.save(update_fields=["undone_at", "undone_by"])
            refresh_facts(today=today, account_ids=touched)
        _drop()
    if not dry_run:
        rows = sum(undone.removed.values()) + sum(undone.restored.values())
        tidy_up(tables=("accounts_account", "accounts_purchase", "accounts_purchaseline"), rows=rows)
        tell_planning(account_ids=changed, today=today, now=now)
        tell_imported(import_id=current.pk, undone=True, today=today, now=now)
    return undone


def _touched(cursor: Any) -> list[int]:
    """The accounts whose purchases go or go back."""
    cursor.execute(
        "SELECT DISTINCT p.account_id FROM accounts_purchase p WHERE p.id IN"
        " (SELECT id FROM gone_purchase UNION ALL SELECT id FROM back_purchase)"
    )
    return [account_id for (account_id,) in cursor.fetchall()]


def _drop() -> None:
    drop(*(f"{prefix}_{target}" for prefix in ("gone", "back") for target in MODELS))
