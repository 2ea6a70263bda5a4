"""Today as people use it: three clicks, the keyboard, a phone, a double press, undo (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from contacts.models import FollowUp, Touchpoint
from contacts.planning import plan
from crm.team.models import User
from tests.browser.conftest import PHONE, no_sideways_scroll
from tests.support.cast import Cast
from tests.support.factories import (
    AccountFactory,
    ContactPersonFactory,
    ContactRuleFactory,
    TouchpointFactory,
)

DAY = dt.timedelta(days=1)


@pytest.fixture
def calls(cast: Cast, today: dt.date, clock: None) -> list[FollowUp]:
    """Two calls of Rita that are due: to `acme` (46 of 30 days), then to a smaller account (40 of 30 days)."""
    ContactRuleFactory(every_days=30, minutes=20, talking_points="Ask about line 2.")
    small = AccountFactory(owner=cast.rita, name="Tartak Bracia Kłos", code="TARTAK")
    for account, days in ((cast.acme, 46), (small, 40)):
        ContactPersonFactory(account=account, is_main=True, phone="+48 600 100 200", email="anna@example.com")
        TouchpointFactory(account=account, user=cast.rita, day=today - days * DAY)
    plan(today=today, now=timezone.now(), account_ids=[cast.acme.pk, small.pk])
    FollowUp.objects.open().update(day=today)  # planning would level them over two days
    return list(FollowUp.objects.open().order_by("account_id"))


def logged() -> list[Touchpoint]:
    """What was logged since the day began, and not taken back."""
    return list(Touchpoint.objects.live().filter(day=dt.date(2026, 10, 13)))


def press(page: Page, key: str) -> None:
    """Press a key once the page listens to it."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def rows(page: Page) -> Any:
    return page.locator(".queue a.row")


def test_a_rep_signs_in_logs_in_three_clicks_and_sees_why_the_next_one_is_due(
    cast: Cast, calls: list[FollowUp], sign_in: Callable[[User], Page]
) -> None:
    page = sign_in(cast.rita)
    expect(page.locator("#open-name")).to_have_text("Zakłady Acme S.A.")  # the first stands open on a desk
    assert page.locator("[name=outcome]:checked").count() == 0
    page.get_by_role("link", name="Zakłady Acme S.A.").first.click()
    page.get_by_role("radio", name="New order").check()
    page.get_by_role("button", name="Log and go on").click()
    expect(page.locator("#open-name")).to_have_text("Tartak Bracia Kłos")
    expect(page.locator(".toast")).to_contain_text("Logged: Zakłady Acme S.A., new order.")
    assert [(t.outcome, t.minutes) for t in logged()] == [("new_order", 20)]

    page.goto(page.url.split("/today/")[0] + cast.acme.get_absolute_url() + "timeline/")
    expect(page.locator(".timeline").first).to_contain_text("New order · 20 min")
    reckoning = page.locator(".side .reckoning").first
    expect(reckoning).to_contain_text("Last phone call that reached them, by you")
    expect(reckoning).to_contain_text("+ 30 days")
    expect(reckoning).to_contain_text("Thu 12 Nov")


def test_a_late_answer_for_the_open_row_keeps_what_was_begun(
    cast: Cast, calls: list[FollowUp], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.rita, "/today/")
    expect(page.locator("#open-name")).to_have_text("Zakłady Acme S.A.")
    held: list[Route] = []
    opened = re.compile(r"/today/\d+/$")
    page.route(opened, lambda route: held.append(route))
    page.get_by_role("link", name="Zakłady Acme S.A.").first.click()
    page.get_by_role("radio", name="New order").check()
    with page.expect_response(opened):
        held[0].continue_()
    page.wait_for_timeout(300)  # for what must not happen there is nothing to wait for
    assert page.get_by_role("radio", name="New order").is_checked()


def test_the_keyboard_does_all_of_it(
    cast: Cast, calls: list[FollowUp], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.rita, "/today/")
    expect(page.locator("#open-name")).to_have_text("Zakłady Acme S.A.")
    press(page, "j")
    press(page, "Enter")
    expect(page.locator("#open-name")).to_have_text("Tartak Bracia Kłos")
    expect(page).to_have_url(re.compile(r"/today/\d+/$"))
    press(page, "5")
    expect(page.locator("[name=minutes]")).to_have_value("5")  # who is not reached takes a few minutes
    press(page, "2")
    expect(page.locator("[name=minutes]")).to_have_value("20")
    press(page, "Enter")
    expect(page.locator("#open-name")).to_have_text("Zakłady Acme S.A.")
    assert [t.outcome for t in logged()] == ["new_information"]
    press(page, "z")
    expect(page.locator(".toast")).to_contain_text("Taken back")
    expect(page.locator("#open-name")).to_have_text("Tartak Bracia Kłos")
    assert logged() == []
    press(page, "s")
    expect(page.get_by_role("dialog", name="Snooze until")).to_be_visible()
    press(page, "Enter")
    expect(page.locator(".toast").last).to_contain_text("Tartak Bracia Kłos: snoozed until Wed 14 Oct.")
    press(page, "z")
    expect(page.locator("#open-name")).to_have_text("Tartak Bracia Kłos")
    press(page, "x")
    page.keyboard.type("On holiday")
    press(page, "Enter")
    expect(page.locator(".toast").last).to_contain_text("Tartak Bracia Kłos: skipped.")
    assert FollowUp.objects.filter(state="skipped").get().skip_reason == "On holiday"


def test_the_row_that_is_marked_opens_and_takes_the_keys(
    cast: Cast, calls: list[FollowUp], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.rita, "/today/")
    expect(page.locator("#open-name")).to_have_text("Zakłady Acme S.A.")
    press(page, "j")
    expect(page.locator("#open-name")).to_have_text("Tartak Bracia Kłos")  # no Enter needed
    expect(page.locator(".queue a.row[aria-current]")).to_have_text("Tartak Bracia Kłos")
    expect(rows(page).nth(1)).to_be_focused()

    opened = re.compile(r"/today/\d+/$")
    held: list[Route] = []
    page.route(opened, lambda route: held.append(route))
    press(page, "k")
    press(page, "4")  # for Acme, while the other one is still open
    press(page, "Enter")
    expect(page.locator(".queue a.row.htmx-request")).to_have_count(1)
    assert page.locator("[name=outcome]:checked").count() == 0
    with page.expect_response(opened):
        held[0].continue_()
    page.unroute(opened)
    expect(page.locator("#open-name")).to_have_text("Zakłady Acme S.A.")
    expect(page.get_by_role("radio", name="Nothing")).to_be_checked()
    press(page, "Enter")
    expect(page.locator(".toast")).to_contain_text("Logged: Zakłady Acme S.A., nothing.")
    assert [(t.account, t.outcome) for t in logged()] == [(cast.acme, "nothing")]


def test_pressed_twice_it_is_logged_once(
    cast: Cast, calls: list[FollowUp], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.rita, f"/today/{calls[0].pk}/")
    page.get_by_role("radio", name="Nothing").check()
    page.get_by_role("button", name="Log and go on").dblclick()
    expect(page.locator("#open-name")).to_have_text("Tartak Bracia Kłos")
    page.go_back()
    if page.locator(
        "[name=outcome]"
    ).count():  # the browser may bring the old form back: it is the same contact
        page.get_by_role("radio", name="Nothing").check()
        page.get_by_role("button", name="Log and go on").click()
        page.wait_for_load_state()
    assert Touchpoint.objects.filter(follow_up=calls[0]).count() == 1


