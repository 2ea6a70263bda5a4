"""The one verb for all kinds: a file into the database (docs/domain.md, section 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from accounts.importing.purchases import _import_purchases
from accounts.importing.reasons import ImportRefused
from accounts.importing.summary import Summary
from accounts.models.importing import ImportKind
from crm.team.models import User

Report = Callable[[int, int | None], None]
"""report(done, total): rows; total is None while the file is still read for the first time."""


def import_file(
    *,
    kind: ImportKind,
    file: Path,
    file_name: str = "",
    options: Any = None,
    preset: str = "",
    mapping: Mapping[str, str] | None = None,
    create_accounts: bool = False,
    dry_run: bool = False,
    rejected: Path | None = None,
    actor: User | None,
    now: dt.datetime,
    today: dt.date,
    report: Report | None = None,
) -> Summary:
    """Import the rows of a file, all that can be taken or, where the file as a whole cannot be read, none.

    kind: what its rows are. file_name: how it is called where it came from; empty: as `file` is. options: how it is
    read (`ReadingOptions`); None: recognised. preset: a name in PRESETS, or empty. mapping: field -> column, stronger
    than the preset. create_accounts: for purchases and persons, make an account for a code that has none (name = code);
    otherwise the rows are rejected. dry_run: find the same and write nothing. rejected: where to list the rejected
    rows; None: under VAR_DIR/imports, if there are any and it is no dry run. actor: who asked, None for the command
    line. report(done, total): called every few thousand rows, outside the transaction that writes; what it raises
    stops the import, with nothing written.

    Raises ImportRefused, with nothing written.
    """
    if kind != ImportKind.PURCHASES:
        raise ImportRefused("This kind cannot be imported yet.")
    return _import_purchases(
        file=file,
        preset=preset,
        mapping=mapping,
        create_accounts=create_accounts,
        dry_run=dry_run,
        rejected=rejected,
        actor=actor,
        now=now,
        today=today,
    )
