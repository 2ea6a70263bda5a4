"""Files that come by themselves: from a folder into which an ERP puts them, or by the upload endpoint (domain.md, 10).

A delivery is an upload that belongs to a source and is imported without anybody looking. Deliveries of one source are
imported one after another, in the order they came, so that an older file never writes over a newer one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets
import uuid as uuids
from collections.abc import Iterable

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.beginnings import beginning_of, fitting, guessed
from accounts.models import ImportSource, Upload
from accounts.receiving import clean_name, forget, keep, path_of
from accounts.uploads import Report, State, run, start_import
from crm.jobs.models import Job
from crm.look.figures import day
from crm.team.models import Role, User

log = logging.getLogger(__name__)

MOST_AN_HOUR = 60
"""Deliveries that the endpoint takes from one source within an hour."""
_SECRET_PREFIX = "opieka_"


class Empty(Exception):
    """A program sent nothing. The text says so."""

    def __init__(self) -> None:
        super().__init__(_("The file is empty. Its first line must hold the names of the columns."))


# Secrets ------------------------------------------------------------------------------------------------------------
def new_secret(*, source: ImportSource) -> str:
    """A new secret for the source, which is said only now; one that was given out before opens nothing any more."""
    secret = _SECRET_PREFIX + secrets.token_urlsafe(32)
    source.token_hash, source.token_end = _hash(secret), secret[-6:]
    source.save(update_fields=["token_hash", "token_end"])
    return secret


def revoke_secret(*, source: ImportSource) -> None:
    """No program may deliver for the source any more."""
    source.token_hash = source.token_end = ""
    source.save(update_fields=["token_hash", "token_end"])


def source_of(secret: str) -> ImportSource | None:
    """The active source whose secret this is.

    It is found by its SHA-256: 256 random bits need no slow hash, and how long the search takes tells nothing of them.
    """
    if not secret:
        return None
    return ImportSource.objects.filter(token_hash=_hash(secret), active=True).first()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# Receiving ----------------------------------------------------------------------------------------------------------
def deliver(
    *,
    source: ImportSource,
    chunks: Iterable[bytes],
    file_name: str,
    now: dt.datetime,
    uuid: uuids.UUID | None = None,
) -> Upload:
    """Keep a file that a source delivers and have it imported, after those that came before.

    uuid: of the upload, where the file was claimed under one before; delivered again under the same it is one
    delivery. Raises receiving.TooLarge, and Empty where a program sent no byte.
    """
    identity = uuid or uuids.uuid4()
    kept = keep(chunks, under=identity)
    if not kept.size and uuid is None:
        forget(identity)
        raise Empty
    try:
        with transaction.atomic():
            source = ImportSource.objects.select_for_update().get(pk=source.pk)
            upload = Upload.objects.create(
                uuid=identity,
                kind=source.kind,
                source=source,
                preset=source.preset,
                create_accounts=source.create_accounts,
                file_name=clean_name(file_name),
                stored_as=kept.stored_as,
                size=kept.size,
                sha256=kept.sha256,
                state=State.IMPORTING,
                asked_at=now,
                received_at=now,
            )
            start_next(source=source, now=now)
    except IntegrityError:
        upload = Upload.objects.get(uuid=identity)  # somebody else saw the same claimed file
    upload.refresh_from_db()
    return upload


def too_many(source: ImportSource, *, now: dt.datetime) -> bool:
    """Whether the source has delivered as often within the last hour as it may."""
    recent = Upload.objects.filter(source=source, received_at__gt=now - dt.timedelta(hours=1))
    return recent.count() >= MOST_AN_HOUR


def start_next(*, source: ImportSource, now: dt.datetime) -> Job | None:
    """Enqueue the oldest delivery of the source that waits, unless another is under way; safe to repeat.

    One whose job was given up keeps nothing from going on: it is begun again by hand.
    """
    with transaction.atomic():
        ImportSource.objects.select_for_update().get(pk=source.pk)
        waiting = Upload.objects.select_for_update(of=("self",)).select_related("job")
        for upload in waiting.filter(source=source, state=State.IMPORTING).order_by("pk"):
            if upload.job is None:
                return start_import(upload, actor=None, now=now)
            if upload.job.state in Job.OPEN_STATES:
                return None
    return None


# Importing ----------------------------------------------------------------------------------------------------------
def take(
    *, upload_id: int, actor: User | None, now: dt.datetime, today: dt.date, report: Report
) -> Upload | None:
    """Import a delivery: the job's work, safe to repeat. The next of its source follows.

    The same bytes as in the last file of the source, or in the last of the same name, are recognised and not imported
    again. The admins are told of a file that is refused. One that somebody has set up and checked by hand after that
    is imported as it was checked.
    """
    upload = Upload.objects.select_related("source", "preset").filter(pk=upload_id).first()
    if upload is None or upload.source is None:
        return None
    source = upload.source
    if upload.state == State.IMPORTING:
        by_hand = bool(upload.checked_as)
        before = None if by_hand else _known_before(upload)
        if before is not None:
            _end_as_known(upload, before)
        else:
            if not by_hand:
                _set_up(upload)
            upload = run(upload_id=upload.pk, actor=actor, today=today, report=report) or upload
        if upload.state == State.REFUSED and not by_hand:
            tell_admins(upload)
    start_next(source=source, now=now)
    return upload


def _known_before(upload: Upload) -> Upload | None:
    """The delivery that brought the same bytes, if nothing else of its kind was delivered since."""
    taken = Upload.objects.filter(source=upload.source, kind=upload.kind, state=State.DONE).order_by("-pk")
    if upload.imported_id or not (others := taken.exclude(pk=upload.pk)):
        return None
    latest = [others.first(), others.filter(file_name=upload.file_name).first()]
    return next(
        (
            one
            for one in latest
            if one is not None
            and one.sha256 == upload.sha256
            and one.imported is not None
            and one.imported.undone_at is None
        ),
        None,
    )


def _end_as_known(upload: Upload, before: Upload) -> None:
    upload.state = State.KNOWN
    upload.problem = _(
        "The same content was imported on %(when)s as %(file)s. It was not imported again."
    ) % {
        "when": day(timezone.localtime(before.received_at), timezone.localdate()),
        "file": before.file_name,
    }
    upload.save(update_fields=["state", "problem"])


def _set_up(upload: Upload) -> None:
    """Say how the file is read: by the preset of its source, else as it is recognised."""
    preset = upload.preset
    reading = dict(preset.reading) if preset else {}
    beginning = beginning_of(path_of(upload.stored_as), reading=reading)
    upload.reading, upload.looked = reading, beginning.as_json()
    if preset:
        # As it stands, so that a column that is missing in the file is said, not passed over.
        upload.mapping = fitting(upload.kind, preset.mapping, list(preset.mapping.values()))
    else:
        upload.mapping = fitting(upload.kind, guessed(upload.kind, beginning), beginning.header)
    upload.save(update_fields=["reading", "looked", "mapping"])


def tell_admins(upload: Upload) -> None:
    """Write to the active admins that a delivered file was refused. A mail that cannot be sent is only logged."""
    to = list(
        User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk").values_list("email", flat=True)
    )
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("Import refused: %(file)s") % {"file": upload.file_name}
        words = _(
            "The file %(file)s from “%(source)s” was refused, and nothing of it was imported.\n\n"
            "%(problem)s\n\n"
            "Look at it, and import it by hand if you like:\n%(address)s\n"
        ) % {
            "file": upload.file_name,
            "source": upload.source,
            "problem": upload.problem,
            "address": settings.SITE_ADDRESS + reverse("imports:upload", args=[upload.uuid]),
        }
    try:
        send_mail(" ".join(subject.split()), words, None, to)
    except OSError as error:  # SMTP errors are ones
        log.warning("Upload %s was refused, and no admin could be told: %s", upload.pk, error)


def answer(upload: Upload) -> dict[str, object]:
    """What a program is told about its delivery."""
    summary = upload.summary
    return {
        "id": str(upload.uuid),
        "state": upload.state,
        "file": upload.file_name,
        "sha256": upload.sha256,
        "received_at": upload.received_at.isoformat(),
        "problem": upload.problem or None,
        **{name: summary[name] for name in ("rows_read", "rows_taken", "rows_rejected") if name in summary},
        "address": reverse("imports:delivery", args=[upload.uuid]),
    }
