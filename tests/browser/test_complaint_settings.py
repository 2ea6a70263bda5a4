"""An admin changes a service level by the keyboard, and the policy, each with a look at what it would do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from complaints import policies
from complaints.clock import Level, Levels
from complaints.models import ComplaintCategory, ComplaintPolicy, ServiceLevel
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast


@pytest.fixture(autouse=True)
def as_before(transactional_db: None) -> Iterator[None]:
    """Levels and policies are left from test to test."""
    levels = list(ServiceLevel.objects.all())
    categories = list(ComplaintCategory.objects.all())
    first = policies.policy_in_force()
    yield
    ServiceLevel.objects.all().delete()
    ServiceLevel.objects.bulk_create(levels)
    ComplaintCategory.objects.exclude(pk__in=[one.pk for one in categories]).delete()
    for one in categories:
        one.save()
    ComplaintPolicy.objects.exclude(pk=first.pk).delete()
    ComplaintPolicy.objects.filter(pk=first.pk).update(in_force=True)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_level_by_keyboard_with_its_effect(
    cast: Cast,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
    size: dict[str, int],
) -> None:
    page = signed_in(cast.ada, "/complaints/settings/", size=size)
    no_violations_in_light_and_dark()
    no_sideways_scroll(page)
    cell = page.locator("a[href='/complaints/settings/levels/B/quality/']")
    expect(cell).to_contain_text("from tier B")
    cell.focus()
    page.keyboard.press("Enter")
    response = page.get_by_label("First response within")
    response.fill("an hour")
    page.get_by_role("button", name="Show the effect").click()
    expect(page.get_by_text("Write working time, such as 90 min, 1.5 h or 2 d")).to_be_visible()
    response.fill("1 h")
    page.get_by_role("button", name="Show the effect").click()
    expect(page.get_by_text("No open complaint is concerned.")).to_be_visible()
    no_violations_in_light_and_dark()
    no_sideways_scroll(page)
    response.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Tier B, Quality below promise: first response within 1 h")
    assert Levels().of(tier="B", category="quality") == Level(60, 1440)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Taken back.")
    assert Levels().origin(tier="B", category="quality") == ("B", None)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_a_version_of_the_policy_with_its_effect(
    cast: Cast,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
    size: dict[str, int],
) -> None:
    page = signed_in(cast.ada, "/complaints/settings/policy/", size=size)
    page.get_by_label("Advise to accept claims up to").fill("250")
    page.get_by_role("button", name="Show the effect").click()
    expect(page.get_by_text("Nothing was decided in the last twelve months")).to_be_visible()
    expect(page.get_by_label("Advise to accept claims up to")).to_have_value("250")
    page.get_by_label("Why it is changed").fill("Small claims cost more than they are worth")
    page.get_by_role("button", name="Put in force as a new version").click()
    expect(page.get_by_role("heading", name="Version 2 is in force")).to_be_visible()
    no_violations_in_light_and_dark()
    no_sideways_scroll(page)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Version 1 is in force")).to_be_visible()
    expect(page.get_by_role("button", name="Put in force again")).to_be_visible()


def test_categories_are_ordered_by_keyboard_and_added(
    cast: Cast, signed_in: Callable[..., Page], no_violations_in_light_and_dark: Callable[[], None]
) -> None:
    page = signed_in(cast.ada, "/complaints/settings/categories/", size=PHONE)
    no_violations_in_light_and_dark()
    no_sideways_scroll(page)
    rows = page.locator(".rules a.row")
    expect(rows.first).to_have_text("Not what was ordered")
    page.locator("a.row[href='/complaints/settings/categories/late_delivery/']").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".toast").last).to_contain_text("Moved to place 2: Late delivery.")
    page.keyboard.press("Alt+ArrowUp")
    expect(rows.first).to_have_text("Late delivery")
    page.get_by_role("link", name="New category").click()
    page.get_by_role("textbox", name="Name").fill("late delivery")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("There is “Late delivery” already.")).to_be_visible()
    no_violations_in_light_and_dark()
    page.get_by_role("textbox", name="Name").fill("Wrong invoice")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".toast").last).to_contain_text("Added: Wrong invoice.")
    no_sideways_scroll(page)


def test_the_tabs_stay_above_a_long_list(cast: Cast, signed_in: Callable[..., Page]) -> None:
    ComplaintCategory.objects.bulk_create(
        ComplaintCategory(code=f"more_{number}", name=f"A further category, number {number}")
        for number in range(30)
    )
    page = signed_in(cast.ada, "/complaints/settings/", size=DESKTOP)
    for path in ("", "categories/"):
        page.goto(f"{page.url.split('/complaints/')[0]}/complaints/settings/{path}")
        tabs = page.get_by_role("navigation", name="Complaints, for admins")
        height = tabs.get_by_role("link", name="Policy").evaluate("link => link.offsetHeight")
        assert (tabs.bounding_box() or {"height": 0})["height"] >= height > 0
