"""The same file again, a changed file, a dry run; what is kept, and what history says."""

from __future__ import annotations

import random
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.importing import import_file
from accounts.models import Account, ExchangeRate, Import, ImportKind, Purchase, PurchaseLine
from tests.accounts.importing import HEADER, NOW, Importer, counts, everything
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db

WIDE = "account,number,ordered,promised,delivered,due,paid,currency,amount,product,description,quantity,unit_price"
FULL = [
    WIDE,
    "A,1,2026-01-10,2026-01-11,2026-01-12,2026-02-10,2026-02-09,PLN,12.345678,P1,Lantern,3,4.115226",
    "A,1,2026-01-10,2026-01-11,2026-01-12,2026-02-10,2026-02-09,PLN,0.1,,,,",
    "A,2,2026-01-10,,,,,EUR,-7.3,P2,,-1,7.3",
    "B,1,2026-01-13,,,,,,99999999999.123456,P1,Lantern,,",
]


@pytest.fixture
def rate() -> ExchangeRate:
    return ExchangeRate.objects.create(currency="PLN", day="2026-01-05", rate=Decimal("0.23456789"))


def test_twice_changes_nothing(bring: Importer, rate: ExchangeRate) -> None:
    first = bring(*FULL)
    assert (first.purchases_created, first.accounts_created, first.products_created) == (3, 2, 2)
    before = everything()
    again = bring(*FULL)
    assert (again.purchases_created, again.purchases_changed, again.purchases_unchanged) == (0, 0, 3)
    assert (again.accounts_created, again.products_created) == (0, 0)
    assert everything() == before
    assert Import.objects.count() == 2
    assert set(Purchase.objects.values_list("imported", flat=True)) == {first.import_id}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("ordered", "2026-01-09"),
        ("promised", "2026-01-10"),
        ("promised", ""),
        ("delivered", "2026-01-13"),
        ("due", "2026-02-01"),
        ("paid", ""),
        ("amount", "12.345677"),
        ("product", "P2"),
        ("product", ""),
        ("product", "P9"),
        ("description", "lantern"),
        ("quantity", "3.0001"),
        ("quantity", ""),
        ("unit_price", "4.1"),
    ],
)
def test_whatever_differs_is_found_and_nothing_else_is_touched(
    bring: Importer, rate: ExchangeRate, column: str, value: str
) -> None:
    bring(*FULL)
    ids = dict(Purchase.objects.values_list("number", "pk").filter(account__code="A"))
    other_lines = list(PurchaseLine.objects.exclude(purchase=ids["1"]).values_list())
    row = dict(zip(WIDE.split(","), FULL[1].split(","), strict=True)) | {column: value}
    changed = [FULL[0], ",".join(row.values()), *FULL[2:]]
    dry = bring(*changed, dry_run=True)
    summary = bring(*changed)
    for found in (dry, summary):
        assert (found.purchases_created, found.purchases_changed, found.purchases_unchanged) == (0, 1, 2)
    purchase = Purchase.objects.get(pk=ids["1"])
    assert purchase.imported_id == summary.import_id
    assert purchase.lines.count() == 2
    assert list(PurchaseLine.objects.exclude(purchase=ids["1"]).values_list()) == other_lines
    assert bring(*changed).purchases_unchanged == 3


def test_a_later_import_replaces_the_lines(bring: Importer) -> None:
    bring(HEADER, "A,1,2026-01-10,5", "A,1,2026-01-10,6", "A,1,2026-01-10,7")
    purchase = Purchase.objects.get()
    assert bring(HEADER, "A,1,2026-01-10,5", "A,1,2026-01-10,6").purchases_changed == 1
    purchase.refresh_from_db()
    assert (purchase.amount_cents, purchase.lines.count()) == (1100, 2)
    assert bring(HEADER, "A,1,2026-01-10,11", "A,2,2026-01-10,0").purchases_changed == 1
    purchase.refresh_from_db()
    assert (purchase.amount_cents, purchase.lines.count()) == (1100, 1)
    assert bring(HEADER, "A,1,2026-01-10,11", "A,1,2026-01-10,0").purchases_changed == 1
    assert bring(HEADER, "A,1,2026-01-10,11").purchases_changed == 1  # the line that went was worth nothing
    assert purchase.lines.count() == 1


def test_a_changed_rate_changes_the_cents(bring: Importer, rate: ExchangeRate) -> None:
    bring(*FULL)
    rate.rate = Decimal("0.25")
    rate.save()
    assert bring(*FULL).purchases_changed == 1
    assert Purchase.objects.get(account__code="A", number="1").amount_cents == 311


def test_a_dry_run_finds_the_same_and_writes_nothing(bring: Importer, rate: ExchangeRate, cast: Cast) -> None:
    lines = [
        line + tail for line, tail in zip(FULL, [",owner", ",R1", ",R1", ",C1", ",nobody@x"], strict=True)
    ]
    lines += ["ORPHAN,1,2026-01-10,,,,,,5,,,,,R1", ",9,2026-01-10,,,,,,5,,,,,", "ACME,9,oops,,,,,,5,,,,,C1"]
    before = counts()
    dry = bring(*lines, dry_run=True, rejected=None)
    assert counts() == before
    assert dry.rejected_file is None
    assert not list((bring.folder.parent / "var").rglob("*-rejected.csv"))
    bring(*lines, dry_run=True)
    listed = bring.rejects()
    real = bring(*lines)
    assert bring.rejects() == listed

    def found(summary: object) -> dict[str, object]:
        return summary.as_json() | {"dry_run": None, "import": None, "rejected_file": None}

    assert found(dry) == found(real)
    assert (real.accounts_created, real.owners_set, real.unknown_owners) == (2, 1, ["nobody@x"])


