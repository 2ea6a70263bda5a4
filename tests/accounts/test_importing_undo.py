"""Imports taken back: everything is as before, but what was used since stays and is said."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from accounts.importing import ImportRefused, Undone, undo_import
from accounts.models import (
    Account,
    ContactPerson,
    ExchangeRate,
    Import,
    ImportedRow,
    ImportKind,
    Product,
    ProductLine,
    Purchase,
    Tag,
)
from contacts.models import AgendaItem, CadenceStart, FollowUp, Touchpoint
from tests.accounts.importing import HEADER, NOW, Importer, everything
from tests.support.cast import Cast
from tests.support.factories import AccountFactory

pytestmark = pytest.mark.django_db

LATER = NOW + dt.timedelta(hours=1)
WIDE = "account,number,ordered,due,currency,amount,product,description,quantity"


def undo(import_id: int | None, *, dry_run: bool = False, cast: Cast | None = None) -> Undone:
    """Take it back, and see that the dry run had said the same."""
    imported = Import.objects.get(pk=import_id)
    actor = cast.ada if cast else None
    dry = undo_import(imported=imported, actor=actor, now=LATER, today=LATER.date(), dry_run=True)
    if dry_run:
        return dry
    undone = undo_import(imported=imported, actor=actor, now=LATER, today=LATER.date())
    assert dry.as_json() | {"dry_run": False} == undone.as_json()
    return undone


def standing() -> dict[str, list[object]]:
    """All that stands, without history: undo adds to it."""
    found: dict[str, list[object]] = {
        name: list(rows) for name, rows in everything().items() if name != "history"
    }
    found["lines"] = sorted((row[1:] for row in found["lines"]), key=str)  # type: ignore[index]
    found["persons"] = list(ContactPerson.objects.order_by("pk").values_list())
    found["tags"] = list(
        Account.tags.through.objects.order_by("account", "tag").values_list("account", "tag__name")
    )
    return found


# Purchases ----------------------------------------------------------------------------------------------------------
def test_created_and_changed_purchases_go_and_go_back(bring: Importer, cast: Cast) -> None:
    ExchangeRate.objects.create(currency="PLN", day="2026-01-05", rate=Decimal("0.23456789"))
    ProductLine.objects.create(name=ProductLine.UNSORTED)
    bring(
        WIDE,
        "A,1,2026-01-10,2026-02-10,PLN,12.345678,P1,Lantern,3.0001",
        "A,1,2026-01-10,,PLN,0.1,,,",
        "B,1,2026-01-13,,,99999999999.123456,P1,Zażółć \\ tab,",
    )
    before = standing()
    summary = bring(
        WIDE + ",owner",
        "A,1,2026-01-11,,EUR,7,P2,Other,,R1",
        "A,2,2026-01-11,,EUR,7,P1,Lantern,,R1",
        "B,1,2026-01-13,,,5,,,,",
        "C,1,2026-01-13,,,5,,,,C1",
        "ORPHAN,1,2026-01-13,,,5,,,,C1",
        actor=cast.ada,
    )
    assert (summary.created, summary.changed, summary.owners_set) == (3, 2, 2)
    undone = undo(summary.import_id, cast=cast)
    assert undone.removed == {"purchase": 3, "account": 1, "product": 1}
    assert undone.restored == {"purchase": 2, "account": 2}
    assert undone.kept == []
    assert standing() == before
    orphan = cast.orphan.history.latest("history_id")
    assert (orphan.history_user, orphan.owner_id, orphan.history_change_reason) == (
        cast.ada,
        None,
        "Import of purchases.csv undone",
    )
    assert Account.history.filter(code="C", history_type="-").exists()
    run = Import.objects.get(pk=summary.import_id)
    assert (run.undone_at, run.undone_by) == (LATER, cast.ada)
    assert undo(summary.import_id).nothing


def test_a_purchase_changed_by_a_later_import_stays_until_that_is_undone(bring: Importer) -> None:
    first = bring(HEADER, "A,1,2026-01-10,5", "A,2,2026-01-10,5")
    after_first = standing()
    second = bring(HEADER, "A,1,2026-01-10,6")
    third = bring(HEADER, "A,1,2026-01-10,7")
    kept = undo(second.import_id, dry_run=True)
    assert kept.all_stays
    assert [one.pk for one in kept.first] == [third.import_id]
    with pytest.raises(ImportRefused, match=r"changed by a later import.*Take back first: purchases.csv"):
        undo(second.import_id)
    assert Import.objects.get(pk=second.import_id).undone_at is None
    assert [(row.target, row.reason, row.count) for row in kept.kept] == [
        ("purchase", "changed by a later import", 1)
    ]
    assert undo(third.import_id).restored == {"purchase": 1}
    assert Purchase.objects.get(number="1").amount_cents == 600
    undone = undo(first.import_id, dry_run=True)
    assert undone.removed == {"purchase": 1}
    assert {(row.target, row.reason) for row in undone.kept} == {
        ("purchase", "changed by a later import"),
        ("account", "has purchases"),
    }
    undo(second.import_id)
    assert standing() == after_first
    assert undo(first.import_id).removed == {"purchase": 2, "account": 1}


def test_accounts_name_the_imports_that_brought_something_to_them(bring: Importer) -> None:
    accounts = bring("code,name", "A,a", "B,b", kind=ImportKind.ACCOUNTS)
    persons = bring("account,name", "A,Anna", kind=ImportKind.PERSONS)
    products = bring("code,name", "P,Lamp", kind=ImportKind.PRODUCTS)
    assert undo(accounts.import_id, dry_run=True).removed == {"account": 1}
    purchases = bring(f"{HEADER},product", "B,1,2026-01-10,5,P")
    found = undo(accounts.import_id, dry_run=True)
    assert [one.pk for one in found.first] == [purchases.import_id, persons.import_id]
    assert [one.pk for one in undo(products.import_id, dry_run=True).first] == [purchases.import_id]
    for later in (purchases, products, persons, accounts):
        assert not undo(later.import_id).kept


def test_what_was_used_since_stays(bring: Importer, cast: Cast) -> None:
    summary = bring(
        HEADER, *(f"{code},1,2026-01-10,5" for code in ("USED", "EDITED", "PLANNED", "BOOKED", "PERSON"))
    )
    account = {
        code: Account.objects.get(code=code) for code in ("USED", "EDITED", "PLANNED", "BOOKED", "PERSON")
    }
    Touchpoint.objects.create(
        account=account["USED"],
        user=cast.rita,
        at=NOW,
        day=NOW.date(),
        channel="phone",
        outcome="new_order",
        minutes=5,
    )
    account["EDITED"].name = "By hand"
    account["EDITED"].save()
    ContactPerson.objects.create(account=account["PERSON"], name="Jan")
    for code, generation in (("PLANNED", 7), ("BOOKED", 0)):
        follow_up = FollowUp.objects.create(
            account=account[code], assignee=cast.rita, channel="phone", day=NOW.date(), generation=generation
        )
        AgendaItem.objects.create(
            account=account[code],
            follow_up=follow_up,
            reason="cadence",
            source="phone",
            channel="phone",
            earliest=NOW.date(),
            due=NOW.date(),
            latest=NOW.date(),
        )
        CadenceStart.objects.create(account=account[code], channel="phone", day=NOW.date())
    undone = undo(summary.import_id)
    assert undone.removed == {"purchase": 5, "account": 1}
    assert {(row.reason, row.examples) for row in undone.kept} == {
        ("has touchpoints", ("USED",)),
        ("edited since", ("EDITED",)),
        ("has follow-ups", ("BOOKED",)),
        ("has contact persons", ("PERSON",)),
    }
    assert not Account.objects.filter(code="PLANNED").exists()
    assert FollowUp.objects.count() == AgendaItem.objects.count() == 1
    assert Account.objects.get(code="USED").phase == "prospect"


# Accounts, persons, products ----------------------------------------------------------------------------------------
def test_accounts_go_back(bring: Importer, cast: Cast) -> None:
    top = AccountFactory(code="TOP", name="Top", city="Kraków")
    AccountFactory(code="SITE", name="Site", parent=None)
    other = AccountFactory(code="OTHER", name="Other")
    other.tags.add(Tag.objects.create(name="old"))
    before = standing()
    summary = bring(
        "code,name,city,parent,tags,seasonal,potential",
        "TOP,New name,Gdańsk,,,yes,100",
        "SITE,Site,,NEW,new|old,,",
        "NEW,New,,DEEP,new,,",
        "DEEP,Deep,,,,,",
        "OTHER,Other,,,new,,",
        kind=ImportKind.ACCOUNTS,
    )
    assert (summary.created, summary.changed) == (2, 3)
    undone = undo(summary.import_id)
    assert (undone.removed, undone.restored, undone.kept) == ({"account": 2, "tag": 1}, {"account": 3}, [])
    assert standing() == before
    assert top.history.latest("history_id").name == "Top"


def test_an_account_that_was_edited_since_stays_and_so_does_its_parent(bring: Importer) -> None:
    AccountFactory(code="OLD", name="Old", city="")
    AccountFactory(code="PHONE", name="Old", city="")
    summary = bring(
        "code,name,city,parent",
        "OLD,New,Kraków,",
        "PHONE,New,Kraków,",
        "P,Parent,,",
        "S,Site,,P",
        "T,Gone,,P",
        kind=ImportKind.ACCOUNTS,
    )
    Account.objects.filter(code="OLD").update(city="Warszawa")
    Account.objects.filter(code="PHONE").update(phone="600100200")
    Account.objects.filter(code="S").update(notes="used")
    undone = undo(summary.import_id)
    assert (undone.removed, undone.restored) == ({"account": 1}, {"account": 1})
    assert {(row.reason, row.examples) for row in undone.kept} == {
        ("changed since", ("OLD",)),
        ("edited since", ("S",)),
        ("has accounts", ("P",)),
    }
    assert Account.objects.get(code="OLD").name == "New"
    assert Account.objects.filter(code="PHONE", name="Old", city="", phone="600100200").exists()


def test_persons_go_back_and_the_first_to_contact_is_again_who_was(bring: Importer) -> None:
    account = AccountFactory(code="A")
    ContactPerson.objects.create(account=account, name="Was", is_main=True, birthday=dt.date(1980, 2, 29))
    ContactPerson.objects.create(account=account, name="Ewa", influence=2)
    before = standing()
    summary = bring(
        "account,name,is_main,birthday,influence,consents_to_mail,email",
        "A,Ewa,yes,,3,yes,ewa@a.example",
        "A,Was,,1981-01-01,,,",
        "B,New,,,,,",
        kind=ImportKind.PERSONS,
    )
    assert (summary.created, summary.changed, summary.accounts_created) == (1, 2, 1)
    undone = undo(summary.import_id)
    assert (undone.removed, undone.restored, undone.kept) == ({"person": 1, "account": 1}, {"person": 2}, [])
    assert standing() == before


def test_products_go_back(bring: Importer) -> None:
    bring("code,name", "P1,Pump", "P2,Valve", kind=ImportKind.PRODUCTS)
    before = standing()
    summary = bring(
        "code,name,line,complexity",
        "P1,Pump 2,Pumps,3",
        "P3,New,Pumps,",
        "P4,Sold,,",
        kind=ImportKind.PRODUCTS,
    )
    later = bring(HEADER + ",product", "A,1,2026-01-10,5,P4")
    undone = undo(summary.import_id)
    assert undone.removed == {"product": 1, "line": 1}
    assert undone.restored == {"product": 1}
    assert [(row.reason, row.examples) for row in undone.kept] == [("has purchase lines", ("P4",))]
    undo(later.import_id)
    Product.objects.filter(code="P4").delete()
    assert standing() == before


# Whatever the files -------------------------------------------------------------------------------------------------
CELLS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", "ACME"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(["2026-01-10", "2026-01-11"]),
        st.sampled_from(["1", "0.005", "3.333333", "-7", "12345678901.123456"]),
        st.sampled_from(["", "P1", "P2"]),
        st.sampled_from(["", "R1", "C1"]),
    ).map(",".join),
    min_size=1,
    max_size=8,
)


@examples(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=st.lists(CELLS, min_size=2, max_size=4))
def test_imports_undone_in_reverse_leave_what_stood(
    bring: Importer, cast: Cast, files: list[list[str]]
) -> None:
    ProductLine.objects.get_or_create(name=ProductLine.UNSORTED)
    stood, runs = [], []
    for rows in files:
        stood.append(standing())
        runs.append(bring(HEADER + ",product,owner", *rows).import_id)
    for import_id in reversed(runs):
        assert undo(import_id).kept == []
        assert standing() == stood.pop()
    assert ImportedRow.objects.count()
