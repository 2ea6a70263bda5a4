"""What complaints teach, at a desk and on a phone, in light and dark; a figure leads to the complaints behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from complaints.models import Complaint
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast
from tests.support.factories import (
    AdviceFactory,
    ComplaintFactory,
    DecisionFactory,
    ProductFactory,
    PurchaseFactory,
)

PAGES = ("Time taken", "Open by product", "Again and again", "Costs", "Bought again", "Advice followed")


@pytest.fixture
def company(cast: Cast, today: dt.date) -> Cast:
    """Thirty complaints of Acme and Browar, closed and open, about two products with long names."""
    products = [
        ProductFactory(name="Submersible pump SUB 90 with float switch and 30 m of cable, explosion-proof"),
        ProductFactory(name="Seal"),
    ]
    for number in range(30):
        account = cast.acme if number % 3 else cast.brewery
        opened = today - dt.timedelta(days=11 * number)
        closed = number > 8
        complaint: Complaint = ComplaintFactory(
            account=account,
            category_id=("quality", "late_delivery", "other")[number % 3],
            product=products[number % 2],
            opened_at=dt.datetime.combine(opened, dt.time(9), dt.UTC),
            claim_cents=10_000 * number,
            step=False,
        )
        Complaint.objects.filter(pk=complaint.pk).update(
            state="closed" if closed else "in_progress",
            closed_on=opened + dt.timedelta(days=4) if closed else None,
            outcome="accepted" if closed else "",
            granted_cents=9_000 * number if closed else None,
            root_cause_id="transport" if closed else None,
            suspected_bad_faith=number % 7 == 0,
            response_allowed=120,
            response_over=number * 20 - 100,
            resolution_allowed=960,
            resolution_over=number * 40 - 900 if closed else None,
        )
        if closed:
            advice = AdviceFactory(complaint=complaint, advised="accept", grounds=[{"code": "small_claim"}])
            DecisionFactory(
                complaint=complaint,
                advice=advice,
                amount_cents=900,
                decided_by=cast.serge,
                approval="not_needed",
                against_advice=number % 4 == 0,
                reason="It was used up by half before they complained of it, as the photos show.",
            )
        PurchaseFactory(account=account, ordered_on=opened - dt.timedelta(days=9), cents=900_000)
    return cast


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_every_page_is_readable_and_leads_to_the_complaints(
    company: Cast,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
    size: dict[str, int],
) -> None:
    signed_in(company.mona, "/complaints/", size=size)
    page.get_by_role("link", name="Learning").click()
    tabs = page.get_by_role("navigation", name="What complaints teach")
    for name in ("", *PAGES):
        if name:
            tabs.get_by_role("link", name=name, exact=True).click()
            expect(tabs.locator("[aria-current]")).to_have_text(name)
        expect(page.locator("figure svg:visible").first).to_be_visible()
        if size == DESKTOP or not name:  # the pages are built alike: one is enough on a phone
            no_violations_in_light_and_dark()
        no_sideways_scroll(page)
    tabs.get_by_role("link", name="Reasons").click()
    cell = page.get_by_role("row", name="Damaged or delayed in transport").get_by_role("link").first
    number = int(cell.inner_text())
    cell.click()
    expect(page.locator("tbody a.row")).to_have_count(number)
    no_violations_in_light_and_dark()


def test_period_and_pills_keep_each_other(company: Cast, page: Page, signed_in: Callable[..., Page]) -> None:
    signed_in(company.serge, "/complaints/learning/?by=tier")
    expect(page.get_by_role("link", name="Advice followed")).to_have_count(0)
    page.get_by_label("Period").select_option("3")
    expect(page.get_by_role("link", name="Tier", exact=True)).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Month", exact=True).click()
    expect(page.get_by_label("Period")).to_have_value("3")
    with page.expect_download() as download:
        page.get_by_role("link", name="By month: export as XLSX").click()
    assert download.value.suggested_filename.endswith(".xlsx")
