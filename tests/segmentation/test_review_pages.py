"""The pages of the review: who sees what, the list, deciding, taking back, pins, export (docs/domain.md, 4.4)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, AccountTeamMember
from crm.home.context import counts
from crm.team.models import User
from segmentation import review
from segmentation.models import TierAssessment, TierChange, TieringRun, TierPin
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, PurchaseFactory, TouchpointFactory
from tests.support.proposals import assess, make_run, propose

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("planned")]

AS_OF = dt.date(2026, 9, 30)
LIST = "/review/"


@pytest.fixture(autouse=True)
def clock(today: dt.date, time_machine: Any) -> None:
    """Nine in the morning of a Tuesday in review."""
    time_machine.move_to(dt.datetime.combine(today, dt.time(9), tzinfo=dt.UTC))


@pytest.fixture
def run(cast: Cast) -> TieringRun:
    return make_run(as_of=AS_OF, review_until=dt.date(2026, 10, 22))


@pytest.fixture
def change(run: TieringRun, cast: Cast) -> TierChange:
    """Rita's account, from A to B."""
    return propose(run, cast.acme, "A", "B", revenue_cents=2_124_000, previous_revenue_cents=3_400_000)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mona(cast: Cast) -> Client:
    return client_of(cast.mona)


def names(response: Any) -> list[str]:
    """The accounts of the list, in order."""
    return [row.change.account for row in response.context["rows"]]


def decide(client: Client, change: TierChange, decision: str, **data: str) -> Any:
    return client.post(f"{LIST}{change.pk}/", {"reason": "delivery", **data, "decision": decision})


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


# Who ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["rita", "serge"])
def test_reps_and_agents_find_nothing_under_review(cast: Cast, change: TierChange, name: str) -> None:
    client = client_of(cast.users[name])
    for path in ("", "export/", "decide/", "undo/", f"{change.pk}/", f"{change.pk}/pin/"):
        assert client.get(LIST + path).status_code == 404, path
        assert client.post(LIST + path, {"decision": "accept", "reason": "delivery"}).status_code == 404, path
    assert TierChange.objects.get().state == "proposed"


def test_another_teams_change_is_not_found(cast: Cast, change: TierChange) -> None:
    nora = client_of(cast.nora)
    assert nora.get(f"{LIST}{change.pk}/").status_code == 404
    assert decide(nora, change, "accept").status_code == 404
    assert names(nora.get(f"{LIST}?show=all")) == []
    undo = nora.post(f"{LIST}undo/?change={change.pk}")
    assert undo.status_code == 404


def test_an_admin_sees_all_and_a_manager_what_the_teams_own(cast: Cast, run: TieringRun) -> None:
    for account in (cast.acme, cast.quarry, cast.orphan):
        propose(run, account, "A", "B")
    assert set(names(client_of(cast.ada).get(LIST))) == {str(cast.acme), str(cast.quarry), str(cast.orphan)}
    assert names(client_of(cast.mona).get(LIST)) == [str(cast.acme)]
    assert names(client_of(cast.nora).get(LIST)) == [str(cast.quarry)]


def test_what_somebody_else_decides_can_be_read_but_not_decided(
    cast: Cast, run: TieringRun, mona: Client
) -> None:
    orphan = propose(run, cast.orphan, "B", "C")
    AccountTeamMember.objects.create(account=cast.quarry, user=cast.mona)
    quarry = propose(run, cast.quarry, "B", "C")
    page = mona.get(f"{LIST}?show=others")
    assert set(names(page)) == {str(cast.orphan), str(cast.quarry)}
    assert not any(row.selectable for row in page.context["rows"])
    assert "An admin decides this one" in mona.get(f"{LIST}{orphan.pk}/", follow=True).content.decode()
    assert "The manager of the owner" in mona.get(f"{LIST}{quarry.pk}/", follow=True).content.decode()
    answer = decide(mona, quarry, "accept")
    assert answer.status_code == 200
    assert "or an admin, decides" in answer.content.decode()
    quarry.refresh_from_db()
    assert quarry.state == "proposed"


