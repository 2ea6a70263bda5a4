"""Bytes that arrive: counted, hashed, and kept below settings.UPLOAD_DIR before anything is done with them.

Each file has a folder of its own there, named by the uuid of its upload, which also takes its list of rejected rows.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.utils.translation import gettext as _

from crm.look.figures import number

CHUNK = 1 << 18  # bytes
LONGEST_NAME = 255
REJECTED = "rejected.csv"


class TooLarge(Exception):
    """The file is larger than settings.UPLOAD_LIMIT. The text says so, and what would help."""

    def __init__(self) -> None:
        super().__init__(
            _("The file is larger than %(limit)s MB. Compress it (gzip), or export it in several parts.")
            % {"limit": number(settings.UPLOAD_LIMIT // 1_000_000)}
        )


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes every uploaded file to the disk while it arrives, and none further than settings.UPLOAD_LIMIT.

    Where one is larger the rest is read and dropped, so that the browser gets the page that says so instead of a broken
    connection; `was_too_large(request)` tells.
    """

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_LIMIT:
            assert self.request is not None
            self.request.META["opieka.upload_too_large"] = True
            raise StopUpload(connection_reset=False)
        return super().receive_data_chunk(raw_data, start)


def was_too_large(request: Any) -> bool:
    """Whether a file of the request was cut off at the limit. Reads the request's form."""
    return request.POST is not None and bool(request.META.get("opieka.upload_too_large"))


@dataclass(frozen=True)
class Kept:
    """A file that lies below settings.UPLOAD_DIR."""

    stored_as: str
    """Its path below that folder."""
    size: int
    """Bytes."""
    sha256: str


def keep(chunks: Iterable[bytes], *, under: uuid.UUID) -> Kept:
    """Write the chunks to the folder of an upload; the file has its name only once it is complete.

    Called again for the same upload it begins anew. Raises TooLarge, with nothing left behind.
    """
    stored_as = f"{under}/data"
    path = path_of(stored_as)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"data.{os.getpid()}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with draft.open("wb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > settings.UPLOAD_LIMIT:
                    raise TooLarge
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        if not path.exists():
            forget(under)
        raise
    return Kept(stored_as, size, digest.hexdigest())


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """The rest of an open file, or of the body of a request, piece by piece."""
    while chunk := file.read(CHUNK):
        yield chunk


def path_of(stored_as: str) -> Path:
    """Where something lies that is stored below settings.UPLOAD_DIR."""
    return Path(settings.UPLOAD_DIR) / stored_as


def forget(upload: uuid.UUID) -> None:
    """Remove the folder of an upload with all that is in it; it may be gone already."""
    shutil.rmtree(path_of(str(upload)), ignore_errors=True)


def clean_name(name: str) -> str:
    """The name of a file as it is shown and kept: without folders and control characters, at most 255 characters."""
    plain = "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    plain = plain.strip().lstrip(".")
    return (plain or _("file"))[-LONGEST_NAME:]
