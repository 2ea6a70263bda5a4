"""A manager walks through the review of the example company, from a rep's comment to the closed run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from crm.demo.company import make_company
from crm.demo.quarters import tier_quarters
from crm.jobs.running import work
from crm.team.models import User
from segmentation.models import TierChange, TieringRun
from tests.browser.conftest import quiet


@pytest.fixture
def run(transactional_db: None, clock: None, today: dt.date) -> TieringRun:
    """The example company as `make demo` makes it, its four quarters tiered; the last is in review. Ten seconds."""
    make_company(today=today, now=timezone.now())
    tier_quarters(
        made_on=today,
        today=today,
        wait=lambda job: work(job_id=job.pk, clock=timezone.now),
        say=lambda words: None,
    )
    newest = TieringRun.objects.first()
    assert newest is not None and newest.state == "in_review"
    return newest


def worker(name: str) -> User:
    return User.objects.get(email=f"{name}@opieka.example")


def press(page: Page, key: str) -> None:
    """Press a key once nothing is being swapped any more."""
    quiet(page)
    page.keyboard.press(key)


def opened(page: Page) -> TierChange:
    quiet(page)
    return TierChange.objects.select_related("account__owner").get(
        pk=page.url.split("/review/")[1].split("/")[0]
    )


def toast(page: Page) -> Locator:
    return page.locator(".toast").last


def select_all(page: Page, number: int) -> None:
    page.wait_for_load_state()  # the scripts are there
    page.get_by_role("checkbox", name="Select all").check()
    expect(page.locator("#bulk")).to_contain_text(f"{number} selected")


def test_a_review_from_a_comment_to_the_closed_run(run: TieringRun, signed_in: Callable[..., Page]) -> None:
    tomasz, rep = worker("tomasz"), worker("joanna")
    his = TierChange.objects.open().decidable_by(tomasz, on=run.review_until)
    falling = his.filter(from_tier="B", to_tier="C")
    commented = falling.filter(account__owner=rep).order_by("pk").first()
    assert commented is not None and his.count() > 10

    # The rep, who decides nothing, says what she knows.
    page = signed_in(rep, f"/accounts/{commented.account_id}/tiers/")
    page.get_by_role("textbox", name="What you know").fill("They build a second hall in spring.")
    page.locator(".comment-form button").last.click()
    expect(toast(page)).to_contain_text("Whoever decides sees it")
    assert page.goto(f"{page.url.split('/accounts/')[0]}/review/").status == 404  # type: ignore[union-attr]

    # The manager narrows the list to what falls to C, of her accounts, and finds the comment beside the evidence.
    signed_in(tomasz, "/review/")
    expect(page.locator("#nav .count").first).to_contain_text(str(his.count()))
    page.locator(".moves a[href*='move=BC']").click()
    rows = page.locator("#list a.row")
    expect(rows).to_have_count(falling.count())
    page.wait_for_load_state()  # the scripts are there
    page.get_by_role("button", name="Sales rep: All sales reps").click()
    page.wait_for_load_state()
    expect(page.get_by_label("Letters of a name")).to_be_focused()
    page.keyboard.type(rep.name[:6])
    expect(page.locator(".people li")).to_have_text([rep.name])
    page.get_by_role("link", name=rep.name, exact=True).click()
    expect(page.get_by_role("button", name=f"Sales rep: {rep.name}")).to_be_visible()
    expect(rows).to_have_count(falling.filter(account__owner=rep).count())
    page.locator(f"#list a.row[href*='/review/{commented.pk}/']").click()
    expect(page.locator("#open-name")).to_have_text(commented.account.name)
    expect(page.locator("#open")).to_contain_text("They build a second hall in spring.")

    # He keeps the tier for that, and asks her to look: it is on her Today.
    page.get_by_text("Something is to be done").click()
    page.get_by_label("To be done").fill("Ask when the hall opens")
    page.get_by_label("By whom").select_option(str(rep))
    page.get_by_label("When").fill("2026-10-13")
    page.get_by_text("More reasons").click()
    page.get_by_role("radio", name="Growing need").check()
    page.get_by_role("button", name="Reject, keep B").click()
    expect(toast(page)).to_contain_text(f"Rejected: {commented.account.name} stays B.")
    commented.refresh_from_db()
    assert (commented.state, commented.reason, commented.actor) == ("rejected", "growing_need", tomasz)

    # The others one by one, by the keyboard alone: accept, override, think again.
    page.goto(f"{page.url.split('/review/')[0]}/review/?show=undecided&move=BC")
    press(page, "j")
    press(page, "Enter")
    expect(page.locator("#open-name")).not_to_be_empty()
    first = opened(page)
    press(page, "6")
    press(page, "a")
    expect(toast(page)).to_contain_text(f"Accepted: {first.account.name} is C now.")
    second = opened(page)
    assert second != first
    press(page, "1")
    press(page, "o")
    expect(toast(page)).to_contain_text(f"Overridden: {second.account.name} is A now.")
    second.refresh_from_db()
    assert (second.state, second.to_tier, second.proposed_tier) == ("overridden", "A", "C")
    press(page, "z")
    expect(page.locator("#open-name")).to_have_text(second.account.name)
    second.refresh_from_db()
    second.account.refresh_from_db()
    assert (second.state, second.reason, second.account.tier) == ("proposed", "", "B")

    # What is left in bulk, with one reason; a slip is taken back.
    page.goto(f"{page.url.split('/review/')[0]}/review/?show=undecided")
    left = his.filter(state="proposed").count()
    expect(rows).to_have_count(left)
    select_all(page, left)
    page.get_by_label("Reason for all selected").select_option("seasonal")
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(toast(page)).to_contain_text(f"{left} changes rejected.")
    press(page, "z")
    expect(rows).to_have_count(left)
    select_all(page, left)
    page.get_by_label("Reason for all selected").select_option("price_driven")
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(toast(page)).to_contain_text(f"{left} changes accepted.")
    expect(page.get_by_role("heading", name="changes are decided")).to_be_visible()
    assert not his.exists()
    run.refresh_from_db()
    assert run.state == "in_review"  # the other teams' are open

    # An admin decides those, and with the last one the run is closed.
    signed_in(worker("adam"), "/review/?show=undecided")
    while rows.count():
        select_all(page, rows.count())
        page.get_by_label("Reason for all selected").select_option("price_driven")
        page.get_by_role("button", name="Accept", exact=True).click()
        expect(toast(page)).to_contain_text("changes accepted.")
        page.goto(f"{page.url.split('/review/')[0]}/review/?show=undecided")
    run.refresh_from_db()
    assert run.state == "closed" and not run.changes.filter(state="proposed").exists()

    # What was asked for stands on the rep's Today.
    signed_in(rep, "/today/")
    expect(page.locator("#list")).to_contain_text(commented.account.name)
    page.locator("#list a.row", has_text=commented.account.name).first.click()
    expect(page.locator("#open")).to_contain_text("Ask when the hall opens")