def test_the_navigation_counts_what_the_user_may_decide(cast: Cast, run: TieringRun, today: dt.date) -> None:
    for account in (cast.acme, cast.brewery, cast.orphan, cast.quarry):
        propose(run, account, "B", "C")
    name = "segmentation:changes"
    found = {who: counts(user, on=today).get(name) for who, user in cast.users.items()}
    assert found == {"rita": None, "carl": None, "otto": None, "serge": None, "mona": 2, "nora": 1, "ada": 4}
    TierChange.objects.filter(account=cast.acme).update(
        state="rejected", actor=cast.mona, decided_at="2026-10-13T08:00Z"
    )
    assert counts(cast.mona, on=today)[name] == 1


# Nothing to show ----------------------------------------------------------------------------------------------------
def test_before_the_first_run_the_page_says_what_will_happen(mona: Client) -> None:
    text = mona.get(LIST).content.decode()
    assert "No review yet" in text
    assert "Fri 1 Jan 2027" in text and "Thu 31 Dec" in text


def test_nothing_for_these_teams(cast: Cast, run: TieringRun, mona: Client) -> None:
    propose(run, cast.quarry, "A", "B")
    assert "Nothing to decide for your teams" in mona.get(LIST).content.decode()


def test_all_decided(change: TierChange, mona: Client) -> None:
    decide(mona, change, "reject")
    text = mona.get(f"{LIST}?show=undecided").content.decode()
    assert "The one change is decided" in text
    assert "1 of 1</b> decided" in text
    assert "Review closed" in text  # the last decision closes the run


def test_a_filter_that_finds_nothing_offers_all(change: TierChange, mona: Client) -> None:
    text = mona.get(f"{LIST}?move=CB").content.decode()
    assert "No change matches" in text
    assert "show=all" in text


# The list -----------------------------------------------------------------------------------------------------------
def three(cast: Cast, run: TieringRun) -> None:
    """Two from A to B, one from B to C with complaints."""
    small = AccountFactory(name="Small one", owner=cast.rita)
    propose(run, small, "A", "B", revenue_cents=50_000, previous_revenue_cents=25_000)
    propose(run, cast.acme, "A", "B", revenue_cents=900_000, previous_revenue_cents=1_000_000)
    propose(run, cast.brewery, "B", "C", revenue_cents=70_000_000, previous_revenue_cents=0, complaints=2)


def test_grouped_by_movement_then_by_value(cast: Cast, run: TieringRun, mona: Client) -> None:
    three(cast, run)
    page = mona.get(LIST)
    assert names(page) == [str(cast.acme), "Small one", str(cast.brewery)]
    groups = [
        (each.movement.code, len(each.rows), each.movement.value) for each, _body in page.context["groups"]
    ]
    assert groups == [("AB", 2, 950_000), ("BC", 1, 70_000_000)]
    text = page.content.decode()
    assert "2 of 2 undecided, 9,500" in text
    assert "Left the first 80\u00a0% of value" in text
    assert "−10\u00a0%" in text and "+100\u00a0%" in text


def test_the_previous_run_is_what_revenue_is_compared_with(cast: Cast, run: TieringRun, mona: Client) -> None:
    before = make_run(as_of=dt.date(2026, 6, 30), review_until=dt.date(2026, 7, 22), state="closed")
    assess(before, cast.acme, tier="A", revenue_cents=400_000)
    propose(run, cast.acme, "A", "B", revenue_cents=100_000, previous_revenue_cents=50_000)
    assert [row.growth for row in mona.get(LIST).context["rows"]] == [-0.75]


