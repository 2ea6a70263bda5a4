"""Files that still use the code of an account that was merged: their rows go to the account that was kept."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper

from accounts.importing.staging import count, settle
from accounts.models import Purchase

_NUMBER = Purchase._meta.get_field("number").max_length or 0
_ANY = "SELECT COUNT(*) FROM (SELECT 1 FROM accounts_account WHERE merged_into_id IS NOT NULL LIMIT 1) AS one"
_OWN = "(s.number || ' (' || a.code || ')')"

# A purchase that came twice stayed with the merged account and is found there. One whose number the kept account uses
# for another purchase has had its own number since the merge (accounts.merging.accounts.own_number).
_PURCHASES = f"""
UPDATE import_purchase SET account = m.kept, number = m.number
FROM (
    SELECT s.seq, k.code AS kept,
        CASE WHEN LENGTH({_OWN}) <= {_NUMBER} AND (
            EXISTS (SELECT 1 FROM accounts_purchase p WHERE p.account_id = k.id AND p.number = {_OWN})
            OR EXISTS (SELECT 1 FROM import_purchase o WHERE o.account = k.code AND o.number = s.number)
        ) THEN {_OWN} ELSE s.number END AS number
    FROM accounts_account a
    JOIN accounts_account k ON k.id = a.merged_into_id
    JOIN import_purchase s ON s.account = a.code
    WHERE NOT EXISTS (SELECT 1 FROM accounts_purchase p WHERE p.account_id = a.id AND p.number = s.number)
) AS m
WHERE m.seq = import_purchase.seq
"""

_PERSONS = """
UPDATE import_record SET account = m.kept
FROM (
    SELECT a.code, k.code AS kept
    FROM accounts_account a JOIN accounts_account k ON k.id = a.merged_into_id
) AS m
WHERE m.code = import_record.account
"""


def follow_merges_of_purchases(cursor: CursorWrapper) -> None:
    """Let the staged purchases of merged accounts be those of the kept ones. Again changes nothing."""
    if count(cursor, _ANY):
        cursor.execute(_PURCHASES)
        settle(cursor, "import_purchase")


def follow_merges_of_persons(cursor: CursorWrapper) -> None:
    """Let the staged persons of merged accounts be those of the kept ones. Again changes nothing."""
    if count(cursor, _ANY):
        cursor.execute(_PERSONS)
        settle(cursor, "import_record")
