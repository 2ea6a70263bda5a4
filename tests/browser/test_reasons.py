"""An admin orders and renames the reasons of decisions by the keyboard; axe finds nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from segmentation.models import Reason
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast


@pytest.mark.usefixtures("restored_reasons")
@pytest.mark.parametrize(("scheme", "size"), [("dark", DESKTOP), ("light", PHONE)], ids=["dark", "phone"])
def test_the_order_by_keyboard_and_a_reason_added_and_put_out_of_use(
    cast: Cast,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
    scheme: str,
    size: dict[str, int],
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    signed_in(cast.ada, "/review/reasons/", size=size)
    no_violations(page)
    rows = page.locator(".rules a.row")
    page.locator("a.row[href='/review/reasons/delivery/']").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".toast").last).to_contain_text("Moved to place 1: Delivery problems.")
    expect(rows.first).to_have_text("Delivery problems")
    page.locator(".toast").last.get_by_role("button", name="Undo").click()
    expect(rows.first).to_have_text("Competitor cut prices")

    page.get_by_role("link", name="New reason").click()
    page.get_by_role("textbox", name="Name").fill("won share")
    page.get_by_text("Down only", exact=True).last.click()
    page.get_by_role("button", name="Add the reason").click()
    expect(page.get_by_text("There is “Won share” already.")).to_be_visible()
    no_violations(page)
    page.get_by_role("textbox", name="Name").fill("Moved abroad")
    page.get_by_role("button", name="Add the reason").click()
    expect(page.locator(".toast")).to_contain_text("Added: Moved abroad.")
    no_sideways_scroll(page)
    assert Reason.objects.get(pk="moved_abroad").offered == "fell"

    page.goto(f"{page.url.split('/review/')[0]}/review/reasons/")
    page.get_by_role("switch", name="Moved abroad in use").click()
    expect(page.locator(".toast").last).to_contain_text("Out of use: Moved abroad.")
    no_violations(page)
