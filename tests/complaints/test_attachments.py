"""Files at a complaint: what is taken, who gets it, and that neither a row nor a file is ever alone for long."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import struct
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from complaints import attachments, file_types
from complaints.attachments import add_files, attach, held_by, hold_file, path_of, sweep
from complaints.errors import BadInput, NotAllowed
from complaints.file_types import Refused, check
from complaints.models import Attachment, Complaint
from complaints.tasks import sweep_attachments
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory

NOW = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 10, 13)
LIMIT = 10_000_000


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> Path:
    settings.ATTACHMENTS_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def leak(cast: Cast) -> Complaint:
    return ComplaintFactory(account=cast.acme)


def png(width: int = 640, height: int = 480) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
        + struct.pack(">II", width, height)
        + b"\x08\x02\x00\x00\x00" * 4
    )


def jpeg(width: int = 640, height: int = 480) -> bytes:
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\x00" * 9
    return b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 10 + frame + b"\xff\xd9"


def gif(width: int = 64, height: int = 48) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00" * 20


def webp(width: int = 640, height: int = 480) -> bytes:
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + sizes


def heic(width: int = 640, height: int = 480) -> bytes:
    box = b"\x00\x00\x00\x14ispe\x00\x00\x00\x00"
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + box + struct.pack(">II", width, height)


def document(*parts: tuple[str, bytes], main: str = "word/document.xml") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts or ((main, b"<w:document/>"),):
            archive.writestr(name, content)
    return file.getvalue()


def opened(kind: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", "<x/>")
    return file.getvalue()


GOOD = {
    "scan.pdf": b"%PDF-1.7\n...",
    "photo.PNG": png(),
    "photo.jpg": jpeg(),
    "photo.jpeg": jpeg(),
    "photo.webp": webp(),
    "photo.gif": gif(),
    "photo.heic": heic(),
    "note.txt": "Zażółć gęślą jaźń, 5 < 6".encode(),
    "note-1250.txt": "Zażółć".encode("cp1250"),
    "note-16.txt": "Zażółć".encode("utf-16"),
    "lines.csv": b"a;b\n1;2\n",
    "letter.eml": b"From: a@b.pl\r\nSubject: x\r\n\r\nHello",
    "letter.docx": document(),
    "list.xlsx": document(main="xl/workbook.xml"),
    "slides.pptx": document(main="ppt/presentation.xml"),
    "letter.odt": opened("text"),
    "list.ods": opened("spreadsheet"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_taken(name: str) -> None:
    assert check(name=name, data=GOOD[name], limit=LIMIT).content_type


@pytest.mark.parametrize(("wide", "high"), [(1, 1), (12_000, 9_999)])
def test_the_size_of_a_picture_is_read_from_its_head(wide: int, high: int) -> None:
    for make in (png, jpeg, gif, webp, heic):
        assert file_types.size_of_picture(make(wide, high)) == (wide, high)


def lying_bomb() -> bytes:
    """A part that says it is small, in the archive's directory and before itself, and unpacks to 100 MB."""
    data = bytearray(document(("word/document.xml", b"\0" * 100_000_000)))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.find(mark) + at
        data[place : place + 4] = struct.pack("<I", 1000)
    return bytes(data)


