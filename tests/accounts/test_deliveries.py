"""Files that come by themselves: from folders, and by the upload endpoint."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts import deliveries, folders, uploads
from accounts.folders import check_folder, folder_of, look, make_folder
from accounts.models import Import, ImportSource, Purchase, Upload
from crm.jobs.models import Job
from tests.support.cast import Cast
from tests.support.uploading import checked, post, purchases, work_off
from tests.support.uploads import make_preset, make_source

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 10, 13, 3, tzinfo=dt.UTC)
State = Upload.State


@pytest.fixture
def places(tmp_path: Path, settings: Settings) -> Path:
    """The root of the folders."""
    settings.UPLOAD_DIR, settings.IMPORT_FOLDER = tmp_path / "uploads", tmp_path / "import"
    return tmp_path / "import"


@pytest.fixture
def source(cast: Cast, places: Path) -> ImportSource:
    """An ERP that puts files of purchases into `erp/sales`."""
    made = make_source(cast.ada, folder="erp/sales")
    make_folder(made)
    return made


def put(source: ImportSource, content: bytes, name: str = "orders.csv", *, age: float = 120) -> Path:
    """A file in the source's folder that was written so many seconds ago."""
    path = folder_of(source) / name
    path.write_bytes(content)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def lying(source: ImportSource, where: str) -> list[str]:
    """The names of the files in one of our folders, without what was put before them."""
    return sorted(path.name.split("-", 3)[-1] for path in (folder_of(source) / where).iterdir())


# Folders ------------------------------------------------------------------------------------------------------------
def test_a_file_is_taken_imported_and_put_away(source: ImportSource, cast: Cast) -> None:
    put(source, purchases(3))
    assert look(now=NOW)["taken"] == 1
    work_off()
    upload = Upload.objects.get()
    assert (upload.state, upload.source, upload.file_name) == (State.DONE, source, "orders.csv")
    assert Purchase.objects.filter(imported=upload.imported).count() == 3
    assert lying(source, "taken") == []
    assert lying(source, "done") == ["orders.csv", "orders.csv.txt"]
    assert list(folder_of(source).glob("*.csv")) == []


def test_a_refused_file_says_why_and_the_admins_are_told(
    source: ImportSource, cast: Cast, mailoutbox: list[Any]
) -> None:
    put(source, b"name;colour\nx;red\n")
    look(now=NOW)
    work_off()
    upload = Upload.objects.get()
    assert upload.state == State.REFUSED
    assert lying(source, "refused") == ["orders.csv", "orders.csv.txt"]
    words = next((folder_of(source) / "refused").glob("*.txt")).read_text()
    assert upload.problem in words
    [mail] = mailoutbox
    assert mail.to == [cast.ada.email]
    assert upload.problem in mail.body
    assert reverse("imports:upload", args=[upload.uuid]) in mail.body
    assert not Import.objects.exists()
    job = Job.objects.get(kind=uploads.IMPORT)
    admin = Client()
    admin.force_login(cast.ada)
    for state, listed in (("failed", True), ("done", False), ("", True)):
        page = admin.get(reverse("jobs:list"), {"state": state}).content.decode()
        assert (reverse("jobs:job", args=[job.pk]) in page) is listed
    assert "Refused</span>" in page and "Done</span>" not in page
    assert (
        "It was refused, and nothing was written."
        in admin.get(reverse("jobs:job", args=[job.pk])).content.decode()
    )


def test_a_refused_file_is_imported_as_somebody_set_it_up(
    source: ImportSource, as_user: Callable[[str], Client], cast: Cast, mailoutbox: list[Any]
) -> None:
    put(source, b"k;n;d;v\nACME;1;2026-09-01;5\n")
    look(now=NOW)
    work_off()
    upload, ada = Upload.objects.get(), as_user("ada")
    columns = {"column-account": "k", "column-number": "n", "column-ordered": "d", "column-amount": "v"}
    post(ada, upload, **columns)
    upload.refresh_from_db()
    checked(ada, upload)
    post(ada, upload, "imports:import")
    work_off()
    assert Purchase.objects.get().imported.started_by == cast.ada
    assert len(mailoutbox) == 1


def test_rejected_rows_lie_beside_the_file(source: ImportSource, cast: Cast) -> None:
    put(source, purchases(2) + b"ACME;X;2026-02-31;1\n")
    look(now=NOW)
    work_off()
    assert lying(source, "done") == ["orders.csv", "orders.csv.rejected.csv", "orders.csv.txt"]
    rejected = next((folder_of(source) / "done").glob("*.rejected.csv")).read_text()
    assert "2026-02-31" in rejected


@pytest.mark.parametrize("name", [".orders.csv", "~orders.csv", "orders.csv.part", "orders.TMP"])
def test_what_is_not_ready_is_passed_over(source: ImportSource, name: str) -> None:
    put(source, purchases(1), name)
    assert look(now=NOW)["taken"] == 0
    assert not Upload.objects.exists()


