"""manage.py demo as a newcomer runs it: everything from nothing, Ctrl-C, again, and killed on the way."""

from __future__ import annotations

import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from crm.demo.people import PASSWORD
from tests.processes.conftest import (
    PATIENCE,
    Database,
    Postgres,
    Running,
    Site,
    Sqlite,
    eventually,
    free_port,
    local_day,
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups")
SMALL = "90"


@pytest.fixture(params=["sqlite", "postgres"])
def nothing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """An installation with an empty database that is not even migrated."""
    database: Database
    if request.param == "sqlite":
        database = Sqlite(tmp_path / "opieka.sqlite3")
    else:
        server = os.environ.get("POSTGRES_URL")
        assert server, "POSTGRES_URL is not set: run `make test-processes`, which finds the server."
        database = Postgres(server, f"opieka_demo_{os.getpid()}")
        database.create()
    yield from installed_on(database, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """An installation with an empty database that is migrated, for what comes after migrating."""
    origin: Database = request.getfixturevalue(f"{request.param}_migrated")
    yield from installed_on(origin.copy(f"opieka_demo_{os.getpid()}", tmp_path), tmp_path)


def installed_on(database: Database, folder: Path) -> Iterator[Site]:
    site = Site(database, folder, None)
    yield site
    site.end()
    kill_all_of(site)
    database.drop()


def of(site: Site) -> list[int]:
    """The processes whose environment names this installation's folder, zombies not counted."""
    marker = f"VAR_DIR={site.folder}\0".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            mine = marker in (entry / "environ").read_bytes() + b"\0"
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mine and state != "Z":
            found.append(int(entry.name))
    return found


def kill_all_of(site: Site) -> None:
    for pid in of(site):
        os.kill(pid, signal.SIGKILL)


def demo(site: Site, *options: str) -> tuple[Running, str]:
    """The demo, once it has printed its address; and the address."""
    port = free_port()
    started = site.start("manage.py", "demo", "--port", str(port), *options)
    eventually(
        lambda: "Ctrl-C" in started.said() or started.process.poll() is not None,
        "the demo serves",
        3 * PATIENCE,
    )
    assert f"http://127.0.0.1:{port}/" in started.said(), started.said()
    return started, f"http://127.0.0.1:{port}"


def sign_in(address: str, email: str) -> str:
    """Sign in through the form, as a browser would; the page that comes after."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{address}/", timeout=30) as answer:
        page, url = answer.read().decode(), answer.url
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, page[:2000]
    form = urlencode({"csrfmiddlewaretoken": token[1], "login": email, "password": PASSWORD})
    request = urllib.request.Request(url, form.encode(), {"Referer": url})
    with browser.open(request, timeout=30) as answer:
        assert answer.status == 200
        assert "/login" not in answer.url, "still on the sign-in page"
        return answer.read().decode()


def stop(started: Running, number: int = signal.SIGINT) -> None:
    os.kill(started.process.pid, number)
    assert started.process.wait(PATIENCE) == 0, started.said()


def counts(site: Site) -> dict[str, int]:
    tables = (
        "accounts_account",
        "accounts_purchase",
        "contacts_touchpoint",
        "segmentation_tieringrun",
        "team_user",
    )
    return {table: site.database.value(f"SELECT COUNT(*) FROM {table}") for table in tables}


def test_from_nothing_to_signed_in_and_back(nothing: Site) -> None:
    started, address = demo(nothing, "--accounts", SMALL)
    for email in (
        "joanna@opieka.example",
        "tomasz@opieka.example",
        "ola@opieka.example",
        "adam@opieka.example",
    ):
        assert email in started.said()
        assert "Opieka" in sign_in(address, email)
    assert [count for _, count in nothing.runs()] == [int(SMALL)] * 4
    assert nothing.database.value("SELECT COUNT(*) FROM contacts_followup WHERE state = 'planned'") > 10
    assert (
        nothing.database.value("SELECT COUNT(*) FROM jobs_job WHERE kind = 'tiering' AND state = 'done'") == 4
    )
    assert len(of(nothing)) >= 5, "the demo, web, worker, beat and theirs"
    stop(started)
    assert of(nothing) == []

    before = counts(nothing)
    began = time.monotonic()
    started, address = demo(nothing)
    print(f"\nserving again after {time.monotonic() - began:.1f} s")
    assert "Making" not in started.said() and "Tiering" not in started.said()
    sign_in(address, "zsofia@opieka.example")
    stop(started, signal.SIGTERM)
    assert of(nothing) == []
    assert counts(nothing) == before


def test_a_child_that_dies_ends_the_rest_with_a_message(migrated: Site) -> None:
    started, _ = demo(migrated, "--accounts", SMALL)
    beat = [pid for pid in of(migrated) if b"\0beat\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(beat[0], signal.SIGKILL)
    assert started.process.wait(PATIENCE) == 1
    assert "The beat process was killed by signal 9" in started.said()
    assert of(migrated) == []


def test_killed_while_it_is_made_and_started_again(nothing: Site) -> None:
    started = nothing.start("manage.py", "demo", "--no-serve", "--accounts", "400")
    eventually(lambda: "Making the example company" in started.said(), "it is being made")
    time.sleep(1.0)
    started.kill()
    assert counts(nothing)["accounts_account"] == 0, "all or nothing"
    nothing.run("manage.py", "demo", "--no-serve", "--accounts", SMALL)
    assert counts(nothing)["accounts_account"] == int(SMALL)


def test_killed_between_quarters_and_started_again(migrated: Site) -> None:
    started = migrated.start("manage.py", "demo", "--no-serve", "--accounts", SMALL)
    eventually(
        lambda: started.said().count("Tiering") == 2, "the second quarter is being tiered", 2 * PATIENCE
    )
    started.kill()
    kill_all_of(migrated)
    migrated.run("manage.py", "demo", "--no-serve")
    assert [count for _, count in migrated.runs()] == [int(SMALL)] * 4
    assert of(migrated) == []


def test_a_second_demo_is_told_where_the_first_is(migrated: Site) -> None:
    started, address = demo(migrated, "--accounts", SMALL)
    second = migrated.start("manage.py", "demo")
    assert second.process.wait(PATIENCE) == 1
    assert "running already" in second.said() and address in second.said()
    stop(started)


def test_the_full_company_leaves_a_review_and_a_livable_day(migrated: Site) -> None:
    migrated.run("manage.py", "demo", "--no-serve")
    moves = migrated.database.rows(
        "SELECT from_tier, to_tier, COUNT(*) FROM segmentation_tierchange WHERE state = 'proposed' GROUP BY 1, 2"
    )
    found = {(before, after): count for before, after, count in moves}
    assert sum(found.values()) >= 40
    assert {tier for move in found for tier in move} == {"A", "B", "C"}
    assert any(after < before for before, after in found) and any(after > before for before, after in found)
    assert (
        migrated.database.value("SELECT COUNT(*) FROM segmentation_tieringrun WHERE state = 'in_review'") == 1
    )
    assert (
        migrated.database.value("SELECT COUNT(*) FROM segmentation_tierchange WHERE state = 'provisional'")
        >= 5
    )
    decided = migrated.database.value("SELECT COUNT(*) FROM segmentation_tierchange WHERE state = 'accepted'")
    assert decided >= 20
    due = migrated.database.rows(
        "SELECT u.email, COUNT(*) FROM contacts_followup f JOIN team_user u ON u.id = f.assignee_id"
        " WHERE f.state IN ('planned', 'booked') AND f.day <= %s AND u.role = 'rep' GROUP BY 1",
        [local_day().isoformat()],
    )
    assert len(due) == 9
    assert all(4 <= count <= 30 for _, count in due), due
