"""The review in a browser: deciding by keyboard, in bulk, overriding, taking back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Account
from segmentation.models import TierChange, TieringRun
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, no_sideways_scroll, quiet
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, PurchaseFactory, TouchpointFactory
from tests.support.proposals import make_run, propose

LONG = "Zakłady Azotowe i Chemiczne „Wisłopol” S.A., Oddział Kędzierzyn-Koźle"


@pytest.fixture
def run(cast: Cast) -> TieringRun:
    """Five proposals for Mona: two from A to B, three from B to C."""
    run = make_run(as_of=dt.date(2026, 9, 30), review_until=dt.date(2026, 10, 22))
    propose(run, AccountFactory(name=LONG, owner=cast.rita), "A", "B", revenue_cents=21_240_000, complaints=1)
    propose(run, cast.acme, "A", "B", revenue_cents=9_000_000)
    propose(run, cast.brewery, "B", "C", revenue_cents=500_000)
    for number in (1, 2):
        propose(
            run,
            AccountFactory(name=f"Small {number}", owner=cast.carl),
            "B",
            "C",
            revenue_cents=1000 - number,
        )
    for account in Account.objects.all():
        PurchaseFactory(account=account, ordered_on=dt.date(2026, 9, 1))
        TouchpointFactory(account=account, user=cast.rita)
    return run


def press(page: Page, key: str) -> None:
    """Press a key once nothing is being swapped any more."""
    quiet(page)
    page.keyboard.press(key)


def state(name: str) -> tuple[str, str]:
    return TierChange.objects.values_list("state", "reason").get(account__name=name)


def test_one_by_keyboard_then_the_next_then_undo(
    cast: Cast, run: TieringRun, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.mona, "/review/")
    expect(page.get_by_role("heading", name="A change opens here")).to_be_visible()
    press(page, "j")
    press(page, "Enter")
    expect(page.locator("#open-name")).to_have_text(LONG)
    press(page, "a")  # without a reason
    expect(page.get_by_text("Choose why it happened.")).to_be_visible()
    press(page, "2")
    expect(page.get_by_role("radio", name="Delivery problems")).to_be_checked()
    press(page, "a")
    expect(page.locator("#open-name")).to_have_text(cast.acme.name)
    assert state(LONG) == ("accepted", "delivery")
    expect(page.locator(".toast")).to_contain_text(f"Accepted: {LONG} is B now.")
    expect(page.locator("#gauges")).to_contain_text("1 of 5 decided")
    expect(page.locator("#nav .count").first).to_contain_text("4")
    expect(page.locator("#list a.row")).to_have_count(4)
    expect(page.locator("#list a.row[aria-current]")).to_have_text(cast.acme.name)
    acme = TierChange.objects.get(account=cast.acme)
    assert f"/review/{acme.pk}/" in page.url
    press(page, "z")
    expect(page.locator("#open-name")).to_have_text(LONG)
    expect(page.locator("#gauges")).to_contain_text("0 of 5 decided")
    assert state(LONG) == ("proposed", "")


def test_override_and_take_back_on_the_page(
    cast: Cast, run: TieringRun, signed_in: Callable[..., Page]
) -> None:
    change = TierChange.objects.get(account=cast.acme)
    page = signed_in(cast.mona, f"/review/{change.pk}/")
    page.get_by_role("radio", name="Other").check()
    page.get_by_role("textbox", name="Note").fill("They are being sold")
    press(page, "Escape")
    press(page, "o")
    expect(page.locator(".toast")).to_contain_text("is C now")
    assert state(cast.acme.name) == ("overridden", "other")
    page.goto(page.url.split("/review/")[0] + f"/review/{change.pk}/")
    expect(page.get_by_text("They are being sold")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("button", name="Accept B")).to_be_visible()
    assert state(cast.acme.name) == ("proposed", "")


def test_several_in_bulk_beside_an_open_one(
    cast: Cast, run: TieringRun, signed_in: Callable[..., Page]
) -> None:
    change = TierChange.objects.get(account=cast.acme)
    page = signed_in(cast.mona, f"/review/{change.pk}/")
    expect(page.locator("#bulk")).to_be_hidden()
    page.get_by_role("checkbox", name="Select Small 1").check()
    page.get_by_role("checkbox", name="Select Small 2").check()
    expect(page.locator("#bulk")).to_contain_text("2 selected")
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.locator("#bulk")).to_contain_text("Choose why it happened.")
    expect(page.get_by_role("checkbox", name="Select Small 2")).to_be_checked()
    expect(page.locator("#open-name")).to_have_text(cast.acme.name)
    page.get_by_label("Reason for all selected").select_option("seasonal")
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("2 changes rejected.")
    expect(page.locator("#list a.row")).to_have_count(3)
    expect(page.locator("#open-name")).to_have_text(cast.acme.name)
    assert state("Small 1") == state("Small 2") == ("rejected", "seasonal")
    press(page, "z")
    expect(page.locator("#list a.row")).to_have_count(5)
    assert state("Small 1") == state("Small 2") == ("proposed", "")


def test_several_are_pinned_and_enter_presses_the_button_of_the_pin(
    cast: Cast, run: TieringRun, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.mona, "/review/")
    page.wait_for_load_state()
    page.get_by_role("checkbox", name="Select Small 1").check()
    page.get_by_role("checkbox", name="Select Small 2").check()
    page.get_by_label("Reason for all selected").select_option("seasonal")
    page.get_by_text("Pin …").click()
    page.get_by_role("textbox", name="Why they are pinned").fill("A tender runs")
    page.keyboard.press("Enter")
    expect(page.locator("#bulk")).to_contain_text("Pinned until when? Give the last day.")
    expect(page.get_by_role("textbox", name="Why they are pinned")).to_have_value("A tender runs")
    page.get_by_label("until", exact=True).fill("2027-03-31")
    page.get_by_role("textbox", name="Why they are pinned").press("Enter")
    expect(page.locator(".toast")).to_contain_text("2 accounts are pinned until Wed 31 Mar 2027.")
    expect(page.locator("#list a.row")).to_have_count(3)
    assert state("Small 1") == state("Small 2") == ("overtaken", "")


def test_what_somebody_else_decided_is_told(
    cast: Cast, run: TieringRun, signed_in: Callable[..., Page]
) -> None:
    change = TierChange.objects.get(account=cast.acme)
    page = signed_in(cast.mona, f"/review/{change.pk}/")
    TierChange.objects.filter(pk=change.pk).update(
        state="rejected", reason="seasonal", actor=cast.ada, decided_at=run.completed_at
    )
    press(page, "1")
    press(page, "a")
    expect(page.get_by_role("alert")).to_contain_text("Ada Example rejected this change on")
    expect(page.get_by_role("button", name="Accept B")).to_have_count(0)


def test_on_a_phone_the_change_is_a_page_of_its_own(
    cast: Cast, run: TieringRun, signed_in: Callable[..., Page], no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.mona, "/review/", size=PHONE)
    no_violations(page)
    page.get_by_role("link", name=LONG).click()
    expect(page.locator("#list")).to_be_hidden()
    expect(page.get_by_role("heading", name=LONG)).to_be_visible()
    no_sideways_scroll(page)
    no_violations(page)
    # The buttons stay at hand, and what they stand over can be scrolled into sight.
    accept = page.get_by_role("button", name="Accept B")
    expect(accept).to_be_in_viewport()
    page.get_by_role("radio", name="Delivery problems").check()
    accept.click()
    expect(page.get_by_role("heading", name=cast.acme.name)).to_be_visible()
    assert state(LONG) == ("accepted", "delivery")
    page.get_by_role("link", name="All changes").click()
    expect(page.locator("#list")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, LAPTOP], ids=["desk", "laptop"])
def test_accessible(
    cast: Cast,
    run: TieringRun,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
    size: dict[str, int],
) -> None:
    signed_in(cast.mona, "/review/?show=all", size=size)
    no_violations_in_light_and_dark()
    page.get_by_role("checkbox", name="Select Small 1").check()
    page.get_by_role("link", name=LONG).click()
    expect(page.locator("#open-name")).to_have_text(LONG)
    page.get_by_text("Pin …").click()
    page.get_by_text("More reasons").click()
    page.get_by_text("Show as a table").click()
    page.get_by_text("Pin the tier for a time").click()
    no_violations_in_light_and_dark()


def test_an_empty_review_is_accessible(
    cast: Cast, signed_in: Callable[..., Page], no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.mona, "/review/")
    expect(page.get_by_role("heading", name="No review yet")).to_be_visible()
    no_violations(page)