@pytest.mark.parametrize(
    ("sort", "expected", "column", "aria"),
    [
        ("-value", ["Zakłady Acme S.A.", "Small one"], "At stake", "descending"),
        ("value", ["Small one", "Zakłady Acme S.A."], "At stake", "ascending"),
        ("account", ["Small one", "Zakłady Acme S.A."], "Account", "ascending"),
        ("-account", ["Zakłady Acme S.A.", "Small one"], "Account", "descending"),
        ("change", ["Zakłady Acme S.A.", "Small one"], "Revenue", "ascending"),
        ("-change", ["Small one", "Zakłady Acme S.A."], "Revenue", "descending"),
        ("nonsense", ["Zakłady Acme S.A.", "Small one"], "At stake", "descending"),
    ],
)
def test_columns_sort_inside_their_movement(
    cast: Cast, run: TieringRun, mona: Client, sort: str, expected: list[str], column: str, aria: str
) -> None:
    three(cast, run)
    page = mona.get(LIST, {"sort": sort})
    assert names(page) == [*expected, str(cast.brewery)]
    sorted_by = re.findall(r'aria-sort="(\w+)"><a[^>]*>([^<,]+)', page.content.decode())
    assert [(order, label[: len(column)]) for order, label in sorted_by] == [(aria, column)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("move=AB", {"Zakłady Acme S.A.", "Small one"}),
        ("move=BC", {"Browar Zamkowy"}),
        ("move=XY", {"Zakłady Acme S.A.", "Small one", "Browar Zamkowy"}),
        ("complaints=1", {"Browar Zamkowy"}),
        ("q=ACME", {"Zakłady Acme S.A."}),
        ("q=zaklady", {"Zakłady Acme S.A."}),
        ("q=brew", {"Browar Zamkowy"}),
        ("rep=carl", {"Browar Zamkowy"}),
        ("rep=none", set()),
        ("rep=x'", {"Zakłady Acme S.A.", "Small one", "Browar Zamkowy"}),
        ("show=decided", set()),
        ("show=all", {"Zakłady Acme S.A.", "Small one", "Browar Zamkowy"}),
    ],
)
def test_filters(cast: Cast, run: TieringRun, mona: Client, query: str, expected: set[str]) -> None:
    three(cast, run)
    query = query.replace("carl", str(cast.carl.pk))
    assert set(names(mona.get(f"{LIST}?{query}"))) == expected


def test_the_owners_of_proposals_are_named_when_they_are_asked_for(
    cast: Cast, run: TieringRun, mona: Client
) -> None:
    three(cast, run)
    propose(run, cast.quarry, "B", "C")  # Nora's to decide
    closed = mona.get(LIST).content.decode()
    assert '<span class="vh">Sales rep: </span>All sales reps' in closed
    opened = mona.get(LIST, {"menu": "rep", "move": "BC"})
    people = [(person["name"], person["chosen"]) for person in opened.context["people"]]
    assert people == [("All sales reps", True), ("Carl Example", False), ("Rita Example", False)]
    carl = mona.get(opened.context["people"][1]["url"])
    assert names(carl) == [str(cast.brewery)]
    assert '<span class="vh">Sales rep: </span>Carl Example' in carl.content.decode()
    letters = mona.get(
        LIST, {"menu": "rep", "find": "rit"}, headers={"HX-Request": "true", "HX-Target": "people"}
    )
    assert [person["name"] for person in letters.context["people"]] == ["Rita Example"]
    assert letters.content.lstrip().startswith(b'<div class="people"')
    # Somebody without a proposal is nobody's name here, and the list is empty.
    otto = mona.get(LIST, {"rep": cast.otto.pk})
    assert names(otto) == [] and "Otto" not in otto.content.decode()


def test_the_pills_count_what_they_would_show(cast: Cast, run: TieringRun, mona: Client) -> None:
    three(cast, run)
    propose(run, cast.orphan, "B", "C")
    decide(mona, TierChange.objects.get(account=cast.acme), "accept")
    pills = {label: number for label, number, _url, _on in mona.get(f"{LIST}?show=all").context["pills"]}
    assert pills == {"Undecided": 2, "Decided": 1, "All": 3, "Others decide": 1, "With complaints": 1}
    pills = {label: number for label, number, _url, _on in mona.get(f"{LIST}?move=AB").context["pills"]}
    assert pills == {"Undecided": 1, "Decided": 1, "All": 2}


def test_the_head_says_how_far_the_review_is(cast: Cast, run: TieringRun, mona: Client) -> None:
    three(cast, run)
    decide(mona, TierChange.objects.get(account=cast.acme), "accept")
    text = mona.get(LIST).content.decode()
    assert "Review Q3 2026" in text
    assert "1 of 3</b> decided" in text
    assert "9 days</b> left, to 22 October" in text


