"""Exchange rates in a browser: a bad line keeps what was pasted, a good one is saved; axe finds nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from accounts.models import ExchangeRate
from accounts.rates import Given, save_rates
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast


@pytest.mark.parametrize(("scheme", "size"), [("dark", DESKTOP), ("light", PHONE)], ids=["dark", "phone"])
def test_pasting_lines(
    cast: Cast,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
    scheme: str,
    size: dict[str, int],
) -> None:
    save_rates(rates=[Given("HUF", dt.date(2026, 9, 1), Decimal("0.0025"))], actor=cast.ada)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    signed_in(cast.ada, "/imports/rates/", size=size)
    expect(page.get_by_text("too old for today")).to_be_visible()
    expect(page.get_by_label("Currency", exact=True)).to_be_visible()
    lines = page.get_by_label("Lines of currency;day;rate")
    lines.fill("PLN;2026-10-12;0,2345\nPLN;2026-10-32;0,2345")
    page.get_by_role("button", name="Save all of them").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 2: day")
    expect(lines).to_have_value("PLN;2026-10-12;0,2345\nPLN;2026-10-32;0,2345")
    no_violations(page)
    lines.fill("PLN;2026-10-12;0,2345")
    page.get_by_role("button", name="Save all of them").click()
    expect(page.locator(".toast")).to_contain_text("1 new")
    page.get_by_role("link", name="PLN").click()
    expect(page.locator(".timeline")).to_contain_text("Ada Example")
    no_violations(page)
    no_sideways_scroll(page)
    page.get_by_role("button", name="Remove the rate of").click()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("is back")
    assert ExchangeRate.objects.filter(currency="PLN").count() == 1
