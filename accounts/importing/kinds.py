"""What every kind of file is to the verb that imports it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.db import connection

from accounts.importing.fields import Columns
from accounts.importing.reading import Table
from accounts.importing.recognising import ReadingOptions
from accounts.importing.spool import Spool
from accounts.importing.staging import Report, settle
from accounts.importing.summary import Difference
from accounts.models import Import
from crm.team.models import User


@dataclass(frozen=True)
class Task:
    """What one import was asked, and what it works with."""

    table: Table
    columns: Columns
    spool: Spool
    options: ReadingOptions
    create_accounts: bool
    actor: User | None
    now: dt.datetime
    today: dt.date
    report: Report


class Bringing:
    """One import of a kind of file, in the order in which its methods are called: all but `write` outside transactions.

    `compare` is called again in the writing transaction, right before `write`. After `Overtaken` or an IntegrityError
    the transaction is tried again.
    """

    written: ClassVar[tuple[str, ...]] = ()
    """Tables that it fills, for the database's statistics."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.rows_read = self.rows_taken = 0
        self.total_cents = 0
        """Sum over the purchases taken."""
        self.unknown_owners: list[str] = []
        self.warnings: list[tuple[int, str]] = []
        """(line, words): rows that were taken although somebody should look at them."""
        self.changed_accounts: Sequence[int] = ()
        """Accounts of which something changed that contact planning reads."""

    def check(self) -> None:
        """Refuse what needs no look into the file. Raises ImportRefused."""

    def gather(self) -> None:
        """Read the whole file into the spool, and reject what cannot be taken."""
        raise NotImplementedError

    def stage(self) -> None:
        """Fill temporary tables with what was taken."""
        raise NotImplementedError

    def compare(self) -> Difference:
        """Count what is new and what differs from what stands."""
        raise NotImplementedError

    def write(self, run: Import, note: str) -> None:
        """Write what `compare` found, and note it for undo. Raises Overtaken."""
        raise NotImplementedError

    def drop(self) -> None:
        """Take the temporary tables away."""
        raise NotImplementedError

    def settle(self) -> None:
        """What reads the written rows next (facts, tiering) must not be planned as if they were not there yet."""
        with connection.cursor() as cursor:
            settle(cursor, *self.written)
