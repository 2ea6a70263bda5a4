"""An admin drafts a policy, sees what it would do, and puts it in force: the run that follows finds just that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Account
from crm.jobs.models import Job
from crm.jobs.running import work
from segmentation.models import TierAssessment, TierPolicy
from segmentation.policies import policy_in_force
from tests.browser.conftest import DESKTOP, PHONE
from tests.segmentation.company import write
from tests.segmentation.test_ladder import loyal
from tests.support.cast import Cast
from tests.support.factories import ContactRuleFactory


def do_the_jobs(kind: str) -> None:
    """What the worker would do."""
    for job in Job.objects.filter(kind=kind, state=Job.State.QUEUED).order_by("pk"):
        assert work(job_id=job.pk, clock=timezone.now) is not None


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize(("scheme", "size"), [("dark", DESKTOP), ("light", PHONE)], ids=["dark", "phone"])
def test_from_a_draft_to_the_run_it_foretold(
    cast: Cast,
    today: dt.date,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations: Callable[[Page], None],
    scheme: str,
    size: dict[str, int],
) -> None:
    accounts = write(
        [loyal("x", 7900, tier="A"), loyal("y", 1600, tier="A"), loyal("z", 500, tier="C")], actor=cast.ada
    )
    Account.objects.filter(pk__in=[one.pk for one in accounts.values()]).update(owner=cast.rita)
    ContactRuleFactory(tiers="A", channel="visit", every_days=14, minutes=60, priority=1)
    ContactRuleFactory(tiers="BC", channel="phone", every_days=28, minutes=10, priority=2)
    policy_in_force()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    signed_in(cast.ada, "/policies/", size=size)
    no_violations(page)
    page.get_by_role("button", name="New draft").click()
    expect(page.get_by_role("heading", name="Policy 2")).to_be_visible()
    expect(page.get_by_text("Not simulated yet")).to_be_visible()
    no_violations(page)

    page.get_by_label("B ends at a share of").fill("0.6")
    page.get_by_role("button", name="Save and simulate").click()
    expect(page.locator("#id_b_share ~ .error, .error").first).to_contain_text("before A ends")
    page.get_by_label("B ends at a share of").fill("0.95")
    page.get_by_label("A ends at a share of").fill("0.7")
    page.get_by_role("button", name="Save and simulate").click()
    expect(page.get_by_role("heading", name="1 account would move")).to_be_visible()
    expect(page.locator("#simulation")).to_contain_text("Rita Example")
    expect(page.locator("#simulation figure.flow svg")).to_be_visible()
    no_violations(page)
    assert fits(page)
    assert Account.objects.get(code="y").tier == "A" and not TierAssessment.objects.exists()

    page.locator(".move-link").first.click()
    expect(page.get_by_role("heading", name="Who would move")).to_be_visible()
    expect(page.locator("tbody a.row")).to_have_text(["y"])
    no_violations(page)
    assert fits(page)
    page.get_by_role("link", name="The policy").click()

    page.get_by_label("Compute the tiers at once").check()
    page.get_by_role("button", name="Put it in force").click()
    expect(page.locator(".toast")).to_contain_text("being put in force")
    do_the_jobs("policy")
    do_the_jobs("tiering")
    page.reload()
    expect(page.locator(".page-head .badge")).to_have_text("In force")
    expect(page.get_by_text("A version that is or was in force is never edited.")).to_be_visible()
    no_violations(page)
    found = TierAssessment.objects.filter(account__code="y").values_list(
        "previous_tier", "tier", "run__policy__version"
    )
    assert list(found) == [("A", "B", 2)]

    page.goto(f"{page.url.split('/policies/')[0]}/policies/compare/?a={TierPolicy.objects.get(version=1).pk}")
    expect(page.locator("tr.differs")).to_have_count(1)
    no_violations(page)


def test_a_policy_is_tried_on_the_past_with_its_progress(
    cast: Cast,
    page: Page,
    signed_in: Callable[..., Page],
    no_violations_in_light_and_dark: Callable[[], None],
) -> None:
    write([loyal("x", 7900), loyal("y", 1600), loyal("z", 500)], actor=cast.ada)
    draft = TierPolicy.objects.create(version=policy_in_force().version + 1, band="0.05")
    signed_in(cast.ada, f"/policies/{draft.pk}/back-test/")
    page.get_by_role("button", name="Test it").click()
    expect(page.get_by_text("Tried quarter by quarter")).to_be_visible()
    no_violations_in_light_and_dark()
    do_the_jobs("back_test")
    # The page asks by itself.
    expect(page.locator("figure.chart svg:visible")).to_have_count(2)
    expect(page.locator(".back-test-table tbody tr")).to_have_count(3)
    no_violations_in_light_and_dark()
    page.get_by_text("Every quarter").click()
    no_violations_in_light_and_dark()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    expect(page.locator("figure.chart svg.narrow:visible")).to_have_count(2)
    no_violations_in_light_and_dark()
    assert fits(page)
