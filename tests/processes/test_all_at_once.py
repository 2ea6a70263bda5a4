"""Two imports, a tiering run, planning, and twenty people who log at once: nothing is lost, nobody sees a lock."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import threading
import time
import uuid
from urllib.parse import urlencode

from tests.processes.conftest import PATIENCE, Running, Site, eventually, free_port, local_day
from tests.processes.test_imports import PURCHASES, importing, write_file

PEOPLE = 20
EACH = 40 if os.environ.get("OPIEKA_SERIES") == "full" else 2
TOKEN = "a" * 32
TODAY = local_day()
AS_OF = (TODAY.replace(day=1) - dt.timedelta(days=1)).isoformat()

# Twenty reps with forty accounts each, signed in; prints each one's session and the accounts.
PEOPLE_AND_SESSIONS = f"""
import django, json
django.setup()
from django.conf import settings
from django.test import Client
from accounts.models import Account
from crm.team.models import User
ids = list(Account.objects.order_by("pk").values_list("pk", flat=True)[: {PEOPLE} * 40])
found = []
for n in range({PEOPLE}):
    user = User.objects.create_user(f"person{{n}}@example.com", name=f"Person {{n}}", role="rep")
    mine = ids[n * 40 : n * 40 + 40]
    Account.objects.filter(pk__in=mine).update(owner=user)
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    found.append([client.cookies[settings.SESSION_COOKIE_NAME].value, mine])
print(json.dumps(found))
"""


def serving(site: Site) -> tuple[Running, int]:
    """The product behind gunicorn, as in production, and its port."""
    port = free_port()
    os.environ["PORT"] = str(port)
    try:
        server = site.start("-m", "gunicorn", "crm.wsgi", "--workers", "2", "--threads", "4")
    finally:
        del os.environ["PORT"]

    def answers() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    eventually(answers, "the product answers")
    return server, port


class Person(threading.Thread):
    """One rep at work: logs a contact, looks at Today, and so on."""

    def __init__(self, port: int, session: str, accounts: list[int]) -> None:
        super().__init__(daemon=True)
        self.port, self.session, self.accounts = port, session, accounts
        self.logged: list[str] = []
        self.trouble: list[str] = []
        self.longest = 0.0

    def run(self) -> None:
        for n in range(EACH):
            which = str(uuid.uuid4())
            form = {
                "uuid": which,
                "outcome": "new_information",
                "minutes": "5",
                "channel": "phone",
                "direction": "out",
                "day": TODAY.isoformat(),
                "next": "plan",
            }
            # The same form twice: a double click must log one contact.
            for _click in range(2):
                self.ask("POST", f"/accounts/{self.accounts[n % 7]}/log/", form, 302)
            self.logged.append(which)
            self.ask("GET", "/today/", {}, 200)

    def ask(self, method: str, path: str, form: dict[str, str], expected: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        began = time.monotonic()
        try:
            connection.request(
                method,
                path,
                urlencode(form) if form else None,
                {
                    "Cookie": f"sessionid={self.session}; csrftoken={TOKEN}",
                    "X-CSRFToken": TOKEN,
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            )
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != expected:
                self.trouble.append(f"{method} {path}: {answer.status} {text[:2000]}")
        except OSError as error:
            self.trouble.append(f"{method} {path}: {error!r}")
        finally:
            connection.close()
            self.longest = max(self.longest, time.monotonic() - began)


def test_nothing_is_lost_and_nobody_sees_a_lock(site: Site) -> None:
    people = json.loads(site.run("-c", PEOPLE_AND_SESSIONS))
    site.run("manage.py", "plan_contacts")
    server, port = serving(site)
    threads = [Person(port, session, accounts) for session, accounts in people]
    for thread in threads:
        thread.start()
    work = {
        "one": importing(site, write_file(site.folder, "one", cents=20)),
        "two": importing(site, write_file(site.folder, "two", cents=30)),
        "retier": site.start("manage.py", "retier", "--as-of", AS_OF),
        "plan": site.start("manage.py", "plan_contacts", "--thorough"),
    }
    for name, running in work.items():
        assert running.process.wait(3 * PATIENCE) == 0, f"{name}: {running.said()}"
    for thread in threads:
        thread.join(4 * PATIENCE)
    assert not [trouble for thread in threads for trouble in thread.trouble]
    said = server.said()
    assert "Traceback" not in said, said

    database = site.database
    wanted = sorted(which for thread in threads for which in thread.logged)
    stored = sorted(
        str(uuid.UUID(str(found))) for (found,) in database.rows("SELECT uuid FROM contacts_touchpoint")
    )
    assert stored == wanted
    assert len(wanted) == PEOPLE * EACH
    for name in ("one", "two"):
        like = [f"{name}-%"]
        assert (
            database.value("SELECT COUNT(*) FROM accounts_purchase WHERE number LIKE %s", like) == PURCHASES
        )
    ((_day, assessed),) = site.runs()
    assert assessed >= 2000
    # What was planned while all of that happened is what a thorough pass finds now.
    site.run("manage.py", "plan_contacts")
    last = json.loads(site.run("manage.py", "plan_contacts", "--thorough", "--json"))
    assert (last["created"], last["moved"], last["withdrawn"]) == (0, 0, 0)
    print(f"longest answer {max(thread.longest for thread in threads):.2f} s")
