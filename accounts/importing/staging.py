"""What all kinds of import share of the database: temporary tables, the lock, ids, history and JSON in set statements.

The rows go into temporary tables first (PostgreSQL: by COPY), which disturbs nobody: on SQLite they lie in a file of
their own, and the writer's place stays free. Then few statements, one text for both databases, write what differs.
"""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.backends.utils import CursorWrapper

from accounts.importing.spool import in_chunks
from accounts.models import Account
from crm.jobs.bulk import CopyText
from crm.team.models import User

# One number for all imports of one database: they write one after another.
_ADVISORY_LOCK = 7_240_118_001

Report = Callable[[int, int | None], None]
"""report(done, total): rows; total is None while the file is still read for the first time."""


class Overtaken(Exception):
    """Somebody deleted an account between the check of the file and the writing."""


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


# Words of SQL --------------------------------------------------------------------------------------------------------
def same(left: str, right: str) -> str:
    """SQL: both are equal, or both NULL."""
    return f"({left} = {right} OR ({left} IS NULL AND {right} IS NULL))"


def differs(left: str, right: str) -> str:
    """SQL: one is not the other; NULL counts as a value."""
    return f"({left} <> {right} OR ({left} IS NULL) <> ({right} IS NULL))"


def json_object(pairs: Mapping[str, str]) -> str:
    """SQL: a JSON object of SQL expressions by key."""
    name = "jsonb_build_object" if connection.vendor == "postgresql" else "json_object"
    inner = ", ".join(f"'{key}', {value}" for key, value in pairs.items())
    return f"{name}({inner})"


def as_json(column: Any, value: str) -> str:
    """SQL: a column's value as `json_object` keeps it without loss.

    SQLite holds decimals as floating point and would write 15 of their 17 digits.
    """
    if connection.vendor == "sqlite" and isinstance(column, models.DecimalField):
        return f"CASE WHEN {value} IS NOT NULL THEN printf('%%!.17g', {value}) END"
    return value


def count(cursor: CursorWrapper, statement: str, parameters: Sequence[Any] = ()) -> int:
    """The one number that a statement gives."""
    cursor.execute(statement, parameters or None)
    return cursor.fetchone()[0]


# Temporary tables ----------------------------------------------------------------------------------------------------
def drop(*tables: str) -> None:
    """Take temporary tables away, where they are there."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")


def fill(cursor: CursorWrapper, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Load rows into a temporary table, in the order of its columns, as a stream.

    On PostgreSQL `rows` may not be a stream of queries: nothing else can be asked on the connection while COPY runs.
    """
    if connection.vendor == "postgresql":
        cursor.copy_expert(f"COPY {table} FROM STDIN", CopyText(rows))
        return
    # One transaction for all, which touches the temporary tables' own file alone: the writer's place stays free.
    alone = not connection.in_atomic_block
    if alone:
        cursor.execute("BEGIN DEFERRED")
    try:
        for chunk in in_chunks(rows):
            marks = ", ".join(["%s"] * len(chunk[0]))
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", chunk)
    finally:
        if alone:
            cursor.execute("COMMIT")


def settle(cursor: CursorWrapper, *tables: str) -> None:
    """Let PostgreSQL's planner know the size of tables: temporary ones nobody else analyses, others only later."""
    if connection.vendor == "postgresql":
        for table in tables:
            cursor.execute(f"ANALYZE {table}")


def give_ids(cursor: CursorWrapper, model: type[models.Model], *, table: str, source: str) -> None:
    """Make the temporary table `table` (seq, id): a new id of the model for each seq of the statement `source`.

    Ids given before the rows are written spare the search for them afterwards. Inside the writing transaction.
    """
    of = model._meta.db_table
    if connection.vendor == "postgresql":
        # Looked up in a subquery: once, not with every number.
        new = f"nextval((SELECT pg_get_serial_sequence('{of}', 'id')::regclass))"
    else:
        last = f"COALESCE((SELECT n.seq FROM sqlite_sequence n WHERE n.name = '{of}'), 0)"
        new = f"{last} + ROW_NUMBER() OVER (ORDER BY q.seq)"
    cursor.execute(
        f"CREATE TEMPORARY TABLE {table} AS SELECT q.seq, {new} AS id FROM ({source} ORDER BY 1) q ORDER BY q.seq"
    )
    cursor.execute(f"CREATE INDEX {table}_seq ON {table} (seq)")
    settle(cursor, table)


# History and accounts ------------------------------------------------------------------------------------------------
def write_history(
    cursor: CursorWrapper,
    model: Any,
    which: str,
    *,
    change: str,
    actor: User | None,
    now: dt.datetime | None,
    note: str,
    parameters: Sequence[Any] = (),
    dated: str = "%s",
) -> None:
    """One history row for each row `t` of the model that meets the condition, in the words of django-simple-history."""
    history: Any = model.history.model
    tracked = [column.column for column in history.tracked_fields]
    moment = [connection.ops.adapt_datetimefield_value(now)] if now is not None else []
    cursor.execute(
        f"INSERT INTO {history._meta.db_table} ({', '.join(tracked)},"
        " history_date, history_type, history_user_id, history_change_reason)"
        f" SELECT {', '.join(f't.{name}' for name in tracked)}, {dated}, %s, %s, %s"
        f" FROM {model._meta.db_table} t WHERE {which} ORDER BY t.id",
        [*moment, change, actor.pk if actor else None, note[:100], *parameters],
    )


