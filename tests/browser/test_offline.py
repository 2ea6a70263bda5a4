"""Logging without a connection, in a browser: kept, shown, sent once, kept through a sign-in, lost only when asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from contacts.models import FollowUp, Touchpoint
from contacts.planning import plan
from crm.team.models import User
from tests.browser.conftest import PHONE
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactRuleFactory, TouchpointFactory

DAY = dt.timedelta(days=1)
KEPT = "Kept on this device; sent when the connection is back."
CLOCK = """
  const Real = Date, ahead = %d - Real.now();
  Date = class extends Real {
    constructor(...given) { if (given.length) super(...given); else super(Date.now()); }
    static now() { return Real.now() + ahead; }
  };
"""
PAGES_KEPT = """async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith("pages-"));
  const keys = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return keys.flat().length;
}"""


@pytest.fixture
def calls(cast: Cast, today: dt.date, clock: None) -> list[FollowUp]:
    """Two calls of Rita that are due: to `acme`, then to a smaller account."""
    ContactRuleFactory(every_days=30, minutes=20)
    small = AccountFactory(owner=cast.rita, name="Tartak Bracia Kłos", code="TARTAK")
    for account, days in ((cast.acme, 46), (small, 40)):
        TouchpointFactory(account=account, user=cast.rita, day=today - days * DAY)
    plan(today=today, now=timezone.now(), account_ids=[cast.acme.pk, small.pk])
    FollowUp.objects.open().update(day=today)  # planning would level them over two days
    return list(FollowUp.objects.open().order_by("account_id"))


@pytest.fixture
def context(browser: Any, browser_context_args: dict[str, Any], today: dt.date, clock: None) -> Iterator[Any]:
    """A phone with a service worker; its clock agrees with the server's."""
    context = browser.new_context(**browser_context_args | {"service_workers": "allow", "viewport": PHONE})
    # Playwright's own clock would take the page's list of loaded files away.
    morning = dt.datetime.combine(today, dt.time(9, 5), ZoneInfo("Europe/Warsaw"))
    context.add_init_script(CLOCK % (morning.timestamp() * 1000))
    yield context
    context.close()


@pytest.fixture
def page(context: Any) -> Page:
    page: Page = context.new_page()
    return page


@pytest.fixture
def on_the_way(page: Page, cast: Cast, calls: list[FollowUp], signed_in: Callable[..., Page]) -> Page:
    """Rita has looked at Today while there was a connection; now there is none."""
    signed_in(cast.rita, "/today/")
    for _ in range(200):
        if page.evaluate(PAGES_KEPT) == 4:  # Today, what waits, and the two calls
            break
        page.wait_for_timeout(100)
    page.context.set_offline(True)
    return page


def log(page: Page, account: str, outcome: str = "New order") -> None:
    page.get_by_role("link", name=account).first.click()
    expect(page.locator("#open-name")).to_have_text(account)
    page.get_by_role("radio", name=outcome).check()
    page.get_by_role("button", name="Log and go on").click()
    expect(page.locator(".kept-here")).to_contain_text(KEPT)


def logged() -> list[tuple[str, str]]:
    rows = Touchpoint.objects.filter(day__gte="2026-10-13").order_by("pk")
    return list(rows.values_list("account__name", "outcome"))


def as_user(page: Page, user: User, url: str) -> None:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])


def test_in_a_cellar_it_is_written_down_and_sent_once_when_the_connection_is_back(
    on_the_way: Page, no_violations_in_light_and_dark: Callable[[], None]
) -> None:
    page = on_the_way
    page.reload()
    expect(page.locator("#device-says")).to_contain_text("No connection: this is as of 09:0")
    log(page, "Zakłady Acme S.A.")
    page.locator(".kept-here").get_by_role("link", name="Today").click()
    expect(page.locator(".queue tr", has_text="Zakłady Acme")).to_contain_text("Waits to be sent")
    expect(page.get_by_role("link", name="To be sent")).to_contain_text("1")
    log(page, "Tartak Bracia Kłos", "Nothing")
    page.goto(page.url.split("/today/")[0] + "/accounts/")  # a page that is not kept
    expect(page.locator("[data-elsewhere]")).to_be_visible()
    expect(page.locator(".waiting-item")).to_have_count(2)
    no_violations_in_light_and_dark()
    assert logged() == []

    page.context.set_offline(False)
    expect(page.locator("[data-waiting]").first).to_be_hidden()
    # Each once; in which order they arrive, a connection that comes and goes decides.
    assert sorted(logged()) == [("Tartak Bracia Kłos", "nothing"), ("Zakłady Acme S.A.", "new_order")]
    assert FollowUp.objects.open().filter(day__lte="2026-10-13").count() == 0


