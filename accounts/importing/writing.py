"""Purchases into the database: what differs from what stands, and that alone. What is unchanged keeps its ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.backends.utils import CursorWrapper

from accounts.importing.merged import follow_merges_of_purchases
from accounts.importing.spool import Outbox, in_chunks
from accounts.importing.staging import (
    NO_ACCOUNT,
    as_json,
    count,
    differs,
    drop,
    fill,
    give_ids,
    json_object,
    make_accounts,
    same,
    settle,
    stage_accounts,
    write_history,
)
from accounts.importing.summary import Difference
from accounts.models import Account, Product, ProductLine, Purchase, PurchaseLine
from crm.team.models import User

_TABLES = (
    "import_purchase",
    "import_line",
    "import_account",
    "import_owner",
    "import_product",
    "import_found",
    "import_changed",
    "import_new",
)
HEADER = (
    "ordered_on",
    "promised_on",
    "delivered_on",
    "due_on",
    "paid_on",
    "currency",
    "amount",
    "rate",
    "amount_cents",
    "quarter",
)
LINE = ("position", "product_id", "description", "quantity", "unit_price", "amount")


class Staging:
    """The temporary tables of one import of purchases, and the statements that work on them."""

    # Loading --------------------------------------------------------------------------------------------------------
    def load(
        self,
        *,
        purchases: Outbox,
        lines: Outbox,
        accounts: Sequence[str],
        owners: Iterable[tuple[str, int]],
        products: Sequence[tuple[str, str]],
    ) -> None:
        """Fill the temporary tables. `accounts`: codes to be made; `products`: (code, name) to be made."""
        self.drop()
        with connection.cursor() as cursor:
            # As the real columns are: so that both sides compare alike (collation, and what SQLite makes of numbers).
            for statement in (
                "CREATE TEMPORARY TABLE import_purchase AS SELECT p.amount_cents AS seq, a.code AS account, p.number,"
                f" {', '.join(f'p.{name}' for name in HEADER)}, p.quarter AS lines"
                " FROM accounts_purchase p JOIN accounts_account a ON a.id = p.account_id WHERE 1 = 0",
                "CREATE TEMPORARY TABLE import_line AS SELECT l.purchase_id AS seq, l.position, p.code AS product,"
                " l.description, l.quantity, l.unit_price, l.amount"
                " FROM accounts_purchaseline l JOIN accounts_product p ON p.id = l.product_id WHERE 1 = 0",
                "CREATE TEMPORARY TABLE import_owner AS SELECT code, owner_id FROM accounts_account WHERE 1 = 0",
                "CREATE TEMPORARY TABLE import_product AS SELECT code, name FROM accounts_product WHERE 1 = 0",
            ):
                cursor.execute(statement)
            purchases.load(cursor, "import_purchase")
            lines.load(cursor, "import_line")
            stage_accounts(cursor, accounts)
            fill(cursor, "import_owner", owners)
            fill(cursor, "import_product", products)
            settle(cursor, "import_purchase", "import_line", "import_owner", "import_product")

    def drop(self) -> None:
        """Take the temporary tables away."""
        drop(*_TABLES)

    # Reading --------------------------------------------------------------------------------------------------------
    def compare(self) -> Difference:
        """Find what is new and what differs from what stands. Writes nothing but temporary tables."""
        drop("import_found", "import_changed", "import_new")
        with connection.cursor() as cursor:
            follow_merges_of_purchases(cursor)
            cursor.execute(_FOUND)
            cursor.execute("CREATE INDEX import_found_seq ON import_found (seq)")
            settle(cursor, "import_found")
            found = count(cursor, "SELECT COUNT(*) FROM import_found")
            cursor.execute(_CHANGED if found else _NONE_CHANGED)
            settle(cursor, "import_changed")
            purchases = count(cursor, "SELECT COUNT(*) FROM import_purchase")
            changed = count(cursor, "SELECT COUNT(*) FROM import_changed")
            return Difference(
                created=purchases - found,
                changed=changed,
                unchanged=found - changed,
                accounts=count(cursor, f"SELECT COUNT(*) FROM import_account s WHERE {NO_ACCOUNT}"),
                owners=count(cursor, f"SELECT COUNT(*) FROM accounts_account t WHERE {_OWNERLESS}"),
                products=count(cursor, f"SELECT COUNT(*) FROM import_product s WHERE {_NO_PRODUCT}"),
            )

    # Writing --------------------------------------------------------------------------------------------------------
    def write(self, *, import_id: int, actor: User | None, now: dt.datetime, note: str) -> bool:
        """Write what `compare` found. Inside a transaction, right after `compare`.

        Returns False where an account went away since the file was checked; the transaction must then be rolled back.
        """
        with connection.cursor() as cursor:
            self.given_owners = self._write_owners(cursor, import_id, actor, now, note)
            make_accounts(
                cursor,
                import_id=import_id,
                actor=actor,
                now=now,
                note=note,
                owner="(SELECT o.owner_id FROM import_owner o WHERE o.code = s.code)",
            )
            self._write_products(cursor, import_id)
            return self._write_purchases(cursor, import_id)

    def touched_accounts(self) -> list[int]:
        """The accounts whose purchases were written."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT p.account_id FROM accounts_purchase p JOIN"
                " (SELECT id FROM import_new UNION ALL SELECT purchase_id FROM import_changed) w ON w.id = p.id"
            )
            return [account_id for (account_id,) in cursor.fetchall()]

    def _write_owners(
        self, cursor: CursorWrapper, import_id: int, actor: User | None, now: dt.datetime, note: str
    ) -> list[int]:
        """Give the owners that the file names to accounts without one; the ids of these accounts."""
        lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
        cursor.execute(f"SELECT t.id FROM accounts_account t WHERE {_OWNERLESS} ORDER BY t.id{lock}")
        ids = [account_id for (account_id,) in cursor.fetchall()]
        for chunk in in_chunks((account_id,) for account_id in ids):
            chosen = [account_id for (account_id,) in chunk]
            marks = ", ".join(["%s"] * len(chosen))
            before, after = (
                json_object({"owner_id": owner})
                for owner in ("t.owner_id", "(SELECT o.owner_id FROM import_owner o WHERE o.code = t.code)")
            )
            cursor.execute(
                "INSERT INTO accounts_importedrow (imported_id, target, object_id, before, after)"
                f" SELECT %s, 'account', t.id, {before}, {after}"
                f" FROM accounts_account t WHERE t.id IN ({marks}) ORDER BY t.id",
                [import_id, *chosen],
            )
            cursor.execute(
                "UPDATE accounts_account SET owner_id ="
                " (SELECT o.owner_id FROM import_owner o WHERE o.code = accounts_account.code)"
                f" WHERE id IN ({marks})",
                chosen,
            )
            write_history(
                cursor, Account, f"t.id IN ({marks})",
                change="~", actor=actor, now=now, note=note, parameters=chosen,
            )  # fmt: skip
        return ids

    def _write_products(self, cursor: CursorWrapper, import_id: int) -> None:
        if not count(cursor, f"SELECT COUNT(*) FROM import_product s WHERE {_NO_PRODUCT}"):
            return
        unsorted, _made = ProductLine.objects.get_or_create(name=ProductLine.UNSORTED)
        plain = Product()
        cursor.execute(
            f"DELETE FROM import_product WHERE NOT ({_NO_PRODUCT.replace('s.code', 'import_product.code')})"
        )
        cursor.execute(
            "INSERT INTO accounts_product (code, name, line_id, complexity) SELECT s.code, s.name, %s, %s"
            " FROM import_product s ORDER BY s.code",
            [unsorted.pk, plain.complexity],
        )
        after = json_object(
            {"code": "t.code", "name": "t.name", "line_id": "t.line_id", "complexity": "t.complexity",
             "service_life_months": "t.service_life_months"}
        )  # fmt: skip
        cursor.execute(
            "INSERT INTO accounts_importedrow (imported_id, target, object_id, before, after)"
            f" SELECT %s, 'product', t.id, NULL, {after} FROM accounts_product t"
            " WHERE t.code IN (SELECT code FROM import_product) ORDER BY t.id",
            [import_id],
        )

    def _write_purchases(self, cursor: CursorWrapper, import_id: int) -> bool:
        header = ", ".join(HEADER)
        give_ids(
            cursor,
            Purchase,
            table="import_new",
            source="SELECT s.seq FROM import_purchase s"
            " WHERE NOT EXISTS (SELECT 1 FROM import_found f WHERE f.seq = s.seq)",
        )
        cursor.execute(
            f"INSERT INTO accounts_purchase (id, account_id, number, {header}, imported_id)"
            f" SELECT n.id, a.id, s.number, {', '.join(f's.{name}' for name in HEADER)}, %s"
            " FROM import_new n JOIN import_purchase s ON s.seq = n.seq JOIN accounts_account a ON a.code = s.account"
            " ORDER BY n.id",
            [import_id],
        )
        whole = cursor.rowcount == count(cursor, "SELECT COUNT(*) FROM import_new")
        if count(cursor, "SELECT COUNT(*) FROM import_changed"):
            self._change_purchases(cursor, import_id)
        cursor.execute(
            f"INSERT INTO accounts_purchaseline (purchase_id, {', '.join(LINE)})"
            " SELECT w.id, l.position, p.id, l.description, l.quantity, l.unit_price, l.amount"
            " FROM (SELECT seq, id FROM import_new UNION ALL SELECT seq, purchase_id FROM import_changed) w"
            " JOIN import_line l ON l.seq = w.seq"
            " LEFT JOIN accounts_product p ON p.code = l.product ORDER BY w.id, l.position"
        )
        return whole

    def _change_purchases(self, cursor: CursorWrapper, import_id: int) -> None:
        """Give changed purchases their new header, and take their lines away; both are kept for undo."""
        changed = "SELECT purchase_id FROM import_changed"
        cursor.execute(
            "INSERT INTO accounts_importedrow (imported_id, target, object_id, before, after)"
            f" SELECT %s, 'purchase', p.id, {_before()}, NULL"
            f" FROM accounts_purchase p WHERE p.id IN ({changed}) ORDER BY p.id",
            [import_id],
        )
        cursor.execute(
            f"UPDATE accounts_purchase SET {', '.join(f'{name} = s.{name}' for name in HEADER)}, imported_id = %s"
            " FROM import_purchase s JOIN import_changed c ON c.seq = s.seq"
            " WHERE accounts_purchase.id = c.purchase_id",
            [import_id],
        )
        cursor.execute(f"DELETE FROM accounts_purchaseline WHERE purchase_id IN ({changed})")


