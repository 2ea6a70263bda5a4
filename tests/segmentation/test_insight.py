"""The insight pages' figures against a simple reckoning in Python, and who sees which of them (docs/domain.md, 8)."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account
from crm.team.models import User
from segmentation.insight import concentration, moved, reasons, service_time, wallet
from segmentation.insight.scope import Scope, runs_to_choose
from segmentation.models import TierAssessment, TierChange, TieringRun
from segmentation.reasons import Known
from tests.support.cast import Cast
from tests.support.factories import AccountFactory
from tests.support.proposals import assess, make_run

pytestmark = pytest.mark.django_db
Q2, Q3 = dt.date(2026, 6, 30), dt.date(2026, 9, 30)
TIERS = ("A", "B", "C", None)


@dataclass
class Company:
    """Sixty accounts of three owners, with assessments of two runs."""

    cast: Cast
    today: dt.date
    before: TieringRun
    run: TieringRun

    def scope(self, user: User | None = None, **more: Any) -> Scope:
        return Scope(user or self.cast.ada, self.today, self.run, **more)

    def rows(self, run: TieringRun, owners: Iterable[User | None] | None = None) -> list[TierAssessment]:
        found = TierAssessment.objects.filter(run=run).select_related("account__owner")
        wanted = None if owners is None else {one.pk if one else None for one in owners}
        return [one for one in found if wanted is None or one.account.owner_id in wanted]


@pytest.fixture
def company(cast: Cast, today: dt.date, time_machine: Any) -> Company:
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))
    rng = random.Random(7)
    before = make_run(as_of=Q2, review_until=Q2 + dt.timedelta(days=21), state="closed")
    run = make_run(as_of=Q3, review_until=today)
    for number in range(60):
        account = AccountFactory(
            owner=rng.choice([cast.rita, cast.carl, cast.otto, None]),
            potential_cents=rng.choice([0, 500_000, 1_000_000, 4_000_000]),
        )
        if number % 7:  # the others are new
            tier = rng.choice(TIERS)
            assess(before, account, tier=tier, revenue_cents=rng.randint(0, 10**6), previous_tier=None)
        tier = rng.choice(TIERS)
        revenue = rng.choice([-500, 0, 10_000, 10_000, rng.randint(1, 3_000_000)])
        assess(
            run,
            account,
            tier=tier,
            revenue_cents=revenue,
            previous_revenue_cents=rng.choice([0, 9_000, rng.randint(1, 2_000_000)]),
            value_cents=revenue,
            preceding_cents=0 if tier and revenue > 0 else None,
            ranked_cents=1 if tier and revenue > 0 else None,
            contact_minutes=rng.choice([0, 0, 30, 31, 60, 90, 500]),
        )
    return Company(cast, today, before, run)


def owners_of(company: Company, name: str) -> list[User | None] | None:
    """Whose accounts each of the cast sees; None: all."""
    cast = company.cast
    known: dict[str, list[User | None] | None] = {
        "ada": None,
        "mona": [cast.rita, cast.carl, None],
        "nora": [cast.otto, None],
        "rita": [cast.rita],
    }
    return known[name]


SEERS = pytest.mark.parametrize("name", ["ada", "mona", "nora", "rita"])


@SEERS
def test_the_curve(company: Company, name: str) -> None:
    rows = [
        one for one in company.rows(company.run, owners_of(company, name)) if one.preceding_cents is not None
    ]
    values = sorted((one.value_cents for one in rows), reverse=True)
    found = concentration.curve(company.scope(company.cast.users[name]))
    assert (found.accounts, found.value_cents) == (len(values), sum(values))
    # Fewer than a hundred accounts: each has its point.
    assert found.points == [(place, sum(values[:place])) for place in range(1, len(values) + 1)]
    for end, share in zip(found.ends, (80, 95), strict=True):
        fewer = [place for place in range(len(values)) if sum(values[:place]) * 100 < share * sum(values)]
        assert end.accounts == len(fewer)
    number, brings = found.brings(20)
    assert number == max(1, len(values) // 5) and brings == sum(values[:number]) / sum(values)


def test_the_curve_of_many_accounts_has_a_hundred_points(company: Company) -> None:
    for number in range(400):
        assess(
            company.run, AccountFactory(), tier="C", value_cents=number + 1, preceding_cents=0, ranked_cents=1
        )
    found = concentration.curve(company.scope())
    assert len(found.points) == 100 and found.points[-1] == (found.accounts, found.value_cents)
    assert found.points == sorted(found.points)


@SEERS
def test_what_the_tiers_bring(company: Company, name: str) -> None:
    rows = [one for one in company.rows(company.run, owners_of(company, name)) if one.tier]
    parts = concentration.tier_parts(company.scope(company.cast.users[name]))
    whole = sum(one.revenue_cents for one in rows)
    expected = []
    for tier in "ABC":
        own = [one for one in rows if one.tier == tier]
        if own:
            cents = sum(one.revenue_cents for one in own)
            expected.append((tier, len(own), cents, len(own) / len(rows), cents / whole))
    assert [tuple(vars(part).values()) for part in parts] == expected


@SEERS
def test_the_matrix_and_the_accounts_behind_each_cell(company: Company, name: str) -> None:
    then = {one.account_id: one.tier for one in company.rows(company.before)}
    expected: Counter[tuple[str, str]] = Counter()
    codes = defaultdict(set)
    for one in company.rows(company.run, owners_of(company, name)):
        pair = (then.get(one.account_id) or "none", one.tier or "none")
        expected[pair] += 1
        codes[pair].add(one.account.code)
    del expected["none", "none"]
    scope = company.scope(company.cast.users[name])
    cells = moved.matrix(scope, company.before)
    assert {pair: cell.accounts for pair, cell in cells.items()} == dict(expected)
    for pair in expected:
        listed = moved.accounts(scope, company.before, *pair)
        assert set(listed.values_list("account__code", flat=True)) == codes[pair]
    lines = {row[0] for row in moved.lines(scope, company.before)}
    assert lines == {code for (one, other), found in codes.items() for code in found if one != other}


@SEERS
def test_sales_against_time(company: Company, name: str) -> None:
    rows = [one for one in company.rows(company.run, owners_of(company, name)) if one.tier]
    scope = company.scope(company.cast.users[name])
    times = service_time.tier_times(scope)
    much, little = set(), set()
    for time in times:
        own = [one for one in rows if one.tier == time.tier]
        minutes = sorted(one.contact_minutes for one in own)
        revenue = sorted(one.revenue_cents for one in own)
        middle = (len(own) + 1) // 2 - 1
        assert (time.accounts, time.minutes, time.revenue_cents) == (len(own), sum(minutes), sum(revenue))
        assert (time.median_minutes, time.median_cents) == (minutes[middle], revenue[middle])
        for one in own:
            if one.contact_minutes > minutes[middle] and one.revenue_cents < revenue[middle]:
                much.add(one.account.code)
            if one.contact_minutes < minutes[middle] and one.revenue_cents > revenue[middle]:
                little.add(one.account.code)
    assert sum(time.minutes_share or 0 for time in times) == pytest.approx(1)
    for which, codes in ((service_time.MUCH_TIME, much), (service_time.LITTLE_TIME, little)):
        found = list(service_time.corner(scope, times, which).values_list("account__code", flat=True))
        assert set(found) == codes and len(found) == len(codes)


def test_the_grid_holds_each_account_once_in_its_place(company: Company) -> None:
    def place(value: int, ends: tuple[int, ...]) -> int:
        return next((number for number, end in enumerate(ends) if value <= end), len(ends))

    expected = Counter(
        (place(one.contact_minutes, service_time.MINUTES), place(one.revenue_cents, service_time.CENTS))
        for one in company.rows(company.run)
        if one.tier
    )
    assert service_time.grid(company.scope()) == dict(expected)


def test_an_hour_brings_nothing_where_there_was_none() -> None:
    assert service_time.per_hour(1000, 0) is None and service_time.per_hour(1000, 30) == 2000


@SEERS
def test_share_of_wallet_and_who_rises(company: Company, name: str) -> None:
    rows = [one for one in company.rows(company.run, owners_of(company, name)) if one.tier]
    known = [one for one in rows if one.account.potential_cents > 0]
    expected = {tier: [0] * 11 for tier in "ABC"}
    rising = {}
    for one in known:
        share = max(one.revenue_cents, 0) / one.account.potential_cents
        expected[str(one.tier)][min(int(share * 10 + 1e-12), 10)] += 1
        growth = one.revenue_cents - one.previous_revenue_cents
        if (
            one.tier == "B"
            and one.previous_revenue_cents > 0
            and one.revenue_cents * 10 >= one.previous_revenue_cents * 11
            and one.revenue_cents < one.account.potential_cents
        ):
            rising[one.account.code] = growth
    scope = company.scope(company.cast.users[name])
    found = wallet.wallet(scope)
    assert found.numbers == expected and found.unknown == len(rows) - len(known)
    assert found.share == sum(one.revenue_cents for one in known) / sum(
        one.account.potential_cents for one in known
    )
    listed = list(wallet.rising(scope).values_list("account__code", "growth_cents"))
    assert dict(listed) == rising and [row[1] for row in listed] == sorted(rising.values(), reverse=True)


@pytest.fixture
def decisions(company: Company) -> list[TierChange]:
    """Decisions of both runs; the reason of each follows from its number."""
    rng = random.Random(11)
    made = []
    causes = list(Known)[:4]
    at = dt.datetime(2026, 10, 2, tzinfo=dt.UTC)
    for run in (company.before, company.run):
        for account in Account.objects.filter(assessments__run=run).order_by("pk")[:40]:
            before, after = rng.sample(["A", "B", "C"], 2)
            state = rng.choice(["accepted", "rejected", "overridden", "automatic", "proposed", "overtaken"])
            decided = state in reasons.DECIDED
            if state == "proposed" and account.tier_changes.filter(state="proposed").exists():
                continue
            third = ({"A", "B", "C"} - {before, after}).pop()
            made.append(
                TierChange.objects.create(
                    account=account,
                    run=run,
                    state=state,
                    from_tier=before,
                    to_tier=third if state == "overridden" else after,
                    proposed_tier=after if state == "overridden" else None,
                    reason=rng.choice(causes) if decided else "",
                    actor=company.cast.ada if decided else None,
                    proposed_at=at,
                    decided_at=None if state == "proposed" else at,
                )
            )
    return made


@pytest.mark.parametrize("name", ["ada", "mona", "nora"])
@pytest.mark.parametrize("way", ["", reasons.ROSE, reasons.FELL])
def test_reasons_over_the_quarters(
    company: Company, decisions: list[TierChange], name: str, way: str
) -> None:
    owners = owners_of(company, name)
    allowed = None if owners is None else {one.pk if one else None for one in owners}
    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    undecided = [0, 0]
    for one in decisions:
        proposed = one.proposed_tier or one.to_tier or ""
        its_way = reasons.ROSE if proposed < (one.from_tier or "") else reasons.FELL
        if (allowed is not None and one.account.owner_id not in allowed) or (way and its_way != way):
            continue
        place = [company.before.pk, company.run.pk].index(one.run_id or 0)
        if one.state == "automatic":
            undecided[place] += 1
        elif one.state in reasons.DECIDED:
            expected[one.reason][place] += 1
    found = reasons.reasons(company.scope(company.cast.users[name]), runs_to_choose(), way)
    assert [run.as_of for run in found.runs] == [Q2, Q3]
    assert {row.code: row.numbers for row in found.rows} == dict(expected)
    assert found.undecided == undecided
    assert [row.total for row in found.rows] == sorted((row.total for row in found.rows), reverse=True)
    assert found.total == sum(row.total for row in found.rows)


def test_a_team_narrows_everything(company: Company, decisions: list[TierChange]) -> None:
    north = company.scope(team=company.cast.north)
    own = company.rows(company.run, [company.cast.rita, company.cast.carl])
    tiered = [one for one in own if one.tier]
    assert sum(part.accounts for part in concentration.tier_parts(north)) == len(tiered)
    assert sum(time.accounts for time in service_time.tier_times(north)) == len(tiered)
    north_owners = {company.cast.rita.pk, company.cast.carl.pk}
    theirs = [
        one for one in decisions if one.state in reasons.DECIDED and one.account.owner_id in north_owners
    ]
    assert reasons.reasons(north, runs_to_choose()).total == len(theirs)


# Pages --------------------------------------------------------------------------------------------------------------
PAGES = ("pareto", "migration", "time", "wallet", "reasons")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_its_picture_and_its_files(
    company: Company, decisions: list[TierChange], page: str
) -> None:
    client = client_of(company.cast.mona)
    answer = client.get(reverse(f"insight:{page}"))
    assert answer.status_code == 200
    html = answer.content.decode()
    assert 'role="img"' in html and "<title id=" in html and "<desc id=" in html
    for form in ("csv", "xlsx"):
        file = client.get(reverse("insight:export", args=[page, form]))
        assert file.status_code == 200 and f"insight-{page}-2026-09-30.{form}" in file["Content-Disposition"]
    lines = (
        b"".join(client.get(reverse("insight:export", args=[page, "csv"]))).decode("utf-8-sig").splitlines()
    )
    assert len(lines) > 3


def test_every_number_of_the_matrix_opens_as_many_accounts(company: Company) -> None:
    client = client_of(company.cast.mona)
    matrix = client.get(reverse("insight:migration")).context["matrix"]
    cells = [cell for _before, row, _all in matrix for cell in row if cell]
    assert len(cells) > 8
    for cell, url in cells:
        assert client.get(url).context["page"].paginator.count == cell.accounts


@pytest.mark.parametrize("kind", ["much-time", "little-time", "rising"])
def test_the_lists_behind_the_links_and_their_files(company: Company, kind: str) -> None:
    client = client_of(company.cast.ada)
    listed = client.get(reverse("insight:accounts", args=[kind])).context["page"].paginator.count
    file = b"".join(client.get(reverse("insight:accounts_export", args=[kind, "csv"]))).decode("utf-8-sig")
    assert len(file.splitlines()) == listed + 1


def test_what_is_not_ones_to_choose_is_not_there(company: Company) -> None:
    mona, rita = client_of(company.cast.mona), client_of(company.cast.rita)
    south, north = company.cast.south.pk, company.cast.north.pk
    assert mona.get(reverse("insight:pareto"), {"team": north}).status_code == 200
    assert mona.get(reverse("insight:pareto"), {"team": south}).status_code == 404
    assert rita.get(reverse("insight:pareto"), {"team": north}).status_code == 404
    assert mona.get(reverse("insight:pareto"), {"run": 0}).status_code == 404
    assert rita.get(reverse("insight:export", args=["reasons", "csv"])).status_code == 404
    assert mona.get(reverse("insight:accounts", args=["moved"]), {"move": "A-Z"}).status_code == 404
    assert mona.get(reverse("insight:export", args=["pareto", "pdf"])).status_code == 404
    assert "Reasons" not in rita.get(reverse("insight:pareto")).content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_before_the_first_run_it_says_what_will_stand_here(cast: Cast, page: str) -> None:
    assert "No run yet" in client_of(cast.ada).get(reverse(f"insight:{page}")).content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_run_without_accounts_has_words_instead_of_a_picture(cast: Cast, today: dt.date, page: str) -> None:
    make_run(as_of=Q3, review_until=today)
    answer = client_of(cast.ada).get(reverse(f"insight:{page}"))
    assert answer.status_code == 200 and 'class="empty' in answer.content.decode()
