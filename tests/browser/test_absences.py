"""Entering an absence in a browser: what falls into it is said while one fills it in; undo; axe finds nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from crm.team.models import Absence
from tests.browser.conftest import DESKTOP, PHONE, no_sideways_scroll
from tests.support.cast import Cast
from tests.support.factories import FollowUpFactory


@pytest.mark.parametrize(("scheme", "size"), [("dark", DESKTOP), ("light", PHONE)], ids=["dark", "phone"])
def test_entering_an_absence(
    cast: Cast,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
    scheme: str,
    size: dict[str, int],
) -> None:
    FollowUpFactory(account=cast.acme, assignee=cast.rita, day=dt.date(2026, 11, 4))
    Absence.objects.create(
        user=cast.carl, first_day=dt.date(2026, 11, 9), last_day=dt.date(2026, 11, 10), substitute=cast.mona
    )
    Absence.objects.create(user=cast.rita, first_day=dt.date(2026, 10, 15), last_day=dt.date(2026, 10, 28))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    signed_in(cast.rita, "/absences/", size=size)
    page.get_by_label("First day").fill("2026-11-02")
    page.get_by_label("Last day").fill("2026-11-13")
    page.get_by_label("Substitute").select_option(label="Carl Example")
    told = page.locator("#falls-into")
    expect(told).to_contain_text("Carl Example, who substitutes, is away as well")
    expect(told).to_contain_text("1 follow-up falls into it. Carl Example takes over.")
    no_violations(page)
    page.get_by_role("button", name="Enter it").click()
    expect(page.locator(".absence-list")).to_contain_text("Mon 2 Nov – Fri 13 Nov")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Undone")
    assert not Absence.objects.filter(user=cast.rita, first_day__gte=dt.date(2026, 11, 1)).exists()
    page.wait_for_load_state()  # with its styles
    no_sideways_scroll(page)
