"""The account list: who sees what, search, filters that come back, orders, pages, and what it costs."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AccountTeamMember
from tests.support.bulk import make_bulk
from tests.support.cast import Cast

LIST = "/accounts/"


def shown(response) -> list[str]:
    """The codes in the list, in order."""
    assert response.status_code == 200
    return [row["code"] for row in response.context["page"].rows]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("rita", {"ACME"}),
        ("carl", {"BREW"}),
        ("mona", {"ACME", "BREW", "ORPHAN"}),
        ("nora", {"QUARRY", "ORPHAN"}),
        ("serge", {"ACME", "BREW", "QUARRY", "ORPHAN"}),
        ("ada", {"ACME", "BREW", "QUARRY", "ORPHAN"}),
    ],
)
def test_each_role_finds_its_accounts_only(as_user, name: str, codes: set[str]) -> None:
    client = as_user(name)
    assert set(shown(client.get(LIST))) == codes
    assert set(shown(client.get(LIST, {"q": "a"}))) <= codes


def test_what_is_not_visible_is_not_found_nor_counted(as_user) -> None:
    response = as_user("rita").get(LIST, {"q": "browar"})
    assert shown(response) == []
    assert response.context["page"].paginator.count == 0
    assert "Browar" not in response.content.decode()


def test_a_service_agent_is_offered_no_new_account(as_user) -> None:
    assert reverse("accounts:new") not in as_user("serge").get(LIST).content.decode()
    assert reverse("accounts:new") in as_user("rita").get(LIST).content.decode()


def test_filters(as_user, cast: Cast) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="A", phase="lapsing", country="PL")
    Account.objects.filter(pk=cast.brewery.pk).update(tier="B", country="HU")
    client = as_user("mona")
    assert shown(client.get(LIST, {"tier": "A"})) == ["ACME"]
    assert shown(client.get(LIST, {"tier": "none"})) == ["ORPHAN"]
    assert shown(client.get(LIST, {"phase": "lapsing"})) == ["ACME"]
    assert shown(client.get(LIST, {"country": "HU"})) == ["BREW"]
    assert shown(client.get(LIST, {"owner": "none"})) == ["ORPHAN"]
    assert shown(client.get(LIST, {"owner": str(cast.carl.pk)})) == ["BREW"]
    assert shown(client.get(LIST, {"owner": "mine"})) == []
    assert shown(client.get(LIST, {"tier": "A", "country": "HU"})) == []
    Account.objects.filter(pk=cast.brewery.pk).update(country="CZ")
    assert shown(client.get(LIST, {"country": "elsewhere"})) == ["BREW"]


def test_a_filter_that_means_nothing_narrows_nothing(as_user, cast: Cast) -> None:
    client = as_user("mona")
    assert len(shown(client.get(LIST, {"tier": "Z"}))) == 3
    assert len(shown(client.get(LIST, {"owner": str(cast.otto.pk)}))) == 3  # not one of Mona's people
    assert len(shown(client.get(LIST, {"owner": "1 OR 1", "sort": "; drop", "page": "x"}))) == 3


def test_mine_counts_a_seat_on_the_account_team_apart(as_user, cast: Cast) -> None:
    AccountTeamMember.objects.create(account=cast.brewery, user=cast.rita)
    client = as_user("rita")
    assert set(shown(client.get(LIST))) == {"ACME", "BREW"}
    assert shown(client.get(LIST, {"owner": "mine"})) == ["ACME"]


def test_archived_accounts_are_put_away_and_found_again(as_user, cast: Cast) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(archived_at=timezone.now())
    client = as_user("mona")
    assert set(shown(client.get(LIST, {"tier": ""}))) == {"BREW", "ORPHAN"}
    assert shown(client.get(LIST, {"archived": "1"})) == ["ACME"]


def test_filters_come_back_until_they_are_reset(as_user, cast: Cast) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="A")
    client = as_user("mona")
    client.get(LIST, {"tier": "A", "sort": "-sales", "q": "acme", "page": "1"})
    again = client.get(LIST)
    assert again.status_code == 302
    assert again["Location"] == f"{LIST}?tier=A&sort=-sales"  # neither the words nor the page
    assert shown(client.get(again["Location"])) == ["ACME"]
    # A search from another page looks through everything and forgets nothing.
    assert shown(client.get(LIST, {"q": "browar"})) == ["BREW"]
    assert client.get(LIST)["Location"] == f"{LIST}?tier=A&sort=-sales"
    reset = client.get(LIST, {"reset": "1"})
    assert reset["Location"] == LIST
    assert len(shown(client.get(LIST))) == 3


def test_an_emptied_filter_is_forgotten(as_user) -> None:
    client = as_user("mona")
    client.get(LIST, {"tier": "A"})
    client.get(LIST, {"tier": "", "phase": ""})
    assert client.get(LIST).status_code == 200


def test_filters_are_each_users_own(as_user) -> None:
    as_user("mona").get(LIST, {"tier": "A"})
    assert as_user("nora").get(LIST).status_code == 200


@pytest.mark.parametrize(
    ("sort", "codes"),
    [
        ("name", ["BREW", "ORPHAN", "ACME"]),  # Browar, Sierota, Zakłady
        ("-name", ["ACME", "ORPHAN", "BREW"]),
        ("code", ["ACME", "BREW", "ORPHAN"]),
        ("tier", ["BREW", "ACME", "ORPHAN"]),  # A, C, none
        ("-tier", ["ACME", "BREW", "ORPHAN"]),  # none stays last
        ("-sales", ["ACME", "ORPHAN", "BREW"]),
        ("sales", ["BREW", "ORPHAN", "ACME"]),
        ("-bought", ["BREW", "ACME", "ORPHAN"]),
        ("contacted", ["ORPHAN", "ACME", "BREW"]),
    ],
)
def test_sorting(as_user, cast: Cast, today: dt.date, sort: str, codes: list[str]) -> None:
    day = dt.timedelta(days=1)
    Account.objects.filter(pk=cast.acme.pk).update(
        tier="C", sales_12m_cents=900, last_purchase_on=today - 5 * day, last_contact_on=today
    )
    Account.objects.filter(pk=cast.brewery.pk).update(tier="A", sales_12m_cents=-100, last_purchase_on=today)
    Account.objects.filter(pk=cast.orphan.pk).update(last_contact_on=today - 9 * day)
    assert shown(as_user("mona").get(LIST, {"sort": sort})) == codes


def test_the_sorted_column_says_so(as_user) -> None:
    page = as_user("mona").get(LIST, {"sort": "-sales"}).content.decode()
    assert re.findall(r'aria-sort="(\w+)"', page) == ["descending"]
    assert "sort=sales" in page  # the next click turns it round
    first = as_user("mona").get(LIST, {"tier": ""}).content.decode()
    assert re.findall(r'aria-sort="(\w+)"', first) == ["ascending"]
    assert "sort=-sales" in first  # the largest first


def test_pages(as_user, cast: Cast, today: dt.date) -> None:
    make_bulk(cast, rows=120, today=today)
    client = as_user("rita")
    first, second, third = (shown(client.get(LIST, {"page": page})) for page in ("1", "2", "3"))
    assert [len(first), len(second), len(third)] == [50, 50, 21]
    assert len({*first, *second, *third}) == 121
    html = client.get(LIST, {"page": "2", "tier": "A"}).content.decode()
    assert "of 40" in html  # of those, 40 have tier A: one page, so page 2 shows the first
    html = client.get(LIST, {"q": "próba", "page": "2"}).content.decode()
    assert "51 to 100 of 120" in html
    assert "page=3" in html
    assert "q=pr%C3%B3ba" in html


def test_totals_beyond_a_thousand_are_not_counted(as_user, cast: Cast) -> None:
    rows = [Account(code=f"N{n:05d}", name=f"Firma {n}", owner=cast.rita) for n in range(1010)]
    for row in rows:
        row.derive()
    Account.objects.bulk_create(rows)
    client = as_user("rita")
    assert "1 to 50 of 1,000+" in client.get(LIST).content.decode()
    last = client.get(LIST, {"page": "21"})
    assert len(shown(last)) == 11
    assert "1,001 to 1,011" in last.content.decode()


def test_nothing_matches_and_nothing_there(as_user, cast: Cast) -> None:
    client = as_user("rita")
    nothing = client.get(LIST, {"q": "qqq", "tier": "A"}).content.decode()
    assert "No account matches" in nothing
    assert "reset=1" in nothing
    Account.objects.all().delete()
    empty = client.get(LIST, {"reset": "1"}, follow=True).content.decode()
    assert "No accounts yet" in empty


def test_the_list_alone_answers_the_live_search(as_user) -> None:
    client = as_user("rita")
    answer = client.get(
        LIST,
        {"q": "acme", "tier": ""},
        headers={"HX-Request": "true", "HX-Target": "found", "HX-Trigger": "list-search"},
    )
    page = answer.content.decode()
    assert "<html" not in page
    assert 'id="found"' in page
    assert answer["HX-Replace-Url"] == f"{LIST}?q=acme"
    assert "HX-Request" in answer["Vary"]


def test_words_are_escaped(as_user) -> None:
    page = as_user("rita").get(LIST, {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize("name", ["rita", "mona", "serge", "ada"])
def test_costs_the_same_with_few_and_with_many(as_user, cast: Cast, today: dt.date, name: str) -> None:
    client = as_user(name)

    def ask() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST, {"q": "próba", "sort": "-sales"}).status_code == 200
        return len(queries)

    ask()  # the session is written once
    make_bulk(cast, rows=3, today=today)
    few = ask()
    make_bulk(cast, rows=300, today=today, first=3)
    assert ask() == few
    assert few <= 10, few  # of which the navigation asks two to four
