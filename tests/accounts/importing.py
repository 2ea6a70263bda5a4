"""Small files of purchases, and what stands in the database after they were imported."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

from accounts.importing import Summary, import_file
from accounts.models import Account, Import, ImportKind, Product, ProductLine, Purchase, PurchaseLine

HEADER = "account,number,ordered,amount"
NOW = dt.datetime(2026, 10, 13, 7, 30, tzinfo=dt.UTC)


class Importer:
    """Writes files into one folder and imports them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rejected = folder / "rejected.csv"

    def file(self, *lines: str, name: str = "purchases.csv", encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
        return path

    def __call__(self, *lines: str, **options: Any) -> Summary:
        return self.run(self.file(*lines), **options)

    def run(self, path: Path, **options: Any) -> Summary:
        options = {
            "kind": ImportKind.PURCHASES,
            "actor": None,
            "now": NOW,
            "today": NOW.date(),
            "create_accounts": True,
            "rejected": self.rejected,
        } | options
        return import_file(file=path, **options)

    def rejects(self) -> list[list[str]]:
        """The rows of the reject file, without its header."""
        with self.rejected.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file, delimiter=file.readline()[len("line")]))


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row that an import may write, with ids; the runs themselves left out."""
    tables = {
        "accounts": Account.objects,
        "history": Account.history,
        "purchases": Purchase.objects,
        "lines": PurchaseLine.objects,
        "products": Product.objects,
        "product lines": ProductLine.objects,
    }
    return {name: list(manager.order_by("pk").values_list()) for name, manager in tables.items()}


def counts() -> tuple[int, ...]:
    """How many rows there are of each kind, runs included."""
    return (*(len(rows) for rows in everything().values()), Import.objects.count())