def test_what_is_wrong_is_said_in_place(
    cast: Cast, calls: list[FollowUp], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.rita, f"/today/{calls[0].pk}/")
    press(page, "1")
    page.get_by_label("Note").fill("Line 2 approved")
    page.get_by_label("I promised").fill("Send sizing")
    page.get_by_role("button", name="Log and go on").click()
    expect(page.get_by_text("By when was it promised?")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("Line 2 approved")
    page.get_by_label("Promised by").fill("2026-10-20")
    page.get_by_role("button", name="Log and go on").click()
    expect(page.locator(".toast")).to_contain_text("Logged")
    (made,) = logged()
    assert made.promises.get().words == "Send sizing"


def test_another_day_unfolds_only_when_it_is_chosen(
    cast: Cast, calls: list[FollowUp], signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.rita, f"/today/{calls[0].pk}/")
    press(page, "1")
    expect(page.get_by_label("Next step")).to_be_hidden()
    expect(page.locator("[name=next]")).to_contain_text("By plan: phone on Thu 12 Nov")
    page.locator("[name=next]").select_option("day")
    page.get_by_label("Next step").fill("Show the line")
    page.locator("[name=next_day]").fill("2026-10-22")
    page.get_by_role("button", name="Log and go on").click()
    expect(page.locator(".toast")).to_be_visible()
    assert FollowUp.objects.get(items__reason="manual").day == dt.date(2026, 10, 22)


def test_on_a_phone_the_list_and_the_open_one_are_pages_of_their_own(
    cast: Cast, calls: list[FollowUp], signed_in: Callable[..., Page], no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.rita, "/today/", size=PHONE)
    expect(rows(page)).to_have_count(2)
    expect(page.locator("#open")).to_be_hidden()
    no_sideways_scroll(page)
    no_violations(page)
    rows(page).first.click()
    expect(page.locator("#open-name")).to_be_visible()
    expect(page.locator("#list")).to_be_hidden()
    last = page.get_by_role(
        "radio", name="Unwelcome"
    )  # all six are in sight without scrolling, the history below them
    below = page.locator(".log > .buttons").bounding_box()["y"]
    assert last.locator("..").bounding_box()["y"] < below
    assert page.locator(".timeline").bounding_box()["y"] > last.bounding_box()["y"]
    expect(page.get_by_role("link", name="Call")).to_have_attribute("href", "tel:+48600100200")
    no_sideways_scroll(page)
    page.get_by_role("radio", name="Relationship only").check()
    no_violations(page)
    page.get_by_role("button", name="Log and go on").click()
    expect(page.locator("#open-name")).to_have_text("Tartak Bracia Kłos")
    page.wait_for_load_state()
    toast, bar = page.locator(".toast").bounding_box(), page.locator(".log > .buttons").bounding_box()
    assert toast["y"] + toast["height"] <= bar["y"]
    page.locator(".back").click()
    expect(rows(page).first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(
    cast: Cast,
    calls: list[FollowUp],
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
    theme: Any,
) -> None:
    TouchpointFactory(account=cast.acme, user=cast.rita, day=dt.date(2026, 10, 13))
    page = signed_in(cast.rita, "/today/")
    page.emulate_media(color_scheme=theme)
    expect(page.locator("#open-name")).to_be_visible()
    no_violations(page)
    press(page, "1")
    page.locator("[name=next]").select_option("day")
    page.locator(".line-more summary").click()
    no_violations(page)
    page.get_by_role("button", name="Reschedule").click()
    no_violations(page)
    for path in ("/log/?q=acme", f"/accounts/{cast.acme.pk}/log/", f"/accounts/{cast.acme.pk}/timeline/"):
        page.goto(page.url.split("/today/")[0].split("/log/")[0].split("/accounts/")[0] + path)
        no_violations(page)


def test_without_a_script_all_of_it_works(
    cast: Cast, calls: list[FollowUp], live_server: Any, browser: Any, browser_context_args: dict[str, Any]
) -> None:
    client = Client()
    client.force_login(cast.rita, backend=settings.AUTHENTICATION_BACKENDS[-1])
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/today/")
    rows(page).first.click()
    page.get_by_role("radio", name="New order").check()
    page.get_by_role("button", name="Log and go on").click()
    expect(page.locator(".toast")).to_contain_text("Logged")
    page.get_by_role("button", name="Snooze").click()
    page.get_by_role("button", name="Next week").click()
    expect(page.locator(".toast").last).to_contain_text("snoozed until Mon 19 Oct.")
    context.close()
    assert len(logged()) == 1
