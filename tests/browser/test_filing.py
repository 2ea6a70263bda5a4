"""Filing a complaint in the browser: in under a minute, by keyboard alone (docs/domain.md, 6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import PurchaseLine
from complaints.models import Complaint
from tests.browser.conftest import PHONE, quiet
from tests.complaints.test_attachments import png
from tests.complaints.test_filing_page import letter
from tests.support.cast import Cast
from tests.support.factories import ComplaintFactory, ContactPersonFactory, ProductFactory, PurchaseFactory

WORDS = "Two of ten pumps leak at the flange since Monday."
FILED = re.compile(r"/complaints/\d+/$")
TYPED_A_SECOND = 3
"""Keys that somebody presses who types with two fingers and listens at the same time."""


class Keys:
    """Presses and counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, *keys: str) -> None:
        """Once the page listens to them, and nothing is being swapped that would take the focus along."""
        self.page.wait_for_load_state()
        quiet(self.page)
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)
        self.pressed += len(words)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> None:
    settings.ATTACHMENTS_ROOT = tmp_path


def test_filed_by_keyboard_in_under_a_minute(
    cast: Cast,
    today: dt.date,
    clock: None,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
) -> None:
    purchase = PurchaseFactory(account=cast.acme, number="FV/2026/77")
    PurchaseLine.objects.create(
        purchase=purchase, position=1, product=ProductFactory(code="CP-140"), amount=1
    )
    ComplaintFactory(account=cast.acme, number="R-2026-00007", category_id="quality")
    page = signed_in(cast.serge, "/accounts/")
    keys = Keys(page)
    keys.press("c")
    expect(page.locator("#find-account")).to_be_focused()
    page.wait_for_load_state()  # what is typed before is found, but not yet taken for written
    keys.type("zakla")
    expect(page.locator("#accounts-found button")).to_have_count(1)
    keys.press("Enter")
    expect(page.locator(".filing-account")).to_contain_text(cast.acme.name)
    expect(
        page.get_by_text("not filed yet")
    ).to_be_visible()  # what is written survives, and is still asked for
    expect(page.locator("[name=category]").first).to_be_focused()
    keys.press("2", "Tab")
    expect(page.locator("#id_words")).to_be_focused()
    keys.type(WORDS)
    expect(page.locator("#similar")).to_contain_text("R-2026-00007")
    keys.press("Tab", "Tab", "Tab", "Tab", "ArrowDown")  # short, wanted, number, the purchases
    line = page.get_by_label("CP-140")
    expect(line).to_be_visible()
    keys.press("Tab", "Space")
    expect(line).to_be_checked()
    no_violations_in_light_and_dark()
    assert keys.pressed < 60 * TYPED_A_SECOND and keys.pressed - len(WORDS) < 25
    keys.press("Control+Enter")
    page.wait_for_url(FILED)
    filed = Complaint.objects.exclude(number="R-2026-00007").get()
    assert (filed.account, filed.category_id, filed.words) == (cast.acme, "quality", WORDS)
    assert (filed.purchase, filed.lines.count(), filed.product and filed.product.code) == (
        purchase,
        1,
        "CP-140",
    )


def test_a_letter_with_its_photo_on_a_phone(
    cast: Cast,
    clock: None,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
    tmp_path: Path,
) -> None:
    ContactPersonFactory(account=cast.acme, email="anna@acme.pl", name="Anna Nowak")
    PurchaseFactory(account=cast.acme, number="FV/7")
    (tmp_path / "letter.eml").write_bytes(letter().as_bytes())
    (tmp_path / "more.png").write_bytes(png())
    page = signed_in(cast.rita, "/complaints/file/", size=PHONE)
    no_violations(page)
    page.get_by_text("From an e-mail").click()
    page.locator("#id_letter_file").set_input_files(tmp_path / "letter.eml")
    expect(page.locator(".letter-read")).to_contain_text("1 file taken over")
    expect(page.locator(".filing-account")).to_contain_text(cast.acme.name)
    expect(page.locator("#id_words")).to_have_value("FV/7 leaks.")
    expect(page.locator("#id_person option:checked")).to_have_text("Anna Nowak")
    page.locator("#id_files").set_input_files(tmp_path / "more.png")
    expect(page.locator("[data-file-names]")).to_have_text("more.png")
    # Without a category nothing is filed, and nothing is lost.
    page.get_by_role("button", name="File it").click()
    expect(page.locator(".filing-category .error")).to_have_text("Choose what it is about.")
    expect(page.locator("[name=held]")).to_have_count(2)
    no_violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("radio", name="Quality below promise").check()
    page.get_by_role("button", name="File it").click()
    page.wait_for_url(FILED)
    found = Complaint.objects.get()
    assert [str(row) for row in found.attachments.all()] == ["leak.png", "more.png"]
    expect(page.locator("#attachments a")).to_contain_text(["leak.png", "more.png"])
    page.get_by_label("Add photos or papers").set_input_files(tmp_path / "more.png")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#attachments a")).to_have_count(3)


def test_another_account_and_enter_file_nothing(
    cast: Cast, clock: None, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.ada, f"/complaints/file/?account={cast.acme.pk}")
    page.locator("#id_words").fill(WORDS)
    page.get_by_role("radio", name="Question").check()
    expect(page.locator("#id_claim")).not_to_be_visible()
    expect(page.locator("#id_answer_by")).to_be_visible()
    page.locator("#id_subject").press("Enter")
    page.get_by_role("button", name="Another account").click()
    page.locator("#find-account").fill("browar")
    page.locator("#find-account").press("Enter")  # before anything was found: the server looks
    expect(page.locator(".filing-account")).to_contain_text(cast.brewery.name)
    expect(page.locator("#id_words")).to_have_value(WORDS)
    expect(page.locator("[name=category]:checked")).to_have_value("question")
    assert not Complaint.objects.exists()
