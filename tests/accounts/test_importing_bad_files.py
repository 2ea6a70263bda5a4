"""Whatever is wrong with a file is said with its place and a remedy, and nothing is written."""

from __future__ import annotations

import gzip
import io
import os
import re
import tracemalloc
from typing import Any

import pytest
import xlsxwriter

from accounts.importing import ImportRefused
from accounts.importing.reading import ReadingOptions
from accounts.models import Account, ContactPerson, ImportKind, Product, Purchase
from tests.accounts.importing import HEADER, Importer, counts
from tests.support.factories import AccountFactory

pytestmark = pytest.mark.django_db

FULL = os.environ.get("OPIEKA_SERIES") == "full"
GOOD = f"{HEADER}\nA,1,2026-01-10,5\n"
LETTERS = "Żółw"


def book(*rows: list[Any]) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    sheet = made.add_worksheet("Data")
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, str) and value.startswith("="):
                sheet.write_formula(number, place, value, None, "")
            else:
                sheet.write(number, place, value)
    made.close()
    return out.getvalue()


WORKBOOK = book(HEADER.split(","), ["A", 1, "2026-01-10", 5])


def refused(bring: Importer, content: bytes, **options: Any) -> str:
    """The words by which a file is refused; nothing was written, not even to a temporary file that stays."""
    path = bring.folder / "bad.csv"
    path.write_bytes(content)
    before = counts()
    with pytest.raises(ImportRefused) as refusal:
        bring.run(path, **options)
    assert counts() == before
    assert not bring.rejected.exists()
    return str(refusal.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(GOOD.encode() * 4000)[:-9], r"ends too early, after line \d+\. Copy or export it again"),
        (gzip.compress(WORKBOOK)[:-9], r"ends too early.*Copy or export it again"),
        (WORKBOOK[:-100], r"workbook is damaged.*save it anew"),
        (b"PK\x03\x04" + bytes(200), r"workbook is damaged"),
        (book(HEADER.split(","), ["A", 1, "2026-01-10", "=2+3"]), r"Cell D2.*formula.*not stored.*save it"),
        (book(["account", "number", "day"], ["A", 1, "x"]), r"Line 1 has no column for ordered, amount.*day"),
        (book([], ["account", "number", "account"], ["A", 1, "x"]), r"“account” stands twice in line 2.*Rename one"),
        (b"\n\naccount;number;day\nA;1;x\n", r"Line 3 has no column for ordered, amount.*--map ordered=COLUMN"),
        (b"account,,number,,ordered,amount,account\n", r"“account” stands twice in line 1 \(as number 1 and 7\)"),
        (b",,,\nA,1,2,3\n", r"no column for account, number, ordered, amount. Its columns: A, 1, 2, 3"),
        (GOOD.encode() + b"A,2,2026-01-10,\0\n", r"Line 3 holds a NUL byte.*Export it anew"),
        (bytes(3000), r"Line 1 holds a NUL byte"),
        (GOOD.encode() + b"\xff\xfe,2,\n" + "Łódź,3,\n".encode() * 20, r"Line 3 is not in UTF-8 \(byte 0xFF\)"),
        (GOOD.encode() + b'A,2,2026-01-10,"5\n' + b"A,3,x,5\n" * 2000, r"line 3.*over 1001 lines.*quotation mark"),
        (b"\x01\x9d\x02" + b"\x00\xff\xfe" * 500, r"Line 1 holds a NUL"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), r"NUL byte: the file is damaged or not text"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(bring: Importer, content: bytes, words: str) -> None:
    assert re.search(words, refused(bring, content))


@pytest.mark.parametrize(
    ("written", "chosen"),
    [
        ("cp1250", "utf-8"),
        ("utf-8", "cp1250"),
        ("utf-8", "cp1251"),
        ("utf-16-le", "utf-8"),
        ("utf-16", "cp1250"),
        ("utf-8", "utf-16-le"),
        ("utf-8-sig", "utf-16-be"),
    ],
)
def test_each_wrong_encoding_is_refused(bring: Importer, written: str, chosen: str) -> None:
    content = (GOOD + f"{LETTERS},2,2026-01-10,5\n").encode(written)
    words = refused(bring, content, options=ReadingOptions(encoding=chosen))
    assert re.search(r"Line [13] is not in .*(Choose that|Save the file as|be recognised)", words)


