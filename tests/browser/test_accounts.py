"""Accounts in Chromium: finding one by keys and words, reading it, editing it, on a desk and on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Account, Acquaintance
from complaints.models import Complaint
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, no_sideways_scroll
from tests.support.bulk import make_bulk
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactPersonFactory, PurchaseFactory, TouchpointFactory

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)
LONG = "Zakłady Azotowe i Chemiczne „Wisłopol” S.A., Oddział Kędzierzyn-Koźle"
ONE_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture
def full(cast: Cast, today: dt.date) -> Account:
    """An account with everything on it, among sixty."""
    make_bulk(cast, rows=60, today=today)
    acme = cast.acme
    acme.name, acme.phone = LONG, "+48 42 600 10 20"
    acme.tier, acme.phase, acme.character = "A", "lapsing", "difficult"
    acme.save()
    AccountFactory(name=ONE_WORD, owner=cast.rita, city="Hamburg", open_complaints=2, phase="lost")
    bogdan = ContactPersonFactory(
        account=acme, name="Bogdan Malinowski", phone="+48 600 100 202", is_main=True
    )
    ContactPersonFactory(account=acme, name="Wilhelmina Szczepańska-Rutkowska", buying_role="decides")
    ContactPersonFactory(account=acme, name="Adam Dawny", left_on=today - 9 * DAY)
    Acquaintance.objects.create(person=bogdan, user=cast.rita, strength=3)
    for n in range(30):
        PurchaseFactory(
            account=acme, ordered_on=today - n * 23 * DAY, cents=1_234_567 - 90_000 * n, due_on=today - DAY
        )
    TouchpointFactory(account=acme, user=cast.rita, day=today - 3 * DAY).persons.add(bogdan)
    Complaint.objects.create(
        account=acme, number="C-1", category_id="quality", words="It leaks.", opened_on=today
    )
    return acme


def test_words_find_while_they_are_typed(signed_in: Callable[..., Page], full: Account, cast: Cast) -> None:
    page = signed_in(cast.rita, "/accounts/")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.keyboard.press("/")
    page.keyboard.type("wislopol kedzierzyn")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("a.row")).to_have_text(LONG)
    expect(page.locator("#said")).to_have_text("1 account")
    assert page.url.endswith("?q=wislopol+kedzierzyn")
    expect(page.locator("[name=q]")).to_be_focused()  # typing goes on
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(LONG)


def test_a_filter_is_sent_at_once_and_comes_back(
    signed_in: Callable[..., Page], full: Account, cast: Cast
) -> None:
    page = signed_in(cast.rita, "/accounts/")
    page.locator("#filter-tier").select_option("B")
    expect(page.locator("tbody tr")).to_have_count(20)
    page.get_by_role("link", name="Revenue, 12 months").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Revenue")
    page.goto(page.url.split("?")[0])
    expect(page.locator("tbody tr")).to_have_count(20)
    page.get_by_role("link", name="Reset").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_without_script_the_search_is_a_plain_form(
    browser, live_server, signed_in: Callable[..., Page], full: Account, cast: Cast
) -> None:
    cookies = signed_in(cast.rita, "/accounts/").context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/")
    page.locator("[name=q]").fill("wislopol")
    page.locator("[name=q]").press("Enter")
    assert page.locator("a.row").all_inner_texts() == [LONG]
    page.locator("a.row").click()
    page.locator(".menu summary").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    assert page.locator("[name=name]").input_value() == LONG
    context.close()


def test_edit_and_take_it_back_with_a_key(signed_in: Callable[..., Page], full: Account, cast: Cast) -> None:
    page = signed_in(cast.rita, f"/accounts/{full.pk}/")
    page.locator(".menu summary").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.wait_for_load_state()
    page.get_by_label("City").fill("Sopot")
    expect(page.get_by_text("not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast[data-seen]")).to_contain_text("Saved")  # the scripts are there
    expect(page.locator(".facts")).to_contain_text("Sopot")
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("Taken back")
    expect(page.locator(".facts")).to_contain_text("Kraków")


def test_what_is_wrong_stands_at_its_field(
    signed_in: Callable[..., Page], full: Account, cast: Cast, no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.rita, f"/accounts/{full.pk}/edit/", size=PHONE)
    page.get_by_role("textbox", name="Tax number").fill("701-00-12-34")
    page.get_by_role("button", name="Save").click()
    field = page.get_by_role("textbox", name="Tax number")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("has 10 digits; this one has 9")).to_be_visible()
    no_sideways_scroll(page)
    no_violations(page)


@pytest.mark.parametrize("size", [DESKTOP, LAPTOP, PHONE], ids=["desk", "laptop", "phone"])
def test_the_list_and_the_account_break_no_rule(
    signed_in: Callable[..., Page],
    full: Account,
    cast: Cast,
    no_violations_in_light_and_dark: Callable[[], None],
    size: dict[str, int],
) -> None:
    page = signed_in(cast.rita, "/accounts/", size=size)
    no_sideways_scroll(page)
    no_violations_in_light_and_dark()
    page.goto(page.url.split("/accounts/")[0] + f"/accounts/{full.pk}/")
    no_sideways_scroll(page)
    page.locator(".menu summary").click()
    no_violations_in_light_and_dark()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_every_tab_and_form_breaks_no_rule(
    signed_in: Callable[..., Page],
    full: Account,
    cast: Cast,
    no_violations: Callable[[Page], None],
    size: dict[str, int],
) -> None:
    page = signed_in(cast.mona, f"/accounts/{full.pk}/purchases/", size=size)
    here = page.url.removesuffix("purchases/")
    for tab in ("purchases", "persons", "complaints", "tiers", "history", "edit", "persons/new"):
        page.goto(f"{here}{tab}/")
        no_sideways_scroll(page)
        no_violations(page)


def test_empty_pages_break_no_rule(
    signed_in: Callable[..., Page], cast: Cast, no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.rita, "/accounts/?q=nothing+at+all")
    no_violations(page)
    base = page.url.split("/accounts/")[0]
    for tab in ("", "purchases/", "persons/", "complaints/", "tiers/"):
        page.goto(f"{base}/accounts/{cast.acme.pk}/{tab}")
        no_violations(page)
    Account.objects.filter(owner=cast.rita).delete()
    page.goto(f"{base}/accounts/?reset=1")
    expect(page.get_by_text("No accounts yet")).to_be_visible()
    no_violations(page)
