"""From rows to purchases: the rules of docs/domain.md, section 10."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from accounts.importing import ImportRefused, Reason
from accounts.models import Account, ExchangeRate, Import, Product, Purchase, PurchaseLine
from tests.accounts.importing import HEADER, NOW, Importer
from tests.support.factories import AccountFactory

pytestmark = pytest.mark.django_db


def test_rows_of_one_account_and_number_are_one_purchase_wherever_they_stand(bring: Importer) -> None:
    summary = bring(
        HEADER,
        "A,1,2026-01-10,10.00",
        "B,1,2026-01-11,7",
        "A,2,2026-01-12,1",
        "A,1,2026-01-10,2.50",
    )
    assert summary.rows_read == summary.rows_taken == 4
    assert list(
        Purchase.objects.order_by("account__code", "number").values_list(
            "account__code", "number", "amount_cents"
        )
    ) == [
        ("A", "1", 1250),
        ("A", "2", 100),
        ("B", "1", 700),
    ]
    assert list(
        PurchaseLine.objects.filter(purchase__amount_cents=1250).values_list("position", "amount")
    ) == [
        (1, Decimal(10)),
        (2, Decimal("2.5")),
    ]
    assert summary.total == Decimal("20.50")


@pytest.mark.parametrize(
    ("amounts", "cents"),
    [
        (["0.004", "0.004"], 1),  # each alone would vanish
        (["0.005"], 1),
        (["-0.005"], -1),  # away from zero
        (["1.005", "1.005"], 201),
        (["0.0049"], 0),
        (["-3.335", "0"], -334),
        (["0.1"] * 3, 30),
    ],
)
def test_lines_are_summed_unrounded_and_the_sum_rounded_away_from_zero(
    bring: Importer, amounts: list[str], cents: int
) -> None:
    bring(HEADER, *(f"A,1,2026-01-10,{amount}" for amount in amounts))
    assert Purchase.objects.get().amount_cents == cents


def test_amount_from_quantity_and_unit_price_is_exact(bring: Importer) -> None:
    bring(
        "account,number,ordered,quantity,unit_price",
        "A,1,2026-01-10,0.3333,0.123456",
        "A,1,2026-01-10,3,1.15",
    )
    purchase = Purchase.objects.get()
    assert purchase.amount_cents == 349  # 3.49114...
    assert purchase.lines.get(position=1).amount == Decimal("0.041148")


def test_amount_counts_before_quantity_and_unit_price(bring: Importer) -> None:
    bring(
        "account,number,ordered,quantity,unit_price,amount", "A,1,2026-01-10,2,10,18", "A,1,2026-01-10,2,10,"
    )
    assert Purchase.objects.get().amount_cents == 3800


def test_days_of_a_purchase(bring: Importer) -> None:
    bring(
        "account,number,ordered,promised,delivered,due,paid,amount",
        "A,1,2026-01-10,2026-02-02,2026-02-05,2026-03-02,2026-03-05,1",
        "A,1,2026-01-09,2026-02-01,2026-02-06,2026-03-01,2026-03-06,1",
        "B,1,2026-01-09,2026-02-01,2026-02-06,2026-03-01,2026-03-06,1",
        "B,1,2026-01-09,,,,,1",
        "B,1,2026-01-09,2026-02-01,2026-02-06,2026-03-01,2026-03-06,1",
    )
    days = ["ordered_on", "promised_on", "delivered_on", "due_on", "paid_on", "quarter"]
    first, second = Purchase.objects.order_by("account__code").values_list(*days)
    assert first == (
        dt.date(2026, 1, 9),
        dt.date(2026, 2, 1),
        dt.date(2026, 2, 6),
        dt.date(2026, 3, 1),
        dt.date(2026, 3, 6),
        2026 * 4,
    )
    assert second == (dt.date(2026, 1, 9), None, None, None, None, 2026 * 4)


def test_time_of_day_is_dropped(bring: Importer) -> None:
    bring(HEADER, "A,1,2026-01-10 23:59:59,1", "A,1,2026-01-11T00:00:00Z,1")
    assert Purchase.objects.get().ordered_on == dt.date(2026, 1, 10)


def test_two_currencies_reject_the_purchase_and_nothing_else(bring: Importer) -> None:
    ExchangeRate.objects.create(currency="PLN", day=dt.date(2026, 1, 9), rate=Decimal("0.25"))
    summary = bring(
        "account,number,ordered,amount,currency",
        "A,1,2026-01-10,1,EUR",
        "A,2,2026-01-10,1,PLN",
        "A,1,2026-01-10,1,PLN",
        "A,3,2026-01-10,1,",
        "A,3,2026-01-10,1,eur",
    )
    assert summary.rejected == {Reason.TWO_CURRENCIES: 2}
    assert [row[0] for row in bring.rejects()] == ["2", "4"]
    assert set(Purchase.objects.values_list("number", "currency", "amount_cents")) == {
        ("2", "PLN", 25),
        ("3", "EUR", 200),
    }


def test_unknown_product_is_made_in_the_line_unsorted(bring: Importer) -> None:
    summary = bring(
        "account,number,ordered,amount,product,description",
        "A,1,2026-01-10,1,P1,A typo",
        "A,1,2026-01-10,1,P1,Lantern",
        "A,2,2026-01-10,1,P1,Lantern",
        "A,2,2026-01-10,1,,Freight",
        "A,3,oops,1,P2,Never taken",
    )
    assert summary.products_created == 1
    product = Product.objects.get()
    assert (product.code, product.name, product.line.name) == ("P1", "Lantern", "unsorted")
    assert PurchaseLine.objects.get(description="Freight").product is None


def test_identical_lines_are_kept(bring: Importer) -> None:
    bring(HEADER, "A,1,2026-01-10,5", "A,1,2026-01-10,5")
    assert PurchaseLine.objects.count() == 2
    assert Purchase.objects.get().amount_cents == 1000


def test_rows_without_an_account_code_are_rejected_one_by_one(bring: Importer) -> None:
    summary = bring(HEADER, "A,1,2026-01-10,5", ",1,2026-01-10,5", "  ,1,2026-01-10,5", "A,1,2026-01-10,5")
    assert summary.rejected == {Reason.NO_ACCOUNT: 2}
    assert [row[0] for row in bring.rejects()] == ["3", "4"]
    assert Purchase.objects.get().amount_cents == 1000


def test_a_purchase_with_a_bad_line_is_rejected_whole_and_listed_whole(bring: Importer) -> None:
    summary = bring(
        HEADER,
        "A,1,2026-01-10,5",
        "A,2,2026-01-10,5",
        "A,1,2026-02-31,5",
        "A,1,2026-01-10,five",
        "A,,2026-01-10,5",
    )
    assert summary.rejected == {Reason.BAD_LINE: 2, Reason.NO_NUMBER: 1, Reason.SAME_PURCHASE: 1}
    assert bring.rejects() == [
        ["2", "purchase 1: line 4 of the file cannot be taken", "A", "1", "2026-01-10", "5"],
        ["4", "ordered: “2026-02-31”: there is no such day", "A", "1", "2026-02-31", "5"],
        ["5", "amount: “five” is no number; write 1234.50", "A", "1", "2026-01-10", "five"],
        ["6", "number: there is no purchase number", "A", "", "2026-01-10", "5"],
    ]
    assert Purchase.objects.get().number == "2"


def test_a_line_names_everything_that_is_wrong_with_it(bring: Importer) -> None:
    bring("account,number,ordered,amount,currency", "A,1,,x,Euro", "B,2,2026-01-10,1,")
    ((_line, reason, *_row),) = bring.rejects()
    assert [part.split(":")[0] for part in reason.split("; ") if ":" in part] == [
        "ordered",
        "currency",
        "amount",
    ]


def test_line_numbers_are_physical(bring: Importer) -> None:
    bring(
        "account,number,ordered,amount,description",
        'A,1,2026-01-10,1,"two',
        'lines"',
        "",
        ',2,2026-01-10,1,"also',
        'two"',
        ",3,2026-01-10,1,",
    )
    assert [(row[0], row[-1]) for row in bring.rejects()] == [("5", "also\ntwo"), ("7", "")]
    assert PurchaseLine.objects.get().description == "two\nlines"


@pytest.mark.parametrize("row", ["A,1,2026-01-10", "A,1,2026-01-10,5,6"])
def test_a_row_with_too_few_or_too_many_fields_is_rejected(bring: Importer, row: str) -> None:
    summary = bring(HEADER, row, "A,2,2026-01-10,5", "A,3,2026-01-10,5,,")
    assert summary.rejected == {Reason.BAD_LINE: 1}
    assert sorted(Purchase.objects.values_list("number", flat=True)) == ["2", "3"]


def test_unknown_account_is_rejected_unless_accounts_are_created(bring: Importer) -> None:
    AccountFactory(code="A", name="Kept name")
    lines = [HEADER, "A,1,2026-01-10,5", "Ü,1,2026-01-10,5", "Ü,1,2026-01-10,5"]
    summary = bring(*lines, create_accounts=False)
    assert summary.rejected == {Reason.UNKNOWN_ACCOUNT: 2}
    assert Account.objects.count() == 1
    summary = bring(*lines)
    assert (summary.accounts_created, summary.purchases_created, summary.purchases_unchanged) == (1, 1, 1)
    made = Account.objects.get(code="Ü")
    expected = Account(code="Ü", name="Ü")
    expected.derive()
    assert (made.name, made.spread, made.search_key) == ("Ü", expected.spread, expected.search_key)
    assert (made.strategy_goal, made.service_level, made.owner, made.created_at) == (
        "keep",
        "standard",
        None,
        NOW,
    )
    assert Account.objects.get(code="A").name == "Kept name"


def test_no_account_is_made_for_a_purchase_that_is_rejected(bring: Importer) -> None:
    assert bring(HEADER, "A,1,2026-01-10,5", "B,1,someday,5").accounts_created == 1
    assert Account.objects.get().code == "A"


def test_rates(bring: Importer) -> None:
    for day, rate in [("2026-01-01", "0.2"), ("2026-01-05", "0.23456789")]:
        ExchangeRate.objects.create(currency="PLN", day=day, rate=Decimal(rate))
    summary = bring(
        "account,number,ordered,amount,currency",
        "A,before,2025-12-31,100,PLN",
        "A,first,2026-01-04,100,PLN",
        "A,latest,2026-01-15,100,PLN",
        "A,old,2026-01-16,100,PLN",
        "A,none,2026-01-10,100,USD",
    )
    assert summary.rejected == {Reason.NO_RATE: 3}
    assert dict(Purchase.objects.values_list("number", "amount_cents")) == {"first": 2000, "latest": 2346}
    assert Purchase.objects.get(number="latest").rate == Decimal("0.23456789")
    assert Purchase.objects.get(number="latest").amount == 100


def test_the_base_currency_is_fixed_once_purchases_exist(bring: Importer, settings: Settings) -> None:
    ExchangeRate.objects.create(currency="USD", day=dt.date(2026, 1, 1), rate=1)  # on a par, once
    bring("account,number,ordered,amount,currency", "A,1,2026-01-01,5,EUR", "A,2,2026-01-01,5,USD")
    assert bring(HEADER, "A,3,2026-01-10,5").purchases_created == 1
    settings.BASE_CURRENCY = "GBP"
    with pytest.raises(ImportRefused, match=r"set to GBP.*reckoned in another"):
        bring(HEADER, "A,4,2026-01-10,5")
    assert Purchase.objects.count() == 3


def test_purchases_in_a_foreign_currency_alone_also_fix_the_base(bring: Importer, settings: Settings) -> None:
    ExchangeRate.objects.create(currency="PLN", day=dt.date(2026, 1, 1), rate=Decimal("0.25"))
    bring("account,number,ordered,amount,currency", "A,1,2026-01-01,5,PLN")
    settings.BASE_CURRENCY = "PLN"
    with pytest.raises(ImportRefused, match="set to PLN"):
        bring(HEADER, "A,4,2026-01-10,5")


def test_too_large_a_purchase_is_rejected(bring: Importer) -> None:
    summary = bring(
        HEADER, "A,1,2026-01-10,60000000000", "A,1,2026-01-10,60000000000", "A,2,2026-01-10,99999999999.99"
    )
    assert summary.rejected == {Reason.TOO_LARGE: 2}
    assert Purchase.objects.get().amount_cents == 9_999_999_999_999


def test_mapping_and_preset(bring: Importer) -> None:
    lines = [
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "536365,85123A,HEART ,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "C536365,D,Discount,-1,2010-12-01 09:41:00,27.50,17850.0,United Kingdom",
    ]
    bring(*lines, preset="online-retail")
    assert Account.objects.get().code == "17850"
    assert set(Purchase.objects.values_list("number", "amount_cents")) == {
        ("536365", 1530),
        ("C536365", -2750),
    }
    assert Import.objects.get().mapping["account"] == "CustomerID"
    bring(*lines, preset="online-retail", mapping={"account": "Country", "description": ""})
    assert Account.objects.filter(code="United Kingdom").exists()
    assert set(
        PurchaseLine.objects.filter(purchase__account__code="United Kingdom").values_list("description")
    ) == {("",)}


def test_codes_stay_as_written_without_a_preset_that_says_otherwise(bring: Importer) -> None:
    bring(HEADER, "17850.0,00017,2026-01-10,5")
    assert list(Purchase.objects.values_list("account__code", "number")) == [("17850.0", "00017")]


def test_columns_are_found_by_the_names_of_fields(bring: Importer) -> None:
    bring("Unit Price;QUANTITY;Number;Ordered;Account;Remark", "2,5;3;1;10.01.2026;A;x")
    assert Purchase.objects.get().amount_cents == 750


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_dialects(bring: Importer, delimiter: str, encoding: str, end: str) -> None:
    rows = [
        ["account", "number", "ordered", "amount"],
        ["Żółw", "1", "2026-01-10", '"12,50"'],
        ["Żółw", "1", "2026-01-10", "3"],
    ]
    path = bring.folder / "dialect.csv"
    path.write_bytes(end.join(delimiter.join(row) for row in rows).encode(encoding))
    bring.run(path)
    assert list(Purchase.objects.values_list("account__code", "amount_cents")) == [("Żółw", 1550)]


def test_a_purchase_of_an_unlikely_day_is_taken_with_a_warning(bring: Importer) -> None:
    summary = bring(
        HEADER,
        "A,1,1986-10-13,1",
        "A,2,1986-10-12,1",
        "A,3,2026-10-13,1",
        "B,4,2026-10-14,1",
        "B,4,2026-10-14,1",
    )
    assert summary.rows_taken == 5
    assert summary.warnings == 2
    (first, past), (second, ahead) = summary.first_warnings
    assert (first, second) == (3, 5)
    assert "purchase 2 is of 1986-10-12, long ago" in past
    assert "purchase 4 is of 2026-10-14, which lies ahead" in ahead


def test_the_run_is_recorded(bring: Importer) -> None:
    path = bring.file(HEADER, "A,1,2026-01-10,5", ",1,2026-01-10,5")
    summary = bring.run(path)
    run = Import.objects.get()
    assert run.pk == summary.import_id
    assert (run.rows_read, run.rows_taken, run.rows_rejected, run.created, run.changed) == (2, 1, 1, 1, 0)
    assert run.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert Purchase.objects.get().imported == run
    assert run.started_at == NOW <= run.finished_at


def test_facts_are_refreshed(bring: Importer) -> None:
    bring(HEADER, "A,1,2026-10-10,5")
    account = Account.objects.get()
    assert (account.phase, account.last_purchase_on, account.sales_12m_cents) == (
        "customer",
        dt.date(2026, 10, 10),
        500,
    )
