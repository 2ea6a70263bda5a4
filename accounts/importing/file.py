"""The one verb for all kinds: a file into the database (docs/domain.md, section 10)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.importing.aftermath import tell_imported, tell_planning, tidy_up
from accounts.importing.customers import Accounts, Persons
from accounts.importing.fields import find_columns
from accounts.importing.kinds import Bringing, Task
from accounts.importing.products import Products
from accounts.importing.purchases import Purchases
from accounts.importing.reading import open_table
from accounts.importing.reasons import ImportRefused
from accounts.importing.recognising import ReadingOptions
from accounts.importing.rejects import list_rejects
from accounts.importing.spool import open_spool
from accounts.importing.staging import Overtaken, Report, write_alone
from accounts.importing.summary import Difference, Summary
from accounts.models import Import, ImportKind
from crm.team.models import User

KINDS: dict[ImportKind, type[Bringing]] = {
    ImportKind.ACCOUNTS: Accounts,
    ImportKind.PERSONS: Persons,
    ImportKind.PRODUCTS: Products,
    ImportKind.PURCHASES: Purchases,
}

_ATTEMPTS = 3
_FIRST = 5  # rejected rows, or rows with a warning, that a summary names


def import_file(
    *,
    kind: ImportKind,
    file: Path,
    file_name: str = "",
    options: ReadingOptions | None = None,
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
    read; None: recognised. preset: a name in PRESETS, or empty. mapping: field -> column, stronger than the preset.
    create_accounts: for purchases and persons, make an account for a code that has none (name = code); otherwise the
    rows are rejected. dry_run: find the same and write nothing. rejected: where to list the rejected rows; None: under
    VAR_DIR/imports, if there are any and it is no dry run. actor: who asked, None for the command line.
    report(done, total): called every few thousand rows, outside the transaction that writes; total is None while the
    file is read for the first time. What it raises stops the import, with nothing written.

    Only one import writes at a time; others wait. Killed at any moment, it leaves nothing behind in the database.
    Raises ImportRefused, with nothing written. A file of whose rows none could be taken writes nothing either; its
    summary says so (`took_nothing`).
    """
    began = time.monotonic()
    options = options or ReadingOptions()
    file_name = file_name or file.name
    with open_table(file, options) as table, open_spool() as spool:
        columns = find_columns(
            header=table.header, kind=kind, preset=preset, mapping=mapping, header_line=table.header_line
        )
        bringing = KINDS[kind](
            Task(
                table=table,
                columns=columns,
                spool=spool,
                options=options,
                create_accounts=create_accounts,
                actor=actor,
                now=now,
                today=today,
                report=report or _silent,
            )
        )
        bringing.check()
        bringing.gather()
        rejects = spool.reject_counts()
        rejected_file = list_rejects(
            header=table.header,
            delimiter=table.recognised.delimiter,
            spool=spool,
            source=file,
            file_name=file_name,
            asked=rejected,
            dry_run=dry_run,
            now=now,
        )
        run = Import(
            kind=kind,
            file_name=file_name[-255:],
            sha256=table.sha256(),
            preset=preset,
            mapping=dict(columns.names),
            rows_read=bringing.rows_read,
            rows_taken=bringing.rows_taken,
            rows_rejected=sum(rejects.values()),
            started_at=now,
            started_by=actor,
        )

        def summary(difference: Difference) -> Summary:
            return Summary(
                kind=kind,
                file_name=run.file_name,
                dry_run=dry_run,
                currency=settings.BASE_CURRENCY,
                rows_read=run.rows_read,
                rows_taken=run.rows_taken,
                rejected=rejects,
                first_rejects=[(line, words) for line, words, _row in islice(spool.rejects(), _FIRST)],
                created=difference.created,
                changed=difference.changed,
                unchanged=difference.unchanged,
                accounts_created=difference.accounts,
                products_created=difference.products,
                owners_set=difference.owners,
                tags_created=difference.tags,
                product_lines_created=difference.product_lines,
                total_cents=bringing.total_cents,
                unknown_owners=bringing.unknown_owners,
                warnings=len(bringing.warnings),
                first_warnings=bringing.warnings[:_FIRST],
                number_assumed=table.recognised.number_assumed,
                dates_assumed=table.recognised.dates_assumed,
                rejected_file=rejected_file,
                import_id=run.pk,
            )

        bringing.stage()
        try:
            if dry_run or (run.rows_read and not run.rows_taken):
                return summary(bringing.compare())
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    with write_alone():
                        difference = bringing.compare()
                        run.created, run.changed = difference.created, difference.changed
                        run.unchanged = difference.unchanged
                        run.finished_at = now + dt.timedelta(seconds=time.monotonic() - began)
                        run.pk = None
                        run.save(force_insert=True)
                        bringing.write(run, _("Import of %(file)s") % {"file": run.file_name})
                        run.summary = summary(difference).as_json()
                        run.finished_at = now + dt.timedelta(seconds=time.monotonic() - began)
                        run.save(update_fields=["summary", "finished_at"])
                    tidy_up(tables=bringing.written, rows=difference.created + difference.changed)
                    tell_planning(account_ids=bringing.changed_accounts, today=today, now=now)
                    tell_imported(import_id=run.pk, undone=False, today=today, now=now)
                    return summary(difference)
                except (IntegrityError, Overtaken) as error:
                    # Somebody made or deleted an account by hand in the same moment: look again, it stands now.
                    if attempt == _ATTEMPTS:
                        raise ImportRefused(
                            _("Accounts were made or deleted while the file was read. Import it again.")
                        ) from error
            raise AssertionError("unreachable")
        finally:
            bringing.drop()


def _silent(done: int, total: int | None) -> None:
    """Nobody wants to know."""
