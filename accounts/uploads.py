"""Files brought for import: received, read in a way somebody chooses, checked, imported, discarded.

The row says how far a file got, so that nothing is lost by a reload, a sign-in that expired, or a worker that died.
The long steps are jobs (accounts/tasks.py); each is asked for once, however many press at the same time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
import uuid as uuids
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.beginnings import (
    Beginning,
    beginning_of,
    fitting,
    guessed,
    guessed_kind,
    missing,
    preset_for,
    reading_of,
)
from accounts.importing import ImportRefused, Summary, import_file
from accounts.importing.recognising import ReadingOptions
from accounts.models import Import, ImportPreset, ImportSource, Upload
from accounts.models.importing import ImportKind
from accounts.receiving import REJECTED, clean_name, forget, keep, path_of
from accounts.rejected_rows import grouped_rejects
from crm.jobs.models import Job
from crm.jobs.running import enqueue
from crm.team.models import User

CHECK, IMPORT, UNDO = "import_check", "import", "import_undo"
"""The kinds of job that accounts.tasks registers."""
KEPT_DAYS = 90
"""So long the file and its list of rejected rows are kept; the row stays."""
ORPHAN_AFTER = 24 * 60 * 60  # seconds

Report = Callable[[int, int | None], None]
State = Upload.State


class CannotDo(Exception):
    """The upload is not in a state for that. The text says why."""


# Receiving ----------------------------------------------------------------------------------------------------------
def receive(
    *, chunks: Iterable[bytes], file_name: str, kind: str = "", actor: User | None, now: dt.datetime
) -> Upload:
    """Keep a file that somebody brought, recognise how it is written, and propose which column is which field.

    kind: what its rows are; empty: guessed from its columns. A preset made from a file with the same columns is chosen.
    Raises receiving.TooLarge. A file that cannot be read is kept all the same: `looked["problem"]` says why, and
    another encoding or separator may help.
    """
    upload = Upload(file_name=clean_name(file_name), received_at=now, received_by=actor)
    kept = keep(chunks, under=upload.uuid)
    upload.stored_as, upload.size, upload.sha256 = kept.stored_as, kept.size, kept.sha256
    beginning = beginning_of(path_of(kept.stored_as), reading={})
    preset = preset_for(beginning.header, kind=kind)
    if preset is not None:
        upload.kind, upload.preset, upload.create_accounts = preset.kind, preset, preset.create_accounts
        upload.reading = reading_of(preset, beginning.header)
        if upload.reading:
            beginning = beginning_of(path_of(kept.stored_as), reading=upload.reading)
        mapping = preset.mapping
    else:
        upload.kind = kind or guessed_kind(beginning)
        mapping = guessed(upload.kind, beginning)
    upload.mapping = fitting(upload.kind, mapping, beginning.header)
    upload.looked = beginning.as_json()
    upload.save(force_insert=True)
    return upload


# Choosing -----------------------------------------------------------------------------------------------------------
def choose(
    *,
    upload: Upload,
    kind: str,
    reading: Mapping[str, str],
    mapping: Mapping[str, str],
    create_accounts: bool,
    preset: ImportPreset | None,
) -> Upload:
    """Say how the file is read and which column is which field; what was checked before another choice is void.

    A preset that was not chosen before brings its own reading, mapping and options; another kind is guessed anew.
    Raises CannotDo while it is imported and after, and ImportRefused where a reading option is not known.
    """
    if preset is not None and preset.pk != upload.preset_id:
        kind, reading, mapping, create_accounts = (
            preset.kind,
            preset.reading,
            preset.mapping,
            preset.create_accounts,
        )
    elif kind != upload.kind:
        preset = None
    reading = ReadingOptions.from_json(reading).as_json()
    beginning = Beginning.from_json(upload.looked)
    if reading != beginning.reading:
        # Outside the transaction: to open a large workbook takes a while.
        header, beginning = beginning.header, beginning_of(path_of(upload.stored_as), reading=reading)
        if beginning.header != header and not set(filter(None, mapping.values())) <= set(beginning.header):
            mapping = guessed(kind, beginning)
    if kind != upload.kind and preset is None:
        mapping = guessed(kind, beginning)
    with transaction.atomic():
        upload = _locked(upload)
        _may_change(upload)
        before = digest_of(upload)
        upload.kind, upload.preset, upload.create_accounts = kind, preset, create_accounts
        upload.reading, upload.looked = reading, beginning.as_json()
        if not beginning.problem:  # what was mapped comes back with the way of reading that fitted it
            upload.mapping = fitting(kind, mapping, beginning.header)
        if digest_of(upload) != before and upload.state != State.RECEIVED:
            upload.state, upload.summary, upload.problem, upload.checked_as = State.RECEIVED, {}, "", ""
        upload.save()
    return upload


def _locked(upload: Upload) -> Upload:
    """The row as it stands, held until the transaction ends. Raises CannotDo where it is gone."""
    found = Upload.objects.select_for_update().filter(pk=upload.pk).first()
    if found is None:
        raise CannotDo(_("Somebody has discarded this file meanwhile."))
    return found


def _may_change(upload: Upload) -> None:
    if upload.removed_at:
        raise CannotDo(
            ngettext(
                "The file was removed after %(days)d day. Upload it again.",
                "The file was removed after %(days)d days. Upload it again.",
                KEPT_DAYS,
            )
            % {"days": KEPT_DAYS}
        )
    if upload.state == State.DONE:
        raise CannotDo(_("The file is imported already."))
    if upload.state == State.IMPORTING and not _has_stopped(upload):
        raise CannotDo(_("The file is being imported."))


def _has_stopped(upload: Upload) -> bool:
    """Whether its job was given up or stopped: then it wrote nothing."""
    return upload.job is not None and upload.job.state not in Job.OPEN_STATES


def digest_of(upload: Upload) -> str:
    """A digest of everything that decides what an import of the file does."""
    mapping = {name: column for name, column in upload.mapping.items() if column}
    chosen = [upload.kind, upload.reading, mapping, upload.create_accounts]
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


# Asking for the long steps ------------------------------------------------------------------------------------------
def ask_for_check(*, upload: Upload, actor: User, now: dt.datetime) -> Job:
    """Have the file checked in the background: a dry run, which finds what the import would find.

    Raises CannotDo where a required field has no column, or it is imported already.
    """
    with transaction.atomic():
        upload = _locked(upload)
        _may_change(upload)
        _may_be_read(upload)
        digest = digest_of(upload)
        job = enqueue(
            kind=CHECK,
            key=f"upload:{upload.pk}:{digest[:16]}",
            arguments={"upload": upload.pk, "digest": digest},
            now=now,
            started_by=actor,
        )
        upload.state, upload.job, upload.checked_as = State.CHECKING, job, digest
        upload.summary, upload.problem = {}, ""
        upload.save()
    return job


def _may_be_read(upload: Upload) -> None:
    if upload.looked.get("problem"):
        raise CannotDo(upload.looked["problem"])
    if lacking := missing(upload.kind, upload.mapping):
        raise CannotDo(
            _("Say first which column holds: %(fields)s.")
            % {"fields": ", ".join(str(spec.label) for spec in lacking)}
        )


def ask_for_import(*, upload: Upload, actor: User, now: dt.datetime) -> Job:
    """Have the file imported in the background, exactly as it was checked.

    Who presses second gets the job of who pressed first. Raises CannotDo where it was not checked as it is set now.
    """
    with transaction.atomic():
        upload = _locked(upload)
        if upload.state == State.IMPORTING and upload.job and upload.job.state in Job.OPEN_STATES:
            return upload.job
        if upload.state != State.IMPORTING:
            _may_change(upload)
            if upload.state != State.CHECKED or upload.checked_as != digest_of(upload):
                raise CannotDo(_("Check the file first: what was set has changed since."))
            if not upload.summary.get("rows_taken"):
                raise CannotDo(_("No row of the file can be imported as it is set now."))
            upload.asked_at = now
        return start_import(upload, actor=actor, now=now)


def start_import(upload: Upload, *, actor: User | None, now: dt.datetime) -> Job:
    """Enqueue the import of an upload whose row is held. One that stopped before is taken up again."""
    job = enqueue(
        kind=IMPORT, key=f"upload:{upload.pk}", arguments={"upload": upload.pk}, now=now, started_by=actor
    )
    upload.state, upload.job, upload.problem = State.IMPORTING, job, ""
    upload.save()
    return job


# The long steps -----------------------------------------------------------------------------------------------------
def check(
    *,
    upload_id: int,
    digest: str,
    actor: User | None,
    now: dt.datetime,
    today: dt.date,
    report: Report,
) -> dict[str, Any]:
    """Find what an import would find, write nothing but that, and return it. The job's work; safe to repeat.

    Where somebody chose otherwise meanwhile, the result is void and dropped.
    """
    checked = Upload.objects.filter(pk=upload_id, state=State.CHECKING, checked_as=digest)
    upload = checked.select_related("preset").first()
    if upload is None:
        return {}
    try:
        summary = _import(upload, dry_run=True, actor=actor, now=now, today=today, report=report)
    except ImportRefused as refusal:
        checked.update(state=State.RECEIVED, problem=str(refusal), checked_as="")
        return {"problem": str(refusal)}
    found = _as_json(upload, summary)
    checked.update(state=State.CHECKED, summary=found, rejected_as=_rejected_as(upload, summary))
    return summary.as_json()


def run(*, upload_id: int, actor: User | None, today: dt.date, report: Report) -> Upload | None:
    """Import the file; the job's work, safe to repeat. None where there is nothing to do any more.

    A job that comes back after its worker died finds the import that was written, by when it was asked for, and only
    says so on the upload. What is refused, or of whose rows none could be taken, writes nothing: the file of a source
    is refused then, that of a person goes back to be set otherwise.
    """
    upload = Upload.objects.select_related("preset", "source", "received_by").filter(pk=upload_id).first()
    if upload is None or upload.state != State.IMPORTING or upload.asked_at is None:
        return None
    written = Import.objects.filter(
        kind=upload.kind, sha256=upload.sha256, started_at=upload.asked_at, upload__isnull=True
    ).first()
    if written is not None:
        return _end(upload, state=State.DONE, imported=written, summary=written.summary)
    back = State.REFUSED if upload.source_id else State.RECEIVED
    try:
        summary = _import(upload, dry_run=False, actor=actor, now=upload.asked_at, today=today, report=report)
    except ImportRefused as refusal:
        return _end(upload, state=back, problem=str(refusal), checked_as="")
    rejected_as = _rejected_as(upload, summary)
    if summary.import_id is None:
        problem = _("No row could be taken, and nothing was written.")
        return _end(
            upload,
            state=back,
            problem=problem,
            summary=_as_json(upload, summary),
            rejected_as=rejected_as,
            checked_as="",
        )
    return _end(
        upload,
        state=State.DONE,
        imported=Import.objects.get(pk=summary.import_id),
        summary=_as_json(upload, summary),
        rejected_as=rejected_as,
    )


def _import(
    upload: Upload,
    *,
    dry_run: bool,
    actor: User | None,
    now: dt.datetime,
    today: dt.date,
    report: Report,
) -> Summary:
    return import_file(
        kind=ImportKind(upload.kind),
        file=path_of(upload.stored_as),
        file_name=upload.file_name,
        options=ReadingOptions.from_json(upload.reading),
        preset="",
        mapping=upload.mapping,
        create_accounts=upload.create_accounts,
        dry_run=dry_run,
        rejected=path_of(str(upload.uuid)) / REJECTED,
        actor=actor,
        now=now,
        today=today,
        report=report,
    )


def _rejected_as(upload: Upload, summary: Summary) -> str:
    return f"{upload.uuid}/{REJECTED}" if summary.rows_rejected else ""


def _as_json(upload: Upload, summary: Summary) -> dict[str, Any]:
    """The summary, and with it what the list of rejected rows says, in groups: its file is not read again."""
    found = summary.as_json()
    if summary.rows_rejected:
        found["rejects"] = grouped_rejects(path_of(_rejected_as(upload, summary)))
    return found


def _end(upload: Upload, **fields: Any) -> Upload:
    for name, value in fields.items():
        setattr(upload, name, value)
    upload.save(update_fields=list(fields))
    return upload


# Taking an import back ----------------------------------------------------------------------------------------------
def ask_for_undo(*, imported: Import, actor: User, now: dt.datetime) -> Job:
    """Have an import taken back in the background; who asks second gets the same job."""
    return enqueue(
        kind=UNDO,
        key=f"import:{imported.pk}",
        arguments={"import": imported.pk},
        now=now,
        started_by=actor,
    )


def undo_job(imported: Import) -> Job | None:
    """The job that takes the import back, or did so last."""
    return Job.objects.filter(kind=UNDO, key=f"import:{imported.pk}").order_by("-pk").first()


# Getting rid of files -----------------------------------------------------------------------------------------------
def discard(*, upload: Upload) -> None:
    """Throw a file away that is not imported, with its row. Raises CannotDo where it is, or just being imported."""
    with transaction.atomic():
        upload = _locked(upload)
        if upload.state in (State.DONE, State.IMPORTING):
            _may_change(upload)
        identity = upload.uuid
        upload.delete()
        transaction.on_commit(lambda: forget(identity))


def remove_old_files(*, now: dt.datetime, days: int = KEPT_DAYS) -> int:
    """Remove files that came more than `days` ago, but for those being worked on; how many. Their rows stay.

    Files whose upload never got a row (their process was killed) go after a day.
    """
    old = Upload.objects.filter(received_at__lt=now - dt.timedelta(days=days), removed_at=None)
    old = old.exclude(state__in=[State.CHECKING, State.IMPORTING])
    identities = list(old.values_list("uuid", flat=True))
    # The row first: a page must not offer a file that is gone.
    old.filter(uuid__in=identities).update(removed_at=now, rejected_as="")
    for identity in identities:
        forget(identity)
    for folder in _orphans():
        forget(folder)
    return len(identities)


def _orphans() -> list[uuids.UUID]:
    root = Path(settings.UPLOAD_DIR)
    found = {}
    for folder in root.iterdir() if root.exists() else ():
        try:
            found[uuids.UUID(folder.name)] = folder.stat().st_mtime
        except (ValueError, FileNotFoundError):
            continue
    known = set(Upload.objects.filter(uuid__in=found, removed_at=None).values_list("uuid", flat=True))
    return [name for name, at in found.items() if name not in known and time.time() - at > ORPHAN_AFTER]


# Presets ------------------------------------------------------------------------------------------------------------
def save_preset(*, upload: Upload, name: str, actor: User, now: dt.datetime) -> ImportPreset:
    """Keep how the upload is set as a preset; one of this name that is chosen on the upload is written anew.

    Raises CannotDo where another preset of the kind has the name.
    """
    name = name.strip()
    values = {
        "mapping": {field: column for field, column in upload.mapping.items() if column},
        "reading": upload.reading,
        "header": upload.looked.get("header", []),
        "create_accounts": upload.create_accounts,
        "made_at": now,
        "made_by": actor,
    }
    with transaction.atomic():
        known = ImportPreset.objects.select_for_update().filter(kind=upload.kind, name=name).first()
        if known is not None and known.pk != upload.preset_id:
            raise CannotDo(
                _("There is a preset “%(name)s” already. Choose it above to change it, or take another name.")
                % {"name": name}
            )
        preset, _made = ImportPreset.objects.update_or_create(kind=upload.kind, name=name, defaults=values)
        Upload.objects.filter(pk=upload.pk).update(preset=preset)
    return preset


def is_as_preset(upload: Upload) -> bool:
    """Whether the upload is still set as its preset says."""
    preset = upload.preset
    if preset is None:
        return False
    used = {name: column for name, column in upload.mapping.items() if column}
    return (
        used == {name: column for name, column in preset.mapping.items() if column}
        and upload.reading == preset.reading
        and upload.create_accounts == preset.create_accounts
    )


def sources_of(preset: ImportPreset) -> list[ImportSource]:
    """The sources that use the preset, and so keep it from being deleted."""
    return list(preset.sources.order_by("name"))
