"""Importing new purchases as an admin does, against COPY of the same rows and against Django's bulk_create."""

from __future__ import annotations

import csv
import datetime as dt
import random
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts.facts import refresh_facts
from accounts.importing import import_file
from accounts.models import Account, Import, Product, Purchase, PurchaseLine, quarter_number
from accounts.models.importing import ImportKind
from benchmarks.clock import Times, timed
from benchmarks.loading import run, vacuum

_TABLES = ("accounts_purchase", "accounts_purchaseline")
_BATCH = 5_000


class Rows:
    """New purchases of known accounts, one line each: as a file, as COPY's text and as objects."""

    def __init__(self, count: int, today: dt.date) -> None:
        rng = random.Random(count)
        accounts = list(Account.objects.order_by("pk").values_list("pk", "code")[:200_000])
        products = list(Product.objects.order_by("pk").values_list("pk", "code"))
        # In the order in which an ERP writes them out: by day, not by customer.
        days = sorted(today - dt.timedelta(days=rng.randint(1, 90)) for _ in range(count))
        self.rows = [
            (rng.choice(accounts), f"N{place:08d}", day, rng.choice(products), rng.randint(500, 500_000))
            for place, day in enumerate(days)
        ]

    def write_file(self, path: Path) -> None:
        """The file that is imported."""
        with path.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(
                ["account", "number", "ordered", "due", "product", "quantity", "unit_price", "amount"]
            )
            for (_pk, code), number, day, (_product, article), cents in self.rows:
                amount = f"{cents / 100:.2f}"
                writer.writerow([code, number, day, day + dt.timedelta(days=14), article, 1, amount, amount])


def by_import(times: Times, file: Path, *, now: dt.datetime, today: dt.date) -> None:
    """The product's own verb, from the file to the facts on the accounts."""
    with timed(times):
        summary = import_file(kind=ImportKind.PURCHASES, file=file, actor=None, now=now, today=today)
    if summary.took_nothing:
        raise SystemExit(f"The import took nothing: {summary.in_words()}")


def by_copy(times: Times, rows: Rows) -> None:
    """The same rows by COPY into the same two tables, with all their indexes and foreign keys; nothing is checked."""
    first = _next_id("accounts_purchase", len(rows.rows))
    imported = Import.objects.create(
        kind=ImportKind.PURCHASES, file_name="copy", started_at=_moment(), finished_at=_moment()
    )
    currency = settings.BASE_CURRENCY
    purchases, lines = [], []
    for place, ((pk, _code), number, day, (product, _article), cents) in enumerate(rows.rows, first):
        amount = f"{cents / 100:.2f}"
        due = day + dt.timedelta(days=14)
        purchases.append(
            f"{place}\t{pk}\t{number}\t{day}\t{due}\t{currency}\t{amount}\t1\t{cents}\t{quarter_number(day)}\t"
            f"{imported.pk}\n"
        )
        lines.append(f"{place}\t1\t{product}\t\t1\t{amount}\t{amount}\n")
    texts = ["".join(purchases), "".join(lines)]
    with timed(times), transaction.atomic(), connection.cursor() as cursor:
        cursor.copy_expert(
            "COPY accounts_purchase (id, account_id, number, ordered_on, due_on, currency, amount, rate, amount_cents,"
            " quarter, imported_id) FROM STDIN",
            _Text(texts[0]),
        )
        cursor.copy_expert(
            "COPY accounts_purchaseline (purchase_id, position, product_id, description, quantity, unit_price, amount)"
            " FROM STDIN",
            _Text(texts[1]),
        )


def by_bulk_create(times: Times, rows: Rows, count: int) -> None:
    """The first `count` of the same rows by bulk_create(5000), purchases and lines, as objects that are ready."""
    purchases, lines = [], []
    for (pk, _code), number, day, (product, _article), cents in rows.rows[:count]:
        purchase = Purchase(
            account_id=pk,
            number=number,
            ordered_on=day,
            due_on=day + dt.timedelta(days=14),
            currency=settings.BASE_CURRENCY,
            amount=cents / 100,
            amount_cents=cents,
            quarter=quarter_number(day),
        )
        purchases.append(purchase)
        lines.append(
            PurchaseLine(purchase=purchase, position=1, product_id=product, quantity=1, amount=cents / 100)
        )
    with timed(times), transaction.atomic():
        Purchase.objects.bulk_create(purchases, batch_size=_BATCH)
        for line in lines:
            line.purchase_id = line.purchase.pk
        PurchaseLine.objects.bulk_create(lines, batch_size=_BATCH)


def undo(before: dict[str, Any], *, facts_of: dt.date | None = None) -> None:
    """Take out what came after `before`, and leave no dead rows for the next way of loading.

    facts_of: after an import, its day: the facts go back, too. Left as they are, the next import would find them
    reckoned already and be spared what costs it most, writing them.
    """
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        run("DELETE FROM accounts_purchaseline WHERE purchase_id > %s", before["purchase"])
        run("DELETE FROM accounts_purchase WHERE id > %s", before["purchase"])
        run("DELETE FROM accounts_importedrow WHERE imported_id > %s", before["import"])
        run("DELETE FROM accounts_import WHERE id > %s", before["import"])
    vacuum(*_TABLES)
    if facts_of is not None:
        refresh_facts(today=facts_of)
        # Rewritten accounts moved to the end of the table, where they would leave each other no room.
        run("CLUSTER accounts_account USING accounts_account_pkey")
        vacuum("accounts_account", "accounts_recentproductline")


def stand() -> dict[str, Any]:
    """The highest ids there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT MAX(id) FROM accounts_purchase), (SELECT COALESCE(MAX(id), 0) FROM accounts_import)"
        )
        purchase, imported = cursor.fetchone()
    return {"purchase": purchase, "import": imported}


def _next_id(table: str, count: int) -> int:
    """Reserve `count` ids."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))")
        (first,) = cursor.fetchone()
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)", [first + count])
    return first


def _moment() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


class _Text:
    """A text as the file that COPY reads."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def read(self, size: int = -1) -> str:
        part = self.text[self.at : self.at + size]
        self.at += len(part)
        return part
