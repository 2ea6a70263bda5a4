"""Find, from every page: complaints, accounts, persons, purchases (docs/domain.md, section 9)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.home.search import find
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ComplaintFactory, ContactPersonFactory, PurchaseFactory


@pytest.fixture
def company(cast: Cast) -> Cast:
    ContactPersonFactory(account=cast.acme, name="Grażyna Źródlana", phone="+48 600 100 201")
    ContactPersonFactory(account=cast.quarry, name="Grażyna Obca", phone="+48 600 100 209")
    PurchaseFactory(account=cast.acme, number="FV/2026/118")
    PurchaseFactory(account=cast.quarry, number="FV/2026/119")
    return cast


@pytest.mark.parametrize(
    ("words", "accounts", "persons", "purchases"),
    [
        ("grazyna", ["acme"], ["Grażyna Źródlana"], []),
        ("600 100 20", ["acme"], ["Grażyna Źródlana"], []),
        ("0048 600100201", ["acme"], ["Grażyna Źródlana"], []),
        ("600 100 209", [], [], []),
        ("FV/2026", ["acme"], [], ["FV/2026/118"]),
        ("gr", ["acme"], ["Grażyna Źródlana"], []),
        ("nobody", [], [], []),
    ],
)
def test_a_rep_finds_what_is_theirs(
    company: Cast, today: dt.date, words: str, accounts: list[str], persons: list[str], purchases: list[str]
) -> None:
    found = find(words, user=company.rita, today=today)
    assert [account.pk for account in found.accounts] == [getattr(company, name).pk for name in accounts]
    assert [person["name"] for person in found.persons] == persons
    assert [purchase["number"] for purchase in found.purchases] == purchases
    assert found.nothing == (not accounts)


def test_who_sees_all_finds_all(company: Cast, today: dt.date) -> None:
    found = find("grazyna", user=company.serge, today=today)
    assert {account.pk for account in found.accounts} == {company.acme.pk, company.quarry.pk}
    assert [purchase["number"] for purchase in find("FV/2026", user=company.ada, today=today).purchases] == [
        "FV/2026/118",
        "FV/2026/119",
    ]


def test_who_left_and_what_is_archived_is_not_offered(company: Cast, today: dt.date) -> None:
    company.acme.persons.update(left_on=today)
    assert find("grazyna", user=company.rita, today=today).persons == []
    company.acme.persons.update(left_on=None)
    company.acme.archived_at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    company.acme.save()
    found = find("grazyna", user=company.rita, today=today)
    assert found.nothing


def test_the_list_goes_on_in_the_list_of_accounts(cast: Cast, today: dt.date, client: Client) -> None:
    for number in range(12):
        AccountFactory(owner=cast.rita, name=f"Młyn {number}")
    client.force_login(cast.rita)
    page = client.get("/search/", {"find": "młyn"}).content.decode()
    assert page.count('class="hit"') == 9
    assert 'href="/accounts/?q=m%C5%82yn"' in page


@pytest.fixture
def numbered(cast: Cast) -> Cast:
    """One complaint that Rita sees, a closed one, a question, and one at somebody else's account."""
    ComplaintFactory(account=cast.acme, number="R-2026-00175")
    closed = dt.date(2026, 3, 1)
    ComplaintFactory(
        account=cast.acme, number="R-2025-00017", state="closed", opened_on=closed, closed_on=closed
    )
    ComplaintFactory(account=cast.acme, number="Q-2026-00176", kind="question")
    ComplaintFactory(account=cast.quarry, number="R-2026-00178")
    return cast


@pytest.mark.parametrize(
    ("words", "complaints"),
    [
        ("R-2026-00175", ["R-2026-00175"]),
        (" r-2026-0017 ", ["R-2026-00175"]),
        ("R-2", ["R-2025-00017", "R-2026-00175"]),
        ("q-2026", ["Q-2026-00176"]),
        ("R-2026-00178", []),
        ("2026-00175", []),
        ("R-2026-00175 leaks", []),
        ("R-٢", []),
        ("R-%", []),
    ],
)
def test_a_complaint_is_found_by_its_number(
    numbered: Cast, today: dt.date, words: str, complaints: list[str]
) -> None:
    found = find(words, user=numbered.rita, today=today)
    assert sorted(one.number for one in found.complaints) == complaints
    assert found.nothing == (not complaints)


