"""People who use the product at their own pace, as an asyncio client: `python -m benchmarks.visitors`.

Everybody opens a page every so many seconds, whether the one before came quickly or not. Sessions are made beforehand,
so that no password is reckoned while others wait. The client takes little of the machine, and says how much.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import random
import statistics
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from accounts.models import Account
from crm.team.models import User

PATIENCE = 60
"""Seconds after which an answer is an error."""
# How often each page is opened, of a hundred; "P" is the page that the others are measured by.
MIX = {"Today": 28, "Accounts": 14, "Accounts, searched": 8, "Account": 28, "Log": 7, "Log, sent": 10, "P": 5}
_WORDS = ("office", "wroc", "K00012", "budapest", "plovdiv", "auto", "hotel", "K0001", "99")


@dataclass
class Visitor:
    """One signed-in person."""

    session: str
    csrf: str
    accounts: list[int]
    rng: random.Random


@dataclass
class Record:
    """What the visitors met."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)
    late: int = 0
    """Pages that were opened later than they should, since the one before took too long."""


def make_visitors(count: int, seed: int = 20) -> list[Visitor]:
    """Sessions for so many people, one in twelve a manager or agent; where they are too few, several for each."""
    reps = list(User.objects.filter(is_active=True, role="rep").order_by("pk")[:count])
    others = list(
        User.objects.filter(is_active=True, role__in=["manager", "agent"]).order_by("pk")[: count // 12]
    )
    users = [*reps[: count - len(others)], *others]
    users = [users[place % len(users)] for place in range(count)]
    engine = import_module(settings.SESSION_ENGINE)
    everybody = list(Account.objects.order_by("pk").values_list("pk", flat=True)[:400])
    owned: dict[int, list[int]] = defaultdict(list)
    for owner, pk in Account.objects.filter(owner__in=users, archived_at=None).values_list("owner_id", "pk"):
        owned[owner].append(pk)
    visitors = []
    for place, user in enumerate(users):
        session = engine.SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        if user.is_rep:
            mine = owned[user.pk]
        else:
            mine = everybody if user.is_agent else _of_a_team(user)
        rng = random.Random(seed * 1_000_003 + place)
        csrf = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=32))
        visitors.append(Visitor(str(session.session_key), csrf, mine, rng))
    return visitors


def _of_a_team(manager: User) -> list[int]:
    accounts = Account.objects.filter(owner__team__leads=manager, archived_at=None).order_by("pk")
    return list(accounts.values_list("pk", flat=True)[:400])


class Crowd:
    """The visitors against one server."""

    def __init__(self, port: int, visitors: list[Visitor], today: dt.date) -> None:
        self.port, self.visitors, self.today = port, visitors, today
        self.record = Record()

    async def browse(self, *, seconds: float, pace: float) -> None:
        """Everybody opens a page every `pace` seconds, for so many seconds; all begin at a moment of their own."""
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._visit(visitor, end, pace) for visitor in self.visitors))

    async def alone(self, page: str, times: int) -> float:
        """The median of a page that one visitor opens again and again, with nobody else there."""
        visitor = self.visitors[0]
        took = [await self._open(visitor, page, Record()) for _ in range(times)]
        return statistics.median(took)

    async def _visit(self, visitor: Visitor, end: float, pace: float) -> None:
        following = time.monotonic() + visitor.rng.random() * pace
        names, weights = list(MIX), list(MIX.values())
        while following < end:
            wait = following - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            elif wait < -1:
                self.record.late += 1
            await self._open(visitor, visitor.rng.choices(names, weights)[0], self.record)
            following += pace

    async def _open(self, visitor: Visitor, page: str, record: Record) -> float:
        path, form = self._address(visitor, page)
        began = time.perf_counter()
        try:
            status, words = await asyncio.wait_for(self._ask(visitor, path, form), PATIENCE)
        except (OSError, TimeoutError) as error:
            status, words = 0, type(error).__name__
        took = time.perf_counter() - began
        record.seconds[page].append(took)
        if status != (302 if form else 200):
            record.errors[f"{page}: {status or words}"] += 1
        return took

    def _address(self, visitor: Visitor, page: str) -> tuple[str, dict[str, str] | None]:
        account = visitor.rng.choice(visitor.accounts)
        simple = {
            "Today": "/today/",
            "Accounts": "/accounts/",
            "Account": f"/accounts/{account}/",
            "Log": f"/accounts/{account}/log/",
            "P": "/bench/page/",
        }
        if page in simple:
            return simple[page], None
        if page == "Accounts, searched":
            return "/accounts/?" + urlencode({"q": visitor.rng.choice(_WORDS)}), None
        return f"/accounts/{account}/log/", {
            "csrfmiddlewaretoken": visitor.csrf,
            "uuid": str(uuid.uuid4()),  # not of the dice: a second series must not send what was sent
            "outcome": visitor.rng.choice(("new_information", "relationship", "nothing", "not_reached")),
            "minutes": str(visitor.rng.choice((5, 10, 15, 30))),
            "channel": visitor.rng.choice(("phone", "phone", "email", "visit")),
            "direction": "out",
            "day": self.today.isoformat(),
            "note": "Spoke about the order of last week.",
            "next": "plan",
        }

    async def _ask(self, visitor: Visitor, path: str, form: dict[str, str] | None) -> tuple[int, str]:
        """One request on a connection of its own, as a proxy in front would pass it on; the status of the answer."""
        body = urlencode(form).encode() if form else b""
        head = [
            f"{'POST' if form else 'GET'} {path} HTTP/1.1",
            "Host: testserver",
            "Connection: close",
            "Accept: text/html",
            "X-Forwarded-Proto: https",
            f"Cookie: {settings.SESSION_COOKIE_NAME}={visitor.session}; {settings.CSRF_COOKIE_NAME}={visitor.csrf}",
        ]
        if form:
            head += [
                "Referer: https://testserver/today/",
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write("\r\n".join([*head, "", ""]).encode() + body)
            first = await reader.readline()
            await reader.read()
        finally:
            writer.close()
        return int(first.split()[1]) if first else 0, "no answer"


async def measure(port: int, *, users: int, seconds: float, pace: float) -> dict[str, object]:
    """Warm up, take P alone, let everybody in; what was found, in milliseconds."""
    visitors = await asyncio.to_thread(make_visitors, users)
    crowd = Crowd(port, visitors, timezone.localdate())
    for page in MIX:
        await crowd.alone(page, 25)
    p = await crowd.alone("P", 100)
    began, own = time.monotonic(), time.process_time()
    await crowd.browse(seconds=seconds, pace=pace)
    took, own = time.monotonic() - began, time.process_time() - own
    everything = [one for page in crowd.record.seconds.values() for one in page]
    return {
        "users": users,
        "seconds": round(took, 1),
        "P alone, ms": round(p * 1000, 2),
        "pages": {name: _spread(crowd.record.seconds[name]) for name in MIX if crowd.record.seconds[name]},
        "all": _spread(everything),
        "per second": round(len(everything) / took, 1),
        "errors": dict(crowd.record.errors),
        "opened late": crowd.record.late,
        "client's share of one processor": round(own / took, 3),
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1)

    return {"n": len(ordered), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1)}


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--pace", type=float, default=10, help="seconds between two pages of one person")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found = asyncio.run(measure(given.port, users=given.users, seconds=given.seconds, pace=given.pace))
    given.out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
