"""Lists in Chromium: views saved, columns chosen, files downloaded, rows reached and selected by keys."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from crm.team.models import User
from tests.browser.conftest import DESKTOP, PHONE, quiet
from tests.support.bulk import make_bulk
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactPersonFactory

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture
def full(cast: Cast, today: dt.date) -> Cast:
    """Twenty-four accounts of Rita with all that hangs on them, one with a very long name."""
    make_bulk(cast, rows=24, today=today)
    long = AccountFactory(name=LONG, owner=cast.rita, city="Hamburg", tier="A", sales_12m_cents=99_900_000)
    ContactPersonFactory(
        account=long, name=LONG, email=f"{'long.' * 12}name@example.com", phone="+48 600 100 200"
    )
    return cast


def heads(page: Page) -> list[str]:
    return [words.strip() for words in page.locator("thead th[class*=is-]:not(.is-box)").all_inner_texts()]


def test_a_view_with_its_columns_is_saved_exported_and_found_again(
    signed_in: Callable[..., Page], full: Cast, tmp_path: Path, no_violations: Callable[[Page], None]
) -> None:
    page = signed_in(full.mona, "/accounts/")
    page.locator("#filter-tier").select_option("A")
    expect(page.locator("tbody tr")).to_have_count(9)
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Number", exact=True).uncheck()
    expect(page.locator("th.is-code")).to_have_count(0)
    page.get_by_label("City", exact=True).check()
    expect(page.locator("th.is-city")).to_be_visible()
    expect(page.locator("#column-city")).to_be_focused()  # the keyboard goes on where it was
    page.get_by_role("button", name="City: further to the front").click()
    expect(page.locator("thead th").last).to_have_class("n is-contacted")
    assert heads(page)[-2] == "City"
    no_violations(page)
    page.locator("#menu-columns").click()

    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Save as a new view").fill("Best, with cities")
    page.get_by_label("for my teams, too").check()
    no_violations(page)
    page.locator(".view-form button[data-kind=primary]").click()
    expect(page.locator(".list-views [aria-current]")).to_have_text("Best, with cities")
    expect(page.locator("tbody tr")).to_have_count(9)

    # Whoever it is shared with finds it, with what they may see.
    other = signed_in(full.rita, "/accounts/")
    other.get_by_role("link", name="Best, with cities").click()
    expect(other.locator("tbody tr")).to_have_count(9)
    assert "City" in heads(other)

    other.locator(".export-menu summary").click()
    with other.expect_download() as download:
        other.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "list.csv")
    lines = list(csv.reader((tmp_path / "list.csv").read_text("utf-8-sig").splitlines()))
    assert (lines[0][:2], len(lines)) == (["Tier", "Account"], 10)
    with other.expect_download() as download:
        other.get_by_role("link", name="Excel").click()
    download.value.save_as(tmp_path / "list.xlsx")
    rows = CalamineWorkbook.from_path(str(tmp_path / "list.xlsx")).get_sheet_by_index(0).to_python()
    assert [row[1] for row in rows] == [line[1] for line in lines]
    sales = rows[0].index("Revenue, 12 months (EUR)")
    assert 999_000.0 in [row[sales] for row in rows]


def test_rows_are_walked_and_selected_by_keys(signed_in: Callable[..., Page], full: Cast) -> None:
    page = signed_in(full.mona, "/accounts/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tbody input:checked")).to_have_count(2)
    page.keyboard.press("x")
    expect(page.locator("tbody input:checked")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type("donaudampf")
    expect(page.locator("tbody tr")).to_have_count(1)
    quiet(page)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(LONG)
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(1)


@pytest.mark.parametrize(
    ("size", "scheme", "paths"),
    [
        (DESKTOP, "light", ["/touchpoints/?menu=views", "/persons/?q=xyz", "/purchases/?menu=filters"]),
        (PHONE, "dark", ["/persons/?menu=columns", "/touchpoints/"]),
    ],
    ids=["desk", "phone"],
)
def test_every_list_breaks_no_rule(
    signed_in: Callable[..., Page],
    full: Cast,
    no_violations: Callable[[Page], None],
    size: dict[str, int],
    scheme: str,
    paths: list[str],
) -> None:
    page = signed_in(full.rita, "/persons/?q=nobody", size=size)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    base = page.url.split("/persons/")[0]
    for path in paths:
        page.goto(f"{base}{path}")
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), path
        no_violations(page)


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_colleague_is_found_by_letters_and_chosen_by_keys(
    signed_in: Callable[..., Page],
    full: Cast,
    no_violations_in_light_and_dark: Callable[[], None],
    window: dict[str, int],
) -> None:
    User.objects.bulk_create(
        User(email=f"many{n}@example.com", name=f"Many {n:03d}", role="rep", password="!") for n in range(60)
    )
    page = signed_in(full.ada, "/accounts/", size=window)
    control = page.get_by_role("button", name="Owner: Any owner")
    control.focus()
    page.keyboard.press("Enter")
    box = page.get_by_label("Letters of a name")
    expect(box).to_be_focused()
    expect(page.locator(".people li")).to_have_count(50)
    expect(page.locator(".people > p").last).to_have_text("and 20 more: type letters of a name")
    no_violations_in_light_and_dark()
    quiet(page)
    page.keyboard.type("carl", delay=20)
    expect(page.locator(".people li")).to_have_text(["Carl Example"])
    expect(page.locator("#said")).to_have_text("1 to choose from")
    expect(box).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#filter-owner")).to_have_text("Owner: Carl Example")
    expect(page.locator("#filter-owner")).to_be_focused()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert f"owner={full.carl.pk}" in page.url

    # A click with letters in the box, too, and another filter keeps who is chosen.
    page.locator("#filter-owner").click()
    expect(box).to_be_focused()
    box.fill("rita")
    page.get_by_role("link", name="Rita Example", exact=True).click()
    expect(page.locator("#filter-owner")).to_have_text("Owner: Rita Example")
    quiet(page)
    page.locator("#filter-tier").select_option("A")
    expect(page.locator("tbody tr")).to_have_count(9)
    expect(page.locator("#filter-owner")).to_have_text("Owner: Rita Example")


def test_what_cannot_be_fetched_says_so(
    signed_in: Callable[..., Page], full: Cast, console_errors: list[str]
) -> None:
    page = signed_in(full.ada, "/accounts/?menu=owner")
    page.context.set_offline(True)
    failed = page.locator(".menu-panel .unfetched")
    page.get_by_label("Letters of a name").press_sequentially("carl")
    expect(failed).to_have_text("This could not be fetched. Try again.")
    expect(failed).to_be_visible()
    page.context.set_offline(False)
    page.get_by_label("Letters of a name").press_sequentially(" ex")
    expect(page.locator(".people li")).to_have_text(["Carl Example"])
    expect(failed).to_be_hidden()
    console_errors.clear()  # of what could not be fetched