def test_the_complaint_stands_first_with_its_account_and_state(numbered: Cast, client: Client) -> None:
    PurchaseFactory(account=numbered.acme, number="R-2026-00175/1")
    client.force_login(numbered.rita)
    page = client.get("/search/", {"find": "R-2026-00175"}).content.decode()
    complaint = numbered.acme.complaints.get(number="R-2026-00175")
    address = f'href="/complaints/{complaint.pk}/"'
    assert page.index(address) < page.index(">Accounts</h2>") < page.index("R-2026-00175/1")
    assert "Zakłady Acme" in page and complaint.get_state_display() in page
    client.force_login(numbered.otto)
    assert "Nothing you may see" in client.get("/search/", {"find": "R-2026-00175"}).content.decode()


def test_one_statement_for_the_number_of_a_complaint(numbered: Cast, today: dt.date) -> None:
    for person in (numbered.rita, numbered.mona, numbered.ada):
        find("x0", user=person, today=today)
        with CaptureQueriesContext(connection) as queries:
            find("R-2026-00175", user=person, today=today)
        assert len(queries) <= 5
        assert sum("complaints_complaint" in each["sql"] for each in queries) == 1


def test_at_most_four_statements_of_its_own(company: Cast, today: dt.date) -> None:
    for person in (company.rita, company.mona, company.ada):
        find("x0", user=person, today=today)  # who stands for whom is asked once for a page
        for words in ("grazyna", "FV/2026/118", "0048 600 100 201"):
            with CaptureQueriesContext(connection) as queries:
                find(words, user=person, today=today)
            assert len(queries) <= 4, (person, words)


def test_htmx_gets_what_was_found_alone(company: Cast, client: Client) -> None:
    client.force_login(company.rita)
    headers: Any = {"HX-Request": "true"}
    answer = client.get("/search/", {"find": "grazyna"}, headers=headers)
    assert "HX-Request" in answer["Vary"]
    assert "<html" not in answer.content.decode()
    assert "Grażyna Źródlana" in answer.content.decode()
    assert "Two letters" in client.get("/search/", {"find": "g"}, headers=headers).content.decode()
    assert "Nothing you may see" in client.get("/search/", {"find": "zzz <b>"}).content.decode()
    assert client.get("/search/", {"find": "zzz <b>"}).content.decode().count("<b>") == 0
    assert client.get("/search/").status_code == 200


def test_the_box_stands_on_every_page(cast: Cast, client: Client) -> None:
    client.force_login(cast.rita)
    for address in ("/today/", "/accounts/", "/me/"):
        assert (
            'class="seek" role="search" method="get" action="/search/"'
            in client.get(address).content.decode()
        )


@pytest.mark.parametrize(
    "words", ["PL10915", "pl", "677-00-11-222", "12 345 67 89", "Aquabud", "Aquabud 677-00-11-222"]
)
def test_what_finds_a_duplicate_finds_the_account_it_became_part_of(
    cast: Cast, today: dt.date, client: Client, words: str
) -> None:
    AccountFactory(
        code="PL10915",
        name="Aquabud",
        owner=cast.otto,
        phone="+48 12 345 67 89",
        tax_number="677-00-11-222",
        archived_at=dt.datetime.combine(today, dt.time(), dt.UTC),
        merged_into=cast.acme,
    )
    for user in (cast.rita, cast.ada):
        found = find(words, user=user, today=today)
        assert [(account.pk, account.former_code) for account in found.accounts] == [
            (cast.acme.pk, "PL10915")
        ]
        client.force_login(user)
        page = client.get("/accounts/", {"q": words}).content.decode()
        assert "formerly PL10915" in page and cast.acme.get_absolute_url() in page
    assert "formerly PL10915" in client.get("/search/", {"find": words}).content.decode()
    assert find(words, user=cast.otto, today=today).nothing  # the kept one is not his to see
    archive = client.get("/accounts/", {"archived": "1"}).content.decode()
    assert "Aquabud" not in archive