BAD = {
    "viewer.exe": (b"MZ\x90", "type"),
    "page.html": (b"<html></html>", "PNG or PDF"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PNG or PDF"),
    "script.js": (b"alert(1)", "type"),
    "noending": (b"x", "type"),
    "old.doc": (b"\xd0\xcf\x11\xe0", "DOCX"),
    "macros.docm": (document(), "macros"),
    "files.zip": (document(), "Unpack"),
    "letter.msg": (b"\xd0\xcf\x11\xe0", "EML"),
    "empty.txt": (b"", "empty"),
    "program.png": (b"MZ\x90" + b"\0" * 99, "ending .png"),
    "page.png": (b"<html><script>alert(1)</script>", "ending .png"),
    "drawing.txt": (b"<?xml version='1.0'?>\n<!-- a --><svg onload='x'/>", "ending .txt"),
    "page.csv": (b"\xef\xbb\xbf  <!DOCTYPE html><p>", "ending .csv"),
    "comments.txt": (b"<!---->" * 500 + b"<html>", "ending .txt"),
    "program.txt": (b"#!/bin/sh\nrm -rf /", "ending .txt"),
    "binary.txt": (b"a\x00b", "ending .txt"),
    "photo.jpg": (png(), "ending .jpg"),
    "scan.pdf": (b"not a pdf", "ending .pdf"),
    "letter.eml": (b"hello there", "ending .eml"),
    "list.xlsx": (document(), "ending .xlsx"),
    "letter.odt": (opened("spreadsheet"), "ending .odt"),
    "broken.png": (b"\x89PNG\r\n\x1a\n", "damaged"),
    "nosize.png": (png(0, 10), "damaged"),
    "broken.jpg": (b"\xff\xd8\xff\xd9", "damaged"),
    "broken.webp": (b"RIFF\x00\x00\x00\x00WEBPXXXX", "damaged"),
    "huge.png": (png(40_000, 40_000), "million pixels"),
    "huge.jpg": (jpeg(65_000, 65_000), "million pixels"),
    "huge.gif": (gif(65_000, 65_000), "million pixels"),
    "huge.webp": (webp(16_000_000, 100), "million pixels"),
    "huge.heic": (heic(60_000, 60_000), "million pixels"),
    "cut.docx": (document()[:-30], "damaged"),
    "bomb.docx": (document(("word/document.xml", b"\0" * 20_000_000)), "unpacks"),
    "bombs.docx": (document(*[(f"word/{n}.xml", b"\0" * 4_000_000) for n in range(60)]), "unpacks"),
    "lies.docx": (lying_bomb(), "unpacks"),
    "parts.docx": (document(*[(f"word/{n}", b"") for n in range(3_100)]), "unpacks"),
    "laughs.xlsx": (document(("xl/workbook.xml", b"<!DOCTYPE x [<!ENTITY a 'ha'>]><x>&a;</x>")), "unpacks"),
    "macro.docx": (document(("word/vbaProject.bin", b"x")), "macros"),
    "a/../../etc/passwd.png": (png(), "path"),
    "..\\..\\boot.txt": (b"x", "path"),
    "C:\\photo.png": (png(), "path"),
    "..": (b"x", "path"),
    ".": (b"x", "path"),
    "evil\u202egnp.exe.png": (png(), "hidden signs"),
    "nul\x00.png": (png(), "hidden signs"),
    "line\nbreak.png": (png(), "hidden signs"),
    f"{'x' * 250}.png": (png(), "200 letters"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused_names_the_file_and_the_remedy(name: str) -> None:
    data, words = BAD[name]
    with pytest.raises(Refused) as refused:
        check(name=name, data=data, limit=LIMIT)
    said = str(refused.value)
    assert words in said and said.startswith("“") and said.endswith(".")
    assert "\x00" not in said and "\u202e" not in said and "\n" not in said
    if len(name) < 60 and "path" not in words and "hidden" not in words:
        assert name in said


def test_too_large_says_the_limit() -> None:
    with pytest.raises(Refused, match="10 MB"):
        check(name="a.txt", data=b"x" * (LIMIT + 1), limit=LIMIT)
    with pytest.raises(Refused):
        attachments.read_bounded("a.txt", iter([b"x" * LIMIT, b"x"]))


@given(
    st.binary(max_size=200),
    st.sampled_from(sorted(file_types.TYPES)),
    st.sampled_from(
        [b"", b"\xff\xd8\xff", b"RIFFxxxxWEBP", b"xxxxftypheic", b"PK\x03\x04word/", b"\x89PNG\r\n\x1a\n"]
    ),
)
def test_garbage_is_taken_or_refused(garbage: bytes, ending: str, start: bytes) -> None:
    with contextlib.suppress(Refused):
        check(name=f"x.{ending}", data=start + garbage, limit=LIMIT)


# Kept, once, and whole ------------------------------------------------------------------------------------------------
def add(complaint: Complaint, actor: Any, *files: tuple[str, bytes], form: uuid.UUID | None = None) -> Any:
    return add_files(
        complaint=complaint,
        files=[(name, [data]) for name, data in files],
        uuid=form or uuid.uuid4(),
        actor=actor,
        today=TODAY,
        now=NOW,
    )


def files_under(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_added_twice_by_one_form_it_is_there_once(cast: Cast, leak: Complaint, root: Path) -> None:
    form = uuid.uuid4()
    for _twice in range(2):
        add(leak, cast.rita, ("zażółć.png", png()), ("note.txt", b"x"), form=form)
    assert [str(row) for row in leak.attachments.all()] == ["zażółć.png", "note.txt"]
    row = leak.attachments.get(original_name="zażółć.png")
    assert (row.content_type, row.size, row.uploaded_by) == ("image/png", len(png()), cast.rita)
    assert path_of(row.stored_name).read_bytes() == png()
    assert len(files_under(root)) == 2 and row.original_name not in str(path_of(row.stored_name))
    add(leak, cast.rita, ("note.txt", b"x"))  # another form means it
    assert leak.attachments.count() == 3


def test_the_complaints_page_shows_them_and_leads_to_them(
    cast: Cast, leak: Complaint, as_user: Callable[..., Client]
) -> None:
    add(leak, cast.rita, ("zażółć.png", png()), ("note.txt", b"x"))
    page = as_user("mona").get(reverse("complaint:page", args=[leak.pk])).content.decode()
    for row in leak.attachments.all():
        assert f'href="{reverse("filing:attachment", args=[row.pk])}"' in page
        assert row.original_name in page


def test_good_files_are_kept_beside_a_bad_one(cast: Cast, leak: Complaint) -> None:
    rows, refused = add(leak, cast.rita, ("a.exe", b"MZ"), ("b.txt", b"x"))
    assert [str(row) for row in rows] == ["b.txt"] and len(refused) == 1 and "a.exe" in refused[0]


def test_where_the_row_cannot_be_written_no_file_is_left(
    cast: Cast, leak: Complaint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(type(Attachment.objects), "bulk_create", fail)
    with pytest.raises(DatabaseError):
        add(leak, cast.rita, ("b.txt", b"x"))
    assert files_under(root) == [] and not leak.attachments.exists()


def test_where_the_file_cannot_be_written_no_row_is(
    cast: Cast, leak: Complaint, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_fd: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(attachments.os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        add(leak, cast.rita, ("b.txt", b"x"))
    assert files_under(root) == [] and not leak.attachments.exists()


def test_no_more_than_so_many(cast: Cast, leak: Complaint, root: Path, settings: Any) -> None:
    settings.ATTACHMENTS_PER_COMPLAINT = 2
    add(leak, cast.rita, ("a.txt", b"a"))
    with pytest.raises(BadInput, match="at most 2"):
        add(leak, cast.rita, ("b.txt", b"b"), ("c.txt", b"c"))
    assert leak.attachments.count() == 1 and len(files_under(root)) == 1


def test_who_does_not_see_the_complaint_adds_nothing(cast: Cast, leak: Complaint, root: Path) -> None:
    with pytest.raises(NotAllowed):
        add(leak, cast.otto, ("a.txt", b"a"))
    assert files_under(root) == []


def test_what_is_held_belongs_to_its_user_and_ends(cast: Cast, leak: Complaint, time_machine: Any) -> None:
    time_machine.move_to(NOW)
    token = hold_file(name="a.txt", data=b"a").token(cast.rita)
    assert [one.original_name for one in held_by([token, token], user=cast.rita)[0]] == ["a.txt"]
    for foreign in (token[:-2] + "xx", "", "x:y:z"):
        assert held_by([foreign], user=cast.rita) == ([], 1)
    assert held_by([token], user=cast.carl) == ([], 1)
    time_machine.move_to(NOW + dt.timedelta(hours=13))
    assert held_by([token], user=cast.rita) == ([], 1)


def test_one_held_file_cannot_stand_at_two_complaints(cast: Cast, leak: Complaint) -> None:
    held, other = hold_file(name="a.txt", data=b"a"), ComplaintFactory(account=cast.acme)
    given: dict[str, Any] = {"files": [held], "actor": cast.rita, "today": TODAY, "now": NOW}
    attach(complaint=leak, **given)
    with pytest.raises(BadInput, match="another complaint"):
        attach(complaint=other, **given)


def test_the_sweep_takes_what_no_row_names_after_a_day(cast: Cast, leak: Complaint, root: Path) -> None:
    add(leak, cast.rita, ("kept.txt", b"k"))
    hold_file(name="left.txt", data=b"l")
    (root / "ab").mkdir(exist_ok=True)
    (root / "ab" / f"{'ab' * 24}.77.part").write_bytes(b"half")
    (root / "other").mkdir()
    (root / "other" / "not-ours").write_bytes(b"x")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=23)
    assert sweep(now=later) == 0
    assert sweep(now=later + dt.timedelta(hours=2)) == 2
    names = {path.name for path in files_under(root)}
    assert names == {leak.attachments.get().stored_name, "not-ours"}
    assert sweep_attachments() == 0


def test_a_file_is_removed_and_brought_back(cast: Cast, leak: Complaint, root: Path) -> None:
    (row,), _none = add(leak, cast.rita, ("a.txt", b"a"))
    row_id = row.pk
    os.utime(path_of(row.stored_name), (0, 0))
    with transaction.atomic():
        token = attachments.remove(attachment=row, actor=cast.rita, today=TODAY)
    assert not leak.attachments.exists()
    with pytest.raises(BadInput):
        attachments.put_back(token=token, actor=cast.mona, today=TODAY)
    for _twice in range(2):
        attachments.put_back(token=token, actor=cast.rita, today=TODAY)
    back = leak.attachments.get()
    assert (back.pk, back.stored_name, back.uploaded_at) == (row_id, row.stored_name, NOW)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "", "AB" * 24, "ab" * 24 + "\n", "a" * 47]
)
def test_no_path_is_made_of_what_is_no_stored_name(name: str) -> None:
    with pytest.raises(ValueError):
        path_of(name)


# As pages -------------------------------------------------------------------------------------------------------------
def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def at_today(time_machine: Any) -> None:
    time_machine.move_to(NOW)


def test_pictures_are_shown_and_everything_else_is_saved(cast: Cast, leak: Complaint, at_today: None) -> None:
    files = [("zażółć.png", png()), ("a.txt", b"<b>x"), ("b.pdf", b"%PDF-1.7"), ("c.eml", b"From: x\n\nx")]
    rows, _none = add(leak, cast.rita, *files)
    for row in rows:
        answer = client_of(cast.rita).get(reverse("filing:attachment", args=[row.pk]))
        assert answer.status_code == 200
        shown = answer["Content-Disposition"].startswith("inline")
        assert shown == (row.content_type == "image/png")
        assert answer["Content-Type"] == row.content_type
        assert answer["X-Content-Type-Options"] == "nosniff"
        policy = answer["Content-Security-Policy"]
        assert "sandbox" in policy and "default-src 'none'" in policy and "script-src" not in policy
        assert "private" in answer["Cache-Control"]
        assert b"".join(answer.streaming_content) == dict(files)[row.original_name]
        again = client_of(cast.rita).get(
            reverse("filing:attachment", args=[row.pk]), headers={"If-None-Match": answer["ETag"]}
        )
        assert again.status_code == 304


def test_a_rep_of_another_team_gets_404(cast: Cast, leak: Complaint, at_today: None) -> None:
    (row,), _none = add(leak, cast.rita, ("a.png", png()))
    url = reverse("filing:attachment", args=[row.pk])
    etag = client_of(cast.rita).get(url)["ETag"]
    for user in (cast.otto, cast.nora, cast.carl):
        client = client_of(user)
        assert client.get(url).status_code == 404
        assert client.get(url, headers={"If-None-Match": etag}).status_code == 404
        assert client.post(reverse("filing:attach", args=[leak.pk])).status_code == 404
        assert client.post(reverse("filing:attachment_remove", args=[row.pk])).status_code == 404
    assert Client().get(url).status_code == 302
    assert leak.attachments.count() == 1


def test_a_row_whose_file_is_gone_is_404(cast: Cast, leak: Complaint, at_today: None) -> None:
    (row,), _none = add(leak, cast.rita, ("a.png", png()))
    path_of(row.stored_name).unlink()
    assert client_of(cast.rita).get(reverse("filing:attachment", args=[row.pk])).status_code == 404


def said(client: Client) -> str:
    return client.get(reverse("home:me")).content.decode()


def test_adding_by_the_form(cast: Cast, leak: Complaint, at_today: None) -> None:
    client, url = client_of(cast.serge), reverse("filing:attach", args=[leak.pk])
    form = str(uuid.uuid4())
    for _twice in range(2):
        files = [SimpleUploadedFile("../../leak.png", png()), SimpleUploadedFile("a.exe", b"MZ")]
        answer = client.post(url, {"uuid": form, "files": files, "next": "/me/"})
        assert answer["Location"] == "/me/"
    assert leak.attachments.get().original_name == "leak.png"
    words = said(client)
    assert "“a.exe” is of a type that is not taken" in words and "1 file added." in words
    assert client.post(url, {"uuid": form, "next": "https://evil.example/"})["Location"] == reverse(
        "complaint:page", args=[leak.pk]
    )
    assert "Choose a file first." in said(client)


def test_removing_with_undo_by_the_form(cast: Cast, leak: Complaint, at_today: None) -> None:
    (row,), _none = add(leak, cast.rita, ("a.png", png()))
    assert client_of(cast.serge).post(reverse("filing:attachment_remove", args=[row.pk])).status_code == 404
    client = client_of(cast.rita)
    client.post(reverse("filing:attachment_remove", args=[row.pk]))
    assert not leak.attachments.exists()
    page = said(client)
    undo = page.split('action="/complaints/attachments/undo/')[1].split('"')[0]
    client.post(f"/complaints/attachments/undo/{undo}", {"next": "/me/"})
    assert leak.attachments.get().original_name == "a.png"


def test_the_folder_is_outside_what_the_web_server_gives_out() -> None:
    for served in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS):
        assert not Path(settings.ATTACHMENTS_ROOT).is_relative_to(served)


def test_the_part_for_the_complaints_page(cast: Cast, leak: Complaint, at_today: None, rf: Any) -> None:
    add(leak, cast.rita, ("leak.png", png()), ("<b>.txt", b"x"))
    request = rf.get("/complaints/1/")
    request.user = cast.serge
    context = {"complaint": leak, "attachments": leak.attachments.select_related("uploaded_by")}
    part = render_to_string("complaints/attachments.html", context, request=request)
    picture, text = leak.attachments.all()
    assert f'<img src="/complaints/attachments/{picture.pk}/"' in part and "&lt;b&gt;.txt" in part
    assert f"/complaints/attachments/{text.pk}/remove/" not in part  # an agent removes own files only
    assert f'action="/complaints/{leak.pk}/attach/"' in part and 'value="/complaints/1/"' in part
    request.user = cast.rita
    assert f"/complaints/attachments/{text.pk}/remove/" in render_to_string(
        "complaints/attachments.html", context, request=request
    )
