"""What complaints teach: every sum against a plain reckoning of the same rows, and what each role sees of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Product, ProductLine, Purchase, PurchaseLine
from complaints.learning import again, batches, costs, judged, reasons, repeaters, times
from complaints.learning.asking import PAGES
from complaints.learning.scope import Scope, period
from complaints.models import Advice, Complaint, Decision
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import (
    AdviceFactory,
    ComplaintFactory,
    ComplaintPolicyFactory,
    DecisionFactory,
    ProductFactory,
    ProductLineFactory,
    PurchaseFactory,
    PurchaseLineFactory,
)

NOW = dt.datetime(2026, 10, 13, 8, 0, tzinfo=dt.UTC)  # a Tuesday
TODAY = dt.date(2026, 10, 13)
CATEGORIES = ("quality", "late_delivery", "not_as_ordered", "other")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def company(cast: Cast) -> Cast:
    """Two hundred complaints and questions of fourteen months, of all four accounts, with purchases of two lines."""
    rng = random.Random(6)
    accounts = [cast.acme, cast.brewery, cast.quarry, cast.orphan]
    for account, tier, country in zip(accounts, ("A", "B", "C", None), ("PL", "HU", "", "FR"), strict=True):
        Account.objects.filter(pk=account.pk).update(tier=tier, country=country)
        account.refresh_from_db()
    lines = [ProductLineFactory(name="Pumps"), ProductLineFactory(name="Filters")]
    products = [ProductFactory(line=line, name=f"{line.name} {n}") for line in lines for n in (1, 2)]
    purchases = {
        account.pk: [
            _bought(account, rng.choice(products), _day(rng), rng.randint(-20_000, 200_000))
            for _n in range(30)
        ]
        for account in accounts
    }
    rows = []
    for number in range(200):
        account = rng.choice(accounts)
        opened = _day(rng)
        question = rng.random() < 0.15
        closed = opened + dt.timedelta(days=rng.randint(0, 40))
        is_closed = closed < TODAY and rng.random() < 0.8
        decided = rng.random() < 0.8 and not question
        named = rng.random() < 0.8
        rows.append(
            Complaint(
                account=account,
                number=f"R-{number}",
                kind="question" if question else "complaint",
                category_id="question" if question else rng.choice(CATEGORIES),
                words="x",
                product=rng.choice(products) if named else None,
                batch=rng.choice(("", "B1")) if named else "",
                purchase=rng.choice(purchases[account.pk]),
                opened_on=opened,
                opened_at=dt.datetime.combine(opened, dt.time(9), dt.UTC),
                state="closed" if is_closed else "in_progress",
                closed_on=closed if is_closed else None,
                outcome=rng.choice(Complaint.Outcome.values) if decided else "",
                claim_cents=rng.choice((None, 5_000, 70_000)),
                granted_cents=rng.randint(0, 30_000) if decided else None,
                root_cause_id=rng.choice(("picking", "transport")) if decided and is_closed else None,
                solved=rng.choice(("", "yes", "no")) if is_closed else "",
                suspected_bad_faith=rng.random() < 0.1,
                response_allowed=120,
                resolution_allowed=960,
                response_over=rng.choice((None, rng.randint(-119, 300))),
                resolution_over=rng.randint(-900, 2_000) if is_closed else None,
                due_at=None if is_closed else NOW + dt.timedelta(hours=rng.randint(-50, 50)),
            )
        )
    Complaint.objects.bulk_create(rows)
    return cast


def _day(rng: random.Random) -> dt.date:
    return TODAY - dt.timedelta(days=rng.randint(0, 420))


def _bought(account: Account, product: Product, day: dt.date, cents: int) -> Purchase:
    purchase = PurchaseFactory(account=account, ordered_on=day, cents=cents)
    PurchaseLineFactory(purchase=purchase, product=product, amount=purchase.amount)
    return purchase


def scope_of(user: User, code: str = "12", **given: Any) -> Scope:
    return Scope(user, TODAY, period(code, today=TODAY), **given)


def seen(user: User, *, kinds: Iterable[str] = ("complaint",), code: str = "12") -> list[Complaint]:
    """The complaints that the user sees, of the period, by asking each."""
    whole = period(code, today=TODAY)
    owned = {"rita": {"ACME"}, "mona": {"ACME", "BREW", "ORPHAN"}}.get(user.email.split("@")[0])
    rows = Complaint.objects.select_related("account", "product__line", "root_cause").order_by("pk")
    return [
        row
        for row in rows
        if (owned is None or row.account.code in owned)
        and row.kind in kinds
        and whole.first <= row.opened_on <= whole.last
    ]


@pytest.fixture(params=["rita", "mona", "ada"])
def user(request: pytest.FixtureRequest, company: Cast) -> User:
    return company.users[request.param]


# Periods ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "first", "last", "months"),
    [
        ("3", dt.date(2026, 8, 1), TODAY, 3),
        ("12", dt.date(2025, 11, 1), TODAY, 12),
        ("24", dt.date(2024, 11, 1), TODAY, 24),
        ("year", dt.date(2026, 1, 1), TODAY, 10),
        ("last", dt.date(2025, 1, 1), dt.date(2025, 12, 31), 12),
        ("nonsense", dt.date(2025, 11, 1), TODAY, 12),
    ],
)
def test_a_period_is_whole_months(code: str, first: dt.date, last: dt.date, months: int) -> None:
    found = period(code, today=TODAY)
    assert (found.first, found.last, len(found.months)) == (first, last, months)
    assert found.months[0] == first


# Sums against a plain reckoning ---------------------------------------------------------------------------------------
_GROUPS: dict[str, Callable[[Complaint], str]] = {
    reasons.LINE: lambda row: row.product.line.name if row.product else "",
    reasons.TIER: lambda row: row.account.tier or "",
    reasons.REGION: lambda row: row.account.country,
    reasons.MONTH: lambda row: row.opened_on.replace(day=1).isoformat(),
}


@pytest.mark.parametrize("way", reasons.WAYS)
def test_reasons(user: User, way: str) -> None:
    found = reasons.crossed(scope_of(user), way)
    expected = Counter((_GROUPS[way](row), row.category_id) for row in seen(user))
    assert found.counts == expected
    assert found.total == len(seen(user))
    assert found.by_group == Counter(_GROUPS[way](row) for row in seen(user))
    if way == reasons.MONTH:
        assert found.groups == [month.isoformat() for month in period("12", today=TODAY).months]
    else:
        assert set(found.groups) == set(found.by_group)


def test_root_causes(user: User) -> None:
    named = [row for row in seen(user) if row.root_cause_id]
    found = {one.code: one for one in reasons.causes(scope_of(user))}
    assert {code: one.number for code, one in found.items()} == Counter(row.root_cause_id for row in named)
    for code, one in found.items():
        of_cause = [row for row in named if row.root_cause_id == code]
        assert one.granted_cents == sum(row.granted_cents or 0 for row in of_cause)
        categories = Counter(row.category_id for row in of_cause)
        assert categories[one.most_in] == max(categories.values())


@pytest.mark.parametrize("measure", [times.RESPONSE, times.RESOLUTION])
def test_times_are_medians_and_ninth_tenths(user: User, measure: str) -> None:
    rows = [
        row
        for row in seen(user, kinds=("complaint", "question"))
        if getattr(row, f"{measure}_over") is not None
    ]
    found = times.times(scope_of(user), measure)
    keys: dict[str, Callable[[Complaint], str]] = {
        times.CATEGORY: lambda row: row.category_id,
        times.TIER: lambda row: row.account.tier or "",
        times.MONTH: lambda row: row.opened_on.replace(day=1).isoformat(),
        "": lambda row: "",
    }
    for key, group_of in keys.items():
        groups = defaultdict(list)
        for row in rows:
            groups[group_of(row)].append(getattr(row, f"{measure}_over"))
        assert set(found[key]) == set(groups)
        for group, over in groups.items():
            one, over = found[key][group], sorted(over)
            allowed = 120 if measure == times.RESPONSE else 960
            assert one.number == len(over)
            assert one.marked == sum(minutes > 0 for minutes in over)
            assert one.median == allowed + over[math.ceil(len(over) / 2) - 1]
            assert one.ninetieth == allowed + over[-(-len(over) * 9 // 10) - 1]


@pytest.mark.parametrize("which", [repeaters.FREQUENT, repeaters.BAD_FAITH])
def test_repeaters(user: User, which: str) -> None:
    of_account = defaultdict(list)
    for row in seen(user):
        of_account[row.account_id].append(row)
    expected = {}
    for account, rows in of_account.items():
        suspected = sum(row.suspected_bad_faith for row in rows)
        if suspected if which == repeaters.BAD_FAITH else len(rows) >= 25:
            expected[account] = (
                len(rows),
                suspected,
                sum(row.outcome == "rejected" for row in rows),
                sum(row.closed_on is None for row in rows),
                sum(row.granted_cents or 0 for row in rows),
                max(row.opened_on for row in rows),
            )
    found = repeaters.repeaters(scope_of(user), which, at_least=25)
    fields = ("number", "suspected", "rejected", "open", "granted", "last")
    assert {row["account_id"]: tuple(row[name] for name in fields) for row in found} == expected
    order = [row["suspected" if which == repeaters.BAD_FAITH else "number"] for row in found]
    assert order == sorted(order, reverse=True)


def test_batches_are_open_ones_whenever_they_came(user: User) -> None:
    groups = defaultdict(list)
    for row in seen(user, code="24"):
        if row.closed_on is None:
            groups[row.product_id, row.batch, row.category_id].append(row)
    found = batches.batches(scope_of(user, "3"), now=NOW)
    assert {
        (row["product_id"], row["batch"], row["category_id"]): (
            row["number"],
            row["accounts"],
            row["over"],
            row["oldest"],
        )
        for row in found
    } == {
        key: (
            len(rows),
            len({row.account_id for row in rows}),
            sum(row.due_at is not None and row.due_at <= NOW for row in rows),
            min(row.opened_on for row in rows),
        )
        for key, rows in groups.items()
    }
    order = [(row["accounts"], row["number"]) for row in found]
    assert order == sorted(order, reverse=True)


def test_costs_against_sales(user: User) -> None:
    rows, whole = seen(user), period("12", today=TODAY)
    accounts = {row.account_id for row in seen(user, code="24", kinds=("complaint", "question"))}
    purchases = Purchase.objects.filter(
        account__in=accounts, ordered_on__range=(whole.first, whole.last)
    ).select_related("account")
    by_month, by_tier = costs.by_month_and_tier(scope_of(user))
    assert [one.group for one in by_month] == [month.isoformat() for month in whole.months]
    for one in by_month:
        month = dt.date.fromisoformat(one.group)
        of_month = [row for row in rows if row.opened_on.replace(day=1) == month]
        assert one.complaints == len(of_month)
        assert one.claimed_cents == sum(row.claim_cents or 0 for row in of_month)
        assert one.granted_cents == sum(row.granted_cents or 0 for row in of_month)
        assert one.sales_cents == sum(
            each.amount_cents for each in purchases if each.ordered_on.replace(day=1) == month
        )
    for one in by_tier:
        assert one.complaints == sum((row.account.tier or "") == one.group for row in rows)
        assert one.sales_cents == sum(
            each.amount_cents for each in purchases if (each.account.tier or "") == one.group
        )
    lines = PurchaseLine.objects.filter(purchase__in=purchases).select_related("product__line")
    for one in costs.by_line(scope_of(user)):
        of_line = [row for row in rows if (row.product.line.name if row.product else "") == one.group]
        assert one.complaints == len(of_line)
        assert one.granted_cents == sum(row.granted_cents or 0 for row in of_line)
        if one.group:
            assert one.sales_cents == sum(
                round(line.amount * 100)
                for line in lines
                if line.product and line.product.line.name == one.group
            )
    granted: Counter[int] = Counter()
    for row in rows:
        granted[row.account_id] += row.granted_cents or 0
    assert [(row["account_id"], row["granted"]) for row in costs.dearest(scope_of(user))] == [
        (account, cents) for account, cents in granted.most_common() if cents
    ]


def test_sales_by_line_are_in_the_base_currency(cast: Cast) -> None:
    line: ProductLine = ProductLineFactory(name="Pumps")
    product = ProductFactory(line=line)
    purchase = _bought(cast.acme, product, TODAY, 10_000)
    Purchase.objects.filter(pk=purchase.pk).update(currency="PLN", rate="0.25", amount_cents=2_500)
    ComplaintFactory(account=cast.acme, product=product, granted_cents=100)
    (cost,) = costs.by_line(scope_of(cast.ada))
    assert (cost.sales_cents, cost.share) == (2_500, 0.04)


def test_bought_again(user: User) -> None:
    whole = period("24", today=TODAY)
    closed = [row for row in seen(user, code="24") if row.closed_on and row.closed_on >= whole.first]
    old = [row for row in closed if row.closed_on <= TODAY - dt.timedelta(days=again.DAYS)]  # type: ignore[operator]
    found = again.bought_again(scope_of(user, "24"))

    def came_back(row: Complaint) -> bool:
        last = row.closed_on + dt.timedelta(days=again.DAYS)  # type: ignore[operator]
        return any(
            row.closed_on < one.ordered_on <= last and one.amount_cents > 0  # type: ignore[operator]
            for one in Purchase.objects.filter(account=row.account_id)
        )

    assert old and found.young == len(closed) - len(old)
    assert (found.all.closed, found.all.again) == (len(old), sum(map(came_back, old)))
    ways: dict[str, Callable[[Complaint], str]] = {
        again.OUTCOME: lambda row: row.outcome,
        again.SOLVED: lambda row: row.solved,
        again.TIME: lambda row: again.LATE if (row.resolution_over or 0) > 0 else again.IN_TIME,
        again.TIER: lambda row: row.account.tier or "",
    }
    for way, group_of in ways.items():
        assert {name: (one.closed, one.again) for name, one in found.groups[way].items()} == {
            group: (
                sum(group_of(row) == group for row in old),
                sum(group_of(row) == group and came_back(row) for row in old),
            )
            for group in {group_of(row) for row in old}
        }


def test_who_did_not_buy_since(cast: Cast) -> None:
    long_ago = TODAY - dt.timedelta(days=200)

    def closed(account: Account, day: dt.date) -> Complaint:
        one: Complaint = ComplaintFactory(
            account=account, opened_at=dt.datetime.combine(day, dt.time(9), dt.UTC), step=False
        )
        Complaint.objects.filter(pk=one.pk).update(state="closed", closed_on=day)
        return one

    gone = closed(cast.acme, long_ago)
    PurchaseFactory(account=cast.acme, ordered_on=long_ago - dt.timedelta(days=20), cents=9_000)
    PurchaseFactory(account=cast.acme, ordered_on=long_ago + dt.timedelta(days=20), cents=-9_000)  # returned
    closed(cast.brewery, long_ago)
    PurchaseFactory(account=cast.brewery, ordered_on=long_ago + dt.timedelta(days=150), cents=1_000)
    closed(cast.quarry, long_ago)
    ComplaintFactory(account=cast.quarry)  # complains again: not silent
    closed(cast.orphan, TODAY - dt.timedelta(days=again.DAYS - 1))  # too early to say
    found = again.lost(scope_of(cast.ada))
    assert [(row["pk"], row["sales"]) for row in found] == [(gone.pk, 9_000)]
    assert not again.lost(scope_of(cast.otto))


def test_advice_and_what_people_decided(cast: Cast) -> None:
    first, second = ComplaintPolicyFactory(version=7), ComplaintPolicyFactory(version=8)
    given = (
        (first, "accept", "small_claim", "accepted", False, "not_needed", cast.acme),
        (first, "accept", "small_claim", "rejected", True, "refused", cast.acme),
        (second, "accept", "small_claim", "goodwill", False, "not_needed", cast.brewery),
        (second, "manager", "frequent", "rejected", False, "approved", cast.quarry),
    )
    for policy, advised, ground, outcome, against, approval, account in given:
        complaint = ComplaintFactory(account=account)
        advice: Advice = AdviceFactory(
            complaint=complaint, policy=policy, advised=advised, grounds=[{"code": ground}, {"code": "value"}]
        )
        DecisionFactory(
            complaint=complaint,
            advice=advice,
            outcome=outcome,
            amount_cents=0,
            reason="Because" if outcome == "rejected" else "",
            against_advice=against,
            decided_by=cast.serge,
            approval=approval,
            approved_by=cast.mona if approval in ("approved", "refused") else None,
        )
    scope = scope_of(cast.ada)
    by_advice, counts = judged.by_advice(scope)
    assert by_advice == [
        judged.Judged("accept", 3, 1, 1, 1),
        judged.Judged("manager", 1, 0, 1, 0),
    ]
    assert counts == {
        ("accept", "accepted"): 1,
        ("accept", "rejected"): 1,
        ("accept", "goodwill"): 1,
        ("manager", "rejected"): 1,
    }
    assert [(one.group, one.decisions, one.otherwise) for one in judged.by_ground(scope)] == [
        ("small_claim", 3, 1),
        ("frequent", 1, 0),
    ]
    assert [(one.group, one.decisions) for one in judged.by_version(scope)] == [("8", 2), ("7", 2)]
    assert [row["outcome"] for row in judged.otherwise(scope)] == ["rejected"]
    assert sum(one.decisions for one in judged.by_advice(scope_of(cast.mona))[0]) == 3
    assert judged.decisions(scope_of(cast.ada, team=cast.south)).count() == 1
    assert Decision.objects.count() == 4


# Pages --------------------------------------------------------------------------------------------------------------
def test_a_figure_leads_to_just_as_many_complaints(company: Cast, as_user: Callable[..., Client]) -> None:
    client = as_user("mona")
    for query in ("", "?by=tier", "?by=region", "?by=month&months=3", f"?team={company.north.pk}"):
        page = client.get(reverse("learning:reasons") + query)
        followed = 0
        for table in page.context["shown"].tables:
            for line in table.lines:
                for place, url in line.links.items():
                    rows = client.get(url).context["page"].paginator.count
                    assert rows == line.values[place], (table.name, line.values, url)
                    followed += 1
        assert followed > 3


def test_late_ones_and_repeaters_lead_to_them(company: Cast, as_user: Callable[..., Client]) -> None:
    client = as_user("ada")
    page = client.get(reverse("learning:time"))
    answered = {row.category_id: 0 for row in seen(company.ada, kinds=("complaint", "question"))}
    for row in seen(company.ada, kinds=("complaint", "question")):
        answered[row.category_id] += (row.response_over or 0) > 0
    links = [line.links[4] for line in page.context["shown"].tables[0].lines if 4 in line.links]
    counts = sorted(client.get(url).context["page"].paginator.count for url in links)
    assert counts == sorted(number for number in answered.values() if number)
    page = client.get(reverse("learning:repeaters"))
    for line in page.context["shown"].tables[0].lines:
        assert client.get(line.links[1]).context["page"].paginator.count == line.values[1]
        if line.values[4]:
            assert client.get(line.links[4]).context["page"].paginator.count == line.values[4]
    page = client.get(reverse("learning:open"))
    for line in page.context["shown"].tables[0].lines[:12]:
        if line.links and line.values[2]:
            assert client.get(line.links[4]).context["page"].paginator.count == line.values[4]


def test_the_file_has_what_the_page_has(company: Cast, as_user: Callable[..., Client]) -> None:
    client = as_user("mona")
    page = client.get(reverse("learning:reasons") + "?by=tier")
    table = page.context["shown"].tables[0]
    answer = client.get(reverse("learning:export", args=["reasons", "reasons", "csv"]) + "?by=tier")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    head, *rows = csv.reader(io.StringIO(text))
    assert head == [words for words, _css in table.columns]
    assert [row[:2] for row in rows] == [[line.values[0], str(line.values[1])] for line in table.lines]
    for name, _words, _for_all in PAGES:
        for one in client.get(reverse(f"learning:{name}")).context["shown"].tables:
            if one.lines:
                answer = client.get(reverse("learning:export", args=[name, one.name, "xlsx"]))
                assert answer.status_code == 200, (name, one.name)
                assert b"".join(answer.streaming_content).startswith(b"PK")  # type: ignore[arg-type]


def test_what_is_nobodys_to_ask(company: Cast, as_user: Callable[..., Client]) -> None:
    rep, lead = as_user("rita"), as_user("mona")
    assert rep.get(reverse("learning:advice")).status_code == 404
    assert rep.get(reverse("learning:export", args=["advice", "advised", "csv"])).status_code == 404
    assert lead.get(reverse("learning:reasons") + f"?team={company.south.pk}").status_code == 404
    assert lead.get(reverse("learning:export", args=["reasons", "nothing", "csv"])).status_code == 404
    assert lead.get(reverse("learning:export", args=["reasons", "reasons", "pdf"])).status_code == 404
    assert lead.get(reverse("learning:export", args=["nothing", "reasons", "csv"])).status_code == 404


@pytest.mark.parametrize("name", [name for name, _words, _for_all in PAGES])
def test_a_page_without_complaints_says_so(cast: Cast, as_user: Callable[..., Client], name: str) -> None:
    page = as_user("ada").get(reverse(f"learning:{name}"))
    assert page.status_code == 200 and not page.context["shown"].tables
    assert page.context["shown"].nothing[0] in page.content.decode()
