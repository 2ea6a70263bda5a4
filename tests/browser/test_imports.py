"""Imports in Chromium: a file of 100,000 rows from its upload to its undo, and every page with little and with much."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import deliveries
from accounts.models import Import, Purchase, Upload
from crm.jobs import kinds, running
from crm.jobs.kinds import Work
from crm.jobs.models import Job
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import PASSWORD, Cast
from tests.support.uploads import SUMMARY, make_import, make_imports, make_preset, make_source, make_upload

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 100_000
LINES = 10  # of each purchase
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft_2026-10-12.csv.gz"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.current_app, "send_task", lambda *args, **kwargs: None)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file as a Polish ERP writes it: Windows 1250, semicolons, decimal commas; one row in a thousand is wrong."""
    path = tmp_path / "sprzedaż wrzesień.csv"
    with path.open("w", encoding="cp1250", newline="\r\n") as out:
        out.write("Kod klienta;Numer faktury;Data wystawienia;Wartość netto;Opis\n")
        for n in range(ROWS):
            number, code = n // LINES, ("ACME", "BREW", "QUARRY")[n // LINES % 3]
            day = "31.02.2026" if n % 1000 == 999 else f"{number % 28 + 1:02d}.{number % 9 + 1:02d}.2026"
            out.write(f"{code};FV/{number};{day};{n % 1000},50;Śruby ocynkowane\n")
    return path


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[Page], list[str]]:
    """Does the job that waits, with a look at the page whenever a third of the rows is done; what the page said.

    Server and job share one connection to a database in memory, so they take turns.
    """
    turn = threading.RLock()
    answer = WSGIHandler.__call__

    def in_turn(handler: WSGIHandler, *request: Any) -> Any:
        with turn:
            return answer(handler, *request)

    monkeypatch.setattr(WSGIHandler, "__call__", in_turn)

    def do(page: Page) -> list[str]:
        said: list[str] = []
        job = Job.objects.get(state=Job.State.QUEUED)
        kind = kinds.kind_named(job.kind)

        def with_eyes(work: Work) -> Any:
            def report(done: int, total: int | None) -> None:
                work.report(done, total)
                if total and done * 3 // total > len(said):
                    turn.release()
                    expect(page.locator("#progress-words")).to_contain_text(f"{done:,} of {total:,} rows")
                    said.append(page.locator("#progress-words").inner_text())
                    turn.acquire()

            return kind.function(dataclasses.replace(work, report=report))

        monkeypatch.setitem(kinds._kinds, job.kind, dataclasses.replace(kind, function=with_eyes))
        with turn:
            ended = running.work(job_id=job.pk, clock=timezone.now)
        monkeypatch.setitem(kinds._kinds, job.kind, kind)
        assert ended is not None
        assert ended.state == Job.State.DONE, ended.error
        return said

    return do