# Accounts -----------------------------------------------------------------------------------------------------------
def test_new_accounts_have_history(bring: Importer, cast: Cast) -> None:
    bring(HEADER + ",owner", "NEW,1,2026-01-10,5,R1", actor=cast.ada)
    account = Account.objects.get(code="NEW")
    (entry,) = account.history.all()
    assert (entry.history_type, entry.history_user, entry.history_date) == ("+", cast.ada, NOW)
    assert entry.history_change_reason == "Import of purchases.csv"
    assert (entry.name, entry.owner, entry.strategy_goal) == ("NEW", cast.rita, "keep")
    account.name = "Named now"
    account.save()
    assert account.history.first().prev_record == entry


def test_owners_are_matched_by_e_mail_or_sales_code(bring: Importer, cast: Cast) -> None:
    cast.otto.is_active = False
    cast.otto.save()
    summary = bring(
        HEADER + ",owner",
        "N1,1,2026-01-10,5,R1",
        "N2,1,2026-01-10,5,Carl@Example.com",
        "N3,1,2026-01-10,5,who@example.com",
        "N4,1,2026-01-10,5,",
        "N5,1,2026-01-10,5,O1",
        "N6,1,2026-01-10,5,R1",
        "N6,2,2026-01-12,5,C1",
        "N6,3,2026-01-11,5,R1",
        "N7,1,oops,5,R1",
        "N7,2,2026-01-12,5,C1",
    )
    owners = dict(Account.objects.filter(code__startswith="N").values_list("code", "owner"))
    rita, carl = cast.rita.pk, cast.carl.pk
    assert owners == {"N1": rita, "N2": carl, "N3": None, "N4": None, "N5": None, "N6": carl, "N7": carl}
    assert summary.unknown_owners == ["O1", "who@example.com"]


def test_an_account_without_owner_gets_the_one_named_and_others_keep_theirs(
    bring: Importer, cast: Cast
) -> None:
    lines = [
        HEADER + ",owner",
        "ORPHAN,1,2026-01-10,5,R1",
        "ACME,1,2026-01-10,5,C1",
        "BREW,1,2026-01-10,5,nobody",
    ]
    summary = bring(*lines, actor=cast.ada)
    assert summary.owners_set == 1
    cast.orphan.refresh_from_db()
    cast.acme.refresh_from_db()
    cast.brewery.refresh_from_db()
    assert (cast.orphan.owner, cast.acme.owner, cast.brewery.owner) == (cast.rita, cast.rita, cast.carl)
    latest = cast.orphan.history.latest("history_id")
    assert (latest.history_type, latest.owner, latest.history_user) == ("~", cast.rita, cast.ada)
    assert cast.acme.history.count() == 1
    before = everything()
    assert bring(*lines).owners_set == 0
    assert everything() == before


# Order of rows ------------------------------------------------------------------------------------------------------
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "Ż", "a", ""]),
        st.sampled_from(["1", "2", "10", ""]),
        st.sampled_from(["2026-01-10", "2025-12-31", "10.01.2026", "2026-02-31", ""]),
        st.sampled_from(["", "2026-01-11", "2026-01-12"]),
        st.sampled_from(["", "2026-01-11", "2026-01-12"]),
        st.sampled_from(["EUR", "EUR", "EUR", "", "PLN", "USD"]),
        st.sampled_from(["1", "0.005", "-0.005", "12.5", "3.333333", "-7", "x", "1.234"]),
        st.sampled_from(["", "P1", "P2"]),
        st.sampled_from(["", "one", "two"]),
    ).map(",".join),
    max_size=25,
)


def _content() -> tuple[object, ...]:
    """What stands, without ids and positions."""
    purchases = Purchase.objects.order_by("account__code", "number").values_list(
        "account__code",
        "number",
        "ordered_on",
        "due_on",
        "paid_on",
        "currency",
        "amount",
        "amount_cents",
        "quarter",
    )
    lines = PurchaseLine.objects.values_list(
        "purchase__account__code",
        "purchase__number",
        "product__code",
        "product__name",
        "description",
        "amount",
    )
    accounts = Account.objects.order_by("code").values_list(
        "code", "phase", "last_purchase_on", "sales_12m_cents"
    )
    return list(purchases), sorted(lines, key=str), list(accounts)


class AnyOrder(TestCase):
    """Of the rows of one file the order does not matter."""

    @examples(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rows=ROWS, seed=st.integers(0, 2**32))
    def test_shuffled_rows_give_what_sorted_rows_give(self, rows: list[str], seed: int) -> None:
        ExchangeRate.objects.create(currency="PLN", day="2026-01-05", rate=Decimal("0.23456789"))
        shuffled = rows.copy()
        random.Random(seed).shuffle(shuffled)
        results = []
        for order in (sorted(rows), shuffled):
            Account.objects.all().delete()
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "rows.csv"
                header = "account,number,ordered,due,paid,currency,amount,product,description"
                file.write_text("\n".join([header, *order]) + "\n")
                rejected = Path(folder) / "rejected.csv"
                summary = import_file(
                    kind=ImportKind.PURCHASES,
                    file=file,
                    create_accounts=True,
                    rejected=rejected,
                    actor=None,
                    now=NOW,
                    today=NOW.date(),
                )
                listed = sorted(
                    line.split(",", 2)[2]
                    for line in rejected.read_text(encoding="utf-8-sig").splitlines()[1:]
                )
                dropped = ("import", "rejected_file", "products_created", "first_rejects")
                figures = {key: value for key, value in summary.as_json().items() if key not in dropped}
                assert summary.rows_read == summary.rows_taken + summary.rows_rejected == len(rows)
                assert len(listed) == summary.rows_rejected
                results.append((_content(), figures))
        assert results[0] == results[1]
