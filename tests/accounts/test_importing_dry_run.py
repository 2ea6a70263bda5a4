"""A dry run finds exactly what the real run finds, whatever the file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from accounts.import_words import warnings
from accounts.importing import Summary
from accounts.models import ImportKind
from tests.accounts.importing import HEADER, Importer, everything
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db

CODES = st.sampled_from(["", "A", "B", "ACME", "BREW", "x" * 65, "Ż"])
DAYS = st.sampled_from(["", "2026-01-10", "31.02.2026", "10.01.2026", "01/02/2026"])
YES = st.sampled_from(["", "yes", "no", "perhaps"])
COLUMNS: dict[ImportKind, dict[str, st.SearchStrategy[str]]] = {
    ImportKind.ACCOUNTS: {
        "code": CODES,
        "name": st.sampled_from(["Firma", "Zakłady Acme S.A.", ""]),
        "parent": CODES,
        "owner": st.sampled_from(["", "R1", "nobody"]),
        "country": st.sampled_from(["", "PL", "Atlantis"]),
        "tax_number": st.sampled_from(["", "5260001246", "1"]),
        "email": st.sampled_from(["", "a@b.example", "no mail"]),
        "potential": st.sampled_from(["", "1.234", "1,5", "-1"]),
        "tags": st.sampled_from(["", "one", "one|two"]),
    },
    ImportKind.PERSONS: {
        "account": CODES,
        "name": st.sampled_from(["Jan", "JAN", "Ewa", ""]),
        "email": st.sampled_from(["", "jan@a.example", "ewa@a.example", "no mail"]),
        "is_main": YES,
        "left_on": DAYS,
        "consents_to_mail": YES,
    },
    ImportKind.PRODUCTS: {
        "code": CODES,
        "name": st.sampled_from(["", "Pump"]),
        "line": st.sampled_from(["", "Pumps", "pumps", "Valves"]),
        "complexity": st.sampled_from(["", "1", "6"]),
    },
    ImportKind.PURCHASES: {
        "account": CODES,
        "number": st.sampled_from(["", "1", "2"]),
        "ordered": DAYS,
        "amount": st.sampled_from(["1", "0.005", "x", "1,234", "99999999999.99"]),
        "currency": st.sampled_from(["", "EUR", "USD"]),
        "product": CODES,
        "owner": st.sampled_from(["", "R1", "nobody"]),
    },
}


def found(summary: Summary) -> dict[str, Any]:
    return summary.as_json() | {"dry_run": None, "import": None, "rejected_file": None}


@pytest.mark.parametrize("kind", list(COLUMNS))
@examples(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), create=st.booleans())
def test_the_real_run_finds_the_same(
    bring: Importer, cast: Cast, kind: ImportKind, data: st.DataObject, create: bool
) -> None:
    """Twice: the second file meets what the first one left."""
    columns = COLUMNS[kind]
    for _ in range(2):
        rows = data.draw(st.lists(st.tuples(*columns.values()), max_size=12))
        lines = [";".join(columns), *map(";".join, rows)]
        before = everything()
        dry = bring(*lines, kind=kind, create_accounts=create, dry_run=True)
        assert everything() == before
        listed = bring.rejects()
        real = bring(*lines, kind=kind, create_accounts=create)
        assert found(real) == found(dry)
        assert bring.rejects() == listed
        assert (
            real.rows_read == real.rows_taken + real.rows_rejected == len([row for row in rows if any(row)])
        )
        assert real.created + real.changed + real.unchanged <= real.rows_taken
        again = bring(*lines, kind=kind, create_accounts=create)
        assert (again.created, again.changed) == (0, 0)


def test_rejected_rows_are_corrected_and_imported_alone(bring: Importer) -> None:
    header = "Konto;Nummer;Datum;Betrag"
    mapping = {"account": "Konto", "number": "Nummer", "ordered": "Datum", "amount": "Betrag"}
    bring(header, "A;1;10.01.2026;1.234,50", "Ż;2;31.02.2026;7,5", ";3;10.01.2026;1", mapping=mapping)
    text = bring.rejected.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "\ufeffline;reason;Konto;Nummer;Datum;Betrag"
    corrected = bring.folder / "corrected.csv"
    corrected.write_text(text.replace("31.02.2026", "28.02.2026"), encoding="utf-8")
    again = bring.run(corrected, mapping=mapping)
    assert (again.created, again.rows_rejected, again.total_cents) == (1, 1, 750)
    assert bring.rejected.read_text(encoding="utf-8-sig") == (
        "line;reason;Konto;Nummer;Datum;Betrag\n3;account: there is no account code;;3;10.01.2026;1\n"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_list_of_uneven_rows_is_read_again_with_its_delimiter(bring: Importer, delimiter: str) -> None:
    uneven = [f"A,{n},2026-01-10" for n in range(6)] + ["B,1,2026-01-10,7,8,9"] * 6
    bring(*(line.replace(",", delimiter) for line in (HEADER, "A,9,2026-01-10,5", *uneven)))
    text = bring.rejected.read_text(encoding="utf-8")
    assert text.startswith(f"\ufeffline{delimiter}reason{delimiter}account")
    fixed = bring.folder / "fixed.csv"
    fixed.write_text(
        text + delimiter.join(("99", "mended", "B", "2", "2026-01-10", "8")) + "\n", encoding="utf-8"
    )
    again = bring.run(fixed)
    assert (again.rows_read, again.rows_taken, again.total_cents) == (13, 1, 800)


def test_progress_is_reported_and_may_stop_the_import(bring: Importer) -> None:
    class Stopped(Exception):
        pass

    told: list[tuple[int, int | None]] = []

    def report(done: int, total: int | None) -> None:
        told.append((done, total))
        if total:
            raise Stopped

    before = everything()
    lines = ["account,number,ordered,amount", *(f"A,{n},2026-01-10,1" for n in range(6000))]
    with pytest.raises(Stopped):
        bring(*lines, report=report)
    assert told == [(5000, None), (5000, 6000)]
    assert everything() == before


def test_what_was_assumed_is_said_by_the_dry_run_and_the_real_one(bring: Importer, cast: Cast) -> None:
    lines = ["account;number;ordered;amount", "ACME;1;01/02/2026;1.250", "ACME;2;03/04/2026;8.000"]
    for dry_run in (True, False):
        summary = bring(*lines, dry_run=dry_run)
        assert (summary.number_assumed, summary.dates_assumed) == ("1.250", True)
        assert "whether 1.250 is 1.25 or 1250: 1.25 was taken" in summary.in_words()
        assert len(warnings(summary.as_json())) == 2
        assert summary.total_cents == 925
    assert not warnings(bring(*lines[:1], "ACME;3;31/01/2026;1.250,00").as_json())