def test_an_expired_sign_in_keeps_it_and_nobody_else_sends_it(
    on_the_way: Page, cast: Cast, live_server: Any
) -> None:
    page = on_the_way
    log(page, "Zakłady Acme S.A.")
    Session.objects.all().delete()
    page.context.set_offline(False)
    expect(page.locator("#device-says")).to_contain_text("1 contact waits: sign in to send it")
    as_user(page, cast.mona, live_server.url)
    page.goto(f"{live_server.url}/offline/")
    expect(page.get_by_text("1 contact of somebody else waits on this device.")).to_be_visible()
    expect(page.locator(".waiting-item")).to_have_count(0)
    assert "Zakłady" not in page.locator("main").inner_text()
    assert logged() == []
    page.context.set_offline(True)
    page.goto(f"{live_server.url}/today/")  # hers alone are gone from the device
    expect(page.locator("[data-elsewhere]")).to_be_visible()
    as_user(page, cast.rita, live_server.url)
    page.context.set_offline(False)  # the page, which is not kept, loads itself anew
    expect(page.locator(".toast")).to_contain_text("Logged: Zakłady Acme S.A., new order.")
    expect(page.locator("[data-waiting]").first).to_be_hidden()
    assert logged() == [("Zakłady Acme S.A.", "new_order")]


def test_what_the_server_refuses_is_kept_and_corrected(on_the_way: Page) -> None:
    page = on_the_way
    page.get_by_role("link", name="Zakłady Acme S.A.").first.click()
    page.get_by_role("radio", name="New order").check()
    page.get_by_label("I promised").fill("Send sizing")
    page.get_by_role("button", name="Log and go on").click()
    page.context.set_offline(False)
    page.goto(page.url.split("/today/")[0] + "/offline/")
    expect(page.locator(".waiting-item")).to_contain_text("By when was it promised?")
    page.get_by_role("link", name="Correct").click()
    expect(page.get_by_label("I promised")).to_have_value("Send sizing")
    page.get_by_label("Promised by").fill("2026-10-20")
    page.get_by_role("button", name="Log and go on").click()
    expect(page.locator(".toast")).to_contain_text("Logged")
    expect(page.locator("[data-waiting]").first).to_be_hidden()
    assert logged() == [("Zakłady Acme S.A.", "new_order")]


def test_signing_out_asks_first_and_takes_everything_along(
    on_the_way: Page, no_violations_in_light_and_dark: Callable[[], None], live_server: Any
) -> None:
    page = on_the_way
    log(page, "Zakłady Acme S.A.")
    page.context.route("**/today/**", lambda route: route.abort())  # there, but not for what waits
    page.context.set_offline(False)
    page.goto(f"{live_server.url}/me/")
    page.get_by_role("button", name="Sign out").click()
    dialog = page.get_by_role("dialog", name="1 contact is not sent yet")
    expect(dialog).to_be_visible()
    no_violations_in_light_and_dark()
    dialog.get_by_role("button", name="Stay").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Sign out").click()
    dialog.get_by_role("button", name="Sign out and lose them").click()
    expect(page).to_have_url(f"{live_server.url}/account/login/")
    left = page.evaluate("async () => (await caches.keys()).filter((name) => name.startsWith('pages-'))")
    assert left == []
    expect(page.locator("#device-says")).to_be_hidden()  # nothing waits any more
    assert logged() == []
