"""Files brought through the import pages, and their jobs worked off at once."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Upload
from crm.jobs.models import Job
from crm.jobs.running import work

HEADER = "account;number;ordered;amount"


def purchases(rows: int, *, header: str = HEADER, account: str = "ACME") -> bytes:
    """A file of so many purchases of one account."""
    lines = [header, *(f"{account};FV/{n};2026-09-{n % 28 + 1:02d};{100 + n},50" for n in range(rows))]
    return "".join(f"{line}\n" for line in lines).encode()


def bring(client: Client, content: bytes, *, name: str = "orders.csv", kind: str = "") -> Upload:
    """Upload a file through the form."""
    answer = client.post(reverse("imports:new"), {"file": SimpleUploadedFile(name, content), "kind": kind})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return Upload.objects.latest("pk")


def post(client: Client, upload: Upload, where: str = "imports:upload", **data: Any) -> Any:
    """Post to an address of the upload: for its page, what stands on the form is sent along as a browser would."""
    if where == "imports:upload":
        shown = {f"column-{field}": column for field, column in upload.mapping.items()}
        data = {"kind": upload.kind, "preset": upload.preset_id or "", **upload.reading, **shown, **data}
    return client.post(reverse(where, args=[upload.uuid]), data)


def work_off() -> list[Job]:
    """Do every job that waits, as a worker would; those that were done."""
    done = []
    while job := Job.objects.filter(state=Job.State.QUEUED).order_by("pk").first():
        ended = work(job_id=job.pk, clock=timezone.now)
        assert ended is not None
        done.append(ended)
    return done


def checked(client: Client, upload: Upload) -> Upload:
    """Have the upload checked."""
    post(client, upload, check="1")
    work_off()
    upload.refresh_from_db()
    return upload