def test_a_file_that_grows_is_left_until_it_rests(source: ImportSource) -> None:
    """Also where it was written by a machine whose clock goes ahead."""
    for rows in (1, 2, 3):
        put(source, purchases(rows), age=-3600 - rows)
        assert look(now=NOW)["taken"] == 0
    assert look(now=NOW)["taken"] == 1


def test_a_file_is_complete_when_two_looks_find_it_the_same(source: ImportSource, cast: Cast) -> None:
    put(source, purchases(1), age=5)
    assert look(now=NOW)["taken"] == 0
    assert look(now=NOW)["taken"] == 1


def test_links_are_not_followed(source: ImportSource, tmp_path: Path) -> None:
    secret = tmp_path / "passwd"
    secret.write_bytes(purchases(1))
    (folder_of(source) / "orders.csv").symlink_to(secret)
    assert look(now=NOW)["taken"] == 0
    assert look(now=NOW)["taken"] == 0


def test_the_same_bytes_are_recognised(source: ImportSource, cast: Cast) -> None:
    for name in ("monday.csv", "tuesday.csv"):
        put(source, purchases(2), name)
        look(now=NOW)
        work_off()
    first, second = Upload.objects.order_by("pk")
    assert (first.state, second.state) == (State.DONE, State.KNOWN)
    assert "monday.csv" in second.problem
    assert Import.objects.count() == 1
    assert lying(source, "done") == ["monday.csv", "monday.csv.txt", "tuesday.csv", "tuesday.csv.txt"]


def test_what_an_older_file_said_can_come_back(source: ImportSource, cast: Cast) -> None:
    """A, then B, then A: the third is no double, for B said otherwise in between."""
    for content in (purchases(2), purchases(3), purchases(2)):
        put(source, content)
        look(now=NOW)
        work_off()
    assert [upload.state for upload in Upload.objects.order_by("pk")] == [State.DONE] * 3


def test_files_of_one_source_are_imported_one_after_another(source: ImportSource, cast: Cast) -> None:
    put(source, b"account;number;ordered;amount\nACME;1;2026-09-01;10\n", "b-first.csv", age=600)
    put(source, b"account;number;ordered;amount\nACME;1;2026-09-01;20\n", "a-second.csv", age=300)
    look(now=NOW)
    first, second = Upload.objects.order_by("pk")
    assert first.file_name == "b-first.csv"
    assert first.job is not None
    assert second.job is None
    work_off()
    assert Purchase.objects.get().amount == 20


