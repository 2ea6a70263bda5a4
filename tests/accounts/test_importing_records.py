"""Files of accounts, persons and products: what is found, made, changed and left alone."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.importing import Reason
from accounts.models import Account, ContactPerson, ImportedRow, ImportKind, Product, ProductLine, Tag
from tests.accounts.importing import NOW, Importer
from tests.support.cast import Cast
from tests.support.factories import AccountFactory

pytestmark = pytest.mark.django_db

ACCOUNTS, PERSONS, PRODUCTS = ImportKind.ACCOUNTS, ImportKind.PERSONS, ImportKind.PRODUCTS


# Accounts -----------------------------------------------------------------------------------------------------------
def test_accounts_are_made_with_all_that_the_file_says(bring: Importer, cast: Cast) -> None:
    summary = bring(
        "code;name;owner;country;city;phone;email;tax_number;language;potential;seasonal;service_level;parent;tags",
        "N1;Nowa Łódź;R1;Poland;Łódź;+48 600 100 200;b@nowa.example;526-000-12-46;pl;1 234,50;yes;Premium;;fair, B2B",
        "N2;Site;nobody;PL;;;;;;;;;N1;fair",
        kind=ACCOUNTS,
        actor=cast.ada,
    )
    assert (summary.created, summary.changed, summary.unchanged) == (2, 0, 0)
    assert (summary.tags_created, summary.unknown_owners, summary.warnings) == (2, ["nobody"], 0)
    made = Account.objects.get(code="N1")
    assert (made.name, made.owner, made.country, made.language) == ("Nowa Łódź", cast.rita, "PL", "pl")
    assert (made.potential_cents, made.seasonal, made.service_level) == (123450, True, "premium")
    assert (made.strategy_goal, made.phase, made.created_at) == ("keep", "prospect", NOW)
    expected = Account.objects.get(code="N1")
    expected.derive()
    assert (made.search_key, made.spread) == (expected.search_key, expected.spread)
    assert "nowa lodz" in made.search_key
    assert Account.objects.get(code="N2").parent == made
    assert set(made.tags.values_list("name", flat=True)) == {"fair", "B2B"}
    (entry,) = made.history.all()
    assert (entry.history_type, entry.history_user, entry.history_change_reason) == (
        "+",
        cast.ada,
        "Import of purchases.csv",
    )


def test_an_empty_cell_changes_nothing_and_an_owner_stays(bring: Importer, cast: Cast) -> None:
    AccountFactory(code="K1", name="Old", city="Kraków", owner=cast.rita, phone="12345")
    AccountFactory(code="K2", name="Same", owner=None)
    lines = ["code,name,city,owner,phone", "K1,New,,C1,", "K2,Same,,R1,", "K3,Third,Gdańsk,,"]
    dry = bring(*lines, kind=ACCOUNTS, dry_run=True)
    summary = bring(*lines, kind=ACCOUNTS)
    for found in (dry, summary):
        assert (found.created, found.changed, found.unchanged, found.owners_set) == (1, 2, 0, 1)
    account = Account.objects.get(code="K1")
    assert (account.name, account.city, account.owner, account.phone) == ("New", "Kraków", cast.rita, "12345")
    assert account.search_key.startswith("new")
    assert Account.objects.get(code="K2").owner == cast.rita
    row = ImportedRow.objects.get(target="account", object_id=account.pk)
    assert (row.before["name"], row.after["name"], row.after["city"]) == ("Old", "New", "Kraków")
    assert bring(*lines, kind=ACCOUNTS).unchanged == 3


def test_a_code_twice_in_a_file(bring: Importer) -> None:
    summary = bring("code,name", "A,One", "B,", "B,Two", "A,Three", kind=ACCOUNTS)
    assert summary.rejected == {Reason.BAD_LINE: 1, Reason.TWICE: 1}
    assert [row[:2] for row in bring.rejects()] == [
        ["3", "name: there is none, and every row needs one"],
        ["5", "code: line 2 has the account A already"],
    ]
    assert dict(Account.objects.values_list("code", "name")) == {"A": "One", "B": "Two"}


def test_parents_that_are_missing_or_come_back(bring: Importer) -> None:
    top = AccountFactory(code="TOP")
    AccountFactory(code="SITE", parent=top)
    summary = bring(
        "code,name,parent",
        "A,a,NOBODY",
        "B,b,A",
        "C,c,B",
        "TOP,top,SITE",
        "D,d,E",
        "E,e,D",
        "F,f,F",
        "G,g,SITE",
        kind=ACCOUNTS,
    )
    assert summary.rejected == {Reason.UNKNOWN_PARENT: 6, Reason.BAD_LINE: 1}
    assert set(Account.objects.values_list("code", "parent__code")) == {
        ("TOP", None),
        ("SITE", "TOP"),
        ("G", "SITE"),
    }


@pytest.mark.parametrize(
    ("country", "number", "rejected", "warned"),
    [
        ("PL", "526-000-12-46", 0, 0),
        ("PL", "526-000-12-47", 0, 1),
        ("PL", "12345", 0, 1),
        ("", "5260001246", 0, 0),
        ("", "12345", 0, 1),
        ("HU", "12892312", 0, 0),
    ],
)
def test_tax_numbers(bring: Importer, country: str, number: str, rejected: int, warned: int) -> None:
    summary = bring("code,name,country,tax_number", f"A,a,{country},{number}", "B,b,,", kind=ACCOUNTS)
    assert (summary.rows_rejected, summary.warnings) == (rejected, warned)
    assert Account.objects.filter(code="A").exists() == (not rejected)


def test_tags_are_added_and_found_without_regard_to_case(bring: Importer) -> None:
    account = AccountFactory(code="A", name="a")
    account.tags.add(Tag.objects.create(name="Fair"))
    assert bring("code,name,tags", "A,a,fair", kind=ACCOUNTS).unchanged == 1
    assert bring("code,name,tags", "A,a,FAIR|new", kind=ACCOUNTS).changed == 1
    assert set(account.tags.values_list("name", flat=True)) == {"Fair", "new"}


# Persons ------------------------------------------------------------------------------------------------------------
def test_persons_are_found_by_mail_or_name(bring: Importer) -> None:
    account = AccountFactory(code="A")
    other = AccountFactory(code="B")
    by_mail = ContactPerson.objects.create(account=account, name="Old Name", email="Jan@a.example")
    by_name = ContactPerson.objects.create(
        account=account, name="Łucja Żak", email="old@a.example", phone="12345"
    )
    elsewhere = ContactPerson.objects.create(account=other, name="Jan Nowak", email="jan@a.example")
    lines = [
        "account,name,email,position",
        "A,Jan Nowak,jan@a.example,Buyer",
        "A,ŁUCJA ŻAK,lucja@a.example,",
        "A,Ewa,,Payer",
        "X,Nobody,,",
        "A,Jan,JAN@A.example,",
    ]
    dry = bring(*lines, kind=PERSONS, create_accounts=False, dry_run=True)
    summary = bring(*lines, kind=PERSONS, create_accounts=False)
    for found in (dry, summary):
        assert (found.created, found.changed, found.unchanged) == (1, 2, 0)
        assert found.rejected == {Reason.TWICE: 1, Reason.UNKNOWN_ACCOUNT: 1}
    by_mail.refresh_from_db()
    by_name.refresh_from_db()
    assert (by_mail.name, by_mail.position, by_mail.email) == ("Jan Nowak", "Buyer", "jan@a.example")
    assert (by_name.name, by_name.email, by_name.phone) == ("ŁUCJA ŻAK", "lucja@a.example", "12345")
    assert by_name.search_key.startswith("lucja zak lucja@a.example")
    assert ContactPerson.objects.get(pk=elsewhere.pk).position == ""
    again = bring(*lines, kind=PERSONS, create_accounts=False)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)


def test_namesakes_stay_two_persons(bring: Importer) -> None:
    lines = ["account,name,email,phone", "A,Jan,jan@a.example,", "A,Jan,,600100200"]
    assert bring(*lines, kind=PERSONS).created == 2
    before = list(ContactPerson.objects.order_by("pk").values_list())
    assert bring(*lines, kind=PERSONS).unchanged == 2
    assert list(ContactPerson.objects.order_by("pk").values_list()) == before
    assert Account.objects.get().code == "A"


def test_the_first_to_contact_steps_down_for_another(bring: Importer) -> None:
    account = AccountFactory(code="A")
    was = ContactPerson.objects.create(account=account, name="Was", is_main=True)
    bring("account,name,is_main", "A,Becomes,yes", kind=PERSONS)
    was.refresh_from_db()
    assert not was.is_main
    assert was.history.latest("history_id").history_change_reason == "Import of purchases.csv"
    assert ContactPerson.objects.get(is_main=True).name == "Becomes"
    summary = bring("account,name,is_main", "A,Was,yes", "A,Becomes,no", "A,Third,yes", kind=PERSONS)
    assert (summary.changed, summary.rejected) == (2, {Reason.TWICE: 1})
    assert ContactPerson.objects.get(is_main=True).name == "Was"


def test_consents_and_leaving(bring: Importer) -> None:
    account = AccountFactory(code="A")
    ContactPerson.objects.create(account=account, name="Main", is_main=True)
    bring(
        "account,name,consents_to_mail,left_on,birthday",
        "A,New,yes,,1980-02-29",
        "A,Main,,2026-10-01,",
        "A,Late,,2030-01-01,",
        kind=PERSONS,
    )
    new, main = ContactPerson.objects.get(name="New"), ContactPerson.objects.get(name="Main")
    assert (new.consents_to_mail, new.consent_recorded_on) == (True, NOW.date())
    assert (main.is_main, main.left_on, main.consent_recorded_on) == (False, dt.date(2026, 10, 1), None)
    assert not ContactPerson.objects.filter(name="Late").exists()


# Products -----------------------------------------------------------------------------------------------------------
def test_products_and_their_lines(bring: Importer) -> None:
    lines = [
        "code,name,line,complexity,service_life_months",
        "P1,Pump,Pumps,5,60",
        "P2,Valve,,,",
        "P3,Bad,,9,",
    ]
    summary = bring(*lines, kind=PRODUCTS)
    assert (summary.created, summary.product_lines_created, summary.rejected) == (2, 1, {Reason.BAD_LINE: 1})
    assert set(Product.objects.values_list("code", "line__name", "complexity", "service_life_months")) == {
        ("P1", "Pumps", 5, 60),
        ("P2", "unsorted", 1, None),
    }
    assert bring(*lines, kind=PRODUCTS).unchanged == 2
    assert bring("code,line", "P2,PUMPS", kind=PRODUCTS).changed == 1
    assert Product.objects.get(code="P2").line.name == "Pumps"
    assert ProductLine.objects.count() == 2
