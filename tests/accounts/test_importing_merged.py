"""An ERP knows nothing of a merge: files that use the old code go to the kept account (accounts.importing.merged)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from accounts.importing import import_file
from accounts.merging.accounts import merge_accounts
from accounts.models import Account, ImportKind
from tests.accounts.importing import HEADER, NOW, Importer
from tests.support.cast import Cast

BEFORE = (
    HEADER,
    "ACME,FV/1,2026-09-01,100.00",
    "ACME,FV/2,2026-09-02,200.00",
    "ACME2,FV/1,2026-09-01,100.00",
    "ACME2,FV/2,2026-09-02,999.00",
    "ACME2,FV/3,2026-09-03,300.00",
)


def merged(cast: Cast) -> Account:
    other = Account.objects.get(code="ACME2")
    merge_accounts(
        kept=cast.acme,
        duplicate=other,
        chosen={},
        actor=cast.ada,
        today=NOW.date(),
        now=NOW + dt.timedelta(hours=1),
    )
    return other


def numbers(account: Account) -> dict[str, int]:
    return dict(account.purchases.order_by("number").values_list("number", "amount_cents"))


def test_purchases_find_the_kept_account(cast: Cast, bring: Importer) -> None:
    bring(*BEFORE)
    other = merged(cast)
    again = bring(
        *BEFORE, "ACME2,FV/4,2026-09-04,400.00", "ACME,FV/5,2026-09-05,5.00", "ACME2,FV/5,2026-09-05,6.00"
    )
    assert (again.created, again.changed, again.unchanged) == (3, 0, 5)
    assert numbers(cast.acme) == {
        "FV/1": 10_000,
        "FV/2": 20_000,
        "FV/2 (ACME2)": 99_900,
        "FV/3": 30_000,
        "FV/4": 40_000,
        "FV/5": 500,
        "FV/5 (ACME2)": 600,
    }
    assert numbers(other) == {"FV/1": 10_000}
    corrected = bring(HEADER, "ACME2,FV/2,2026-09-02,888.00", "ACME2,FV/3,2026-09-03,333.00")
    assert (corrected.created, corrected.changed) == (0, 2)
    assert numbers(cast.acme)["FV/2 (ACME2)"] == 88_800 and numbers(cast.acme)["FV/2"] == 20_000


def test_persons_find_the_kept_account(cast: Cast, tmp_path: Path) -> None:
    Account.objects.create(code="ACME2", name="Acme once more")
    other = merged(cast)
    file = tmp_path / "persons.csv"
    file.write_text("account,name,email\nACME2,Jan Nowak,jan@acme.example\n")
    for created in (1, 0):
        summary = import_file(
            file=file,
            kind=ImportKind.PERSONS,
            actor=None,
            now=NOW,
            today=NOW.date(),
            rejected=tmp_path / "no.csv",
        )
        assert summary.created == created
    assert cast.acme.persons.get().name == "Jan Nowak" and not other.persons.exists()
