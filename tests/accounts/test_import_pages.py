"""Imports as pages: one file from its upload to its undo, as an admin does it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import Import, ImportPreset, ImportSource, Purchase, Upload
from crm.jobs.models import Job
from tests.support.cast import Cast
from tests.support.uploading import HEADER, bring, checked, post, purchases, work_off

pytestmark = pytest.mark.django_db
State = Upload.State


@pytest.fixture
def ada(as_user: Callable[[str], Client]) -> Client:
    return as_user("ada")


def text(answer: Any) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def page(client: Client, upload: Upload) -> str:
    return text(client.get(reverse("imports:upload", args=[upload.uuid]), follow=True))


def test_the_first_page_says_what_to_do(ada: Client) -> None:
    shown = text(ada.get(reverse("imports:list")))
    assert "Nothing imported yet" in shown
    assert "Import a file" in shown


def test_a_file_goes_its_way_to_the_result(ada: Client, cast: Cast) -> None:
    upload = bring(ada, purchases(3))
    assert (upload.kind, upload.state) == ("purchases", State.RECEIVED)
    assert upload.mapping["amount"] == "amount"
    shown = page(ada, upload)
    assert "recognised: semicolon ;" in shown
    assert "FV/0" in shown

    post(ada, upload, check="1")
    assert "The file is being checked" in page(ada, upload)
    work_off()
    assert not Purchase.objects.exists()
    assert "Import 3 rows" in page(ada, upload)

    post(ada, upload, "imports:import")
    assert "The file is being imported" in page(ada, upload)
    work_off()
    assert Purchase.objects.filter(account=cast.acme).count() == 3
    upload.refresh_from_db()
    assert upload.state == State.DONE
    assert upload.imported is not None
    assert upload.imported.started_by == cast.ada
    shown = page(ada, upload)
    assert "Every row was taken" in shown
    assert cast.acme.name in shown
    assert "orders.csv" in text(ada.get(reverse("imports:list")))


def test_rejected_rows_are_grouped_and_come_back_as_a_file(ada: Client, cast: Cast) -> None:
    wrong = "ACME;B/1;2026-09-31;5\nACME;B/2;2026-02-30;5\nACME;B/3;2026-09-01;five\n"
    upload = checked(ada, bring(ada, purchases(2) + wrong.encode()))
    assert [group["count"] for group in upload.summary["rejects"]] == [2, 1]
    shown = page(ada, upload)
    assert "3 rejected rows" in shown
    assert "“2026-09-31”" in shown
    assert "“2026-02-30”" in shown
    assert "4, 5" in shown
    answer = ada.get(reverse("imports:rejected", args=[upload.uuid]))
    assert answer["Content-Disposition"] == 'attachment; filename="orders - rejected rows.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["line", "reason", *HEADER.split(";")]
    assert [row[0] for row in rows[1:]] == ["4", "5", "6"]

    # Corrected, the list is a file of its own: its two columns in front are passed over.
    corrected = io.StringIO()
    csv.writer(corrected).writerows([rows[0], *([*row[:4], "2026-09-15", "7"] for row in rows[1:])])
    again = checked(ada, bring(ada, corrected.getvalue().encode(), name="corrected.csv"))
    assert again.kind == "purchases"
    assert again.summary["rows_taken"] == 3
    assert again.summary["rows_rejected"] == 0


def test_what_is_set_otherwise_is_checked_again(ada: Client, cast: Cast) -> None:
    upload = checked(ada, bring(ada, b"account;number;ordered;amount;other\nACME;1;2026-09-01;5;6\n"))
    post(ada, upload, **{"column-amount": "other"})
    upload.refresh_from_db()
    assert upload.state == State.RECEIVED
    post(ada, upload, "imports:import")
    assert not Job.objects.filter(kind="import").exists()
    assert "Check the file first" in page(ada, upload)
    upload = checked(ada, upload)
    post(ada, upload, "imports:import")
    work_off()
    assert Purchase.objects.get().amount == 6


def test_a_check_that_was_overtaken_says_nothing(ada: Client, cast: Cast) -> None:
    upload = bring(ada, b"account;number;ordered;amount;other\nACME;1;2026-09-01;5;6\n")
    post(ada, upload, check="1")
    upload.refresh_from_db()
    post(ada, upload, **{"column-amount": "other"})
    work_off()
    upload.refresh_from_db()
    assert (upload.state, upload.summary) == (State.RECEIVED, {})


def test_two_who_press_at_once_start_one_job(ada: Client, cast: Cast) -> None:
    upload = bring(ada, purchases(2))
    for _press in range(2):
        post(ada, upload, check="1")
    assert Job.objects.filter(kind="import_check").count() == 1
    work_off()
    for _press in range(2):
        post(ada, upload, "imports:import")
    assert Job.objects.filter(kind="import").count() == 1
    work_off()
    post(ada, upload, "imports:import")
    work_off()
    assert Import.objects.count() == 1


def test_a_missing_column_is_asked_for(ada: Client, cast: Cast) -> None:
    upload = bring(ada, b"account;number;on;amount\nACME;1;2026-09-01;5\n", kind="purchases")
    if upload.mapping["ordered"]:
        post(ada, upload, **{"column-ordered": ""})
        upload.refresh_from_db()
    assert "Still without a column: Ordered" in page(ada, upload)
    post(ada, upload, check="1")
    assert not Job.objects.exists()
    post(ada, upload, **{"column-ordered": "on"})
    upload.refresh_from_db()
    assert checked(ada, upload).summary["rows_taken"] == 1


def test_the_way_it_is_read_can_be_chosen(ada: Client, cast: Cast) -> None:
    content = "account;name;city\nNOWY;Zażółć;Łódź\n".encode("cp1250")
    upload = bring(ada, content, kind="accounts")
    post(ada, upload, encoding="cp1251")
    upload.refresh_from_db()
    assert "Zażółć" not in page(ada, upload)
    post(ada, upload, encoding="cp1250")
    assert "Zażółć" in page(ada, upload)
    answer = ada.post(reverse("imports:upload", args=[upload.uuid]), {"encoding": "klingon"}, follow=True)
    assert "klingon" in text(answer)


def test_a_preset_is_offered_to_the_same_columns(ada: Client, cast: Cast) -> None:
    content = b"k;nr;d;v\nACME;1;2026-09-01;5\n"
    upload = bring(ada, content, kind="purchases")
    columns = {"column-account": "k", "column-number": "nr", "column-ordered": "d", "column-amount": "v"}
    post(ada, upload, **columns, create_accounts="on")
    post(ada, upload, "imports:preset_save", name="  Night   export ")
    preset = ImportPreset.objects.get()
    assert preset.name == "Night export"
    second = bring(ada, content, name="next.csv")
    assert (second.preset, second.create_accounts, second.mapping["amount"]) == (preset, True, "v")
    assert "as preset “Night export”" in page(ada, second)

    # Saved under the same name, a preset that is not chosen is not written over.
    other = bring(ada, purchases(1), name="other.csv")
    post(ada, other, "imports:preset_save", name="Night export")
    assert "There is a preset “Night export” already" in page(ada, other)
    preset.refresh_from_db()
    assert preset.mapping["amount"] == "v"


def test_a_preset_in_use_is_not_deleted(ada: Client, cast: Cast) -> None:
    upload = bring(ada, purchases(1))
    post(ada, upload, "imports:preset_save", name="ERP")
    preset = ImportPreset.objects.get()
    source = ImportSource.objects.create(
        name="Night", kind="purchases", preset=preset, made_at=upload.received_at
    )
    answer = ada.post(reverse("imports:preset_delete", args=[preset.pk]), follow=True)
    assert "Not deleted: Night uses this preset" in text(answer)
    ada.post(reverse("imports:preset", args=[preset.pk]), {"name": "Navision"})
    source.delete()
    ada.post(reverse("imports:preset_delete", args=[preset.pk]))
    assert not ImportPreset.objects.exists()
    assert "Upload" not in text(ada.get(reverse("imports:presets")))


def test_an_import_is_taken_back(ada: Client, cast: Cast) -> None:
    upload = checked(ada, bring(ada, purchases(4)))
    post(ada, upload, "imports:import")
    work_off()
    imported = Import.objects.get()
    here = reverse("imports:undo", args=[imported.pk])
    assert "4 purchases" in text(ada.get(here))
    assert "being taken back" in text(ada.post(here, follow=True))
    work_off()
    imported.refresh_from_db()
    assert imported.undone_at is not None
    assert not Purchase.objects.exists()
    assert "Taken back on" in text(ada.get(reverse("imports:result", args=[imported.pk])))


def test_warnings_stand_in_one_list_and_a_list_is_not_offered_after_the_undo(ada: Client, cast: Cast) -> None:
    upload = checked(ada, bring(ada, b"code;name;phone\nX1;One;none\nX2;Two;brak\nX3;;\n"))
    answer = ada.get(reverse("imports:upload", args=[upload.uuid]))
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    assert main.count('data-tone="warn"') == 1
    assert "Line 2: phone: “none” is no phone number" in text(answer)
    assert "Line 3: phone: “brak” is no phone number" in text(answer)
    post(ada, upload, "imports:import")
    work_off()
    imported = Import.objects.get()
    shown = reverse("imports:result", args=[imported.pk])
    assert "import it alone" in text(ada.get(shown))
    ada.post(reverse("imports:undo", args=[imported.pk]))
    work_off()
    assert "Taken back on" in text(ada.get(shown))
    assert "import it alone" not in text(ada.get(shown))


def test_an_import_of_which_all_stays_is_not_taken_back(ada: Client, cast: Cast) -> None:
    for name, amount in (("first.csv", 5), ("second.csv", 6)):
        content = f"account;number;ordered;amount\nACME;1;2026-09-01;{amount}\n".encode()
        post(ada, checked(ada, bring(ada, content, name=name)), "imports:import")
        work_off()
    first, _second = Import.objects.order_by("pk")
    here = reverse("imports:undo", args=[first.pk])
    shown = text(ada.get(here))
    assert "Nothing of this import can be taken back now" in shown
    assert "second.csv" in shown
    assert "Take the import back" not in shown
    ada.post(here)
    work_off()
    assert "Take back first: second.csv" in text(ada.get(reverse("imports:result", args=[first.pk])))
    assert not Import.objects.exclude(undone_at=None).exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"\x00\x01\x02account;number\n", ""),
        (b"account;number\n\x1f\x8b", ""),
    ],
)
def test_what_cannot_be_read_is_said(ada: Client, content: bytes, words: str) -> None:
    answer = ada.post(reverse("imports:new"), {"file": SimpleUploadedFile("x.csv", content)}, follow=True)
    assert answer.status_code in (200, 422)
    assert words in text(answer)


def test_a_file_over_the_limit_is_said_and_not_kept(ada: Client, settings: Settings) -> None:
    settings.UPLOAD_LIMIT = 1_000_000
    answer = ada.post(reverse("imports:new"), {"file": SimpleUploadedFile("x.csv", b"a;b\n" * 400_000)})
    assert answer.status_code == 422
    assert "The file is larger than 1 MB" in text(answer)
    assert not Upload.objects.exists()


def test_nothing_chosen_is_said(ada: Client) -> None:
    answer = ada.post(reverse("imports:new"), {})
    assert "Choose a file first" in text(answer)


def test_a_discarded_file_is_gone(
    ada: Client, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    upload = bring(ada, purchases(1))
    folder = settings.UPLOAD_DIR / str(upload.uuid)
    assert folder.exists()
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(ada, upload, "imports:discard")
    assert answer.url == reverse("imports:list")
    assert not folder.exists()
    assert ada.get(reverse("imports:upload", args=[upload.uuid])).status_code == 404


def test_progress_is_told_and_ends_with_the_page_anew(ada: Client, cast: Cast) -> None:
    upload = bring(ada, purchases(2))
    post(ada, upload, check="1")
    here = reverse("imports:progress", args=[upload.uuid])
    answer = ada.get(here)
    assert "HX-Refresh" not in answer
    Job.objects.update(state="running", progress_done=1500, progress_total=3000)
    assert "1,500 of 3,000 rows" in text(ada.get(here))
    Job.objects.update(state="queued")
    work_off()
    assert ada.get(here)["HX-Refresh"] == "true"


def test_a_job_that_was_given_up_can_be_asked_for_again(ada: Client, cast: Cast) -> None:
    upload = checked(ada, bring(ada, purchases(2)))
    post(ada, upload, "imports:import")
    Job.objects.filter(kind="import").update(state="failed", error="The disk is full.")
    shown = page(ada, upload)
    assert "The import stopped" in shown
    assert "The disk is full." in shown
    post(ada, upload, "imports:import")
    work_off()
    assert Purchase.objects.count() == 2
