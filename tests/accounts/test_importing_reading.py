"""Any file of separated values that an ERP writes: encodings, delimiters, headers, decimal signs and dates."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from accounts.importing.fields import find_columns
from accounts.importing.habits import HabitFinder, Habits
from accounts.importing.reading import Look, ReadingOptions, look_at, open_table
from accounts.importing.reasons import ImportRefused
from accounts.importing.values import DayOrder, NumberStyle
from accounts.models.importing import ImportKind

POLISH = """kod;nazwa;miasto
1;Zakłady Żelazne „Gęś”;Łódź
2;Śruby i Wkręty sp. j.;Świętochłowice
3;Dom Mebli Jaźń;Piła
"""
HUNGARIAN = """kod;nev;varos
1;Kőbányai Sörgyár Zrt.;Győr
2;Tűzép Építőanyag Kft.;Székesfehérvár
3;Első Gőzmalom;Gödöllő
"""
BULGARIAN = """код;име;град
1;„Мебели Боско“ ЕООД;София
2;Железария Плевен;Плевен
3;АГРО ИНВЕСТ АД;Велико Търново
"""
GERMAN = """nr;name;ort
1;Möbel Größer GmbH;Köln
2;Bäckerei Müller;Düsseldorf
3;Süddeutsche Öle;München
"""
FRENCH = """nr;nom;ville
1;Société Générale des Équipements;Orléans
2;Pièces détachées Lefèvre;Besançon
3;Crêperie de la Forêt;Angoulême
"""
SPANISH = "nr;nombre;ciudad\n1;Compañía Española de Muñecas;La Coruña\n2;Jamón Ibérico;Logroño\n3;Cañas Núñez;Cádiz\n"


def put(folder: Path, content: bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def rows_of(path: Path, options: ReadingOptions = ReadingOptions()) -> tuple[list[list[str]], str]:  # noqa: B008
    with open_table(path, options) as table:
        rows = [table.header, *(table.fields(text) for _line, _fields, text in table.records())]
        return rows, table.recognised.encoding


def plain(text: str) -> list[list[str]]:
    return [line.split(";") for line in text.splitlines()]


# Encodings ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (POLISH, ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "iso-8859-2")),
        (HUNGARIAN, ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1250")),
        (BULGARIAN, ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251")),
        (GERMAN, ("utf-8", "utf-16", "cp1250", "cp1252")),
        (FRENCH, ("utf-8", "cp1252")),
        (SPANISH, ("utf-8", "cp1252")),
        (POLISH.upper(), ("cp1250", "iso-8859-2")),
        (BULGARIAN.upper(), ("cp1251",)),
        (HUNGARIAN.upper(), ("cp1250",)),
    ],
)
def test_the_encoding_is_told_by_the_letters(tmp_path: Path, text: str, encodings: tuple[str, ...]) -> None:
    for encoding in encodings:
        shown = text.replace("„", '"').replace("”", '"') if encoding == "iso-8859-2" else text
        path = put(tmp_path, shown.encode(encoding))
        rows, recognised = rows_of(path)
        assert ";".join(rows[1]) == shown.splitlines()[1], encoding
        assert len(rows) == 4
        # German reads the same in Windows-1250 and Windows-1252.
        assert recognised in {
            encoding.removesuffix("-sig"),
            f"{encoding}-le",
            "cp1250" if text == GERMAN else "",
        }
        assert look_at(path).recognised.encoding == recognised


@pytest.mark.parametrize(
    ("text", "encoding"), [(POLISH, "cp1250"), (BULGARIAN, "cp1251"), (GERMAN, "cp1252"), (POLISH, "utf-8")]
)
def test_letters_may_come_late_and_few(tmp_path: Path, text: str, encoding: str) -> None:
    letters = text.splitlines()[2]
    path = put(
        tmp_path, gzip.compress(b"nr;name;place\n" + b"1;x;y\n" * 9000 + f"{letters}\n".encode(encoding))
    )
    rows, recognised = rows_of(path)
    assert rows[-1] == letters.split(";")
    assert recognised == {"cp1252": "cp1250"}.get(encoding, encoding)
    assert look_at(path).recognised.encoding == recognised


def test_ascii_needs_no_encoding(tmp_path: Path) -> None:
    path = put(tmp_path, b"a;b\n1;2\n")
    assert rows_of(path) == ([["a", "b"], ["1", "2"]], "ascii")
    assert look_at(path).recognised.encoding == "ascii"


def test_what_was_chosen_counts(tmp_path: Path) -> None:
    path = put(tmp_path, "nr;name\n1;Ôsaka\n".encode("iso-8859-2"))
    assert rows_of(path, ReadingOptions(encoding="cp1252"))[0][1] == ["1", "Ôsaka"]
    path = put(tmp_path, b"nr;name\n1;\xb9\n")
    assert rows_of(path, ReadingOptions(encoding="cp1250"))[0][1] == ["1", "ą"]
    assert rows_of(path, ReadingOptions(encoding="cp1251"))[0][1] == ["1", "№"]


@pytest.mark.parametrize(
    ("text", "written", "chosen", "words"),
    [
        (POLISH, "cp1250", "utf-8", r"Line 2 is not in UTF-8 \(byte 0xB3\).*CSV UTF-8"),
        (POLISH, "utf-8", "cp1250", r"Line 2 is not in Windows-1250, which was chosen; it looks like UTF-8"),
        (BULGARIAN, "utf-8", "cp1251", r"Line 1 is not in Windows-1251.*looks like UTF-8"),
        (POLISH, "utf-16-le", "utf-8", r"Line 1 is not in UTF-8, which was chosen; it looks like UTF-16 LE"),
        (POLISH, "utf-8-sig", "cp1250", r"Line 1 is not in Windows-1250.*UTF-8"),
        (POLISH, "utf-16", "utf-16-be", r"Line 1 is not in UTF-16 BE.*UTF-16 LE"),
        (POLISH, "utf-8", "utf-16-le", r"Line 1 is not in UTF-16 LE.*recognised"),
        (POLISH * 9, "cp1250", "cp1251", r"Line 2 is not in Windows-1251.*looks like Windows-1250"),
        (BULGARIAN * 9, "cp1251", "cp1250", r"Line 1 is not in Windows-1250.*looks like Windows-1251"),
    ],
)
def test_the_wrong_encoding_is_refused(
    tmp_path: Path, text: str, written: str, chosen: str, words: str
) -> None:
    path = put(tmp_path, text.encode(written))
    with pytest.raises(ImportRefused, match=words):
        rows_of(path, ReadingOptions(encoding=chosen))


def test_a_damaged_byte_names_its_line(tmp_path: Path) -> None:
    many = (POLISH * 20).encode()
    path = put(tmp_path, many + b"4;\xff;x\n")
    with pytest.raises(ImportRefused, match=r"Line 81 is not in UTF-8 \(byte 0xFF\)"):
        rows_of(path)
    path = put(tmp_path, "nr;name\n1;Łódź\n".encode("utf-16-le")[:-1])
    with pytest.raises(ImportRefused, match=r"not in UTF-16 LE"):
        rows_of(path)
    path = put(tmp_path, BULGARIAN.encode("cp1251") + b"4;\x98;x\n")
    with pytest.raises(ImportRefused, match=r"Line 5 is not in Windows-1251 \(byte 0x98\)"):
        rows_of(path)


# Delimiters and headers ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "delimiter", "header", "line"),
    [
        ("a,b\n1,2\n", ",", ["a", "b"], 1),
        ("a;b\n1;2\n", ";", ["a", "b"], 1),
        ("a\tb\n1\t2\n", "\t", ["a", "b"], 1),
        ("a|b\n1|2\n", "|", ["a", "b"], 1),
        ("Code;Amount, net;Town\n1;12,50;x\n2;13,50;y\n", ";", ["Code", "Amount, net", "Town"], 1),
        ("Kod;Netto\n1;12,50\n2;13,50\n", ";", ["Kod", "Netto"], 1),
        ("Name, Town;Code\nBosko, Łódź;1\nMeble, Piła;2\n", ";", ["Name, Town", "Code"], 1),
        ('a,"b;c;d;e",f\n1,2,3\n', ",", ["a", "b;c;d;e", "f"], 1),
        ('"a;b";"c"\n"1;2";"x"\n', ";", ["a;b", "c"], 1),
        ('a;b\n"two\nlines";2\n"and\nmore";3\n', ";", ["a", "b"], 1),
        ("sep=;\na,x;b\n1,2;2\n", ";", ["a,x", "b"], 2),
        ('"sep=|"\r\na|b\r\n1|2\r\n', "|", ["a", "b"], 2),
        ("\n \n;;\na;b;c\n1;2;3\n", ";", ["a", "b", "c"], 4),
        ("Sales 2026\n\nNo;Date;Net;Customer\n1;2;3;4\n", ";", ["No", "Date", "Net", "Customer"], 3),
        (
            "Sales;2026;;;\nNo;Date;Net;Customer;Town\n1;2;3;4;5\n",
            ";",
            ["No", "Date", "Net", "Customer", "Town"],
            2,
        ),
        ("code\n1\n2\n", ",", ["code"], 1),
        (" a ; b \n1;2\n\x1a", ";", ["a", "b"], 1),
        ("a;b\r1;2\r", ";", ["a", "b"], 1),
    ],
)
def test_delimiter_and_header_are_found(
    tmp_path: Path, content: str, delimiter: str, header: list[str], line: int
) -> None:
    with open_table(put(tmp_path, content.encode())) as table:
        assert (table.recognised.delimiter, table.header, table.header_line) == (delimiter, header, line)
        records = list(table.records())
        assert records[0][0] == line + 1
        assert all(table.fields(text) == fields for _line, fields, text in records)
        assert all(len(fields) == len(header) for _line, fields, _text in records)


def test_the_delimiter_may_be_chosen(tmp_path: Path) -> None:
    path = put(tmp_path, b"a;b,c\n1;2,3\n")
    assert rows_of(path, ReadingOptions(delimiter=","))[0] == [["a;b", "c"], ["1;2", "3"]]


def test_rows_of_nothing_are_no_rows(tmp_path: Path) -> None:
    path = put(tmp_path, b"a;b\n1;2\n\n;\n3;4\n;\n")
    with open_table(path) as table:
        assert [(line, fields) for line, fields, _text in table.records()] == [
            (2, ["1", "2"]),
            (5, ["3", "4"]),
        ]


# Numbers and dates --------------------------------------------------------------------------------------------------
def habits(tmp_path: Path, *rows: str, options: ReadingOptions = ReadingOptions()) -> Habits:  # noqa: B008
    path = put(tmp_path, "\n".join(["account;number;ordered;due;amount;quantity", *rows]).encode())
    with open_table(path, options) as table:
        columns = find_columns(kind=ImportKind.PURCHASES, header=table.header)
        finder = HabitFinder(
            kind=ImportKind.PURCHASES, columns=columns, options=options, recognised=table.recognised
        )
        for _line, fields, _text in table.records():
            finder.note(fields)
        found = finder.found()
        assert (table.recognised.decimal, table.recognised.dates) == (found.decimal, found.dates)
        return found


def test_one_value_of_a_column_tells_for_all(tmp_path: Path) -> None:
    found = habits(tmp_path, "A;1;01/02/2026;13/02/2026;1.234;1", "A;2;02/13/2026;01/02/2026;12,5;1,000")
    assert found.day("ordered") is DayOrder.MONTH_FIRST
    assert found.day("due") is DayOrder.DAY_FIRST
    assert (found.number("amount"), found.decimal, found.dates) == (NumberStyle.COMMA, "comma", "mixed")
    # The quantities leave open what 1,000 is: the amounts tell.
    assert found.number("quantity") is NumberStyle.COMMA


def test_what_no_column_tells(tmp_path: Path) -> None:
    found = habits(tmp_path, "A;1;01/02/2026;;1,234;1")
    assert (found.dates, found.dates_assumed, found.decimal) == ("", True, "")
    assert not habits(tmp_path, "A;1;2026-02-01;01.02.2026;5;1").dates_assumed
    both = habits(tmp_path, "A;1;13/02/2026;;1,5;1", "A;1;02/13/2026;;1.5;1")
    assert both.day("ordered") is DayOrder.MIXED
    assert both.number("amount") is NumberStyle.MIXED


@pytest.mark.parametrize(
    ("amounts", "assumed"),
    [
        (("1.250", "8.250"), "1.250"),
        (("12", "1.250", "7"), "1.250"),
        (("1.250", "12.5"), ""),  # a decimal point
        (("1.250", "12,5"), ""),  # a decimal comma
        (("1.250.000", "1.250"), ""),
        (("0.125", "12.50"), ""),
        (("1,250",), ""),  # refused row by row
    ],
)
def test_a_number_that_may_be_either_is_told(tmp_path: Path, amounts: tuple[str, ...], assumed: str) -> None:
    rows = [f"A;{n};2026-02-01;;{amount};" for n, amount in enumerate(amounts)]
    assert habits(tmp_path, *rows).number_assumed == assumed
    assert habits(tmp_path, *rows, options=ReadingOptions(decimal="comma")).number_assumed == ""


def test_what_was_asked_is_not_looked_for(tmp_path: Path) -> None:
    options = ReadingOptions(decimal="point", dates="mdy")
    found = habits(tmp_path, "A;1;13/02/2026;;1,5;1", options=options)
    assert found.day("ordered") is found.day("due") is DayOrder.MONTH_FIRST
    assert found.number("quantity") is NumberStyle.POINT


def test_a_look_says_what_it_recognised(tmp_path: Path) -> None:
    rows = "".join(f"{n};{n % 28 + 1:02d}/02/2026;1 234,50 zł;Łódź\n" for n in range(300))
    look = look_at(put(tmp_path, gzip.compress(f"No;Date;Net;Town;\n{rows}".encode("cp1250"))))
    assert isinstance(look, Look)
    assert (len(look.sample), look.sample[0], look.sheets) == (
        200,
        ["0", "01/02/2026", "1 234,50 zł", "Łódź", ""],
        [],
    )
    assert look.recognised.as_json() == {
        "format": "csv",
        "compressed": True,
        "encoding": "cp1250",
        "delimiter": ";",
        "decimal": "comma",
        "dates": "dmy",
        "dates_assumed": False,
        "number_assumed": "",
        "sheet": "",
        "header_line": 1,
    }


# Options ------------------------------------------------------------------------------------------------------------
def test_options_go_to_json_and_back() -> None:
    options = ReadingOptions(encoding="cp1250", delimiter="\t", decimal="comma", dates="dmy", sheet="Data")
    assert ReadingOptions.from_json(options.as_json()) == options
    assert ReadingOptions().as_json() == {}


@pytest.mark.parametrize(
    "data", [{"encoding": "ebcdic"}, {"delimiter": "x"}, {"dates": 5}, {"sheet": 5}, {"speed": "high"}]
)
def test_options_that_do_not_exist(data: dict[str, str]) -> None:
    with pytest.raises(ImportRefused, match=r"is not known|must be the name|no reading option speed"):
        ReadingOptions.from_json(data)
