"""Named views: own and shared ones, who sees which, and how a list comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from crm.lists.models import ListView
from tests.support.cast import Cast

LIST = "/accounts/"
SAVE = "/lists/accounts/views/"

As = Callable[[str], Client]


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [row["code"] for row in answer.context["page"].rows]


def tabs(answer: Any) -> list[str]:
    return [str(view["name"]) for view in answer.context["views"]]


def current(answer: Any) -> list[tuple[str, bool]]:
    return [(str(view["name"]), view["changed"]) for view in answer.context["views"] if view["current"]]


@pytest.fixture
def tiers(cast: Cast) -> None:
    Account.objects.filter(pk=cast.acme.pk).update(tier="A", sales_12m_cents=500)
    Account.objects.filter(pk=cast.brewery.pk).update(tier="A", sales_12m_cents=900)


def save(client: Client, name: str, query: str, **more: str) -> ListView:
    answer = client.post(f"{SAVE}?{query}", {"name": name, **more})
    assert answer.status_code == 302, answer.content
    return ListView.objects.exclude(name="").latest("pk")


def test_a_view_keeps_filters_order_and_columns(as_user: As, tiers: None) -> None:
    client = as_user("mona")
    view = save(client, "Best", "tier=A&sort=-sales&columns=name,sales,city&view=all")
    assert view.state == {"tier": "A", "sort": "-sales", "columns": "name,sales,city"}
    client.get(LIST, {"reset": "1"})
    shown = client.get(LIST, {"view": view.key})
    assert codes(shown) == ["BREW", "ACME"]
    assert [heading.column.name for heading in shown.context["headings"]] == ["name", "sales", "city"]
    assert current(shown) == [("Best", False)]
    # It comes back as it was left: as this view.
    assert client.get(LIST)["Location"] == f"{LIST}?view={view.key}"


def test_a_view_that_is_narrowed_further_says_so_and_can_be_updated(as_user: As, tiers: None) -> None:
    client = as_user("mona")
    view = save(client, "Best", "tier=A")
    changed = client.get(LIST, {"view": view.key, "tier": "A", "sort": "-sales"})
    assert current(changed) == [("Best", True)]
    opened = client.get(changed.context["menus"]["views"])
    assert "Update “Best”" in opened.content.decode()
    client.post(f"{SAVE}{view.pk}/?view={view.key}&tier=A&sort=-sales")
    view.refresh_from_db()
    assert view.state == {"tier": "A", "sort": "-sales"}
    assert current(client.get(LIST, {"view": view.key})) == [("Best", False)]


def test_a_view_emptied_by_hand_shows_everything(as_user: As, tiers: None) -> None:
    client = as_user("mona")
    view = save(client, "Best", "tier=A")
    emptied = client.get(LIST, {"view": view.key, "tier": ""})
    assert len(codes(emptied)) == 3
    assert current(emptied) == [("Best", True)]
    again = client.get(client.get(LIST)["Location"])
    assert len(codes(again)) == 3
    # And its links lead to the same rows.
    assert len(codes(client.get(again.context["asked"].address(page="1")))) == 3


def test_words_are_part_of_a_view(as_user: As) -> None:
    client = as_user("mona")
    view = save(client, "Breweries", "q=browar")
    assert codes(client.get(LIST, {"view": view.key})) == ["BREW"]
    assert len(codes(client.get(LIST, {"view": view.key, "q": ""}))) == 3


def test_own_views_are_ones_own(as_user: As) -> None:
    view = save(as_user("rita"), "Mine alone", "tier=A")
    carl = as_user("carl")
    assert "Mine alone" not in tabs(carl.get(LIST))
    assert len(codes(carl.get(LIST, {"view": view.key}))) == 1  # a view one does not have narrows nothing
    for verb in ("", "name/", "delete/", "restore/"):
        assert carl.post(f"{SAVE}{view.pk}/{verb}", {"name": "Taken"}).status_code == 404
    view.refresh_from_db()
    assert (view.name, view.deleted_at) == ("Mine alone", None)


def test_a_shared_view_shows_each_their_own_rows(as_user: As, tiers: None, cast: Cast) -> None:
    view = save(as_user("mona"), "North A", "tier=A", shared="1")
    assert view.shared
    rita = as_user("rita").get(LIST, {"view": view.key})
    assert "North A" in tabs(rita)
    assert codes(rita) == ["ACME"]  # Carl's account stays hidden
    # Another team's people and a service agent without a team do not have it.
    for name in ("otto", "nora", "serge", "ada"):
        assert "North A" not in tabs(as_user(name).get(LIST, {"view": "all"})), name
    # It is Mona's to change, not Rita's.
    assert as_user("rita").post(f"{SAVE}{view.pk}/delete/").status_code == 404
    company = save(as_user("ada"), "Everybody", "tier=A", shared="1")
    for name in ("rita", "otto", "serge", "mona"):
        assert "Everybody" in tabs(as_user(name).get(LIST, {"view": "all"})), name
    assert as_user("mona").post(f"{SAVE}{company.pk}/delete/").status_code == 404


def test_a_shared_view_that_means_nothing_to_somebody_is_not_offered(as_user: As, cast: Cast) -> None:
    save(as_user("ada"), "Carl's", f"owner={cast.carl.pk}", shared="1")
    assert "Carl's" in tabs(as_user("mona").get(LIST, {"view": "all"}))
    assert "Carl's" not in tabs(
        as_user("rita").get(LIST, {"view": "all"})
    )  # she cannot filter by Carl: it would show all
    assert "Carl's" not in tabs(as_user("nora").get(LIST, {"view": "all"}))


def test_reps_do_not_share(as_user: As) -> None:
    assert not save(as_user("rita"), "Hers", "tier=A", shared="1").shared


def test_renaming_deleting_and_undo(as_user: As) -> None:
    client = as_user("mona")
    view = save(client, "Best", "tier=A")
    client.post(f"{SAVE}{view.pk}/name/", {"name": "  The   best ", "shared": "1"})
    view.refresh_from_db()
    assert (view.name, view.shared) == ("The best", True)
    gone = client.post(f"{SAVE}{view.pk}/delete/", follow=True)
    assert "The best" not in tabs(gone)
    assert f"{SAVE}{view.pk}/restore/" in gone.content.decode()
    save(client, "The best", "tier=B")  # its name is taken meanwhile
    back = client.post(f"{SAVE}{view.pk}/restore/", follow=True)
    assert {"The best", "The best 2"} <= set(tabs(back))


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "Give the view a name"), ("best", "You have a view “best” already"), ("x" * 61, "At most 60")],
)
def test_a_name_that_will_not_do(as_user: As, name: str, words: str) -> None:
    client = as_user("mona")
    save(client, "Best", "tier=A")
    answer = client.post(f"{SAVE}?tier=B", {"name": name}, follow=True)
    assert words in answer.content.decode()
    assert ListView.objects.exclude(name="").count() == 1
    assert answer.context["asked"].filters == {"tier": "B"}  # what was to be saved is still there


def test_a_list_begins_with_the_view_one_chose(as_user: As, tiers: None) -> None:
    client = as_user("mona")
    view = save(client, "Best", "tier=A")
    client.post(f"{SAVE}start/", {"view": view.key})
    client.get(LIST, {"reset": "1"})
    assert client.get(LIST)["Location"] == f"{LIST}?view={view.key}"
    client.post(f"{SAVE}{view.pk}/delete/")
    client.get(LIST, {"reset": "1"})
    assert client.get(LIST).status_code == 200  # it is gone: everything again
    client.post(f"{SAVE}start/", {"view": "mine"})
    client.get(LIST, {"reset": "1"})
    assert client.get(LIST)["Location"] == f"{LIST}?view=mine"
    assert client.post(f"{SAVE}start/", {"view": "9999"}).status_code == 404


def test_views_it_comes_with_are_for_who_can_use_them(as_user: As) -> None:
    assert "No owner" not in tabs(as_user("rita").get(LIST, {"view": "all"}))
    assert "No owner" in tabs(as_user("mona").get(LIST, {"view": "all"}))
    assert current(as_user("rita").get(LIST, {"tier": ""})) == [("All", False)]
    assert current(as_user("rita").get(LIST, {"view": "lapsing"})) == [("Lapsing", False)]


# Columns ------------------------------------------------------------------------------------------------------------
def shown(answer: Any) -> list[str]:
    return [heading.column.name for heading in answer.context["headings"]]


def test_columns_are_chosen_moved_and_remembered(as_user: As) -> None:
    client = as_user("rita")
    picked = client.get(LIST, {"column": ["tier", "name", "city", "nothing"]}, follow=True)
    assert shown(picked) == ["tier", "name", "city"]
    assert shown(client.get(LIST, {"tier": "A"})) == ["tier", "name", "city"]
    moved = client.get(LIST, {"column": ["tier", "name", "city"], "move": "city:up"}, follow=True)
    assert shown(moved) == ["tier", "city", "name"]
    moved = client.get(LIST, {"column": ["tier", "city", "name"], "move": "tier:down"}, follow=True)
    assert shown(moved) == ["city", "tier", "name"]
    assert shown(as_user("carl").get(LIST)) != ["city", "tier", "name"]
    # The name stays: without it no row could be opened.
    assert shown(client.get(LIST, {"column": ["city"]}, follow=True)) == ["name", "city"]
    client.get(LIST, {"reset": "1"})
    assert shown(client.get(LIST))[:3] == ["tier", "name", "code"]


def test_every_column_of_every_list_shows_and_sorts(
    as_user: As, cast: Cast, today: dt.date, every_list: list[Any]
) -> None:
    client = as_user("ada")
    for listing in every_list:
        names = [column.name for column in listing.columns]
        answer = client.get(listing.url, {"columns": ",".join(names)})
        assert shown(answer) == names, listing.slug
        for column in listing.columns:
            if column.order is not None:
                for sort in (column.name, f"-{column.name}"):
                    answer = client.get(listing.url, {"sort": sort})
                    assert answer.status_code == 200, (listing.slug, sort)
                    marked = [h.column.name for h in answer.context["headings"] if h.aria_sort]
                    assert marked in ([column.name], []), (listing.slug, sort)