def test_first_tiers_are_shown_as_applied(cast: Cast, run: TieringRun, mona: Client) -> None:
    assess(run, cast.acme, tier="B")
    TierChange.objects.create(
        account=cast.acme, run=run, state="applied", to_tier="B", proposed_at=run.completed_at,
        decided_at=run.completed_at, applied_on=AS_OF,
    )  # fmt: skip
    page = mona.get(f"{LIST}?show=all")
    assert names(page) == []
    assert [(each.code, each.at_once) for each in page.context["summary"].movements] == [("0B", True)]
    assert page.context["summary"].total == 0


def test_an_override_stays_under_the_movement_that_was_found(
    cast: Cast, change: TierChange, mona: Client
) -> None:
    decide(mona, change, "C")
    page = mona.get(f"{LIST}?show=all")
    assert [group.movement.code for group, _body in page.context["groups"]] == ["AB"]
    assert "Overridden, C: Delivery problems" in page.content.decode()


def test_older_runs_are_a_choice_away(cast: Cast, change: TierChange, mona: Client) -> None:
    before = make_run(as_of=dt.date(2026, 6, 30), review_until=dt.date(2026, 7, 22), state="closed")
    old = propose(before, AccountFactory(owner=cast.rita, name="Of June"), "B", "C")
    TierChange.objects.filter(pk=old.pk).update(state="automatic", decided_at=before.completed_at)
    page = mona.get(f"{LIST}?run={before.pk}")
    assert names(page) == ["Of June"]
    text = page.content.decode()
    assert "Review Q2 2026" in text and "Review closed" in text and "Applied undecided" in text
    assert names(mona.get(LIST)) == [str(cast.acme)]
    assert mona.get(f"{LIST}?run=999999").status_code == 404


def test_fifty_a_page_and_the_page_of_the_open_one(cast: Cast, run: TieringRun, mona: Client) -> None:
    for number in range(60):
        propose(run, AccountFactory(owner=cast.rita), "B", "C", revenue_cents=1000 - number)
    first = mona.get(LIST)
    assert len(names(first)) == 50
    assert "1 to 50 of 60" in first.content.decode()
    assert len(names(mona.get(f"{LIST}?page=2"))) == 10
    last = TierChange.objects.order_by("-pk")[0]
    beside = mona.get(f"{LIST}{last.pk}/")
    assert beside.context["page"].number == 2
    assert last.pk in [row.change.pk for row in beside.context["rows"]]
    assert beside.context["before_url"] and not beside.context["after_url"]


def many_changes(cast: Cast, run: TieringRun, number: int) -> None:
    accounts = [Account(code=f"M{n:05d}", name=f"Many {n}", owner=cast.rita, tier="B") for n in range(number)]
    for account in accounts:
        account.derive()
    accounts = Account.objects.bulk_create(accounts)
    template = assess(run, cast.brewery, tier="C")
    rows = []
    for n, account in enumerate(accounts):
        row = TierAssessment(run=run, account=account)
        for field in TierAssessment._meta.concrete_fields:
            if field.name not in ("id", "run", "account"):
                setattr(row, field.attname, getattr(template, field.attname))
        row.revenue_cents = n
        rows.append(row)
    TierAssessment.objects.bulk_create(rows)
    TierChange.objects.bulk_create(
        TierChange(
            account=account, run=run, state="proposed", from_tier="B", to_tier="C", proposed_at=run.completed_at
        )
        for account in accounts
    )  # fmt: skip


def test_two_thousand_changes_cost_no_more_statements(cast: Cast, run: TieringRun, mona: Client) -> None:
    propose(run, cast.acme, "A", "B")
    mona.get(f"{LIST}?sort=change")  # from now on it is remembered

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert mona.get(f"{LIST}?sort=change").status_code == 200
        return len(queries)

    few = statements()
    many_changes(cast, run, 2000)
    assert statements() == few
    assert few <= 13  # five of them are the frame's: session, user, team, and two numbers in the navigation


