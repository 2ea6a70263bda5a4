"""The sweep of complaints killed, doubled and late, by real workers: everybody is told everything once."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.processes.conftest import Site, eventually

FULL = os.environ.get("OPIEKA_SERIES") == "full"
COMPLAINTS = 20_000 if FULL else 1000
KILLS = 12 if FULL else 3
DOUBLED = 4


@pytest.fixture
def mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder into which the workers' mails go."""
    folder = tmp_path / "mails"
    folder.mkdir()
    monkeypatch.setenv("EMAIL_URL", f"filemail://{folder}")
    return folder


def send_sweeps(site: Site, number: int) -> None:
    site.run(
        "-c",
        "import django; django.setup(); from complaints.tasks import sweep_complaints\n"
        f"for _ in range({number}): sweep_complaints.delay()",
    )


def told(site: Site) -> Counter[tuple[int, str, str, int]]:
    """(complaint, kind, clock, who was told), with how often."""
    return Counter(
        site.database.rows("SELECT complaint_id, kind, clock, recipient_id FROM complaints_escalation")
    )


def expected(site: Site) -> Counter[tuple[int, str, str, int]]:
    (lead,) = site.database.rows("SELECT id FROM team_user WHERE email = 'lead@example.com'")[0]
    wanted: Counter[tuple[int, str, str, int]] = Counter()
    for pk, category, assignee in site.database.rows(
        "SELECT id, category_id, assignee_id FROM complaints_complaint"
    ):
        if category == "other":
            wanted[pk, "breach", "response", lead] += 1
            wanted[pk, "breach", "resolution", lead] += 1
        else:
            wanted[pk, "warning", "resolution", assignee] += 1
    return wanted


def mailed(folder: Path) -> list[str]:
    """To whom mails went, each with what it tells of."""
    found = []
    for file in folder.iterdir():
        for part in file.read_bytes().split(b"-" * 79 + b"\n"):
            if part.strip():
                message = message_from_bytes(part)
                found.append(str(message["To"]))
    return found


def test_killed_doubled_and_late_everybody_is_told_once(postgres_site: Site, mails: Path) -> None:
    site, dice = postgres_site, random.Random(os.environ.get("OPIEKA_SEED", "1"))
    site.run("-m", "tests.processes.overdue_complaints", str(COMPLAINTS))
    wanted = expected(site)
    assert len(wanted) == COMPLAINTS * 3 // 2
    for _ in range(KILLS):
        send_sweeps(site, DOUBLED)
        worker = site.worker()
        time.sleep(dice.uniform(0.0, 2.0 if FULL else 0.8))
        worker.kill()
        assert not told(site) - wanted
    send_sweeps(site, DOUBLED)
    site.worker()
    eventually(lambda: told(site) == wanted, "everybody was told everything once")
    # What was claimed by a mail stays claimed; the rest goes out, whoever sweeps.
    eventually(
        lambda: not site.database.value("SELECT COUNT(*) FROM complaints_escalation WHERE mailed_at IS NULL"),
        "nothing waits for a mail",
    )
    sent = len(mailed(mails))
    (mark,) = site.database.rows("SELECT at FROM jobs_sign WHERE name = 'complaints.tasks.sweep_complaints'")[
        0
    ]
    send_sweeps(site, DOUBLED)
    eventually(
        lambda: (
            site.database.value("SELECT at FROM jobs_sign WHERE name = 'complaints.tasks.sweep_complaints'")
            > mark
        ),
        "the late ones were begun",
    )
    time.sleep(3)
    assert told(site) == wanted
    assert len(mailed(mails)) == sent
    # Each person's rows were claimed together, so nobody got more than one mail.
    assert max(Counter(mailed(mails)).values(), default=0) <= 1
