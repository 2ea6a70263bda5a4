"""Headers as ERPs write them find their fields, or none."""

from __future__ import annotations

import pytest

from accounts.importing.fields import FIELDS_OF
from accounts.importing.guessing import guess_mapping
from accounts.models.importing import ImportKind

HEADERS = {
    "polish invoices": (
        ImportKind.PURCHASES,
        "Nr faktury;Data wystawienia;Termin płatności;Data zapłaty;Nr klienta;Kontrahent;Indeks;Nazwa towaru;Ilość;"
        "Cena netto;Wartość netto;VAT;Wartość brutto;Waluta;Handlowiec",
        "FV/12/2026;03.11.2026;17.11.2026;;00123;Meble Bosko Sp. z o.o. Sp. k.;TX-9;Płyta 18 mm;12;10,50;126,00;28,98;"
        "154,98;PLN;j.nowak@firma.pl",
        "number ordered due paid account - product description quantity unit_price amount - - currency owner",
    ),
    "bulgarian invoices": (
        ImportKind.PURCHASES,
        "Фактура №;Дата на фактура;Код на клиент;Клиент;Артикул;К-во;Ед. цена;Сума без ДДС;ДДС;Общо",
        "0000012;3.11.2026 г.;К-17;Мебели Боско ЕООД, гр. София;TX-9;12;10,50;126,00;25,20;151,20",
        "number ordered account - product quantity unit_price amount - -",
    ),
    "hungarian invoices": (
        ImportKind.PURCHASES,
        "Számlaszám;Számla kelte;Fizetési határidő;Vevőkód;Vevő neve;Cikkszám;Megnevezés;Mennyiség;Egységár;"
        "Nettó összeg;Bruttó összeg;Pénznem",
        "2026/00012;2026.11.03.;2026.11.17.;V0017;Bosko Bútor Kft.;TX-9;Lap 18 mm;12;1 050,00;12 600;16 002;HUF",
        "number ordered due account - product description quantity unit_price amount - currency",
    ),
    "german invoices": (
        ImportKind.PURCHASES,
        "Rechnungsnummer;Rechnungsdatum;Fällig am;Kunden-Nr.;Kunde;Art.-Nr.;Bezeichnung;Menge;Einzelpreis;Nettobetrag;"
        "Bruttobetrag;Währung",
        "RE-12;03.11.2026;17.11.2026;10017;Möbel Bosko GmbH & Co. KG;TX-9;Platte 18 mm;12;10,50;126,00;149,94;EUR",
        "number ordered due account - product description quantity unit_price amount - currency",
    ),
    "a shop": (
        ImportKind.PURCHASES,
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "number product description quantity ordered unit_price account -",
    ),
    "an english ERP": (
        ImportKind.PURCHASES,
        "Cust. No.,Doc. No.,Posting Date,Due Date,Net Amount (EUR),Gross Amount,Sales Rep,Order Status",
        "C-17,INV-9,11/03/2026,12/03/2026,\"1,234.50\",1481.40,jo,open",
        "account number ordered due amount - owner -",
    ),
    "polish customers": (
        ImportKind.ACCOUNTS,
        "Akronim;Nazwa pełna;NIP;Ulica i numer;Kod pocztowy;Miejscowość;Kraj;Telefon;E-mail;Opiekun;Uwagi",
        "BOSKO;Meble Bosko Sp. z o.o.;525-22-48-481;Prosta 1;00-838;Warszawa;Polska;22 123 45 67;biuro@bosko.pl;JN;x",
        "code name tax_number address postal_code city country phone email owner notes",
    ),
    "hungarian customers": (
        ImportKind.ACCOUNTS,
        "Ügyfélkód;Cégnév;Adószám;Irányítószám;Város;Utca, házszám;Telefonszám;E-mail cím;Honlap",
        "V17;Bosko Kft.;12345678-2-41;1051;Budapest;Fő utca 1.;+36 1 234;a@bosko.hu;bosko.hu",
        "code name tax_number postal_code city address phone email website",
    ),
    "bulgarian customers": (
        ImportKind.ACCOUNTS,
        "Код;Наименование;ЕИК/Булстат;Адрес;Град;Държава;Тел.;Имейл;Търговски представител",
        "17;Боско ЕООД;175074752;бул. Витоша 1;София;България;02 123;a@bosko.bg;ivan@firma.bg",
        "code name tax_number address city country phone email owner",
    ),
    "shortened names": (
        ImportKind.PURCHASES,
        "Nr dok.;Data wyst.;Kod kontr.;Nazwa kontr.;Wart. netto [PLN];Termin płatn.;Il.",
        "FV/1;31-12-26;BOSKO;Meble Bosko;1 234,50-;14/01/27;1",
        "number ordered account - amount due -",
    ),
    "persons": (
        ImportKind.PERSONS,
        "Kod klienta;Imię i nazwisko;Stanowisko;Tel;Adres e-mail;Data urodzenia;Imieniny",
        "17;Anna Nowak;Kupiec;22;a@b.pl;02.03.1980;26.07.",
        "account name position phone email birthday name_day",
    ),
    "products": (
        ImportKind.PRODUCTS,
        "Artikelnummer;Artikelbezeichnung;Warengruppe;Nutzungsdauer (Monate)",
        "TX-9;Platte 18 mm;Platten;60",
        "code name line service_life_months",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_headers_of_erps_find_their_fields(name: str) -> None:
    kind, header, row, fields = HEADERS[name]
    separator = ";" if ";" in header else ","
    columns = header.split(separator)
    cells = row.replace('"1,234.50"', "1234.50").split(separator)
    expected = {field: column for field, column in zip(fields.split(), columns, strict=True) if field != "-"}
    guessed = guess_mapping(kind=kind, header=columns, sample=[cells] * 3)
    assert guessed == expected


@pytest.mark.parametrize("kind", ImportKind)
def test_own_names_find_themselves(kind: ImportKind) -> None:
    names = [spec.name for spec in FIELDS_OF[kind]]
    assert guess_mapping(kind=kind, header=names, sample=[]) == {name: name for name in names}


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        # No names, or strange ones: only what can be nothing else is taken.
        (["A", "B", "C"], ["x", "2026-01-31", "12,50"], {"ordered": "B", "amount": "C"}),
        (["A", "B", "C"], ["2026-01-31", "2026-02-01", "12"], {}),
        (["A", "B", "C"], ["12,50", "13,50", "EUR"], {"currency": "C"}),
        # A name that fits, but what stands there does not.
        (["Customer", "Amount"], ["Bosko Furniture Limited, Warsaw", "a lot"], {}),
        (["Order date", "Order"], ["soon", "17"], {"number": "Order"}),
        # The same name twice, or two names that fit equally well.
        (["Customer no", "customer no", "Net"], ["1", "2", "3"], {"amount": "Net"}),
        (["Gross amount", "VAT amount"], ["1.50", "2.50"], {}),
        (["", " "], ["1", "2"], {}),
    ],
)
def test_what_is_doubtful_is_left_out(header: list[str], row: list[str], expected: dict[str, str]) -> None:
    assert guess_mapping(kind=ImportKind.PURCHASES, header=header, sample=[row] * 3) == expected
