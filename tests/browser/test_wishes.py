"""Wishes in the browser: written down, and held against what one chooses (docs/domain.md, 5.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from playwright.sync_api import Page, expect

from contacts.models import ContactWish
from tests.browser.conftest import PHONE
from tests.support.cast import Cast
from tests.support.factories import (
    AgendaItemFactory,
    ContactRuleFactory,
    FollowUpFactory,
    TouchpointFactory,
)


def test_a_wish_is_written_down_and_held_against_what_one_chooses(
    cast: Cast,
    today: dt.date,
    clock: None,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
) -> None:
    ContactRuleFactory(every_days=30)
    TouchpointFactory(account=cast.acme, user=cast.rita, day=today - dt.timedelta(days=46))
    call = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today, moved_by_hand=True)
    AgendaItemFactory(account=cast.acme, follow_up=call, words="Ask about line 2")
    AgendaItemFactory(
        account=cast.acme, follow_up=call, words="", reason="cadence", source="phone", due=today
    )
    page = signed_in(cast.rita, f"/accounts/{cast.acme.pk}/wishes/", size=PHONE)
    no_violations(page)
    page.get_by_role("group", name="Visit").get_by_text("Do not use").click()
    page.get_by_text("Mon", exact=True).click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("written down")
    assert ContactWish.objects.get().forbidden_channels == ["visit"]

    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{page.url.split('/accounts/')[0]}/today/{call.pk}/")
    log = page.locator("#log")
    log.get_by_role("radio", name="Relationship only").check()
    regular = log.get_by_label("Regular call")
    expect(regular).to_be_checked()
    expect(log.locator(".caution:visible")).to_have_count(0)
    log.get_by_label("Channel", exact=True).select_option("visit")
    expect(log.locator(".caution:visible")).to_have_text("Against their wishes: never a visit.")
    log.get_by_label("Channel", exact=True).select_option("email")
    expect(log.locator(".caution:visible")).to_have_count(0)
    expect(regular).not_to_be_checked()  # an e-mail does not stand for the call
    no_violations(page)