def test_each_encoding_is_taken(bring: Importer) -> None:
    for number, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1250", "iso-8859-2")):
        path = bring.file(HEADER, f"{LETTERS},{number},2026-01-10,5", encoding=encoding)
        bring.run(path)
    bring.run(bring.file(HEADER, "Боско,1,2026-01-10,5", encoding="cp1251"))
    assert list(Account.objects.values_list("code", flat=True)) == [LETTERS, "Боско"]
    assert Purchase.objects.count() == 7


def test_a_line_of_500_megabytes_is_refused_at_its_first(bring: Importer) -> None:
    path = bring.folder / "long.csv"
    path.write_bytes(GOOD.encode() + b"A,2,2026-01-10,")
    os.truncate(path, 500 * 2**20)  # zeros that take no room on the disk
    packed = bring.folder / "long.csv.gz"
    with gzip.open(packed, "wb", compresslevel=1) as file:
        file.write(GOOD.encode())
        for _megabyte in range(500 if FULL else 20):
            file.write(b"A" * 2**20)
    before = counts()
    for long in (path, packed):
        tracemalloc.start()
        try:
            with pytest.raises(
                ImportRefused, match=r"Line 3 is longer than 1,000,000 characters.*one row per line"
            ):
                bring.run(long)
            assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
        finally:
            tracemalloc.stop()
    assert counts() == before


