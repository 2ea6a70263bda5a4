"""What each page costs: median, queries and bytes, for a rep with 400 accounts and others, against P.

In this process, through all middleware, with the product's settings; only the web server and the network are missing
(`make load` has them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse

from accounts.models import Account, Purchase
from benchmarks.clock import Times, alternate, quickly_timed
from contacts.models import FollowUp
from crm.team.models import User
from segmentation.models import TierChange

WARM_UP = 5

_USERS = {"rep": "rep1", "manager": "manager1", "admin": "admin"}


@dataclass(frozen=True)
class Page:
    """One page as one of us sees it. kind: which goal it has, "" for none."""

    name: str
    role: str
    kind: str
    url: str

    @property
    def key(self) -> str:
        return f"{self.name} as {self.role}"


def pages() -> Iterator[Page]:
    """The pages that are measured; an address that the product does not have (yet) is left out."""
    rep = User.objects.get(email="rep1@bench.example")
    mine = Account.objects.filter(owner=rep, pk__lte=400)
    # Neither the largest nor the smallest: the one in the middle of the portfolio by its sales.
    account = mine.order_by("-sales_12m_cents", "pk")[mine.count() // 4].pk
    purchase = Purchase.objects.filter(account=account).values_list("pk", flat=True).first()
    follow_up = FollowUp.objects.open().filter(assignee=rep).order_by("day", "pk").first()
    change = TierChange.objects.open().filter(account__owner__team__name="Team 1").order_by("pk").first()
    wanted: list[tuple[str, str, str, str, tuple[Any, ...], str]] = [
        ("Today", "rep", "today", "contacts:today", (), ""),
        ("Today", "manager", "today", "contacts:today", (), ""),
        ("Today, a follow-up open", "rep", "", "contacts:follow_up", (follow_up and follow_up.pk,), ""),
        *(
            (f"{title}{extra}", role, "list", name, (), query)
            for title, name in (
                ("Accounts", "accounts:list"),
                ("Persons", "contacts:persons"),
                ("Purchases", "accounts:purchases"),
                ("Touchpoints", "contacts:touchpoints"),
                ("Complaints", "complaints:list"),
            )
            for role in ("rep", "manager", "admin")
            for extra, query in (("", ""), (", searched", "?q=office"))
            if not extra or title == "Accounts"
        ),
        ("Changes", "manager", "list", "segmentation:changes", (), ""),
        ("Changes", "admin", "list", "segmentation:changes", (), ""),
        ("Account", "rep", "account", "accounts:detail", (account,), ""),
        ("Account", "admin", "account", "accounts:detail", (account,), ""),
        *(
            (f"Account, {tab}", "rep", "", "accounts:tab", (account, tab), "")
            for tab in ("timeline", "purchases", "persons")
        ),
        ("Purchase", "rep", "", "accounts:purchase", (account, purchase), ""),
        ("Log", "rep", "", "contacts:log", (account,), ""),
        ("A tier change", "manager", "", "segmentation:change", (change and change.pk,), ""),
        ("Jobs", "admin", "", "jobs:list", (), ""),
        ("Own page", "rep", "", "home:me", (), ""),
        ("Frame", "rep", "", "bench_frame", (), ""),
        ("Nothing", "rep", "", "bench_empty", (), ""),
    ]
    for title, role, kind, name, arguments, query in wanted:
        if None in arguments:
            continue
        try:
            yield Page(title, role, kind, reverse(name, args=arguments, urlconf="benchmarks.urls") + query)
        except NoReverseMatch:
            continue


def measure(rounds: int) -> tuple[Times, dict[str, dict[str, Any]]]:
    """P, and for each page seconds, queries and bytes. Each page's rounds alternate with P's."""
    with override_settings(ROOT_URLCONF="benchmarks.urls", ALLOWED_HOSTS=["*"]):
        return _measure(rounds)


def _measure(rounds: int) -> tuple[Times, dict[str, dict[str, Any]]]:
    clients = {role: _signed_in(name) for role, name in _USERS.items()}
    found: dict[str, dict[str, Any]] = {}
    every_p = Times()
    for page in pages():
        p, took = Times(), Times()
        ask_p = _asking(clients["rep"], reverse("bench_page", urlconf="benchmarks.urls"), p)
        ask = _asking(clients[page.role], page.url, took)
        answer = clients[page.role].get(page.url, secure=True)
        if answer.status_code != 200:
            found[page.key] = {"kind": page.kind, "url": page.url, "status": answer.status_code}
            continue
        alternate(WARM_UP, ask_p, ask)
        p.clear()
        took.clear()
        alternate(rounds, ask_p, ask)
        with counted() as queries:
            body = clients[page.role].get(page.url, secure=True).content
        every_p.extend(p)
        found[page.key] = {
            "kind": page.kind,
            "url": page.url,
            "status": 200,
            "ms": round(took.median() * 1000, 2),
            "p_ms": round(p.median() * 1000, 2),
            "in P": round(took.median() / p.median(), 2),
            "in P, processor": round(took.median_processor() / p.median_processor(), 2),
            "queries": len(queries),
            "bytes": len(body),
        }
    with counted() as queries:
        body = clients["rep"].get(reverse("bench_page", urlconf="benchmarks.urls"), secure=True).content
    found["P"] = {
        "kind": "",
        "ms": round(every_p.median() * 1000, 2),
        "queries": len(queries),
        "bytes": len(body),
    }
    return every_p, found


def _asking(client: Client, url: str, times: Times) -> Callable[[], None]:
    def ask() -> None:
        with quickly_timed(times):
            client.get(url, secure=True)

    return ask


def _signed_in(name: str) -> Client:
    client = Client(raise_request_exception=True)
    # The last of the backends: those before it only refuse.
    client.force_login(
        User.objects.get(email=f"{name}@bench.example"), backend=settings.AUTHENTICATION_BACKENDS[-1]
    )
    return client


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are executed inside."""
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements
