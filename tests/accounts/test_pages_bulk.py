"""Acting on many accounts from the list, and the team and tags of one (accounts.views.many)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, BulkAct, Tag
from crm.team.models import User
from tests.support.cast import Cast

BULK = reverse("upkeep:bulk")


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A client in which the user is signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def test_the_list_has_boxes_and_a_bar(cast: Cast, as_user: Callable[[User], Client]) -> None:
    page = as_user(cast.mona).get(reverse("accounts:list")).content.decode()
    assert f'name="row" value="{cast.acme.pk}"' in page and 'name="act" value="owner"' in page
    assert 'name="act" value="owner"' not in as_user(cast.rita).get(reverse("accounts:list")).content.decode()
    assert 'name="row"' not in as_user(cast.serge).get(reverse("accounts:list")).content.decode()


def test_selected_rows_get_an_owner_and_lose_it_again(cast: Cast, as_user: Callable[[User], Client]) -> None:
    client = as_user(cast.mona)
    picked = {"act": "owner", "row": [cast.acme.pk, cast.orphan.pk, cast.quarry.pk]}
    asked = client.post(BULK, picked)
    assert asked.context["chosen"] == 2  # the quarry is not hers to see
    page = asked.content.decode()
    assert f"No. {cast.acme.code}" in page and f"No. {cast.quarry.code}" not in page
    assert [account.owner for account in asked.context["named"]].count(cast.rita) == 1
    again = client.post(BULK, picked | {"value": ""})
    assert again.status_code == 200 and again.context["refused"]
    answer = client.post(BULK, picked | {"value": cast.carl.pk}, follow=True)
    assert "Done: 2 accounts" in answer.content.decode()
    assert Account.objects.filter(owner=cast.carl).count() == 3
    undo = reverse("upkeep:bulk_undo", args=[BulkAct.objects.get().pk])
    assert undo in answer.content.decode()
    as_user(cast.rita).post(undo)
    assert Account.objects.filter(owner=cast.carl).count() == 3
    client.post(undo)
    assert Account.objects.get(pk=cast.acme.pk).owner == cast.rita


def test_all_rows_of_the_filter(cast: Cast, as_user: Callable[[User], Client]) -> None:
    client = as_user(cast.ada)
    here = f"{BULK}?owner={cast.carl.pk}"
    client.post(here, {"act": "archive", "all": "1"})
    gone = Account.objects.filter(archived_at__isnull=False)
    assert list(gone) == [cast.brewery]
    client.post(f"{BULK}?archived=1", {"act": "restore", "all": "1"})
    assert not gone.all().exists()


def test_a_tag_is_written_and_filters(cast: Cast, as_user: Callable[[User], Client]) -> None:
    client = as_user(cast.rita)
    client.post(BULK, {"act": "tag_add", "row": [cast.acme.pk, cast.quarry.pk], "value": "Trade fair"})
    tag = Tag.objects.get()
    assert list(tag.accounts.all()) == [cast.acme]
    assert cast.acme.name in client.get(reverse("accounts:list"), {"tag": tag.pk}).content.decode()
    page = client.get(cast.acme.get_absolute_url()).content.decode()
    assert "Trade fair" in page


def test_nothing_chosen_says_so(cast: Cast, as_user: Callable[[User], Client]) -> None:
    answer = as_user(cast.rita).post(BULK, {"act": "tag_add"}, follow=True)
    assert "Choose at least one account" in answer.content.decode()


def test_the_team_of_one_account(cast: Cast, as_user: Callable[[User], Client]) -> None:
    client, here = as_user(cast.rita), reverse("upkeep:team", args=[cast.acme.pk])
    client.post(here, {"act": "team_add", "value": cast.otto.pk})
    assert list(cast.acme.team.all()) == [cast.otto]
    assert "Otto Example" in client.get(cast.acme.get_absolute_url()).content.decode()
    # He is on the team and takes himself off: then he sees the account no more.
    answer = as_user(cast.otto).post(here, {"act": "team_remove", "value": cast.otto.pk})
    assert answer.url == reverse("accounts:list")
    assert as_user(cast.serge).get(here).status_code == 404
