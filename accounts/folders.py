"""Folders into which an ERP puts files: claimed, imported, put away.

Below settings.IMPORT_FOLDER each source has its folder, with three of ours in it:

`taken/`    files being imported, named `<uuid of the upload>--<name>`
`done/`     files that were imported, or were known already, each with a .txt that says what came of it
`refused/`  files that were not, with a .txt that says why; rejected rows lie beside either as .csv

A file is claimed by renaming it, which only one process can do, and every later step can be repeated: a look that finds
a file in `taken/` goes on from where whoever took it was killed.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
import uuid as uuids
from contextlib import suppress
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.deliveries import deliver, start_next, tell_admins
from accounts.models import ImportSource, Upload
from accounts.receiving import TooLarge, chunks_of, clean_name, path_of
from accounts.uploads import State

TAKEN, DONE, REFUSED = "taken", "done", "refused"
OURS = (TAKEN, DONE, REFUSED)
UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload")
"""Endings under which programs write what is not complete yet."""
QUIET = 60
"""Seconds without a change after which a file counts as complete."""
_LONGEST = 200  # bytes of a file's name that are kept; with our prefix it must stay below 255


def check_folder(text: str) -> str:
    """The folder as it is kept: relative to settings.IMPORT_FOLDER. Raises ValidationError for any other place."""
    parts = PurePosixPath(text.strip().replace("\\", "/")).parts
    if not parts:
        return ""
    if parts[0] == "/" or ":" in parts[0]:
        raise ValidationError(_("Write it without the beginning that is shown, for example: erp/purchases."))
    if any(part.startswith(".") or not part.isprintable() for part in parts):
        raise ValidationError(_("A folder's name may not begin with a dot."))
    if any(part in OURS for part in parts):
        raise ValidationError(
            _("%(names)s are folders of Opieka's own. Take another name.") % {"names": ", ".join(OURS)}
        )
    root = Path(settings.IMPORT_FOLDER).resolve()
    if not root.joinpath(*parts).resolve().is_relative_to(root):  # a link that leads elsewhere
        raise ValidationError(_("This folder leads outside %(root)s.") % {"root": root})
    return "/".join(parts)


def folder_of(source: ImportSource) -> Path:
    """Where the files of a source lie; absolute."""
    return Path(settings.IMPORT_FOLDER).resolve().joinpath(*PurePosixPath(source.folder).parts)


def make_folder(source: ImportSource) -> None:
    """Make the folder and ours in it. Raises OSError."""
    for name in OURS:
        (folder_of(source) / name).mkdir(parents=True, exist_ok=True)


# Looking ------------------------------------------------------------------------------------------------------------
def look(*, now: dt.datetime) -> dict[str, int]:
    """Look into the folder of every active source once: claim what is complete, go on with what was left lying.

    Returns how many files were taken and put away. Folders that cannot be read are left for the next time, and counted.
    """
    found = {"taken": 0, "put_away": 0, "unreadable": 0}
    for source in ImportSource.objects.select_related("preset").filter(active=True).order_by("pk"):
        if source.folder:
            try:
                make_folder(source)
                found["put_away"] += _go_on(source, now=now)
                found["taken"] += _claim_complete(source, now=now)
            except OSError:
                found["unreadable"] += 1
        start_next(source=source, now=now)
    return found


def _claim_complete(source: ImportSource, *, now: dt.datetime) -> int:
    """Claim the complete files, the oldest first, and receive them; how many."""
    folder, seen, taken = folder_of(source), {}, 0
    files = []
    for entry in os.scandir(folder):
        if entry.name.startswith((".", "~")) or entry.name.lower().endswith(UNFINISHED):
            continue
        # A link could lead to any file of the machine.
        if entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                files.append((entry.stat(follow_symlinks=False), entry.name))
    for stat, name in sorted(files, key=lambda file: (file[0].st_mtime_ns, file[1])):
        mark = [stat.st_size, stat.st_mtime_ns]
        quiet = time.time() - stat.st_mtime
        if quiet >= QUIET or source.seen.get(name) == mark:
            claimed = folder / TAKEN / f"{uuids.uuid4()}--{_short(name)}"
            with suppress(FileNotFoundError):  # taken away, or claimed by another look
                os.rename(folder / name, claimed)
                _receive(source, claimed, now=now)
                taken += 1
        else:
            seen[name] = mark
    if seen != source.seen:
        ImportSource.objects.filter(pk=source.pk).update(seen=seen)
    return taken


def _short(name: str) -> str:
    """The end of a name, where the day usually is, short enough for our prefix."""
    return os.fsencode(name)[-_LONGEST:].decode(errors="ignore")


def _receive(source: ImportSource, claimed: Path, *, now: dt.datetime) -> None:
    identity, name = _parts_of(claimed.name)
    try:
        with claimed.open("rb") as file:
            upload = deliver(source=source, chunks=chunks_of(file), file_name=name, now=now, uuid=identity)
    except TooLarge as problem:
        upload = Upload(
            uuid=identity, kind=source.kind, source=source, file_name=clean_name(name), state=State.REFUSED,
            size=claimed.stat().st_size, problem=str(problem), received_at=now, removed_at=now,
        )  # fmt: skip
        with suppress(IntegrityError):
            upload.save(force_insert=True)
            tell_admins(upload)
        put_away(upload)


def _parts_of(name: str) -> tuple[uuids.UUID, str]:
    """The upload and the first name of a claimed file. Raises ValueError for a name that is not ours."""
    identity, _separator, rest = name.partition("--")
    return uuids.UUID(identity), rest


def _go_on(source: ImportSource, *, now: dt.datetime) -> int:
    """Go on with what lies in `taken/`: receive what has no upload yet, put away what has ended; how many of those."""
    put = 0
    for claimed in sorted((folder_of(source) / TAKEN).iterdir(), key=lambda path: path.stat().st_mtime_ns):
        try:
            identity, _name = _parts_of(claimed.name)
        except ValueError:
            continue  # somebody else's; not ours to touch
        upload = Upload.objects.filter(uuid=identity).first()
        if upload is None:
            _receive(source, claimed, now=now)
        elif upload.state != State.IMPORTING:
            put += put_away(upload)
    return put


# Putting away -------------------------------------------------------------------------------------------------------
def put_away(upload: Upload) -> bool:
    """Move the file of a delivery that has ended to `done/` or `refused/`, its words and rejected rows beside it.

    The file itself goes last, so that a process that is killed before is followed by one that does it all again.
    False where the upload came another way, or another process was quicker.
    """
    source = upload.source
    if source is None or not source.folder or upload.state in (State.IMPORTING, State.CHECKING):
        return False
    folder = folder_of(source)
    claimed = next((folder / TAKEN).glob(f"{upload.uuid}--*"), None)
    if claimed is None:
        return False
    name = claimed.name.partition("--")[2]
    moment = timezone.localtime(upload.received_at)
    target = folder / (DONE if upload.state in (State.DONE, State.KNOWN) else REFUSED)
    target.mkdir(exist_ok=True)
    away = target / f"{moment:%Y%m%d-%H%M%S}-{str(upload.uuid)[:8]}-{name}"
    if upload.rejected_as:
        with suppress(FileNotFoundError):
            shutil.copyfile(path_of(upload.rejected_as), away.with_name(f"{away.name}.rejected.csv"))
    away.with_name(f"{away.name}.txt").write_text(_words(upload), encoding="utf-8")
    try:
        os.replace(claimed, away)
    except FileNotFoundError:
        return False
    return True


def _words(upload: Upload) -> str:
    """What came of a delivery, for whoever looks into the folder."""
    lines = [f"{upload.file_name}: {upload.get_state_display()}"]
    if upload.problem:
        lines.append(upload.problem)
    for name, label in (
        ("rows_read", _("Rows read")),
        ("rows_taken", _("Rows taken")),
        ("rows_rejected", _("Rows rejected")),
    ):
        if name in upload.summary:
            lines.append(f"{label}: {upload.summary[name]}")
    return "\n".join(lines) + "\n"
