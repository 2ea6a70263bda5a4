"""Files at a complaint: kept so that nothing half-written is lost or left lying about (docs/domain.md, section 6).

The file comes first, the row after it: bytes are written under a name that nobody can guess, below
settings.ATTACHMENTS_ROOT and outside what the web server gives out, and have that name only once they are whole. A row
is written in a transaction; where that is rolled back the file goes. Where a process dies between the two, and where a
form was left, the file has no row, and `sweep` removes it after a day.

While somebody fills in the form of filing, the files chosen so far are *held*: they lie there already, and the form
carries a signed token for each, so that nothing need be chosen twice because something else was missing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from complaints.errors import BadInput, NotAllowed
from complaints.file_types import TYPES, Refused, check, plain_name, too_large
from complaints.models import Attachment, Complaint
from complaints.models.complaint import stored_name as new_name
from crm.look.figures import number
from crm.team.models import User

log = logging.getLogger(__name__)

HELD_FOR = dt.timedelta(hours=12)
"""So long a form may lie open with the files chosen in it. Shorter than `SWEPT_AFTER`, or one could vanish under it."""
SWEPT_AFTER = dt.timedelta(hours=24)
_NAME = re.compile(r"[0-9a-f]{48}")
_HELD, _REMOVED = "complaints.attachments.held", "complaints.attachments.removed"
PICTURES = frozenset(kind.content_type for kind in TYPES.values() if kind.picture)
"""Types that a browser may show by itself, under the policy of the view that serves them."""


Upload = tuple[str, Iterable[bytes]]
"""A file that arrives: its name, and its bytes piece by piece."""


@dataclass(frozen=True)
class Held:
    """A file that lies in its place and has no row yet."""

    stored_name: str
    original_name: str
    content_type: str
    size: int
    """Bytes."""

    def token(self, user: User) -> str:
        """What a form carries in its place; only this user can give it back."""
        return _signer(_HELD, user).sign_object(asdict(self))


def hold_file(*, name: str, data: bytes, identity: str = "") -> Held:
    """Check a file and write it. identity: what makes a second submit of the same form write the same file.

    Raises Refused, with the file's name, the reason and the remedy.
    """
    name = plain_name(name)
    kind = check(name=name, data=data, limit=settings.ATTACHMENT_LIMIT)
    stored = new_name()
    if identity:
        named = f"{identity}:{name}:{hashlib.sha256(data).hexdigest()}"
        stored = salted_hmac("complaints.attachments", named, algorithm="sha256").hexdigest()[:48]
    _write(stored, data)
    return Held(stored, name, kind.content_type, len(data))


def hold_files(files: Iterable[Upload], *, identity: str = "") -> tuple[list[Held], list[str]]:
    """Those that may be kept, and why each of the others may not, in words. One at a time is in memory."""
    held, refused = [], []
    for name, chunks in files:
        try:
            held.append(hold_file(name=name, data=read_bounded(name, chunks), identity=identity))
        except Refused as reason:
            refused.append(str(reason))
    return held, refused


def held_by(tokens: Iterable[str], *, user: User) -> tuple[list[Held], int]:
    """The files that tokens of this user stand for, each once, and how many are there no more."""
    found: dict[str, Held] = {}
    gone = 0
    for token in tokens:
        try:
            held = Held(**_signer(_HELD, user).unsign_object(token, max_age=HELD_FOR))
        except (BadSignature, TypeError, ValueError):
            gone += 1
            continue
        if path_of(held.stored_name).is_file():
            found[held.stored_name] = held
        else:
            gone += 1
    return list(found.values()), gone


@transaction.atomic
def attach(
    *, complaint: Complaint, files: Sequence[Held], actor: User, today: dt.date, now: dt.datetime
) -> list[Attachment]:
    """Write the rows of files that lie in their place. Those that are there already, by an earlier submit, stay.

    Raises NotAllowed where the actor does not see the complaint, BadInput where it would have too many files; then,
    and whenever the transaction around it is rolled back, the files stay without rows and are swept.
    """
    if not Complaint.objects.visible_to(actor, on=today).filter(pk=complaint.pk).exists():
        raise NotAllowed(_("There is no such complaint."))
    Complaint.objects.select_for_update(of=("self",)).get(
        pk=complaint.pk
    )  # or two at once would exceed the number
    names = [held.stored_name for held in files]
    known = dict(Attachment.objects.filter(stored_name__in=names).values_list("stored_name", "complaint_id"))
    if any(owner != complaint.pk for owner in known.values()):
        raise BadInput(_("One of the files belongs to another complaint; choose it again."), field="files")
    new = [held for held in files if held.stored_name not in known]
    most = settings.ATTACHMENTS_PER_COMPLAINT
    if new and complaint.attachments.count() + len(new) > most:
        raise BadInput(
            _("A complaint has at most %(most)s files. Leave some out, or remove those nobody needs.")
            % {"most": number(most)},
            field="files",
        )
    rows = [
        Attachment(complaint=complaint, uploaded_at=now, uploaded_by=actor, **asdict(held))
        for held in new
        if path_of(held.stored_name).is_file()
    ]
    if len(rows) != len(new):
        raise BadInput(_("A file was left too long and is gone; choose it again."), field="files")
    return Attachment.objects.bulk_create(rows)


def add_files(
    *,
    complaint: Complaint,
    files: Iterable[Upload],
    uuid: UUID,
    actor: User,
    today: dt.date,
    now: dt.datetime,
) -> tuple[list[Attachment], list[str]]:
    """Keep files at a complaint: the rows made, and why each of the others was refused.

    uuid: the form's own identity; a second submit adds nothing. Where the rows cannot be written the files go again.
    """
    held, refused = hold_files(files, identity=f"{complaint.pk}:{actor.pk}:{uuid}")
    try:
        return attach(complaint=complaint, files=held, actor=actor, today=today, now=now), refused
    except BaseException:
        discard(held)
        raise


def discard(files: Iterable[Held]) -> None:
    """Remove files that got no row, and no others."""
    names = {held.stored_name for held in files}
    kept = set(Attachment.objects.filter(stored_name__in=names).values_list("stored_name", flat=True))
    for name in names - kept:
        path_of(name).unlink(missing_ok=True)


# Taking one away, and back --------------------------------------------------------------------------------------------
def may_remove(attachment: Attachment, user: User) -> bool:
    """Whoever added it, a manager or an admin, of those who see it."""
    return attachment.uploaded_by_id == user.pk or user.is_manager or user.is_admin


@transaction.atomic
def remove(*, attachment: Attachment, actor: User, today: dt.date) -> str:
    """Take a file away; gives what `put_back` takes. The bytes stay for a day, until the sweep."""
    if not Attachment.objects.visible_to(actor, on=today).filter(pk=attachment.pk).exists():
        raise NotAllowed(_("There is no such file."))
    if not may_remove(attachment, actor):
        raise NotAllowed(_("Whoever added a file removes it, or a manager."))
    row = {
        "id": attachment.pk,
        "complaint_id": attachment.complaint_id,
        "stored_name": attachment.stored_name,
        "original_name": attachment.original_name,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "uploaded_at": attachment.uploaded_at.isoformat(),
        "uploaded_by_id": attachment.uploaded_by_id,
    }
    attachment.delete()
    transaction.on_commit(partial(_begin_the_day, str(row["stored_name"])))
    return _signer(_REMOVED, actor).sign_object(row, compress=True)


@transaction.atomic
def put_back(*, token: str, actor: User, today: dt.date) -> Attachment:
    """Undo `remove`. Raises BadInput where it comes too late or is not the actor's."""
    late = BadInput(_("The file cannot be brought back any more; add it again."))
    try:
        row = _signer(_REMOVED, actor).unsign_object(token, max_age=HELD_FOR)
    except BadSignature:
        raise late from None
    complaint = Complaint.objects.visible_to(actor, on=today).filter(pk=row["complaint_id"]).first()
    if complaint is None or not path_of(row["stored_name"]).is_file():
        raise late
    row["uploaded_at"] = dt.datetime.fromisoformat(row["uploaded_at"])
    found, _new = Attachment.objects.get_or_create(stored_name=row.pop("stored_name"), defaults=row)
    return found


