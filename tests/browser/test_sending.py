"""The own page in a browser: a calendar address is made and copied; and a customer is invited. axe finds nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from playwright.sync_api import Page, expect

from contacts.models import CalendarFeed, Invitation
from tests.browser.conftest import PHONE
from tests.support.cast import Cast
from tests.support.factories import ContactPersonFactory, FollowUpFactory


def test_a_calendar_address_and_an_invitation(
    cast: Cast,
    page: Page,
    today: dt.date,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
) -> None:
    ContactPersonFactory(account=cast.acme, name="Anna Nowak", email="anna@acme.example", is_main=True)
    visit = FollowUpFactory(
        account=cast.acme,
        assignee=cast.rita,
        channel="visit",
        day=today + dt.timedelta(days=1),
        time=dt.time(9, 30),
        state="booked",
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in(cast.rita, "/me/", size=PHONE)
    page.get_by_role("button", name="Make an address").click()
    page.bring_to_front()  # only a page in front may write to the clipboard
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#feed-address").inner_text()
    no_violations(page)
    page.get_by_text("One after another from 08:00").click()
    expect(page.locator(".toast")).to_contain_text("Kept.")
    assert not CalendarFeed.objects.get().all_day
    page.goto(page.url.split("/me/")[0] + f"/today/{visit.pk}/")
    page.get_by_role("button", name="Invite Anna Nowak").click()
    expect(page.get_by_text("anna@acme.example was invited")).to_be_visible()
    no_violations(page)
    assert Invitation.objects.get().email == "anna@acme.example"