def test_filters_come_back(cast: Cast, run: TieringRun, mona: Client) -> None:
    three(cast, run)
    mona.get(f"{LIST}?show=decided&move=BC&q=browar")
    again = mona.get(LIST)
    assert again.status_code == 302
    assert again["Location"] == f"{LIST}?move=BC"
    assert names(mona.get(LIST, follow=True)) == [str(cast.brewery)]
    mona.get(f"{LIST}?move=&show=undecided")
    assert len(names(mona.get(LIST, follow=True))) == 3


# One change ---------------------------------------------------------------------------------------------------------
def test_the_page_explains_the_change(cast: Cast, change: TierChange, mona: Client) -> None:
    before = make_run(as_of=dt.date(2026, 6, 30), review_until=dt.date(2026, 7, 22), state="closed")
    assess(before, cast.acme, tier="A", revenue_cents=3_419_000)
    PurchaseFactory(account=cast.acme, ordered_on=dt.date(2026, 9, 1), cents=123_400)
    PurchaseFactory(
        account=cast.acme, ordered_on=dt.date(2026, 10, 1), cents=9_999_900
    )  # after the run's day
    for day in (3, 5, 7, 9):
        TouchpointFactory(
            account=cast.acme, user=cast.rita, day=dt.date(2026, 10, day), note=f"Note of {day}"
        )
    text = mona.get(f"{LIST}{change.pk}/").content.decode()
    assert "85.0\u00a0% of all value comes from accounts before it" in text
    assert '<tr class="decides"><th scope="row">Value before it' in text
    assert "34,190" in text and "−38\u00a0%" in text  # the previous run beside this one
    assert "Q2 2026</th>" in text
    assert "1,234" in text and "99,999" not in text
    assert "Note of 9" in text and "Note of 5" in text and "Note of 3" not in text
    assert "Sep 2026" in text


def test_return_on_time_against_the_median_of_the_tier(cast: Cast, run: TieringRun, mona: Client) -> None:
    change = propose(run, cast.acme, "A", "B", revenue_cents=1_200_00, contact_minutes=120)
    for hourly in (100_00, 400_00, 900_00):
        account = AccountFactory(tier="A")
        assess(run, account, tier="A", revenue_cents=hourly, contact_minutes=60)
    assess(run, AccountFactory(tier="A"), tier="A", revenue_cents=99_999_00, contact_minutes=0)
    assess(run, AccountFactory(tier="B"), tier="B", revenue_cents=99_999_00, contact_minutes=60)
    back = mona.get(f"{LIST}{change.pk}/").context["opened"].return_on_time
    assert (back.mine, back.median, back.tier) == (600_00, 500_00, "A")  # 100, 400, 600, 900


def test_htmx_gets_the_change_alone(change: TierChange, mona: Client) -> None:
    answer = mona.get(f"{LIST}{change.pk}/", headers={"HX-Request": "true", "HX-Target": "open"})
    text = answer.content.decode()
    assert "<html" not in text and 'id="open-name"' in text
    assert "HX-Request" in answer["Vary"]


def test_a_change_applied_at_once_has_no_page(cast: Cast, change: TierChange, mona: Client) -> None:
    TierChange.objects.filter(pk=change.pk).update(state="applied", decided_at=change.proposed_at)
    assert mona.get(f"{LIST}{change.pk}/").status_code == 404


# Deciding -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("decision", "state", "tier"),
    [("accept", "accepted", "B"), ("reject", "rejected", "A"), ("C", "overridden", "C")],
)
def test_a_decision_is_written_and_the_next_one_opens(
    cast: Cast, change: TierChange, run: TieringRun, mona: Client, decision: str, state: str, tier: str
) -> None:
    following = propose(run, cast.brewery, "B", "C")
    answer = mona.post(
        f"{LIST}{change.pk}/?show=undecided",
        {"decision": decision, "reason": "other", "note": " They moved. "},
    )
    assert answer.status_code == 302
    assert answer["Location"] == f"{LIST}{following.pk}/?show=undecided"
    change.refresh_from_db()
    assert (change.state, change.reason, change.note, change.actor) == (
        state,
        "other",
        "They moved.",
        cast.mona,
    )
    cast.acme.refresh_from_db()
    assert cast.acme.tier == tier
    [words] = said(answer)
    assert "Zakłady Acme S.A." in words and tier in words
    assert f"change={change.pk}" in mona.get(answer["Location"]).content.decode()  # the toast's Undo