# Killed in between --------------------------------------------------------------------------------------------------
def test_a_claimed_file_is_received_by_the_next_look(
    source: ImportSource, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(source, purchases(2))

    def die(*_args: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(folders, "deliver", die)
        with pytest.raises(KeyboardInterrupt):
            look(now=NOW)
    assert len(lying(source, "taken")) == 1
    look(now=NOW)
    look(now=NOW)
    assert Upload.objects.count() == 1
    work_off()
    assert Import.objects.count() == 1
    assert lying(source, "done") == ["orders.csv", "orders.csv.txt"]


def test_an_import_that_was_written_is_not_written_again(
    source: ImportSource, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(source, purchases(2))
    look(now=NOW)

    def die(*_args: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_end", die)
        with pytest.raises(KeyboardInterrupt):
            work_off()
    written = Import.objects.get()
    upload = Upload.objects.get()
    assert (upload.state, upload.imported) == (State.IMPORTING, None)
    deliveries.take(
        upload_id=upload.pk, actor=None, now=NOW, today=NOW.date(), report=lambda done, total: None
    )
    upload.refresh_from_db()
    assert (upload.state, upload.imported) == (State.DONE, written)
    assert Import.objects.count() == 1
    assert look(now=NOW)["put_away"] == 1
    assert lying(source, "done") == ["orders.csv", "orders.csv.txt"]


def test_a_file_over_the_limit_is_refused(
    source: ImportSource, settings: Settings, mailoutbox: list[Any]
) -> None:
    settings.UPLOAD_LIMIT = 10
    put(source, purchases(2))
    look(now=NOW)
    assert Upload.objects.get().state == State.REFUSED
    assert lying(source, "refused") == ["orders.csv", "orders.csv.txt"]
    assert len(mailoutbox) == 1


# Where folders may be -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "folder",
    ["/etc", "../outside", "erp/../../x", "C:\\data", ".hidden", "erp/.git", "erp/done", "taken", "a/\0"],
)
def test_a_folder_lies_below_the_root(places: Path, folder: str) -> None:
    with pytest.raises(ValidationError):
        check_folder(folder)


def test_a_link_does_not_lead_out(places: Path, tmp_path: Path) -> None:
    places.mkdir()
    (places / "out").symlink_to(tmp_path)
    with pytest.raises(ValidationError, match="leads outside"):
        check_folder("out/x")


@pytest.mark.parametrize(("given", "kept"), [("erp\\sales", "erp/sales"), (" erp/ ", "erp"), ("", "")])
def test_a_folder_is_kept_plain(places: Path, given: str, kept: str) -> None:
    assert check_folder(given) == kept


def test_two_sources_do_not_share_a_folder(as_user: Callable[[str], Client], source: ImportSource) -> None:
    ada = as_user("ada")
    data = {"name": "Other", "kind": "purchases", "active": "on"}
    for folder in ("erp/sales", "erp", "erp/sales/new"):
        answer = ada.post(reverse("imports:source_new"), {**data, "folder": folder})
        assert answer.status_code == 422
    ada.post(reverse("imports:source_new"), {**data, "folder": "erp/stock"})
    assert (folder_of(ImportSource.objects.get(name="Other")) / "refused").is_dir()


# The endpoint -------------------------------------------------------------------------------------------------------
@pytest.fixture
def secret(source: ImportSource) -> str:
    return deliveries.new_secret(source=source)


def send(secret: str, body: bytes, *, query: str = "?name=orders.csv", kind: str = "text/csv") -> Any:
    return Client(enforce_csrf_checks=True).post(
        reverse("imports:deliver") + query,
        data=body,
        content_type=kind,
        headers={"Authorization": f"Bearer {secret}"},
    )


def test_a_program_delivers_and_asks_what_came_of_it(secret: str, cast: Cast) -> None:
    answer = send(secret, purchases(3))
    assert answer.status_code == 202
    said = answer.json()
    assert (said["state"], said["file"]) == ("importing", "orders.csv")
    work_off()
    later = Client().get(said["address"], headers={"Authorization": f"Bearer {secret}"}).json()
    assert (later["state"], later["rows_taken"], later["rows_rejected"]) == ("done", 3, 0)
    assert Purchase.objects.count() == 3


def test_a_form_with_one_file_will_do(secret: str, cast: Cast) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        reverse("imports:deliver"),
        {"file": SimpleUploadedFile("night.csv", purchases(1))},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 202
    assert answer.json()["file"] == "night.csv"


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic {secret}", "Bearer {secret}x"])
def test_without_the_secret_nothing_is_taken(secret: str, given: str) -> None:
    headers = {"Authorization": given.format(secret=secret)} if given else {}
    answer = Client().post(reverse("imports:deliver"), data=b"a;b", content_type="text/csv", headers=headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not Upload.objects.exists()


def test_a_secret_is_shown_once_stored_hashed_replaced_and_revoked(
    as_user: Callable[[str], Client], source: ImportSource
) -> None:
    ada = as_user("ada")
    here = reverse("imports:source", args=[source.pk])
    shown = ada.post(reverse("imports:source_secret", args=[source.pk]), follow=True).content.decode()
    source.refresh_from_db()
    first = shown.split("shown only now")[1].split("<code")[1].split(">")[1].split("<")[0]
    assert deliveries.source_of(first) == source
    assert first not in ada.get(here).content.decode()
    assert first not in str(ImportSource.objects.values().get())
    ada.post(reverse("imports:source_secret", args=[source.pk]))
    assert deliveries.source_of(first) is None
    second = deliveries.new_secret(source=source)
    ada.post(reverse("imports:source_revoke", args=[source.pk]))
    assert deliveries.source_of(second) is None


def test_a_source_that_is_switched_off_takes_nothing(secret: str, source: ImportSource) -> None:
    ImportSource.objects.update(active=False)
    put(source, purchases(1))
    assert send(secret, purchases(1)).status_code == 401
    assert look(now=NOW)["taken"] == 0


def test_another_source_does_not_see_the_delivery(secret: str, cast: Cast) -> None:
    said = send(secret, purchases(1)).json()
    other = deliveries.new_secret(source=make_source(cast.ada, name="Other"))
    answer = Client().get(said["address"], headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == 404


def test_too_large_too_empty_too_strange(secret: str, settings: Settings) -> None:
    assert send(secret, b"").status_code == 400
    assert send(secret, b"a=b", kind="application/x-www-form-urlencoded").status_code == 415
    settings.UPLOAD_LIMIT = 100
    assert send(secret, b"x" * 1000).status_code == 413
    assert send(secret, b"x" * 3_000_000).status_code == 413
    assert not Upload.objects.exists()
    left = list(Path(settings.UPLOAD_DIR).iterdir()) if Path(settings.UPLOAD_DIR).exists() else []
    assert left == []


def test_deliveries_are_limited(secret: str, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MOST_AN_HOUR", 2)
    assert [send(secret, purchases(1)).status_code for _time in range(3)] == [202, 202, 429]


def test_who_guesses_secrets_is_told_to_wait_and_nobody_else(secret: str, cast: Cast) -> None:
    cache.clear()
    assert [send("wrong", b"a").status_code for _time in range(21)] == [401] * 20 + [429]
    assert send(secret, purchases(1)).status_code == 202
    cache.clear()


def test_a_preset_says_how_and_its_missing_column_refuses(
    source: ImportSource, secret: str, cast: Cast, mailoutbox: list[Any]
) -> None:
    source.preset = make_preset(
        cast.ada, mapping={**{n: n for n in ("account", "number", "ordered")}, "amount": "net"}
    )
    source.save()
    send(secret, purchases(1))
    work_off()
    upload = Upload.objects.get()
    assert upload.state == State.REFUSED
    assert "net" in upload.problem
    assert len(mailoutbox) == 1
