"""Finding an account by whatever somebody has in hand (docs/domain.md, section 9)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from accounts import finding
from accounts.models import Account
from accounts.searching import read_words
from tests.support.factories import AccountFactory, ContactPersonFactory, PurchaseFactory, UserFactory

TODAY = dt.date(2026, 10, 13)


@pytest.fixture
def company(db: None) -> dict[str, Account]:
    """Five accounts that differ in all that can be searched for."""
    made = {
        "lodz": AccountFactory(
            code="17850",
            name="Łódzkie Przędzalnie „Wełna” S.A.",
            city="Łódź",
            country="PL",
            phone="+48 42 600 10 20",
            tax_number="701-00-12-345",
            email="biuro@welna.example",
        ),
        "dunav": AccountFactory(code="BG-7", name="Дунав Пак АД", city="Русе", phone="082/123-456"),
        "heat": AccountFactory(code="HU-1", name="Debreceni Hőszolgáltató Zrt.", phone="06 30 123 4567"),
        "mill": AccountFactory(code="22", name="Młyn Zbożowa 48"),
        "bare": AccountFactory(code="X100%", name="O'Neill_Trade 100%"),
    }
    ContactPersonFactory(account=made["mill"], name="Wilhelmina Szczepańska", phone="+48 600-100-201")
    ContactPersonFactory(account=made["dunav"], name="Ивайло Димитров", email="ivo@dunav.example")
    PurchaseFactory(account=made["heat"], number="ZS/2026/06/118")
    PurchaseFactory(account=made["lodz"], number="ZS/2026/06/119")
    PurchaseFactory(account=made["mill"], number="536365")
    return made


def found(words: str) -> set[str]:
    return set(Account.objects.search(words).values_list("code", flat=True))


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("łódź", {"17850"}),
        ("lodz", {"17850"}),
        ("LODZKIE przedzalnie", {"17850"}),
        ("przędzalnie łódzkie", {"17850"}),  # in any order
        ("„wełna”", {"17850"}),
        ("'welna'", {"17850"}),
        ("lodz młyn", set()),  # every word must be found
        ("ДУНАВ", {"BG-7"}),
        ("дунав русе", {"BG-7"}),
        ("дунаб", set()),
        ("hoszolgaltato", {"HU-1"}),
        ("HŐSZOLG", {"HU-1"}),
        ("17850", {"17850"}),
        ("bg-7", {"BG-7"}),
        ("welna.example", {"17850"}),
        ("szczepanska", {"22"}),
        ("wilhelmina zbozowa", {"22"}),  # one word of the person, one of the account
        ("димитров", {"BG-7"}),
        ("ivo@dunav.example", {"BG-7"}),
        ("o'neill", {"X100%"}),
        ("100%", {"X100%"}),  # no wildcard
        ("l_dz", set()),  # neither is this
        ("", {"17850", "BG-7", "HU-1", "22", "X100%"}),
        ("   ", {"17850", "BG-7", "HU-1", "22", "X100%"}),
    ],
)
def test_words(company: dict[str, Account], words: str, codes: set[str]) -> None:
    assert found(words) == codes


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("+48 42 600 10 20", "17850"),
        ("42 600 10 20", "17850"),
        ("426001020", "17850"),
        ("0048426001020", "17850"),
        ("(42) 600-10-20", "17850"),
        ("600 100 201", "22"),  # the person's
        ("+48600100201", "22"),
        ("48 600 100 201", "22"),
        ("wilhelmina 600 100 201", "22"),
        ("+36 30 123 4567", "HU-1"),  # stored as it is dialled at home
        ("0630 123 4567", "HU-1"),
        ("082 123456", "BG-7"),
        ("+359 82 123 456", "BG-7"),
        ("701 00 12 345", "17850"),
        ("7010012345", "17850"),
        ("701-00-12-345", "17850"),
        ("PL7010012345", "17850"),
        ("PL 701-00-12-345", "17850"),
    ],
)
def test_numbers_however_they_are_grouped(company: dict[str, Account], typed: str, code: str) -> None:
    assert found(typed) == {code}


def test_a_number_of_somebody_else_finds_nobody(company: dict[str, Account]) -> None:
    assert found("+48 600 100 209") == set()
    assert found("bogdan 600 100 201") == set()


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("ZS/2026/06/118", {"HU-1"}),
        ("ZS/2026/06", {"HU-1", "17850"}),
        ("536365", {"22"}),
        ("5363", {"22"}),
        ("536", set()),  # too short to be the start of a number
        ("ZS/2025", set()),
    ],
)
def test_the_number_of_a_purchase(company: dict[str, Account], typed: str, codes: set[str]) -> None:
    assert found(typed) == codes


def test_small_figures_are_words() -> None:
    assert read_words("Zbożowa 48").numbers == ()
    assert read_words("Zbożowa 48").purchase_number == "Zbożowa 48"
    assert read_words("600 100 201").numbers == ("600100201",)


def test_a_search_is_one_query_and_one_that_counts_before_it(
    company: dict[str, Account], django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for_all = 2 if connection.vendor == "postgresql" else 1
    with django_assert_num_queries(for_all):  # type: ignore[operator]
        found("wilhelmina 600 100 201")
    rep = UserFactory()
    own = Account.objects.visible_to(rep, on=TODAY)
    with django_assert_num_queries(1):  # type: ignore[operator]
        list(own.search("wilhelmina 600 100 201"))


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("ml", {"22"}),
        ("zb", {"22"}),
        ("wi", {"22"}),  # of the person
        ("sz", {"22"}),
        ("yn", set()),  # inside words only
        ("bg", {"BG-7"}),
        ("w mlyn", {"22"}),
        ("_", set()),
        ("%", set()),
        ("\\", set()),
    ],
)
def test_short_words_begin_words(company: dict[str, Account], words: str, codes: set[str]) -> None:
    assert found(words) == codes


@pytest.mark.parametrize("few", [0, 1, 5000])
def test_both_ways_find_the_same(
    company: dict[str, Account], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """What is common goes another way than what is rare (accounts.finding); nobody should see which."""
    monkeypatch.setattr(finding, "FEW", few)
    assert found("wilhelmina zbozowa") == {"22"}
    assert found("wilhelmina 600 100 201") == {"22"}
    assert found("ZS/2026/06") == {"HU-1", "17850"}
    assert found("sz 100%") == set()
    assert found("100%") == {"X100%"}
    mill = company["mill"]
    Account.objects.filter(pk=mill.pk).update(owner=UserFactory())
    mill.refresh_from_db()
    own = Account.objects.visible_to(mill.owner, on=TODAY)
    assert [account.code for account in own.search("wilhelmina")] == ["22"]
    assert not own.search("wełna").exists()
    assert own.active().order_by("code").is_narrow and not Account.objects.active().is_narrow


@pytest.mark.parametrize(
    ("typed", "person"),
    [
        ("szczepanska", "Wilhelmina Szczepańska"),
        ("600 100 201", "Wilhelmina Szczepańska"),
        ("mlyn", None),
        ("zb", None),
    ],
)
def test_it_says_who_was_found(company: dict[str, Account], typed: str, person: str | None) -> None:
    found = Account.objects.search(typed).with_person_found(typed).get(pk=company["mill"].pk)
    assert found.person_found == person
    assert found.person_found_phone == ("+48 600-100-201" if person else None)
