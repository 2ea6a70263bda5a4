"""Workbooks: typed cells as texts, sheets, and what calamine would pass over in silence."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from accounts.importing import archive, workbook
from accounts.importing.reading import ReadingOptions, look_at, open_table
from accounts.importing.reasons import ImportRefused

HEADER = ["account", "number", "ordered", "amount"]
MORNING = dt.datetime(2026, 2, 28, 8, 26)  # noqa: DTZ001 (workbooks know no time zones)


def made(write: Callable[[Any], None]) -> bytes:
    """A workbook, as `write` fills it."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    write(book)
    book.close()
    return out.getvalue()


def of_rows(*rows: list[Any], at: tuple[int, int] = (0, 0)) -> bytes:
    def write(book: Any) -> None:
        sheet = book.add_worksheet("Data")
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        moment = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                cell = (at[0] + number, at[1] + place)
                if isinstance(value, dt.datetime):
                    sheet.write_datetime(*cell, value, moment)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(*cell, value, day)
                else:
                    sheet.write(*cell, value)

    return made(write)


def changed(content: bytes, part: str, change: Callable[[bytes], bytes | None]) -> bytes:
    """The same workbook with another part; None leaves the part out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data: bytes | None = old.read(info)
            if info.filename == part and data is not None:
                data = change(data)
            if data is not None:
                new.writestr(info.filename, data)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[tuple[int, list[str]]]]:
    """Rows of a workbook, header first, each with its line."""

    def rows(content: bytes, **options: str) -> list[tuple[int, list[str]]]:
        path = tmp_path / "book.xlsx"
        path.write_bytes(content)
        with open_table(path, ReadingOptions(**options)) as table:
            found = [(line, fields) for line, fields, text in table.records() if table.fields(text) == fields]
            assert table.sha256() == hashlib.sha256(content).hexdigest()
            return [(table.header_line, table.header), *found]

    return rows


def test_typed_cells_become_the_texts_they_mean(read: Any) -> None:
    rows = read(
        of_rows(
            ["a", " b ", "c\nd"],
            [17850, 17850.0, "017850"],
            [1.5, 1.234, 1234567.891],
            [0.1 + 0.2, 1e21, -0.000001],
            [dt.date(2026, 2, 28), MORNING, MORNING.replace(hour=0, minute=0)],
            [True, False, ""],
            ["1,5", 'say "x", please', "two\nlines"],
        )
    )
    assert rows == [
        (1, ["a", "b", "c d"]),
        (2, ["17850", "17850", "017850"]),
        # 1.2340 is no thousand, whatever other texts of the sheet look like.
        (3, ["1.5", "1.2340", "1234567.8910"]),
        (4, ["0.3", "1000000000000000000000", "-0.000001"]),
        (5, ["2026-02-28", "2026-02-28 08:26:00", "2026-02-28"]),
        (6, ["true", "false", ""]),
        (7, ["1,5", 'say "x", please', "two\nlines"]),
    ]


def test_the_table_may_stand_anywhere(read: Any) -> None:
    assert read(of_rows(HEADER, ["A", 1, 2, 3], at=(4, 3))) == [(5, HEADER), (6, ["A", "1", "2", "3"])]
    titled = of_rows(["Sales of 2026"], [], HEADER, ["A", 1, 2, 3], [], ["B", 1, 2, 3])
    assert read(titled) == [(3, HEADER), (4, ["A", "1", "2", "3"]), (6, ["B", "1", "2", "3"])]


def test_sheets(tmp_path: Path, read: Any) -> None:
    def write(book: Any) -> None:
        book.add_worksheet("Nothing")
        for name in ("First", "Second & last"):
            book.add_worksheet(name).write_row(0, 0, [name, "b"])
            book.get_worksheet_by_name(name).write_row(1, 0, ["1", "2"])

    content = made(write)
    assert read(content)[0] == (1, ["First", "b"])
    assert read(content, sheet="Second & last")[0] == (1, ["Second & last", "b"])
    with pytest.raises(ImportRefused, match=r"no sheet “Third”. Its sheets: Nothing, First, Second & last"):
        read(content, sheet="Third")
    with pytest.raises(ImportRefused, match=r"sheet “Nothing” is empty"):
        read(content, sheet="Nothing")
    look = look_at(tmp_path / "book.xlsx")
    assert (look.sheets, look.sample) == (["First", "Second & last"], [["1", "2"]])
    assert (look.recognised.format, look.recognised.sheet, look.recognised.encoding) == ("xlsx", "First", "")


def test_a_compressed_workbook(read: Any) -> None:
    content = gzip.compress(of_rows(HEADER, ["A", 1, 2, 3]))
    assert read(content) == [(1, HEADER), (2, ["A", "1", "2", "3"])]


def test_a_look_at_a_long_sheet_reads_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LONG_SHEET", 1000)
    monkeypatch.setattr(archive, "_PIECE", 1000)
    monkeypatch.setattr("accounts.importing.reading._HABIT_ROWS", 50)
    read = []
    whole = workbook._read
    monkeypatch.setattr(workbook, "_read", lambda path, name: read.append(whole(path, name)) or read[-1])
    path = tmp_path / "book.xlsx"
    path.write_bytes(of_rows(HEADER, *(["A", number, "1,5", MORNING] for number in range(400))))
    look = look_at(path)
    assert (look.sheets, look.header, len(look.sample)) == (["Data"], HEADER, 50)
    assert look.sample[49] == ["A", "49", "1,5", "2026-02-28 08:26:00"]
    assert (look.recognised.decimal, look.recognised.sheet) == ("comma", "Data")
    assert read[0].total_height < 400
    with open_table(path) as table:
        assert len(list(table.records())) == 400


# What calamine would give as empty cells ----------------------------------------------------------------------------
def test_formulas_give_their_values_and_errors_their_names(read: Any) -> None:
    def write(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(1, 1, ["a", "b", "c"])
        sheet.write_formula(2, 1, "=1+1", None, 2)
        sheet.write_formula(2, 2, '="x"&"y"', None, "xy")
        sheet.write_formula(2, 3, "=NA()", None, "#N/A")
        sheet.write(3, 1, "1")
        sheet.write_formula(3, 2, "=1/0", None, "#DIV/0!")

    assert read(made(write)) == [(2, ["a", "b", "c"]), (3, ["2", "xy", "#N/A"]), (4, ["1", "#DIV/0!", ""])]


def test_other_programs_put_a_prefix_before_each_name(read: Any) -> None:
    def prefixed(xml: bytes) -> bytes:
        xml = re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", xml)
        xml = xml.replace(b"xmlns=", b"xmlns:x=")
        return xml.replace(b'<x:c r="A3"><x:v>7</x:v></x:c>', b'<x:c r="A3"><x:f>3+4</x:f></x:c>')

    content = of_rows(["a", "b"], [1, "2"], [7, "x"])
    without = changed(content, SHEET, lambda xml: prefixed(xml.replace(b"<v>7</v>", b"<v>8</v>")))
    assert read(without) == [(1, ["a", "b"]), (2, ["1", "2"]), (3, ["8", "x"])]
    with pytest.raises(ImportRefused, match="Cell A3"):
        read(changed(content, SHEET, prefixed))


def test_an_empty_text_is_a_value_of_a_formula(read: Any) -> None:
    content = changed(
        of_rows(["a", "b"], ["1", "2"]),
        SHEET,
        lambda xml: xml.replace(b'<c r="B2" t="s"><v>3</v></c>', b'<c r="B2" t="str"><f>""</f><v></v></c>'),
    )
    assert read(content) == [(1, ["a", "b"]), (2, ["1", ""])]


def test_a_formula_without_its_value_is_refused(read: Any) -> None:
    def write(book: Any) -> None:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["A", 1, "2026-01-31"])
        sheet.write_formula(1, 3, "=2+3", None, "")

    with pytest.raises(ImportRefused, match=r"Cell D2 of the sheet “Data” holds a formula.*save"):
        read(made(write))


# What is no workbook, or a bad one ----------------------------------------------------------------------------------
GOOD = of_rows(HEADER, *(["A", number, "2026-01-31", 5] for number in range(200)))


def _archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def _with_wrong_sizes(content: bytes) -> bytes:
    """The directory says that every part is 10 bytes long, unpacked."""
    out, at = bytearray(content), 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        out[at + 24 : at + 28] = struct.pack("<I", 10)
        at += 4
    return bytes(out)


def _bomb(megabytes: int) -> bytes:
    return changed(
        GOOD, SHEET, lambda xml: xml.replace(b"</sheetData>", b" " * (megabytes << 20) + b"</sheetData>")
    )


def _far_away(xml: bytes) -> bytes:
    return xml.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD[:-40], r"workbook is damaged.*save it anew"),
        (GOOD[:2000] + GOOD[2100:], r"workbook is damaged"),
        (b"PK\x03\x04rest", r"workbook is damaged"),
        (changed(GOOD, SHEET, lambda xml: xml[:3000]), r"workbook is damaged"),
        (changed(GOOD, SHEET, lambda xml: None), r"workbook is damaged"),
        (changed(GOOD, "xl/workbook.xml", lambda xml: b"<workbook"), r"workbook is damaged"),
        (
            changed(GOOD, "xl/workbook.xml", lambda xml: b'<!DOCTYPE x [<!ENTITY y "z">]>' + xml),
            r"workbook is damaged",
        ),
        (_archive(**{"a.csv": b"a,b"}), r"an archive \(ZIP\), not a workbook. Unpack it"),
        (_archive(**{"content.xml": b"<x/>"}), r"XLSB or ODS.*XLSX"),
        (_archive(**{f"{n}": b"" for n in range(5001)}), r"more than 5,000 parts"),
        (made(lambda book: book.add_worksheet("Data")), r"workbook is empty"),
        (changed(GOOD, SHEET, _far_away), r"reaches to column XFD and row 1,048,576.*Delete what stands far away"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), r"before 2007 \(XLS\). Save it as XLSX"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            r"protected by a password. Save it without",
        ),
        (b"<html><table><tr><td>a</td></tr></table>", r"web page or XML.*save it as XLSX"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', r"web page or XML"),
        (b"%PDF-1.7 ...", r"is a PDF.*CSV or XLSX"),
        (b'[{"account": 1}]', r"is JSON"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), r"compressed twice. Unpack it once"),
    ],
    # The bytes hold the second in which they were made; a test's name must be the same in every process.
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_good_workbook_is_refused(read: Any, content: bytes, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        read(content)


def test_bombs_are_refused_before_calamine_sees_them(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook.CalamineWorkbook, "from_path", None)
    monkeypatch.setattr(archive, "HARMLESS_SIZE", 2**20)
    bomb = _bomb(4)
    assert len(bomb) < 20_000
    for content in (bomb, _with_wrong_sizes(bomb), gzip.compress(bomb)):
        with pytest.raises(ImportRefused, match=r"unpacks to far more than its size"):
            read(content)
    monkeypatch.setattr(archive, "HIGHEST_RATIO", 10**6)
    monkeypatch.setattr(archive, "LARGEST_UNPACKED", 3 * 2**20)
    for content in (bomb, _with_wrong_sizes(bomb)):
        with pytest.raises(ImportRefused, match=r"more than 3 MB. Save the sheet as “CSV UTF-8”"):
            read(content)


def test_a_workbook_that_is_too_large(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.importing.reading.LARGEST_WORKBOOK", 2**12)
    with pytest.raises(ImportRefused, match=r"larger than 0 MB. Save the sheet"):
        read(GOOD)


def test_columns_are_named_as_in_a_spreadsheet() -> None:
    assert [archive.column_name(number) for number in (0, 25, 26, 701, 702, 16383)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]
