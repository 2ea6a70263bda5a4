"""Duplicates, acts on many accounts, hand-over, what is not covered: by hand and key, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Account
from contacts.models import HandOver
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactPersonFactory

LONG = "Przedsiębiorstwo Wielobranżowe Handlowo-Usługowe Nieskończenie-Długiej-Nazwy-Bez-Końca Sp. z o.o."


@pytest.fixture
def other(cast: Cast) -> Account:
    """Acme once more, under a long name, with the same phone."""
    Account.objects.filter(pk=cast.acme.pk).update(phone="12 345 67 89", notes="Ring twice.")
    other = AccountFactory(
        code="ACME2",
        name=LONG,
        city="Kraków",
        owner=cast.carl,
        phone="+48 12 345-67-89",
        notes="Gate B.",
        email="biuro.obslugi.klienta@nieskonczenie-dluga-domena-przykladu.example",
    )
    for account in (cast.acme, other):
        ContactPersonFactory(account=account, is_main=True)
    return other


def test_merge_and_take_it_back(
    signed_in: Callable[..., Page], cast: Cast, other: Account, no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.mona, "/accounts/duplicates/?by=phone")
    no_violations(page)
    page.get_by_role("link", name="Compare").click()
    page.wait_for_url("**/merge/**")
    page.locator("[name=name][value=other]").check()
    no_violations(page)
    page.get_by_role("button", name="Merge").click()
    expect(page.locator("h1")).to_have_text(LONG)
    expect(page.locator(".toast[data-seen]")).to_contain_text("Merged")
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("stands alone again")
    assert not Account.objects.filter(merged_into__isnull=False).exists()


def test_select_by_key_give_an_owner_and_undo(
    signed_in: Callable[..., Page], cast: Cast, no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.mona, "/accounts/")
    expect(page.locator("#bulk")).to_be_hidden()
    for _row in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("#bulk")).to_contain_text("3 selected")
    no_violations(page)
    page.locator("#bulk").get_by_role("button", name="Owner").click()
    page.get_by_label("Who owns them from now on?").select_option(label=cast.carl.name)
    no_violations(page)
    page.get_by_role("button", name="Change the owner").click()
    expect(page.locator(".toast[data-seen]")).to_contain_text("Done: 2 accounts")
    assert Account.objects.filter(owner=cast.carl).count() == 3
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("Taken back for 2 accounts")
    assert Account.objects.filter(owner=cast.carl).count() == 1


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_hand_over_and_what_is_not_covered_break_no_rule(
    signed_in: Callable[..., Page],
    cast: Cast,
    other: Account,
    no_violations: Callable[[Page], None],
    size: dict[str, int],
    scheme: str,
) -> None:
    page = signed_in(cast.mona, "/coverage/", size=size)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    base = page.url.removesuffix("/coverage/")
    paths = [
        f"/accounts/{cast.acme.pk}/merge/",
        f"/accounts/{cast.acme.pk}/merge/{other.pk}/",
        f"/accounts/{cast.acme.pk}/team/",
        "/coverage/?gap=person",
        f"/hand-over/?giver={cast.carl.pk}&to={cast.rita.pk}",
    ]
    for path in paths if size == PHONE else paths[3:]:
        page.goto(f"{base}{path}")
        no_sideways_scroll(page)
        no_violations(page)
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator("h1")).to_contain_text("Briefing")
    no_sideways_scroll(page)
    no_violations(page)
    assert HandOver.objects.get().shares == {str(cast.rita.pk): sorted([cast.brewery.pk, other.pk])}
