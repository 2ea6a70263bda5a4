"""The list of rejected rows: a CSV file that can be corrected and imported alone (docs/domain.md, section 10)."""

from __future__ import annotations

import csv
import datetime as dt
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.importing.reasons import ImportRefused
from accounts.importing.recognising import ReadingOptions
from accounts.importing.spool import Spool

LINE, REASON = "line", "reason"
"""The columns before those of the source. A later import has no field of these names, and reads over them."""


def delimiter_of_list(first: str) -> str:
    """The delimiter of a list of rejected rows by its first line; empty where it is no such list."""
    delimiter = first[len(LINE) :][:1]
    begins = first.casefold().startswith(f"{LINE}{delimiter}{REASON}")
    return delimiter if begins and delimiter in ReadingOptions.CHOICES["delimiter"] else ""


def list_rejects(
    *,
    header: list[str],
    delimiter: str,
    spool: Spool,
    source: Path,
    file_name: str,
    asked: Path | None,
    dry_run: bool,
    now: dt.datetime,
) -> Path | None:
    """Write the rejected rows as CSV: line of the file, reason, the row. Raises ImportRefused if that fails.

    In UTF-8 with the mark in front that Excel needs to see it. delimiter: of the source, empty for a comma: what wrote
    the source, or the Excel of its country, opens the list, too.

    asked: where to; None: under VAR_DIR/imports, if there are any and it is no dry run. Complete before anything is
    written to the database, so that no rejection is ever lost. Returns where they are listed, None if nowhere.

    A list of rejected rows that is imported again keeps one pair of the two columns: the new one.
    """
    if asked is None:
        if dry_run or not spool.reject_counts():
            return None
        stem = file_name.removesuffix(".gz").removesuffix(".csv").removesuffix(".xlsx")
        stem = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in stem)[:100]
        moment = timezone.localtime(now)
        folder = Path(settings.VAR_DIR) / "imports"
        asked = folder / f"{stem}-{moment:%Y%m%d-%H%M%S}-{os.getpid()}-rejected.csv"
        folder.mkdir(parents=True, exist_ok=True)
    elif asked.exists() and asked.samefile(source):
        raise ImportRefused(_("--rejected names the file that is imported; name another."))
    skipped = 2 if [name.casefold() for name in header[:2]] == [LINE, REASON] else 0
    try:
        handle, draft = tempfile.mkstemp(prefix=".rejected-", dir=asked.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as out:
                writer = csv.writer(out, delimiter=delimiter or ",", lineterminator="\n")
                writer.writerow([LINE, REASON, *header[skipped:]])
                writer.writerows([line, words, *values[skipped:]] for line, words, values in spool.rejects())
            os.chmod(draft, 0o644)
            os.replace(draft, asked)
        except BaseException:
            os.unlink(draft)
            raise
    except OSError as error:
        raise ImportRefused(
            _("The rejected rows cannot be listed in %(file)s: %(reason)s.")
            % {"file": asked, "reason": error.strerror}
        ) from error
    return asked
