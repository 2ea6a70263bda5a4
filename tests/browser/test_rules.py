"""An admin sees the effect of a rule before saving it, and moves a rule by the keyboard; axe finds nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from contacts import planning
from contacts.models import ContactRule
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactRuleFactory, TouchpointFactory


@pytest.mark.parametrize(("scheme", "size"), [("dark", DESKTOP), ("light", PHONE)], ids=["dark", "phone"])
def test_the_effect_before_saving_and_the_order_by_keyboard(
    cast: Cast,
    today: dt.date,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
    scheme: str,
    size: dict[str, int],
) -> None:
    first = ContactRuleFactory(tiers="A", every_days=30, minutes=30, priority=1)
    second = ContactRuleFactory(every_days=90, priority=2)
    cast.rita.weekly_contact_minutes = 60
    cast.rita.save()
    for number in range(8):
        account = AccountFactory(owner=cast.rita, tier="A")
        TouchpointFactory(account=account, user=cast.rita, day=today - dt.timedelta(days=20 + number))
    planning.plan(today=today, now=dt.datetime.combine(today, dt.time(8), tzinfo=dt.UTC))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    signed_in(cast.ada, f"/rules/{first.pk}/", size=size)
    page.get_by_label("Contacts a quarter").fill("9")
    expect(page.get_by_label("Every, days")).to_have_value("10")
    effect = page.locator("#effect")
    expect(effect).to_contain_text("8 change")
    expect(effect).to_contain_text("overfull")
    no_violations(page)
    no_sideways_scroll(page)
    assert ContactRule.objects.get(pk=first.pk).every_days == 30
    page.get_by_role("button", name="Save the rule").click()
    expect(page.locator(".toast")).to_contain_text("Saved")
    assert ContactRule.objects.get(pk=first.pk).every_days == 10

    page.goto(f"{page.url.split('/rules/')[0]}/rules/")
    page.locator(f"a.row[href='/rules/{second.pk}/']").focus()
    page.keyboard.press("Alt+ArrowUp")
    toast = page.locator(".toast").last
    expect(toast).to_contain_text("Moved to place 1")
    expect(page.locator(".rules a.row").first).to_have_attribute("href", f"/rules/{second.pk}/")
    expect(page.get_by_label("Move rule 1 down")).to_be_focused()
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".rules a.row").first).to_have_attribute("href", f"/rules/{first.pk}/")
    no_violations(page)

    page.goto(f"{page.url.split('/rules/')[0]}/workload/")
    expect(page.locator(".heat-table")).to_contain_text("Rita Example")
    no_violations(page)
    no_sideways_scroll(page)
    page.get_by_role("link", name="Rita Example").click()
    expect(page.get_by_role("heading", name="What would relieve it")).to_be_visible()
    no_violations(page)
