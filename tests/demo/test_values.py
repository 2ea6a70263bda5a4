"""What is drawn for the full company, before any row: sizes, kinds, names, numbers."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from accounts.folding import digits
from crm.demo.company import ACCOUNTS, SEED
from crm.demo.company.drawing import Company, draw_company
from crm.demo.contacting import Days
from crm.demo.customers import KINDS
from crm.demo.names import MARKETS
from crm.demo.names.market import slug
from crm.demo.people import PASSWORD, SHOWN_SIGN_INS, WORKERS
from crm.demo.products import RANGES
from crm.demo.quarters import last_quarter_ends
from crm.team.calendars import WorkingCalendar
from tests.demo.conftest import TODAY


def draw(*, accounts: int = ACCOUNTS, seed: int = SEED, today: dt.date = TODAY) -> Company:
    span = {"first": today - dt.timedelta(days=1500), "last": today + dt.timedelta(days=150)}
    days = {country: Days(WorkingCalendar(), today=today, **span) for country in MARKETS}
    return draw_company(days, today=today, accounts=accounts, seed=seed)


@pytest.fixture(scope="module")
def company() -> Company:
    return draw()


def sales(company: Company) -> list[float]:
    since = TODAY - dt.timedelta(days=365)
    return sorted(
        (float(sum(b.amount for b in bought if b.ordered >= since)) for bought in company.purchases),
        reverse=True,
    )


def test_a_fifth_of_the_customers_brings_most_of_the_sales(company: Company) -> None:
    amounts = sales(company)
    assert 0.7 <= sum(amounts[: len(amounts) // 5]) / sum(amounts) <= 0.9
    assert amounts[0] < 0.06 * sum(amounts), "nobody is the whole business"


@pytest.mark.parametrize(
    "day", [dt.date(2026, 1, 1), dt.date(2026, 10, 1), dt.date(2028, 2, 29), dt.date(2027, 5, 2)]
)
def test_it_can_be_made_on_any_day(day: dt.date) -> None:
    small = draw(accounts=120, today=day)
    assert all(b.ordered < day for bought in small.purchases for b in bought)
    assert all(c.day < day for contacts in small.contacts for c in contacts)


def test_every_kind_of_customer_is_there(company: Company) -> None:
    found = Counter(customer.kind.name for customer in company.customers)
    assert set(found) == {kind.name for kind in KINDS}
    assert sum(found.values()) == ACCOUNTS == 1200
    for customer, bought in zip(company.customers, company.purchases, strict=True):
        assert bool(bought) != (customer.kind.name == "prospect"), customer.code


def test_purchases_go_back_three_years_and_tenure_suffices_for_a_in_the_first_quarter(
    company: Company,
) -> None:
    first = min(bought[0].ordered for bought in company.purchases if bought)
    assert first < TODAY - dt.timedelta(days=3 * 365)
    oldest = last_quarter_ends(TODAY)[0] + dt.timedelta(days=1)
    assert first.replace(year=first.year + 2) <= oldest


def test_some_were_won_after_the_last_quarter(company: Company) -> None:
    end = last_quarter_ends(TODAY)[-1]
    fresh = [bought for bought in company.purchases if bought and bought[0].ordered > end]
    assert len(fresh) >= 5


def test_the_late_pay_late_and_the_others_do_not(company: Company) -> None:
    def late_share(kind: str) -> float:
        paid = [
            (b.paid - b.due).days > 7
            for customer, bought in zip(company.customers, company.purchases, strict=True)
            if customer.kind.name == kind
            for b in bought
            if b.paid and b.due
        ]
        return sum(paid) / len(paid)

    assert late_share("late") > 0.7
    assert late_share("systematic") < 0.12


def test_names_and_addresses(company: Company) -> None:
    names = [customer.firm.name for customer in company.customers]
    domains = [customer.domain for customer in company.customers]
    assert len(set(names)) == len(names) and len(set(domains)) == len(domains)
    assert max(map(len, names)) <= 200
    assert sum(len(name) > 80 for name in names) >= 9
    assert all(domain.endswith(".example") and domain.isascii() for domain in domains)


@pytest.mark.parametrize("country", MARKETS)
def test_phone_numbers_are_nobodys(country: str) -> None:
    market, rng = MARKETS[country], draw(accounts=10).customers[0].rng
    for city in market.cities:
        prefix, number = market.dialling, digits(market.number(rng, city))
        assert number.startswith(digits(prefix) + city.dial + "00")
        assert len(number) == len(digits(prefix)) + market.phone_digits


def test_tax_numbers_have_their_check_digit() -> None:
    rng = draw(accounts=10).customers[0].rng
    for _ in range(200):
        nip = [int(d) for d in MARKETS["PL"].tax_number(rng)]
        weights = [6, 5, 7, 2, 3, 4, 5, 6, 7, -1]
        assert len(nip) == 10 and sum(map(int.__mul__, nip, weights)) % 11 == 0
        adoszam = [int(d) for d in MARKETS["HU"].tax_number(rng).split("-")[0]]
        assert len(adoszam) == 8 and sum(map(int.__mul__, adoszam, [9, 7, 3, 1, 9, 7, 3, 1])) % 10 == 0
        eik = [int(d) for d in MARKETS["BG"].tax_number(rng)]
        first = sum(map(int.__mul__, eik[:8], range(1, 9))) % 11
        second = sum(map(int.__mul__, eik[:8], range(3, 11))) % 11 % 10
        assert len(eik) == 9 and eik[8] == (first if first < 10 else second)


def test_slugs_are_latin() -> None:
    assert slug("Желязков и Щерев ООД") == "zhelyazkov-i-shterev-ood"
    assert slug("Łódź „Żuraw” Kft. Őrség") == "lodz-zuraw-kft-orseg"


def test_the_fixed_people() -> None:
    emails = [worker.email for worker in WORKERS]
    assert len(set(emails)) == len(emails) and set(SHOWN_SIGN_INS) <= set(emails)
    roles = Counter(worker.role for worker in WORKERS)
    assert roles == {"rep": 9, "manager": 3, "agent": 2, "admin": 1}
    assert len(PASSWORD) >= 10


def test_the_catalogue() -> None:
    articles = [article for line in RANGES for article in line.articles]
    assert len(RANGES) == 8 and 55 <= len(articles) <= 65
    assert len({article.code for article in articles}) == len(articles)
    assert {article.complexity for article in articles} == {1, 2, 3, 4, 5}


def test_the_last_quarters() -> None:
    assert last_quarter_ends(dt.date(2026, 1, 1)) == [
        dt.date(2025, 3, 31),
        dt.date(2025, 6, 30),
        dt.date(2025, 9, 30),
        dt.date(2025, 12, 31),
    ]
