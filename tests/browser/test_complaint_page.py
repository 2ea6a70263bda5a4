"""A complaint's page in a browser: worked from by keyboard, by an agent and a manager, on a desk and a phone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from complaints.filing import Filed, file_complaint
from complaints.models import Complaint, ComplaintCategory, ComplaintMessage
from contacts.models import AgendaItem
from tests.browser.conftest import PHONE, no_sideways_scroll
from tests.support.cast import Cast
from tests.support.factories import (
    AccountFactory,
    ComplaintFactory,
    ContactPersonFactory,
    ProductFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

FILED = dt.datetime(2026, 10, 13, 6, 30, tzinfo=dt.UTC)  # half an hour before the clock of these tests


@pytest.fixture
def complaint(cast: Cast, clock: None) -> Complaint:
    """A faulty pump at Acme, which others bought too."""
    pump = ProductFactory(name="Centrifugal pump")
    line = PurchaseLineFactory(purchase=PurchaseFactory(account=cast.acme), product=pump)
    for number in range(3):
        other = AccountFactory(name=f"Buyer {number}", owner=cast.rita, sales_12m_cents=number)
        PurchaseLineFactory(purchase=PurchaseFactory(account=other), product=pump)
    ComplaintFactory(account=cast.brewery, product=pump, number="R-LIKE", outcome="accepted")
    return file_complaint(
        account=cast.acme,
        filed=Filed(
            category=ComplaintCategory.objects.get(pk="quality"),
            words="Two of the pumps leak at the flange.",
            wanted="New ones by Thursday.",
            person=ContactPersonFactory(
                account=cast.acme, name="Anna Nowak", phone="+48 600 100 200", email="anna@acme.example"
            ),
            channel="phone",
            purchase=line.purchase,
            lines=[line],
            claim_cents=150_000,
        ),
        uuid=uuid.uuid4(),
        actor=cast.serge,
        today=FILED.date(),
        now=FILED,
    )


def at(complaint: Complaint) -> str:
    return f"/complaints/{complaint.pk}/"


def press(page: Page, key: str) -> None:
    """Press a key once the page that an act led to listens to it."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def state(page: Page, words: str) -> None:
    expect(page.locator(".states .badge").first).to_have_text(words)


def test_from_the_first_call_to_opening_again_by_keyboard(
    cast: Cast, complaint: Complaint, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.serge, at(complaint))
    expect(page.get_by_text("in 7 h 30 min")).to_be_visible()
    press(page, "i")  # an internal note: the key leads to its words
    page.keyboard.type("Asked the warehouse")
    press(page, "Control+Enter")
    expect(page.locator(".happened [data-kind=internal]")).to_contain_text("Asked the warehouse")
    press(page, "a")
    state(page, "Acknowledged")
    expect(page.locator(".toast")).to_contain_text("acknowledged")
    press(page, "z")
    state(page, "New")
    press(page, "a")
    state(page, "Acknowledged")

    press(page, "4")  # rejected, without a reason
    press(page, "d")
    expect(page.get_by_text("Say why it is rejected: the customer will ask.")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_focused()
    press(page, "Escape")
    press(page, "1")
    press(page, "d")
    expect(page.get_by_role("heading", name="Waits for a second person")).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)

    page = signed_in(cast.mona, at(complaint))
    expect(page.get_by_text("Accepted, 1,500.00 €").first).to_be_visible()
    press(page, "f")
    expect(page.get_by_text("Say why you do not agree.")).to_be_visible()
    press(page, "Escape")
    press(page, "y")
    state(page, "Decided")

    press(page, "1")
    page.get_by_label("Root cause").select_option("product_fault")
    press(page, "Escape")
    press(page, "r")
    state(page, "Resolved")
    expect(page.get_by_text("4 other accounts bought it in 24 months")).to_have_count(0)
    expect(page.get_by_text("3 other accounts bought it in 24 months.")).to_be_visible()
    press(page, "e")
    state(page, "Closed")
    press(page, "3")
    press(page, "p")
    expect(page.locator(".toast").last).to_contain_text("Open it again if something is left to do.")
    page.get_by_placeholder("Why it is opened again").fill("Leaks again")
    press(page, "Escape")
    press(page, "o")
    state(page, "Reopened")
    found = Complaint.objects.get(pk=complaint.pk)
    assert (found.state, found.solved, found.granted_cents) == ("reopened", "", 150_000)
    assert set(ComplaintMessage.objects.values_list("kind", flat=True)) == {"internal", "heard"}


def test_accessible_in_light_and_dark(
    cast: Cast,
    complaint: Complaint,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
) -> None:
    page = signed_in(cast.ada, at(complaint))
    page.get_by_label("Message").fill("We look into it.")
    page.get_by_role("button", name="Write it down").click()
    press(page, "2")
    press(page, "d")  # in part, and no amount
    expect(page.get_by_text("Write how much is granted")).to_be_visible()
    no_violations_in_light_and_dark()


def test_on_a_phone(
    cast: Cast, complaint: Complaint, signed_in: Callable[..., Page], no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(cast.rita, at(complaint), size=PHONE)
    expect(page.get_by_role("link", name="Call Anna Nowak")).to_be_in_viewport()
    no_sideways_scroll(page)
    no_violations(page)
    page.get_by_role("button", name="Acknowledge").click()
    state(page, "Acknowledged")


def test_who_else_bought_it_gets_a_call(
    cast: Cast,
    complaint: Complaint,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
) -> None:
    page = signed_in(cast.rita, at(complaint))
    page.get_by_role("link", name="3 other accounts bought it").click()
    expect(page.locator("tbody a.row")).to_have_text(["Buyer 2", "Buyer 1", "Buyer 0"])
    page.get_by_role("checkbox", name="Select Buyer 1").check()
    expect(page.locator("#bulk")).to_contain_text("1 selected")
    page.get_by_role("button", name="Put a call on the owner’s queue").click()
    expect(page.locator(".toast")).to_contain_text("1 call is on its owner's queue.")
    expect(page.locator("tr", has_text="Buyer 1")).to_contain_text("on the queue")
    no_violations_in_light_and_dark()
    press(page, "z")
    expect(page.locator("tr", has_text="Buyer 1")).to_contain_text("not yet")
    page.get_by_role("button", name="Put a call to all 3 on their owners’ queues").click()
    expect(page.locator("tbody", has_text="not yet")).to_have_count(0)
    source = f"complaint:{complaint.pk}:outreach"
    assert AgendaItem.objects.open().filter(source=source).count() == 3


def test_nothing_typed_is_lost_when_somebody_was_quicker(
    cast: Cast, complaint: Complaint, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.serge, at(complaint))
    page.get_by_placeholder("A note, if there is something to say").fill("I called them")
    Complaint.objects.filter(pk=complaint.pk).update(state="in_progress")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("alert")).to_contain_text("It is in progress by now")
    expect(page.locator("textarea[name=note]").first).to_have_value("I called them")