def test_after_the_last_the_list_is_shown(change: TierChange, mona: Client) -> None:
    assert decide(mona, change, "accept")["Location"] == f"{LIST}?show=undecided"


def test_htmx_gets_the_next_one_with_its_address(
    cast: Cast, change: TierChange, run: TieringRun, mona: Client
) -> None:
    following = propose(run, cast.brewery, "B", "C")
    answer = mona.post(
        f"{LIST}{change.pk}/",
        {"decision": "accept", "reason": "delivery"},
        headers={"HX-Request": "true", "HX-Target": "open"},
    )
    assert answer.status_code == 200
    assert answer["HX-Push-Url"] == f"{LIST}{following.pk}/?show=undecided"
    assert answer.context["opened"].change.pk == following.pk
    assert "Accepted: Zakłady Acme S.A. is B now." in answer.content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"decision": "accept", "reason": ""}, "Choose why it happened."),
        ({"decision": "accept", "reason": "other"}, "“Other” needs a few words."),
        ({"decision": "A", "reason": "delivery"}, "has A already"),
        ({"decision": "B", "reason": "delivery"}, "accept it"),
    ],
)
def test_what_is_refused_is_said_in_place_and_nothing_is_lost(
    change: TierChange, mona: Client, data: dict[str, str], words: str
) -> None:
    answer = mona.post(
        f"{LIST}{change.pk}/",
        {"note": "", **data} | ({} if data["reason"] == "other" else {"note": "My words"}),
    )
    text = answer.content.decode()
    assert answer.status_code == 200
    assert words in text
    if data["reason"] != "other":
        assert 'value="My words"' in text
    if data["reason"]:
        assert (
            f'value="{data["reason"]}"'
            in re.findall(r'<input type="radio" name="reason"[^>]*checked>', text)[0]
        )
    change.refresh_from_db()
    assert change.state == "proposed"


def test_somebody_else_was_quicker(cast: Cast, change: TierChange, mona: Client) -> None:
    ada = client_of(cast.ada)
    assert ada.get(f"{LIST}{change.pk}/").status_code == 200
    decide(mona, change, "reject")
    text = decide(ada, change, "accept").content.decode()
    assert text.count("Mona Example rejected this change on") >= 1
    assert 'role="alert"' in text
    assert "Accept B" not in text  # there is nothing left to decide
    change.refresh_from_db()
    assert (change.state, change.actor) == ("rejected", cast.mona)


def test_an_overtaken_proposal_is_told(cast: Cast, change: TierChange, mona: Client) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="C")
    text = decide(mona, change, "accept").content.decode()
    assert "no longer in the tier it would leave" in text
    change.refresh_from_db()
    assert change.state == "overtaken"


def test_a_decided_change_says_who_when_and_why(cast: Cast, change: TierChange, mona: Client) -> None:
    decide(mona, change, "reject", reason="seasonal", note="Back in spring")
    text = mona.get(f"{LIST}{change.pk}/").content.decode()
    assert "Mona Example rejected this change on" in text
    assert "Seasonal: Back in spring" in text
    assert "Take it back" in text


# Taking back --------------------------------------------------------------------------------------------------------
def test_undo_opens_the_proposal_again(cast: Cast, change: TierChange, mona: Client) -> None:
    decide(mona, change, "accept")
    answer = mona.post(f"{LIST}undo/?change={change.pk}", {"next": f"{LIST}?show=undecided&move=AB"})
    assert answer["Location"] == f"{LIST}{change.pk}/?show=undecided&move=AB"
    change.refresh_from_db()
    cast.acme.refresh_from_db()
    assert (change.state, cast.acme.tier, cast.acme.tier_since) == ("proposed", "A", dt.date(2026, 1, 2))