def begin_history(cursor: CursorWrapper, model: Any, which: str) -> None:
    """Give the rows `t` of the condition that have no history yet a first row, so that the change can be undone."""
    history: Any = model.history.model
    write_history(
        cursor,
        model,
        f"({which}) AND NOT EXISTS (SELECT 1 FROM {history._meta.db_table} h WHERE h.id = t.id)",
        change="+",
        actor=None,
        now=None,
        note="",
        dated="t.created_at",
    )


def plain_values(model: type[models.Model], **given: Any) -> dict[str, Any]:
    """Column, but the id -> what a new row of the model has there, as the database takes it."""
    plain = model(**given)
    return {
        str(column.column): column.get_db_prep_save(getattr(plain, column.attname), connection)
        for column in model._meta.concrete_fields
        if not column.primary_key
    }


NO_ACCOUNT = "NOT EXISTS (SELECT 1 FROM accounts_account a WHERE a.code = s.code)"


def stage_accounts(cursor: CursorWrapper, codes: Iterable[str]) -> None:
    """Make the temporary table import_account: accounts that a file of something else needs, named by their codes."""
    cursor.execute(
        "CREATE TEMPORARY TABLE import_account AS SELECT code, spread, search_key FROM accounts_account WHERE 1 = 0"
    )
    fill(cursor, "import_account", map(_derived, codes))
    settle(cursor, "import_account")


def make_accounts(
    cursor: CursorWrapper,
    *,
    import_id: int,
    actor: User | None,
    now: dt.datetime,
    note: str,
    owner: str = "NULL",
) -> int:
    """Make the staged accounts that are still missing, with their history, and list them as created; return how many.

    owner: SQL for the owner's id of the account `s`.
    """
    cursor.execute(
        f"DELETE FROM import_account WHERE NOT ({NO_ACCOUNT.replace('s.code', 'import_account.code')})"
    )
    plain = plain_values(Account, created_at=now)
    sources = dict.fromkeys(plain, "%s")
    sources |= {"code": "s.code", "name": "s.code", "spread": "s.spread", "search_key": "s.search_key"}
    sources["owner_id"] = owner
    cursor.execute(
        f"INSERT INTO accounts_account ({', '.join(sources)}) SELECT {', '.join(sources.values())}"
        " FROM import_account s ORDER BY s.code",
        [plain[name] for name, source in sources.items() if source == "%s"],
    )
    made = cursor.rowcount
    which = "t.code IN (SELECT code FROM import_account)"
    write_history(cursor, Account, which, change="+", actor=actor, now=now, note=note)
    list_created(cursor, Account, which, import_id=import_id, target="account")
    return made


def _derived(code: str) -> tuple[str, int, str]:
    account = Account(code=code, name=code)
    account.derive()
    return code, account.spread, account.search_key


# What an import did --------------------------------------------------------------------------------------------------
def kept_columns(model: Any) -> dict[str, str]:
    """Column -> SQL of the row `t`: what ImportedRow keeps of a row, that is, what people may change of it."""
    if hasattr(model, "history"):
        columns = [column for column in model.history.model.tracked_fields if not column.primary_key]
    else:
        columns = [column for column in model._meta.concrete_fields if not column.primary_key]
    return {str(column.column): as_json(column, f"t.{column.column}") for column in columns}


def list_created(cursor: CursorWrapper, model: Any, which: str, *, import_id: int, target: str) -> None:
    """Note the rows `t` of the condition as created by the import."""
    cursor.execute(
        "INSERT INTO accounts_importedrow (imported_id, target, object_id, before, after)"
        f" SELECT %s, %s, t.id, NULL, {json_object(kept_columns(model))}"
        f" FROM {model._meta.db_table} t WHERE {which} ORDER BY t.id",
        [import_id, target],
    )


def list_changing(cursor: CursorWrapper, model: Any, which: str, *, import_id: int, target: str) -> None:
    """Note the rows `t` of the condition as they stand, before the import changes them; `list_changed` ends it."""
    cursor.execute(
        "INSERT INTO accounts_importedrow (imported_id, target, object_id, before, after)"
        f" SELECT %s, %s, t.id, {json_object(kept_columns(model))}, NULL"
        f" FROM {model._meta.db_table} t WHERE {which} ORDER BY t.id",
        [import_id, target],
    )


def list_changed(cursor: CursorWrapper, model: Any, *, import_id: int, target: str) -> None:
    """Note how the changed rows stand after the import."""
    cursor.execute(
        f"UPDATE accounts_importedrow AS r SET after = {json_object(kept_columns(model))}"
        f" FROM {model._meta.db_table} t"
        " WHERE r.imported_id = %s AND r.target = %s AND r.before IS NOT NULL AND t.id = r.object_id",
        [import_id, target],
    )