@pytest.mark.parametrize("filling", [b"\n", b"A,1,2026-01-10,5\n"])
def test_a_gzip_bomb_is_refused(bring: Importer, monkeypatch: pytest.MonkeyPatch, filling: bytes) -> None:
    monkeypatch.setattr("accounts.importing.separated.HARMLESS_SIZE", 2**15)
    monkeypatch.setattr("accounts.importing.separated.HIGHEST_RATIO", 20)
    words = refused(bring, gzip.compress(GOOD.encode() + filling * (2**21 // len(filling))))
    assert re.search(r"unpacks to more than 20 times its size.*Unpack it, look at it", words)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A,1,2026-01-10,many,,", "amount: “many” is no number; write 1234.50"),
        ("A,1,31.02.2026,5,,", "ordered: “31.02.2026”: there is no such day"),
        ("A,1,2026-02-31,5,,", "ordered: “2026-02-31”: there is no such day"),
        ("A,1,soon,5,,", "ordered: “soon” is no date; write 2026-02-28 or 28.02.2026"),
        ("A,1,2026-01-10,5,#N/A,", "quantity: “#N/A” is no number; write 1234.50"),
        ("A,1,2026-01-10,=2+3,,", "amount: “=2+3” is no number; write 1234.50"),
        ("A,1,2026-01-10", "the row has 3 fields, the header 6; is a delimiter missing or not quoted?"),
        ("A,1,2026-01-10,5,,30.02.2026", "due: “30.02.2026”: there is no such day"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_field(bring: Importer, row: str, words: str) -> None:
    before = counts()
    summary = bring(f"{HEADER},quantity,due", row)
    assert summary.took_nothing
    assert [reject[:2] for reject in bring.rejects()] == [["2", words]]
    assert counts() == before


@pytest.mark.parametrize(
    ("kind", "header", "row", "words"),
    [
        (ImportKind.PRODUCTS, "code,service_life_months", "P,-12", "service_life_months: “-12” is less than 1"),
        (ImportKind.PRODUCTS, "code,complexity", "P,6", "complexity: “6” is more than 5"),
        (ImportKind.PRODUCTS, "code,complexity", "P,2.5", "2.5” has more than 0 decimal places; a whole"),
        (ImportKind.ACCOUNTS, "code,name", "A,", "name: there is none, and every row needs one"),
        (ImportKind.PERSONS, "account,name,left_on", "A,Anna,31.02.2026", "left_on: “31.02.2026”: there is no such"),
    ],
)  # fmt: skip
def test_rows_of_other_kinds_are_rejected_with_their_field(
    bring: Importer, kind: ImportKind, header: str, row: str, words: str
) -> None:
    before = counts()
    bring(header, row, kind=kind)
    ((line, reason, *_row),) = bring.rejects()
    assert line == "2"
    assert words in reason
    assert counts() == before
    assert not ContactPerson.objects.exists()
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("kind", "field", "text", "kept", "words"),
    [
        (ImportKind.ACCOUNTS, "expected_orders_per_year", "-1", None, "needed (left out)"),
        (ImportKind.ACCOUNTS, "potential_cents", "(500)", 0, "potential: “(500)” is less than 0"),
        (ImportKind.ACCOUNTS, "email", "bosko", "", "email: “bosko” is no e-mail address"),
        (ImportKind.ACCOUNTS, "email", "c@d.pl, e@f.pl", "c@d.pl", "email: “c@d.pl, e@f.pl”: only c@d.pl was"),
        (ImportKind.ACCOUNTS, "country", "XX", "", "country: “XX” is not among: PL, BG"),
        (ImportKind.ACCOUNTS, "language", "klingon", "", "language: “klingon” is not among"),
        (ImportKind.ACCOUNTS, "website", "no site", "", "website: “no site” is no web address"),
        (ImportKind.ACCOUNTS, "phone", "tel. brak", "", "phone: “tel. brak” is no phone number"),
        (ImportKind.ACCOUNTS, "phone", "tel. 22 555 44 31 w. 12", "22 555 44 31", "only 22 555 44 31 was taken"),
        (ImportKind.PERSONS, "phone", "(22) 555 44 31 (wew. 12)", "(22) 555 44 31", "only (22) 555 44 31 was"),
        (ImportKind.PERSONS, "phone", "600 100 201; 600 100 202", "600 100 201", "only 600 100 201 was taken"),
        (ImportKind.PERSONS, "birthday", "1.2.55", None, "write the year with four digits"),
        (ImportKind.PERSONS, "birthday", "2099-01-01", None, "birthday: this day lies in the future (left out)"),
        (ImportKind.PERSONS, "name_day", "30.02.", "", "name_day: “30.02.”: there is no such day"),
        (ImportKind.PERSONS, "is_main", "maybe", False, "is_main: “maybe” is neither yes nor no"),
    ],
)  # fmt: skip
def test_a_row_is_taken_without_a_value_that_cannot_be_kept(
    bring: Importer, kind: ImportKind, field: str, text: str, kept: object, words: str
) -> None:
    key = "code" if kind == ImportKind.ACCOUNTS else "account"
    lines = [f"{key},name,{field.removesuffix('_cents')}", f'A,Anna,"{text}"']
    dry = bring(*lines, kind=kind, dry_run=True)
    real = bring(*lines, kind=kind)
    for found in (dry, real):
        assert (found.rows_taken, found.created, found.rejected, found.warnings) == (1, 1, {}, 1)
        ((line, said),) = found.first_warnings
        assert line == 2
        assert words in said
    made: object = (Account if kind == ImportKind.ACCOUNTS else ContactPerson).objects.get(name="Anna")
    assert getattr(made, field) == kept


def test_what_cannot_be_kept_leaves_what_stands_and_is_told_once_a_row(bring: Importer) -> None:
    AccountFactory(code="A", name="Bosko", phone="22 555 44 31", country="BG", email="a@b.example")
    found = bring(
        "code,name,phone,country,email", "A,Bosko,brak,??,a@b", "B,,brak,,", kind=ImportKind.ACCOUNTS
    )
    assert (found.unchanged, found.rows_rejected, found.warnings) == (1, 1, 1)
    assert found.first_warnings[0][1].count("(left out)") == 3


def test_a_refused_file_never_reaches_the_database(bring: Importer, django_assert_num_queries: Any) -> None:
    path = bring.folder / "bad.csv"
    path.write_bytes(WORKBOOK[:-100])
    with django_assert_num_queries(0), pytest.raises(ImportRefused):
        bring.run(path)


def test_a_workbook_is_imported_like_any_file(bring: Importer) -> None:
    path = bring.folder / "book.xlsx"
    # 46032 is 10 January 2026 in a cell that lost its format.
    path.write_bytes(
        book(HEADER.split(","), [17850, 1, 46032, 1.234], [17850, 2, "10.01.2026", "1 234,50 zł"])
    )
    summary = bring.run(path)
    assert (summary.rows_taken, summary.rejected) == (2, {})
    assert list(
        Purchase.objects.order_by("number").values_list("account__code", "number", "amount_cents")
    ) == [
        ("17850", "1", 123),
        ("17850", "2", 123450),
    ]
    assert {day.isoformat() for day in Purchase.objects.values_list("ordered_on", flat=True)} == {
        "2026-01-10"
    }
