"""Signing in, in a browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from crm.team.models import User
from tests.support.cast import Cast


def test_a_rep_signs_in_and_starts_the_day_on_today(cast: Cast, sign_in: Callable[[User], Page]) -> None:
    page = sign_in(cast.rita)
    assert page.url.endswith("/today/")


def test_the_sign_in_page_is_accessible(
    cast: Cast, page: Page, live_server: object, no_violations: Callable[[Page], None]
) -> None:
    page.goto(f"{live_server.url}/account/login/")  # type: ignore[attr-defined]
    no_violations(page)
