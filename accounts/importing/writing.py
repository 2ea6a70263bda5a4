"""From the spool to the database: what differs from what stands, in one short transaction.

The rows go into temporary tables first (PostgreSQL: by COPY), which disturbs nobody. Then set statements, one text for
both databases, find what is new and what differs, and write that alone: what is unchanged keeps its ids and history.
"""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper

from accounts.importing.spool import Spool, in_chunks
from accounts.models import Account, Product, ProductLine
from crm.team.models import User

# One number for all imports of one database: they write one after another.
_ADVISORY_LOCK = 7_240_118_001
_MANY = 1000  # purchases written, from which the planner is told

_TABLES = (
    "import_purchase",
    "import_line",
    "import_account",
    "import_owner",
    "import_product",
    "import_found",
    "import_changed",
    "import_written",
)
_HEADER = (
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


@dataclass
class Difference:
    """What an import would write, counted."""

    accounts: int
    owners: int
    products: int
    created: int
    changed: int
    unchanged: int


@contextmanager
def write_alone() -> Iterator[None]:
    """A transaction in which no other import writes: waits as long as it takes, and lets go when this process dies.

    PostgreSQL has a lock for it that ends with the transaction. On SQLite the lock is a file's, taken before the
    transaction: the database itself would let others wait too, but not longer than its busy timeout.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
            yield
        return
    folder = Path(settings.VAR_DIR) / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "writing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with transaction.atomic():
            yield


class Staging:
    """The temporary tables of one import, and the statements that work on them."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool

    # Loading --------------------------------------------------------------------------------------------------------
    def load(self, *, accounts: Sequence[str], products: Sequence[tuple[str, str]]) -> None:
        """Fill the temporary tables. `accounts`: codes to be made; `products`: (code, name) to be made.

        Neither may be a stream of queries: nothing else can be asked on the connection while COPY runs.
        """
        self.drop()
        with connection.cursor() as cursor:
            # As the real columns are: so that both sides compare alike (collation, and what SQLite makes of numbers).
            for statement in (
                "CREATE TEMPORARY TABLE import_purchase AS SELECT p.amount_cents AS seq, a.code AS account, p.number,"
                f" {', '.join(f'p.{name}' for name in _HEADER)}, p.quarter AS lines"
                " FROM accounts_purchase p JOIN accounts_account a ON a.id = p.account_id WHERE 1 = 0",
                "CREATE TEMPORARY TABLE import_line AS SELECT l.purchase_id AS seq, l.position, p.code AS product,"
                " l.description, l.quantity, l.unit_price, l.amount"
                " FROM accounts_purchaseline l JOIN accounts_product p ON p.id = l.product_id WHERE 1 = 0",
                "CREATE TEMPORARY TABLE import_account AS SELECT code, spread, search_key"
                " FROM accounts_account WHERE 1 = 0",
                "CREATE TEMPORARY TABLE import_owner AS SELECT code, owner_id FROM accounts_account WHERE 1 = 0",
                "CREATE TEMPORARY TABLE import_product AS SELECT code, name FROM accounts_product WHERE 1 = 0",
            ):
                cursor.execute(statement)
            _fill(cursor, "import_purchase", self.spool.purchases())
            _fill(cursor, "import_line", self.spool.lines())
            _fill(cursor, "import_account", (_derived(code) for code in accounts))
            _fill(cursor, "import_owner", (row for row in self.spool.taken_accounts() if row[1] is not None))
            _fill(cursor, "import_product", products)
            cursor.execute("CREATE INDEX import_line_seq ON import_line (seq, position)")
            cursor.execute("CREATE INDEX import_purchase_seq ON import_purchase (seq)")
            _settle(
                cursor, "import_purchase", "import_line", "import_account", "import_owner", "import_product"
            )

    def drop(self) -> None:
        """Take the temporary tables away."""
        with connection.cursor() as cursor:
            for table in _TABLES:
                cursor.execute(f"DROP TABLE IF EXISTS {table}")

    # Reading --------------------------------------------------------------------------------------------------------
    def compare(self) -> Difference:
        """Find what is new and what differs from what stands. Writes nothing but temporary tables."""
        with connection.cursor() as cursor:
            for table in ("import_found", "import_changed", "import_written"):
                cursor.execute(f"DROP TABLE IF EXISTS {table}")
            cursor.execute(_FOUND)
            cursor.execute("CREATE INDEX import_found_seq ON import_found (seq)")
            _settle(cursor, "import_found")
            cursor.execute(_CHANGED)
            _settle(cursor, "import_changed")
            purchases = _count(cursor, "SELECT COUNT(*) FROM import_purchase")
            found = _count(cursor, "SELECT COUNT(*) FROM import_found")
            changed = _count(cursor, "SELECT COUNT(*) FROM import_changed")
            return Difference(
                accounts=_count(cursor, f"SELECT COUNT(*) FROM import_account s WHERE {_NO_ACCOUNT}"),
                owners=_count(cursor, f"SELECT COUNT(*) FROM accounts_account a WHERE {_OWNERLESS}"),
                products=_count(cursor, f"SELECT COUNT(*) FROM import_product s WHERE {_NO_PRODUCT}"),
                created=purchases - found,
                changed=changed,
                unchanged=found - changed,
            )

    # Writing --------------------------------------------------------------------------------------------------------
    def write(self, *, import_id: int, actor: User | None, now: dt.datetime, note: str) -> bool:
        """Write what `compare` found. Inside a transaction, right after `compare`.

        Returns False where an account went away since the file was checked; the transaction must then be rolled back.
        """
        with connection.cursor() as cursor:
            self._write_owners(cursor, actor, now, note)
            self._write_accounts(cursor, actor, now, note)
            self._write_products(cursor)
            self._write_purchases(cursor, import_id)
            purchases = _count(cursor, "SELECT COUNT(*) FROM import_purchase")
            unchanged = _count(cursor, "SELECT COUNT(*) FROM import_found") - _count(
                cursor, "SELECT COUNT(*) FROM import_changed"
            )
            written = _count(cursor, "SELECT COUNT(*) FROM import_written")
            if written >= _MANY:
                # What reads them next (facts, tiering) must not be planned as if they were not there yet.
                _settle(cursor, "accounts_account", "accounts_purchase", "accounts_purchaseline")
            return written + unchanged == purchases

    def touched_accounts(self, *, at_most: int) -> list[int] | None:
        """The accounts whose purchases were written; None where they are more than `at_most`."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT p.account_id FROM import_written w JOIN accounts_purchase p ON p.id = w.purchase_id"
                " LIMIT %s",
                [at_most + 1],
            )
            ids = [account_id for (account_id,) in cursor.fetchall()]
        return None if len(ids) > at_most else ids

    def _write_owners(self, cursor: CursorWrapper, actor: User | None, now: dt.datetime, note: str) -> None:
        lock = " FOR UPDATE" if connection.vendor == "postgresql" else ""
        cursor.execute(f"SELECT a.id FROM accounts_account a WHERE {_OWNERLESS} ORDER BY a.id{lock}")
        ids = [account_id for (account_id,) in cursor.fetchall()]
        for chunk in in_chunks((account_id,) for account_id in ids):
            chosen = [account_id for (account_id,) in chunk]
            marks = ", ".join(["%s"] * len(chosen))
            cursor.execute(
                "UPDATE accounts_account SET owner_id = (SELECT o.owner_id FROM import_owner o"
                f" WHERE o.code = accounts_account.code) WHERE id IN ({marks})",
                chosen,
            )
            _write_history(cursor, f"a.id IN ({marks})", chosen, "~", actor, now, note)

    def _write_accounts(self, cursor: CursorWrapper, actor: User | None, now: dt.datetime, note: str) -> None:
        """Accounts that are new, with the name of their code where nothing else is known, and their history."""
        cursor.execute(
            f"DELETE FROM import_account WHERE NOT ({_NO_ACCOUNT.replace('s.code', 'import_account.code')})"
        )
        plain = Account(created_at=now)
        columns: list[str] = []
        values: list[str] = []
        parameters: list[Any] = []
        from_file = {"code": "s.code", "name": "s.code", "spread": "s.spread", "search_key": "s.search_key"}
        from_file["owner_id"] = "(SELECT o.owner_id FROM import_owner o WHERE o.code = s.code)"
        for column in Account._meta.concrete_fields:
            if column.primary_key:
                continue
            name = str(column.column)
            columns.append(name)
            if name in from_file:
                values.append(from_file[name])
            else:
                values.append("%s")
                parameters.append(column.get_db_prep_save(getattr(plain, column.attname), connection))
        cursor.execute(
            f"INSERT INTO accounts_account ({', '.join(columns)}) SELECT {', '.join(values)}"
            " FROM import_account s ORDER BY s.code",
            parameters,
        )
        _write_history(cursor, "a.code IN (SELECT code FROM import_account)", [], "+", actor, now, note)

    def _write_products(self, cursor: CursorWrapper) -> None:
        if not _count(cursor, f"SELECT COUNT(*) FROM import_product s WHERE {_NO_PRODUCT}"):
            return
        unsorted, _made = ProductLine.objects.get_or_create(name=ProductLine.UNSORTED)
        plain = Product()
        cursor.execute(
            "INSERT INTO accounts_product (code, name, line_id, complexity) SELECT s.code, s.name, %s, %s"
            f" FROM import_product s WHERE {_NO_PRODUCT} ORDER BY s.code",
            [unsorted.pk, plain.complexity],
        )

    def _write_purchases(self, cursor: CursorWrapper, import_id: int) -> None:
        header = ", ".join(_HEADER)
        cursor.execute(
            f"INSERT INTO accounts_purchase (account_id, number, {header}, imported_id)"
            f" SELECT a.id, s.number, {', '.join(f's.{name}' for name in _HEADER)}, %s"
            " FROM import_purchase s JOIN accounts_account a ON a.code = s.account"
            " WHERE NOT EXISTS (SELECT 1 FROM import_found f WHERE f.seq = s.seq) ORDER BY s.seq",
            [import_id],
        )
        cursor.execute(
            f"UPDATE accounts_purchase SET {', '.join(f'{name} = s.{name}' for name in _HEADER)}, imported_id = %s"
            " FROM import_purchase s JOIN import_changed c ON c.seq = s.seq"
            " WHERE accounts_purchase.id = c.purchase_id",
            [import_id],
        )
        cursor.execute(
            "DELETE FROM accounts_purchaseline WHERE purchase_id IN (SELECT purchase_id FROM import_changed)"
        )
        cursor.execute(_WRITTEN)
        cursor.execute("CREATE INDEX import_written_seq ON import_written (seq)")
        _settle(cursor, "import_written")
        cursor.execute(
            "INSERT INTO accounts_purchaseline"
            " (purchase_id, position, product_id, description, quantity, unit_price, amount)"
            " SELECT w.purchase_id, l.position, p.id, l.description, l.quantity, l.unit_price, l.amount"
            " FROM import_written w JOIN import_line l ON l.seq = w.seq"
            " LEFT JOIN accounts_product p ON p.code = l.product ORDER BY w.purchase_id, l.position"
        )


def _same(left: str, right: str) -> str:
    """SQL: both are equal, or both NULL."""
    return f"({left} = {right} OR ({left} IS NULL AND {right} IS NULL))"


def _differs(left: str, right: str) -> str:
    """SQL: one is not the other; NULL counts as a value."""
    return f"({left} <> {right} OR ({left} IS NULL) <> ({right} IS NULL))"


_NO_ACCOUNT = "NOT EXISTS (SELECT 1 FROM accounts_account a WHERE a.code = s.code)"
_NO_PRODUCT = "NOT EXISTS (SELECT 1 FROM accounts_product p WHERE p.code = s.code)"
_OWNERLESS = "a.owner_id IS NULL AND EXISTS (SELECT 1 FROM import_owner o WHERE o.code = a.code)"

_FOUND = """
CREATE TEMPORARY TABLE import_found AS
SELECT s.seq AS seq, p.id AS purchase_id
FROM import_purchase s
JOIN accounts_account a ON a.code = s.account
JOIN accounts_purchase p ON p.account_id = a.id AND p.number = s.number
"""

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
    WHERE {" OR ".join(_differs(f"s.{name}", f"p.{name}") for name in _HEADER)}
    UNION
    SELECT l.seq
    FROM import_found f
    JOIN import_line l ON l.seq = f.seq
    LEFT JOIN accounts_product p ON p.code = l.product
    LEFT JOIN accounts_purchaseline e
        ON e.purchase_id = f.purchase_id AND e.position = l.position
        AND (e.product_id = p.id OR (e.product_id IS NULL AND l.product = ''))
        AND e.description = l.description AND e.amount = l.amount
        AND {_same("e.quantity", "l.quantity")} AND {_same("e.unit_price", "l.unit_price")}
    WHERE e.id IS NULL
    UNION
    SELECT s.seq
    FROM import_found f
    JOIN import_purchase s ON s.seq = f.seq
    JOIN accounts_purchaseline e ON e.purchase_id = f.purchase_id AND (e.position > s.lines OR e.position < 1)
)
"""

_WRITTEN = """
CREATE TEMPORARY TABLE import_written AS
SELECT c.seq AS seq, c.purchase_id AS purchase_id FROM import_changed c
UNION ALL
SELECT s.seq, p.id
FROM import_purchase s
JOIN accounts_account a ON a.code = s.account
JOIN accounts_purchase p ON p.account_id = a.id AND p.number = s.number
WHERE NOT EXISTS (SELECT 1 FROM import_found f WHERE f.seq = s.seq)
"""


def _derived(code: str) -> tuple[str, int, str]:
    account = Account(code=code, name=code)
    account.derive()
    return code, account.spread, account.search_key


def _write_history(
    cursor: CursorWrapper,
    which: str,
    parameters: list[Any],
    change: str,
    actor: User | None,
    now: dt.datetime,
    note: str,
) -> None:
    """One history row for each account `a` of the condition, in the words of django-simple-history."""
    history: type[models.Model] = Account.history.model
    tracked = [name.column for name in history.tracked_fields]  # type: ignore[attr-defined]
    cursor.execute(
        f"INSERT INTO {history._meta.db_table} ({', '.join(tracked)},"
        " history_date, history_type, history_user_id, history_change_reason)"
        f" SELECT {', '.join(f'a.{name}' for name in tracked)}, %s, %s, %s, %s"
        f" FROM accounts_account a WHERE {which} ORDER BY a.code",
        [
            connection.ops.adapt_datetimefield_value(now),
            change,
            actor.pk if actor else None,
            note[:100],
            *parameters,
        ],
    )


def _count(cursor: CursorWrapper, statement: str) -> int:
    cursor.execute(statement)
    return cursor.fetchone()[0]


# Where the databases differ ------------------------------------------------------------------------------------------
def _fill(cursor: CursorWrapper, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Load rows into a temporary table, in the order of its columns, as a stream."""
    if connection.vendor == "postgresql":
        cursor.copy_expert(f"COPY {table} FROM STDIN", _CopyText(rows))
        return
    for chunk in in_chunks(rows):
        marks = ", ".join(["%s"] * len(chunk[0]))
        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", chunk)


def _settle(cursor: CursorWrapper, *tables: str) -> None:
    """Let PostgreSQL's planner know the size of tables: temporary ones nobody else analyses, others only later."""
    if connection.vendor == "postgresql":
        for table in tables:
            cursor.execute(f"ANALYZE {table}")


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class _CopyText:
    """Rows as the text that COPY reads, made while it is read."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.chunks = in_chunks(rows)

    def read(self, size: int = -1) -> str:
        """The next rows, whatever size is asked for (psycopg2 passes on what it gets); empty at the end."""
        return "".join(
            "\t".join("\\N" if value is None else str(value).translate(_ESCAPES) for value in row) + "\n"
            for row in next(self.chunks, [])
        )