def test_undo_of_several(cast: Cast, change: TierChange, run: TieringRun, mona: Client) -> None:
    other = propose(run, cast.brewery, "B", "C")
    both = {"change": [change.pk, other.pk], "reason": "delivery", "decision": "accept"}
    mona.post(f"{LIST}decide/", both)
    answer = mona.post(
        f"{LIST}undo/?change={change.pk}&change={other.pk}", {"next": "https://elsewhere.example/"}
    )
    assert answer["Location"] == LIST
    assert said(answer)[-1] == "2 decisions were taken back."
    assert set(TierChange.objects.values_list("state", flat=True)) == {"proposed"}


def test_undo_after_the_review_is_refused_in_words(
    change: TierChange, mona: Client, time_machine: Any
) -> None:
    decide(mona, change, "accept")
    time_machine.move_to(dt.datetime(2026, 10, 23, 9, tzinfo=dt.UTC))
    assert "Take it back" not in mona.get(f"{LIST}{change.pk}/").content.decode()
    answer = mona.post(f"{LIST}undo/?change={change.pk}")
    assert said(answer)[-1] == "The review has ended; the decision stands."
    change.refresh_from_db()
    assert change.state == "accepted"


# Many ---------------------------------------------------------------------------------------------------------------
def test_many_at_once_and_what_was_left(
    cast: Cast, change: TierChange, run: TieringRun, mona: Client
) -> None:
    decided, foreign = propose(run, cast.brewery, "B", "C"), propose(run, cast.orphan, "B", "C")
    unseen = propose(run, cast.quarry, "B", "C")
    review.reject_change(
        change=decided, reason="seasonal", actor=cast.ada, today=dt.date(2026, 10, 13), now=run.completed_at
    )
    answer = mona.post(
        f"{LIST}decide/?show=undecided",
        {
            "change": [change.pk, decided.pk, foreign.pk, unseen.pk],
            "reason": "delivery",
            "decision": "accept",
            "next": f"{LIST}?show=undecided",
        },
        follow=True,
    )
    text = answer.content.decode()
    assert answer.redirect_chain == [(f"{LIST}?show=undecided", 302)]
    assert "1 change accepted." in text
    assert "2 changes could not be decided." in text
    assert "<b>Browar Zamkowy</b>: Ada Example rejected this change on" in text
    assert "<b>Sierota Sp. z o.o.</b>: Only the manager" in text
    assert "Kamieniołom" not in text
    states = dict(TierChange.objects.values_list("account__code", "state"))
    assert states == {"ACME": "accepted", "BREW": "rejected", "ORPHAN": "proposed", "QUARRY": "proposed"}
    assert "could not be decided" not in mona.get(f"{LIST}?show=all").content.decode()  # said once


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"reason": ""}, "Choose why it happened."),
        ({"reason": "other"}, "“Other” needs a few words."),
        ({"reason": "delivery", "change": ""}, "Select what to decide."),
        ({"reason": "delivery", "change": "1; drop"}, "valid choice"),
    ],
)
def test_many_without_a_reason_keeps_the_selection(
    cast: Cast, change: TierChange, mona: Client, data: dict[str, str], words: str
) -> None:
    sent = {"change": str(change.pk), "decision": "reject", **data}
    text = mona.post(
        f"{LIST}decide/", {name: value for name, value in sent.items() if value}
    ).content.decode()
    assert words in text
    checked = re.search(rf'value="{change.pk}"[^>]*checked', text)
    assert bool(checked) == (sent["change"] == str(change.pk))
    assert TierChange.objects.get().state == "proposed"


