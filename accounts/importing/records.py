"""Files of accounts, persons and products: one row is one of them (docs/domain.md, section 10).

What stands in the file counts, an empty cell says nothing: it neither clears what stands nor changes it. So a temporary
table holds NULL where a row says nothing, and COALESCE is the whole rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from accounts.importing.habits import HabitFinder
from accounts.importing.kinds import Bringing, Task
from accounts.importing.reasons import BadValue, Reason
from accounts.importing.rows import RowReader
from accounts.importing.spool import SEPARATOR, in_chunks
from accounts.importing.staging import (
    begin_history,
    count,
    differs,
    drop,
    fill,
    give_ids,
    list_changed,
    list_changing,
    list_created,
    plain_values,
    settle,
    write_history,
)
from accounts.importing.summary import Difference
from accounts.models import Import, ImportKind

_CHUNK = 2000  # rows between two reports
_TABLES = ("import_record", "import_key", "import_found", "import_changed", "import_new")


class Rejected(Exception):
    """A row that could be read and cannot be taken."""

    def __init__(self, reason: Reason, words: str) -> None:
        super().__init__(words)
        self.reason, self.words = reason, words


class Records(Bringing):
    """What files of accounts, persons and products have in common.

    In the SQL of the subclasses `s` is the row of the file, `t` the one that stands, `k` what was derived of both.
    """

    kind: ClassVar[ImportKind]
    model: ClassVar[Any]
    target: ClassVar[str]
    """An ImportedRow.Target."""
    staged: ClassVar[Mapping[str, str]]
    """Column of the temporary table -> column of `t` whose type it has. The model's own are written as they are."""
    basis: ClassVar[tuple[str, ...]] = ()
    """Texts from which `derive` reckons, as they stand together in file and database."""
    derived: ClassVar[tuple[str, ...]] = ()

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.box = task.spool.outbox()
        self.dropped: list[int] = []
        """Lines that were put into the box and rejected later."""
        self.notes: list[str] = []
        """What somebody should look at in the row that is being taken."""

    # From the file --------------------------------------------------------------------------------------------------
    def gather(self) -> None:
        """Rows into the box, or rejected. Two passes: how numbers and days are written only the whole file tells."""
        task = self.task
        finder = HabitFinder(
            kind=self.kind, columns=task.columns, options=task.options, recognised=task.table.recognised
        )
        for chunk in in_chunks(task.table.records(), _CHUNK):
            for _line, values, _text in chunk:
                finder.note(values)
            task.spool.put_rows([(line, None, None, SEPARATOR.join(values)) for line, values, _text in chunk])
            self.rows_read += len(chunk)
            task.report(self.rows_read, None)
        reader = RowReader(kind=self.kind, columns=task.columns, habits=finder.found())
        self.begin()
        done = 0
        for chunk in in_chunks(task.spool.rows_in_order(), _CHUNK):
            rows = [row for row in (self._read(reader, line, text) for line, text in chunk) if row]
            if rows:
                self.box.put(rows)
            self.rows_taken += len(rows)
            done += len(chunk)
            task.report(done, self.rows_read)
        task.spool.flush()
        self.end()
        self.rows_taken -= len(self.dropped)
        self.warnings = [(line, words) for line, words in self.warnings if line not in set(self.dropped)]
        task.spool.flush()

    def _read(self, reader: RowReader, line: int, text: str) -> tuple[str | None, ...] | None:
        self.notes = []
        try:
            found = self.take(line, reader.read(text.split(SEPARATOR), self.notes))
        except BadValue as problem:
            self.task.spool.reject(line, Reason.BAD_LINE, str(problem))
            return None
        except Rejected as rejected:
            self.task.spool.reject(line, rejected.reason, rejected.words)
            return None
        if self.notes:
            self.warnings.append((line, "; ".join(self.notes)))
        return (str(line), *(self._staged(found.get(name)) for name in self.staged))

    def _staged(self, value: Any) -> str | None:
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return "1" if value else "0"
        return self.box.text(str(value))

    def begin(self) -> None:
        """Fetch what `take` must know of the database."""

    def take(self, line: int, row: dict[str, Any]) -> dict[str, Any]:
        """The values for the temporary table. Raises BadValue or Rejected. May add to `notes`."""
        raise NotImplementedError

    def end(self) -> None:
        """Reject what only all rows together tell, by `drop_row`."""

    def drop_row(self, line: int, reason: Reason, words: str) -> None:
        """Reject a row that was taken."""
        self.task.spool.reject(line, reason, words)
        self.dropped.append(line)

    # Temporary tables -----------------------------------------------------------------------------------------------
    def stage(self) -> None:
        """As of Bringing."""
        self.drop()
        table = self.model._meta.db_table
        with connection.cursor() as cursor:
            typed = ", ".join(f"t.{column} AS {name}" for name, column in self.staged.items())
            cursor.execute(
                f"CREATE TEMPORARY TABLE import_record AS SELECT t.id AS seq, {typed} FROM {table} t WHERE 1 = 0"
            )
            typed = "".join(f", t.{name}" for name in (*self.basis, *self.derived))
            cursor.execute(
                f"CREATE TEMPORARY TABLE import_key AS SELECT t.id AS seq{typed} FROM {table} t WHERE 1 = 0"
            )
            self.box.load(cursor, "import_record")
            for chunk in in_chunks((line,) for line in self.dropped):
                lines = ", ".join(str(line) for (line,) in chunk)
                cursor.execute(f"DELETE FROM import_record WHERE seq IN ({lines})")
            cursor.execute("CREATE INDEX import_record_seq ON import_record (seq)")
            cursor.execute("CREATE INDEX import_key_seq ON import_key (seq)")
            settle(cursor, "import_record")
            self.stage_more(cursor)

    def stage_more(self, cursor: CursorWrapper) -> None:
        """Fill temporary tables of its own."""

    def drop(self) -> None:
        """As of Bringing."""
        drop(*_TABLES, *self.own_tables)

    own_tables: ClassVar[tuple[str, ...]] = ()

    def compare(self) -> Difference:
        """As of Bringing."""
        drop("import_found", "import_changed", "import_new")
        with connection.cursor() as cursor:
            self.prepare_match(cursor)
            cursor.execute(f"CREATE TEMPORARY TABLE import_found AS {self.match()}")
            cursor.execute("CREATE INDEX import_found_seq ON import_found (seq)")
            settle(cursor, "import_found")
            self._derive(cursor)
            cursor.execute(
                "CREATE TEMPORARY TABLE import_changed AS SELECT f.seq, f.id FROM import_found f"
                f" JOIN import_record s ON s.seq = f.seq JOIN {self.model._meta.db_table} t ON t.id = f.id"
                f" WHERE {' OR '.join(self.differences())}"
            )
            cursor.execute("CREATE INDEX import_changed_id ON import_changed (id)")
            settle(cursor, "import_changed")
            rows = count(cursor, "SELECT COUNT(*) FROM import_record")
            found = count(cursor, "SELECT COUNT(*) FROM import_found")
            changed = count(cursor, "SELECT COUNT(*) FROM import_changed")
            difference = Difference(created=rows - found, changed=changed, unchanged=found - changed)
            self.count_more(cursor, difference)
            return difference

    def prepare_match(self, cursor: CursorWrapper) -> None:
        """Bring up to date what `match` needs beside the rows."""

    def match(self) -> str:
        """SQL: (seq, id) of the rows that stand already."""
        return (
            f"SELECT s.seq, t.id FROM import_record s JOIN {self.model._meta.db_table} t ON t.code = s.code"
        )

    def own_columns(self) -> list[str]:
        """Staged columns that are the model's own."""
        known = {column.column for column in self.model._meta.concrete_fields}
        return [name for name in self.staged if name in known]

    def changes(self) -> dict[str, str]:
        """Column -> SQL of what it becomes on a row that stands."""
        return {name: f"COALESCE(s.{name}, t.{name})" for name in self.own_columns()}

    def differences(self) -> list[str]:
        """SQL conditions, any of which makes a row changed."""
        return [differs(new, f"t.{name}") for name, new in self.changes().items()]

    def count_more(self, cursor: CursorWrapper, difference: Difference) -> None:
        """Count what is made beside."""

    def _derive(self, cursor: CursorWrapper) -> None:
        """Reckon what Python derives of a row, for all whose basis is not what it was reckoned from."""
        if not self.basis:
            return
        merged = {name: f"COALESCE(s.{name}, t.{name}, '')" for name in self.basis}
        unchanged = " AND ".join(f"k.{name} = {value}" for name, value in merged.items())
        cursor.execute(
            f"SELECT s.seq, {', '.join(merged.values())} FROM import_record s"
            " LEFT JOIN import_found f ON f.seq = s.seq"
            f" LEFT JOIN {self.model._meta.db_table} t ON t.id = f.id"
            f" WHERE NOT EXISTS (SELECT 1 FROM import_key k WHERE k.seq = s.seq AND {unchanged}) ORDER BY s.seq"
        )
        stale = cursor.fetchall()
        for chunk in in_chunks(stale):
            cursor.execute(f"DELETE FROM import_key WHERE seq IN ({', '.join(str(row[0]) for row in chunk)})")
        fill(
            cursor,
            "import_key",
            ((*row, *self.derive(dict(zip(self.basis, row[1:], strict=True)))) for row in stale),
        )
        settle(cursor, "import_key")

    def derive(self, basis: Mapping[str, str]) -> tuple[Any, ...]:
        """The derived columns from the basis."""
        raise NotImplementedError

    # Into the database ----------------------------------------------------------------------------------------------
    def write(self, run: Import, note: str) -> None:
        """As of Bringing."""
        task, model, table = self.task, self.model, self.model._meta.db_table
        new = "t.id IN (SELECT id FROM import_new)"
        changed = "t.id IN (SELECT id FROM import_changed)"
        with connection.cursor() as cursor:
            self.write_before(cursor, run, note)
            give_ids(
                cursor,
                model,
                table="import_new",
                source="SELECT s.seq FROM import_record s"
                " WHERE NOT EXISTS (SELECT 1 FROM import_found f WHERE f.seq = s.seq)",
            )
            list_changing(cursor, model, changed, import_id=run.pk, target=self.target)
            if hasattr(model, "history"):
                begin_history(cursor, model, changed)
            self.write_between(cursor)
            self._insert(cursor)
            assigned = self.changes() | {name: f"k.{name}" for name in self.derived}
            cursor.execute(
                f"UPDATE {table} AS t SET {', '.join(f'{name} = {new}' for name, new in assigned.items())}"
                " FROM import_record s JOIN import_changed c ON c.seq = s.seq LEFT JOIN import_key k ON k.seq = s.seq"
                " WHERE t.id = c.id"
            )
            self.write_after(cursor, run)
            if hasattr(model, "history"):
                for which, change in ((new, "+"), (changed, "~")):
                    write_history(
                        cursor, model, which, change=change, actor=task.actor, now=task.now, note=note
                    )
            list_created(cursor, model, new, import_id=run.pk, target=self.target)
            list_changed(cursor, model, import_id=run.pk, target=self.target)
            self.write_last(cursor, run)
            self.settle()

    def _insert(self, cursor: CursorWrapper) -> None:
        plain = plain_values(self.model, **self.plain())
        own = set(self.own_columns())
        sources = {name: f"COALESCE(s.{name}, %s)" if name in own else "%s" for name in plain}
        sources |= {name: f"k.{name}" for name in self.derived}
        sources |= self.insertions()
        cursor.execute(
            f"INSERT INTO {self.model._meta.db_table} (id, {', '.join(sources)})"
            f" SELECT n.id, {', '.join(sources.values())} FROM import_new n JOIN import_record s ON s.seq = n.seq"
            " LEFT JOIN import_key k ON k.seq = s.seq ORDER BY n.id",
            [plain[name] for name, source in sources.items() if "%s" in source],
        )

    def plain(self) -> dict[str, Any]:
        """What a new row has beside the model's defaults."""
        return {}

    def insertions(self) -> dict[str, str]:
        """Column -> SQL of what it is on a new row, where it is not what the file says."""
        return {}

    def write_before(self, cursor: CursorWrapper, run: Import, note: str) -> None:
        """Make what the rows need."""

    def write_between(self, cursor: CursorWrapper) -> None:
        """Make room among the rows that stand, after they were noted."""

    def write_after(self, cursor: CursorWrapper, run: Import) -> None:
        """Write what hangs on the rows."""

    def write_last(self, cursor: CursorWrapper, run: Import) -> None:
        """Add to what was noted of the rows."""


def list_made(
    cursor: CursorWrapper, run: Import, target: str, model: type[models.Model], names: Iterable[str]
) -> None:
    """Make the rows of the model that names say and that are missing, and note them as created."""
    for name in names:
        made, is_new = model._default_manager.get_or_create(name=name)
        if is_new:
            cursor.execute(
                "INSERT INTO accounts_importedrow (imported_id, target, object_id, before, after)"
                " VALUES (%s, %s, %s, NULL, %s)",
                [run.pk, target, made.pk, json.dumps({"name": name})],
            )