# The disk -------------------------------------------------------------------------------------------------------------
def path_of(stored_name: str) -> Path:
    """Where a file lies. Raises ValueError for what is no stored name, whoever made it up."""
    if not _NAME.fullmatch(stored_name):
        raise ValueError(stored_name)
    return Path(settings.ATTACHMENTS_ROOT) / stored_name[:2] / stored_name


def read_bounded(name: str, chunks: Iterable[bytes], *, limit: int | None = None) -> bytes:
    """The bytes of an upload, and no more of it than `limit` (settings.ATTACHMENT_LIMIT). Raises Refused."""
    most = settings.ATTACHMENT_LIMIT if limit is None else limit
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > most:
            raise too_large(name, most)
    return bytes(data)


def sweep(*, now: dt.datetime) -> int:
    """Remove files without a row that have lain for a day, and drafts of processes that died; how many."""
    root, before = Path(settings.ATTACHMENTS_ROOT), (now - SWEPT_AFTER).timestamp()
    removed = 0
    for folder in sorted(root.glob("[0-9a-f][0-9a-f]")):
        old = {entry.name: Path(entry.path) for entry in os.scandir(folder) if entry.stat().st_mtime < before}
        kept = set(Attachment.objects.filter(stored_name__in=list(old)).values_list("stored_name", flat=True))
        for name in old.keys() - kept:
            old[name].unlink(missing_ok=True)
            removed += 1
    return removed


def _write(stored: str, data: bytes) -> None:
    path = path_of(stored)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{stored}.{os.getpid()}.part")
    try:
        with draft.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _begin_the_day(stored_name: str) -> None:
    path = path_of(stored_name)
    if path.exists():
        os.utime(path)


def _signer(salt: str, user: User) -> TimestampSigner:
    return TimestampSigner(salt=f"{salt}:{user.pk}")
