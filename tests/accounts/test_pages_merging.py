"""The pages of duplicates: found, compared, merged, taken back (accounts.views.merging)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Dismissal, Merge
from crm.look.toast import undo_address
from crm.team.models import User
from tests.support.cast import Cast
from tests.support.factories import AccountFactory, ContactPersonFactory


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A client in which the user is signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def _undo_of(answer: Any) -> str:
    """The address that the page's toast takes the act back by."""
    return next(undo_address(one.extra_tags) for one in answer.context["messages"])


@pytest.fixture
def other(cast: Cast) -> Account:
    """Acme once more: the same name, but for letters, and the same phone, written otherwise."""
    acme = cast.acme
    acme.code, acme.phone, acme.tax_number = "K1", "12 345 67 89", "677-00-11-222"
    acme.save()
    return AccountFactory(
        code="K2", name="ZAKŁADY „Acme” s.a.", city="Kraków", owner=cast.carl, phone="+48 (12) 345-67-89"
    )


@pytest.mark.parametrize("by", ["phone", "name"])
def test_lookalikes_are_found(cast: Cast, as_user: Callable[[User], Client], other: Account, by: str) -> None:
    client = as_user(cast.mona)
    page = client.get(reverse("upkeep:duplicates"), {"by": by})
    assert [(pair["kept"], pair["other"]) for pair in page.context["pairs"]] == [(cast.acme, other)]
    found = client.get(reverse("upkeep:merge_with", args=[cast.acme.pk])).context["found"]
    assert list(found) == [other]
    Account.objects.filter(pk=other.pk).update(owner=cast.otto)  # of a team that Mona does not lead
    assert not client.get(reverse("upkeep:duplicates"), {"by": by}).context["pairs"]


def test_what_is_no_duplicate_is_dismissed_until_more_share_it(
    cast: Cast, as_user: Callable[[User], Client], other: Account
) -> None:
    client, here = as_user(cast.mona), reverse("upkeep:duplicates")
    shared = client.get(here, {"by": "phone"}).context["pairs"][0]["shared"]
    undo = _undo_of(client.post(reverse("upkeep:dismiss"), {"by": "phone", "shared": shared}, follow=True))
    assert not client.get(here, {"by": "phone"}).context["pairs"]
    assert len(client.get(here, {"by": "name"}).context["pairs"]) == 1  # the name is another question
    kept = client.get(here, {"by": "phone", "dismissed": "1"}).context["pairs"]
    assert [pair["kept"] for pair in kept] == [cast.acme]
    assert reverse("upkeep:dismissal_undo", args=[kept[0]["dismissal"]]) == undo
    AccountFactory(phone="12 3456789", owner=cast.rita)
    assert client.get(here, {"by": "phone"}).context["pairs"][0]["others"] == 1
    client.post(undo)
    assert not client.get(here, {"by": "phone", "dismissed": "1"}).context["pairs"]


def test_nobody_dismisses_what_they_may_not_edit(
    cast: Cast, as_user: Callable[[User], Client], other: Account
) -> None:
    phone = {"by": "phone", "shared": "123456789"}
    assert as_user(cast.nora).post(reverse("upkeep:dismiss"), phone).status_code == 404
    assert as_user(cast.mona).post(reverse("upkeep:dismiss"), phone | {"by": "luck"}).status_code == 404
    assert not Dismissal.objects.exists()
    as_user(cast.mona).post(reverse("upkeep:dismiss"), phone)
    undo = reverse("upkeep:dismissal_undo", args=[Dismissal.objects.get().pk])
    assert as_user(cast.nora).post(undo).status_code == 404
    assert Dismissal.objects.get().number == 2


def test_sites_share_what_their_company_has(
    cast: Cast, as_user: Callable[[User], Client], other: Account
) -> None:
    other.parent, other.name = cast.acme, "Acme Kraków"
    other.save()
    for by in ("phone", "name", "tax", "email"):
        page = as_user(cast.ada).get(reverse("upkeep:duplicates"), {"by": by})
        assert not page.context["pairs"]


def test_merge_follow_the_old_address_and_take_it_back(
    cast: Cast, as_user: Callable[[User], Client], other: Account
) -> None:
    client = as_user(cast.mona)
    here = reverse("upkeep:merge", args=[cast.acme.pk, other.pk])
    assert "677-00-11-222" in client.get(here).content.decode()
    answer = client.post(here, {"name": "other"}, follow=True)
    assert answer.redirect_chain[-1][0] == cast.acme.get_absolute_url()
    assert other.name in answer.content.decode()
    answer = client.get(other.get_absolute_url(), follow=True)
    assert answer.redirect_chain[-1][0] == cast.acme.get_absolute_url()
    assert "was merged into this account" in answer.content.decode()
    assert client.get(reverse("accounts:edit", args=[other.pk])).status_code == 404
    earlier = client.get(reverse("upkeep:merge_with", args=[cast.acme.pk])).content.decode()
    undo = reverse("upkeep:merge_undo", args=[Merge.objects.get().pk])
    assert undo in earlier
    assert as_user(cast.rita).post(undo).status_code == 404
    assert as_user(cast.otto).post(undo).status_code == 404
    history = reverse("accounts:tab", args=[cast.acme.pk, "history"])
    page = client.get(history).content.decode()
    assert "Merged with No. K2" in page and undo in page
    by_rita = as_user(cast.rita).get(history).content.decode()
    assert "Merged with No. K2" in by_rita and undo not in by_rita
    client.post(undo)
    page = client.get(history).content.decode()
    assert "Merged with No. K2" in page and "Merge with No. K2" in page and undo not in page
    # What stands alone again is another's to see.
    by_rita = as_user(cast.rita).get(history).content.decode()
    assert "Merge with another account taken back" in by_rita and "K2" not in by_rita
    assert (
        "Merged into No. K1"
        in client.get(reverse("accounts:tab", args=[other.pk, "history"])).content.decode()
    )
    cast.acme.refresh_from_db()
    assert cast.acme.name == "Zakłady Acme S.A."
    assert client.get(other.get_absolute_url()).status_code == 200


def test_a_rep_merges_persons_of_own_accounts(cast: Cast, as_user: Callable[[User], Client]) -> None:
    one, two = (ContactPersonFactory(account=cast.acme) for _ in range(2))
    client = as_user(cast.rita)
    here = reverse("upkeep:person_merge", args=[cast.acme.pk, one.pk, two.pk])
    assert client.get(here).status_code == 200
    assert as_user(cast.serge).post(here).status_code == 404
    client.post(here)
    two.refresh_from_db()
    assert two.merged_into == one
    persons = client.get(reverse("accounts:tab", args=[cast.acme.pk, "persons"])).content.decode()
    assert one.name in persons and f"person-{two.pk}" not in persons
    client.post(reverse("upkeep:merge_undo", args=[Merge.objects.get().pk]))
    two.refresh_from_db()
    assert two.merged_into is None
