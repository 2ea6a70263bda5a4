"""Files that were brought, imports, presets and sources, as rows: nothing of them was ever read."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts.models import Import, ImportPreset, ImportSource, Upload
from accounts.receiving import path_of
from crm.team.models import User

HEADER = ["account", "number", "ordered", "amount"]
MAPPING = {name: name for name in HEADER}
LOOKED = {
    "reading": {},
    "recognised": {"format": "csv", "encoding": "utf-8", "delimiter": ";", "decimal": "comma"},
    "header": HEADER,
    "sample": [["ACME", "FV/1", "2026-09-01", "100,50"]],
    "sheets": [],
    "problem": "",
}
SUMMARY = {"rows_read": 12, "rows_taken": 10, "rows_rejected": 2, "created": 10, "changed": 0, "unchanged": 0}


def make_upload(actor: User, *, rejects: bool = False, **fields: Any) -> Upload:
    """A file of purchases; with `rejects` a list of rejected rows lies where it should."""
    upload = Upload(
        **{
            "kind": "purchases",
            "file_name": "orders.csv",
            "size": 100,
            "sha256": "0" * 64,
            "looked": LOOKED,
            "mapping": MAPPING,
            "received_at": timezone.now(),
            "received_by": actor,
            **fields,
        }
    )
    if rejects:
        upload.rejected_as = f"{upload.uuid}/rejected.csv"
        path_of(upload.rejected_as).parent.mkdir(parents=True)
        path_of(upload.rejected_as).write_text("line,reason,account\n2,account: none,\n")
    upload.save()
    return upload


def make_import(actor: User, **fields: Any) -> Import:
    """An import that ended well."""
    now = timezone.now()
    return Import.objects.create(
        **{
            "kind": "purchases",
            "file_name": "orders.csv",
            "sha256": "0" * 64,
            "mapping": MAPPING,
            "rows_read": 12,
            "rows_taken": 10,
            "rows_rejected": 2,
            "created": 10,
            "summary": SUMMARY,
            "started_at": now,
            "finished_at": now,
            "started_by": actor,
            **fields,
        }
    )


def make_preset(actor: User, **fields: Any) -> ImportPreset:
    """A preset for files of purchases."""
    values = {"name": "Night export", "kind": "purchases", "mapping": MAPPING, "header": HEADER, **fields}
    return ImportPreset.objects.create(made_at=timezone.now(), made_by=actor, **values)


def make_source(actor: User, **fields: Any) -> ImportSource:
    """A source of purchases."""
    values = {"name": "ERP", "kind": "purchases", **fields}
    return ImportSource.objects.create(made_at=timezone.now(), made_by=actor, **values)


def make_imports(actor: User, numbers: Iterable[int], *, now: dt.datetime) -> None:
    """Many of each, in a few statements."""
    numbers = list(numbers)
    presets = ImportPreset.objects.bulk_create(
        ImportPreset(
            name=f"Preset {n}", kind="purchases", mapping=MAPPING, header=HEADER, made_at=now, made_by=actor
        )
        for n in numbers
    )
    sources = ImportSource.objects.bulk_create(
        ImportSource(name=f"ERP {n}", kind="purchases", preset=preset, made_at=now)
        for n, preset in zip(numbers, presets, strict=True)
    )
    imports = Import.objects.bulk_create(
        Import(
            kind="purchases",
            file_name=f"eksport_sprzedazy_{n:05d}.csv",
            sha256="0" * 64,
            rows_read=1000,
            created=n,
            started_at=now,
            finished_at=now,
            started_by=actor,
        )
        for n in numbers
    )
    Upload.objects.bulk_create(
        Upload(
            uuid=uuid.uuid4(),
            kind="purchases",
            file_name=imported.file_name,
            size=1000,
            sha256="0" * 64,
            state=Upload.State.DONE if n % 2 else Upload.State.RECEIVED,
            received_at=now,
            received_by=actor,
            source=source,
            imported=imported if n % 2 else None,
        )
        for n, imported, source in zip(numbers, imports, sources, strict=True)
    )
