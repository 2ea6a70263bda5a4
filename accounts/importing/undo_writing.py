"""Taking an import back in statements: what `undo_finding` found goes, or goes back to what it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from accounts.importing.spool import in_chunks
from accounts.importing.staging import fill, kept_columns, write_history
from accounts.importing.undo_finding import MODELS, differ, json_of, relations_to
from accounts.importing.writing import HEADER, LINE
from accounts.models import Account, ContactPerson, Import, Purchase
from crm.team.models import User


class Writer:
    """Removes and restores the rows of the temporary tables. Inside the transaction in which they were found."""

    def __init__(
        self, cursor: CursorWrapper, imported: Import, *, actor: User | None, now: dt.datetime, note: str
    ) -> None:
        self.cursor, self.imported = cursor, imported
        self.actor, self.now, self.note = actor, now, note

    def write(self) -> None:
        """All of it: first back, so that nothing refers any more to what goes."""
        self._restore_purchases()
        self._unlink_tags()
        # Who becomes the first to contact again needs the place of who is it now.
        self._remove("person")
        for target in ("person", "account", "product"):
            self._restore(target)
        for target in MODELS:
            if target != "person":
                self._remove(target)

    # Gone -----------------------------------------------------------------------------------------------------------
    def _remove(self, target: str) -> None:
        model = MODELS[target]
        if hasattr(model, "history"):
            self._write_history(model, f"gone_{target}", "-")
        remove(self.cursor, model, f"SELECT id FROM gone_{target}")

    def _write_history(self, model: Any, table: str, change: str) -> None:
        write_history(
            self.cursor,
            model,
            f"t.id IN (SELECT id FROM {table})",
            change=change,
            actor=self.actor,
            now=self.now,
            note=self.note,
        )

    def _unlink_tags(self) -> None:
        """Take the tags away that the import gave to accounts which stay."""
        given = (
            "EXISTS (SELECT 1 FROM jsonb_array_elements(r.after -> 'tags') g WHERE g = to_jsonb(x.tag_id))"
            if connection.vendor == "postgresql"
            else "EXISTS (SELECT 1 FROM json_each(r.after, '$.tags') g WHERE g.value = x.tag_id)"
        )
        self.cursor.execute(
            "DELETE FROM accounts_account_tags WHERE id IN (SELECT x.id FROM accounts_account_tags x"
            " JOIN back_account b ON b.id = x.account_id JOIN accounts_importedrow r ON r.object_id = b.id"
            f" AND r.target = 'account' AND r.imported_id = %s WHERE {given})",
            [self.imported.pk],
        )

    # Back -----------------------------------------------------------------------------------------------------------
    def _noted(self, target: str) -> str:
        return (
            f"accounts_importedrow r JOIN back_{target} b ON b.id = r.object_id AND r.target = '{target}'"
            f" AND r.imported_id = {self.imported.pk}"
        )

    def _restore(self, target: str) -> None:
        """Give rows back the fields that the import changed, and what is derived of them."""
        model = MODELS[target]
        fields = {
            name: f"CASE WHEN {differ(json_of(name, 'r.before'), json_of(name, 'r.after'))}"
            f" THEN {_before(_column(model, name))} ELSE t.{name} END"
            for name in kept_columns(model)
        }
        assigned = ", ".join(f"{name} = {value}" for name, value in fields.items())
        # First those who step down: at most one person of an account is the first to contact.
        conditions = ["1 = 1"]
        if model is ContactPerson:
            main = f"COALESCE({_before(_column(model, 'is_main'))}, t.is_main)"
            conditions = [f"NOT {main}", main]
        for condition in conditions:
            self.cursor.execute(
                f"UPDATE {model._meta.db_table} AS t SET {assigned} FROM {self._noted(target)}"
                f" WHERE t.id = r.object_id AND {condition}"
            )
        if model in (Account, ContactPerson):
            self._derive(target, model)
        if hasattr(model, "history"):
            self._write_history(model, f"back_{target}", "~")

    def _derive(self, target: str, model: Any) -> None:
        """Reckon search keys of restored rows anew."""
        names = ("id", "name", "email", "phone") + (
            ("code", "city", "tax_number") if model is Account else ()
        )
        self.cursor.execute(
            f"SELECT {', '.join(names)} FROM {model._meta.db_table} WHERE id IN (SELECT id FROM back_{target})"
        )
        rows = self.cursor.fetchall()
        if not rows:
            return
        self.cursor.execute(
            f"CREATE TEMPORARY TABLE undo_key AS SELECT t.id, t.search_key FROM {model._meta.db_table} t WHERE 1 = 0"
        )
        for chunk in in_chunks(rows):
            made = [model(**dict(zip(names, row, strict=True))) for row in chunk]
            for one in made:
                one.derive()
            fill(self.cursor, "undo_key", [(one.pk, one.search_key) for one in made])
        self.cursor.execute(
            f"UPDATE {model._meta.db_table} AS t SET search_key = k.search_key FROM undo_key k"
            " WHERE t.id = k.id AND t.search_key <> k.search_key"
        )
        self.cursor.execute("DROP TABLE undo_key")

    def _restore_purchases(self) -> None:
        """Give changed purchases their header and lines back, and the import that wrote them before."""
        header = {name: _before(_column(Purchase, name)) for name in (*HEADER, "imported_id")}
        self.cursor.execute(
            "DELETE FROM accounts_purchaseline WHERE purchase_id IN (SELECT id FROM back_purchase)"
        )
        self.cursor.execute(
            f"UPDATE accounts_purchase AS t SET {', '.join(f'{name} = {value}' for name, value in header.items())}"
            f" FROM {self._noted('purchase')} WHERE t.id = r.object_id"
        )
        if connection.vendor == "postgresql":
            lines = "jsonb_populate_recordset(NULL::accounts_purchaseline, r.before -> 'lines') l"
            values = {name: f"l.{name}" for name in LINE}
        else:
            lines = "json_each(r.before, '$.lines') l"
            values = {name: f"json_extract(l.value, '$.{name}')" for name in LINE}
        # A product that is gone since leaves its line without one.
        values["product_id"] = f"(SELECT q.id FROM accounts_product q WHERE q.id = {values['product_id']})"
        self.cursor.execute(
            f"INSERT INTO accounts_purchaseline (purchase_id, {', '.join(LINE)})"
            f" SELECT r.object_id, {', '.join(values.values())} FROM {self._noted('purchase')}, {lines}"
            f" ORDER BY r.object_id, {values['position']}"
        )


def _column(model: Any, name: str) -> models.Field:
    return next(column for column in model._meta.concrete_fields if column.column == name)


def _before(column: models.Field) -> str:
    """SQL: a column as it stood before, from the noted row `r`; a reference to something gone since is none."""
    if connection.vendor == "postgresql":
        # The column's own type, from its table: whatever JSON writes is read as such.
        value = (
            f"(jsonb_populate_record(NULL::{column.model._meta.db_table},"
            f" jsonb_build_object('{column.column}', r.before -> '{column.column}'))).{column.column}"
        )
    else:
        value = f"json_extract(r.before, '$.{column.column}')"
    if isinstance(column, models.ForeignKey):
        return f"(SELECT q.id FROM {column.related_model._meta.db_table} q WHERE q.id = {value})"
    return value


def remove(cursor: CursorWrapper, model: Any, ids: str) -> None:
    """Delete the rows whose ids a statement gives, and what goes with them, as the models' on_delete says."""
    for relation in relations_to(model):
        other, column = relation.related_model, relation.field.column
        table = other._meta.db_table
        if relation.on_delete is models.CASCADE:
            remove(cursor, other, f"SELECT {other._meta.pk.column} FROM {table} WHERE {column} IN ({ids})")
        elif relation.on_delete is models.SET_NULL:
            cursor.execute(f"UPDATE {table} SET {column} = NULL WHERE {column} IN ({ids})")
    cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {model._meta.pk.column} IN ({ids})")