def test_a_hundred_thousand_rows_from_the_upload_to_the_undo(
    signed_in: Callable[..., Page],
    cast: Cast,
    large: Path,
    watched: Callable[[Page], list[str]],
    no_violations: Callable[[Page], None],
) -> None:
    page = signed_in(cast.ada, "/imports/")
    no_violations(page)
    page.get_by_role("link", name="Import a file").first.click()
    page.locator("#id_file").set_input_files(large)
    expect(page.locator("[data-file-name]")).to_contain_text("sprzedaż wrzesień.csv")
    no_violations(page)
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_role("heading", name="How the file is read")).to_be_visible()
    expect(page.locator("#set-encoding")).to_contain_text("recognised: Windows 1250")
    expect(page.locator(".sample")).to_contain_text("Śruby ocynkowane")
    page.wait_for_load_state()  # the scripts are there
    # Another separator shows at once what it would be like, and back.
    page.locator("#set-delimiter").select_option("\t")
    expect(page.locator(".sample thead th")).to_have_count(1)
    page.locator("#set-delimiter").select_option("")
    expect(page.locator(".sample thead th")).to_have_count(5)
    for field, column in (
        ("account", "Kod klienta"),
        ("number", "Numer faktury"),
        ("ordered", "Data wystawienia"),
        ("amount", "Wartość netto"),
    ):
        if page.locator(f"#set-column-{field}").input_value() != column:
            page.locator(f"#set-column-{field}").select_option(column)
        expect(page.locator(".sample th", has_text=column).locator("small")).not_to_be_empty()
    no_violations(page)

    page.get_by_role("button", name="Check the file").click()
    expect(page.locator("#progress-words")).to_contain_text("Waiting for a worker")
    no_violations(page)
    assert len(watched(page)) == 3
    button = page.get_by_role("button", name="Import 99,000 rows")
    expect(button).to_be_visible()
    expect(page.get_by_text("1,000 rejected rows")).to_be_visible()
    no_violations(page)
    assert not Purchase.objects.exists()

    button.click()
    expect(page.get_by_text("The file is being imported")).to_be_visible()
    page.reload()  # nothing is lost by that
    assert len(watched(page)) == 3
    expect(page.get_by_text("Imported.")).to_be_visible()
    assert Purchase.objects.count() == ROWS // LINES - ROWS // 1000
    no_violations(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download them").click()
    assert len(download.value.path().read_text().splitlines()) == 1001

    page.get_by_role("link", name="Take back").click()
    expect(page.get_by_text(f"{ROWS // LINES - ROWS // 1000:,} purchases")).to_be_visible()
    no_violations(page)
    page.get_by_role("button", name="Take the import back").click()
    expect(page.get_by_text("The import is being taken back")).to_be_visible()
    watched(page)
    expect(page.get_by_text("Taken back on")).to_be_visible()
    no_violations(page)
    assert not Purchase.objects.exists()


def test_a_sign_in_that_expired_leads_back_to_the_progress(
    signed_in: Callable[..., Page], cast: Cast
) -> None:
    upload = make_upload(cast.ada, state="importing")
    job = running.enqueue(kind="import", key=f"upload:{upload.pk}", arguments={}, now=timezone.now())
    Upload.objects.filter(pk=upload.pk).update(job=job)
    page = signed_in(cast.ada, f"/imports/{upload.uuid}/")
    expect(page.locator("#progress-words")).to_be_visible()
    page.context.clear_cookies()
    page.locator("[name=login]").fill(cast.ada.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form button[data-kind=primary]").click()
    expect(page.get_by_text("The file is being imported")).to_be_visible()


def test_every_page_with_much_on_it(
    signed_in: Callable[..., Page], cast: Cast, no_violations: Callable[[Page], None]
) -> None:
    ada, now = cast.ada, timezone.now()
    make_imports(ada, range(12), now=now)
    rejects = [
        {"count": 1200, "words": f"amount: “{LONG}” is no number", "row": LONG * 3, "lines": ["2", "3", "4"]},
        {"count": 7, "words": "", "row": "", "lines": []},
    ]
    summary = {**SUMMARY, "rejects": rejects, "unknown_owners": [f"{n}@example.com" for n in range(30)]}
    wide = {"header": [f"Spalte {n} {LONG}" for n in range(12)], "sample": [[LONG] * 12] * 8}
    checked = make_upload(
        ada, file_name=LONG, state="checked", summary={**summary, "dry_run": True}, rejects=True
    )
    checked.looked = {**checked.looked, **wide}
    checked.save()
    Upload.objects.filter(pk=checked.pk).update(mapping={"amount": wide["header"][3]})
    preset = make_preset(ada, name="Ń" * 40)
    source = make_source(ada, name=f"ERP {LONG[:70]}", preset=preset, folder="erp/nocny/eksport")
    deliveries.new_secret(source=source)
    refused = make_upload(
        ada, source=source, state="refused", problem=f"There is no column {LONG}.", file_name=LONG
    )
    done = make_import(ada, file_name=LONG, summary=summary)
    # The rules are checked on those with most on them; the empty ones are checked below, a whole import above.
    fullest = {"", f"{checked.uuid}/", f"result/{done.pk}/", "presets/", f"sources/{source.pk}/"}
    page = signed_in(ada, "/imports/", size=PHONE)
    base = page.url.removesuffix("/imports/")
    for path in (
        "",
        "new/",
        f"{checked.uuid}/",
        f"{refused.uuid}/",
        f"result/{done.pk}/",
        f"result/{done.pk}/undo/",
        "presets/",
        f"presets/{preset.pk}/",
        "sources/",
        f"sources/{source.pk}/",
        "sources/new/",
    ):
        page.goto(f"{base}/imports/{path}")
        for details in page.locator("main details").all():
            details.locator("summary").click()
        no_sideways_scroll(page)
        if path in fullest:
            no_violations(page)
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        no_sideways_scroll(page)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]


def test_empty_pages_say_what_to_do(
    signed_in: Callable[..., Page], cast: Cast, no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.ada, "/imports/presets/")
    expect(page.get_by_text("No presets yet")).to_be_visible()
    no_violations(page)
    page.emulate_media(color_scheme="dark")
    page.get_by_role("link", name="Sources").click()
    page.get_by_role("link", name="Make the first source").click()
    page.get_by_label("Name", exact=True).fill("ERP")
    page.get_by_label("Folder").fill("../etc")
    page.get_by_role("button", name="Make the source").click()
    expect(page.get_by_text("may not begin with a dot")).to_be_visible()
    no_violations(page)
    page.get_by_label("Folder").fill("erp")
    page.get_by_role("button", name="Make the source").click()
    page.get_by_role("button", name="Make a secret").click()
    expect(page.get_by_text("It is shown only now")).to_be_visible()
    no_violations(page)
    assert not Import.objects.exists()


def test_without_script_the_whole_way_can_be_gone(
    browser: Any, live_server: Any, signed_in: Callable[..., Page], cast: Cast, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("account;number;ordered;amount;net\nACME;1;2026-09-01;5;6\n")
    cookies = signed_in(cast.ada, "/imports/").context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{live_server.url}/imports/new/")
    page.locator("#id_file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.locator("#set-column-amount").select_option("net")
    page.get_by_role("button", name="Apply").click()
    assert page.locator("#set-column-amount").input_value() == "net"
    page.get_by_role("button", name="Check the file").click()
    running.work(job_id=Job.objects.get(state="queued").pk, clock=timezone.now)
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("button", name="Import 1 row").click()
    running.work(job_id=Job.objects.get(state="queued").pk, clock=timezone.now)
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("Every row was taken.")).to_be_visible()
    assert Purchase.objects.get().amount == 6
    context.close()