# Pins ---------------------------------------------------------------------------------------------------------------
def test_the_selected_are_pinned_from_the_bar(
    cast: Cast, change: TierChange, run: TieringRun, mona: Client
) -> None:
    foreign = propose(run, cast.orphan, "B", "C")
    sent = {
        "change": [change.pk, foreign.pk],
        "decision": "pin",
        "tier": "kept",
        "last_day": "2027-03-31",
        "pin_reason": "A tender runs until March",
    }
    text = mona.post(f"{LIST}decide/?show=all", sent, follow=True).content.decode()
    pin = TierPin.objects.get()
    assert (pin.account, pin.tier, pin.actor, pin.reason) == (
        cast.acme,
        change.from_tier,
        cast.mona,
        "A tender runs until March",
    )
    assert "1 account is pinned until Wed 31 Mar 2027." in text
    assert "<b>Sierota Sp. z o.o.</b>: Only the manager" in text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"last_day": ""}, "Pinned until when? Give the last day."),
        ({"last_day": "2026-10-01"}, "The last day lies before the first."),
        ({"pin_reason": ""}, "Say why the tier is pinned."),
        ({"tier": "D"}, "valid choice"),
        ({"change": ""}, "Select what to decide."),
    ],
)
def test_a_pin_of_many_that_cannot_be_keeps_what_was_typed(
    change: TierChange, mona: Client, given: dict[str, str], words: str
) -> None:
    sent = {
        "change": str(change.pk),
        "decision": "pin",
        "tier": "kept",
        "last_day": "2027-03-31",
        "pin_reason": "A tender",
    } | given
    text = mona.post(
        f"{LIST}decide/", {name: value for name, value in sent.items() if value}
    ).content.decode()
    assert words in text and not TierPin.objects.exists()
    assert '<details class="bulk-pin" open>' in text
    for name in ("last_day", "pin_reason"):
        assert not sent[name] or f'value="{sent[name]}"' in text


def test_a_pin_is_set_and_overtakes_the_proposal(cast: Cast, change: TierChange, mona: Client) -> None:
    sent = {
        "tier": "C",
        "first_day": "2026-10-13",
        "last_day": "2027-03-31",
        "reason": "A tender runs until March",
    }
    answer = mona.post(f"{LIST}{change.pk}/pin/?show=all", sent)
    assert answer["Location"] == f"{LIST}{change.pk}/?show=all"
    pin = TierPin.objects.get()
    assert (pin.account, pin.tier, pin.actor, pin.last_day) == (
        cast.acme,
        "C",
        cast.mona,
        dt.date(2027, 3, 31),
    )
    change.refresh_from_db()
    cast.acme.refresh_from_db()
    assert (change.state, cast.acme.tier) == ("overtaken", "C")
    assert "A tender runs until March" in mona.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"reason": ""}, "This field is required."),
        ({"last_day": "2026-10-01"}, "The last day lies before the first."),
        ({"first_day": "2026-09-01", "last_day": "2026-10-01"}, "The last day is over already."),
        ({"tier": "D"}, "not one of the available choices"),
    ],
)
def test_a_pin_that_cannot_be_is_refused_in_place(
    change: TierChange, mona: Client, sent: dict[str, str], words: str
) -> None:
    good = {"tier": "C", "first_day": "2026-10-13", "last_day": "2027-03-31", "reason": "A tender"}
    text = mona.post(f"{LIST}{change.pk}/pin/", good | sent).content.decode()
    assert words in text
    assert '<details class="behind" open>' in text
    assert not TierPin.objects.exists()


# Export -------------------------------------------------------------------------------------------------------------
def test_the_export_is_the_list_and_no_cell_is_a_formula(cast: Cast, run: TieringRun, mona: Client) -> None:
    three(cast, run)
    propose(run, cast.quarry, "A", "B")
    evil = AccountFactory(name='=HYPERLINK("http://x")', code="@X", owner=cast.rita)
    propose(run, evil, "A", "B", revenue_cents=-1234)
    answer = mona.get(reverse("segmentation:export"), {"move": "AB"})
    assert answer["Content-Disposition"] == 'attachment; filename="tier-changes-2026-09-30.csv"'
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Account"] for row in rows] == ["Zakłady Acme S.A.", "Small one", '\'=HYPERLINK("http://x")']
    assert rows[0]["Revenue"] == "9000.00" and rows[0]["Proposed"] == "B"
    assert (rows[2]["Code"], rows[2]["Revenue"]) == ("'@X", "-12.34")
