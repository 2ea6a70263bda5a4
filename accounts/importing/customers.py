"""Files of accounts and of the persons there (docs/domain.md, section 10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from accounts.folding import fold
from accounts.importing.gathering import unknown_account
from accounts.importing.mending import left_out
from accounts.importing.merged import follow_merges_of_persons
from accounts.importing.purchases import owners_by_name, without
from accounts.importing.reasons import BadValue, Reason
from accounts.importing.records import Records, Rejected, list_made
from accounts.importing.spool import in_chunks
from accounts.importing.staging import (
    NO_ACCOUNT,
    count,
    differs,
    drop,
    fill,
    make_accounts,
    settle,
    stage_accounts,
)
from accounts.importing.summary import Difference
from accounts.importing.tax_numbers import check_tax_number
from accounts.models import Account, ContactPerson, Import, ImportedRow, ImportKind, Tag


def _plain(model: Any, *names: str) -> dict[str, str]:
    return {model._meta.get_field(name).column: model._meta.get_field(name).column for name in names}


class Accounts(Records):
    """Brings accounts in, found by their code.

    An owner, by e-mail or sales code of an active user, is given to new accounts and to accounts without one; an owner
    that an account has stays, as with purchases. Tags are added, never taken away. The parent may stand in the same
    file, wherever.
    """

    kind = ImportKind.ACCOUNTS
    model = Account
    target = ImportedRow.Target.ACCOUNT.value
    written = ("accounts_account", "accounts_historicalaccount", "accounts_account_tags")
    own_tables = ("import_tag", "import_link")
    staged = _plain(
        Account,
        *("code", "name", "owner", "country", "city", "postal_code", "address", "phone", "email", "website"),
        *("tax_number", "language", "notes", "strategy_goal", "service_level", "character", "seasonal"),
        *("potential_cents", "expected_orders_per_year"),
    ) | {"parent_code": "code"}
    basis = ("code", "name", "city", "email", "tax_number", "phone")
    derived = ("search_key", "spread")

    def begin(self) -> None:
        """As of Records."""
        self.owners = owners_by_name() if "owner" in self.task.columns.places else {}
        self.parents: dict[str, tuple[int, str]] = {}
        self.tags: list[tuple[int, str]] = []
        self.tag_names = {fold(name): name for name in Tag.objects.values_list("name", flat=True)}

    def take(self, line: int, row: dict[str, Any]) -> dict[str, Any]:
        """As of Records."""
        if number := row.get("tax_number"):
            try:
                if warning := check_tax_number(number, row.get("country") or ""):
                    self.notes.append(warning)
            except BadValue as problem:
                row["tax_number"] = None
                self.notes.append(left_out(str(problem)))
        code, parent = row["code"], row.get("parent")
        if parent == code:
            raise BadValue(_("parent: an account cannot be a site of itself"))
        if first := self.task.spool.first_line_of(code, line):
            raise Rejected(
                Reason.TWICE,
                _("code: line %(line)s has the account %(code)s already") % {"line": first, "code": code},
            )
        if name := row.get("owner"):
            row["owner_id"] = self.owners.get(name) or self.owners.get(name.lower())
            if row["owner_id"] is None and name not in self.unknown_owners:
                self.unknown_owners.append(name)
        if parent:
            self.parents[code] = line, parent
            row["parent_code"] = parent
        for tag in row.get("tags") or ():
            self.tags.append((line, self.tag_names.setdefault(fold(tag), tag)))
        if row.get("potential") is not None:
            row["potential_cents"] = int(row["potential"] * 100)
        return row

    def end(self) -> None:
        """Reject sites of accounts that do not exist, or of their own sites."""
        self.unknown_owners.sort()
        if not self.parents:
            return
        above = dict(Account.objects.filter(parent__isnull=False).values_list("code", "parent__code"))
        above |= {code: parent for code, (_line, parent) in self.parents.items()}
        wanted = sorted({parent for _line, parent in self.parents.values()})
        missing = set(without(Account, wanted))
        spooled = self.task.spool.database
        missing = {
            code
            for code in missing
            if not spooled.execute("SELECT 1 FROM taken WHERE key = ?", (code,)).fetchone()
        }
        known = None
        while missing != known:  # a site that is rejected may be a parent itself
            known = set(missing)
            for code, (line, parent) in list(self.parents.items()):
                if parent in missing:
                    words = _("parent: there is no account %(code)s") % {"code": parent}
                elif _comes_back(code, above):
                    words = _("parent: an account cannot be a site of its own sites")
                else:
                    continue
                self.drop_row(line, Reason.UNKNOWN_PARENT, words)
                del self.parents[code], above[code]
                if not Account.objects.filter(code=code).exists():
                    missing.add(code)
        if self.dropped:
            gone = set(self.dropped)
            self.tags = [(line, tag) for line, tag in self.tags if line not in gone]

    def stage_more(self, cursor: CursorWrapper) -> None:
        """As of Records."""
        cursor.execute(
            "CREATE TEMPORARY TABLE import_tag AS SELECT a.id AS seq, g.name FROM accounts_account a, accounts_tag g"
            " WHERE 1 = 0"
        )
        fill(cursor, "import_tag", self.tags)
        settle(cursor, "import_tag")

    def derive(self, basis: Mapping[str, str]) -> tuple[Any, ...]:
        """As of Records."""
        account = Account(**basis)
        account.derive()
        return account.search_key, account.spread

    def changes(self) -> dict[str, str]:
        """As of Records; the owner that stands stays."""
        parent = "(SELECT p.id FROM accounts_account p WHERE p.code = s.parent_code)"
        return super().changes() | {
            "owner_id": "COALESCE(t.owner_id, s.owner_id)",
            "parent_id": f"COALESCE({parent}, t.parent_id)",
        }

    def differences(self) -> list[str]:
        """As of Records. Parents are compared by code: one may only be made by this file."""
        plain = [differs(new, f"t.{name}") for name, new in self.changes().items() if name != "parent_id"]
        code = "COALESCE((SELECT p.code FROM accounts_account p WHERE p.id = t.parent_id), '')"
        return [
            *plain,
            f"(s.parent_code IS NOT NULL AND s.parent_code <> {code})",
            "EXISTS (SELECT 1 FROM import_tag i WHERE i.seq = s.seq"
            f" AND NOT EXISTS ({_LINKED.format(account='t.id')}))",
        ]

    def count_more(self, cursor: CursorWrapper, difference: Difference) -> None:
        """As of Records."""
        difference.owners = count(
            cursor,
            "SELECT COUNT(*) FROM import_record s JOIN import_found f ON f.seq = s.seq"
            " JOIN accounts_account t ON t.id = f.id WHERE t.owner_id IS NULL AND s.owner_id IS NOT NULL",
        )
        difference.tags = count(
            cursor,
            "SELECT COUNT(DISTINCT i.name) FROM import_tag i"
            " WHERE NOT EXISTS (SELECT 1 FROM accounts_tag g WHERE g.name = i.name)",
        )

    def plain(self) -> dict[str, Any]:
        """As of Records."""
        return {"created_at": self.task.now}

    def write_before(self, cursor: CursorWrapper, run: Import, note: str) -> None:
        """Make the tags."""
        drop("import_link")
        cursor.execute(
            "SELECT DISTINCT i.name FROM import_tag i"
            " WHERE NOT EXISTS (SELECT 1 FROM accounts_tag g WHERE g.name = i.name) ORDER BY 1"
        )
        list_made(cursor, run, ImportedRow.Target.TAG, Tag, [name for (name,) in cursor.fetchall()])

    def write_after(self, cursor: CursorWrapper, run: Import) -> None:
        """Parents of new accounts, which may be new themselves, and tags."""
        cursor.execute(
            "UPDATE accounts_account AS t SET parent_id = p.id"
            " FROM import_new n JOIN import_record s ON s.seq = n.seq"
            " JOIN accounts_account p ON p.code = s.parent_code WHERE t.id = n.id"
        )
        cursor.execute(
            "CREATE TEMPORARY TABLE import_link AS SELECT w.id AS account_id, g.id AS tag_id FROM import_tag i"
            " JOIN (SELECT seq, id FROM import_new UNION ALL SELECT seq, id FROM import_changed) w ON w.seq = i.seq"
            f" JOIN accounts_tag g ON g.name = i.name WHERE NOT EXISTS ({_LINKED.format(account='w.id')})"
            " GROUP BY w.id, g.id"
        )
        cursor.execute(
            "INSERT INTO accounts_account_tags (account_id, tag_id)"
            " SELECT account_id, tag_id FROM import_link ORDER BY account_id, tag_id"
        )
        cursor.execute("SELECT id FROM import_new UNION ALL SELECT id FROM import_changed")
        self.changed_accounts = [account_id for (account_id,) in cursor.fetchall()]

    def write_last(self, cursor: CursorWrapper, run: Import) -> None:
        """Note which tags were given to whom: accounts keep no history of them."""
        given = (
            "jsonb_set(after, '{tags}', (SELECT jsonb_agg(l.tag_id)"
            if connection.vendor == "postgresql"
            else "json_set(after, '$.tags', (SELECT json_group_array(l.tag_id)"
        )
        cursor.execute(
            f"UPDATE accounts_importedrow SET after = {given} FROM import_link l WHERE l.account_id = object_id))"
            " WHERE imported_id = %s AND target = 'account' AND object_id IN (SELECT account_id FROM import_link)",
            [run.pk],
        )


_LINKED = (
    "SELECT 1 FROM accounts_account_tags x JOIN accounts_tag y ON y.id = x.tag_id"
    " WHERE x.account_id = {account} AND y.name = i.name"
)


def _comes_back(code: str, above: Mapping[str, str]) -> bool:
    """Whether going up from an account leads to it again."""
    passed: set[str] = set()
    at = above.get(code)
    while at is not None and at not in passed:
        if at == code:
            return True
        passed.add(at)
        at = above.get(at)
    return False


class Persons(Records):
    """Brings contact persons in, found at their account by e-mail, or else by name (case and diacritics aside).

    A row whose e-mail nobody at the account has may still be somebody known by name: addresses change. Of several with
    one name each is taken once, the eldest first.
    """

    kind = ImportKind.PERSONS
    model = ContactPerson
    target = ImportedRow.Target.PERSON.value
    written = ("accounts_contactperson", "accounts_historicalcontactperson")
    own_tables = ("import_account", "import_person")
    staged = _plain(
        ContactPerson,
        *(
            "name",
            "position",
            "buying_role",
            "influence",
            "phone",
            "email",
            "preferred_channel",
            "preferred_times",
        ),
        *(
            "language",
            "birthday",
            "name_day",
            "consents_to_mail",
            "consents_to_calls",
            "consents_to_greetings",
        ),
        *("is_main", "left_on"),
    ) | {"account": "search_key", "email_key": "search_key", "name_key": "search_key"}
    basis = ("name", "email", "phone")
    derived = ("search_key",)

    def begin(self) -> None:
        """As of Records."""
        self.codes: set[str] = set()
        self.checked: dict[str, bool] = {}

    def take(self, line: int, row: dict[str, Any]) -> dict[str, Any]:
        """As of Records."""
        account = row["account"]
        for name in ("left_on", "birthday"):
            if (day := row.get(name)) and day > self.task.today:
                words = _("%(field)s: this day lies in the future") % {"field": name}
                if name == "left_on":
                    raise BadValue(words)
                row[name] = None
                self.notes.append(left_out(words))
        if row.get("left_on"):
            if row.get("is_main"):
                raise BadValue(_("is_main: somebody who has left cannot be the first to contact"))
            row["is_main"] = False
        if not self.task.create_accounts and not self._exists(account):
            raise Rejected(Reason.UNKNOWN_ACCOUNT, unknown_account(account))
        row["email_key"], row["name_key"] = (row.get("email") or "").lower(), fold(row["name"])
        spool = self.task.spool
        key = f"@{row['email_key']}" if row["email_key"] else row["name_key"]
        if first := spool.first_line_of(f"{account}\0{key}", line):
            raise Rejected(
                Reason.TWICE,
                _("name: line %(line)s has the same person at this account already") % {"line": first},
            )
        if row.get("is_main") and (first := spool.first_line_of(f"{account}\0", line)):
            raise Rejected(
                Reason.TWICE,
                _("is_main: line %(line)s has the first to contact of this account") % {"line": first},
            )
        self.codes.add(account)
        return row

    def _exists(self, code: str) -> bool:
        if code not in self.checked:
            self.checked[code] = Account.objects.filter(code=code).exists()
        return self.checked[code]

    def stage_more(self, cursor: CursorWrapper) -> None:
        """As of Records."""
        codes = list(without(Account, sorted(self.codes))) if self.task.create_accounts else []
        stage_accounts(cursor, codes)
        cursor.execute(
            "CREATE TEMPORARY TABLE import_person AS SELECT t.id, t.account_id, t.name, t.email,"
            " t.search_key AS email_key, t.search_key AS name_key FROM accounts_contactperson t WHERE 1 = 0"
        )
        cursor.execute("CREATE INDEX import_person_id ON import_person (id)")
        cursor.execute("CREATE INDEX import_person_account ON import_person (account_id)")

    def prepare_match(self, cursor: CursorWrapper) -> None:
        """Fold the names of those who stand at the accounts of the file, where they are not what was folded."""
        follow_merges_of_persons(cursor)
        cursor.execute(
            "SELECT t.id, t.account_id, t.name, t.email FROM accounts_contactperson t"
            " WHERE t.merged_into_id IS NULL AND t.account_id IN"
            " (SELECT a.id FROM accounts_account a WHERE a.code IN (SELECT account FROM import_record))"
            " AND NOT EXISTS (SELECT 1 FROM import_person p WHERE p.id = t.id AND p.account_id = t.account_id"
            " AND p.name = t.name AND p.email = t.email)"
        )
        stale = cursor.fetchall()
        if stale:
            for chunk in in_chunks(stale):
                ids = ", ".join(str(row[0]) for row in chunk)
                cursor.execute(f"DELETE FROM import_person WHERE id IN ({ids})")
            fill(cursor, "import_person", [(*row, row[3].lower(), fold(row[2])) for row in stale])
            settle(cursor, "import_person")

    def match(self) -> str:
        """As of Records."""
        return """
            WITH file_row AS MATERIALIZED (
                SELECT s.seq, s.email_key, s.name_key, a.id AS account_id
                FROM import_record s JOIN accounts_account a ON a.code = s.account
            ),
            person AS MATERIALIZED (
                SELECT p.* FROM import_person p
                WHERE EXISTS (SELECT 1 FROM accounts_contactperson t WHERE t.id = p.id AND t.merged_into_id IS NULL)
            ),
            by_mail AS MATERIALIZED (
                SELECT r.seq, MIN(p.id) AS id FROM file_row r
                JOIN person p ON p.account_id = r.account_id AND p.email_key = r.email_key
                WHERE r.email_key IS NOT NULL GROUP BY r.seq
            ),
            rows_left AS (
                SELECT r.*, ROW_NUMBER() OVER (PARTITION BY r.account_id, r.name_key ORDER BY r.seq) AS place
                FROM file_row r WHERE r.seq NOT IN (SELECT seq FROM by_mail)
            ),
            persons_left AS (
                SELECT p.*, ROW_NUMBER() OVER (PARTITION BY p.account_id, p.name_key ORDER BY p.id) AS place
                FROM person p WHERE p.id NOT IN (SELECT id FROM by_mail)
            )
            SELECT seq, id FROM by_mail
            UNION ALL
            SELECT r.seq, p.id FROM rows_left r
            JOIN persons_left p ON p.account_id = r.account_id AND p.name_key = r.name_key AND p.place = r.place
        """

    def derive(self, basis: Mapping[str, str]) -> tuple[Any, ...]:
        """As of Records."""
        person = ContactPerson(**basis)
        person.derive()
        return (person.search_key,)

    def changes(self) -> dict[str, str]:
        """As of Records. Who has left is not the first to contact; a new consent without a day was given today."""
        no = self._no
        return super().changes() | {
            "is_main": f"CASE WHEN COALESCE(s.left_on, t.left_on) IS NOT NULL THEN {no}"
            " ELSE COALESCE(s.is_main, t.is_main) END",
            "consent_recorded_on": "CASE WHEN t.consent_recorded_on IS NULL"
            f" AND ({self._consents('NOT t.{0} AND s.{0}')}) THEN {self._today} ELSE t.consent_recorded_on END",
        }

    def insertions(self) -> dict[str, str]:
        """As of Records."""
        return {
            "account_id": "(SELECT a.id FROM accounts_account a WHERE a.code = s.account)",
            "consent_recorded_on": f"CASE WHEN {self._consents('s.{0}')} THEN {self._today} END",
        }

    @property
    def _no(self) -> str:
        return "FALSE" if connection.vendor == "postgresql" else "0"

    @property
    def _today(self) -> str:
        return (
            f"CAST('{self.task.today.isoformat()}' AS DATE)"
            if connection.vendor == "postgresql"
            else (f"'{self.task.today.isoformat()}'")
        )

    def _consents(self, each: str) -> str:
        return " OR ".join(each.format(f"consents_to_{name}") for name in ("mail", "calls", "greetings"))

    def count_more(self, cursor: CursorWrapper, difference: Difference) -> None:
        """As of Records."""
        difference.accounts = count(cursor, f"SELECT COUNT(*) FROM import_account s WHERE {NO_ACCOUNT}")

    def plain(self) -> dict[str, Any]:
        """As of Records."""
        return {"created_at": self.task.now}

    def write_before(self, cursor: CursorWrapper, run: Import, note: str) -> None:
        """Make the accounts; note who steps down as the first to contact among those that change."""
        make_accounts(cursor, import_id=run.pk, actor=self.task.actor, now=self.task.now, note=note)
        # Whoever steps down is changed too, though by no row of the file: seq -1 has none.
        cursor.execute(
            "INSERT INTO import_changed (seq, id) SELECT -1, t.id FROM accounts_contactperson t"
            f" WHERE {_STEPS_DOWN} AND t.id NOT IN (SELECT id FROM import_changed)"
        )

    def write_between(self, cursor: CursorWrapper) -> None:
        """Before anybody becomes the first to contact, who was steps down (constraint one_main_person_per_account)."""
        cursor.execute(
            f"UPDATE accounts_contactperson SET is_main = {self._no} WHERE id IN"
            f" (SELECT t.id FROM accounts_contactperson t WHERE {_STEPS_DOWN})"
        )


_STEPS_DOWN = (
    "t.is_main AND EXISTS (SELECT 1 FROM import_record s JOIN accounts_account a ON a.code = s.account"
    " LEFT JOIN import_found f ON f.seq = s.seq"
    " WHERE s.is_main AND a.id = t.account_id AND (f.id IS NULL OR f.id <> t.id))"
)
