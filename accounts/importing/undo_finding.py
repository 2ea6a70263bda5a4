"""What of an import can be taken back: candidates in temporary tables, less what has been used since.

For each target `gone_TARGET` (id) holds what the import created, `back_TARGET` (id) what it changed. Whether something
is used is asked of the models: every row that refers to it counts, on whatever floor, unless a model says by
`MADE_BY_JOBS` (a Q) that such rows come by themselves and may go with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from accounts.importing.staging import count, kept_columns, settle
from accounts.models import (
    Account,
    ContactPerson,
    Import,
    ImportedRow,
    Product,
    ProductLine,
    Purchase,
    PurchaseLine,
    Tag,
)

Target = ImportedRow.Target
MODELS: dict[str, Any] = {
    Target.PURCHASE.value: Purchase,
    Target.PERSON.value: ContactPerson,
    Target.ACCOUNT.value: Account,
    Target.PRODUCT.value: Product,
    Target.PRODUCT_LINE.value: ProductLine,
    Target.TAG.value: Tag,
}
"""In the order in which they are looked at and removed: what refers before what it refers to."""
_TARGET_OF = {model: target for target, model in MODELS.items()}
_NAMES = {
    Purchase: "number",
    ContactPerson: "name",
    Account: "code",
    Product: "code",
    ProductLine: "name",
    Tag: "name",
}
_EXAMPLES = 3


@dataclass(frozen=True)
class Kept:
    """Rows of one kind that stay as the import left them."""

    target: str
    """An `ImportedRow.Target`."""
    reason: str
    """In words, such as "has touchpoints"."""
    count: int
    examples: tuple[str, ...] = ()
    """Codes, names or numbers of the first few."""


def json_of(column: str, document: str) -> str:
    """SQL: a field of a JSON document, comparable with `json_now`."""
    if connection.vendor == "postgresql":
        return f"NULLIF({document} -> '{column}', 'null')"
    return f"json_extract({document}, '$.{column}')"


def _json_now(value: str) -> str:
    return f"to_jsonb({value})" if connection.vendor == "postgresql" else value


def differ(left: str, right: str) -> str:
    """SQL: one is not the other, where NULL equals NULL."""
    return f"({left} {'IS DISTINCT FROM' if connection.vendor == 'postgresql' else 'IS NOT'} {right})"


class Finder:
    """Fills the temporary tables of one import that is taken back; `kept` says what is not in them, and why."""

    def __init__(self, cursor: CursorWrapper, imported: Import, *, lock: bool) -> None:
        self.cursor, self.imported, self.lock = cursor, imported, lock
        self.kept: list[Kept] = []

    def find(self) -> None:
        """Find what can go and what can go back."""
        for target, model in MODELS.items():
            self._candidates(target, model)
        for target, model in MODELS.items():
            if model is Purchase:
                self._later_imports()
            else:
                self._edited(target, model)
            self._changed_since(target, model)
        self._other_first_contacts()
        for target, model in MODELS.items():
            while self._used(target, model):  # what is kept may keep another of its kind: a site its parent
                pass

    def counts(self, prefix: str) -> dict[str, int]:
        """How many rows stand in the tables `gone` or `back`, by target; those without any are missing."""
        found = {target: count(self.cursor, f"SELECT COUNT(*) FROM {prefix}_{target}") for target in MODELS}
        return {target: rows for target, rows in found.items() if rows}

    # Candidates -----------------------------------------------------------------------------------------------------
    def _candidates(self, target: str, model: Any) -> None:
        table = model._meta.db_table
        noted = (
            "SELECT t.id AS id FROM accounts_importedrow r"
            f" JOIN {table} t ON t.id = r.object_id"
            f" WHERE r.imported_id = {self.imported.pk} AND r.target = '{target}' AND r.before IS"
        )
        self.cursor.execute(f"CREATE TEMPORARY TABLE back_{target} AS {noted} NOT NULL")
        created = f"{noted} NULL"
        if model is Purchase:
            created = (
                f"SELECT t.id AS id FROM {table} t WHERE t.imported_id = {self.imported.pk}"
                " AND NOT EXISTS (SELECT 1 FROM back_purchase b WHERE b.id = t.id)"
            )
        self.cursor.execute(f"CREATE TEMPORARY TABLE gone_{target} AS {created}")
        for name in (f"back_{target}", f"gone_{target}"):
            self.cursor.execute(f"CREATE UNIQUE INDEX {name}_id ON {name} (id)")
            settle(self.cursor, name)
        if self.lock and connection.vendor == "postgresql":
            # Whoever refers to one of these rows from now on waits, and then finds it gone.
            self.cursor.execute(
                f"SELECT COUNT(*) FROM (SELECT 1 FROM {table} WHERE id IN (SELECT id FROM gone_{target}"
                f" UNION ALL SELECT id FROM back_{target}) ORDER BY id FOR UPDATE) locked"
            )

    def _keep(self, prefix: str, target: str, reason: str, ids: str, parameters: tuple[Any, ...] = ()) -> int:
        """Take the ids of a statement out of a table, and say why; how many they were."""
        table, model = f"{prefix}_{target}", MODELS[target]
        chosen = f"SELECT q.id FROM {table} q WHERE q.id IN ({ids})"
        self.cursor.execute(f"CREATE TEMPORARY TABLE undo_kept AS {chosen}", parameters or None)
        kept = count(self.cursor, "SELECT COUNT(*) FROM undo_kept")
        if kept:
            self.cursor.execute(
                f"SELECT {_NAMES[model]} FROM {model._meta.db_table} WHERE id IN (SELECT id FROM undo_kept)"
                f" ORDER BY id LIMIT {_EXAMPLES}"
            )
            examples = tuple(name for (name,) in self.cursor.fetchall())
            self.cursor.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM undo_kept)")
            self.kept.append(Kept(target, reason, kept, examples))
        self.cursor.execute("DROP TABLE undo_kept")
        return kept

    # Changed since --------------------------------------------------------------------------------------------------
    def _noted(self, prefix: str, target: str, condition: str) -> str:
        table = MODELS[target]._meta.db_table
        return (
            f"SELECT t.id FROM {prefix}_{target} g JOIN {table} t ON t.id = g.id JOIN accounts_importedrow r"
            f" ON r.imported_id = {self.imported.pk} AND r.target = '{target}' AND r.object_id = t.id WHERE {condition}"
        )

    def _edited(self, target: str, model: Any) -> None:
        noted = kept_columns(model) if model not in (ProductLine, Tag) else {"name": "t.name"}
        any_of = " OR ".join(differ(json_of(name, "r.after"), _json_now(now)) for name, now in noted.items())
        self._keep("gone", target, _("edited since"), self._noted("gone", target, f"({any_of})"))

    def _changed_since(self, target: str, model: Any) -> None:
        if model is Purchase:
            other = (
                f"SELECT t.id FROM accounts_purchase t WHERE {differ('t.imported_id', str(self.imported.pk))}"
            )
            self._keep("back", target, _("changed by a later import"), other)
            return
        any_of = " OR ".join(
            f"({_noted_field(name)} AND {differ(json_of(name, 'r.before'), json_of(name, 'r.after'))}"
            f" AND {differ(json_of(name, 'r.after'), _json_now(now))})"
            for name, now in kept_columns(model).items()
        )
        self._keep("back", target, _("changed since"), self._noted("back", target, f"({any_of})"))

    def _later_imports(self) -> None:
        """Purchases that it created and that a later import changed name that one."""
        later = count(
            self.cursor,
            "SELECT COUNT(DISTINCT r.object_id) FROM accounts_importedrow r JOIN accounts_purchase t"
            " ON t.id = r.object_id WHERE r.target = 'purchase' AND r.imported_id > %s AND"
            f" {json_of('imported_id', 'r.before')} = {_number('%s')} AND {differ('t.imported_id', '%s')}"
            " AND NOT EXISTS (SELECT 1 FROM accounts_importedrow o WHERE o.imported_id = %s AND o.target = 'purchase'"
            " AND o.object_id = r.object_id)",
            [self.imported.pk] * 4,
        )
        if later:
            self.kept.append(Kept(Target.PURCHASE.value, _("changed by a later import"), later))

    def _other_first_contacts(self) -> None:
        """Nobody becomes the first to contact again where somebody else is it, and stays."""
        staying = (
            "SELECT p.account_id FROM accounts_contactperson p WHERE p.is_main AND p.id NOT IN"
            " (SELECT id FROM gone_person UNION ALL SELECT id FROM back_person)"
        )
        was = f"{json_of('is_main', 'r.before')} = {_true()} AND {differ(json_of('is_main', 'r.after'), _true())}"
        self._keep(
            "back",
            Target.PERSON.value,
            _("somebody else is the first to contact now"),
            self._noted("back", Target.PERSON.value, f"{was} AND t.account_id IN ({staying})"),
        )

    # Used since -----------------------------------------------------------------------------------------------------
    def _used(self, target: str, model: Any) -> int:
        found = 0
        for relation in relations_to(model):
            other = relation.related_model
            if other._meta.auto_created is model:  # the links of its own tags
                continue
            where, parameters = self._counting(relation, target)
            column = relation.field.column
            found += self._keep(
                "gone",
                target,
                _("has %(things)s") % {"things": _things(relation)},
                f"SELECT x.{column} FROM {other._meta.db_table} x"
                f" JOIN gone_{target} c ON c.id = x.{column} WHERE {where}",
                parameters,
            )
        return found

    def _counting(self, relation: Any, candidates: str) -> tuple[str, tuple[Any, ...]]:
        """SQL: whether the row `x` that refers to a candidate counts as use, and its parameters."""
        other, column = relation.related_model, relation.field.column
        if other is PurchaseLine:
            going = "SELECT id FROM gone_purchase UNION ALL SELECT id FROM back_purchase"
            return f"x.purchase_id NOT IN ({going})", ()
        if automatic := getattr(other, "MADE_BY_JOBS", None):
            by_hand = (
                other._base_manager.filter(
                    **{f"{relation.field.attname}__in": RawSQL(f"SELECT id FROM gone_{candidates}", [])}
                )
                .exclude(automatic)
                .values("pk")
                .order_by()
            )
            sql, parameters = by_hand.query.sql_with_params()
            return f"x.{other._meta.pk.column} IN ({sql})", parameters
        if target := _TARGET_OF.get(other):
            goes_back = (
                f"SELECT b.id FROM back_{target} b JOIN accounts_importedrow r ON r.imported_id = {self.imported.pk}"
                f" AND r.target = '{target}' AND r.object_id = b.id"
                f" WHERE {differ(json_of(column, 'r.before'), json_of(column, 'r.after'))}"
            )
            return f"x.id NOT IN (SELECT id FROM gone_{target} UNION ALL {goes_back})", ()
        if (
            other._meta.auto_created is Account
        ):  # links of tags, of accounts that go or that the import linked
            return (
                "x.account_id NOT IN (SELECT id FROM gone_account UNION ALL SELECT id FROM back_account)",
                (),
            )
        return "1 = 1", ()


def relations_to(model: Any) -> Iterator[Any]:
    """The foreign keys that refer to a model, hidden ones included, history left out."""
    for relation in model._meta.get_fields(include_hidden=True):
        if (
            relation.auto_created
            and not relation.concrete
            and (relation.one_to_many or relation.one_to_one)
            and relation.on_delete is not models.DO_NOTHING
        ):
            yield relation


def _things(relation: Any) -> str:
    other = relation.related_model._meta
    if other.auto_created:  # a table of links: what is linked
        other = other.auto_created._meta
    return str(other.verbose_name_plural)


def _noted_field(name: str) -> str:
    """SQL: whether the import noted this field: an owner given by a file of purchases is noted alone."""
    if connection.vendor == "postgresql":
        return f"jsonb_exists(r.after, '{name}')"
    return f"json_type(r.after, '$.{name}') IS NOT NULL"


def _true() -> str:
    return "'true'::jsonb" if connection.vendor == "postgresql" else "1"


def _number(value: str) -> str:
    return f"to_jsonb({value})" if connection.vendor == "postgresql" else value
