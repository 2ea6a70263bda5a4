"""Files that were brought: kept, recognised, removed in time."""

from __future__ import annotations

import datetime as dt
import os
import time
import uuid
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from accounts import uploads
from accounts.models import Upload
from accounts.models.importing import ImportKind
from accounts.receiving import TooLarge, clean_name, keep, path_of
from accounts.rejected_rows import grouped_rejects
from tests.support.cast import Cast
from tests.support.uploads import make_preset, make_source, make_upload

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 10, 13, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
State = Upload.State


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return tmp_path / "uploads"


def receive(cast: Cast, content: bytes, name: str = "x.csv", kind: str = "") -> Upload:
    return uploads.receive(chunks=[content], file_name=name, kind=kind, actor=cast.ada, now=NOW)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("code;name;city;tax_number", ImportKind.ACCOUNTS),
        ("account;name;position;birthday", ImportKind.PERSONS),
        ("code;name;line;service_life_months", ImportKind.PRODUCTS),
        ("account;number;ordered;amount", ImportKind.PURCHASES),
        ("what;is;this", ImportKind.PURCHASES),
    ],
)
def test_what_the_rows_are_is_told_by_the_columns(cast: Cast, header: str, kind: str) -> None:
    assert receive(cast, f"{header}\n1;2;3;4\n".encode()).kind == kind


def test_the_file_is_kept_as_it_came(cast: Cast, folder: Path) -> None:
    upload = receive(cast, b"account;number\n1;2\n", name="C:\\Export\\Bestellungen.csv")
    assert upload.file_name == "Bestellungen.csv"
    assert path_of(upload.stored_as).read_bytes() == b"account;number\n1;2\n"
    assert upload.sha256 == "eddf2d4dd2e6e9a3b1bf8b4b2d7d6d2b" or len(upload.sha256) == 64
    assert [path.name for path in folder.iterdir()] == [str(upload.uuid)]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\x00b\n.csv", "ab.csv"),
        (".csv", "csv"),
        ("", "file"),
        ("x" * 300, "x" * 255),
    ],
)
def test_names_are_cleaned(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_too_large_leaves_nothing(folder: Path, settings: Settings) -> None:
    settings.UPLOAD_LIMIT = 10
    with pytest.raises(TooLarge):
        keep([b"12345", b"67890", b"1"], under=uuid.uuid4())
    assert list(folder.iterdir()) == []


def test_a_preset_of_the_same_columns_is_chosen(cast: Cast) -> None:
    preset = make_preset(
        cast.ada,
        header=["k", "n", "d", "v"],
        mapping={"account": "k", "number": "n", "ordered": "d", "amount": "v"},
    )
    upload = receive(cast, b"k;n;d;v\nACME;1;2026-09-01;2\n")
    assert (upload.preset, upload.mapping["amount"]) == (preset, "v")
    assert uploads.is_as_preset(upload)


def test_the_list_of_rejected_rows_finds_the_preset_of_its_file(cast: Cast) -> None:
    preset = make_preset(
        cast.ada,
        header=["k", "n", "d", "v"],
        mapping={"account": "k", "number": "n", "ordered": "d", "amount": "v"},
        reading={"delimiter": ";", "encoding": "cp1250", "dates": "dmy"},
    )
    upload = receive(cast, b"line,reason,k,n,d,v\n7,none,ACME,1,01.09.2026,2\n")
    assert (upload.preset, upload.mapping["amount"]) == (preset, "v")
    assert upload.reading == {"dates": "dmy"}


def test_what_came_long_ago_is_removed_and_its_row_stays(cast: Cast, folder: Path) -> None:
    old = receive(cast, b"account;number\n1;2\n")
    Upload.objects.filter(pk=old.pk).update(received_at=NOW - 91 * DAY)
    busy = make_upload(cast.ada, state=State.IMPORTING, received_at=NOW - 200 * DAY)
    young = make_upload(cast.ada, received_at=NOW - 89 * DAY)
    assert uploads.remove_old_files(now=NOW) == 1
    assert not (folder / str(old.uuid)).exists()
    removed = {upload.pk: upload.removed_at for upload in Upload.objects.all()}
    assert removed == {old.pk: NOW, busy.pk: None, young.pk: None}
    with pytest.raises(uploads.CannotDo, match="removed after 90 days"):
        uploads.ask_for_check(upload=old, actor=cast.ada, now=NOW)


def test_a_file_without_a_row_is_removed_after_a_day(cast: Cast, folder: Path) -> None:
    for name, hours in (("old", 30), ("young", 3)):
        lost = folder / str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        lost.mkdir(parents=True)
        os.utime(lost, (time.time() - hours * 3600,) * 2)
    (folder / "not-ours").mkdir()
    uploads.remove_old_files(now=NOW)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["not-ours", str(uuid.uuid5(uuid.NAMESPACE_DNS, "young"))]
    )


def test_what_is_imported_is_not_discarded(cast: Cast) -> None:
    for state in (State.DONE, State.IMPORTING):
        with pytest.raises(uploads.CannotDo):
            uploads.discard(upload=make_upload(cast.ada, state=state))


def test_reasons_are_grouped_by_what_they_say(tmp_path: Path) -> None:
    file = tmp_path / "rejected.csv"
    rows = [f"{n},ordered: “{n}.13.2026” is no day,a,b" for n in range(2, 9)] + ["9,account: none,,c"]
    file.write_text("line,reason,x,y\n" + "".join(f"{row}\n" for row in rows))
    first, second = grouped_rejects(file)
    assert first == {
        "count": 7,
        "words": "ordered: “2.13.2026” is no day",
        "row": "a · b",
        "lines": ["2", "3", "4", "5", "6"],
        "said": [{"words": f"ordered: “{n}.13.2026” is no day", "count": 1} for n in (2, 3, 4)],
        "more": 4,
    }
    assert "said" not in second
    assert (second["count"], second["words"]) == (1, "account: none")


def test_many_reasons_are_summed_up(tmp_path: Path) -> None:
    file = tmp_path / "rejected.csv"
    letters = "abcdefghijklmnopqrst"
    file.write_text("line,reason\n" + "".join(f"1,{letter}\n" for letter in letters))
    found = grouped_rejects(file)
    assert len(found) == 13
    assert (found[-1]["count"], found[-1]["words"]) == (8, "")


def test_a_source_keeps_its_uploads_when_it_goes(cast: Cast) -> None:
    source = make_source(cast.ada)
    upload = make_upload(cast.ada, source=source)
    source.delete()
    upload.refresh_from_db()
    assert upload.source is None
