"""Files that cannot be taken as a whole: a clear word, exit code 1, nothing written."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.importing import ImportRefused, fields
from accounts.models import Purchase
from tests.accounts.importing import HEADER, Importer, counts

pytestmark = pytest.mark.django_db

GOOD = f"{HEADER}\nA,1,2026-01-10,5\n".encode()
MANY = (HEADER + "\n" + "".join(f"A,{n},2026-01-10,5\n" for n in range(20_000))).encode()


def _damaged(data: bytes) -> bytes:
    packed = bytearray(gzip.compress(data, mtime=0))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"file is empty.*first line"),
        (gzip.compress(b"", mtime=0), r"file is empty"),
        (b"\n" * 90, r"only empty lines.*first line must hold the names"),
        (GOOD + b"A,2,2026-01-10,5\0\n", r"Line 3 holds a NUL byte"),
        (gzip.compress(MANY, mtime=0)[:-9], r"ends too early, after line \d+.*again"),
        (gzip.compress(GOOD, mtime=0)[:5], r"ends too early, after line 0"),
        (_damaged(MANY), r"damaged after line \d+.*again"),
        (GOOD + b"A" * 1_000_001 + b"\n", r"Line 3 is longer than 1,000,000 characters"),
        (GOOD + b'A,2,2026-01-10,"5\n' + b"A,3,2026-01-10,5\n" * 20_000, r"begins in line 3.*quotation mark"),
        (GOOD + b'A,2,2026-01-10,"5\nA,3,2026-01-10,5\n', r"begins in line 3.*quotation mark"),
        (GOOD + b'A,2,2026-01-10,"5"0\n', r"begins in line 3.*quotation mark"),
        (b"account,number,day,amount\n", r"no column for ordered.*account, number, day, amount.*--map ordered=COLUMN"),
        (b"account,number,ordered,quantity\n", r"no column for amount.*quantity and unit_price"),
        (b"account,number,ordered,amount,Amount\n", r"“amount” stands twice in line 1 \(as number 4 and 5\)"),
        (b"one line of prose\n", r"no column for account, number, ordered, amount"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused(bring: Importer, content: bytes, words: str) -> None:
    path = bring.folder / "bad.csv"
    path.write_bytes(content)
    before = counts()
    with pytest.raises(ImportRefused, match=words):
        bring.run(path)
    assert counts() == before
    assert not bring.rejected.exists()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (lambda folder: folder / "missing.csv", "cannot be opened: No such file"),
        (lambda folder: folder, "directory"),
    ],
)
def test_a_file_that_is_not_there(bring: Importer, place: Callable[[Path], Path], words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        bring.run(place(bring.folder))


def test_unused_columns_may_stand_twice(bring: Importer) -> None:
    bring(HEADER + ",,,note,note", "A,1,2026-01-10,5,,,x,y")
    assert Purchase.objects.get().amount_cents == 500


def test_a_header_alone_is_an_empty_file_of_purchases(bring: Importer) -> None:
    summary = bring(HEADER)
    assert (summary.rows_read, summary.took_nothing) == (0, False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"preset": "amazon"}, "no preset amazon. Known: online-retail"),
        ({"preset": "online-retail"}, "no column “CustomerID” for the field account"),
        ({"mapping": {"amount": "Betrag"}}, "no column “Betrag” for the field amount"),
        ({"mapping": {"amount": ""}}, "no column for amount"),
    ],
)
def test_columns_that_are_not_there(bring: Importer, options: dict[str, object], words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        bring(HEADER, "A,1,2026-01-10,5", **options)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (["amount"], "write FIELD=COLUMN"),
        (["sum=Betrag"], "one of account, number"),
        (["amount=a", "amount=b"], "amount twice"),
    ],
)
def test_map_must_name_a_field(pairs: list[str], words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        fields.parse_mapping(pairs)


def test_map_keeps_equal_signs_of_the_column() -> None:
    assert fields.parse_mapping(["amount=net = sum", "owner="]) == {"amount": "net = sum", "owner": ""}


def test_the_reject_file_must_not_be_the_source_and_must_be_writable(bring: Importer) -> None:
    path = bring.file(HEADER, "A,1,2026-01-10,5")
    before = counts()
    with pytest.raises(ImportRefused, match="name another"):
        bring.run(path, rejected=path)
    with pytest.raises(ImportRefused, match="cannot be listed in"):
        bring.run(path, rejected=bring.folder / "missing" / "rejected.csv")
    assert path.read_text().startswith(HEADER)
    assert counts() == before
    assert [file.name for file in bring.folder.iterdir()] == [path.name]


# The command --------------------------------------------------------------------------------------------------------
def test_the_command_says_it_in_words(bring: Importer) -> None:
    path, out = bring.file(HEADER, "A,1,2026-01-10,1234.5", ",2,2026-01-10,1"), io.StringIO()
    call_command("import_purchases", path, "--create-accounts", rejected=bring.rejected, stdout=out)
    words = " ".join(out.getvalue().split())
    for part in (
        "Rows read 2",
        "Rows taken 1",
        "Rows rejected 1 no account code 1",
        "Accounts created 1",
        "Purchases 1 created 1 changed 0 unchanged 0",
        "Their sum 1,234.50 EUR",
        f"The rejected rows are listed in {bring.rejected}",
    ):
        assert part in words


def test_the_command_says_it_in_json_and_nothing_else(bring: Importer) -> None:
    path, out = bring.file("who,number,ordered,amount", "A,1,2026-01-10,5", ",2,2026-01-10,1"), io.StringIO()
    call_command("import_purchases", path, "--create-accounts", "--json", "--map", "account=who", stdout=out)
    summary = json.loads(out.getvalue())
    assert (summary["rows_read"], summary["rows_taken"], summary["total"]) == (2, 1, "5.00")
    assert summary["rejected_by_reason"] == {"no_account": 1}
    listed = Path(summary["rejected_file"])
    assert listed.parent.name == "imports"  # under VAR_DIR, where nobody said otherwise
    assert (
        listed.read_text(encoding="utf-8-sig")
        == "line,reason,who,number,ordered,amount\n3,account: there is no account code,,2,2026-01-10,1\n"
    )


@pytest.mark.parametrize("row", ["A,1,2026-02-31,5", "A,1,2026-01-10,five", "A,1,2026-01-10,1.2345678"])
def test_a_file_of_which_nothing_can_be_taken_fails_and_writes_nothing(bring: Importer, row: str) -> None:
    path, out, before = bring.file(HEADER, row), io.StringIO(), counts()
    with pytest.raises(
        CommandError, match=r"No row could be taken.*\n  line 2: (ordered|amount): “"
    ) as failure:
        call_command("import_purchases", path, "--create-accounts", rejected=bring.rejected, stdout=out)
    assert failure.value.returncode == 1
    assert counts() == before
    assert len(bring.rejects()) == 1


def test_a_refusal_is_an_error_of_the_command(bring: Importer) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("import_purchases", bring.folder / "missing.csv")
