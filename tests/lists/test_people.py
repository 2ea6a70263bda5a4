"""Filters by a colleague: what a closed one names, what an opened one finds; neither grows with the company."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crm.lists.models import ListView
from crm.lists.people import SHOWN
from crm.team.models import Role, User
from tests.support.cast import Cast

As = Callable[[str], Client]
LIST = "/accounts/"
EVERYTHING = ["ACME", "BREW", "ORPHAN"]  # that Mona sees
EVERY_LIST = ["/accounts/", "/persons/", "/purchases/", "/touchpoints/", "/complaints/"]


def many(number: int) -> None:
    User.objects.bulk_create(
        User(email=f"many{n}@example.com", name=f"Many {n:03d}", role=Role.REP, password="!")
        for n in range(number)
    )


def codes(answer: Any) -> list[str]:
    return sorted(row["code"] for row in answer.context["page"].rows)


def offered(answer: Any) -> list[str]:
    return [person["name"] for person in answer.context["people"]]


@pytest.mark.parametrize("url", EVERY_LIST)
def test_a_list_does_not_grow_with_the_company(as_user: As, cast: Cast, url: str) -> None:
    client = as_user("ada")
    before = client.get(url, {"tier": ""})
    many(2 * SHOWN)
    after = client.get(url, {"tier": ""})
    assert abs(len(after.content) - len(before.content)) < 50  # tokens and times
    assert b"Many" not in after.content


def test_an_opened_filter_names_the_first_and_finds_the_others(as_user: As, cast: Cast) -> None:
    many(2 * SHOWN)
    client = as_user("ada")
    opened = client.get(LIST, {"menu": "owner"})
    names = offered(opened)
    assert names[:4] == ["Any owner", "Mine", "Nobody", "Ada Example"]
    assert len(names) == SHOWN
    assert opened.context["people_left"] == 3 + 7 + 2 * SHOWN - SHOWN
    assert offered(client.get(LIST, {"menu": "owner", "find": "  EXAMPLE rit "})) == ["Rita Example"]
    nobody = client.get(LIST, {"menu": "owner", "find": "Xenia"})
    assert offered(nobody) == []
    assert b"Nobody is called so." in nobody.content


def test_letters_typed_are_answered_by_the_names_alone(as_user: As, cast: Cast) -> None:
    client = as_user("ada")
    htmx = {"HX-Request": "true", "HX-Target": "people"}
    answer = client.get(LIST, {"menu": "owner", "find": "rita", "tier": "A"}, headers=htmx)
    assert answer.content.lstrip().startswith(b'<div class="people" id="people">')
    assert b"<table" not in answer.content
    assert offered(answer) == ["Rita Example"]
    assert answer.context["people"][0]["url"] == f"{LIST}?tier=A&owner={cast.rita.pk}"
    assert "HX-Target" in answer["Vary"]
    # Nothing is remembered of it.
    assert client.get(LIST).status_code == 200


def test_who_is_chosen_is_named_and_can_be_taken_away(as_user: As, cast: Cast) -> None:
    client = as_user("mona")
    opened = client.get(LIST, {"menu": "owner"})
    link = next(person["url"] for person in opened.context["people"] if person["name"] == "Carl Example")
    chosen = client.get(link)
    assert codes(chosen) == ["BREW"]
    assert b'<span class="vh">Owner: </span>Carl Example' in chosen.content
    assert f'<input type="hidden" name="owner" value="{cast.carl.pk}">'.encode() in chosen.content
    again = client.get(LIST, {"owner": cast.carl.pk, "menu": "owner"})
    assert [person["name"] for person in again.context["people"] if person["chosen"]] == ["Carl Example"]
    anybody = again.context["people"][0]
    assert anybody["url"] == f"{LIST}?tier="  # not the bare address: what is remembered would come back
    assert codes(client.get(anybody["url"])) == EVERYTHING


def test_taking_the_person_of_a_saved_view_away_does_not_bring_the_view_back(as_user: As, cast: Cast) -> None:
    client = as_user("mona")
    client.post(f"/lists/accounts/views/?owner={cast.carl.pk}", {"name": "Carl's"})
    view = ListView.objects.exclude(name="").get()
    opened = client.get(LIST, {"view": view.key, "menu": "owner"})
    everything = client.get(opened.context["people"][0]["url"])
    assert codes(everything) == EVERYTHING
    assert [view["changed"] for view in everything.context["views"] if view["current"]] == [True]


@pytest.mark.parametrize("value", ["0", "007", "²", "9" * 30, "-1", "x"])
def test_whoever_is_none_of_ones_people_narrows_nothing(as_user: As, cast: Cast, value: str) -> None:
    client = as_user("mona")
    assert codes(client.get(LIST, {"owner": value})) == EVERYTHING
    assert codes(client.get(LIST, {"owner": cast.otto.pk})) == EVERYTHING


def test_a_rep_has_nobody_to_choose_by(as_user: As, cast: Cast) -> None:
    client = as_user("rita")
    assert b"filter-owner" not in client.get(LIST, {"menu": "owner"}).content
    logged = client.get("/touchpoints/", {"menu": "who"}).content.decode()
    assert '<select class="input s auto" name="who" id="filter-who" aria-label="By">' in logged


def test_a_rare_one_opens_among_the_other_rare_filters(as_user: As, cast: Cast) -> None:
    client = as_user("ada")
    page = client.get("/complaints/", {"menu": "filters"})
    assert b"menu=owner" in page.content
    opened = client.get("/complaints/", {"menu": "owner", "find": "rita"})
    assert b'id="filter-batch"' in opened.content
    assert offered(opened) == ["Rita Example"]
    assert opened.context["people"][0]["url"] == f"/complaints/?menu=filters&owner={cast.rita.pk}&who="


def test_shared_views_ask_for_all_their_people_at_once(
    as_user: As, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    ada, mona = as_user("ada"), as_user("mona")
    many(5)
    for user in User.objects.exclude(pk__in=[cast.rita.pk, cast.carl.pk]):
        ada.post(f"/lists/accounts/views/?owner={user.pk}", {"name": f"Of {user.name}", "shared": "1"})
    ada.post(f"/lists/accounts/views/?owner={cast.rita.pk}", {"name": "Of Rita", "shared": "1"})
    mona.get(LIST, {"owner": cast.carl.pk})  # is remembered
    with django_assert_max_num_queries(8):
        page = mona.get(LIST, {"owner": cast.carl.pk})
    names = [str(view["name"]) for view in page.context["views"]]
    assert "Of Rita" in names
    assert "Of Otto Example" not in names  # none of Mona's people


def test_the_selected_are_given_to_people_who_are_asked_for(as_user: As, cast: Cast) -> None:
    client = as_user("ada")
    htmx = {"HX-Request": "true", "HX-Target": "bulk-assignee"}
    answer = client.get("/complaints/", {"menu": "assignees"}, headers=htmx).content.decode()
    assert answer.startswith("<select")
    assert f'<option value="{cast.rita.pk}">Rita Example</option>' in answer
    assert "Ada Example" not in answer  # she is "Me"
    assert "hx-get" not in answer
