"""The insight pages at a desk and on a phone, in light and dark; the numbers of the pictures lead to the accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from segmentation import policies
from segmentation.models import TierChange
from segmentation.reasons import Known
from segmentation.simulation import simulate_policy
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast
from tests.support.factories import AccountFactory
from tests.support.proposals import assess, make_run

PAGES = ("Migration", "Sales and time", "Share of wallet", "Reasons")


@pytest.fixture
def company(cast: Cast, today: dt.date) -> Cast:
    """Forty accounts of Rita and Carl in two runs, and some decisions."""
    before = make_run(as_of=dt.date(2026, 6, 30), review_until=dt.date(2026, 7, 21), state="closed")
    run = make_run(as_of=dt.date(2026, 9, 30), review_until=today)
    at = dt.datetime(2026, 7, 3, tzinfo=dt.UTC)
    for number in range(40):
        account = AccountFactory(
            owner=cast.rita if number % 2 else cast.carl, potential_cents=number % 4 * 2_000_000
        )
        cents = 3_000_000 // (number + 1)
        old, new = "ABC"[number % 3], "ABC"[number // 14]
        assess(before, account, tier=old, revenue_cents=cents, value_cents=cents, previous_tier=None)
        assess(
            run,
            account,
            tier=new,
            revenue_cents=cents,
            previous_revenue_cents=cents // 2,
            value_cents=cents,
            contact_minutes=number * 37 % 300,
        )
        if number % 5 == 0:
            TierChange.objects.create(
                account=account,
                run=before,
                state="accepted",
                from_tier="A" if number % 2 else "C",
                to_tier="B",
                reason=list(Known)[number % 4],
                actor=cast.mona,
                proposed_at=at,
                decided_at=at,
            )
    return cast


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_every_page_is_readable_and_leads_to_the_accounts(
    company: Cast,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
    size: dict[str, int],
) -> None:
    signed_in(company.mona, "/insight/", size=size)
    expect(page.get_by_role("img", name="Share of sales by share of accounts")).to_be_visible()
    for name in ("", *PAGES):
        if name:
            page.get_by_role("navigation", name="Parts of insight").get_by_role("link", name=name).click()
            expect(
                page.get_by_role("navigation", name="Parts of insight").locator("[aria-current]")
            ).to_have_text(name)
        expect(page.locator("figure svg:visible").first).to_be_visible()
        no_violations_in_light_and_dark()
        no_sideways_scroll(page)
    page.get_by_role("navigation", name="Parts of insight").get_by_role("link", name="Migration").click()
    cell = page.locator(".matrix td a").first
    number = cell.inner_text()
    cell.click()
    expect(page.locator("tbody a.row")).to_have_count(int(number))
    no_violations_in_light_and_dark()
    page.get_by_role("link", name="Insight", exact=True).last.click()
    page.get_by_role("navigation", name="Parts of insight").get_by_role("link", name="Sales and time").click()
    page.get_by_role("link", name="All of them").first.click()
    expect(page.get_by_role("heading", name="Much time, little sales")).to_be_visible()


def test_the_quarter_is_chosen_and_the_table_opened_by_keyboard(
    company: Cast, page: Page, signed_in: Callable[..., Page]
) -> None:
    signed_in(company.mona, "/insight/")
    page.get_by_label("Quarter").select_option("Q2 2026")
    expect(page.locator(".page-head .title p")).to_contain_text("Q2 2026")
    summary = page.locator("figure summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("figure details table").first).to_be_visible()


def test_the_next_policy_is_read_by_a_rep_and_accessible(
    company: Cast,
    page: Page,
    today: dt.date,
    clock: None,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
) -> None:
    draft = policies.make_draft(like=policies.policy_in_force(), actor=company.ada, now=timezone.now())
    policies.edit_draft(
        policy=draft, thresholds={"a_min_tenure_months": 60, "a_share": "0.5"}, note="Fewer A"
    )
    simulate_policy(policy=draft, as_of=today - dt.timedelta(days=1), today=today, now=timezone.now())
    signed_in(company.rita, "/insight/policy/", size=PHONE)
    expect(page.get_by_text("Fewer A")).to_be_visible()
    no_violations_in_light_and_dark()
    no_sideways_scroll(page)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    no_violations_in_light_and_dark()