def _before() -> str:
    """SQL: the purchase `p` as ImportedRow keeps it, its lines an array below `lines`."""
    fields = {name: as_json(Purchase._meta.get_field(name), f"p.{name}") for name in HEADER}
    line = json_object({
        name: as_json(PurchaseLine._meta.get_field(name.removesuffix("_id")), f"l.{name}") for name in LINE
    })  # fmt: skip
    gather = "jsonb_agg" if connection.vendor == "postgresql" else "json_group_array"
    within = line if connection.vendor == "postgresql" else f"json({line})"
    lines = f"(SELECT {gather}({within}) FROM accounts_purchaseline l WHERE l.purchase_id = p.id)"
    return json_object(fields | {"imported_id": "p.imported_id", "lines": lines})


_NO_PRODUCT = "NOT EXISTS (SELECT 1 FROM accounts_product p WHERE p.code = s.code)"
_OWNERLESS = "t.owner_id IS NULL AND EXISTS (SELECT 1 FROM import_owner o WHERE o.code = t.code)"

_FOUND = """
CREATE TEMPORARY TABLE import_found AS
SELECT s.seq AS seq, p.id AS purchase_id
FROM import_purchase s
JOIN accounts_account a ON a.code = s.account
JOIN accounts_purchase p ON p.account_id = a.id AND p.number = s.number
"""

