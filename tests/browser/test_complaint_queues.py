"""The queues of complaints as people use them: the list by keys and selection, the board by drag, keys and menu."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Account
from complaints import clock
from complaints.models import Complaint, ComplaintStep
from tests.browser.conftest import PHONE, no_sideways_scroll, quiet
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory, DecisionFactory, QuestionFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2026, 10, 13, 7, 0, tzinfo=dt.UTC)  # 9:00 in Warsaw


def complain(
    account: Account, *states: str, hours: int = 1, question: bool = False, **fields: object
) -> Complaint:
    """A complaint filed so many hours before the test, that went through the states."""
    at = NOW - dt.timedelta(hours=hours)
    factory = QuestionFactory if question else ComplaintFactory
    one = factory(account=account, opened_at=at, opened_on=timezone.localdate(at), **fields)
    before = "new"
    for place, state in enumerate(states, 1):
        at_step = at + dt.timedelta(minutes=place)
        ComplaintStep.objects.create(complaint=one, from_state=before, to_state=state, at=at_step)
        before = state
    one.state = before
    one.save()
    clock.refresh(complaint_ids=[one.pk])
    one.refresh_from_db()
    return one


@pytest.fixture
def complained(cast: Cast) -> dict[str, Complaint]:
    """One in every state; the newest is at risk, the oldest is over time."""
    long = "A very long complaint about everything that was ever delivered, in detail. " * 4
    Account.objects.filter(pk=cast.acme.pk).update(open_complaints=3, tier="A")
    made = {
        "new": complain(cast.acme, hours=24, assignee=cast.rita, words=long),
        "question": complain(cast.brewery, question=True, assignee=None),
        "acknowledged": complain(cast.acme, "acknowledged", hours=20, assignee=cast.serge),
        "in_progress": complain(
            cast.brewery, "acknowledged", "in_progress", hours=24 * 14, assignee=cast.carl
        ),
        "waiting": complain(cast.quarry, "acknowledged", "waiting", hours=30, assignee=cast.otto),
        "decided": complain(cast.orphan, "acknowledged", "decided", outcome="accepted", assignee=cast.serge),
        "resolved": complain(cast.acme, "acknowledged", "decided", "resolved", assignee=cast.serge),
    }
    DecisionFactory(complaint=made["in_progress"], decided_by=cast.serge, approval="pending")
    return made


def column(page: Page, key: str, one: Complaint) -> object:
    return page.locator(f'.board-column[data-column="{key}"] #card-{one.pk}')


def test_the_list_by_keys_and_many_given_at_once(
    signed_in: Callable[..., Page],
    cast: Cast,
    complained: dict[str, Complaint],
    no_violations_in_light_and_dark: Callable[[], None],
    no_violations: Callable[[Page], None],
) -> None:
    page = signed_in(cast.serge)  # a service agent's day begins here
    expect(page.locator("h1")).to_have_text("Complaints")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(7)
    expect(rows.first).to_contain_text("over by")
    expect(rows.last).to_contain_text("in time")
    no_violations_in_light_and_dark()

    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-count=selected]")).to_have_text("2 selected")
    page.get_by_label("Give them to").select_option(label="Ada Example")
    no_violations(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator(".toast").last).to_contain_text("2 complaints and questions given to Ada Example.")
    expect(rows.nth(1)).to_contain_text("Ada Example")
    with page.expect_navigation():
        page.keyboard.press("z")
    expect(page.locator(".toast").last).to_contain_text("2 given back.")
    assert not Complaint.objects.filter(assignee=cast.ada).exists()

    page.get_by_role("link", name="Second person").click()
    expect(rows).to_have_count(1)
    page.wait_for_load_state()
    page.locator("#list-search").press_sequentially("nothing like it")
    expect(page.get_by_role("heading", name="No complaint matches")).to_be_visible()
    quiet(page)
    page.get_by_role("link", name="Show everything").click()
    expect(rows).to_have_count(7)
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/complaints/{complained['in_progress'].pk}/$"))
    page.wait_for_load_state()
    page.keyboard.press("q")
    expect(page.locator("h1")).to_have_text("Complaints")
    page.wait_for_load_state()
    page.keyboard.press("b")
    expect(page.locator(".board-column")).to_have_count(6)


def test_the_board_by_drag_keys_and_menu(
    signed_in: Callable[..., Page],
    cast: Cast,
    complained: dict[str, Complaint],
    no_violations_in_light_and_dark: Callable[[], None],
    no_violations: Callable[[Page], None],
) -> None:
    page = signed_in(cast.serge, "/complaints/board/")
    no_violations_in_light_and_dark()
    one = complained["new"]
    card = page.locator(f"#card-{one.pk}")

    # By drag, to where a single step leads; elsewhere it is refused in words.
    card.drag_to(page.locator("[data-column=in_progress]"), target_position={"x": 60, "y": 300})
    expect(column(page, "in_progress", one)).to_be_visible()  # type: ignore[arg-type]
    expect(page.locator(".toast").last).to_contain_text("Zakłady Acme S.A.: in progress.")
    card.drag_to(page.locator("[data-column=new]"), target_position={"x": 60, "y": 300})
    expect(page.locator(".toast").last).to_contain_text("Nothing becomes new again.")
    expect(column(page, "in_progress", one)).to_be_visible()  # type: ignore[arg-type]

    # By keys: walked by arrows, moved by Shift and an arrow, taken back by Z.
    card.locator(".board-name a").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(column(page, "waiting", one)).to_be_visible()  # type: ignore[arg-type]
    expect(card.locator(".board-name a")).to_be_focused()
    page.keyboard.press("Shift+ArrowLeft")
    expect(column(page, "in_progress", one)).to_be_visible()  # type: ignore[arg-type]
    with page.expect_navigation():
        page.keyboard.press("z")
    expect(column(page, "waiting", one)).to_be_visible()  # type: ignore[arg-type]
    page.keyboard.press("j")
    expect(page.locator(".board-name a").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#card-{complained['acknowledged'].pk} .board-name a")).to_be_focused()

    # By the menu of the card; it gives the card to somebody as well.
    page.keyboard.press("m")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    no_violations(page)
    with page.expect_navigation():
        dialog.get_by_role("button", name="Start work").click()
    expect(column(page, "in_progress", complained["acknowledged"])).to_be_visible()  # type: ignore[arg-type]
    page.locator(f"#card-{complained['question'].pk} [data-move-to]").click()
    dialog.locator("[name=assignee]").select_option(label="Serge Example")
    with page.expect_navigation():
        dialog.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator(f"#card-{complained['question'].pk}")).to_contain_text("Serge Example")

    # What needs a form leads to the complaint's page.
    decided = complained["decided"]
    with page.expect_navigation():
        page.locator(f"#card-{decided.pk}").drag_to(
            page.locator("[data-column=resolved]"), target_position={"x": 60, "y": 300}
        )
    expect(page).to_have_url(re.compile(f"/complaints/{decided.pk}/$"))


def test_on_a_phone(
    signed_in: Callable[..., Page],
    cast: Cast,
    complained: dict[str, Complaint],
    no_violations: Callable[[Page], None],
) -> None:
    page = signed_in(cast.serge, "/complaints/board/", size=PHONE)
    base = page.url.split("/complaints/")[0]
    page.get_by_role("link", name="Waiting for customer 1").click()
    expect(page.locator("#column-waiting")).to_be_in_viewport()
    acme = f"/accounts/{cast.acme.pk}"
    for path in ("/complaints/board/", "/complaints/", f"{acme}/complaints/", f"{acme}/log/"):
        page.goto(base + path)
        no_sideways_scroll(page)
        no_violations(page)
    expect(page.locator(".alerts .banner")).to_contain_text("3 complaints are open.")
