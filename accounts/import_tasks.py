"""What the jobs do with files: check, import and undo them, look into folders, remove old ones."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import uploads
from accounts.deliveries import take
from accounts.folders import look, put_away
from accounts.importing import ImportRefused, undo_import
from accounts.models import Import, Upload
from crm.jobs.kinds import REFUSED, Work, job_kind
from crm.jobs.locks import held
from crm.jobs.running import enqueue
from crm.look.figures import number


def _file(_key: str, arguments: dict[str, Any]) -> str:
    """Which file the job is about."""
    upload = Upload.objects.filter(pk=arguments["upload"]).first()
    return upload.file_name if upload else _("a file that was discarded")


def _rows(result: dict[str, Any]) -> str:
    """How many rows were taken and rejected."""
    if result.get("problem"):
        return str(result["problem"])
    taken, rejected = result.get("rows_taken", 0), result.get("rows_rejected", 0)
    words = ngettext("%(n)s row taken", "%(n)s rows taken", taken) % {"n": number(taken)}
    if rejected:
        words = _("%(taken)s, %(n)s rejected") % {"taken": words, "n": number(rejected)}
    return words


@job_kind(
    uploads.CHECK,
    label=gettext_lazy("Check of a file"),
    about=gettext_lazy(
        "A dry run of an import: what would be created and changed, and which rows would be rejected."
    ),
    subject=_file,
    result_words=_rows,
)
def check_upload(work: Work) -> dict[str, Any]:
    """Check the file of an upload, as it was set when somebody asked for it."""
    return uploads.check(
        upload_id=work.arguments["upload"],
        digest=work.arguments["digest"],
        actor=work.started_by,
        now=work.now,
        today=work.today,
        report=work.report,
    )


@job_kind(
    uploads.IMPORT,
    label=gettext_lazy("Import of a file"),
    about=gettext_lazy("Writes what a file brings: accounts, persons, products or purchases."),
    subject=_file,
    result_words=_rows,
)
def import_upload(work: Work) -> dict[str, Any]:
    """Import the file of an upload; that of a source is put away afterwards."""
    upload_id = work.arguments["upload"]
    if Upload.objects.filter(pk=upload_id, source__isnull=False).exists():
        upload = take(
            upload_id=upload_id, actor=work.started_by, now=work.now, today=work.today, report=work.report
        )
        if upload is not None:
            put_away(upload)
    else:
        upload = uploads.run(upload_id=upload_id, actor=work.started_by, today=work.today, report=work.report)
    if upload is None:
        return {}
    counts = {name: upload.summary.get(name, 0) for name in ("rows_read", "rows_taken", "rows_rejected")}
    refused = upload.problem if upload.state == Upload.State.REFUSED else ""
    return counts | {"import": upload.imported_id, "problem": upload.problem, REFUSED: refused}


@job_kind(
    uploads.UNDO,
    label=gettext_lazy("Undo of an import"),
    about=gettext_lazy("Takes back what an import created and changed, unless it has been used since."),
    subject=lambda _key, arguments: str(Import.objects.filter(pk=arguments["import"]).first() or ""),
)
def undo(work: Work) -> dict[str, Any]:
    """Take an import back."""
    imported = Import.objects.get(pk=work.arguments["import"])
    try:
        undone = undo_import(imported=imported, actor=work.started_by, now=work.now, today=work.today)
    except ImportRefused as refusal:  # again would not help
        return {REFUSED: str(refusal)}
    return undone.as_json()


@job_kind(
    "import_upkeep",
    label=gettext_lazy("Old import files"),
    about=gettext_lazy(
        "Removes files that were uploaded for import more than 90 days ago. What they brought stays."
    ),
    scheduled_by="accounts.tasks.start_import_upkeep",
)
def remove_old_uploads(work: Work) -> dict[str, Any]:
    """Remove the files of old uploads."""
    return {"removed": uploads.remove_old_files(now=work.now)}


@shared_task(name="accounts.tasks.start_import_upkeep")
def start_import_upkeep() -> None:
    """Ask for the upkeep of the day."""
    now = timezone.now()
    day = timezone.localdate(now, timezone.get_default_timezone())
    enqueue(kind="import_upkeep", key=f"import_upkeep:{day}", arguments={}, now=now)


@shared_task(name="accounts.tasks.look_into_folders")
def look_into_folders() -> None:
    """Look for delivered files. No job of its own: it is short, and the next look goes on where one was killed."""
    with held("import-folders") as free:
        if free:
            look(now=timezone.now())