_NONE_CHANGED = (
    "CREATE TEMPORARY TABLE import_changed AS SELECT seq, purchase_id FROM import_found WHERE 1 = 0"
)

# A purchase differs by its own columns, by a line that is not there as it is in the file, or by one line too many.
_CHANGED = f"""
CREATE TEMPORARY TABLE import_changed AS
SELECT f.seq AS seq, f.purchase_id AS purchase_id
FROM import_found f
WHERE f.seq IN (
    SELECT s.seq
    FROM import_found f
    JOIN import_purchase s ON s.seq = f.seq
    JOIN accounts_purchase p ON p.id = f.purchase_id
    WHERE {" OR ".join(differs(f"s.{name}", f"p.{name}") for name in HEADER)}
    UNION
    SELECT l.seq
    FROM import_found f
    JOIN import_line l ON l.seq = f.seq
    LEFT JOIN accounts_product p ON p.code = l.product
    LEFT JOIN accounts_purchaseline e
        ON e.purchase_id = f.purchase_id AND e.position = l.position
        AND (e.product_id = p.id OR (e.product_id IS NULL AND l.product = ''))
        AND e.description = l.description AND e.amount = l.amount
        AND {same("e.quantity", "l.quantity")} AND {same("e.unit_price", "l.unit_price")}
    WHERE e.id IS NULL
    UNION
    SELECT s.seq
    FROM import_found f
    JOIN import_purchase s ON s.seq = f.seq
    JOIN accounts_purchaseline e ON e.purchase_id = f.purchase_id AND (e.position > s.lines OR e.position < 1)
)
"""
