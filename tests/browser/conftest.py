"""Chromium against a running server. Every test in this folder is a browser test.

`browse` gives a page of a chosen size with the day of the test on the server's clock; `sign_in` and `signed_in` open
it for one of the cast; `no_violations` runs axe.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, expect

from crm.team.models import User
from tests.support.cast import PASSWORD

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
HERE = Path(__file__).parent
DESKTOP = {"width": 1440, "height": 900}
LAPTOP = {"width": 1024, "height": 768}
PHONE = {"width": 390, "height": 844}
PATIENCE = 40_000  # ms until something that must come is missed; what comes is not waited for any longer
# Two frames after every transition has ended: colours are then those of the scheme, not halfway between two.
SETTLED = """async () => {
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
}"""

expect.set_options(timeout=PATIENCE)
# Playwright keeps an event loop in this thread; Django would refuse to touch the database beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder `browser`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


def quiet(page: Page) -> None:
    """Wait until nothing is being swapped any more: htmx sets attributes again a moment after the words show."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)


def no_sideways_scroll(page: Page) -> None:
    """Fail where the page is wider than its window, once its styles are there: they come after its words."""
    page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium; it runs as root in a container, where its sandbox cannot start."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A desk, in English, without animations that a test would have to wait for.

    Without a service worker as well: it would answer in the place of routes. Tests of it make a context of their own.
    """
    return {
        **browser_context_args,
        "viewport": DESKTOP,
        "locale": "en-GB",
        "reduced_motion": "reduce",
        "service_workers": "block",
    }


@pytest.fixture
def clock(today: dt.date) -> Iterator[None]:
    """The server's clock stands at 9:00 in Warsaw on the day of the tests, and runs on."""
    morning = dt.datetime.combine(today, dt.time(9), ZoneInfo("Europe/Warsaw"))
    with time_machine.travel(morning, tick=True):
        yield


@pytest.fixture
def sign_in(page: Page, live_server: Any, clock: None) -> Callable[[User], Page]:
    """Sign a user of the cast in through the sign-in form; gives the page where the day starts."""

    def through_the_form(user: User) -> Page:
        page.goto(f"{live_server.url}/")
        page.locator("[name=login]").fill(user.email)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("form button[data-kind=primary]").click()
        page.wait_for_load_state()
        return page

    return through_the_form


@pytest.fixture
def signed_in(page: Page, live_server: Any, clock: None) -> Callable[..., Page]:
    """A user's session without the form; gives the page, at `path` ("/" by default) in a window of `size`."""

    def by_session(user: User, path: str = "/", *, size: dict[str, int] | None = None) -> Page:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session.value, "url": live_server.url}]
        )
        if size:
            page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(f"{live_server.url}{path}")
        return page

    return by_session


@pytest.fixture(autouse=True)
def console_errors(page: Page) -> Iterator[list[str]]:
    """A script error, or anything the content security policy refused, fails the test."""
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # A 4xx answer is the test's own affair; the browser says so here.
        if message.type == "error" and "Failed to load resource" not in message.text:
            said.append(message.text)

    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", listen)
    yield said
    assert not said


@pytest.fixture
def no_violations(console_errors: list[str]) -> Callable[[Page], None]:
    """Fail with axe's own words where a page breaks a rule of WCAG 2.2 A or AA, or a best practice."""

    def check(page: Page) -> None:
        assert not console_errors
        page.wait_for_load_state()
        page.evaluate(SETTLED)
        # Without preload: axe would fetch the style sheets again and set them inline, which the policy refuses.
        found = Axe().run(page, options={"preload": False})
        assert found.violations_count == 0, found.generate_report()
        page.evaluate("1")  # lets the messages arrive that axe itself causes (it writes inline styles)
        console_errors.clear()

    return check


@pytest.fixture
def no_violations_in_light_and_dark(
    no_violations: Callable[[Page], None], page: Page, console_errors: list[str]
) -> Callable[[], None]:
    """All rules in light, then in dark those that look at colours: no other can tell the two apart."""

    def check() -> None:
        page.emulate_media(color_scheme="light")
        no_violations(page)
        page.emulate_media(color_scheme="dark")
        page.evaluate(SETTLED)
        found = Axe().run(
            page, options={"preload": False, "runOnly": ["color-contrast", "link-in-text-block"]}
        )
        assert found.violations_count == 0, found.generate_report()
        page.evaluate("1")  # as above
        console_errors.clear()
        page.emulate_media(color_scheme="light")

    return check
