"""The week as people use it: a card is dragged, moved by keys, and comes back (docs/domain.md, 5.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from playwright.sync_api import Page, expect

from contacts.models import FollowUp
from tests.browser.conftest import PHONE, no_sideways_scroll
from tests.support.cast import Cast
from tests.support.factories import AgendaItemFactory, FollowUpFactory

DAY = dt.timedelta(days=1)


def column(page: Page, day: dt.date) -> str:
    return f'.week-day[data-day="{day.isoformat()}"]'


def test_a_card_is_dragged_moved_by_keys_and_comes_back(
    cast: Cast,
    today: dt.date,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
    no_violations: Callable[[Page], None],
) -> None:
    visit = FollowUpFactory(
        account=cast.acme, assignee=cast.rita, day=today, channel="visit", time=dt.time(10), state="booked"
    )
    overdue = FollowUpFactory(account=cast.acme, assignee=cast.rita, day=today - 4 * DAY)
    AgendaItemFactory(account=cast.acme, follow_up=overdue, due=overdue.day, words="Ask about line 2")
    FollowUpFactory(account=cast.acme, assignee=cast.carl, day=today + DAY)
    page = signed_in(cast.rita, "/today/week/")
    expect(page.locator("[data-overdue] .week-card")).to_have_count(1)
    no_violations_in_light_and_dark()

    thursday, friday = today + 2 * DAY, today + 3 * DAY
    card = page.locator(f"#card-{overdue.pk}")
    card.drag_to(page.locator(column(page, thursday)), target_position={"x": 60, "y": 250})
    expect(page.locator(column(page, thursday)).locator(f"#card-{overdue.pk}")).to_be_visible()
    expect(page.locator(".toast").last).to_contain_text("moved to Thu 15 Oct. Carl Example has a contact")

    page.locator(f"#open-{visit.pk}").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(column(page, today + DAY)).locator(f"#card-{visit.pk}")).to_be_visible()
    expect(page.locator(f"#open-{visit.pk}")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#open-{overdue.pk}")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(column(page, friday)).locator(f"#card-{overdue.pk}")).to_be_visible()
    visit.refresh_from_db()
    assert (visit.day, visit.time) == (today + DAY, dt.time(10))

    with page.expect_navigation():  # the page comes anew; before its scripts have, a link is a plain link
        page.keyboard.press("z")  # the newest: Friday is Thursday again
    expect(page.locator(column(page, thursday)).locator(f"#card-{overdue.pk}")).to_be_visible()
    assert FollowUp.objects.get(pk=overdue.pk).day == thursday

    page.locator(f"#card-{overdue.pk} [data-move-to]").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    no_violations(page)
    page.get_by_role("dialog").get_by_role("button", name="Mon 19 Oct").click()
    expect(page.locator(f"#card-{overdue.pk}")).to_have_count(0)
    page.get_by_role("link", name="Next week").click()
    expect(page.locator(f"#card-{overdue.pk}")).to_be_visible()

    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for path in ("/today/week/", "/today/day/", "/attainment/", f"/today/{visit.pk}/brief/"):
        page.goto(page.url.split("/today/")[0].split("/attainment/")[0] + path)
        no_sideways_scroll(page)
        no_violations(page)
